//! Subjects that run on from one case to the next.

use crate::subject::{Instance, Settings};

/// Subjects that are kept at most; each is a process, or a node with its threads.
const MOST: usize = 16;

/// A subject that runs on.
pub(crate) struct Kept {
    settings: Settings,
    /// The case that it has passed last.
    pub(crate) case: String,
    /// The subject.
    pub(crate) instance: Box<dyn Instance>,
}

/// The subjects that wait for a case, the one used last at the end.
#[derive(Default)]
pub(crate) struct Pool(Vec<Kept>);

impl Pool {
    /// Takes out the subject that runs with these settings.
    pub(crate) fn take(&mut self, settings: &Settings) -> Option<Kept> {
        let at = self.0.iter().rposition(|kept| kept.settings == *settings)?;
        Some(self.0.remove(at))
    }

    /// Keeps a subject after a case; gives back the one that was not used for longest where there
    /// are too many.
    #[must_use]
    pub(crate) fn put(
        &mut self,
        settings: Settings,
        case: String,
        instance: Box<dyn Instance>,
    ) -> Option<Kept> {
        let old = (self.0.len() >= MOST).then(|| self.0.remove(0));
        self.0.push(Kept {
            settings,
            case,
            instance,
        });
        old
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::Instant;

    use super::*;
    use crate::case::{Role, Way};
    use crate::subject::State;
    use crate::wire::{Framing, Suite};

    struct Nothing;

    impl Instance for Nothing {
        fn address(&self) -> Option<SocketAddr> {
            None
        }

        fn state(&mut self, _: Instant) -> State {
            State::Running
        }
    }

    fn settings(node: usize) -> Settings {
        Settings {
            role: Role::Acceptor,
            way: Way::Live,
            suite: Suite::Sha3,
            framing: Framing::Json,
            certificate: None,
            secrets: Vec::new(),
            cleartext: false,
            global: false,
            node: node.to_string(),
            host: Ipv4Addr::LOCALHOST.into(),
            seeds: Vec::new(),
            refuses: false,
            port: String::new(),
            arguments: Vec::new(),
            simple: false,
            kit: None,
        }
    }

    #[test]
    fn a_subject_waits_while_cases_of_other_settings_run() {
        let mut pool = Pool::default();
        drop(pool.put(settings(0), "first".to_owned(), Box::new(Nothing)));
        assert!(pool.take(&settings(1)).is_none());
        drop(pool.put(settings(1), "second".to_owned(), Box::new(Nothing)));
        assert_eq!(pool.take(&settings(0)).unwrap().case, "first");
        assert!(pool.take(&settings(0)).is_none(), "it is in use");
    }

    #[test]
    fn no_more_run_on_than_the_machine_bears() {
        let mut pool = Pool::default();
        for number in 0..=MOST {
            let old = pool.put(settings(number), String::new(), Box::new(Nothing));
            assert_eq!(old.is_some(), number == MOST);
        }
        assert!(pool.take(&settings(0)).is_none());
        assert!(pool.take(&settings(MOST)).is_some());
    }
}
