//! Requirements in themselves: IDs, words, levels, what cannot be tested.

use std::collections::BTreeMap;

use crate::case::Level;
use crate::edition::cite::well_formed;
use crate::edition::fault::Fault;
use crate::edition::files::Files;
use crate::edition::trace::{Figures, Trace};
use crate::spec::Requirement;

/// One MUST in so many may be untestable.
const TESTABLE: usize = 20;

pub(super) fn check(files: &Files, trace: &Trace, faults: &mut Vec<Fault>) {
    let prefixes = prefixes(files.get("spec/README.md").unwrap_or_default());
    for requirement in &trace.again {
        let first = trace.get(&requirement.id).map(|t| place(&t.requirement));
        faults.push(fault(
            requirement,
            format!("is defined at {} already", first.unwrap_or_default()),
            "give the newer one an ID of its own",
        ));
    }
    let again = trace.again.iter();
    for requirement in trace
        .requirements
        .iter()
        .map(|t| &t.requirement)
        .chain(again)
    {
        form(requirement, &prefixes, faults);
        words(requirement, faults);
    }
    for traced in &trace.requirements {
        if let (Some(_), Some(case)) = (&traced.requirement.untestable, traced.cases.first()) {
            let what = format!("is marked as untestable, and the case {case} tests it");
            let advice = "take the mark away, or the requirement out of the case";
            faults.push(fault(&traced.requirement, what, advice));
        }
    }
    let figures = Figures::sum(Level::ALL.into_iter().map(|level| trace.figures(level)));
    if figures.untestable * TESTABLE > figures.must {
        faults.push(Fault::new(
            "spec",
            format!(
                "{} of {} MUSTs are marked as untestable, more than one in {TESTABLE}",
                figures.untestable, figures.must
            ),
            "find a way to test some, or ask for less",
        ));
    }
}

fn form(
    requirement: &Requirement,
    prefixes: &BTreeMap<String, Vec<String>>,
    faults: &mut Vec<Fault>,
) {
    if !well_formed(&requirement.id) {
        faults.push(fault(
            requirement,
            "is no ID".to_owned(),
            "write chapter.subject.rule in lower case letters, digits and single hyphens",
        ));
    }
    let of_chapter = prefixes.get(requirement.chapter.trim_start_matches("spec/"));
    let prefix = requirement.id.split('.').next().unwrap_or_default();
    if !of_chapter.is_some_and(|all| all.iter().any(|p| p == prefix)) {
        faults.push(fault(
            requirement,
            format!("begins with {prefix:?}, which is no prefix of its chapter"),
            "the table of chapters in spec/README.md says which prefixes a chapter has",
        ));
    }
    if requirement.level.is_none() {
        let advice =
            "put <!-- level: LEVEL --> at the chapter's top, or {level=LEVEL} after the ID";
        faults.push(fault(requirement, "has no level".to_owned(), advice));
    }
    for attribute in &requirement.strange {
        let what = format!("has the attribute {{{attribute}}}, which is none");
        let advice = "write {level=LEVEL} with a level of chapter 2, or {untestable=REASON}";
        faults.push(fault(requirement, what, advice));
    }
}

fn words(requirement: &Requirement, faults: &mut Vec<Fault>) {
    let words: Vec<_> = crate::spec::words(&requirement.text)
        .map(|(word, _)| word)
        .collect();
    match words.len() {
        0 => faults.push(fault(
            requirement,
            "says none of MUST, SHOULD and MAY".to_owned(),
            "say how it binds, or write it as prose without an ID",
        )),
        1 => {}
        _ => faults.push(fault(
            requirement,
            format!("makes more than one statement: {}", words.join(", ")),
            "give each statement a requirement of its own",
        )),
    }
}

/// The prefixes of chapters by file name, from the table in the index.
fn prefixes(index: &str) -> BTreeMap<String, Vec<String>> {
    let rows = index.lines().filter_map(|line| {
        let (before, after) = line.strip_prefix('|')?.split_once(".md) |")?;
        let file = before.rsplit_once('(')?.1;
        let spans = after.split('`').skip(1).step_by(2);
        let prefixes = spans
            .filter_map(|span| span.strip_suffix('.'))
            .map(str::to_owned);
        Some((format!("{file}.md"), prefixes.collect()))
    });
    rows.collect()
}

fn place(requirement: &Requirement) -> String {
    format!("{}:{}", requirement.chapter, requirement.line)
}

fn fault(requirement: &Requirement, mut what: String, advice: &str) -> Fault {
    what.insert_str(0, &format!("[{}] ", requirement.id));
    Fault::new(place(requirement), what, advice)
}
