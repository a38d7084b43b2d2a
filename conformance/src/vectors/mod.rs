//! Vectors: octets and what they mean, without any conversation.
//!
//! They are written by `vectors/generate.py`. Here they are held against two implementations: the
//! kit's own wire code ([`own`]), which confirms the files, and the reference core ([`core`]),
//! which is judged by them at level `vectors`.

mod answer;
mod confirm;
pub mod core;
pub mod entry;
mod notation;
pub mod own;
mod writer;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::case::load;
use crate::case::template::Names;
use crate::wire::{Value, from_hex};

/// A file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// What it is about: the file's name without `.json`.
    pub subject: String,
    /// What wrote it.
    pub generator: String,
    /// Its groups.
    pub groups: Vec<Group>,
}

/// Vectors that show one thing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name in the file.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The requirements that it checks.
    pub requirements: Vec<String>,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// Whether the specification accepts the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Writers send it, readers accept it.
    Valid,
    /// Readers accept it, no writer sends it.
    Tolerated,
    /// Readers refuse it, with the reason given.
    Invalid,
}

/// A vector; which fields it has depends on the file.
#[derive(Clone, Debug, Deserialize)]
pub struct Vector {
    /// Its name in the group.
    pub id: String,
    /// Whether it is accepted.
    pub kind: Kind,
    /// The rest.
    #[serde(flatten)]
    pub fields: serde_json::Map<String, Json>,
}

impl Vector {
    /// A text field; empty where it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .and_then(Json::as_str)
            .unwrap_or_default()
    }

    /// Octets, given in hex.
    ///
    /// # Errors
    /// There is no such field, or it is no hex.
    pub fn octets(&self, name: &str) -> Result<Vec<u8>, String> {
        from_hex(self.text(name)).ok_or_else(|| format!("{name}: bad hex"))
    }

    /// The octets that a digest is of: `hex`, `count` times, or once.
    ///
    /// # Errors
    /// They are no hex.
    pub fn digested(&self) -> Result<Vec<u8>, String> {
        let count = self.fields.get("count").and_then(Json::as_u64);
        Ok(self.octets("hex")?.repeat(count.unwrap_or(1) as usize))
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let list = self.fields.get(name).and_then(Json::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|text| Some(text.as_str()?.to_owned()))
            .collect()
    }

    /// The two lines of a greeting, as octets.
    pub fn lines(&self, name: &str) -> [Vec<u8>; 2] {
        let mut lines = self.texts(name).into_iter().map(String::into_bytes);
        [
            lines.next().unwrap_or_default(),
            lines.next().unwrap_or_default(),
        ]
    }

    /// The reason for which it is refused.
    pub fn reason(&self) -> Option<&str> {
        self.fields.get("reason").and_then(Json::as_str)
    }

    /// The messages of a stream; `None` for what means nothing.
    ///
    /// # Errors
    /// A value that cannot be read.
    pub fn messages(&self) -> Result<Vec<Option<Value>>, String> {
        let list = self.fields.get("messages").and_then(Json::as_array);
        let names = Names::default();
        list.into_iter()
            .flatten()
            .map(|one| match one {
                Json::Null => Ok(None),
                value => names.value(value).map(Some),
            })
            .collect()
    }
}

/// Every file that is built in.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn files() -> Result<Vec<File>, String> {
    load::vectors()
        .iter()
        .map(|(name, text)| serde_json::from_str(text).map_err(|error| format!("{name}: {error}")))
        .collect()
}

/// Holds the groups that a case names against a judge; gives how many vectors there were.
///
/// # Errors
/// Every vector that comes out otherwise, one a line.
pub fn judge(
    references: &[Json],
    judge: impl Fn(&str, &Vector) -> Result<(), String>,
) -> Result<usize, String> {
    let files = files()?;
    let (mut count, mut faults) = (0, Vec::new());
    for reference in references {
        let (file, group) = (&reference["file"], &reference["group"]);
        let found = files
            .iter()
            .find(|f| *file == format!("{}.json", f.subject))
            .and_then(|f| {
                let group = f.groups.iter().find(|g| *group == g.id)?;
                Some((f, group))
            });
        let (file, group) = found.ok_or_else(|| format!("no vectors {reference}"))?;
        for vector in &group.vectors {
            count += 1;
            if let Err(why) = judge(&file.subject, vector) {
                faults.push(format!(
                    "{}/{}/{}: {why}",
                    file.subject, group.id, vector.id
                ));
            }
        }
    }
    if faults.is_empty() {
        Ok(count)
    } else {
        Err(faults.join("\n"))
    }
}

/// Fails unless both are the same.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, seen: &T) -> Result<(), String> {
    if expected == seen {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, seen {seen:?}"))
    }
}

/// Fails unless both streams hold the same messages.
fn same_messages(expected: &[Option<Value>], seen: &[Option<Value>]) -> Result<(), String> {
    let shown = |one: &Option<Value>| one.as_ref().map_or("nothing".to_owned(), Value::to_string);
    for (at, expected) in expected.iter().enumerate() {
        let equal = match (expected, seen.get(at)) {
            (None, Some(None)) => true,
            (Some(expected), Some(Some(seen))) => expected.same(seen),
            _ => false,
        };
        if !equal {
            let seen = seen.get(at).map_or("the end".to_owned(), shown);
            return Err(format!(
                "message {}: expected {}, seen {seen}",
                at + 1,
                shown(expected)
            ));
        }
    }
    same("number of messages", &expected.len(), &seen.len())
}
