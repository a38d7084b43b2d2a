//! Coverage: a testable MUST of the levels up to `node` has a case, or stands in the list of open
//! ones, which only ever shrinks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::edition::fault::Fault;
use crate::edition::files::Files;
use crate::edition::trace::Trace;

/// Where the list is.
pub const OPEN: &str = "spec/registry/open.json";

/// How the list is brought up to date.
const ADVICE: &str = "`cargo run -p aemp-conformance -- spec open --write` brings it up to date";

/// Requirements that no case tests yet.
#[derive(Debug, Serialize, Deserialize)]
struct OpenList {
    about: String,
    open: Vec<String>,
}

pub(super) fn check(files: &Files, trace: &Trace, faults: &mut Vec<Fault>) {
    let Some(text) = files.get(OPEN) else {
        faults.push(Fault::new(OPEN, "is missing", ADVICE));
        return;
    };
    let list = match serde_json::from_str::<OpenList>(text) {
        Ok(list) => list,
        Err(error) => {
            faults.push(Fault::new(OPEN, format!("cannot be read: {error}"), ADVICE));
            return;
        }
    };
    let mut listed = BTreeSet::new();
    for id in &list.open {
        if !listed.insert(id.as_str()) {
            faults.push(Fault::new(
                OPEN,
                format!("[{id}] stands there twice"),
                ADVICE,
            ));
        }
    }
    for id in &listed {
        let what = match trace.get(id) {
            None => "is no requirement".to_owned(),
            Some(traced) if traced.tested => match traced.cases.first() {
                Some(case) => format!("is not open any more: the case {case} tests it"),
                None => "is not open any more: vectors test it".to_owned(),
            },
            Some(traced) if !traced.needs_case() => "needs no case".to_owned(),
            Some(_) => continue,
        };
        faults.push(Fault::new(OPEN, format!("[{id}] {what}"), ADVICE));
    }
    for id in trace.open().difference(&listed) {
        let place = trace.get(id).map(|traced| {
            let requirement = &traced.requirement;
            format!("{}:{}", requirement.chapter, requirement.line)
        });
        faults.push(Fault::new(
            place.unwrap_or_default(),
            format!("[{id}] is a MUST that no case tests"),
            format!("write a case that cites it; what must wait stands in {OPEN}"),
        ));
    }
}

/// The list as it ought to be.
pub fn open_list(trace: &Trace) -> String {
    let list = OpenList {
        about:
            "MUSTs of the levels vectors, simple, transport and node that no case tests yet. The \
                list only shrinks: `aemp-conformance spec open --write` takes out what has a case."
                .to_owned(),
        open: trace.open().into_iter().map(str::to_owned).collect(),
    };
    let mut text = serde_json::to_string_pretty(&list).unwrap_or_default();
    text.push('\n');
    text
}
