//! What the kit waits for.

use std::time::Instant;

use serde_json::Value as Json;

use super::background::{Reaction, of_a_service, reaction};
use super::conversation::Next;
use super::transcript::Kind;
use super::{Outcome, Run, Stop};
use crate::case::Way;
use crate::case::pattern::{matches, shown};
use crate::case::step::{Close, Each, Expected, OneOrMany};
use crate::wire::framing::Reader;
use crate::wire::value::octets_as_text;
use crate::wire::{Framing, Value, to_hex};

impl Run<'_> {
    /// The next thing on a connection, after what a node may send unasked.
    ///
    /// `wanted` says whether a message is waited for; it is not passed over then.
    pub(super) fn next(
        &mut self,
        on: &str,
        deadline: Instant,
        mut wanted: impl FnMut(&mut Self, &Value) -> bool,
    ) -> Result<Next, Stop> {
        loop {
            let transcript = &mut self.transcript;
            let conversation = self
                .conversations
                .get_mut(on)
                .ok_or_else(|| Stop::kit(format!("connection {on:?} is not open")))?;
            let next = conversation.next(deadline, transcript);
            let Next::Message(message) = &next else {
                return Ok(next);
            };
            if wanted(self, message) {
                return Ok(next);
            }
            let passing = self.passing;
            if passing.iter().any(|one| self.is(on, one, message).is_ok()) {
                continue;
            }
            if !self.case.background {
                if of_a_service(self.conversation_mut(on)?, message) {
                    continue;
                }
                return Ok(next);
            }
            let simple = self.case.level == crate::case::Level::Simple;
            match reaction(self.conversation_mut(on)?, message, simple) {
                None => return Ok(next),
                Some(Reaction::Answer(_)) if self.conversation(on)?.unfinished => {}
                Some(Reaction::Ignore) => {}
                Some(Reaction::Answer(answer)) => {
                    let octets = self.conversation(on)?.framing.write(&answer);
                    self.send_octets(on, &octets, None)?;
                }
            }
        }
    }

    pub(super) fn framing(&self, on: &str) -> Framing {
        let reader = self.conversations.get(on).and_then(|c| c.reader.as_ref());
        reader.map_or(self.variation.framing, Reader::framing)
    }

    /// Whether a message is the one of a pattern; sets its captures.
    fn is(&mut self, on: &str, pattern: &Json, message: &Value) -> Result<(), String> {
        let framing = self.framing(on);
        matches(pattern, message, framing, &mut self.names)
    }

    /// Waits for one thing.
    pub(super) fn expect(
        &mut self,
        on: &str,
        expected: &Expected,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let on = expected.on.as_deref().unwrap_or(on);
        if let Some(pattern) = &expected.greeting {
            self.expect_greeting(on, pattern, within)
        } else if let Some(pattern) = &expected.auth {
            self.expect_auth(on, pattern, within)
        } else if let Some(pattern) = &expected.line {
            let line = self.line(on, within, "a line")?;
            let text = Value::Text(octets_as_text(&line));
            let framing = self.framing(on);
            matches(pattern, &text, framing, &mut self.names)
                .map_err(|seen| Stop::fail(format!("the line {}", shown(pattern)), seen))
        } else if let Some(pattern) = &expected.message {
            self.expect_message(on, pattern, within)?;
            match &expected.octets {
                Some(octets) => self.check_octets(on, octets),
                None => Ok(()),
            }
        } else if let Some(each) = &expected.each {
            self.expect_each(on, each, within)
        } else if let Some(close) = &expected.close {
            self.expect_close(on, close, within)
        } else {
            Err(Stop::kit("nothing is expected"))
        }
    }

    /// Holds the octets of the last message, in lower case hex, against a pattern.
    fn check_octets(&mut self, on: &str, pattern: &Json) -> Result<(), Stop> {
        let hex = Value::Text(to_hex(&self.conversation(on)?.last));
        let framing = self.framing(on);
        matches(pattern, &hex, framing, &mut self.names)
            .map_err(|seen| Stop::fail(format!("a message of the octets {}", shown(pattern)), seen))
    }

    /// The stop for something that came instead of what was expected.
    pub(super) fn instead(&mut self, on: &str, what: &str, next: Next) -> Stop {
        match next {
            Next::Late => self.late(on, what),
            Next::End => {
                let conversation = self.conversations.get(on);
                let rest = conversation.map_or(0, |c| c.buffer.len());
                let inside = if rest > 0 {
                    format!(" after {rest} octets of something that is not whole")
                } else {
                    String::new()
                };
                let reset = conversation.is_some_and(|c| c.ended == Some(true));
                let how = if reset {
                    "with a TCP reset"
                } else {
                    "in an orderly way"
                };
                let why = conversation.and_then(|c| c.link.failure());
                let why = why
                    .map(|why| format!(", with the reason {why}"))
                    .unwrap_or_default();
                Stop::fail(what, format!("the subject closed {how}{inside}{why}"))
            }
            Next::Line(line) => {
                Stop::fail(what, format!("the line {}", crate::wire::shown(&line, 400)))
            }
            Next::Message(message) => Stop::fail(what, format!("the message {message}")),
            Next::Malformed(why) => Stop::fail(what, format!("octets that are no message ({why})")),
        }
    }

    fn expect_message(
        &mut self,
        on: &str,
        pattern: &Json,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let deadline = self.deadline(within);
        let what = format!("the message {}", shown(pattern));
        let mut differs = String::new();
        let next = self.next(on, deadline, |run, message| {
            match run.is(on, pattern, message) {
                Ok(()) => differs.clear(),
                Err(why) => differs = why,
            }
            differs.is_empty()
        })?;
        match next {
            Next::Message(_) if differs.is_empty() => Ok(()),
            Next::Message(message) => Err(Stop::fail(what, format!("{message} ({differs})"))),
            next => Err(self.instead(on, &what, next)),
        }
    }

    fn expect_each(&mut self, on: &str, each: &Each, within: Option<f64>) -> Result<(), Stop> {
        for i in each.from..=each.to {
            self.names.set("i", Value::Integer(i.into()));
            self.expect_message(on, &each.message, within)?;
        }
        Ok(())
    }

    /// Waits for several things in any order; several connections are looked at one by one.
    pub(super) fn expect_any_order(
        &mut self,
        on: &str,
        expected: &[Expected],
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let mut connections: Vec<&str> = Vec::new();
        for one in expected {
            let on = one.on.as_deref().unwrap_or(on);
            if !connections.contains(&on) {
                connections.push(on);
            }
        }
        for connection in connections {
            let mut left: Vec<&Expected> = expected
                .iter()
                .filter(|one| one.on.as_deref().unwrap_or(on) == connection)
                .collect();
            while !left.is_empty() {
                let at = self.expect_one(connection, &left, within)?;
                left.remove(at);
            }
        }
        Ok(())
    }

    /// Waits for one of several things on a connection; gives which it was.
    pub(super) fn expect_one(
        &mut self,
        on: &str,
        expected: &[&Expected],
        within: Option<f64>,
    ) -> Result<usize, Stop> {
        let deadline = self.deadline(within);
        let what = describe(expected);
        let mut found = None;
        let next = self.next(on, deadline, |run, message| {
            found = expected.iter().position(|one| {
                one.message
                    .as_ref()
                    .is_some_and(|pattern| run.is(on, pattern, message).is_ok())
            });
            found.is_some()
        })?;
        match (found, next) {
            (Some(at), _) => Ok(at),
            (None, Next::End) if expected.iter().any(|one| one.close.is_some()) => {
                let at = expected
                    .iter()
                    .position(|one| one.close.is_some())
                    .expect("just seen");
                let close = expected[at].close.as_ref().expect("just seen");
                self.check_reason(on, close)?;
                Ok(at)
            }
            (None, Next::Line(line)) => {
                for (at, one) in expected.iter().enumerate() {
                    let matched = if let Some(pattern) = &one.auth {
                        self.take_auth(on, pattern, &line).is_ok()
                    } else if let Some(pattern) = &one.line {
                        self.is(on, pattern, &Value::Text(octets_as_text(&line)))
                            .is_ok()
                    } else {
                        false
                    };
                    if matched {
                        return Ok(at);
                    }
                }
                Err(self.instead(on, &what, Next::Line(line)))
            }
            (None, next) => Err(self.instead(on, &what, next)),
        }
    }

    /// Waits for the subject to close without having sent anything else.
    pub(super) fn expect_close(
        &mut self,
        on: &str,
        close: &Close,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let deadline = self.deadline(within);
        let what = "the subject closes, and sends nothing before that";
        let allowed: Vec<&Expected> = close.allowing.iter().collect();
        loop {
            let mut allowed_message = false;
            let next = self.next(on, deadline, |run, message| {
                allowed_message = allowed.iter().any(|one| {
                    one.message
                        .as_ref()
                        .is_some_and(|pattern| run.is(on, pattern, message).is_ok())
                });
                allowed_message
            })?;
            match next {
                Next::End => break,
                Next::Message(_) if allowed_message => {}
                Next::Line(line) if self.allowed_line(on, &allowed, &line)? => {}
                Next::Late => {
                    let mut stop = self.late(on, what);
                    if stop.outcome == Outcome::Fail {
                        stop.seen = "the connection stays open".to_owned();
                    }
                    return Err(stop);
                }
                next => return Err(self.instead(on, what, next)),
            }
        }
        let conversation = self.conversation_mut(on)?;
        let half = close.both.is_some() && conversation.ended == Some(false);
        if half && !conversation.link.closed(deadline) {
            let seen = "it ended its own direction, and waits for the end of the other";
            return Err(Stop::fail(what, seen.to_owned()));
        }
        let conversation = self.conversation(on)?;
        // A side whose TLS fails may say so by an alert before it closes.
        let alert = self.variation.tls && conversation.buffer.first() == Some(&21);
        let whole = close.partial.is_none() && !alert;
        if conversation.ended == Some(false) && !conversation.buffer.is_empty() && whole {
            let rest = crate::wire::shown(&conversation.buffer, 200);
            return Err(Stop::fail(what, format!("it sent {rest} before it closed")));
        }
        self.check_reason(on, close)
    }

    fn allowed_line(&mut self, on: &str, allowed: &[&Expected], line: &[u8]) -> Result<bool, Stop> {
        for one in allowed {
            if one.greeting.is_some() {
                let theirs = &mut self.conversation_mut(on)?.theirs;
                if let Some(slot) = theirs.iter_mut().find(|slot| slot.is_none()) {
                    *slot = Some(line.to_vec());
                    return Ok(true);
                }
            }
            if let Some(pattern) = &one.auth
                && self.take_auth(on, pattern, line).is_ok()
            {
                return Ok(true);
            }
            if let Some(pattern) = &one.line
                && self
                    .is(on, pattern, &Value::Text(octets_as_text(line)))
                    .is_ok()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// In process, the core must give the right reason for its end.
    fn check_reason(&mut self, on: &str, close: &Close) -> Result<(), Stop> {
        let Some(wanted) = close.reason.as_ref().map(OneOrMany::as_slice) else {
            return Ok(());
        };
        match self.conversation(on)?.link.failure() {
            Some(reason) if wanted.contains(&reason) => Ok(()),
            Some(reason) => Err(Stop::fail(
                format!("a failure with the reason {}", wanted.join(" or ")),
                format!("the reason {reason}"),
            )),
            None if self.variation.way == Way::InProcess => Err(Stop::fail(
                format!("a failure with the reason {}", wanted.join(" or ")),
                "no reason",
            )),
            None => Ok(()),
        }
    }

    /// Nothing has arrived on a connection when two round trips over another one are over: an event
    /// loop may have answered the first one before it looked at this connection, but not the second.
    pub(super) fn silence_beside(
        &mut self,
        on: &str,
        over: &str,
        allowed: &[Expected],
        within: Option<f64>,
    ) -> Result<(), Stop> {
        for _ in 0..2 {
            self.sync(over, Some(allowed), within)?;
        }
        match self.next(on, Instant::now(), |_, _| true)? {
            Next::Late => Ok(()),
            next => Err(self.instead(on, "nothing yet", next)),
        }
    }

    /// A round trip through the subject's node port. Where something is `allowed` nothing but that
    /// may arrive before; otherwise what does is dropped.
    pub(super) fn sync(
        &mut self,
        on: &str,
        allowed: Option<&[Expected]>,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let token = format!("sync-{}", self.next_count());
        self.transcript
            .words(on, Kind::Note, format!("round trip {token} begins"));
        let party = self.conversation(on)?.party.clone();
        let node = self
            .names
            .text(&format!("${{{party}}}"))
            .map_err(Stop::kit)?;
        let request = serde_json::json!(["", "snd", format!("{node}#{token}"), token]);
        let octets = self.conversation(on)?.framing.write(&Value::from(&request));
        self.send_octets(on, &octets, None)?;
        let answer = serde_json::json!([token, token]);
        if let Some(allowed) = allowed {
            return self.only(on, &answer, allowed, within);
        }
        let deadline = self.deadline(within);
        loop {
            match self.next(on, deadline, |_, _| true)? {
                Next::Message(message) if self.is(on, &answer, &message).is_ok() => return Ok(()),
                Next::Message(message) => {
                    if let Some(Reaction::Answer(answer)) =
                        reaction(self.conversation_mut(on)?, &message, false)
                    {
                        let octets = self.conversation(on)?.framing.write(&answer);
                        self.send_octets(on, &octets, None)?;
                    }
                }
                Next::Late => return Err(self.late(on, "an answer to a `snd` round trip")),
                next => return Err(self.instead(on, "an answer to a `snd` round trip", next)),
            }
        }
    }

    /// Waits for `answer`, before which only the messages `allowed` may arrive.
    fn only(
        &mut self,
        on: &str,
        answer: &Json,
        allowed: &[Expected],
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let patterns: Vec<&Json> = allowed
            .iter()
            .filter_map(|one| one.message.as_ref())
            .collect();
        let deadline = self.deadline(within);
        loop {
            let next = self.next(on, deadline, |run, message| {
                run.is(on, answer, message).is_ok()
                    || patterns.iter().any(|one| run.is(on, one, message).is_ok())
            })?;
            match next {
                Next::Message(message) if self.is(on, answer, &message).is_ok() => return Ok(()),
                Next::Message(message)
                    if patterns
                        .iter()
                        .any(|one| self.is(on, one, &message).is_ok()) => {}
                Next::Late => return Err(self.late(on, "an answer to a `snd` round trip")),
                next if allowed.is_empty() => {
                    let what = "nothing but the answer to a `snd` round trip";
                    return Err(self.instead(on, what, next));
                }
                next => {
                    let allowed: Vec<_> = allowed.iter().collect();
                    let what = format!(
                        "nothing but {} before the answer to a `snd` round trip",
                        describe(&allowed)
                    );
                    return Err(self.instead(on, &what, next));
                }
            }
        }
    }
}

/// Things expected, in words.
pub fn describe(expected: &[&Expected]) -> String {
    let words: Vec<String> = expected
        .iter()
        .map(|one| crate::case::explain::thing(one))
        .collect();
    words.join(", or ")
}
