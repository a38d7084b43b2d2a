//! What a node logs: through `tracing`, and to the nodes that have asked for its log messages.
//!
//! Whoever logs only queues; a job sends. Nothing that happens while that job sends is itself sent
//! (`[log.no-loop]`), and it sends over links that are there, never dialling.

use std::{
    cell::Cell,
    collections::VecDeque,
    fmt::{self, Display, Write},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use aemp_proto::{
    PortId,
    framing::Args,
    log::{Connect, Entry, level},
};

use crate::{
    monitor::{Monitoring, Target},
    node::Node,
    sched::Item,
};

/// Log messages that may wait; what comes beyond is dropped (`[log.best-effort]`).
const WAITING: usize = 1024;
/// Ports that are served.
const CATCHERS: usize = 256;
/// Log messages that are sent before other jobs have their turn.
const ROUND: usize = 64;

thread_local! {
    /// This thread sends log messages.
    static SENDING: Cell<bool> = const { Cell::new(false) };
}

/// Logs an event of a node: `log!(node, warn, peer = id; "it was {what}")`.
///
/// No secret, key or proof may stand in it (`[log.no-secret]`).
macro_rules! log {
    (@level error) => { aemp_proto::log::level::ERROR };
    (@level warn) => { aemp_proto::log::level::WARNING };
    (@level info) => { aemp_proto::log::level::COMING };
    (@level debug) => { aemp_proto::log::level::DEBUG };
    ($node:expr, $level:ident $(, $key:ident = $value:expr)*; $($text:tt)+) => {{
        let node: &$crate::node::Node = $node;
        tracing::$level!(
            node = %node.id() $(, $key = %$crate::log::Printable(&$value))*,
            "{}", $crate::log::Printable(&format_args!($($text)+))
        );
        if node.inner().log.is_wanted() {
            let level = $crate::log::log!(@level $level);
            let fields: &[(&str, &dyn std::fmt::Display)] = &[$((stringify!($key), &$value)),*];
            $crate::log::tell(node, module_path!(), level, &format_args!($($text)+), fields);
        }
    }};
}

pub(crate) use log;

/// Shows something with its control characters escaped, so that nothing that a peer says can be
/// taken for a line of the log (`[security.log.escape]`).
pub(crate) struct Printable<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Display + ?Sized> Display for Printable<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            let plain = part.trim_end_matches(char::is_control);
            self.0.write_str(plain)?;
            for control in part[plain.len()..].chars() {
                write!(self.0, "{}", control.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Who has asked for the log, and what waits to be sent.
#[derive(Default)]
pub(crate) struct Source {
    wanted: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    catchers: Vec<Catcher>,
    number: u64,
    waiting: VecDeque<Entry>,
    /// A job that sends is queued or runs.
    sending: bool,
}

struct Catcher {
    number: u64,
    /// Its port is monitored.
    watched: bool,
    connect: Connect,
}

impl Source {
    /// Whether anybody has asked.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the catcher in; its number, unless there are too many. A port that is served already
    /// changes its level only.
    fn take_in(&self, connect: Connect) -> Option<Option<u64>> {
        let mut state = self.state();
        let served = |catcher: &&mut Catcher| catcher.connect.port == connect.port;
        if let Some(catcher) = state.catchers.iter_mut().find(served) {
            catcher.connect.level = connect.level;
            return Some(None);
        }
        if state.catchers.len() >= CATCHERS {
            return None;
        }
        state.number += 1;
        let number = state.number;
        state.catchers.push(Catcher {
            number,
            watched: false,
            connect,
        });
        Some(Some(number))
    }

    /// From now on the catcher gets log messages, if its port has not died meanwhile.
    fn begin(&self, number: u64) {
        let mut state = self.state();
        for catcher in &mut state.catchers {
            if catcher.number == number {
                catcher.watched = true;
                self.wanted.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The catcher's port has died.
    pub(crate) fn forget(&self, number: u64) {
        let mut state = self.state();
        state.catchers.retain(|catcher| catcher.number != number);
        if state.catchers.is_empty() {
            self.wanted.store(false, Ordering::Relaxed);
        }
    }
}

/// Carries out a request for the log; `None` where it is dropped.
pub(crate) fn connect(node: &Node, args: &Args<'_>) -> Option<()> {
    let connect = Connect::parse(args)?;
    let port = connect.port.clone();
    let source = &node.inner().log;
    if let Some(number) = source.take_in(connect)? {
        // [log.connect.start] [log.stop]
        node.set_monitor(&port, Monitoring::new(Target::Catcher(number)));
        source.begin(number);
    }
    Some(())
}

/// Queues a log message for those who have asked.
pub(crate) fn tell(
    node: &Node,
    context: &str,
    level: u8,
    text: &dyn Display,
    fields: &[(&str, &dyn Display)],
) {
    // [log.no-loop]
    if SENDING.get() {
        return;
    }
    let mut text = Printable(text).to_string();
    for (number, (name, value)) in fields.iter().enumerate() {
        let before = if number == 0 { " (" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(text, "{before}{name} {}", Printable(value));
    }
    if !fields.is_empty() {
        text.push(')');
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let entry = Entry {
        time: since.unwrap_or_default().as_secs_f64(),
        context: context.into(),
        level,
        text,
    };
    let mut state = node.inner().log.state();
    if state.waiting.len() >= WAITING {
        return;
    }
    state.waiting.push_back(entry);
    if !std::mem::replace(&mut state.sending, true) {
        drop(state);
        node.inner().sched.push(Item::Job(Box::new(send)));
    }
}

/// Sends what waits.
fn send(node: &Node) {
    SENDING.set(true);
    let again = send_some(node);
    SENDING.set(false);
    if again {
        node.inner().sched.push(Item::Job(Box::new(send)));
    }
}

fn send_some(node: &Node) -> bool {
    for _ in 0..ROUND {
        let mut state = node.inner().log.state();
        let Some(entry) = state.waiting.pop_front() else {
            state.sending = false;
            return false;
        };
        let wants = |catcher: &&Catcher| catcher.watched && catcher.connect.wants(entry.level);
        let catchers = state.catchers.iter().filter(wants);
        let ports: Vec<PortId> = catchers
            .map(|catcher| catcher.connect.port.clone())
            .collect();
        drop(state);
        for port in ports {
            send_to(node, &port, &entry);
        }
    }
    true
}

fn send_to(node: &Node, port: &PortId, entry: &Entry) {
    let mproto = if port.node() == node.id() {
        true
    } else {
        // [log.best-effort]
        let most = node.config().limits.link_queue / 2;
        let peer = node.inner().peers.known(port.node());
        match peer.and_then(|peer| peer.mproto_below(most)) {
            Some(mproto) => mproto,
            None => return,
        }
    };
    // One that cannot be sent is dropped.
    drop(node.snd(port, &entry.args(mproto)));
}

impl Node {
    /// Logs a message of the application: through `tracing`, and to the nodes that have asked for
    /// the log messages of this one. The levels are those of the protocol, from 0 (always shown)
    /// over 1 (errors) and 2 (warnings) to 9 (every step). Nothing secret should be in it.
    pub fn log(&self, severity: u8, text: &str) {
        match severity {
            0..=level::ERROR => tracing::error!(node = %self.id(), "{}", Printable(text)),
            level::WARNING..=4 => tracing::warn!(node = %self.id(), "{}", Printable(text)),
            5..=level::COMING => tracing::info!(node = %self.id(), "{}", Printable(text)),
            level::DEBUG => tracing::debug!(node = %self.id(), "{}", Printable(text)),
            _ => tracing::trace!(node = %self.id(), "{}", Printable(text)),
        }
        if self.inner().log.is_wanted() {
            tell(self, "application", severity, &text, &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_looks_like_another_line() {
        for (text, shown) in [
            ("plain é", "plain é"),
            ("a\nWARN b\r", "a\\nWARN b\\r"),
            ("\u{1b}[31m\u{9b}", "\\u{1b}[31m\\u{9b}"),
            ("\n\n", "\\n\\n"),
            ("", ""),
        ] {
            assert_eq!(Printable(text).to_string(), shown);
        }
    }
}
