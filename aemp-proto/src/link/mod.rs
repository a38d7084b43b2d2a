//! The life of links: which of several connections to one peer survives, and whether a peer still
//! lives.

mod arbiter;
mod heartbeat;

pub use arbiter::{Action, Arbiter, ConnectionId, Verdict};
pub use heartbeat::{Beat, Heartbeat, HeartbeatSettings};
