//! The list of cases that a subject is known not to pass.
//!
//! A line is a glob of case IDs and, after white space, the reason; `#` begins a comment. Where only
//! some variations fall short, the glob is followed by words that name them, as in
//! `a-case{acceptor,json}`: those that have all of the words. Every variation that an entry covers
//! must fall short, so that the list shrinks as the subject grows, and one that none covers must not.

use super::glob;
use super::result::{CaseResult, VariationResult};
use crate::engine::{Outcome, Variation};

/// The words that a variation can have.
const WORDS: [&str; 15] = [
    "acceptor",
    "initiator",
    "live",
    "in-process",
    "sha3",
    "md6",
    "json",
    "cbor",
    "storable",
    "clear",
    "tls",
    "whole",
    "octet",
    "line",
    "random",
];

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The glob.
    pub glob: String,
    /// The words that a variation must have; none: all variations.
    pub words: Vec<String>,
    /// The reason.
    pub reason: String,
}

impl Entry {
    /// Whether a variation of a case is one that is known to fall short.
    fn covers(&self, case: &str, words: &[&str]) -> bool {
        glob::matches(&self.glob, case) && self.words.iter().all(|word| words.contains(&&**word))
    }

    /// How it is written.
    fn name(&self) -> String {
        if self.words.is_empty() {
            self.glob.clone()
        } else {
            format!("{}{{{}}}", self.glob, self.words.join(","))
        }
    }
}

/// Reads a list.
///
/// # Errors
/// A variation is named by a word that there is not, or its words have no end.
pub fn parse(text: &str) -> Result<Vec<Entry>, String> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (which, reason) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let (glob, words) = match which.split_once('{') {
                None => (which, Vec::new()),
                Some((glob, rest)) => {
                    let words = rest.strip_suffix('}').ok_or_else(|| {
                        format!("{which}: no `}}` at the end; write GLOB{{WORD,WORD}}")
                    })?;
                    (glob, words.split(',').collect())
                }
            };
            if let Some(word) = words.iter().find(|word| !WORDS.contains(word)) {
                return Err(format!(
                    "{which}: no variation is called {word:?}; the words are {}",
                    WORDS.join(", ")
                ));
            }
            Ok(Entry {
                glob: glob.to_owned(),
                words: words.into_iter().map(str::to_owned).collect(),
                reason: reason.trim().to_owned(),
            })
        })
        .collect()
}

/// Whether a variation that has not run yet is known to fall short.
pub fn expected(entries: &[Entry], case: &str, variation: &Variation) -> bool {
    let words = [
        variation.role.name(),
        variation.way.name(),
        variation.suite.name(),
        variation.framing.name(),
        if variation.tls { "tls" } else { "clear" },
        variation.chunking.name(),
    ];
    entries.iter().any(|entry| entry.covers(case, &words))
}

/// The entries that name none of all the cases that there are, whether they were selected or not.
pub fn unknown<'a>(
    entries: &[Entry],
    cases: &(impl Iterator<Item = &'a str> + Clone),
) -> Vec<String> {
    entries
        .iter()
        .filter(|entry| !cases.clone().any(|case| glob::matches(&entry.glob, case)))
        .map(|entry| format!("there is no case named {}", entry.glob))
        .collect()
}

/// Marks what was expected to fall short; gives the entries that were not met.
pub fn apply(entries: &[Entry], cases: &mut [CaseResult]) -> Vec<String> {
    let mut unmet = Vec::new();
    for entry in entries {
        for case in cases.iter_mut() {
            if !glob::matches(&entry.glob, &case.id) {
                continue;
            }
            let covered = case
                .variations
                .iter_mut()
                .filter(|v| entry.covers(&case.id, &words(v)));
            let mut passed = None;
            for variation in covered {
                match variation.outcome {
                    Outcome::Pass => passed = passed.or_else(|| Some(variation.name())),
                    Outcome::Unsupported | Outcome::Error => {}
                    Outcome::Fail | Outcome::Hang | Outcome::Crash => {
                        variation.expected_to_fail = true;
                        case.reason.clone_from(&entry.reason);
                    }
                }
            }
            if let Some(passed) = passed {
                unmet.push(format!(
                    "{} passed ({passed}), but {} is expected to fail",
                    case.id,
                    entry.name()
                ));
            }
        }
    }
    for case in cases {
        let mut short = case
            .variations
            .iter()
            .filter(|v| v.falls_short())
            .peekable();
        case.expected_to_fail = short.peek().is_some() && short.all(|v| v.expected_to_fail);
    }
    unmet
}

fn words(variation: &VariationResult) -> [&str; 6] {
    [
        &variation.role,
        &variation.way,
        &variation.suite,
        &variation.framing,
        if variation.tls { "tls" } else { "clear" },
        &variation.chunking,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Level, Strength};

    /// A case with a variation in each role.
    fn case(id: &str, acceptor: Outcome, initiator: Outcome) -> CaseResult {
        let variation = |role: &str, outcome| VariationResult {
            role: role.to_owned(),
            way: "live".to_owned(),
            suite: "md6".to_owned(),
            framing: "json".to_owned(),
            tls: false,
            chunking: "whole".to_owned(),
            outcome,
            expected_to_fail: false,
            milliseconds: 1.0,
            step: None,
            doing: String::new(),
            expected: String::new(),
            seen: String::new(),
            requirements: Vec::new(),
            events: Vec::new(),
        };
        let variations = vec![
            variation("acceptor", acceptor),
            variation("initiator", initiator),
        ];
        CaseResult {
            id: id.to_owned(),
            title: String::new(),
            level: Level::Node,
            strength: Strength::Must,
            requirements: Vec::new(),
            outcome: CaseResult::worst(&variations),
            expected_to_fail: false,
            reason: String::new(),
            variations,
        }
    }

    /// What is not met of a list with one line, and whether the case makes the run fall short.
    fn judged(line: &str, acceptor: Outcome, initiator: Outcome) -> (usize, bool) {
        let mut cases = [case("a-case", acceptor, initiator)];
        let unmet = apply(&parse(line).unwrap(), &mut cases);
        (unmet.len(), cases[0].falls_short())
    }

    #[test]
    fn comments_words_and_reasons_are_told_apart() {
        let entries = parse("# all\na-*  D1: deaf\n\nb{acceptor,json} # why not\n").unwrap();
        let entry = |glob: &str, words: &[&str], reason: &str| Entry {
            glob: glob.to_owned(),
            words: words.iter().map(|&word| word.to_owned()).collect(),
            reason: reason.to_owned(),
        };
        assert_eq!(
            entries,
            [
                entry("a-*", &[], "D1: deaf"),
                entry("b", &["acceptor", "json"], "")
            ]
        );
        assert!(parse("a{listener} x").unwrap_err().contains("listener"));
        assert!(parse("a{json x").is_err());
    }

    #[test]
    fn every_variation_that_is_listed_must_fall_short_and_no_other() {
        use Outcome::{Crash, Fail, Pass, Unsupported};
        assert_eq!(judged("a-*", Fail, Crash), (0, false));
        assert_eq!(judged("a-*", Fail, Unsupported), (0, false));
        assert_eq!(
            judged("a-*", Fail, Pass),
            (1, false),
            "the other role is mended"
        );
        assert_eq!(judged("a-case{acceptor}", Fail, Pass), (0, false));
        assert_eq!(
            judged("a-case{acceptor}", Fail, Fail),
            (0, true),
            "a new shortfall"
        );
        assert_eq!(judged("a-case{acceptor}", Pass, Fail), (1, true));
        assert_eq!(
            judged("a-case{tls}", Fail, Pass),
            (0, true),
            "it was in the clear"
        );
        assert_eq!(
            judged("b-case", Fail, Pass),
            (0, true),
            "of a case that did not run"
        );
    }

    #[test]
    fn an_entry_must_name_a_case() {
        let entries = parse("a-*\nb{tls} x\n").unwrap();
        let unknown = unknown(&entries, &["a-case", "c"].into_iter());
        assert_eq!(unknown, ["there is no case named b"]);
    }
}
