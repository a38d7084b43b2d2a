//! The report on the terminal.

use std::fmt::Write as _;

use crate::case::{Level, Strength};
use crate::engine::Outcome;
use crate::engine::transcript::{Event, Kind};
use crate::run::{CaseResult, RunResult};
use crate::spec::Specification;

/// Events of a failing conversation that are shown.
const SHOWN: usize = 30;

/// The whole report: what fell short in full, the rest as numbers.
pub fn report(result: &RunResult, specification: &Specification) -> String {
    let mut out = String::new();
    for case in &result.cases {
        let short = !matches!(case.outcome, Outcome::Pass | Outcome::Unsupported);
        if short {
            out.push_str(&one(case, specification));
        }
    }
    out.push_str(&table(result));
    out.push_str(&unsupported(result));
    for unmet in &result.unmet {
        writeln!(out, "expect-fail: {unmet}").expect("strings grow");
    }
    if !result.not_for.is_empty() {
        let of: Vec<_> = result
            .not_for
            .iter()
            .map(|(level, count)| format!("{count} of level {}", level.name()))
            .collect();
        let of = of.join(", ");
        writeln!(
            out,
            "not for this subject: {of}; they run in process alone, or in the other role (`show CASE`)"
        )
        .expect("strings grow");
    }
    if result.not_run > 0 {
        let left = result.not_run;
        writeln!(out, "stopped early: {left} cases were not run").expect("strings grow");
    }
    for level in result.empty_levels() {
        writeln!(out, "nothing of level {} passed", level.name()).expect("strings grow");
    }
    if let Some(replay) = &result.replay {
        writeln!(out, "replay: {}", replay.text.trim_end()).expect("strings grow");
    }
    let verdict = if result.ok() {
        "everything selected passed"
    } else {
        "fell short"
    };
    writeln!(
        out,
        "{}: {verdict}, {:.1} s, seed {}",
        result.subject, result.seconds, result.seed
    )
    .expect("strings grow");
    out
}

/// A case that did not pass.
fn one(case: &CaseResult, specification: &Specification) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let known = match (case.expected_to_fail, case.strength) {
        (true, _) => format!(" (expected: {})", case.reason),
        (false, Strength::Should) => " (a recommendation)".to_owned(),
        (false, Strength::Informational) => " (informational)".to_owned(),
        (false, Strength::Must) => String::new(),
    };
    line(format!(
        "{}{known}  {}: {}",
        case.outcome.name().to_uppercase(),
        case.id,
        case.title
    ));
    let Some(variation) = case.worst_variation() else {
        return out;
    };
    let of = case
        .variations
        .iter()
        .filter(|v| v.outcome == case.outcome)
        .count();
    line(format!(
        "  in     {} ({of} of {} variations)",
        variation.name(),
        case.variations.len()
    ));
    if let Some(step) = variation.step {
        line(format!("  at     step {step}: {}", variation.doing));
    }
    if !variation.expected.is_empty() {
        line(format!("  wanted {}", variation.expected));
    }
    line(format!(
        "  seen   {}",
        variation.seen.replace('\n', "\n         ")
    ));
    if !case.expected_to_fail {
        let skipped = variation.events.len().saturating_sub(SHOWN);
        if skipped > 0 {
            line(format!(
                "         ... {skipped} earlier events (--json or --html have all)"
            ));
        }
        for event in &variation.events[skipped..] {
            if event.kind != Kind::Step {
                line(format!("         {}", conversation_line(event)));
            }
        }
        for id in case.explaining() {
            let text = specification
                .get(id)
                .map(|r| r.text.as_str())
                .unwrap_or_default();
            line(format!("  [{id}] {text}"));
        }
    }
    line(String::new());
    out
}

/// An event as a line.
pub fn conversation_line(event: &Event) -> String {
    let sign = match event.kind {
        Kind::Sent => "kit     ->",
        Kind::Received => "subject ->",
        Kind::Closed => "subject closes:",
        Kind::Step => "--",
        Kind::Note => "   ",
    };
    let on = if event.on.is_empty() || event.on == "main" {
        String::new()
    } else {
        format!("[{}] ", event.on)
    };
    let text: String = event.text.chars().take(300).collect();
    format!("{:8.3} {on}{sign} {text}", event.t)
}

/// Why cases were unsupported, and how many for each reason.
fn unsupported(result: &RunResult) -> String {
    let mut reasons = std::collections::BTreeMap::new();
    for case in result
        .cases
        .iter()
        .filter(|case| case.outcome == Outcome::Unsupported)
    {
        let reason = case.variations.last().map_or("", |v| v.seen.as_str());
        *reasons.entry(reason).or_insert(0_usize) += 1;
    }
    let mut out = String::new();
    for (reason, count) in reasons {
        writeln!(out, "unsupported {count:>5}  {reason}").expect("strings grow");
    }
    out
}

fn table(result: &RunResult) -> String {
    let mut out = format!("{:<12}", "level");
    for outcome in Outcome::ALL {
        write!(out, "{:>12}", outcome.name()).expect("strings grow");
    }
    out.push_str("  variations\n");
    for level in Level::ALL {
        let cases: Vec<_> = result
            .cases
            .iter()
            .filter(|case| case.level == level)
            .collect();
        if cases.is_empty() {
            continue;
        }
        write!(out, "{:<12}", level.name()).expect("strings grow");
        for outcome in Outcome::ALL {
            let count = cases.iter().filter(|case| case.outcome == outcome).count();
            write!(out, "{count:>12}").expect("strings grow");
        }
        let variations: usize = cases.iter().map(|case| case.variations.len()).sum();
        writeln!(out, "{variations:>12}").expect("strings grow");
    }
    out
}
