//! The network side of a node: connections, handshakes, links, and the peers at their other ends.

pub(crate) mod dial;
pub(crate) mod handshake;
pub(crate) mod link;
pub(crate) mod links;
pub(crate) mod listen;
mod outbox;
pub(crate) mod peer;
pub(crate) mod peers;
pub(crate) mod seeds;
mod stream;
pub(crate) mod tls;
