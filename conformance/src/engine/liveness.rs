//! Nothing came in time: did the subject crash, hang, or decide to stay silent?

use std::time::{Duration, Instant};

use super::conversation::Next;
use super::link::{Arrival, Link};
use super::transcript::Kind;
use super::{Outcome, Run, Stop};
use crate::case::{Level, Way};
use crate::subject::State;
use crate::wire::Value;

/// Seconds that a subject has to show that it is alive.
const ALIVE: f64 = 2.0;
/// How long a subject may take to end its side of connections that the kit has ended.
const PARTING: Duration = Duration::from_millis(500);

impl Run<'_> {
    /// The stop for something that did not come in time.
    pub(super) fn late(&mut self, on: &str, what: &str) -> Stop {
        if let State::Ended(how) = self.stage.state(Instant::now()) {
            // One that has been asked to end does not crash by ending.
            let outcome = if self.stopping {
                Outcome::Fail
            } else {
                Outcome::Crash
            };
            return Stop::new(outcome, what, format!("the subject has ended: {how}"));
        }
        if self.conversations.get(on).is_some_and(|c| c.flooded) {
            return Stop::fail(what, "other things came, without end");
        }
        if self.answers(on) {
            return Stop::fail(what, "nothing came; the subject is alive and answers");
        }
        match self.greets() {
            Some(true) => Stop::fail(what, "nothing came; the subject greets new connections"),
            Some(false) => Stop::new(
                Outcome::Hang,
                what,
                "nothing came, and the subject greets no new connection either",
            ),
            None => Stop::new(Outcome::Hang, what, "nothing came in time"),
        }
    }

    /// Whether a round trip on the connection itself succeeds.
    fn answers(&mut self, on: &str) -> bool {
        let ready = self
            .conversations
            .get(on)
            .is_some_and(|c| c.reader.is_some() && c.proved && c.ended.is_none());
        if !ready {
            return false;
        }
        self.transcript
            .words(on, Kind::Note, "nothing came; is the subject still there?");
        let deadline = Instant::now() + self.span(ALIVE);
        let Some(conversation) = self.conversations.get_mut(on) else {
            return false;
        };
        let probe = serde_json::json!(["", "snd", "kit#alive", "alive"]);
        let octets = conversation.framing.write(&Value::from(&probe));
        if conversation.link.send(&octets).is_err() {
            return false;
        }
        loop {
            match conversation.next(deadline, &mut self.transcript) {
                Next::Message(Value::Array(items)) => {
                    if items.first().and_then(Value::as_text).as_deref() == Some("alive") {
                        return true;
                    }
                }
                Next::Message(_) => {}
                _ => return false,
            }
        }
    }

    /// Whether a new connection is greeted; `None` if that cannot be tried.
    fn greets(&mut self) -> Option<bool> {
        self.stage.address()?;
        let Ok(mut link) = self.stage.dial(false) else {
            return Some(false);
        };
        let deadline = Instant::now() + self.span(ALIVE);
        let greets = matches!(link.receive(deadline), Arrival::Octets(_));
        link.shutdown_write();
        see_off(&mut *link, Instant::now() + PARTING);
        Some(greets)
    }

    /// Ends the kit's side of every connection and waits, not for long, until the subject has ended
    /// its own: what it does about an end must not come in the middle of its next case.
    pub(super) fn part(&mut self) {
        if self.variation.way != Way::Live || self.case.level == Level::Simple {
            return;
        }
        for conversation in self.conversations.values_mut() {
            conversation.link.shutdown_write();
        }
        let deadline = Instant::now() + PARTING;
        for conversation in self.conversations.values_mut() {
            see_off(&mut *conversation.link, deadline);
        }
    }

    /// A subject that closed a connection as it should must still be there afterwards: otherwise a
    /// crash would pass for a close.
    pub(super) fn survives(&mut self) -> Result<(), Stop> {
        let ended = self.conversations.values().any(|c| c.ended.is_some());
        let stopped = self.case.steps.iter().any(|step| step.stop.is_some());
        if !ended || stopped || self.case.level == Level::Simple {
            return Ok(());
        }
        let what = "the subject goes on after it has closed the connection";
        if let State::Ended(how) = self.stage.state(Instant::now()) {
            return Err(Stop::new(
                Outcome::Crash,
                what,
                format!("the subject has ended: {how}"),
            ));
        }
        match self.greets() {
            Some(false) => Err(Stop::new(
                Outcome::Hang,
                what,
                "it greets no new connection",
            )),
            Some(true) | None => Ok(()),
        }
    }

    /// A connection that ended because the whole subject ended is a crash, not a failure.
    pub(super) fn look_for_crash(&mut self, stop: &mut Stop) {
        if stop.outcome != Outcome::Fail && stop.outcome != Outcome::Hang {
            return;
        }
        let ended = self.conversations.values().any(|c| c.ended.is_some());
        // The end of a process is seen a moment after that of its connections.
        let patience = if ended {
            Duration::from_millis(300)
        } else {
            Duration::ZERO
        };
        let State::Ended(how) = self.stage.state(Instant::now() + patience) else {
            return;
        };
        // A simple client ends whatever comes, and a node that was asked to; what it says then helps.
        if self.case.level == Level::Simple || self.stopping {
            stop.seen = format!("{}; the program has ended: {how}", stop.seen);
        } else {
            stop.outcome = Outcome::Crash;
            stop.seen = format!("{}; the subject has ended: {how}", stop.seen);
        }
    }
}

/// Reads a connection to its end, up to the deadline.
fn see_off(link: &mut dyn Link, deadline: Instant) {
    while Instant::now() < deadline && matches!(link.receive(deadline), Arrival::Octets(_)) {}
}
