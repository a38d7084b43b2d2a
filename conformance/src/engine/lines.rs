//! What the kit waits for in a handshake: greetings and authentication lines.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::conversation::{Conversation, Next};
use super::{Outcome, Run, Stop};
use crate::case::Need;
use crate::case::pattern::{matches, shown};
use crate::wire::framing::Reader;
use crate::wire::greeting::Line;
use crate::wire::value::octets_as_text;
use crate::wire::wrong::{Wrong, wrong};
use crate::wire::{AuthLine, Framing, Greeting, Method, Value};

/// Seconds of silence from which on an initiator that closes seems to have waited for something.
const WAITS: f64 = 1.0;

impl Run<'_> {
    pub(super) fn expect_greeting(
        &mut self,
        on: &str,
        pattern: &Json,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let first = self.line(on, within, "the first line of a greeting")?;
        let first_end = self.line_end(on)?;
        let second = self.line(on, within, "the second line of a greeting")?;
        let ends = [first_end, self.line_end(on)?].map(Value::text);
        for (at, line) in [&first, &second].into_iter().enumerate() {
            self.name(
                on,
                &format!("theirs.line{}", at + 1),
                Value::Text(octets_as_text(line)),
            );
            self.conversation_mut(on)?.theirs[at] = Some(line.clone());
        }
        let greeting = Greeting::read(&first, &second).map_err(|why| {
            let what = "a greeting of at least five fields";
            Stop::fail(what, why).about(&["greeting.send.fields"])
        })?;
        self.name(on, "theirs.node", Value::text(&greeting.node));
        self.name(on, "theirs.nonce", Value::text(&greeting.nonce));
        self.names.set("subject", Value::text(&greeting.node));
        self.names.set("kil", Value::text(greeting.kill_request()));
        let framing = self.framing(on);
        let mut fields = greeting.as_value();
        if let Value::Map(fields) = &mut fields {
            fields.insert("ends".to_owned(), Value::Array(ends.into()));
        }
        let subset = serde_json::json!({"$subset": whole_keys(pattern)});
        matches(&subset, &fields, framing, &mut self.names)
            .map_err(|seen| Stop::fail(format!("a greeting with {}", shown(pattern)), seen))?;
        self.supports(&greeting)?;
        self.conversation_mut(on)?.greeting = Some(greeting);
        Ok(())
    }

    pub(super) fn expect_auth(
        &mut self,
        on: &str,
        pattern: &Json,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let began = Instant::now();
        let line = self.line(on, within, "an authentication line");
        let line = line.map_err(|stop| self.waiting(on, began.elapsed(), stop))?;
        self.take_auth(on, pattern, &line)
    }

    /// Gives a name of a connection its value; those of `main` are also known without it.
    pub(super) fn name(&mut self, on: &str, name: &str, value: Value) {
        if on == "main" {
            self.names.set(name, value.clone());
        }
        let qualified = self.qualified(on, name);
        self.names.set(qualified, value);
    }

    pub(super) fn take_auth(&mut self, on: &str, pattern: &Json, line: &[u8]) -> Result<(), Stop> {
        let what = "an authentication line with a correct proof";
        let auth =
            AuthLine::read(line).map_err(|why| Stop::fail(what, why).about(&["auth.line.form"]))?;
        let mut pattern = pattern.clone();
        // Not a field of the line, but what it was computed with.
        let secret = pattern.as_object_mut().and_then(|map| map.remove("secret"));
        let secret = match secret.as_ref().and_then(Json::as_str) {
            Some(template) => self.names.text(template).map_err(Stop::kit)?,
            None => self.party_secret(on)?,
        };
        let pattern = &pattern;
        let wrong = self.judged(on, &auth, &secret)?;
        let proof = wrong.as_ref().map_or("correct", |wrong| &wrong.says);
        self.name(on, "theirs.auth", Value::text(&auth.data));
        let end = self.line_end(on)?;
        let fields = [
            ("end", Value::text(end)),
            ("method", Value::text(&auth.method)),
            ("data", Value::text(&auth.data)),
            ("framing", Value::text(&auth.framing)),
            ("proof", Value::text(proof)),
            (
                "extra",
                Value::Array(auth.extra.iter().map(Value::text).collect()),
            ),
        ];
        let fields = Value::Map(fields.map(|(key, value)| (key.to_owned(), value)).into());
        let framing = self.framing(on);
        let subset = serde_json::json!({"$subset": pattern});
        matches(&subset, &fields, framing, &mut self.names).map_err(|seen| {
            Stop::fail(
                format!("an authentication line with {}", shown(pattern)),
                seen,
            )
        })?;
        if pattern.get("proof").is_none()
            && let Some(wrong) = &wrong
        {
            let seen = format!("{}. It sent {}", wrong.says, crate::wire::shown(line, 400));
            return Err(Stop::fail(what, seen).about(&wrong.requirements));
        }
        let framing = Framing::named(&auth.framing).ok_or_else(|| {
            let what = "a framing that the kit offered";
            Stop::fail(what, format!("{:?}", auth.framing)).about(&["greeting.choose.framing"])
        })?;
        self.conversation_mut(on)?.reader = Some(Reader::new(framing));
        Ok(())
    }

    pub(super) fn line(&mut self, on: &str, within: Option<f64>, what: &str) -> Result<Line, Stop> {
        let deadline = self.deadline(within);
        match self.next(on, deadline, |_, _| true)? {
            Next::Line(line) => Ok(line),
            next => {
                let stop = self.instead(on, what, next);
                Err(self.unended(on, stop))
            }
        }
    }

    /// How the last line ended: `lf`, or `cr-lf`.
    fn line_end(&self, on: &str) -> Result<&'static str, Stop> {
        let crlf = self.conversation(on)?.last.ends_with(b"\r\n");
        Ok(if crlf { "cr-lf" } else { "lf" })
    }

    /// The stop where a line was waited for, with what has come of one that has no end.
    fn unended(&self, on: &str, stop: Stop) -> Stop {
        let Ok(conversation) = self.conversation(on) else {
            return stop;
        };
        let octets = conversation.buffer.len();
        if octets == 0 {
            return stop;
        }
        let shown = crate::wire::shown(&conversation.buffer, 400);
        let seen = format!(
            "{octets} octets came, and no LF ends them: {shown} ({})",
            stop.seen
        );
        Stop { seen, ..stop }.about(&["greeting.line.lf"])
    }

    /// Whether the subject says that it has what this run needs.
    fn supports(&self, greeting: &Greeting) -> Result<(), Stop> {
        let suite = self.variation.suite;
        let has = |method: Method| greeting.auths.iter().any(|name| name == method.name());
        let lacks = |what: &str| Err(Stop::unsupported(format!("its greeting names no {what}")));
        if self.variation.tls && !greeting.offers_tls() {
            return lacks("tls=1");
        }
        let method = if self.variation.tls {
            suite.tls()
        } else {
            suite.hmac()
        };
        if !has(method) {
            return lacks(method.name());
        }
        let framing = self.variation.framing.name();
        if !greeting.framings.iter().any(|name| name == framing) {
            // Every subject has json: without it the run fails at the next step.
            if framing != "json" {
                return lacks(framing);
            }
        }
        for need in &self.case.needs {
            match need {
                Need::Instance if greeting.key("instance").is_none() => return lacks("instance"),
                Need::Mproto if greeting.key("mproto").is_none() => return lacks("mproto"),
                Need::Sha3 if !has(Method::HmacSha3) => return lacks(Method::HmacSha3.name()),
                Need::Cleartext if !has(Method::Cleartext) => return lacks("cleartext"),
                _ => {}
            }
        }
        Ok(())
    }

    /// The stop where an authentication line was waited for, if the subject seems to wait for the
    /// kit's.
    fn waiting(&self, on: &str, waited: Duration, stop: Stop) -> Stop {
        let waits = self
            .conversation(on)
            .is_ok_and(|c| !c.dialled && !c.proved && c.mine[1].is_some() && c.buffer.is_empty());
        if !waits || waited < self.span(WAITS) || stop.outcome == Outcome::Crash {
            return stop;
        }
        let seconds = waited.as_secs_f64();
        let ended = self.conversation(on).is_ok_and(|c| c.ended.is_some());
        let closed = if ended { " and then closed" } else { "" };
        let seen = format!(
            "it sent nothing for {seconds:.1} s{closed}; who dials proves first, and does not wait \
             for the other's line ({})",
            stop.seen
        );
        Stop { seen, ..stop }.about(&["auth.send.no-wait", "auth.send.initiator"])
    }

    /// What is wrong with a proof, if anything is.
    fn judged(&self, on: &str, auth: &AuthLine, secret: &str) -> Result<Option<Wrong>, Stop> {
        let conversation = self.conversation(on)?;
        let (Some(mine), Some(theirs)) = (
            Conversation::lines(&conversation.mine),
            Conversation::lines(&conversation.theirs),
        ) else {
            let what = "no authentication line before both greetings are complete";
            return Err(Stop::fail(what, auth.write()).about(&["auth.send.initiator"]));
        };
        let Some(method) = Method::named(&auth.method) else {
            return Ok(Some(Wrong {
                says: "the method is unknown".to_owned(),
                requirements: vec!["greeting.choose.method"],
            }));
        };
        let secret = secret.as_bytes();
        Ok(wrong(method, secret, &theirs, &mine, &auth.data))
    }
}

/// A greeting's pattern, in which keys are also only a part of all keys.
fn whole_keys(pattern: &Json) -> Json {
    let mut pattern = pattern.clone();
    if let Some(keys) = pattern.get_mut("keys")
        && keys
            .as_object()
            .is_some_and(|map| crate::case::template::form(map).is_none())
    {
        *keys = serde_json::json!({"$subset": keys.clone()});
    }
    pattern
}
