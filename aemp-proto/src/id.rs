//! Node IDs, port names and port IDs.
//!
//! A port ID is a node ID, a `#` and a port name; the node ID alone names the node port, whose port
//! name is empty. None of the three is ever escaped.

use alloc::{string::String, sync::Arc};
use core::{borrow::Borrow, fmt, ops::Deref, str::FromStr};

/// The name of a node: text, never empty, without `;`, `#` and control characters.
///
/// ```text
/// node-id       = 1*node-char
/// node-char     = %x20-22 / %x24-3A / %x3C-7E / %xA0-10FFFF   ; no control, "#" or ";"
/// ```
///
/// Cheap to clone. Ordered by octets, as the rule for crossing connections wants it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// Checks `text` and makes a node ID of it.
    ///
    /// # Errors
    ///
    /// [`IdError`] where the text is empty or holds `;`, `#` or a control character.
    pub fn new(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        match text
            .chars()
            .find(|&c| c == ';' || c == '#' || c.is_control())
        {
            Some(c) => Err(IdError::Forbidden(c)),
            None => Ok(Self(text.into())),
        }
    }

    /// Makes a node ID of octets from a greeting: valid UTF-8 is taken as that text, anything else
    /// as Latin-1.
    ///
    /// # Errors
    ///
    /// As [`NodeId::new`].
    pub fn from_octets(octets: &[u8]) -> Result<Self, IdError> {
        Self::new(&text_of(octets))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the ID has only characters that a new ID should have: `[A-Za-z0-9_\-.:/]`.
    pub fn is_portable(&self) -> bool {
        self.0
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b))
    }
}

/// The name of a port within its node; the empty name is the node port.
///
/// Any text is a port name. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortName(Arc<str>);

impl PortName {
    /// Makes a port name.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The name of the node port.
    pub fn node_port() -> Self {
        Self::new("")
    }

    /// Whether this is the node port.
    pub fn is_node_port(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A port of a node.
///
/// ```text
/// port-id       = node-id [ "#" port-name ]     ; without a name: the node port
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId {
    node: NodeId,
    port: PortName,
}

impl PortId {
    /// Puts a port ID together.
    pub fn new(node: NodeId, port: PortName) -> Self {
        Self { node, port }
    }

    /// Reads `NODE#PORT` or `NODE`; the first `#` separates.
    ///
    /// # Errors
    ///
    /// [`IdError`] where the node ID is none.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (node, port) = split_port_id(text);
        Ok(Self {
            node: NodeId::new(node)?,
            port: PortName::new(port),
        })
    }

    /// The node.
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// The port's name within the node.
    pub fn port(&self) -> &PortName {
        &self.port
    }

    /// Takes the port ID apart.
    pub fn into_parts(self) -> (NodeId, PortName) {
        (self.node, self.port)
    }
}

/// Splits the text of a port ID at its first `#` without checking anything.
pub fn split_port_id(text: &str) -> (&str, &str) {
    text.split_once('#').unwrap_or((text, ""))
}

/// Why a text is no node ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    Empty,
    /// It has this character, which no node ID has.
    Forbidden(char),
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a node ID is empty; give it at least one character"),
            Self::Forbidden(c) => write!(
                f,
                "a node ID holds {c:?}; leave out ';', '#' and control characters (best use only \
                 letters, digits and _ - . : /)"
            ),
        }
    }
}

impl core::error::Error for IdError {}

/// The text that octets stand for: UTF-8 where they are valid, Latin-1 otherwise.
pub(crate) fn text_of(octets: &[u8]) -> alloc::borrow::Cow<'_, str> {
    match core::str::from_utf8(octets) {
        Ok(text) => text.into(),
        Err(_) => octets
            .iter()
            .map(|&b| char::from(b))
            .collect::<String>()
            .into(),
    }
}

macro_rules! text_newtype {
    ($($name:ident),*) => {$(
        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    )*};
}
text_newtype!(NodeId, PortName);

impl FromStr for NodeId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl TryFrom<&str> for NodeId {
    type Error = IdError;
    fn try_from(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl From<&str> for PortName {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl FromStr for PortId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for PortId {
    type Error = IdError;
    fn try_from(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl From<NodeId> for PortId {
    fn from(node: NodeId) -> Self {
        Self {
            node,
            port: PortName::node_port(),
        }
    }
}

impl fmt::Display for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.port.is_node_port() {
            f.write_str(&self.node)
        } else {
            write!(f, "{}#{}", self.node, self.port)
        }
    }
}

impl fmt::Debug for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn what_the_originals_accept_is_accepted() {
        for id in [
            "a",
            "anon/4SX2ah5DnQx0XH6kw",
            "with space",
            "%3b",
            "é",
            "x/vK9lyeEddM",
        ] {
            assert_eq!(NodeId::new(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn what_breaks_a_greeting_or_a_port_id_is_refused() {
        assert_eq!(NodeId::new(""), Err(IdError::Empty));
        for (id, c) in [
            ("a;b", ';'),
            ("a#b", '#'),
            ("a\0", '\0'),
            ("\u{85}", '\u{85}'),
        ] {
            assert_eq!(NodeId::new(id), Err(IdError::Forbidden(c)));
        }
    }

    #[test]
    fn octets_that_are_no_utf8_are_latin1() {
        assert_eq!(NodeId::from_octets(b"caf\xe9").unwrap().as_str(), "café");
        assert_eq!(
            NodeId::from_octets("café".as_bytes()).unwrap().as_str(),
            "café"
        );
    }

    #[test]
    fn the_first_hash_separates() {
        let id = PortId::parse("a#b#c").unwrap();
        assert_eq!((id.node().as_str(), id.port().as_str()), ("a", "b#c"));
        for node_port in ["a", "a#"] {
            assert!(PortId::parse(node_port).unwrap().port().is_node_port());
        }
        assert_eq!(PortId::parse("#x"), Err(IdError::Empty));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256 * crate::fuzz::repeat()))]

        #[test]
        fn a_port_id_survives_its_text(node in "[^;#\\pC]{1,20}", port in ".{0,20}") {
            let id = PortId::new(NodeId::new(&node).unwrap(), PortName::new(&port));
            prop_assert_eq!(PortId::parse(&id.to_string()).unwrap(), id);
        }
    }
}
