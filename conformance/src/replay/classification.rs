//! What a correct node must make of each recorded bad input: `classification.json`.

use std::fmt;

use aemp_proto::Reason;
use serde::Deserialize;

use super::recording::{Connection, Recording, Side};

/// The classification of the recorded error cases.
#[derive(Debug, Deserialize)]
pub struct Classification {
    files: Vec<ClassifiedFile>,
}

#[derive(Debug, Deserialize)]
struct ClassifiedFile {
    file: String,
    cases: Vec<Case>,
}

/// What must become of one side's octets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The case's name, where the file has names.
    pub case: Option<String>,
    /// The connection's index, where it has none.
    pub connection: Option<usize>,
    /// Whose octets.
    pub side: Side,
    /// What the octets cannot show.
    #[serde(default)]
    pub given: Given,
    /// What ours makes of it.
    pub outcome: Outcome,
    /// What the original did.
    pub original: Original,
    /// Why ours differs, where it does.
    pub deviation: Option<String>,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// What octets cannot show.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Why the owner refuses a proven peer.
    pub owner: Option<String>,
    /// How TLS fails: `certificate`.
    pub tls: Option<String>,
    /// Whether the receiver offers whatever the sender chose, so that its messages can be judged.
    #[serde(default)]
    pub offers: bool,
    /// `null` where the receiver has no secret.
    #[serde(default, deserialize_with = "present")]
    pub secret: Option<()>,
}

/// What ours makes of an input.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All is as it should be.
    Established,
    /// A departure from the rules that changes nothing, or messages that mean nothing.
    Tolerated,
    /// A failure.
    Error {
        /// The stage.
        stage: String,
        /// The reason.
        reason: String,
    },
}

/// What the original did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Original {
    /// It went on.
    Accepted,
    /// It closed the connection.
    Closed,
    /// It waited until the sender closed.
    Waited,
    /// It kept the connection open and read no more.
    Deaf,
    /// It went on, but something else was lost.
    Lost,
}

impl Classification {
    /// The project's own.
    pub fn of_the_project() -> Self {
        Self::parse(include_str!("../../classification.json"))
            .expect("the project's file is well formed")
    }

    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// What is said of a side of a connection; several things where the receiver may be given more
    /// than it had.
    pub fn of_side(
        &self,
        recording: &Recording,
        connection: &Connection,
        side: Side,
    ) -> Vec<&Case> {
        let cases = self.cases(&recording.path);
        cases
            .filter(|case| case.side == side && case.is_of(connection))
            .collect()
    }

    /// All that is said of a file.
    pub fn cases(&self, path: &str) -> impl Iterator<Item = &Case> {
        let files = self.files.iter().filter(move |file| file.file == path);
        files.flat_map(|file| &file.cases)
    }

    /// The files of which something is said.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.file.as_str())
    }
}

impl Case {
    /// Whether it speaks of this connection.
    pub fn is_of(&self, connection: &Connection) -> bool {
        match &self.case {
            Some(name) => connection.case.as_ref() == Some(name),
            None => self.connection == Some(connection.index),
        }
    }

    /// Whether what ours does shows in the same way as what the original did.
    pub fn agrees(&self) -> bool {
        let waited_for =
            matches!(&self.outcome, Outcome::Error { reason, .. } if reason == "closed");
        match self.original {
            Original::Accepted => !self.outcome.is_error(),
            Original::Closed => self.outcome.is_error(),
            Original::Waited => waited_for,
            Original::Deaf | Original::Lost => false,
        }
    }
}

impl Outcome {
    /// Whether it is a failure.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error { .. })
    }

    /// The reason of the failure; nothing for other outcomes.
    ///
    /// # Errors
    ///
    /// The name, where the registry does not have it.
    pub fn reason(&self) -> Result<Option<Reason>, String> {
        match self {
            Self::Error { stage, reason } => named(&format!("{stage}.{reason}")).map(Some),
            _ => Ok(None),
        }
    }
}

/// The reason of that name.
///
/// # Errors
///
/// The name, where the registry does not have it.
pub(super) fn named(name: &str) -> Result<Reason, String> {
    let found = Reason::ALL
        .iter()
        .copied()
        .find(|reason| reason.to_string() == name);
    found.ok_or_else(|| format!("there is no failure {name}"))
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Established => f.write_str("established"),
            Self::Tolerated => f.write_str("tolerated"),
            Self::Error { stage, reason } => write!(f, "{stage}.{reason}"),
        }
    }
}

/// Tells a member that is `null` from one that is not there.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<()>, D::Error> {
    <()>::deserialize(deserializer).map(Some)
}
