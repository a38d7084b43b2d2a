//! Seeds: addresses that a node keeps a link with.

use std::time::Duration;

use aemp_proto::{Fault, NodeId, Reason};

use super::dial;
use crate::{config::Address, log::log, node::Node};

/// The first wait after a failure, which is doubled up to the second.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Keeps a link with whoever is at that address, until the node stops.
pub(crate) async fn keep(node: Node, seed: Address) {
    let mut stopping = node.inner().stopping.subscribe();
    tokio::select! {
        () = dial_again(&node, &seed) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

async fn dial_again(node: &Node, seed: &Address) {
    let mut wait = BACK_OFF.0;
    let mut settled = false;
    let mut last = None;
    let mut known = None;
    loop {
        let outcome = dial::address(node, seed, None).await;
        let greeted = match &outcome {
            Ok(peer) => Some(peer),
            Err(unlinked) => unlinked.peer.as_ref(),
        };
        if let Some(peer) = greeted {
            learn(node, seed, peer, &mut known);
        }
        node.seed_outcome(
            seed,
            outcome.as_ref().err().map(|unlinked| &unlinked.failure),
        );
        if !std::mem::replace(&mut settled, true) {
            node.inner()
                .seeding
                .send_modify(|unsettled| *unsettled -= 1);
        }
        match outcome {
            Ok(peer) => {
                log!(node, info, seed = seed, peer = peer; "the seed is connected");
                wait = BACK_OFF.0;
                last = None;
                until_lost(node, &peer).await;
            }
            Err(unlinked) => {
                let failure = unlinked.failure;
                // [conf.fail.retry-never]: that will not change.
                if failure.reason() == Reason::GreetingOwnNodeId {
                    // [config.seeds.self]
                    log!(node, info, seed = seed; "the seed is this node itself");
                    return;
                }
                if failure.reason() == Reason::GreetingNoCredentials {
                    log!(node, error, seed = seed; "the seed is given up: {failure}");
                    return;
                }
                if failure.reason() == Reason::LinkDuplicate
                    && let Some(peer) = unlinked.peer
                {
                    // Another connection of the two nodes is or becomes the link.
                    wait_for_link(node, &peer).await;
                    until_lost(node, &peer).await;
                    continue;
                }
                // Said aloud once, and again when it changes.
                let again = last.replace(failure.reason()) == Some(failure.reason());
                if again || failure.fault() == Fault::None {
                    log!(node, debug, seed = seed; "cannot connect: {failure}");
                } else {
                    log!(
                        node, warn, seed = seed;
                        "cannot connect to the seed: {failure}; trying again"
                    );
                }
            }
        }
        // After the loss of a link that is soon enough too: [config.seeds.now].
        tokio::time::sleep(jittered(wait)).await;
        wait = (wait * 2).min(BACK_OFF.1);
    }
}

/// Remembers who has greeted at a seed, also if nothing came of it, and forgets who did before.
fn learn(node: &Node, seed: &Address, peer: &NodeId, known: &mut Option<NodeId>) {
    let peers = &node.inner().peers;
    if let Some(before) = known.replace(peer.clone()).filter(|before| before != peer)
        && let Some(before) = peers.known(&before)
    {
        before.forget(seed);
        peers.tidy(&before);
    }
    peers.get(peer).learn(seed.clone());
}

async fn wait_for_link(node: &Node, peer: &NodeId) {
    let peer = node.inner().peers.get(peer);
    // After that the seed is dialled anew.
    let _ = tokio::time::timeout(Duration::from_secs(2), peer.linked()).await;
}

/// Returns when there is no link with the node.
async fn until_lost(node: &Node, peer: &NodeId) {
    node.inner().peers.get(peer).unlinked().await;
}

/// Up to a fifth more than a time, so that nodes that failed together do not come back together.
fn jittered(time: Duration) -> Duration {
    let mut random = [0; 1];
    // Without randomness there is no jitter, which harms nobody.
    let _ = getrandom::fill(&mut random);
    // [config.seeds.back-off]: not less than the time, and 30 s at most.
    (time + time * u32::from(random[0]) / 1280).min(BACK_OFF.1)
}
