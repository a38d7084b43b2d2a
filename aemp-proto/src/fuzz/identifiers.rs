//! Identifiers: what is accepted is kept as it is, and nothing forbidden is accepted.

use crate::{NodeId, PortId, PortName};

/// Reads the input as a node ID, a port name and a port ID.
///
/// # Panics
///
/// If an identifier that was accepted is not what was read, or should not have been accepted.
pub fn identifiers(data: &[u8]) {
    if let Ok(node) = NodeId::from_octets(data) {
        assert!(!node.as_str().is_empty());
        let forbidden = |c: char| matches!(c, ';' | '#' | '\0'..='\x1F' | '\x7F'..='\u{9F}');
        assert!(!node.as_str().contains(forbidden));
        assert_eq!(NodeId::new(node.as_str()), Ok(node));
    }
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    match PortId::parse(text) {
        Ok(id) => {
            assert!(text.starts_with(id.node().as_str()));
            assert!(text.ends_with(id.port().as_str()));
            assert_eq!(PortId::parse(&std::format!("{id}")).as_ref(), Ok(&id));
            let (node, port) = id.clone().into_parts();
            assert_eq!(PortId::new(node, PortName::new(port.as_str())), id);
        }
        Err(error) => {
            let node = text.split('#').next().unwrap_or_default();
            assert_eq!(
                NodeId::new(node),
                Err(error),
                "a port ID fails only for its node ID"
            );
        }
    }
}
