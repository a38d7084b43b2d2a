//! Monitors: what is to happen when a port dies, or when its node gets out of reach.
//!
//! Every monitor fires at most once and is gone then. Whoever takes it out of the list that it is
//! in (the port's own, or that of the peer whose port it is) fires it; so it cannot fire twice.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use aemp_proto::{PortId, PortName, value::Value};

use crate::{
    cause::Cause,
    log::log,
    net::peer::Peer,
    node::{Node, WeakNode},
    port::{context::Context, handler::HandlerError, slot::Slot},
    sched::Item,
};

static IDS: AtomicU64 = AtomicU64::new(1);

/// A monitor in the list of what it watches.
pub(crate) struct Monitoring {
    pub(crate) id: u64,
    pub(crate) target: Target,
}

impl Monitoring {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            target,
        }
    }
}

type Callback = Box<dyn FnOnce(&Node, Cause) + Send>;
type PortCallback = Box<dyn FnOnce(&Context, Cause) -> Result<(), HandlerError> + Send>;

/// What a monitor does when it fires.
pub(crate) enum Target {
    /// Calls this on a worker.
    Callback(Callback),
    /// Ends the log messages for the catcher of this number, at once: what is logged after the port's
    /// death must not go to it.
    Catcher(u64),
    /// Calls this in the turn of a port of ours, after what waits for that port already.
    Port(Weak<Slot>, PortCallback),
    /// Kills this port unless the end was a normal one.
    Link(Box<PortId>),
    /// Sends these values and the cause to this port.
    Message(Box<(PortId, Vec<Value>)>),
    /// Tells the peer, on the link of that number only.
    Peer(Arc<Peer>, u64),
}

impl Target {
    /// Whether this tells a peer over the link of that number.
    pub(crate) fn is_link(&self, link: u64) -> bool {
        matches!(self, Self::Peer(_, own) if *own == link)
    }

    /// Fires: the port of this name has died.
    pub(crate) fn fire(self, node: &Node, name: &PortName, cause: &Cause) {
        match self {
            Self::Callback(callback) => {
                let cause = cause.clone();
                let job = move |node: &Node| callback(node, cause);
                node.inner().sched.push(Item::Job(Box::new(job)));
            }
            Self::Catcher(number) => node.inner().log.forget(number),
            Self::Port(slot, callback) => {
                if let Some(slot) = slot.upgrade() {
                    let cause = cause.clone();
                    let call = move |context: &Context| callback(context, cause);
                    slot.push(node, |queue| queue.push_call(Box::new(call)));
                }
            }
            Self::Link(port) => {
                if !cause.is_normal() {
                    let cause = cause.clone();
                    // As a job: a long chain of linked ports must not become a deep stack.
                    let job = move |node: &Node| node.kil_with(&port, &cause);
                    node.inner().sched.push(Item::Job(Box::new(job)));
                }
            }
            Self::Message(message) => {
                let (port, mut values) = *message;
                values.extend_from_slice(cause.values());
                // The values were encoded before or came in a message, so they do travel; what
                // grew beyond the limits is lost like any message to a port that is gone.
                if let Err(error) = node.snd(&port, &values) {
                    log!(node, warn, to = port; "a monitor's message was not sent: {error}");
                }
            }
            Self::Peer(peer, link) => peer.tell_death(node, link, name, cause),
        }
    }
}

/// A monitor that was set.
///
/// Dropping it changes nothing; [`Monitor::cancel`] ends it, and [`Monitor::guard`] makes of it what
/// ends it when dropped.
#[derive(Clone)]
pub struct Monitor {
    node: WeakNode,
    port: PortId,
    id: u64,
}

impl Monitor {
    pub(crate) fn new(node: &Node, port: PortId, id: u64) -> Self {
        Self {
            node: node.downgrade(),
            port,
            id,
        }
    }

    /// The port that is watched.
    pub fn port(&self) -> &PortId {
        &self.port
    }

    /// Ends the monitor; it does not fire afterwards unless it is firing already.
    pub fn cancel(&self) {
        if let Some(node) = self.node.upgrade() {
            node.unmonitor(&self.port, self.id);
        }
    }

    /// A guard that ends the monitor when it is dropped.
    pub fn guard(self) -> MonitorGuard {
        MonitorGuard(self)
    }
}

/// Ends its monitor when dropped.
#[must_use = "dropping the guard ends the monitor"]
pub struct MonitorGuard(Monitor);

impl Drop for MonitorGuard {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
