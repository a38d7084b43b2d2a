//! What a node bears, and for how long it waits.

use std::time::Duration;

/// Bounds of everything that others can make grow, and times to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of one message, in and out; 16 MiB.
    pub message: usize,
    /// Levels that a message is nested, its outermost array counted; 512.
    pub depth: usize,
    /// Octets that wait to be written to one link; 64 MiB. Beyond it the link is given up.
    pub link_queue: usize,
    /// Octets that wait for a node while it is being dialled; 8 MiB.
    pub connect_queue: usize,
    /// Octets that wait for one port with handlers; 256 MiB. Beyond it the port is killed.
    pub port_queue: usize,
    /// Octets that wait for the receiver of one mailbox; 16 MiB. Beyond it the port is killed.
    pub mailbox: usize,
    /// Ports of ours that one peer monitors; 1 000 000. Beyond it the link is given up.
    pub registrations: usize,
    /// Messages that are read from a link before others get their turn; 256.
    pub turn_messages: usize,
    /// Octets that are read from a link before others get their turn; 256 KiB.
    pub turn_octets: usize,
    /// Unfinished handshakes that one address has begun; 64.
    pub handshakes: usize,
    /// Unfinished handshakes that others have begun, in all; 1024.
    pub handshakes_all: usize,
    /// From the accepted or made connection to the last proof; 30 s.
    pub handshake: Duration,
    /// Looking up and dialling one address; 10 s.
    pub connect: Duration,
    /// For a link's last messages when the node stops; 5 s.
    pub flush: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 16 << 20,
            depth: 512,
            link_queue: 64 << 20,
            connect_queue: 8 << 20,
            port_queue: 256 << 20,
            mailbox: 16 << 20,
            registrations: 1_000_000,
            turn_messages: 256,
            turn_octets: 256 << 10,
            handshakes: 64,
            handshakes_all: 1024,
            handshake: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            flush: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// The part that framings know.
    pub(crate) fn framing(&self) -> aemp_proto::framing::Limits {
        aemp_proto::framing::Limits {
            message: self.message,
            depth: self.depth,
        }
    }
}
