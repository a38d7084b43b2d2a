//! How a run goes on, on standard error: a line that is written over on a terminal, else a line now
//! and then; and each case that falls short as soon as it does.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::run::CaseResult;

/// Columns of a progress line.
const COLUMNS: usize = 78;
/// Columns of what is said about a case; the report says all of it.
const LONG: usize = 200;
/// From one line to the next, where it is not written over.
const PAUSE: Duration = Duration::from_secs(15);

/// Tells of a run.
pub struct Progress {
    terminal: bool,
    state: Mutex<State>,
}

struct State {
    /// When the last line was written.
    told: Instant,
    /// How many cases fell short.
    short: usize,
}

impl Progress {
    /// Of a run that begins.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it begins a time")]
    pub fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            state: Mutex::new(State {
                told: Instant::now(),
                short: 0,
            }),
        }
    }

    /// A case is over, as the `done`th of `all`.
    pub fn case(&self, done: usize, all: usize, case: &CaseResult) {
        let mut state = self.state.lock().expect("no worker panics with it");
        let mut text = String::new();
        if case.falls_short() {
            state.short += 1;
            text += &self.cleared(&short(case));
        }
        if self.terminal {
            text += &over(done, all, case);
        } else if state.told.elapsed() >= PAUSE && done < all {
            state.told = Instant::now();
            text += &format!("{done} of {all} cases, {} fell short\n", state.short);
        }
        // Who does not read it misses nothing: the report has all.
        drop(io::stderr().write_all(text.as_bytes()));
    }

    /// A line that stays, in the place of the one that is written over.
    fn cleared(&self, line: &str) -> String {
        let before = if self.terminal {
            over_with("") + "\r"
        } else {
            String::new()
        };
        format!("{before}{line}\n")
    }
}

fn over(done: usize, all: usize, case: &CaseResult) -> String {
    if done == all {
        return over_with("") + "\r";
    }
    over_with(&format!("{done}/{all} {} {}", case.outcome.name(), case.id))
}

fn over_with(line: &str) -> String {
    let line: String = line.chars().take(COLUMNS).collect();
    format!("\r{line:<COLUMNS$}")
}

/// A case that fell short in a line.
fn short(case: &CaseResult) -> String {
    let outcome = case.outcome.name().to_uppercase();
    let mut line = format!("{outcome} {}", case.id);
    if let Some(variation) = case.worst_variation() {
        line += &format!(" ({})", variation.name());
        if !variation.expected.is_empty() {
            line += &format!(": wanted {}", variation.expected);
        }
        line += &format!("; seen: {}", variation.seen);
    }
    let line = line.replace('\n', " ");
    if line.chars().count() <= LONG {
        return line;
    }
    line.chars().take(LONG - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Level, Strength};
    use crate::engine::Outcome;

    #[test]
    fn a_case_that_fell_short_is_one_line_of_bounded_length() {
        let mut case = CaseResult {
            id: "a-case".to_owned(),
            title: String::new(),
            level: Level::Transport,
            strength: Strength::Must,
            requirements: Vec::new(),
            outcome: Outcome::Crash,
            expected_to_fail: false,
            reason: String::new(),
            variations: Vec::new(),
        };
        assert_eq!(short(&case), "CRASH a-case");
        case.id = "a\nb".repeat(LONG);
        let line = short(&case);
        assert_eq!(line.chars().count(), LONG);
        assert!(line.ends_with("...") && !line.contains('\n'));
    }
}
