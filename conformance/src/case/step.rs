//! The steps of a case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use super::thing::{Close, Each, Expected, Greet, Mutation, Output, Prove, RepeatOctets};
use super::{Chunking, Role, Way};

/// A step: one verb and what modifies it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Step {
    /// The connection that it concerns; `main` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// What it is for, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Runs only where this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Seconds that the subject has; 5 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<f64>,
    /// Cuts what this step sends in a way of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunks: Option<Chunks>,
    /// Seconds, or a template of them, from the beginning of the step before, ahead of which what
    /// is expected must not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Json>,
    /// Names the seconds from the beginning of the step before to the end of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<String>,
    /// Patterns of messages that this step passes over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passing: Vec<Json>,

    /// Verb: makes a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// Verb: the whole handshake as it usually goes, up to the data phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake: Option<Handshake>,
    /// Verb: TLS, with the roles that the nonces give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Verb: sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send: Option<OneOrMany<Output>>,
    /// Verb: the next thing to arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<OneOrMany<Expected>>,
    /// Verb: the next things to arrive, in any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_any_order: Option<Vec<Expected>>,
    /// Verb: the next thing to arrive is one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_one_of: Option<Vec<Expected>>,
    /// Verb: the subject closes and sends nothing before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_close: Option<Close>,
    /// Verb: nothing has arrived up to here; bounded by a round trip, not by time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_silence: Option<Silence>,
    /// Verb: a round trip through the subject's node port; what arrives before is dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync: Option<Sync>,
    /// Verb: a request to the fixture port and its reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixture: Option<Vec<Json>>,
    /// With `fixture`: what follows the verb in the reply; absent: anything. `false`: no reply is
    /// awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Json>,
    /// Verb: the kit closes the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<True>,
    /// Verb: the kit ends the connection abruptly (a TCP reset).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<True>,
    /// Verb: the kit ends its own direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_write: Option<True>,
    /// Verb: the subject is stopped hard and started again with the same settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<True>,
    /// Verb: the subject is stopped as its platform asks a program to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<True>,
    /// Verb: from here on the address of this party refuses connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse: Option<String>,
    /// Verb: this party listens at its address again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// Verb: seconds pass; in process only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<f64>,
    /// Verb: the kit waits for so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<f64>,
    /// Verb: the kit stops reading, or reads on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<bool>,
    /// Verb: the subject does not dial a party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_no_dial: Option<NoDial>,
    /// Verb: the subject takes no new connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_refused: Option<Sync>,
    /// Verb: the subject does not come to listen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_not_listening: Option<Sync>,
    /// Verb: names values for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<BTreeMap<String, Json>>,
    /// Verb: these steps, several times; `${i}` counts from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// Verb: the program ends; level simple only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_exit: Option<Exit>,
}

/// A verb of a step.
#[derive(Clone, Copy, Debug)]
pub enum Verb<'a> {
    /// `open`
    Open(&'a Open),
    /// `handshake`
    Handshake(&'a Handshake),
    /// `tls`
    Tls(&'a Tls),
    /// `send`
    Send(&'a [Output]),
    /// `expect`
    Expect(&'a [Expected]),
    /// `expect-any-order`
    ExpectAnyOrder(&'a [Expected]),
    /// `expect-one-of`
    ExpectOneOf(&'a [Expected]),
    /// `expect-close`
    ExpectClose(&'a Close),
    /// `expect-silence`
    ExpectSilence(&'a Silence),
    /// `sync`
    Sync,
    /// `fixture`
    Fixture(&'a [Json], Option<&'a Json>),
    /// `close`
    Close,
    /// `cut`
    Cut,
    /// `shutdown-write`
    ShutdownWrite,
    /// `restart`
    Restart,
    /// `stop`
    Stop,
    /// `refuse`
    Refuse(&'a str),
    /// `listen`
    Listen(&'a str),
    /// `advance`
    Advance(f64),
    /// `wait`
    Wait(f64),
    /// `reading`
    Reading(bool),
    /// `expect-no-dial`
    ExpectNoDial(&'a NoDial),
    /// `expect-refused`
    ExpectRefused,
    /// `expect-not-listening`
    ExpectNotListening,
    /// `set`
    Set(&'a BTreeMap<String, Json>),
    /// `repeat`
    Repeat(&'a Repeat),
    /// `expect-exit`
    ExpectExit(&'a Exit),
}

impl Step {
    /// The connection that it concerns.
    pub fn connection(&self) -> &str {
        self.on.as_deref().unwrap_or("main")
    }

    /// Its verb.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn verb(&self) -> Result<Verb<'_>, String> {
        let mut verbs = Vec::new();
        verbs.extend(self.open.as_ref().map(Verb::Open));
        verbs.extend(self.handshake.as_ref().map(Verb::Handshake));
        verbs.extend(self.tls.as_ref().map(Verb::Tls));
        verbs.extend(
            self.send
                .as_ref()
                .map(|outputs| Verb::Send(outputs.as_slice())),
        );
        verbs.extend(
            self.expect
                .as_ref()
                .map(|expected| Verb::Expect(expected.as_slice())),
        );
        verbs.extend(self.expect_any_order.as_deref().map(Verb::ExpectAnyOrder));
        verbs.extend(self.expect_one_of.as_deref().map(Verb::ExpectOneOf));
        verbs.extend(self.expect_close.as_ref().map(Verb::ExpectClose));
        verbs.extend(self.expect_silence.as_ref().map(Verb::ExpectSilence));
        verbs.extend(self.sync.map(|_| Verb::Sync));
        verbs.extend(
            self.fixture
                .as_deref()
                .map(|f| Verb::Fixture(f, self.reply.as_ref())),
        );
        verbs.extend(self.close.map(|_| Verb::Close));
        verbs.extend(self.cut.map(|_| Verb::Cut));
        verbs.extend(self.shutdown_write.map(|_| Verb::ShutdownWrite));
        verbs.extend(self.restart.map(|_| Verb::Restart));
        verbs.extend(self.stop.map(|_| Verb::Stop));
        verbs.extend(self.refuse.as_deref().map(Verb::Refuse));
        verbs.extend(self.listen.as_deref().map(Verb::Listen));
        verbs.extend(self.advance.map(Verb::Advance));
        verbs.extend(self.wait.map(Verb::Wait));
        verbs.extend(self.reading.map(Verb::Reading));
        verbs.extend(self.expect_no_dial.as_ref().map(Verb::ExpectNoDial));
        verbs.extend(self.expect_refused.map(|_| Verb::ExpectRefused));
        verbs.extend(self.expect_not_listening.map(|_| Verb::ExpectNotListening));
        verbs.extend(self.set.as_ref().map(Verb::Set));
        verbs.extend(self.repeat.as_ref().map(Verb::Repeat));
        verbs.extend(self.expect_exit.as_ref().map(Verb::ExpectExit));
        match verbs.as_slice() {
            [verb] => Ok(*verb),
            [] => Err("no verb".to_owned()),
            _ => Err("more than one verb".to_owned()),
        }
    }

    /// Seconds that pass whatever the subject does.
    pub fn seconds(&self) -> f64 {
        let inside = self.repeat.as_ref().map_or(0.0, |repeat| {
            let once: f64 = repeat.steps.iter().map(Self::seconds).sum();
            once * repeat.count as f64
        });
        let idle = self.expect_no_dial.as_ref().map_or(0.0, |no| no.seconds);
        let least = self.not_before.as_ref().and_then(Json::as_f64);
        inside + idle + self.wait.unwrap_or(0.0) + least.unwrap_or(0.0)
    }

    /// Whether its form is right, that of steps inside it too.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let verb = self.verb()?;
        if self.reply.is_some() && self.fixture.is_none() {
            return Err("`reply` belongs to `fixture`".to_owned());
        }
        Self::check_unsupported(verb)?;
        let seconds = |json: &Json| json.is_number() || json.is_string();
        if !self.not_before.as_ref().is_none_or(seconds) {
            return Err("`not-before` is a number of seconds or a template of one".to_owned());
        }
        match verb {
            Verb::Repeat(repeat) => repeat.steps.iter().try_for_each(Self::check),
            Verb::Send(outputs) => outputs.iter().try_for_each(Output::check),
            Verb::Expect(expected)
            | Verb::ExpectAnyOrder(expected)
            | Verb::ExpectOneOf(expected) => expected.iter().try_for_each(Expected::check),
            Verb::ExpectClose(Close { allowing, .. })
            | Verb::ExpectSilence(Silence { allowing, .. }) => {
                allowing.iter().try_for_each(Expected::check)
            }
            _ => Ok(()),
        }
    }

    /// What says that something optional is missing can only be an alternative.
    fn check_unsupported(verb: Verb<'_>) -> Result<(), String> {
        let expected = match verb {
            Verb::Expect(expected) | Verb::ExpectAnyOrder(expected) => expected,
            Verb::ExpectClose(Close { allowing, .. })
            | Verb::ExpectSilence(Silence { allowing, .. }) => allowing,
            _ => return Ok(()),
        };
        if expected.iter().any(|one| one.unsupported.is_some()) {
            return Err("`unsupported` belongs to `expect-one-of`".to_owned());
        }
        Ok(())
    }
}

/// One thing or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// Several, in order.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMany<T> {
    /// The things in order.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(many) => many,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

/// `true`, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
pub struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;

    fn try_from(truth: bool) -> Result<Self, Self::Error> {
        if truth {
            Ok(Self)
        } else {
            Err("only true may stand here")
        }
    }
}

impl From<True> for bool {
    fn from(_: True) -> Self {
        true
    }
}

/// Where a step runs: every field given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The subject's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// The framing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<String>,
    /// Whether it is a run under TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// In process or live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
}

/// How one step's octets are cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Chunks {
    /// By rule.
    Named(Chunking),
    /// Into these lengths, and the rest.
    Lengths(Vec<usize>),
}

/// Makes a connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Open {
    /// Who dials: `kit`, `subject`; where absent, the subject's role decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Dialler>,
    /// The party of the kit; the first where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// The kit's end takes in little beyond what the kit reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub narrow: Option<True>,
}

/// A time in which the subject does not dial a party.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoDial {
    /// The party; the first where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// For how long.
    pub seconds: f64,
}

/// Who dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialler {
    /// The kit.
    Kit,
    /// The subject.
    Subject,
}

/// The whole handshake; each field changes a part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Handshake {
    /// The party of the kit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// Who dials, if the connection is still to be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Dialler>,
    /// The kit's greeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greet>,
    /// The kit's authentication line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Prove>,
    /// Pattern of the subject's greeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_greeting: Option<Json>,
    /// Pattern of the subject's authentication line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_auth: Option<Json>,
}

/// TLS on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The kit's role where it is not the one that the nonces give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<TlsRole>,
    /// The kit's certificate where it is not the shared one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// What is expected; success where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<TlsEnd>,
    /// The kit speaks only TLS 1.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<True>,
}

/// A role in TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsRole {
    /// Client.
    Client,
    /// Server.
    Server,
}

/// A certificate of the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certificate {
    /// The one that the subject holds too.
    Shared,
    /// Another one.
    Other,
    /// The shared one, without its key: the kit signs with another.
    Stolen,
    /// None.
    None,
}

/// How a TLS handshake ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsEnd {
    /// It succeeds.
    Success,
    /// The subject refuses.
    Refusal,
}

/// Nothing arrives before the answer to a round trip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Silence {
    /// Messages that may arrive all the same, any number of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowing: Vec<Expected>,
    /// The connection that the round trip goes over, where this one carries no messages yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
}

/// A round trip through the subject's node port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sync {}

/// Steps several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How often.
    pub count: u64,
    /// The steps.
    pub steps: Vec<Step>,
}

/// The end of the program, at level simple.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exit {
    /// Its exit code.
    pub code: i32,
    /// Pattern of the one JSON text on its standard output; absent: anything where the code is 0,
    /// else nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<Json>,
}
