//! Citations: that what is cited exists, in cases, vectors, registries, documents and code, and that
//! every failure that is named is one of the registry.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::edition::fault::Fault;
use crate::edition::files::Files;
use crate::edition::trace::Trace;

pub(super) fn check(files: &Files, trace: &Trace, faults: &mut Vec<Fault>) {
    kit(trace, faults);
    registries(files, trace, faults);
    for (path, citations) in trace.prose.iter().chain(&trace.code) {
        for citation in citations.iter().filter(|citation| citation.sure) {
            cited(
                trace,
                &format!("{path}:{}", citation.line),
                &citation.id,
                faults,
            );
        }
    }
    for (path, text) in files.under("spec/", ".md") {
        named_failures(trace, path, text, faults);
    }
    for (path, text) in files.under("conformance/cases/", ".json") {
        if let Ok(json) = serde_json::from_str::<Json>(text) {
            judged_failures(trace, path, &json, faults);
        }
    }
    for vectors in &trace.vectors {
        judged_failures(trace, &vectors.path, &vectors.json, faults);
    }
}

fn kit(trace: &Trace, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for (path, case) in &trace.cases {
        if !seen.insert(&case.id) {
            let what = format!("there is another case {}", case.id);
            faults.push(Fault::new(path, what, "rename the newer one"));
        }
        for id in &case.requirements {
            cited(trace, path, id, faults);
        }
    }
    for vectors in &trace.vectors {
        for (name, ids) in &vectors.entries {
            for id in ids {
                cited(trace, &format!("{}: {name}", vectors.path), id, faults);
            }
        }
    }
}

/// The fields `requirement` and `requirements` of the registries.
fn registries(files: &Files, trace: &Trace, faults: &mut Vec<Fault>) {
    for (path, text) in files.under("spec/registry/", ".json") {
        let Ok(json) = serde_json::from_str::<Json>(text) else {
            faults.push(Fault::new(path, "is not JSON", "mend it"));
            continue;
        };
        if !path.contains("/evidence-") {
            walk(&json, &mut |object| {
                for key in ["requirement", "requirements"] {
                    for id in texts(object.get(key)) {
                        cited(trace, path, id, faults);
                    }
                }
            });
        }
    }
}

fn cited(trace: &Trace, place: &str, id: &str, faults: &mut Vec<Fault>) {
    if trace.get(id).is_none() {
        faults.push(Fault::new(
            place,
            format!("cites [{id}], which is no requirement"),
            near(trace, id),
        ));
    }
}

/// What may be meant: the IDs that share the most with it.
pub(super) fn near(trace: &Trace, id: &str) -> String {
    let shared = |other: &str| {
        let words = |text: &str| -> BTreeSet<String> {
            text.split(['.', '-']).map(str::to_owned).collect()
        };
        let (a, b) = (words(id), words(other));
        let length = a.len().abs_diff(b.len());
        (a.intersection(&b).count() * 4).saturating_sub(length)
    };
    let ids = trace.requirements.iter().map(|t| t.requirement.id.as_str());
    match ids.rev().max_by_key(|other| shared(other)) {
        Some(other) if shared(other) > 4 => format!("perhaps [{other}] is meant"),
        _ => "look for the right one in spec/".to_owned(),
    }
}

/// Spans of the form `stage.reason` in a chapter: a failure, or else the ID of a requirement.
fn named_failures(trace: &Trace, path: &str, text: &str, faults: &mut Vec<Fault>) {
    let stages: BTreeSet<&str> = trace
        .failures
        .iter()
        .filter_map(|name| Some(name.split_once('.')?.0))
        .collect();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for span in line.split('`').skip(1).step_by(2) {
            let Some((stage, reason)) = span.split_once('.') else {
                continue;
            };
            let named = stages.contains(stage)
                && !reason.is_empty()
                && reason
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !["md", "json", "rs", "abnf"].contains(&reason);
            if named && trace.get(span).is_none() {
                failure(trace, &format!("{path}:{}", number + 1), span, faults);
            }
        }
    }
}

/// Failures by which cases and vectors judge: `"reason": "stage.name"` where a connection closes,
/// `"stage": S, "reason": R` in vectors.
fn judged_failures(trace: &Trace, path: &str, json: &Json, faults: &mut Vec<Fault>) {
    walk(json, &mut |object| {
        if let Some(close) = object.get("expect-close") {
            for reason in texts(close.get("reason")) {
                failure(trace, path, reason, faults);
            }
        }
        let field = |key: &str| object.get(key).and_then(Json::as_str);
        if let (Some(stage), Some(reason)) = (field("stage"), field("reason")) {
            failure(trace, path, &format!("{stage}.{reason}"), faults);
        }
    });
}

fn failure(trace: &Trace, place: &str, name: &str, faults: &mut Vec<Fault>) {
    if !trace.failures.contains(name) {
        faults.push(Fault::new(
            place,
            format!("names the failure {name}, which is not in the registry"),
            "use a name of spec/registry/failures.json, or add it there and in aemp-proto",
        ));
    }
}

fn walk(json: &Json, visit: &mut impl FnMut(&serde_json::Map<String, Json>)) {
    match json {
        Json::Object(object) => {
            visit(object);
            for value in object.values() {
                walk(value, visit);
            }
        }
        Json::Array(list) => {
            for value in list {
                walk(value, visit);
            }
        }
        _ => {}
    }
}

/// A text, or each text of a list.
fn texts(json: Option<&Json>) -> impl Iterator<Item = &str> {
    let list = json.into_iter().flat_map(|json| match json {
        Json::Array(list) => list.as_slice(),
        other => std::slice::from_ref(other),
    });
    list.filter_map(Json::as_str)
}
