//! Several results side by side: a matrix of implementations.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escaped;
use super::html::page;
use crate::case::Level;
use crate::run::{CaseResult, RunResult};

/// Cases in order of level and ID, with each result's.
fn rows(results: &[RunResult]) -> BTreeMap<(Level, &str), Vec<Option<&CaseResult>>> {
    let mut rows = BTreeMap::new();
    for (at, result) in results.iter().enumerate() {
        for case in &result.cases {
            let row = rows
                .entry((case.level, case.id.as_str()))
                .or_insert_with(|| vec![None; results.len()]);
            row[at] = Some(case);
        }
    }
    rows
}

/// What a subject calls itself, and which one it was.
fn name(result: &RunResult) -> String {
    match &result.provider {
        Some(provider) => format!("{provider} ({})", result.subject),
        None => result.subject.clone(),
    }
}

/// What stands in a cell.
fn cell(case: Option<&CaseResult>) -> String {
    match case {
        None => "-".to_owned(),
        Some(case) if case.expected_to_fail => format!("{} (known)", case.outcome.name()),
        Some(case) => case.outcome.name().to_owned(),
    }
}

/// The matrix as text: the cases in which not all are alike, and how many passed of each level.
pub fn text(results: &[RunResult]) -> String {
    let mut out = String::new();
    for (at, result) in results.iter().enumerate() {
        writeln!(out, "[{}] {}", at + 1, name(result)).expect("strings grow");
    }
    out.push('\n');
    let rows = rows(results);
    write!(out, "{:<48}", "passed of run").expect("strings grow");
    for at in 1..=results.len() {
        write!(out, "{:>18}", format!("[{at}]")).expect("strings grow");
    }
    out.push('\n');
    for level in Level::ALL {
        if !rows.keys().any(|(of, _)| *of == level) {
            continue;
        }
        write!(out, "{:<48}", level.name()).expect("strings grow");
        for result in results {
            let (passed, run) = passed(result, level);
            write!(out, "{:>18}", format!("{passed}/{run}")).expect("strings grow");
        }
        out.push('\n');
    }
    out.push('\n');
    for ((level, id), row) in &rows {
        let cells: Vec<String> = row.iter().map(|case| cell(*case)).collect();
        if cells.iter().any(|cell| cell != "pass") {
            write!(out, "{:<48}", format!("{} {id}", level.name())).expect("strings grow");
            for cell in cells {
                write!(out, "{cell:>18}").expect("strings grow");
            }
            out.push('\n');
        }
    }
    out
}

fn passed(result: &RunResult, level: Level) -> (usize, usize) {
    let of = || result.cases.iter().filter(|case| case.level == level);
    (
        of().filter(|case| case.outcome == crate::engine::Outcome::Pass)
            .count(),
        of().count(),
    )
}

/// The matrix as a page.
pub fn html(results: &[RunResult]) -> String {
    let mut body = String::from("<header><h1>AEMP implementations</h1></header>\n");
    body.push_str("<div class=\"scroll\"><table class=\"matrix\"><thead><tr><th>case</th>");
    for result in results {
        write!(body, "<th>{}</th>", escaped(&name(result))).expect("strings grow");
    }
    body.push_str("</tr></thead><tbody>\n");
    let rows = rows(results);
    for level in Level::ALL {
        if !rows.keys().any(|(of, _)| *of == level) {
            continue;
        }
        write!(body, "<tr class=\"level\"><th>{}</th>", level.name()).expect("strings grow");
        for result in results {
            let (passed, run) = passed(result, level);
            write!(body, "<td>{passed} of {run}</td>").expect("strings grow");
        }
        body.push_str("</tr>\n");
        for ((_, id), row) in rows.iter().filter(|((of, _), _)| *of == level) {
            let title = row
                .iter()
                .flatten()
                .next()
                .map_or("", |case| case.title.as_str());
            write!(
                body,
                "<tr><th title=\"{}\">{}</th>",
                escaped(title),
                escaped(id)
            )
            .expect("strings grow");
            for case in row {
                let class = case.map_or("none", |case| case.outcome.name());
                let seen = case
                    .and_then(CaseResult::worst_variation)
                    .map_or(String::new(), |v| v.seen.clone());
                write!(
                    body,
                    "<td title=\"{}\"><span class=\"badge {class}\">{}</span></td>",
                    escaped(&seen),
                    cell(*case)
                )
                .expect("strings grow");
            }
            body.push_str("</tr>\n");
        }
    }
    body.push_str("</tbody></table></div>\n");
    page("AEMP implementations", &body)
}
