//! The two lines of the greeting.

use super::Value;
use super::value::octets_as_text;

/// A line as it counts for proofs: without LF and without one CR before it.
pub type Line = Vec<u8>;

/// The fields of a greeting as they stand, unescaped and untrimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The protocol word.
    pub word: String,
    /// The version as it stands.
    pub version: String,
    /// The node ID.
    pub node: String,
    /// Names of the methods that the sender accepts, best first.
    pub auths: Vec<String>,
    /// Names of the framings that the sender reads, best first.
    pub framings: Vec<String>,
    /// The further fields in order; a field without `=` has no value.
    pub keys: Vec<(String, Option<String>)>,
    /// The second line.
    pub nonce: String,
}

impl Greeting {
    /// Reads both lines, given without their ends.
    pub fn read(first: &[u8], second: &[u8]) -> Result<Self, String> {
        let (text, nonce) = (octets_as_text(first), octets_as_text(second));
        let fields: Vec<&str> = text.split(';').collect();
        let [word, version, node, auths, framings, keys @ ..] = fields.as_slice() else {
            return Err(format!("fewer than five fields in {text:?}"));
        };
        let list = |field: &str| match field {
            "" => Vec::new(),
            field => field.split(',').map(str::to_owned).collect(),
        };
        let key = |field: &&str| match field.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
            None => ((*field).to_owned(), None),
        };
        Ok(Self {
            word: (*word).to_owned(),
            version: (*version).to_owned(),
            node: (*node).to_owned(),
            auths: list(auths),
            framings: list(framings),
            keys: keys.iter().map(key).collect(),
            nonce,
        })
    }

    /// The first line without its end.
    pub fn first_line(&self) -> String {
        let mut line = format!(
            "{};{};{};{};{}",
            self.word,
            self.version,
            self.node,
            self.auths.join(","),
            self.framings.join(",")
        );
        for (key, value) in &self.keys {
            line.push(';');
            line.push_str(key);
            if let Some(value) = value {
                line.push('=');
                line.push_str(value);
            }
        }
        line
    }

    /// The value of a key; the last one counts.
    pub fn key(&self, name: &str) -> Option<&str> {
        let (_, value) = self.keys.iter().rev().find(|(key, _)| key == name)?;
        value.as_deref()
    }

    /// Whether it says that TLS 1 may be used (`tls=1`, `tls=1.0`, `tls=1.5`).
    pub fn offers_tls(&self) -> bool {
        self.key("tls")
            .is_some_and(|version| version.split('.').next() == Some("1"))
    }

    /// The request by which a peer kills a port of the node that greets so: `kil1` where `mproto`
    /// begins with a number of 1 or more.
    pub fn kill_request(&self) -> &'static str {
        let version = self.key("mproto").unwrap_or_default();
        let version = version.trim_start_matches(' ');
        let version = version.strip_prefix('+').unwrap_or(version);
        match version.trim_start_matches('0').bytes().next() {
            Some(b'1'..=b'9') => "kil1",
            _ => "kil",
        }
    }

    /// The fields as a map, for patterns.
    pub fn as_value(&self) -> Value {
        let list = |names: &[String]| Value::Array(names.iter().map(Value::text).collect());
        let keys = self
            .keys
            .iter()
            .map(|(key, value)| (key.clone(), value.as_ref().map_or(Value::Null, Value::text)));
        let twice: Vec<String> = (1..self.keys.len())
            .filter(|&at| self.keys[..at].iter().any(|key| key.0 == self.keys[at].0))
            .map(|at| self.keys[at].0.clone())
            .collect();
        Value::Map(
            [
                ("word", Value::text(&self.word)),
                ("version", Value::text(&self.version)),
                ("node", Value::text(&self.node)),
                ("auths", list(&self.auths)),
                ("framings", list(&self.framings)),
                ("keys", Value::Map(keys.collect())),
                ("nonce", Value::text(&self.nonce)),
                ("twice", list(&twice)),
            ]
            .map(|(key, value)| (key.to_owned(), value))
            .into(),
        )
    }
}

/// The first line in octets that have arrived and how many octets it takes with its end.
pub fn line(octets: &[u8]) -> Option<(&[u8], usize)> {
    let end = octets.iter().position(|&octet| octet == b'\n')?;
    let line = &octets[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_goes_both_ways() {
        let first = "aemp;1;beta;tls_md6_64_256,hmac_md6_64_256;json,storable;tls=1.0;x;=;a=b=c";
        let greeting = Greeting::read(first.as_bytes(), b"nonce").unwrap();
        assert_eq!(greeting.first_line(), first);
        assert_eq!(greeting.key("a"), Some("b=c"));
        assert_eq!(greeting.key("x"), None);
        assert!(greeting.offers_tls());
        assert_eq!(greeting.kill_request(), "kil");
        for (version, expected) in [
            ("1", "kil1"),
            (" +02x", "kil1"),
            ("0", "kil"),
            ("x1", "kil"),
        ] {
            let line = format!("aemp;1;beta;cleartext;json;mproto={version}");
            let greeting = Greeting::read(line.as_bytes(), b"nonce").unwrap();
            assert_eq!(greeting.kill_request(), expected, "{version}");
        }
        assert!(Greeting::read(b"aemp;1;beta;json", b"").is_err());
    }

    #[test]
    fn one_cr_belongs_to_the_line_end() {
        assert_eq!(line(b"a\r\r\nb"), Some((&b"a\r"[..], 4)));
        assert_eq!(line(b"a\rb"), None);
    }
}
