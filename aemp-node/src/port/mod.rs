//! Ports: making them, giving them handlers, receiving without a handler.

pub(crate) mod context;
pub(crate) mod handler;
pub(crate) mod names;
pub(crate) mod queue;
pub(crate) mod slot;
pub(crate) mod table;

use std::{future::Future, pin::Pin, sync::Arc, task};

use aemp_proto::{PortId, PortName};
use futures_core::Stream;

use self::{
    context::Context,
    handler::{Handler, Handlers, Outcome},
    slot::Slot,
};
use crate::{message::Message, node::Node};

/// Makes a port, or gives handlers to one.
///
/// A port handles one message at a time, in the order of arrival and to the end, also where the
/// handler waits; different ports work in parallel. A handler never runs inside of
/// [`snd`](Node::snd). What fails or panics in a handler kills its port with `die` and the text.
///
/// A handler of a tag gets the messages whose first argument is that text, without the tag; the
/// default handler gets the rest. A port with tags alone drops the rest; one without any handler
/// dies of its first message with `unhandled_message`.
#[must_use = "nothing happens before `open`"]
pub struct PortBuilder<'a> {
    node: &'a Node,
    handlers: Handlers,
    place: Place,
    limit: Option<usize>,
}

enum Place {
    New,
    Named(PortName),
    Existing(Arc<Slot>),
}

impl<'a> PortBuilder<'a> {
    pub(crate) fn new(node: &'a Node) -> Self {
        Self {
            node,
            handlers: Handlers::default(),
            place: Place::New,
            limit: None,
        }
    }

    pub(crate) fn named(node: &'a Node, name: PortName) -> Self {
        let mut builder = Self::new(node);
        builder.place = Place::Named(name);
        builder
    }

    pub(crate) fn existing(node: &'a Node, slot: Arc<Slot>) -> Self {
        let mut builder = Self::new(node);
        builder.place = Place::Existing(slot);
        builder
    }

    /// Handles what no tag matches.
    pub fn handle<O: Outcome>(
        mut self,
        handler: impl FnMut(&Context, Message) -> O + Send + 'static,
    ) -> Self {
        self.handlers.set_default(Handler::plain(handler));
        self
    }

    /// Handles what no tag matches; may wait, and the port's next message waits with it.
    pub fn handle_async<F>(
        mut self,
        handler: impl FnMut(Context, Message) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.handlers.set_default(Handler::future(handler));
        self
    }

    /// Handles what no tag matches; may block, as it runs on a thread of its own.
    pub fn handle_blocking<O: Outcome>(
        mut self,
        handler: impl FnMut(&Context, Message) -> O + Send + 'static,
    ) -> Self {
        self.handlers.set_default(Handler::blocking(handler));
        self
    }

    /// Handles messages that begin with this tag.
    #[doc(alias = "rcv")]
    pub fn on<O: Outcome>(
        mut self,
        tag: &str,
        handler: impl FnMut(&Context, Message) -> O + Send + 'static,
    ) -> Self {
        self.handlers.set_tag(tag, Handler::plain(handler));
        self
    }

    /// Handles messages that begin with this tag; may wait.
    pub fn on_async<F>(
        mut self,
        tag: &str,
        handler: impl FnMut(Context, Message) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.handlers.set_tag(tag, Handler::future(handler));
        self
    }

    /// Handles messages that begin with this tag; may block.
    pub fn on_blocking<O: Outcome>(
        mut self,
        tag: &str,
        handler: impl FnMut(&Context, Message) -> O + Send + 'static,
    ) -> Self {
        self.handlers.set_tag(tag, Handler::blocking(handler));
        self
    }

    /// The most octets that may wait for a new port; beyond it the port is killed with `overload`.
    /// Unless set, the limit of the node's configuration.
    pub fn queue_limit(mut self, octets: usize) -> Self {
        self.limit = Some(octets);
        self
    }

    /// Makes the port, or adds the handlers to the one that is there; its ID.
    #[doc(alias = "port")]
    pub fn open(self) -> PortId {
        let node = self.node;
        let limit = self.limit.unwrap_or(node.config().limits.port_queue);
        let name = match self.place {
            Place::New => {
                let slot = Slot::new(node.inner().names.port(), self.handlers, limit, false);
                let name = slot.name().clone();
                node.inner().table.insert_new(slot);
                name
            }
            Place::Named(name) => {
                let mut handlers = Some(self.handlers);
                let (slot, _) = node.inner().table.find_or_insert(&name, || {
                    let handlers = handlers.take().unwrap_or_default();
                    Slot::new(name.clone(), handlers, limit, false)
                });
                if let Some(handlers) = handlers {
                    slot.add_handlers(handlers);
                }
                name
            }
            Place::Existing(slot) => {
                slot.add_handlers(self.handlers);
                slot.name().clone()
            }
        };
        PortId::new(node.id().clone(), name)
    }
}

/// A port without handlers, whose messages are taken one by one.
///
/// Dropping it kills the port normally.
pub struct Mailbox {
    node: Node,
    slot: Arc<Slot>,
    id: PortId,
}

impl Mailbox {
    pub(crate) fn open(node: &Node, name: Option<PortName>, limit: Option<usize>) -> Option<Self> {
        let limit = limit.unwrap_or(node.config().limits.mailbox);
        let name = name.unwrap_or_else(|| node.inner().names.port());
        let make = || Slot::new(name.clone(), Handlers::default(), limit, true);
        let (slot, new) = node.inner().table.find_or_insert(&name, make);
        new.then(|| Self {
            node: node.clone(),
            id: PortId::new(node.id().clone(), name),
            slot,
        })
    }

    /// The port's ID.
    pub fn id(&self) -> &PortId {
        &self.id
    }

    /// The next message; `None` when the port has died and everything before was taken.
    pub async fn recv(&mut self) -> Option<Message> {
        std::future::poll_fn(|cx| self.slot.poll_mailbox(&self.node, cx)).await
    }
}

impl Stream for Mailbox {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Option<Message>> {
        self.slot.poll_mailbox(&self.node, cx)
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.slot.kill_now(&self.node, crate::Cause::NORMAL);
    }
}
