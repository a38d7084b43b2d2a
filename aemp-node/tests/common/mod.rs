//! What the tests of the node share: nodes on free ports, and limits for waiting.

#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod raw;

use std::{future::Future, time::Duration};

use aemp_node::{Context, Mailbox, Message, Node, NodeBuilder, PortId};

/// The most that anything here may take; far more than it needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const SECRET: &str = "geheim";

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it takes too long")
}

/// A node that listens on a free port of the loopback.
pub(crate) async fn listener(id: &str) -> Node {
    listening(Node::builder().node_id(id)).await
}

pub(crate) async fn listening(builder: NodeBuilder) -> Node {
    builder
        .secret(SECRET)
        .bind("127.0.0.1:0")
        .start()
        .await
        .unwrap()
}

/// A private node with a link to `seed`.
pub(crate) async fn joined(id: &str, seed: &Node) -> Node {
    let node = joining(Node::builder().node_id(id), seed).await;
    soon(node.linked(seed.id())).await;
    node
}

/// A private node that dials `seed`.
pub(crate) async fn joining(builder: NodeBuilder, seed: &Node) -> Node {
    builder
        .secret(SECRET)
        .seed(&seed.listening()[0].to_string())
        .start()
        .await
        .unwrap()
}

/// The next message of a mailbox.
pub(crate) async fn next(mailbox: &mut Mailbox) -> Message {
    soon(mailbox.recv()).await.expect("the mailbox has died")
}

/// A port that sends what it gets, its last element left out, to that last element.
pub(crate) fn echo(node: &Node, name: &str) -> PortId {
    aemp_node::service::start(node, "echo", &[]).unwrap();
    assert_eq!(name, "echo");
    node.port_id(name)
}

/// Monitors a port and gives what will hold the cause.
pub(crate) fn watch(
    node: &Node,
    port: &PortId,
) -> tokio::sync::oneshot::Receiver<aemp_node::Cause> {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.monitor(port, move |_: &Node, cause| {
        let _ = tell.send(cause);
    });
    told
}

/// A handler that does nothing.
pub(crate) fn ignore(_: &Context, _: Message) {}
