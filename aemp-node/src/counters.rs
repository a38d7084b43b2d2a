//! What is counted instead of logged.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident: $text:literal;)*) => {
        /// The counters of a node.
        #[derive(Default)]
        pub(crate) struct Counters {
            $($(#[$doc])* pub(crate) $name: Counter,)*
        }

        impl Counters {
            /// Every counter with the name that `status` gives it.
            pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$(($text, self.$name.get())),*].into_iter()
            }
        }
    };
}

counters! {
    /// Well-formed items that are no messages.
    meaningless: "meaningless";
    /// Messages for ports that do not exist.
    no_port: "no_port";
    /// Messages that no handler of their port wanted.
    unhandled: "unhandled";
    /// Requests that were wrong or of unknown kind.
    wrong_request: "wrong_request";
    /// Kills of the node port, code to evaluate, functions that are not registered.
    refused_request: "refused_request";
    /// Messages that were dropped because no link came about.
    dropped: "dropped";
    /// Links that came up.
    links: "links";
    /// Handshakes that failed.
    handshakes_failed: "handshakes_failed";
    /// Ports that died of a failure.
    ports_failed: "ports_failed";
}
