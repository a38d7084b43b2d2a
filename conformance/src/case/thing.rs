//! What steps send and what they expect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::step::{OneOrMany, True};

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
    pub(super) fn check(&self) -> Result<(), String> {
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
    pub(super) fn check(&self) -> Result<(), String> {
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
    /// The other direction is ended too, without waiting for the kit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub both: Option<True>,
    /// It may come inside a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<True>,
    /// What the subject may have sent before; nothing where absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowing: Vec<Expected>,
}
