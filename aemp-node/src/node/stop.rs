//! Stopping a node.

use std::time::Duration;

use aemp_proto::Reason;

use super::Node;

impl Node {
    /// Stops the node: it accepts no more, writes what its links have queued for as long as
    /// `deadline` allows, closes them, and ends. Peers see the connections close.
    pub async fn shutdown(&self, deadline: Duration) {
        let inner = self.inner();
        // [link.stop.accept], [link.stop.handshakes]
        inner.stopping.send_replace(true);
        let links = inner.links.stop();
        for (id, peer) in &links {
            peer.close(id.0, Reason::LinkStopped.into());
        }
        let flushed = async {
            for (_, peer) in &links {
                peer.unlinked().await;
            }
        };
        if tokio::time::timeout(deadline, flushed).await.is_err() {
            for (id, peer) in &links {
                peer.abort(id.0);
            }
        }
        inner.links.drained().await;
        inner.sched.stop();
    }
}
