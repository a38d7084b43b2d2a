//! The reference implementation inside this program: its core in process, its node over TCP.

use std::time::Duration;

use super::in_process::Core;
use super::{Instance, Settings, StartError, Subject};
use crate::case::{Role, Way};

/// The embedded reference implementation.
pub struct Embedded {
    /// How many runs may go on at once.
    pub jobs: usize,
}

impl Subject for Embedded {
    fn name(&self) -> String {
        format!("embedded reference node {}", env!("CARGO_PKG_VERSION"))
    }

    fn takes(&self, _: Role, way: Way) -> bool {
        way == Way::InProcess
    }

    fn configurable(&self) -> bool {
        true
    }

    fn parallel(&self) -> usize {
        self.jobs
    }

    fn start(&self, settings: &Settings, _: Duration) -> Result<Box<dyn Instance>, StartError> {
        Ok(Box::new(Core::new(settings)?))
    }
}
