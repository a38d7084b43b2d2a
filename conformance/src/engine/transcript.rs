//! The conversation as it went, for reports.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::wire::shown;

/// Octets of one event that are kept for people to read.
const MOST: usize = 1500;
/// Events that are kept; of longer conversations the beginning and the end.
const EVENTS: usize = 400;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since the run began.
    pub t: f64,
    /// The connection; empty where it concerns none.
    pub on: String,
    /// What it is.
    pub kind: Kind,
    /// What it says: octets with escapes, or words.
    pub text: String,
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The kit sent octets.
    Sent,
    /// The kit received octets.
    Received,
    /// The subject closed.
    Closed,
    /// A step began.
    Step,
    /// Something else.
    Note,
}

/// The events of a run.
#[derive(Clone, Debug)]
pub struct Transcript {
    began: Instant,
    events: Vec<Event>,
    dropped: usize,
}

impl Default for Transcript {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            events: Vec::new(),
            dropped: 0,
        }
    }
}

impl Transcript {
    /// Adds octets.
    pub fn octets(&mut self, on: &str, kind: Kind, octets: &[u8]) {
        self.words(on, kind, shown(octets, MOST));
    }

    /// Adds words.
    pub fn words(&mut self, on: &str, kind: Kind, text: impl Into<String>) {
        if self.events.len() >= EVENTS {
            self.events.remove(EVENTS / 2);
            self.dropped += 1;
        }
        let t = (self.began.elapsed().as_secs_f64() * 1e4).round() / 1e4;
        self.events.push(Event {
            t,
            on: on.to_owned(),
            kind,
            text: text.into(),
        });
    }

    /// All events.
    pub fn finish(mut self) -> Vec<Event> {
        if self.dropped > 0 {
            let text = format!("{} events are left out here", self.dropped);
            let t = self.events[EVENTS / 2].t;
            let event = Event {
                t,
                on: String::new(),
                kind: Kind::Note,
                text,
            };
            self.events.insert(EVENTS / 2, event);
        }
        self.events
    }
}
