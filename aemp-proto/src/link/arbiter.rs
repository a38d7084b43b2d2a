//! One link a pair of nodes.
//!
//! Both sides may dial at the same moment, a peer may come back after a restart, and a connection
//! may be dead without anybody having noticed. The [`Arbiter`] of a node is told what its
//! handshakes come to and answers with [`Action`]s. It keeps the table of states and events in the
//! specification's chapter on links; each rule is cited where it stands.
//!
//! Why nothing is lost: a side sends messages only on a connection whose other side has proved
//! itself, the acceptor proves itself last, and a lower node that has proved itself on a dial of
//! its own proves itself on no other connection to that process. So of two crossing connections at
//! most one ever has two proofs.

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::String,
};
use core::time::Duration;

use crate::{
    failure::{Failure, Reason},
    greeting::Greeting,
    id::NodeId,
};

/// A name for a connection: numbers that grow in the order in which the TCP connections came up.
///
/// The order tells an old process from a new one: a connection that came up first cannot lead to
/// the later process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What to do with a connection that we dialled and that has greeted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Go on: send our proof.
    Continue,
    /// Refuse the handshake with `link.duplicate` before our proof goes out.
    Refuse,
}

/// What the owner has to do with a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Let the acceptor's handshake proceed: it is the link from now on.
    Proceed(ConnectionId),
    /// End the handshake with this failure; no monitor fires.
    Refuse(ConnectionId, Failure),
    /// Send a heartbeat on this link at once, past whatever is queued, and report its answer with
    /// [`Arbiter::handle_answer`].
    Probe(ConnectionId),
    /// This link is lost: close it and let its monitors fire, before anything else is done with
    /// the node.
    Lose(ConnectionId, Failure),
}

/// Decides which connections become links. See the head of this module's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arbiter {
    node: NodeId,
    patience: Duration,
    peers: BTreeMap<NodeId, Peer>,
    actions: VecDeque<Action>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Peer {
    link: Option<Connection>,
    /// The one connection that we dialled, that has greeted and on which our proof has gone out.
    dial: Option<Connection>,
    /// A verified newcomer without instance on which our proof is held back.
    held: Option<Held>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Connection {
    id: ConnectionId,
    /// The process at the other end, where it says so.
    instance: Option<String>,
    dialled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    newcomer: Connection,
    /// Until when the link may answer the probe, or the dial become the link.
    until: Duration,
    /// Whether it waits for the link's answer; else for the end of the dial.
    probing: bool,
}

impl Connection {
    fn new(id: ConnectionId, greeting: &Greeting, dialled: bool) -> Self {
        Self {
            id,
            instance: greeting.instance().map(Into::into),
            dialled,
        }
    }

    /// Whether both lead to one process, which they say.
    fn same_process(&self, other: &Self) -> bool {
        self.instance.is_some() && self.instance == other.instance
    }
}

impl Arbiter {
    /// How long a newcomer without instance is held back.
    pub const PATIENCE: Duration = Duration::from_secs(1);

    /// The arbiter of the node with this ID.
    pub fn new(node: NodeId, patience: Duration) -> Self {
        Self {
            node,
            patience,
            peers: BTreeMap::new(),
            actions: VecDeque::new(),
        }
    }

    /// A connection that we dialled has greeted; its proof has not been sent.
    pub fn handle_greeted(&mut self, id: ConnectionId, greeting: &Greeting) -> Verdict {
        let peer = self.peers.entry(greeting.node.clone()).or_default();
        let dial = Connection::new(id, greeting, true);
        // [link.single.one-proof]
        let proving = peer.dial.is_some();
        // [link.single.dial-late], [link.single.dial-restarted], [link.duplicate.remnant]
        let late = peer.link.as_ref().is_some_and(|link| {
            dial.instance.is_none() || dial.same_process(link) || dial.id < link.id
        });
        if proving || late {
            return Verdict::Refuse;
        }
        peer.dial = Some(dial);
        Verdict::Continue
    }

    /// A connection that the peer dialled has proved itself; our proof has not been sent.
    pub fn handle_verified(&mut self, id: ConnectionId, greeting: &Greeting, now: Duration) {
        let Self {
            node,
            patience,
            peers,
            actions,
        } = self;
        let peer = peers.entry(greeting.node.clone()).or_default();
        let newcomer = Connection::new(id, greeting, false);
        let until = now.saturating_add(*patience);
        let lower = *node < greeting.node;
        if newcomer.instance.is_none() {
            match (&peer.held, &peer.link, &peer.dial) {
                // [link.duplicate.plain.second]
                (Some(_), _, _) => actions.push_back(refuse(id)),
                // [link.duplicate.plain.probe]
                (None, Some(link), _) => {
                    actions.push_back(Action::Probe(link.id));
                    peer.held = Some(Held {
                        newcomer,
                        until,
                        probing: true,
                    });
                }
                // [link.duplicate.plain.hold]
                (None, None, Some(_)) => {
                    peer.held = Some(Held {
                        newcomer,
                        until,
                        probing: false,
                    });
                }
                (None, None, None) => peer.link_up(newcomer, actions),
            }
            return;
        }
        // [link.duplicate.order]: a remnant first, then the dial, then the link.
        // [link.duplicate.remnant]
        let remnant = |link: &Connection| !link.same_process(&newcomer) && id < link.id;
        if peer.link.as_ref().is_some_and(remnant) {
            actions.push_back(refuse(id));
            return;
        }
        // [link.duplicate.same.dial-lower], [link.duplicate.same.dial-higher],
        // [link.duplicate.restart-dial]
        if let Some(dial) = peer.dial.take_if(|dial| dial.same_process(&newcomer)) {
            if lower {
                peer.dial = Some(dial);
                actions.push_back(refuse(id));
                return;
            }
            actions.push_back(refuse(dial.id));
        }
        if let Some(link) = &peer.link {
            // [link.duplicate.same.link-lower], [link.duplicate.same.check]
            if link.same_process(&newcomer) && link.dialled && lower {
                actions.extend([refuse(id), Action::Probe(link.id)]);
                return;
            }
            // [link.duplicate.same.link-replaced], [link.duplicate.restart]
            peer.lose_link(actions);
        }
        peer.link_up(newcomer, actions);
    }

    /// A connection that we dialled is established: the acceptor has proved itself too.
    ///
    /// Where it was given up in the same moment, nothing changes: its refusal is already on the way.
    pub fn handle_established(&mut self, id: ConnectionId, greeting: &Greeting) {
        let Some(peer) = self.peers.get_mut(&greeting.node) else {
            return;
        };
        let Some(dial) = peer.dial.take_if(|dial| dial.id == id) else {
            return;
        };
        // [link.duplicate.remnant]
        if peer.link.as_ref().is_some_and(|link| id < link.id) {
            self.actions.push_back(refuse(id));
            return;
        }
        // [link.duplicate.restart-initiator]
        peer.lose_link(&mut self.actions);
        peer.link_up(dial, &mut self.actions);
    }

    /// A connection or link to `node` has ended, for whatever reason.
    pub fn handle_ended(&mut self, node: &NodeId, id: ConnectionId) {
        let Some(peer) = self.peers.get_mut(node) else {
            return;
        };
        // [link.duplicate.plain.newcomer-gone]
        peer.held.take_if(|held| held.newcomer.id == id);
        let ended = |connection: &mut Connection| connection.id == id;
        let dial = peer.dial.take_if(ended).is_some();
        let link = peer.link.take_if(ended).is_some();
        // [link.duplicate.plain.release], [link.duplicate.plain.probe-lost]
        if let Some(held) = peer
            .held
            .take_if(|held| if held.probing { link } else { dial })
        {
            peer.link_up(held.newcomer, &mut self.actions);
        }
        if peer.link.is_none() && peer.dial.is_none() {
            self.peers.remove(node);
        }
    }

    /// This link to `node` has answered a heartbeat, whichever; a late answer of a link that has
    /// been lost meanwhile changes nothing.
    pub fn handle_answer(&mut self, node: &NodeId, id: ConnectionId) {
        let Some(peer) = self.peers.get_mut(node) else {
            return;
        };
        let of_the_link = peer.link.as_ref().is_some_and(|link| link.id == id);
        // [link.duplicate.plain.probe-answered]
        if let Some(held) = peer.held.take_if(|held| held.probing && of_the_link) {
            self.actions.push_back(refuse(held.newcomer.id));
        }
    }

    /// The time is `now`: newcomers that have been held back long enough take their place.
    pub fn handle_timeout(&mut self, now: Duration) {
        for peer in self.peers.values_mut() {
            let Some(held) = peer.held.take_if(|held| held.until <= now) else {
                continue;
            };
            if held.probing {
                // [link.duplicate.plain.probe-silent]
                peer.lose_link(&mut self.actions);
            } else if let Some(dial) = peer.dial.take() {
                // [link.duplicate.plain.hold-limit]
                self.actions.push_back(refuse(dial.id));
            }
            peer.link_up(held.newcomer, &mut self.actions);
        }
    }

    /// When to call [`Arbiter::handle_timeout`].
    pub fn next_timeout(&self) -> Option<Duration> {
        self.peers
            .values()
            .filter_map(|peer| Some(peer.held.as_ref()?.until))
            .min()
    }

    /// The link to a node, if there is one.
    pub fn link(&self, node: &NodeId) -> Option<ConnectionId> {
        self.peers.get(node)?.link.as_ref().map(|link| link.id)
    }

    /// The next thing to do, if there is one.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

impl Peer {
    /// Makes a connection the link; there is none before.
    fn link_up(&mut self, connection: Connection, actions: &mut VecDeque<Action>) {
        // [link.duplicate.plain.close]
        if let Some(held) = self.held.take() {
            actions.push_back(refuse(held.newcomer.id));
        }
        if !connection.dialled {
            actions.push_back(Action::Proceed(connection.id));
        }
        self.link = Some(connection);
    }

    fn lose_link(&mut self, actions: &mut VecDeque<Action>) {
        if let Some(link) = self.link.take() {
            actions.push_back(Action::Lose(link.id, Reason::LinkSuperseded.into()));
        }
    }
}

fn refuse(id: ConnectionId) -> Action {
    Action::Refuse(id, Reason::LinkDuplicate.into())
}

#[cfg(test)]
mod tests;
