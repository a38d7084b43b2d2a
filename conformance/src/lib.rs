//! The AEMP conformance kit.
//!
//! Cases are data (`cases/`); this crate holds the code that runs them against a subject, judges
//! what the wire shows and reports it. See `README.md` beside this crate.

pub mod app;
pub mod case;
pub mod cli;
pub mod edition;
pub mod engine;
mod out;
pub mod replay;
pub mod report;
pub mod run;
pub mod spec;
pub mod subject;
pub mod vectors;
pub mod wire;
