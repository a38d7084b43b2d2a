//! Every requirement of the specification and what the run says of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::escaped;
use crate::engine::Outcome;
use crate::run::RunResult;
use crate::spec::Specification;

/// The section: chapter by chapter, each requirement in the colour of its worst case.
pub(super) fn section(result: &RunResult, specification: &Specification) -> String {
    let mut worst: BTreeMap<&str, Outcome> = BTreeMap::new();
    for case in &result.cases {
        for id in &case.requirements {
            let entry = worst.entry(id).or_insert(case.outcome);
            // Unsupported says nothing where another case says something.
            let said = |outcome: Outcome| outcome != Outcome::Unsupported;
            if said(case.outcome) && (!said(*entry) || case.outcome > *entry) {
                *entry = case.outcome;
            }
        }
    }
    let mut chapters: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for requirement in specification.all() {
        chapters
            .entry(requirement.chapter.as_str())
            .or_default()
            .push(requirement);
    }
    let judged = specification
        .all()
        .filter(|r| worst.contains_key(r.id.as_str()))
        .count();
    let all = specification.all().count();
    let mut out = format!(
        "<h2>Requirements</h2>\n<p class=\"dim\">{judged} of {all} were judged in this run. A dashed \
         frame: not judged. Choose one to see its cases.</p>\n"
    );
    for (chapter, requirements) in chapters {
        write!(out, "<h3>{}</h3>\n<div class=\"grid\">", escaped(chapter)).expect("strings grow");
        for requirement in requirements {
            let id = escaped(&requirement.id);
            let mut title = requirement.text.clone();
            if let Some(why) = &requirement.untestable {
                write!(title, " (cannot be tested: {why})").expect("strings grow");
            }
            let title = escaped(&title);
            match worst.get(requirement.id.as_str()) {
                Some(outcome) => write!(
                    out,
                    "<a href=\"#search\" class=\"{}\" data-id=\"{id}\" title=\"{title}\">{id}</a>",
                    outcome.name()
                ),
                None => write!(out, "<span class=\"open\" title=\"{title}\">{id}</span>"),
            }
            .expect("strings grow");
        }
        out.push_str("</div>\n");
    }
    out
}
