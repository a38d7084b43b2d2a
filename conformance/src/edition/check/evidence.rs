//! Evidence: every statement of the measurements and decisions went somewhere that exists.

use std::collections::{BTreeMap, BTreeSet};

use super::citations::near;
use crate::edition::evidence::{Evidence, Mapping, decided, measured};
use crate::edition::fault::Fault;
use crate::edition::files::Files;
use crate::edition::trace::Trace;

const ADVICE: &str = "map it to a requirement, a tolerated variation, a defect or a note";

pub(super) fn check(files: &Files, trace: &Trace, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for evidence in &trace.evidence {
        if !seen.insert(evidence.statement.as_str()) {
            let what = format!("{:?} stands in the evidence twice", evidence.statement);
            faults.push(Fault::new(&evidence.path, what, "join the two entries"));
        }
    }
    for evidence in &trace.evidence {
        maps(trace, evidence, &seen, faults);
    }
    gaps(&seen, faults);
    let measured = files.measurements.as_deref().map(measured);
    let decided = files.decisions.as_deref().map(decided);
    if let (Some(measured), Some(decided)) = (measured, decided) {
        let made: BTreeSet<String> = measured.into_iter().chain(decided).collect();
        for statement in &made {
            if !seen.contains(statement.as_str()) {
                missing(statement, "is not in the evidence", faults);
            }
        }
        for evidence in &trace.evidence {
            if !made.contains(&evidence.statement) {
                let what = format!("{:?} is no statement", evidence.statement);
                let advice = "name it as the numbered statements and rows of the papers are named";
                faults.push(Fault::new(&evidence.path, what, advice));
            }
        }
    }
}

fn maps(trace: &Trace, evidence: &Evidence, seen: &BTreeSet<&str>, faults: &mut Vec<Fault>) {
    let statement = &evidence.statement;
    let mut fault = |what: String, advice: String| {
        faults.push(Fault::new(
            &evidence.path,
            format!("{statement:?} {what}"),
            advice,
        ));
    };
    if evidence.maps.is_empty() {
        fault("maps to nothing".to_owned(), ADVICE.to_owned());
    }
    for mapping in &evidence.maps {
        match mapping {
            Mapping::Requirement(id) if trace.get(id).is_none() => fault(
                format!("maps to [{id}], which is no requirement"),
                near(trace, id),
            ),
            Mapping::Defect(name) if !seen.contains(format!("observed {name}").as_str()) => fault(
                format!("maps to the defect {name}, which is none"),
                "defects are those of the last section of the measurements".to_owned(),
            ),
            Mapping::Tolerated(text) | Mapping::Note(text) if text.trim().is_empty() => {
                fault("has an empty note".to_owned(), "say what it is".to_owned());
            }
            _ => {}
        }
    }
}

/// Numbers that are left out between 1 and the last of their part.
fn gaps(seen: &BTreeSet<&str>, faults: &mut Vec<Fault>) {
    let mut parts: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for statement in seen {
        let end = statement
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .len();
        let (part, number) = statement.split_at(end);
        if let (Some('.' | 'D' | ' '), Ok(number)) = (part.chars().last(), number.parse()) {
            parts.entry(part).or_default().insert(number);
        }
    }
    parts.remove("observed ");
    for (part, numbers) in parts {
        let last = numbers.last().copied().unwrap_or_default();
        for number in (1..last).filter(|number| !numbers.contains(number)) {
            missing(
                &format!("{part}{number}"),
                "is left out of the evidence",
                faults,
            );
        }
    }
}

fn missing(statement: &str, what: &str, faults: &mut Vec<Fault>) {
    let what = format!("{statement:?} {what}");
    faults.push(Fault::new("spec/registry/evidence-a.json", what, ADVICE));
}
