//! The check: whether requirements, cases, vectors, code and evidence fit together.

mod citations;
mod coverage;
mod evidence;
mod requirements;
#[cfg(test)]
mod tests;

use super::fault::Fault;
use super::files::Files;
use super::trace::Trace;

/// Every fault, in order of places.
pub fn check(files: &Files, trace: &Trace) -> Vec<Fault> {
    let mut faults = trace.unreadable.clone();
    requirements::check(files, trace, &mut faults);
    citations::check(files, trace, &mut faults);
    evidence::check(files, trace, &mut faults);
    coverage::check(trace, &mut faults);
    faults.sort();
    faults.dedup();
    faults
}

/// What of the check had to be left out, and why.
pub fn left_out(files: &Files) -> Vec<&'static str> {
    let mut left_out = Vec::new();
    if files.measurements.is_none() || files.decisions.is_none() {
        left_out.push(
            "whether the evidence has every statement of the measurements and decisions: they are \
             not beside the repository (--shared names their folder)",
        );
    }
    left_out
}
