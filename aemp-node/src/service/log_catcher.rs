//! The service `log-catcher`: asks every linked node for its log messages and logs them here.

use aemp_proto::{
    NodeId, PortId,
    log::{CONNECT, VERSION, read},
};

use crate::{Context, Message, log::Printable, node::Node};

/// Asks all nodes that are or will be linked.
pub(crate) fn open(node: &Node, level: u64) {
    node.watch_nodes(move |node: &Node, id: &NodeId, up| {
        if up {
            ask(node, id, level);
        }
    });
}

/// Makes a port for the messages of one node and asks for them. The port goes with the link.
fn ask(node: &Node, id: &NodeId, level: u64) {
    let source = id.clone();
    let port = node
        .port()
        .handle(move |context: &Context, message: Message| {
            match read(&message.values()) {
                // Not as a message of this node: what it logs may be sent back.
                Some((level, text)) => {
                    tracing::info!(from = %source, level = %level, "{}", Printable(&text));
                }
                // [log.message.wrong]
                None => context.node().inner().counters.unhandled.add(),
            }
        })
        .open();
    let request = (CONNECT, VERSION, port.to_string(), level);
    if let Err(error) = node.snd(&PortId::from(id.clone()), &request) {
        tracing::debug!("a node was not asked for its log: {error}");
    }
    node.monitor(&PortId::from(id.clone()), move |node: &Node, _| {
        node.kil(&port, Vec::new());
    });
}
