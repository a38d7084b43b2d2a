//! Coverage: a testable MUST of the levels up to `node` has a case.

use crate::edition::fault::Fault;
use crate::edition::trace::Trace;

pub(super) fn check(trace: &Trace, faults: &mut Vec<Fault>) {
    for traced in trace.open() {
        let requirement = &traced.requirement;
        faults.push(Fault::new(
            format!("{}:{}", requirement.chapter, requirement.line),
            format!("[{}] is a MUST that no case tests", requirement.id),
            "write a case that cites it",
        ));
    }
}
