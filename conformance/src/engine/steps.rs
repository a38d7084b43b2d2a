//! The steps of a case, one after another.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::conversation::Conversation;
use super::link::{Arrival, Link};
use super::tls::{TlsFailure, TlsSetup};
use super::transcript::Kind;
use super::{Outcome, Run, Stop};
use crate::case::step::{
    Certificate, Dialler, Exit, Handshake, NoDial, Open, Output, Prove, Silence, Step, Tls, TlsEnd,
    TlsRole, Verb,
};
use crate::case::{Role, explain};
use crate::subject::{StartError, State};
use crate::wire::{Value, json};

/// Seconds after which a subject that was started without credentials is taken not to listen.
const NOT_LISTENING: f64 = 3.0;

/// How the reason begins why a subject without something optional is not judged.
pub const LACKS: &str = "the subject lacks ";

impl<'a> Run<'a> {
    /// Runs steps in order.
    pub(super) fn steps(&mut self, steps: &'a [Step], outermost: bool) -> Result<(), Stop> {
        for (at, step) in steps.iter().enumerate() {
            if outermost {
                self.step = at + 1;
            }
            if self.concerns(step) {
                let words = format!("step {}: {}", self.step, explain::step(step));
                self.transcript.words(step.connection(), Kind::Step, words);
                let began = Instant::now();
                self.passing = &step.passing;
                self.step(step)?;
                self.timely(step)?;
                self.before = began;
            }
        }
        Ok(())
    }

    /// Whether a step that is done has not been done too early; names its time.
    fn timely(&mut self, step: &Step) -> Result<(), Stop> {
        let passed = self.before.elapsed().as_secs_f64();
        if let Some(name) = &step.elapsed {
            self.names.set(name, Value::Float(passed));
        }
        let Some(least) = &step.not_before else {
            return Ok(());
        };
        let least = match self.names.value(least).map_err(Stop::kit)? {
            Value::Integer(seconds) => seconds as f64,
            Value::Float(seconds) => seconds,
            other => return Err(Stop::kit(format!("{other} is no number of seconds"))),
        };
        if passed < least {
            return Err(Stop::fail(
                format!("this not before {least:.2} s"),
                format!("it came after {passed:.2} s"),
            ));
        }
        Ok(())
    }

    fn step(&mut self, step: &'a Step) -> Result<(), Stop> {
        let on = step.connection();
        let within = step.within;
        let verb = step.verb().map_err(Stop::kit)?;
        if needs_connection(verb) && !self.conversations.contains_key(on) {
            self.open(on, &Open::default(), within)?;
        }
        match verb {
            Verb::Open(open) => self.open(on, open, within),
            Verb::Handshake(handshake) => self.handshake(on, handshake, within),
            Verb::Tls(tls) => self.tls(on, tls, within),
            Verb::Send(outputs) => self.send(on, outputs, step.chunks.as_ref()),
            Verb::Expect(expected) => expected
                .iter()
                .try_for_each(|one| self.expect(on, one, within)),
            Verb::ExpectAnyOrder(expected) => self.expect_any_order(on, expected, within),
            Verb::ExpectOneOf(expected) => {
                let all: Vec<_> = expected.iter().collect();
                let at = self.expect_one(on, &all, within)?;
                match &expected[at].unsupported {
                    Some(what) => Err(Stop::unsupported(format!("{LACKS}{what}"))),
                    None => Ok(()),
                }
            }
            Verb::ExpectClose(close) => self.expect_close(on, close, within),
            Verb::ExpectSilence(Silence { over, allowing }) => match over {
                None => self.sync(on, Some(allowing), within),
                Some(over) => self.silence_beside(on, over, allowing, within),
            },
            Verb::Sync => self.sync(on, None, within),
            Verb::Fixture(request, reply) => self.fixture(on, request, reply, within),
            Verb::Close => self.conversation_mut(on).map(|c| c.link.close()),
            Verb::Cut => self.conversation_mut(on).map(|c| c.link.cut()),
            Verb::ShutdownWrite => self.conversation_mut(on).map(|c| c.link.shutdown_write()),
            Verb::Restart => self.restart(),
            Verb::Stop => {
                self.stopping = true;
                self.stage.instance.ask_to_stop().map_err(Stop::unsupported)
            }
            Verb::Refuse(party) => self.stage.refuse(party).map_err(Stop::kit),
            Verb::Listen(party) => self.stage.listen(party).map_err(Stop::kit),
            Verb::Advance(seconds) => {
                let by = Duration::from_secs_f64(seconds);
                self.conversation_mut(on).map(|c| c.link.advance(by))
            }
            Verb::Wait(seconds) => {
                std::thread::sleep(Duration::from_secs_f64(seconds));
                Ok(())
            }
            Verb::Reading(reading) => self.conversation_mut(on).map(|c| c.link.reading(reading)),
            Verb::ExpectNoDial(no) => self.expect_no_dial(no),
            Verb::ExpectRefused => self.expect_refused(within),
            Verb::ExpectNotListening => self.expect_not_listening(),
            Verb::Set(names) => names.iter().try_for_each(|(name, template)| {
                let value = self.names.value(template).map_err(Stop::kit)?;
                self.names.set(name, value);
                Ok(())
            }),
            Verb::Repeat(repeat) => {
                for i in 1..=repeat.count {
                    self.names.set("i", Value::Integer(i.into()));
                    self.steps(&repeat.steps, false)?;
                }
                Ok(())
            }
            Verb::ExpectExit(exit) => self.expect_exit(exit, within),
        }
    }

    fn open(&mut self, on: &str, open: &Open, within: Option<f64>) -> Result<(), Stop> {
        let party = match &open.party {
            Some(party) => party.clone(),
            None => self.first_party(),
        };
        self.party(&party)?;
        let by_kit = match open.by {
            Some(by) => by == Dialler::Kit,
            None => self.variation.role == Role::Acceptor,
        };
        let link: Box<dyn Link> = if by_kit {
            match self.stage.dial(open.narrow.is_some()) {
                Ok(link) => link,
                Err(why) => return Err(self.undialled(&why)),
            }
        } else {
            let deadline =
                self.deadline(Some(within.unwrap_or(self.stage.instance.dials_within())));
            match self.stage.accept(&party, deadline).map_err(Stop::kit)? {
                Some(link) => link,
                None => return Err(self.not_dialled(on, &party)),
            }
        };
        let framing = self.variation.framing;
        let conversation = Conversation::new(on, &party, by_kit, framing, link);
        self.conversations.insert(on.to_owned(), conversation);
        Ok(())
    }

    /// The stop for a subject that did not dial a party of the kit.
    fn not_dialled(&mut self, on: &str, party: &str) -> Stop {
        let address = self.names.text(&format!("${{{party}.address}}"));
        let mut stop = self.late(on, "the subject dials the kit");
        if let Ok(address) = address {
            let nobody = format!("no connection came to {address}");
            stop.seen = stop.seen.replace("nothing came", &nobody);
        }
        stop
    }

    /// For that long the subject does not dial that party.
    fn expect_no_dial(&mut self, no: &NoDial) -> Result<(), Stop> {
        let party = no.party.clone().unwrap_or_else(|| self.first_party());
        self.party(&party)?;
        let deadline = Instant::now() + Duration::from_secs_f64(no.seconds);
        match self.stage.accept(&party, deadline).map_err(Stop::kit)? {
            None => Ok(()),
            Some(_) => Err(Stop::fail(
                format!("the subject does not dial {party} for {} s", no.seconds),
                "it does",
            )),
        }
    }

    /// A new connection does not come about, or ends without a word.
    fn expect_refused(&mut self, within: Option<f64>) -> Result<(), Stop> {
        let what = "the subject takes no new connection";
        let deadline = self.deadline(within);
        match self.stage.dial(false) {
            Err(_) => Ok(()),
            Ok(mut link) => match link.receive(deadline) {
                Arrival::End { .. } => Ok(()),
                Arrival::Octets(_) => Err(Stop::fail(what, "it greets one")),
                Arrival::Late => Err(Stop::fail(what, "it holds one, and says nothing")),
            },
        }
    }

    /// The subject ends, or runs on for a while, without accepting a connection.
    fn expect_not_listening(&mut self) -> Result<(), Stop> {
        let what = "the subject does not listen";
        let deadline = Instant::now() + self.span(NOT_LISTENING);
        loop {
            if self.stage.dial(false).is_ok() {
                return Err(Stop::fail(what, "it accepts a connection"));
            }
            let slice = deadline.min(Instant::now() + Duration::from_millis(50));
            if let State::Ended(how) = self.stage.state(slice) {
                let code = self
                    .stage
                    .instance
                    .exit(Instant::now())
                    .map(|(code, _)| code);
                return match code {
                    Some(crate::subject::exec::UNSUPPORTED) => {
                        Err(Stop::unsupported("the program exits with 127"))
                    }
                    Some(code) if code < 0 => Err(Stop::new(Outcome::Crash, what, how)),
                    _ => Ok(()),
                };
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
        }
    }

    /// The party that speaks where a step names none: `kit`, or the first by name.
    fn first_party(&self) -> String {
        let first = self.parties.keys().next().cloned().unwrap_or_default();
        if self.parties.contains_key("kit") {
            "kit".to_owned()
        } else {
            first
        }
    }

    fn undialled(&mut self, why: &str) -> Stop {
        if self.stage.address().is_none() {
            return Stop::unsupported("the subject does not listen");
        }
        Stop::new(Outcome::Crash, "the subject accepts a connection", why)
    }

    fn handshake(
        &mut self,
        on: &str,
        handshake: &Handshake,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        if !self.conversations.contains_key(on) {
            let open = Open {
                by: handshake.by,
                party: handshake.party.clone(),
                narrow: None,
            };
            self.open(on, &open, within)?;
        }
        let greeting = Output {
            greeting: Some(handshake.greeting.clone().unwrap_or_default()),
            ..Output::default()
        };
        let anything = Json::Object(serde_json::Map::new());
        let their_greeting = handshake.expect_greeting.as_ref().unwrap_or(&anything);
        let their_auth = handshake.expect_auth.as_ref().unwrap_or(&anything);
        self.send(on, &[greeting], None)?;
        self.expect_greeting(on, their_greeting, within)?;
        if self.variation.tls {
            self.tls(on, &Tls::default(), within)?;
        }
        let auth: Prove = handshake.auth.clone().unwrap_or_default();
        let auth = Output {
            auth: Some(auth),
            ..Output::default()
        };
        // The side that dialled proves first.
        if self.conversation(on)?.dialled {
            self.send(on, &[auth], None)?;
            self.expect_auth(on, their_auth, within)
        } else {
            self.expect_auth(on, their_auth, within)?;
            self.send(on, &[auth], None)
        }
    }

    fn tls(&mut self, on: &str, tls: &Tls, within: Option<f64>) -> Result<(), Stop> {
        let deadline = self.deadline(within);
        let certificates = self.circumstances.certificates;
        let shared = if self.case.subject.expired {
            &certificates.expired
        } else {
            &certificates.shared
        };
        let own = match tls.certificate.unwrap_or(Certificate::Shared) {
            Certificate::Shared => Some(shared.clone()),
            Certificate::Other => Some(self.circumstances.certificates.other.clone()),
            Certificate::Stolen => {
                let other = &self.circumstances.certificates.other;
                Some(std::sync::Arc::new(shared.without_key(other)))
            }
            Certificate::None => None,
        };
        let setup = TlsSetup {
            own,
            shared: shared.clone(),
            old: tls.old.is_some(),
            sessions: std::sync::Arc::clone(&self.sessions),
        };
        let conversation = self.conversation_mut(on)?;
        let by_nonces = conversation.tls_role();
        let role = tls
            .role
            .or(by_nonces)
            .ok_or_else(|| Stop::kit("TLS needs both greetings or a role"))?;
        let early = conversation.buffer.take();
        let result = conversation.link.start_tls(&setup, role, early, deadline);
        let what = "the TLS handshake succeeds";
        self.transcript
            .words(on, Kind::Note, tls_in_words(role, &result));
        match (result, tls.expect.unwrap_or(TlsEnd::Success)) {
            (Ok(()), TlsEnd::Success) => {
                self.conversation_mut(on)?.tls = true;
                Ok(())
            }
            // A server learns that its client was refused only after its own handshake is over,
            // so the refusal may come as the end of the connection.
            (Ok(()), TlsEnd::Refusal) => {
                self.conversation_mut(on)?.tls = true;
                self.expect_close(on, &crate::case::step::Close::default(), within)
            }
            (Err(TlsFailure::Refused(_)), TlsEnd::Refusal) => Ok(()),
            (Err(TlsFailure::Refused(why)), TlsEnd::Success) => Err(Stop::fail(what, why)),
            (Err(TlsFailure::Late), _) => Err(self.late(on, "the TLS handshake ends")),
            (Err(TlsFailure::Kit(why)), _) => Err(Stop::kit(why)),
        }
    }

    /// A request to the fixture port and its reply.
    fn fixture(
        &mut self,
        on: &str,
        request: &[Json],
        reply: Option<&Json>,
        within: Option<f64>,
    ) -> Result<(), Stop> {
        let Some((verb, arguments)) = request.split_first() else {
            return Err(Stop::kit("a fixture request begins with its verb"));
        };
        let port = format!("r-{}", self.next_count());
        let party = self.conversation(on)?.party.clone();
        let mut message = vec![
            Json::from("conformance"),
            verb.clone(),
            Json::from(format!("${{{party}}}#{port}")),
        ];
        message.extend(arguments.iter().cloned());
        let output = Output {
            message: Some(Json::Array(message)),
            ..Output::default()
        };
        self.names.set("reply", Value::text(&port));
        self.send(on, &[output], None)?;
        let mut pattern = vec![Json::from(port), verb.clone()];
        match reply {
            Some(Json::Bool(false)) => return Ok(()),
            Some(Json::Array(rest)) => pattern.extend(rest.iter().cloned()),
            Some(_) => return Err(Stop::kit("`reply` is an array of patterns or false")),
            None => pattern.push(Json::from("...")),
        }
        let expected = crate::case::step::Expected {
            message: Some(Json::Array(pattern)),
            ..Default::default()
        };
        match self.expect(on, &expected, within) {
            Err(stop) if stop.outcome == Outcome::Fail && stop.seen.starts_with("nothing came") => {
                Err(self.without_fixture(on).unwrap_or(stop))
            }
            result => result,
        }
    }

    /// Whether the subject says that it has no fixture port.
    fn without_fixture(&mut self, on: &str) -> Option<Stop> {
        let probe = serde_json::json!(["", "mon1", "conformance"]);
        let octets = self
            .conversation(on)
            .ok()?
            .framing
            .write(&Value::from(&probe));
        self.send_octets(on, &octets, None).ok()?;
        let gone = crate::case::step::Expected {
            message: Some(serde_json::json!(["", "kil0", "conformance", "..."])),
            ..Default::default()
        };
        let found = self.expect(on, &gone, Some(1.0)).is_ok();
        found.then(|| Stop::unsupported("the subject has no port `conformance`"))
    }

    fn restart(&mut self) -> Result<(), Stop> {
        if !self.stage.instance.restartable() {
            return Err(Stop::unsupported(
                "this subject cannot be restarted by the kit",
            ));
        }
        let within = self.span(super::WITHIN * 4.0);
        self.stage.restart(within).map_err(from_start)?;
        self.name_address();
        Ok(())
    }

    fn expect_exit(&mut self, exit: &Exit, within: Option<f64>) -> Result<(), Stop> {
        let deadline = self.deadline(within);
        let what = format!("the program ends with code {}", exit.code);
        let Some((code, out)) = self.stage.instance.exit(deadline) else {
            return Err(Stop::new(Outcome::Hang, what, "it still runs"));
        };
        let shown = crate::wire::shown(&out, 400);
        self.transcript.words(
            "",
            Kind::Note,
            format!("it ended with {code} and printed {shown}"),
        );
        if code != exit.code {
            let outcome = if code < 0 {
                Outcome::Crash
            } else {
                Outcome::Fail
            };
            return Err(Stop::new(
                outcome,
                what,
                format!("code {code}; it printed {shown}"),
            ));
        }
        let Some(pattern) = &exit.stdout else {
            // What is printed is taken for an answer, and there is none.
            return if exit.code == 0 || out.trim_ascii().is_empty() {
                Ok(())
            } else {
                let what = "nothing on standard output where there is no answer";
                Err(Stop::fail(what, format!("it printed {shown}")))
            };
        };
        let value = json::read(&out).map_err(|why| {
            Stop::fail(
                "one JSON text on standard output",
                format!("{shown} ({why})"),
            )
        })?;
        let framing = self.variation.framing;
        crate::case::pattern::matches(pattern, &value, framing, &mut self.names)
            .map_err(|why| Stop::fail("the answer on standard output", why))
    }
}

/// How TLS went.
fn tls_in_words(role: TlsRole, result: &Result<(), TlsFailure>) -> String {
    let role = match role {
        TlsRole::Client => "client",
        TlsRole::Server => "server",
    };
    let how = match result {
        Ok(()) => "it is up".to_owned(),
        Err(TlsFailure::Refused(why)) => format!("it failed: {why}"),
        Err(TlsFailure::Late) => "it did not end in time".to_owned(),
        Err(TlsFailure::Kit(why)) => format!("the kit could not begin: {why}"),
    };
    format!("TLS, the kit as {role}: {how}")
}

fn needs_connection(verb: Verb<'_>) -> bool {
    !matches!(
        verb,
        Verb::Open(_)
            | Verb::Handshake(_)
            | Verb::Restart
            | Verb::Stop
            | Verb::Refuse(_)
            | Verb::Listen(_)
            | Verb::Wait(_)
            | Verb::ExpectNoDial(_)
            | Verb::ExpectRefused
            | Verb::ExpectNotListening
            | Verb::Set(_)
            | Verb::Repeat(_)
            | Verb::ExpectExit(_)
    )
}

/// A start that failed, as the stop of a run.
pub fn from_start(error: StartError) -> Stop {
    let what = "the subject gets ready";
    match error {
        StartError::Crash(how) => Stop::new(Outcome::Crash, what, how),
        StartError::Hang(how) => Stop::new(Outcome::Hang, what, how),
        StartError::Unsupported(how) => Stop::unsupported(how),
        StartError::Kit(how) => Stop::kit(how),
    }
}
