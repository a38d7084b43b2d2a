//! The service `echo`: sends back what it gets.

use aemp_proto::{PortId, value::Value};

use crate::{Context, HandlerError, Message, node::Node};

/// Opens an echo port.
///
/// Where the last element of a message is a port ID, that is where the rest goes, as calls have it;
/// otherwise the first is. A message with neither is dropped.
pub(crate) fn open(node: &Node, name: &str) -> PortId {
    let handler = |context: &Context, message: Message| echo(context, &message);
    node.port_named(name).handle(handler).open()
}

/// What echo ports do.
pub(crate) fn echo(context: &Context, message: &Message) -> Result<(), HandlerError> {
    let mut values = message.values();
    let port = if let Some(port) = values.last().and_then(port_id) {
        values.pop();
        port
    } else if let Some(port) = values.first().and_then(port_id) {
        values.remove(0);
        port
    } else {
        return Ok(());
    };
    context.snd(&port, &values)?;
    Ok(())
}

/// A text with a node ID and a port name.
pub(crate) fn port_id(value: &Value) -> Option<PortId> {
    let text = value.as_text()?;
    text.contains('#').then(|| PortId::parse(&text).ok())?
}
