//! The steps of a case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

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
            | Verb::ExpectSilence(Silence { allowing }) => {
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
            | Verb::ExpectSilence(Silence { allowing }) => allowing,
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

/// Something to send: one field of the first group, modified by others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Text (a template), as UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Octets in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// The same several times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<RepeatOctets>,
    /// Both greeting lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greet>,
    /// The authentication line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Prove>,
    /// A message, written in the framing of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Json>,
    /// A message for each number of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// Outside TLS though TLS is up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear: Option<True>,
    /// Only with what the kit sends next, in one write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<True>,
}

impl Output {
    fn check(&self) -> Result<(), String> {
        let kinds = [
            self.text.is_some(),
            self.hex.is_some(),
            self.repeat.is_some(),
            self.greeting.is_some(),
            self.auth.is_some(),
            self.message.is_some(),
            self.each.is_some(),
        ];
        if kinds.into_iter().filter(|&kind| kind).count() != 1 {
            return Err("something to send has exactly one kind".to_owned());
        }
        let line = self.greeting.as_ref().and_then(|g| g.line_hex.as_deref());
        if [self.hex.as_deref(), line]
            .into_iter()
            .flatten()
            .any(|hex| crate::wire::from_hex(hex).is_none())
        {
            return Err("bad hex".to_owned());
        }
        Ok(())
    }
}

/// Octets several times, so that large input needs no large file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepeatOctets {
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Octets in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// How often.
    pub count: usize,
}

/// A message for each number of a range; `${i}` is the number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// The first number.
    pub from: u64,
    /// The last number.
    pub to: u64,
    /// The message, or its pattern.
    pub message: Json,
}

/// A greeting to send: the party's usual one with these changes. Every text is a template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Greet {
    /// The whole first line as it is, instead of fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The whole first line in hex, for octets that are no UTF-8.
    #[serde(rename = "line-hex", skip_serializing_if = "Option::is_none")]
    pub line_hex: Option<String>,
    /// The protocol word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The node ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The methods accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auths: Option<Vec<String>>,
    /// The framings accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framings: Option<Vec<String>>,
    /// Keys to add or change; null takes a key away.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, Option<String>>,
    /// The nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What ends each line; LF where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eol: Option<String>,
    /// Which line is sent; both where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<u8>,
}

/// An authentication line to send: the correct one with these changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prove {
    /// The method's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The method by whose rule the data is computed, if not by the one named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute: Option<String>,
    /// The data as it is (a template) instead of a computed proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The secret of the proof, if not the party's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The lines that the proof covers (four templates), if not the right ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<[String; 4]>,
    /// What is done to the proof afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutate: Option<Mutation>,
    /// The framing's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<String>,
    /// Further fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
    /// What ends the line; LF where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eol: Option<String>,
}

/// What is done to a correct proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mutation {
    /// The lowest bit of the first octet is turned over.
    FlipFirst,
    /// The lowest bit of the last octet is turned over.
    FlipLast,
    /// Upper case hex.
    UpperCase,
    /// The last octet is left out.
    Shorten,
    /// An octet is added.
    Lengthen,
    /// The last digit is left out.
    HalfOctet,
    /// Nothing remains.
    Empty,
}

/// Something to arrive: one field of the first group, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// The connection; the step's where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Both greeting lines: a pattern of their fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Json>,
    /// The authentication line: a pattern of its fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Json>,
    /// A line as it is, without its end: a pattern of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<Json>,
    /// A message: a pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Json>,
    /// With `message`: a pattern of the lower case hex of its octets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub octets: Option<Json>,
    /// A message for each number of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// The end of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<Close>,
    /// In `expect-one-of`: it says that the subject does not have something optional, which is this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<String>,
}

impl Expected {
    fn check(&self) -> Result<(), String> {
        let kinds = [
            self.greeting.is_some(),
            self.auth.is_some(),
            self.line.is_some(),
            self.message.is_some(),
            self.each.is_some(),
            self.close.is_some(),
        ];
        if self.octets.is_some() && self.message.is_none() {
            return Err("`octets` belongs to `message`".to_owned());
        }
        if kinds.into_iter().filter(|&kind| kind).count() == 1 {
            Ok(())
        } else {
            Err("something expected has exactly one kind".to_owned())
        }
    }
}

/// The end of a connection by the subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Close {
    /// The reason or the reasons (`stage.name`) that a core in process must give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<OneOrMany<String>>,
    /// It may come inside a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<True>,
    /// What the subject may have sent before; nothing where absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowing: Vec<Expected>,
}

/// Nothing arrives before the answer to a round trip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Silence {
    /// Messages that may arrive all the same, any number of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowing: Vec<Expected>,
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
    /// Pattern of the one JSON text on its standard output; absent: anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<Json>,
}
