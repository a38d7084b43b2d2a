//! Reports of a run.

pub mod terminal;
