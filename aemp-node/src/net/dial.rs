//! Dialling: one address, or on demand all that are known of a node.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aemp_proto::{Failure, NodeId, Reason};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{
    handshake::{self, Side, Unlinked},
    link,
    peer::Peer,
};
use crate::{cause::Cause, config::Address, log::log, node::Node};

/// How long another connection of the same node may take to become the link when ours gave way.
const GAVE_WAY: Duration = Duration::from_secs(2);

/// Addresses for which the turn of the secrets is remembered.
const MOST_TURNS: usize = 4096;

/// An outcome of dialling: with whom there is a link now.
pub(crate) type Dialled = Result<NodeId, Unlinked>;

/// Whose turn it is of several secrets, by address.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<Address, usize>>);

impl Turns {
    fn of(&self, address: &Address) -> usize {
        self.lock().get(address).copied().unwrap_or_default()
    }

    /// [auth.secret.initiator]
    fn next(&self, address: &Address) {
        let mut turns = self.lock();
        if turns.len() < MOST_TURNS || turns.contains_key(address) {
            *turns.entry(address.clone()).or_default() += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Address, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks up, dials and greets one address, in order to reach one node or whoever is there.
pub(crate) async fn address(node: &Node, address: &Address, wanted: Option<&NodeId>) -> Dialled {
    let limit = node.config().limits.connect;
    let unlinked = |reason, text| Unlinked {
        failure: Failure::new(reason, text),
        peer: None,
    };
    let (tcp, at) = match timeout(limit, connect_tcp(address)).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => {
            let text = format!("{address}: {error}");
            return Err(unlinked(Reason::ConnectUnreachable, text));
        }
        Err(_) => {
            let text = format!("{address}: nothing in {limit:?}");
            return Err(unlinked(Reason::ConnectTimeout, text));
        }
    };
    handshake::prepare(&tcp);
    let turns = &node.inner().turns;
    let turn = turns.of(address);
    match handshake::run(node, tcp, at, Side::Dialled { wanted, turn }).await {
        Ok(linked) => {
            let id = linked.peer.id.clone();
            linked.peer.learn(address.clone());
            node.inner().counters.links.add();
            tokio::spawn(link::drive(node.clone(), linked));
            Ok(id)
        }
        Err(unlinked) => {
            node.inner().counters.handshakes_failed.add();
            let refused = matches!(
                unlinked.failure.reason(),
                Reason::AuthProof | Reason::AuthClosed
            );
            if refused && node.config().secrets.len() > 1 {
                turns.next(address);
            }
            Err(unlinked)
        }
    }
}

async fn connect_tcp(address: &Address) -> io::Result<(TcpStream, SocketAddr)> {
    let mut last = None;
    for at in address.resolve().await? {
        match TcpStream::connect(at).await {
            Ok(tcp) => return Ok((tcp, at)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

/// Connects a peer that somebody wants to reach, in a task of its own.
pub(crate) fn connect(node: &Node, peer: &Arc<Peer>, attempt: u64) {
    let runtime = node.inner().runtime.clone();
    let (node, peer) = (node.clone(), peer.clone());
    let task = async move {
        let until = Instant::now() + node.config().limits.connect;
        let fail = |failure: &Failure| {
            log!(&node, info, peer = peer.id; "cannot connect: {failure}");
            peer.give_up(&node, attempt, &Cause::of_failure(&peer.id, failure));
        };
        let mut reached = pin!(reach(&node, &peer, attempt, until));
        tokio::select! {
            outcome = &mut reached => if let Err(failure) = outcome {
                fail(&failure);
            },
            // [link.queue.failed]
            () = tokio::time::sleep_until(until) => {
                if peer.attempts(attempt) {
                    let failure = Failure::from(Reason::ConnectTimeout);
                    fail(&failure);
                    node.inner().links.give_up(&peer.id, &failure);
                }
                // What it still does ends by that, or in its own time.
                drop(reached.await);
            }
        }
    };
    drop(runtime.spawn(task));
}

async fn reach(node: &Node, peer: &Peer, attempt: u64, until: Instant) -> Result<(), Failure> {
    let wait = peer.next_dial();
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    if node.inner().settings.is_none() {
        return Err(Reason::ConnectNoAddress.into());
    }
    let mut addresses = peer.addresses();
    if addresses.is_empty() {
        // A seed that is being dialled may be the node.
        let mut settled = node.inner().seeding.subscribe();
        let settle = settled.wait_for(|unsettled| *unsettled == 0);
        // Either way it is looked at what there is now.
        let _ = tokio::time::timeout_at(until, settle).await;
        addresses = peer.addresses();
    }
    let mut failure = Failure::from(Reason::ConnectNoAddress);
    for at in addresses {
        if !peer.attempts(attempt) {
            return Ok(());
        }
        match address(node, &at, Some(&peer.id)).await {
            Ok(_) => return Ok(()),
            Err(unlinked) => {
                let gave_way = matches!(
                    unlinked.failure.reason(),
                    Reason::LinkDuplicate | Reason::AuthClosed
                );
                // [link.queue.duplicate-closed]
                if gave_way && timeout(GAVE_WAY, peer.linked()).await.is_ok() {
                    return Ok(());
                }
                failure = unlinked.failure;
            }
        }
    }
    // [link.queue.failed], [link.queue.duplicate-closed]: the link may come from its side.
    let _ = tokio::time::timeout_at(until, node.inner().links.settled(&peer.id)).await;
    if peer.link().is_some() {
        Ok(())
    } else {
        Err(failure)
    }
}
