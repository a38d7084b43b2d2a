//! What a handler knows: its node and its own port.

use std::sync::Arc;

use aemp_proto::PortId;
use serde::Serialize;

use super::{
    PortBuilder,
    handler::{HandlerError, Outcome},
    slot::Slot,
};
use crate::{
    cause::Cause,
    error::SendError,
    monitor::{Monitor, Monitoring, Target},
    node::Node,
};

/// The port in whose turn a handler runs, and its node. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    node: Node,
    id: PortId,
    slot: Arc<Slot>,
}

impl Context {
    pub(crate) fn new(node: &Node, slot: &Arc<Slot>) -> Self {
        Self {
            node: node.clone(),
            id: PortId::new(node.id().clone(), slot.name().clone()),
            slot: slot.clone(),
        }
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The port's own ID; the original's `$SELF`.
    pub fn id(&self) -> &PortId {
        &self.id
    }

    /// Sends a message; [`Node::snd`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn snd<T: Serialize + ?Sized>(&self, port: &PortId, args: &T) -> Result<(), SendError> {
        self.node.snd(port, args)
    }

    /// Ends this port when the handler returns; what waits for it is dropped.
    #[doc(alias = "kil")]
    pub fn kil_self(&self, cause: Cause) {
        self.slot.kill_now(&self.node, cause);
    }

    /// Adds handlers to this port; they are in force from its next message on.
    pub fn rcv(&self) -> PortBuilder<'_> {
        PortBuilder::existing(&self.node, self.slot.clone())
    }

    /// Whether the port has got a handler in this turn, which began without one.
    pub(crate) fn has_receiver(&self) -> bool {
        self.slot.has_new_handlers()
    }

    /// Calls `callback` in a turn of this port when `port` dies; not at all if this port dies first.
    /// What fails in it kills this port.
    #[doc(alias = "mon")]
    pub fn monitor<O: Outcome>(
        &self,
        port: &PortId,
        callback: impl FnOnce(&Self, Cause) -> O + Send + 'static,
    ) -> Monitor {
        let callback =
            Box::new(move |context: &Self, cause| callback(context, cause).into_result());
        let target = Target::Port(Arc::downgrade(&self.slot), callback);
        self.node.set_monitor(port, Monitoring::new(target))
    }

    /// Calls `f` in a turn of this port, after what waits for it already; not at all if it dies
    /// first. What fails in it kills this port. With it other tasks act in the name of a port.
    #[doc(alias = "psub")]
    pub fn in_turn<O: Outcome>(&self, f: impl FnOnce(&Self) -> O + Send + 'static) {
        self.slot.push(&self.node, |queue| {
            queue.push_call(Box::new(
                move |context: &Self| -> Result<(), HandlerError> { f(context).into_result() },
            ));
        });
    }
}
