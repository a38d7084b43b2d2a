//! The nodes that a node knows.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use aemp_proto::NodeId;

use super::peer::Peer;

#[derive(Default)]
pub(crate) struct Peers(RwLock<HashMap<NodeId, Arc<Peer>>>);

impl Peers {
    /// The peer of this ID, a new one if need be.
    pub(crate) fn get(&self, id: &NodeId) -> Arc<Peer> {
        if let Some(peer) = self.known(id) {
            return peer;
        }
        let mut peers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let peer = peers
            .entry(id.clone())
            .or_insert_with(|| Arc::new(Peer::new(id.clone())));
        peer.clone()
    }

    /// The peer of this ID if there is one.
    pub(crate) fn known(&self, id: &NodeId) -> Option<Arc<Peer>> {
        let peers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        peers.get(id).cloned()
    }

    /// All peers, connected or not.
    pub(crate) fn all(&self) -> Vec<Arc<Peer>> {
        let peers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        peers.values().cloned().collect()
    }

    /// Forgets a peer that nobody needs any more.
    pub(crate) fn tidy(&self, peer: &Peer) {
        let mut peers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let listed = peers
            .get(&peer.id)
            .is_some_and(|listed| std::ptr::eq(&**listed, peer));
        if listed && peer.bury() {
            peers.remove(&peer.id);
        }
    }
}
