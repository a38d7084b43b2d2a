//! A run of many cases: which, in what variations, by how many workers, and what came of it.

pub mod expect_fail;
pub mod glob;
mod kept;
pub mod plan;
pub mod result;
pub mod schedule;

pub use plan::{Plan, Selection};
pub use result::{CaseResult, RunResult, VariationResult};
pub use schedule::{Options, execute};
