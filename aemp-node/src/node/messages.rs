//! Sending and killing.

use aemp_proto::{
    NodeId, PortId, PortName,
    framing::{Args, Content, Decoder, EncodeError, Framing, Layout},
    value::Value,
};
use bytes::Bytes;
use serde::Serialize;

use super::{Node, requests};
use crate::{
    cause::Cause,
    error::SendError,
    log::log,
    message::Message,
    net::peer::{Peer, Queued},
    port::{
        context::Context,
        queue::{INLINE, Queue},
    },
    scratch,
};

/// The framing of messages that stay within the node.
pub(crate) const LOCAL: Framing = Framing::Json;

impl Node {
    /// Sends a message: the arguments are a tuple, a slice or another sequence.
    ///
    /// The message is queued when this returns; nothing says whether it arrives. Messages to one
    /// port arrive in the order in which they were sent, or from some point on not at all, and then
    /// every monitor of the port fires.
    ///
    /// # Errors
    ///
    /// [`SendError`] where the arguments do not travel; nothing was sent then.
    pub fn snd<T: Serialize + ?Sized>(&self, port: &PortId, args: &T) -> Result<(), SendError> {
        let limits = self.config().limits.framing();
        if port.node() == self.id() {
            self.deliver(port.port(), |out| Layout::encode(args, &limits, out))
        } else {
            let name = port.port().as_str();
            self.send_away(port, |framing, out| {
                framing.encode(name, args, &limits, out)
            })
        }
    }

    /// Sends a message, but waits first until less than half of what may wait does.
    ///
    /// It takes its place in the queue when it is sent and never overtakes a message.
    ///
    /// # Errors
    ///
    /// As [`Node::snd`].
    pub async fn snd_wait<T: Serialize + ?Sized>(
        &self,
        port: &PortId,
        args: &T,
    ) -> Result<(), SendError> {
        if port.node() != self.id() {
            let limits = &self.config().limits;
            let half = limits.link_queue.min(limits.connect_queue) / 2;
            self.wait_below(port.node(), half).await;
        }
        self.snd(port, args)
    }

    /// Sends the arguments of a message on, without decoding them where that is not needed.
    ///
    /// # Errors
    ///
    /// As [`Node::snd`].
    pub fn forward(&self, port: &PortId, message: &Message) -> Result<(), SendError> {
        self.send_on(port, &message.args())
    }

    /// Returns when at most `octets` wait to be sent to a node; what a sender of much does from time
    /// to time, so that it does not fill memory or the link's queue.
    pub async fn wait_below(&self, node: &NodeId, octets: usize) {
        if node != self.id() {
            self.inner().peers.get(node).wait_below(octets).await;
        }
    }

    /// Kills a port: normally without a reason, else with the reason `values`, which its monitors
    /// are told.
    ///
    /// Messages that were sent to it before still reach it. Killing a port that is gone does
    /// nothing; a node port cannot be killed.
    pub fn kil(&self, port: &PortId, values: Vec<Value>) {
        self.kil_with(port, &Cause::new(values));
    }

    pub(crate) fn kil_with(&self, port: &PortId, cause: &Cause) {
        if port.port().is_node_port() {
            // [node.kil.never-node-port]
            log!(self, warn; "the node port of {} cannot be killed", port.node());
            return;
        }
        if port.node() == self.id() {
            if let Some(slot) = self.inner().table.find(port.port()) {
                slot.kill(self, cause.clone());
            }
            return;
        }
        let limits = self.config().limits.framing();
        let mut values: Vec<Value> = vec![Value::Null, port.port().as_str().into()];
        values.extend_from_slice(cause.values());
        let sent = self.send_away_as(port, |peer, framing, out| {
            let mut values = values.clone();
            values[0] = peer.kill_tag().into();
            framing.encode_values("", &values, &limits, out)
        });
        if let Err(error) = sent {
            log!(self, warn; "{port} was not killed: {error}");
        }
    }

    /// The arguments as values.
    pub(crate) fn values_of<T: Serialize + ?Sized>(
        &self,
        args: &T,
    ) -> Result<Vec<Value>, SendError> {
        Ok(self.message_of(args)?.values())
    }

    /// A message with these arguments that goes nowhere yet.
    pub(crate) fn message_of<T: Serialize + ?Sized>(&self, args: &T) -> Result<Message, SendError> {
        let limits = self.config().limits.framing();
        let mut octets = Vec::new();
        let layout = Layout::encode(args, &limits, &mut octets)?;
        Ok(Message::new(octets.into(), LOCAL, layout))
    }

    /// The same for what came in another message.
    pub(crate) fn message_of_args(&self, args: &Args<'_>) -> Result<Message, SendError> {
        let limits = self.config().limits.framing();
        let mut octets = Vec::new();
        LOCAL.encode_raw("", args, &limits, &mut octets)?;
        let layout = layout(&octets).ok_or(EncodeError::Arguments("no sequence"))?;
        Ok(Message::new(octets.into(), LOCAL, layout))
    }

    /// Sends on what came in a message.
    pub(crate) fn relay(&self, port: &PortId, args: &Args<'_>) {
        if let Err(error) = self.send_on(port, args) {
            log!(self, debug; "a message for {port} was not sent on: {error}");
        }
    }

    fn send_on(&self, port: &PortId, args: &Args<'_>) -> Result<(), SendError> {
        let limits = self.config().limits.framing();
        if port.node() == self.id() {
            self.deliver(port.port(), |out| {
                LOCAL.encode_raw("", args, &limits, out)?;
                layout(out).ok_or(EncodeError::Arguments("no sequence"))
            })
        } else {
            let name = port.port().as_str();
            self.send_away(port, |framing, out| {
                framing.encode_raw(name, args, &limits, out)
            })
        }
    }

    /// Delivers a message to a port of this node; `encode` leaves the port's name empty.
    fn deliver(
        &self,
        port: &PortName,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<Layout, EncodeError>,
    ) -> Result<(), SendError> {
        scratch::with(|octets| {
            let layout = encode(octets)?;
            if port.is_node_port() {
                let message = Message::new(std::mem::take(octets).into(), LOCAL, layout);
                // [node.self.request] [message.order]
                let call = move |context: &Context| {
                    requests::handle(context.node(), None, &message.args());
                    Ok(())
                };
                let slot = &self.inner().node_port;
                slot.push(self, |queue| queue.push_call(Box::new(call)));
                return Ok(());
            }
            let Some(slot) = self.inner().table.find(port) else {
                self.inner().counters.no_port.add();
                return Ok(());
            };
            slot.push(self, |queue: &mut Queue| {
                if octets.len() <= INLINE {
                    queue.push(LOCAL, layout, octets);
                } else {
                    let octets = Bytes::from(std::mem::take(octets));
                    queue.push_message(Message::new(octets, LOCAL, layout));
                }
            });
            Ok(())
        })
    }

    fn send_away(
        &self,
        port: &PortId,
        encode: impl Fn(Framing, &mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), SendError> {
        self.send_away_as(port, |_, framing, out| encode(framing, out))
    }

    fn send_away_as(
        &self,
        port: &PortId,
        encode: impl Fn(&Peer, Framing, &mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), SendError> {
        loop {
            let peer = self.inner().peers.get(port.node());
            match peer.send(self, |framing, out| encode(&peer, framing, out))? {
                Queued::Done => return Ok(()),
                Queued::Gone => {}
            }
        }
    }
}

/// Where the parts of a message are that this node has just encoded.
fn layout(octets: &[u8]) -> Option<Layout> {
    let mut decoder = Decoder::new(LOCAL, aemp_proto::framing::Limits::default());
    match decoder.next(octets) {
        Ok(Some(frame)) => match frame.content() {
            Content::Message(layout) => Some(*layout),
            _ => None,
        },
        _ => None,
    }
}
