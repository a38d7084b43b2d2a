//! Which connections become links: the node's arbiter, and whom its decisions concern.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aemp_proto::{
    Failure, NodeId, Reason,
    greeting::Greeting,
    handshake::{Established, Role},
    link::{Action, Arbiter, ConnectionId, Verdict},
    request,
};
use tokio::sync::{Notify, mpsc};

use super::peer::Peer;
use crate::{cause::Cause, config::Limits, node::Node};

/// What the arbiter wants of a handshake.
pub(crate) enum Order {
    Proceed,
    Refuse(Failure),
}

pub(crate) struct Links {
    state: Mutex<State>,
    /// A handshake or a link has ended.
    ended: Notify,
}

/// A handshake that goes on.
struct Handshaking {
    orders: mpsc::UnboundedSender<Order>,
    role: Role,
    /// With whom, once that has greeted; before that, who is to be reached.
    peer: Option<NodeId>,
    /// The arbiter takes it for the link, and wants it asked whether it lives, before it is one here.
    probe: bool,
}

struct State {
    arbiter: Arbiter,
    last: u64,
    handshakes: HashMap<ConnectionId, Handshaking>,
    links: HashMap<ConnectionId, Arc<Peer>>,
    /// Accepted connections in their handshake, by address, and of all addresses.
    unfinished: HashMap<IpAddr, usize>,
    unfinished_all: usize,
    stopped: bool,
}

impl Links {
    pub(crate) fn new(node: NodeId) -> Self {
        Self {
            state: Mutex::new(State {
                arbiter: Arbiter::new(node, Arbiter::PATIENCE),
                last: 0,
                handshakes: HashMap::new(),
                links: HashMap::new(),
                unfinished: HashMap::new(),
                unfinished_all: 0,
                stopped: false,
            }),
            ended: Notify::new(),
        }
    }

    /// A connection's handshake begins.
    pub(crate) fn begin(
        &self,
        role: Role,
        wanted: Option<&NodeId>,
    ) -> Option<(ConnectionId, mpsc::UnboundedReceiver<Order>)> {
        let mut state = self.state();
        if state.stopped {
            return None;
        }
        state.last += 1;
        let id = ConnectionId(state.last);
        let (orders, receiver) = mpsc::unbounded_channel();
        let peer = wanted.cloned();
        let handshaking = Handshaking {
            orders,
            role,
            peer,
            probe: false,
        };
        state.handshakes.insert(id, handshaking);
        Some((id, receiver))
    }

    /// Counts an accepted connection of that address, unless there are too many unfinished ones, of
    /// it or of all; then this says so.
    pub(crate) fn admit(&self, address: IpAddr, limits: &Limits) -> Result<(), Failure> {
        let mut state = self.state();
        let of_address = state.unfinished.get(&address).copied().unwrap_or_default();
        let too_many = |count: usize, whose: &str| {
            let text = format!("there are {count} unfinished handshakes{whose}");
            Err(Failure::new(Reason::GreetingTooMany, text))
        };
        if of_address >= limits.handshakes {
            return too_many(of_address, " of this address");
        }
        if state.unfinished_all >= limits.handshakes_all {
            return too_many(state.unfinished_all, "");
        }
        state.unfinished.insert(address, of_address + 1);
        state.unfinished_all += 1;
        Ok(())
    }

    /// The handshake of an admitted connection has ended.
    pub(crate) fn release(&self, address: IpAddr) {
        let mut state = self.state();
        if let Some(count) = state.unfinished.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                state.unfinished.remove(&address);
            }
            state.unfinished_all -= 1;
        }
    }

    /// A connection has greeted, one that we dialled or another.
    pub(crate) fn greeted(&self, id: ConnectionId, peer: &Greeting) -> Verdict {
        let mut state = self.state();
        let Some(handshake) = state.handshakes.get_mut(&id) else {
            // It has been stopped, and is told so.
            return Verdict::Continue;
        };
        handshake.peer = Some(peer.node.clone());
        match handshake.role {
            Role::Initiator => state.arbiter.handle_greeted(id, peer),
            Role::Acceptor => Verdict::Continue,
        }
    }

    /// Ends the dials to a node that nobody needs any more.
    pub(crate) fn give_up(&self, peer: &NodeId, failure: &Failure) {
        for handshake in self.state().handshakes.values() {
            if handshake.role == Role::Initiator && handshake.peer.as_ref() == Some(peer) {
                // Whoever has ended meanwhile needs no order.
                let _ = handshake.orders.send(Order::Refuse(failure.clone()));
            }
        }
    }

    /// A connection that the peer dialled has proved itself.
    pub(crate) fn verified(&self, node: &Node, id: ConnectionId, peer: &Greeting) {
        let mut state = self.state();
        state.arbiter.handle_verified(id, peer, node.now());
        act(node, &mut state);
        if let Some(at) = state.arbiter.next_timeout() {
            let node = node.clone();
            let wait = at.saturating_sub(node.now()) + Duration::from_millis(1);
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                let mut state = node.inner().links.state();
                state.arbiter.handle_timeout(node.now());
                act(&node, &mut state);
            });
        }
    }

    /// A handshake has succeeded: makes the connection the link and gives its peer, unless it was
    /// given up in the same moment.
    pub(crate) fn established(
        &self,
        node: &Node,
        id: ConnectionId,
        dialled: bool,
        done: &Established,
    ) -> Result<Arc<Peer>, Failure> {
        let mut state = self.state();
        if dialled {
            state.arbiter.handle_established(id, &done.peer);
            act(node, &mut state);
        }
        if state.stopped {
            return Err(Reason::LinkStopped.into());
        }
        if state.arbiter.link(&done.peer.node) != Some(id) {
            return Err(Reason::LinkDuplicate.into());
        }
        let kil1 = request::kill_tag(&done.peer) == request::tag::KIL1;
        let peer = loop {
            let peer = node.inner().peers.get(&done.peer.node);
            if peer.up(node, done.send_framing, kil1, id.0).is_some() {
                break peer;
            }
        };
        let handshake = state.handshakes.remove(&id);
        state.links.insert(id, peer.clone());
        if handshake.is_some_and(|handshake| handshake.probe) {
            super::link::send_heartbeat(node, &peer, id.0);
        }
        node.node_event(&peer.id, true);
        drop(state);
        self.ended.notify_waiters();
        Ok(peer)
    }

    /// The link of that number has answered a heartbeat.
    pub(crate) fn answered(&self, node: &Node, peer: &NodeId, link: u64) {
        let mut state = self.state();
        state.arbiter.handle_answer(peer, ConnectionId(link));
        act(node, &mut state);
    }

    /// A connection has ended; `peer` if it is known which one.
    pub(crate) fn ended(&self, node: &Node, id: ConnectionId, peer: Option<&NodeId>) {
        let mut state = self.state();
        state.handshakes.remove(&id);
        state.links.remove(&id);
        if let Some(peer) = peer {
            state.arbiter.handle_ended(peer, id);
            act(node, &mut state);
        }
        drop(state);
        self.ended.notify_waiters();
    }

    /// Returns when there is no link.
    pub(crate) async fn drained(&self) {
        self.until(|state| state.links.is_empty()).await;
    }

    /// Returns when no connection of that node is in its handshake.
    pub(crate) async fn settled(&self, peer: &NodeId) {
        let with_it = |handshake: &Handshaking| handshake.peer.as_ref() == Some(peer);
        self.until(|state| !state.handshakes.values().any(with_it))
            .await;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if is_so(&self.state()) {
                return;
            }
            ended.await;
        }
    }

    /// Ends all handshakes and gives the established links; nothing begins any more.
    pub(crate) fn stop(&self) -> Vec<(ConnectionId, Arc<Peer>)> {
        let mut state = self.state();
        state.stopped = true;
        for (_, handshake) in state.handshakes.drain() {
            // Whoever has ended meanwhile needs no order.
            let _ = handshake
                .orders
                .send(Order::Refuse(Reason::LinkStopped.into()));
        }
        state
            .links
            .iter()
            .map(|(id, peer)| (*id, peer.clone()))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries out what the arbiter wants, in its order and under the lock: a lost link's monitors fire
/// before anything else is done with that node.
fn act(node: &Node, state: &mut State) {
    while let Some(action) = state.arbiter.poll() {
        let (id, order) = match action {
            Action::Proceed(id) => (id, Order::Proceed),
            Action::Refuse(id, failure) => (id, Order::Refuse(failure)),
            Action::Probe(id) => {
                if let Some(peer) = state.links.get(&id) {
                    super::link::send_heartbeat(node, peer, id.0);
                } else if let Some(handshake) = state.handshakes.get_mut(&id) {
                    handshake.probe = true;
                }
                continue;
            }
            Action::Lose(id, failure) => match state.links.remove(&id) {
                Some(peer) => {
                    peer.close(id.0, failure.clone());
                    peer.down(node, id.0, &Cause::of_failure(&peer.id, &failure));
                    continue;
                }
                // Its handshake has not come to its end here.
                None => (id, Order::Refuse(failure)),
            },
            _ => continue,
        };
        if let Some(handshake) = state.handshakes.get(&id) {
            // A handshake that has just ended says so itself.
            let _ = handshake.orders.send(order);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use aemp_proto::{Framing, auth::Method};

    use super::*;

    #[tokio::test]
    async fn a_link_that_is_probed_before_it_is_one_here_is_probed_when_it_is() {
        let builder = Node::builder().node_id("alpha").secret("geheim");
        let node = builder.start().await.unwrap();
        let peer = Arc::new(Greeting::parse(b"aemp;1;zed;hmac_sha3_512;json").unwrap());
        let links = &node.inner().links;
        let begin = || links.begin(Role::Acceptor, None).unwrap();

        let (first, mut orders) = begin();
        links.verified(&node, first, &peer);
        assert!(matches!(orders.try_recv(), Ok(Order::Proceed)));
        // Its proof is on its way; meanwhile another connection of that node has proved itself.
        let (second, mut waits) = begin();
        links.verified(&node, second, &peer);
        assert!(waits.try_recv().is_err(), "the first one is asked first");

        let done = Established {
            peer,
            sent_method: Method::HmacSha3_512,
            received_method: Method::HmacSha3_512,
            send_framing: Framing::Json,
            receive_framing: Framing::Json,
            tls: false,
            secret: Some(0),
        };
        let peer = links.established(&node, first, false, &done).unwrap();
        let written = peer.with_up(first.0, |up| up.outbox.take(Vec::new(), Waker::noop()));
        let written = String::from_utf8(written.flatten().unwrap_or_default()).unwrap();
        assert!(written.starts_with(r#"["","snd","alpha#"#), "{written:?}");
    }
}
