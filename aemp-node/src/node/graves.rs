//! Why spawned ports died before they were ready, for monitors that come later.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aemp_proto::PortName;

use crate::cause::Cause;

/// How long and how many are remembered: `[spawn.fail.remembered]`.
const KEPT: Duration = Duration::from_secs(60);
const MOST: usize = 1024;

#[derive(Default)]
pub(crate) struct Graves(Mutex<State>);

#[derive(Default)]
struct State {
    causes: HashMap<PortName, Cause>,
    order: VecDeque<(Instant, PortName)>,
}

impl Graves {
    /// Remembers why a port died.
    pub(crate) fn put(&self, name: &PortName, cause: &Cause) {
        let mut state = self.state();
        if state.causes.insert(name.clone(), cause.clone()).is_none() {
            state.order.push_back((Instant::now(), name.clone()));
        }
        if state.order.len() > MOST
            && let Some((_, oldest)) = state.order.pop_front()
        {
            state.causes.remove(&oldest);
        }
    }

    /// Why the port of that name died, if that is remembered.
    pub(crate) fn cause(&self, name: &PortName) -> Option<Cause> {
        let mut state = self.state();
        while let Some((at, _)) = state.order.front()
            && at.elapsed() > KEPT
        {
            if let Some((_, oldest)) = state.order.pop_front() {
                state.causes.remove(&oldest);
            }
        }
        state.causes.get(name).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let graves = Graves::default();
        for i in 0..=MOST {
            graves.put(&format!("p{i}").as_str().into(), &Cause::die("x"));
        }
        assert!(graves.cause(&"p0".into()).is_none());
        assert_eq!(graves.cause(&"p1".into()), Some(Cause::die("x")));
    }
}
