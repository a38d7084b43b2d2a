//! The list of cases that a subject is known not to pass.
//!
//! A line is a glob of case IDs and, after white space, the reason; `#` begins a comment. Every
//! entry must be met: a listed case that passes makes the run fall short, so that the list shrinks
//! as the subject grows.

use super::glob;
use super::result::CaseResult;
use crate::engine::Outcome;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The glob.
    pub glob: String,
    /// The reason.
    pub reason: String,
}

/// Reads a list.
pub fn parse(text: &str) -> Vec<Entry> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (glob, reason) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            Entry {
                glob: glob.to_owned(),
                reason: reason.trim().to_owned(),
            }
        })
        .collect()
}

/// Marks the cases that were expected to fall short; gives the entries that were not met.
pub fn apply(entries: &[Entry], cases: &mut [CaseResult]) -> Vec<String> {
    let mut unmet = Vec::new();
    for entry in entries {
        let mut found = false;
        for case in cases
            .iter_mut()
            .filter(|case| glob::matches(&entry.glob, &case.id))
        {
            found = true;
            match case.outcome {
                Outcome::Pass => {
                    unmet.push(format!("{} passed, but is expected to fail", case.id));
                }
                Outcome::Unsupported | Outcome::Error => {}
                Outcome::Fail | Outcome::Hang | Outcome::Crash => {
                    case.expected_to_fail = true;
                    case.reason.clone_from(&entry.reason);
                }
            }
        }
        if !found {
            unmet.push(format!("no case that ran is named {}", entry.glob));
        }
    }
    unmet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_reasons_are_told_apart() {
        let entries = parse("# all\na-*  D1: deaf\n\nb # why not\n");
        assert_eq!(entries.len(), 2);
        assert_eq!(
            (entries[0].glob.as_str(), entries[0].reason.as_str()),
            ("a-*", "D1: deaf")
        );
        assert_eq!(
            (entries[1].glob.as_str(), entries[1].reason.as_str()),
            ("b", "")
        );
    }
}
