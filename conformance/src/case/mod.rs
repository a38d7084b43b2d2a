//! Cases: what they say and how they are loaded.
//!
//! The format is explained for people in `cases/README.md` and fixed in `schema/case.schema.json`;
//! the types here are the same for this runner.

pub mod explain;
pub mod load;
pub mod pattern;
pub mod step;
pub mod template;
pub mod thing;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use step::OneOrMany;

pub use step::{Step, Verb};

/// How much of the protocol a subject claims; each level builds on those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Level {
    /// Files only: grammar, proofs and framings without a connection.
    Vectors,
    /// A client that sends one message and prints the answer.
    Simple,
    /// Handshake, authentication, framings, limits and errors.
    Transport,
    /// Ports, monitors, spawning, calls; one link a pair of nodes.
    Node,
    /// The full mesh and port groups of protocol 0.
    Global0,
    /// Global nodes and the database of protocol 1.
    Global1,
    /// Raw connections beside the link.
    Dataconn,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 7] = [
        Self::Vectors,
        Self::Simple,
        Self::Transport,
        Self::Node,
        Self::Global0,
        Self::Global1,
        Self::Dataconn,
    ];

    /// Its name on the command line and as a folder of cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Simple => "simple",
            Self::Transport => "transport",
            Self::Node => "node",
            Self::Global0 => "global0",
            Self::Global1 => "global1",
            Self::Dataconn => "dataconn",
        }
    }
}

/// Which end of the TCP connection the subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The subject accepts; the kit dials.
    Acceptor,
    /// The subject dials; the kit accepts.
    Initiator,
}

impl Role {
    /// Its name in cases and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acceptor => "acceptor",
            Self::Initiator => "initiator",
        }
    }
}

/// How strong the requirements are that a case checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Falling short of it is an error.
    #[default]
    Must,
    /// Falling short of it is reported and does not fail the run.
    Should,
    /// Only what the subject does is reported.
    Informational,
}

/// What a case needs of a subject beyond its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The fixture port `conformance`.
    Fixture,
    /// A certificate, and TLS offered in the greeting.
    Tls,
    /// It can be stopped and started again during the case.
    Restart,
    /// A process, or a node, of its own for this case.
    Fresh,
    /// It accepts `cleartext`.
    Cleartext,
    /// It greets with `instance=`.
    Instance,
    /// It greets with `mproto=1`.
    Mproto,
    /// It has the suite sha3, also where the run uses another.
    Sha3,
    /// It listens even where it also dials.
    Listens,
}

impl Need {
    /// Its name in cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixture => "fixture",
            Self::Tls => "tls",
            Self::Restart => "restart",
            Self::Fresh => "fresh",
            Self::Cleartext => "cleartext",
            Self::Instance => "instance",
            Self::Mproto => "mproto",
            Self::Sha3 => "sha3",
            Self::Listens => "listens",
        }
    }
}

/// A property of a run that may take several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    /// sha3 and md6.
    Suite,
    /// json, cbor and storable.
    Framing,
    /// In the clear and under TLS.
    Tls,
    /// How the kit cuts what it sends.
    Chunking,
}

/// Where a case can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Against codec and state machine, without a connection: exact octets, fixed nonces.
    InProcess,
    /// Over TCP.
    Live,
}

impl Way {
    /// Its name in cases and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProcess => "in-process",
            Self::Live => "live",
        }
    }
}

/// How the kit cuts what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chunking {
    /// One write for each step.
    Whole,
    /// One write for each octet.
    Octet,
    /// One write for each line.
    Line,
    /// Writes of lengths drawn from the seed.
    Random,
}

impl Chunking {
    /// Every chunking.
    pub const ALL: [Self; 4] = [Self::Whole, Self::Octet, Self::Line, Self::Random];

    /// Its name in cases and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Octet => "octet",
            Self::Line => "line",
            Self::Random => "random",
        }
    }
}

/// Settings that the subject must run with where they are not the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SubjectSettings {
    /// Its secret, or several in order; the run's where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<OneOrMany<String>>,
    /// Its node ID; `subject` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The shared certificate, its own and the kit's, must be one that has expired.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// It must accept `cleartext`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleartext: bool,
    /// It must be a global node of protocol 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub global: bool,
    /// The subject's seeds where it dials: names of parties, `subject` for its own address, or
    /// texts (templates) as they are; the first party alone where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<String>,
    /// The IP address on which it listens; 127.0.0.1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<IpAddr>,
    /// It must not come to listen, so the kit does not wait for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuses: bool,
}

/// A node that the kit plays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Party {
    /// Its node ID (a template); `NAME-${unique}` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Its secret; the subject's first where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The IP address on which it listens, where the subject dials it; 127.0.0.1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<IpAddr>,
    /// Fields of its greetings where they are not the usual ones (see `step::Greet`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<step::Greet>,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// The schema's place, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its permanent name: the file's name without `.json`.
    pub id: String,
    /// What is checked, in one line.
    pub title: String,
    /// Why, and what is behind it.
    #[serde(default)]
    pub description: String,
    /// The requirements that it checks.
    pub requirements: Vec<String>,
    /// How strong they are.
    #[serde(default)]
    pub strength: Strength,
    /// Its level: the folder that it lies in.
    pub level: Level,
    /// The roles of the subject in which it runs.
    #[serde(default = "both_roles")]
    pub roles: Vec<Role>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// The suites in which it makes sense.
    #[serde(default = "both_suites")]
    pub suites: Vec<String>,
    /// The framings in which it makes sense.
    #[serde(default = "all_framings")]
    pub framings: Vec<String>,
    /// Whether it runs in the clear, under TLS, or either.
    #[serde(default)]
    pub tls: TlsUse,
    /// The properties whose every value is run; of others the first that the subject has.
    #[serde(default)]
    pub vary: Vec<Dimension>,
    /// The chunkings in which it makes sense.
    #[serde(default = "all_chunkings")]
    pub chunkings: Vec<Chunking>,
    /// What it needs of the subject.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The subject's settings.
    #[serde(default)]
    pub subject: SubjectSettings,
    /// Arguments of the program, at level simple.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// The nodes that the kit plays; one named `kit` where absent.
    #[serde(default)]
    pub parties: BTreeMap<String, Party>,
    /// Whether the kit answers and passes over what a node may send unasked.
    #[serde(default = "yes")]
    pub background: bool,
    /// The vectors that it checks, at level vectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Json>,
    /// What happens, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// Whether a case runs under TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsUse {
    /// In the clear and under TLS alike.
    #[default]
    Either,
    /// In the clear only.
    Never,
    /// Under TLS only.
    Always,
}

fn both_roles() -> Vec<Role> {
    vec![Role::Acceptor, Role::Initiator]
}

fn both_suites() -> Vec<String> {
    crate::wire::Suite::ALL
        .map(|suite| suite.name().to_owned())
        .to_vec()
}

fn all_framings() -> Vec<String> {
    crate::wire::Framing::ALL
        .map(|framing| framing.name().to_owned())
        .to_vec()
}

fn all_chunkings() -> Vec<Chunking> {
    Chunking::ALL.to_vec()
}

fn yes() -> bool {
    true
}

impl Case {
    /// Where it runs: as it says, else over TCP only.
    pub fn ways(&self) -> &[Way] {
        if self.ways.is_empty() {
            &[Way::Live]
        } else {
            &self.ways
        }
    }

    /// Seconds that pass whatever the subject does: those that its steps wait.
    pub fn seconds(&self) -> f64 {
        self.steps.iter().map(Step::seconds).sum()
    }

    /// What is wrong with it beyond its form; empty if nothing is.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |text: String| faults.push(text);
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(name) {
            fault(format!(
                "id {:?}: lower case letters, digits and hyphens only",
                self.id
            ));
        }
        if self.requirements.is_empty() {
            fault("no requirement is cited".to_owned());
        }
        if self.steps.is_empty() == self.vectors.is_empty() {
            fault("a case has either steps or vectors".to_owned());
        }
        if self.roles.is_empty() || self.suites.is_empty() || self.framings.is_empty() {
            fault("roles, suites and framings must not be empty".to_owned());
        }
        for suite in &self.suites {
            if crate::wire::Suite::named(suite).is_none() {
                fault(format!("no suite {suite:?}"));
            }
        }
        for framing in &self.framings {
            if crate::wire::Framing::named(framing).is_none() {
                fault(format!("no framing {framing:?}"));
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            if let Err(why) = step.check() {
                fault(format!("step {}: {why}", at + 1));
            }
        }
        faults
    }
}
