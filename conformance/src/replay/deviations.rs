//! Where a correct node differs from what the original did: `deviations.json`.

use std::{cell::Cell, fmt};

use regex_lite::Regex;
use serde::Deserialize;

use super::recording::Generation;

/// The deviations, and which of them were met.
#[derive(Debug)]
pub struct Deviations(Vec<(Deviation, Regex, Cell<usize>)>);

/// One way in which ours differs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// The generation in which it is seen; nothing for both.
    pub generation: Option<Generation>,
    /// What the recorded receiver did.
    pub recorded: Recorded,
    /// Who sent what it is about; nothing for both.
    pub from: Option<Sender>,
    /// A regular expression that the line or message, or the text before our answer, matches.
    pub pattern: String,
    /// What ours does: `established`, or `STAGE.REASON`, or what it sends.
    pub outcome: String,
    /// The number of the original's defect, or the decision that sets ours apart.
    pub defect: String,
    /// In words.
    pub note: String,
}

/// What a recorded node did where ours does something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recorded {
    /// It went on, where ours fails.
    Accepted,
    /// It stayed open and answered no message any more, where ours fails.
    Deaf,
    /// It closed, where ours goes on.
    Closed,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sender {
    /// A node of the original implementation.
    Node,
    /// A client of another make, which may send anything.
    Client,
}

/// A difference that was seen.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What the recorded side did.
    pub recorded: Recorded,
    /// Who sent it.
    pub from: Sender,
    /// The octets in question, as text.
    pub unit: String,
    /// What ours does.
    pub outcome: String,
}

impl Deviations {
    /// The project's own.
    pub fn of_the_project() -> Self {
        Self::parse(include_str!("../../deviations.json"))
            .expect("the project's file is well formed")
    }

    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct File {
            deviations: Vec<Deviation>,
        }
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let compile = |deviation: Deviation| {
            let regex = Regex::new(&deviation.pattern)
                .map_err(|error| format!("pattern {:?}: {error}", deviation.pattern))?;
            Ok((deviation, regex, Cell::new(0)))
        };
        Ok(Self(
            file.deviations
                .into_iter()
                .map(compile)
                .collect::<Result<_, String>>()?,
        ))
    }

    /// The first entry that covers a difference; it then counts as met.
    pub fn cover(&self, generation: Generation, difference: &Difference) -> Option<&Deviation> {
        let (deviation, _, met) = self.0.iter().find(|(deviation, regex, _)| {
            deviation.generation.is_none_or(|only| only == generation)
                && deviation.recorded == difference.recorded
                && deviation.from.is_none_or(|only| only == difference.from)
                && deviation.outcome == difference.outcome
                && regex.is_match(&difference.unit)
        })?;
        met.set(met.get() + 1);
        Some(deviation)
    }

    /// How often an entry was met, for each.
    pub fn met(&self) -> impl Iterator<Item = (&Deviation, usize)> {
        self.0
            .iter()
            .map(|(deviation, _, met)| (deviation, met.get()))
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "went on",
            Self::Deaf => "stayed open and silent",
            Self::Closed => "closed",
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            recorded,
            unit,
            outcome,
            ..
        } = self;
        write!(
            f,
            "the recorded node {recorded}, ours says {outcome}, at {unit:?}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_covers_its_generation_outcome_and_pattern_only() {
        let entry = r#"{"deviations":[{"generation":"1.x","recorded":"accepted","pattern":"^a+$","from":"client",
            "outcome":"data.malformed","defect":"D1","note":""}]}"#;
        let deviations = Deviations::parse(entry).unwrap();
        let mut difference = Difference {
            recorded: Recorded::Accepted,
            from: Sender::Client,
            unit: "aa".into(),
            outcome: "data.malformed".into(),
        };
        assert!(deviations.cover(Generation::Two, &difference).is_none());
        assert_eq!(
            deviations.met().map(|(_, met)| met).collect::<Vec<_>>(),
            [0]
        );
        assert!(deviations.cover(Generation::One, &difference).is_some());
        assert_eq!(
            deviations.met().map(|(_, met)| met).collect::<Vec<_>>(),
            [1]
        );
        difference.from = Sender::Node;
        assert!(deviations.cover(Generation::One, &difference).is_none());
        difference.from = Sender::Client;
        difference.unit = "ab".into();
        assert!(deviations.cover(Generation::One, &difference).is_none());
    }
}
