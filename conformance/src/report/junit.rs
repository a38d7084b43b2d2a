//! The report as JUnit XML: a suite for each level, a test case for each variation.

use std::fmt::Write as _;

use super::{escaped, terminal};
use crate::case::{Level, Strength};
use crate::engine::Outcome;
use crate::run::{CaseResult, RunResult, VariationResult};

/// The whole report.
pub fn report(result: &RunResult) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writeln!(
        out,
        "<testsuites name=\"aemp-conformance: {}\" time=\"{:.3}\">",
        escaped(&result.subject),
        result.seconds
    )
    .expect("strings grow");
    for level in Level::ALL {
        let cases: Vec<_> = result
            .cases
            .iter()
            .filter(|case| case.level == level)
            .collect();
        if !cases.is_empty() {
            suite(&mut out, level, &cases);
        }
    }
    out.push_str("</testsuites>\n");
    out
}

/// What JUnit calls an outcome of a variation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Skipped,
    Failure,
    Error,
}

fn verdict(case: &CaseResult, variation: &VariationResult) -> Verdict {
    match variation.outcome {
        Outcome::Pass => Verdict::Passed,
        Outcome::Unsupported => Verdict::Skipped,
        _ if case.expected_to_fail || case.strength != Strength::Must => Verdict::Skipped,
        Outcome::Error => Verdict::Error,
        _ => Verdict::Failure,
    }
}

fn suite(out: &mut String, level: Level, cases: &[&CaseResult]) {
    let all = || {
        cases
            .iter()
            .flat_map(|case| case.variations.iter().map(move |v| (*case, v)))
    };
    let count = |wanted| all().filter(|(case, v)| verdict(case, v) == wanted).count();
    let seconds: f64 = all().map(|(_, v)| v.milliseconds / 1e3).sum();
    writeln!(
        out,
        " <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" \
         time=\"{seconds:.3}\">",
        level.name(),
        all().count(),
        count(Verdict::Failure),
        count(Verdict::Error),
        count(Verdict::Skipped),
    )
    .expect("strings grow");
    for (case, variation) in all() {
        one(out, level, case, variation);
    }
    out.push_str(" </testsuite>\n");
}

fn one(out: &mut String, level: Level, case: &CaseResult, variation: &VariationResult) {
    write!(
        out,
        "  <testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.4}\"",
        level.name(),
        escaped(&case.id),
        escaped(&variation.name()),
        variation.milliseconds / 1e3
    )
    .expect("strings grow");
    let outcome = variation.outcome.name();
    let short = format!("{outcome}: {}", variation.seen);
    match verdict(case, variation) {
        Verdict::Passed => out.push_str("/>\n"),
        Verdict::Skipped => {
            let why = if case.expected_to_fail {
                format!("expected to fall short: {} ({short})", case.reason)
            } else {
                short
            };
            writeln!(out, "><skipped message=\"{}\"/></testcase>", escaped(&why))
                .expect("strings grow");
        }
        verdict => {
            let tag = if verdict == Verdict::Error {
                "error"
            } else {
                "failure"
            };
            let mut text = format!(
                "{}\nstep: {}\nexpected: {}\nseen: {}\nrequirements: {}\n",
                case.title,
                variation.doing,
                variation.expected,
                variation.seen,
                case.explaining().join(", ")
            );
            for event in &variation.events {
                text.push_str(&terminal::conversation_line(event));
                text.push('\n');
            }
            writeln!(
                out,
                "><{tag} type=\"{outcome}\" message=\"{}\">{}</{tag}></testcase>",
                escaped(&short),
                escaped(&text)
            )
            .expect("strings grow");
        }
    }
}
