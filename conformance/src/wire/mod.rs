//! The kit's own wire code.
//!
//! A verdict of the kit must not rest on the implementation that it judges, so nothing here uses
//! `aemp-proto`: values, framings, greetings and proofs are written a second time, plainly and for
//! short inputs, and held against recordings of the original implementation.

pub mod auth;
pub mod cbor;
pub mod framing;
pub mod greeting;
pub mod hash;
pub mod json;
pub mod md6;
pub mod storable;
pub mod value;
pub mod wrong;

pub use auth::{AuthLine, Method, Suite};
pub use framing::Framing;
pub use greeting::Greeting;
pub use value::Value;

/// Nesting that the kit's own decoders follow before they refuse; deeper than any limit it tests.
pub const DEPTH: usize = 2048;

/// Why octets could not be read as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The octets end inside the value.
    Incomplete,
    /// The octets are not of this framing; the text says where and why.
    Malformed(String),
}

impl Unreadable {
    pub(crate) fn at(position: usize, what: &str) -> Self {
        Self::Malformed(format!("{what} at octet {position}"))
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Incomplete => f.write_str("the value is cut short"),
            Self::Malformed(why) => f.write_str(why),
        }
    }
}

/// Lower case hex of octets.
pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The octets that hex (of either case, white space between octets ignored) stands for.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    digits
        .chunks_exact(2)
        .map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?))
        .collect()
}

/// From how many equal octets on they are counted, not shown.
const RUN: usize = 40;

/// Octets as a person reads them: printable ASCII as it is, the rest escaped, cut after `most`.
pub fn shown(octets: &[u8], most: usize) -> String {
    let mut text = String::new();
    let (mut rest, mut room) = (octets, most);
    while let Some((&octet, _)) = rest.split_first().filter(|_| room > 0) {
        let end = rest.iter().position(|&other| other != octet);
        let run = end.unwrap_or(rest.len());
        let (repeated, used) = if run >= RUN { (true, run) } else { (false, 1) };
        match octet {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7e => text.push(char::from(octet)),
            _ => text.push_str(&format!("\\x{octet:02x}")),
        }
        if repeated {
            text.push_str(&format!("(and {} more of it)", run - 1));
        }
        (rest, room) = (&rest[used..], room - 1);
    }
    if !rest.is_empty() {
        text.push_str(&format!("... ({} octets in all)", octets.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_both_ways() {
        assert_eq!(from_hex("00 fF10").unwrap(), [0, 255, 16]);
        assert_eq!(to_hex(&[0, 255, 16]), "00ff10");
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("zz"), None);
    }

    #[test]
    fn octets_are_shown_printable_and_cut() {
        assert_eq!(shown(b"a\n\xff\\", 10), "a\\n\\xff\\\\");
        assert_eq!(shown(b"abcdef", 3), "abc... (6 octets in all)");
        let long = [b"[".as_slice(), &[b'x'; 5000], b"]"].concat();
        assert_eq!(shown(&long, 10), "[x(and 4999 more of it)]");
    }
}
