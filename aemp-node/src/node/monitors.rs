//! Setting and ending monitors.

use aemp_proto::{PortId, PortName, value::Value};

use super::Node;
use crate::{
    cause::Cause,
    log::log,
    monitor::{Monitor, Monitoring, Target},
};

impl Node {
    /// Calls `callback` when a port dies, does not exist, or its node gets out of reach.
    ///
    /// The callback runs on a worker, beside handlers; [`Context::monitor`](crate::Context::monitor)
    /// makes one that runs in a port's turn. The empty port name monitors the node itself: it fires
    /// when the connection is lost or cannot be made.
    #[doc(alias = "mon")]
    pub fn monitor(
        &self,
        port: &PortId,
        callback: impl FnOnce(&Self, Cause) + Send + 'static,
    ) -> Monitor {
        self.set_monitor(port, Monitoring::new(Target::Callback(Box::new(callback))))
    }

    /// Kills `other` with the same cause when `port` dies, unless that ends normally.
    #[doc(alias = "mon")]
    pub fn monitor_link(&self, port: &PortId, other: &PortId) -> Monitor {
        let target = Target::Link(Box::new(other.clone()));
        self.set_monitor(port, Monitoring::new(target))
    }

    /// Sends `values` and the cause's values to `to` when `port` dies.
    #[doc(alias = "mon")]
    pub fn monitor_snd(&self, port: &PortId, to: &PortId, values: Vec<Value>) -> Monitor {
        let target = Target::Message(Box::new((to.clone(), values)));
        self.set_monitor(port, Monitoring::new(target))
    }

    pub(crate) fn set_monitor(&self, port: &PortId, monitoring: Monitoring) -> Monitor {
        let monitor = Monitor::new(self, port.clone(), monitoring.id);
        let name = port.port();
        if port.node() == self.id() {
            // [monitor.node-port.self]
            if name.is_node_port() {
                return monitor;
            }
            let refused = match self.inner().table.find(name) {
                Some(slot) => slot.monitor(monitoring),
                None => Err(monitoring),
            };
            if let Err(monitoring) = refused {
                let cause = self.cause_of_absence(name);
                monitoring.target.fire(self, name, &cause);
            }
            return monitor;
        }
        let mut left = monitoring;
        loop {
            let peer = self.inner().peers.get(port.node());
            match peer.monitor(self, name, left) {
                Ok(()) => return monitor,
                Err(monitoring) => left = monitoring,
            }
        }
    }

    pub(crate) fn unmonitor(&self, port: &PortId, id: u64) {
        if port.node() == self.id() {
            if let Some(slot) = self.inner().table.find(port.port()) {
                slot.unmonitor(|monitoring| monitoring.id == id);
            }
        } else if let Some(peer) = self.inner().peers.known(port.node()) {
            peer.unmonitor(self, port.port(), id);
        }
    }

    /// Why a port of this node is not there.
    pub(crate) fn cause_of_absence(&self, name: &PortName) -> Cause {
        self.inner().graves.cause(name).unwrap_or_else(|| {
            let port = PortId::new(self.id().clone(), name.clone());
            Cause::no_such_port(&port.to_string())
        })
    }

    /// A port of this node has died.
    pub(crate) fn buried(&self, name: &PortName, cause: &Cause) {
        let failures = ["die", "no_receiver", "overload", "unhandled_message"];
        if cause.word().is_some_and(|word| failures.contains(&word)) {
            // [log.failure]
            log!(self, warn, port = name; "a port died: {cause}");
        } else if !cause.is_normal() {
            log!(self, debug, port = name; "a port died: {cause}");
        }
    }
}
