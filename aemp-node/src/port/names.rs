//! Names for ports that have no well-known one: a random prefix and a counter, never used twice.
//!
//! The prefix holds more than 64 random bits, so nobody guesses the name of a call's reply port. It is drawn anew for every node that starts, so a name survives no restart; spawned
//! ports have a prefix of their own, as their names are chosen by another node than theirs.

use std::sync::atomic::{AtomicU64, Ordering};

use aemp_proto::PortName;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The two name spaces of a node.
pub(crate) struct Names {
    port: Box<str>,
    spawned: Box<str>,
    count: AtomicU64,
}

impl Names {
    /// Draws both prefixes from the operating system.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            port: format!("{}.", random_text(11)?).into(),
            spawned: format!("{}.", random_text(11)?).into(),
            count: AtomicU64::new(0),
        })
    }

    /// A name for a port of this node.
    pub(crate) fn port(&self) -> PortName {
        self.next(&self.port)
    }

    /// A name for a port that this node has spawned, here or elsewhere.
    pub(crate) fn spawned(&self) -> PortName {
        self.next(&self.spawned)
    }

    fn next(&self, prefix: &str) -> PortName {
        let mut count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut buffer = [0; 32];
        let mut start = buffer.len();
        loop {
            start -= 1;
            buffer[start] = ALPHABET[(count % 62) as usize];
            count /= 62;
            if count == 0 {
                break;
            }
        }
        start -= prefix.len();
        buffer[start..start + prefix.len()].copy_from_slice(prefix.as_bytes());
        PortName::new(core::str::from_utf8(&buffer[start..]).unwrap_or_default())
    }
}

/// `length` random letters and digits.
pub(crate) fn random_text(length: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(length);
    let mut octets = [0; 32];
    while text.len() < length {
        getrandom::fill(&mut octets)?;
        // Octets past the last whole multiple of 62 would favour the first letters.
        let letters = octets.iter().filter(|&&octet| octet < 248);
        for &octet in letters.take(length - text.len()) {
            text.push(char::from(ALPHABET[usize::from(octet % 62)]));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_differ_between_kinds_counts_and_nodes() {
        let (a, b) = (Names::new().unwrap(), Names::new().unwrap());
        let mut seen = HashSet::new();
        for _ in 0..1000 {
            for name in [a.port(), a.spawned(), b.port(), b.spawned()] {
                assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'));
                assert!(seen.insert(name));
            }
        }
    }
}
