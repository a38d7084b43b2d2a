//! The service `log-catcher`: asks every linked node for its log messages and logs them here.

use aemp_proto::{NodeId, PortId, value::Value};

use crate::{Context, Message, node::Node};

/// The request, and the version of it that is spoken.
const CONNECT: &str = "AnyEvent::MP::LogCatcher::connect";
const VERSION: u64 = 0;

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
            match line(&message.values()) {
                Some((level, text)) => tracing::info!(from = %source, level, "{text}"),
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

/// Level and text of both forms: `[LEVEL, TEXT]` and `[TIMESTAMP, CONTEXT, LEVEL, TEXT]`.
fn line(values: &[Value]) -> Option<(u64, String)> {
    let ([level, text] | [_, _, level, text]) = values else {
        return None;
    };
    let level = match level.as_text() {
        Some(level) => level.parse().ok()?,
        None => level.as_integer()?.as_u64()?,
    };
    let text = text.as_text()?;
    // [log.message.newline]
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Some((level, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let new = [Value::Null, "x".into(), 5.into(), "text\n".into()];
        for values in [&["5".into(), "text\n".into()][..], &new] {
            assert_eq!(line(values), Some((5, "text".into())));
        }
        assert_eq!(line(&[5.into()]), None);
        assert_eq!(line(&["x".into(), "text".into()]), None);
    }
}
