//! The greeting: the first line that each side sends, and the nonce that follows it.
//!
//! ```text
//! greeting      = protocol ";" version ";" node-id ";" methods ";" framings *( ";" key-value ) LF
//! ```
//!
//! Reading never loses octets: the [handshake](crate::handshake) keeps both lines as they came,
//! because the proofs are made over them. This module only says what a line means.

mod grammar;
mod keys;

use alloc::{string::String, vec::Vec};

use crate::{
    auth::Method,
    failure::{Failure, Reason, shown},
    framing::Framing,
    id::NodeId,
};

pub(crate) use grammar::fields;
pub use keys::{KeyError, Keys};

/// The protocol word of ordinary links.
pub const PROTOCOL: &str = "aemp";

/// The protocol version that this crate speaks.
pub const VERSION: u32 = 1;

/// The longest content of a line of the handshake in octets, its terminator not counted.
pub const LINE_LIMIT: usize = 4096;

/// A first greeting line, read or to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Who greets.
    pub node: NodeId,
    /// The authentication methods that it accepts, best first; names that this crate does not know
    /// are left out.
    pub methods: Vec<Method>,
    /// The framings that it accepts, best first; names that this crate does not know are left out.
    pub framings: Vec<Framing>,
    /// The keys behind the five fixed fields.
    pub keys: Keys,
}

impl Greeting {
    /// Reads a line without its terminator.
    ///
    /// Checked in this order: protocol word, version, number of fields, node ID
    /// (`[greeting.check.order]`). White space is not trimmed, nothing is unescaped.
    ///
    /// # Errors
    ///
    /// `greeting.protocol`, `greeting.version`, `greeting.fields` or `greeting.node-id`.
    pub fn parse(line: &[u8]) -> Result<Self, Failure> {
        let fields = grammar::fields(line);
        let mut fixed = fields.iter().copied();
        let word = fixed.next().unwrap_or_default();
        if word != PROTOCOL.as_bytes() {
            return Err(Failure::new(
                Reason::GreetingProtocol,
                alloc::format!("it begins {}", shown(word)),
            ));
        }
        let version = fixed.next().unwrap_or_default();
        if grammar::numeric_prefix(version) != f64::from(VERSION) {
            return Err(Failure::new(
                Reason::GreetingVersion,
                alloc::format!("it says {}", shown(version)),
            ));
        }
        let (Some(node), Some(methods), Some(framings)) =
            (fixed.next(), fixed.next(), fixed.next())
        else {
            return Err(Failure::new(
                Reason::GreetingFields,
                alloc::format!("there are {}", fields.len()),
            ));
        };
        let node = NodeId::from_octets(node).map_err(|error| {
            Failure::new(
                Reason::GreetingNodeId,
                alloc::format!("{}: {error}", shown(node)),
            )
        })?;
        Ok(Self {
            node,
            methods: grammar::list(methods)
                .filter_map(Method::from_name)
                .collect(),
            framings: grammar::list(framings).filter_map(framing_named).collect(),
            keys: fixed.collect(),
        })
    }

    /// Writes the line without its terminator.
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = alloc::format!("{PROTOCOL};{VERSION};{};", self.node);
        push_list(&mut line, self.methods.iter().map(|method| method.name()));
        line.push(';');
        push_list(
            &mut line,
            self.framings.iter().map(|framing| framing.name()),
        );
        for (key, value) in self.keys.iter() {
            line.push(';');
            line.push_str(key);
            line.push('=');
            line.push_str(value);
        }
        line.into_bytes()
    }

    /// Whether the sender is willing and able to speak TLS: `tls` with the integer part 1.
    pub fn offers_tls(&self) -> bool {
        // Truncation towards zero is the rule: 1 and 1.5 offer it, 0.9 and 2.0 do not.
        let version = self
            .keys
            .get("tls")
            .map_or(0.0, |v| grammar::numeric_prefix(v.as_bytes()));
        (1.0..2.0).contains(&version)
    }

    /// The sender's process, where it says so.
    pub fn instance(&self) -> Option<&str> {
        self.keys
            .get("instance")
            .filter(|instance| !instance.is_empty())
    }

    /// The version of the monitoring protocol (`mproto`), 0 where it is not named: from 1 on the
    /// sender wants `kil1` instead of `kil`.
    pub fn monitor_protocol(&self) -> u32 {
        self.protocol_of("mproto")
    }

    /// The version of the global protocol (`gproto`), 0 where it is not named.
    pub fn global_protocol(&self) -> u32 {
        self.protocol_of("gproto")
    }

    fn protocol_of(&self, key: &str) -> u32 {
        // A float converts with saturation, and NaN cannot come out of a numeric prefix.
        self.keys
            .get(key)
            .map_or(0, |value| grammar::numeric_prefix(value.as_bytes()) as u32)
    }
}

/// The second line: what makes the handshake a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// The number of random octets in a nonce.
    pub const OCTETS: usize = 66;

    /// Makes a nonce of octets that a cryptographic random source gave.
    pub fn new(octets: &[u8; Self::OCTETS]) -> Self {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::with_capacity(Self::OCTETS / 3 * 4);
        // 66 is a multiple of 3: there is never padding.
        for group in octets.chunks_exact(3) {
            let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
            for shift in [18, 12, 6, 0] {
                text.push(char::from(ALPHABET[(bits >> shift & 63) as usize]));
            }
        }
        Self(text)
    }

    /// Takes the text of a nonce as it is, for tests with fixed nonces.
    ///
    /// Returns nothing where it holds CR or LF.
    pub fn from_text(text: &str) -> Option<Self> {
        (!text.contains(['\r', '\n'])).then(|| Self(text.into()))
    }

    /// The text of the line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The framing of that name; one that is not compiled in is not known.
pub(crate) fn framing_named(name: &[u8]) -> Option<Framing> {
    core::str::from_utf8(name).ok().and_then(Framing::from_name)
}

fn push_list<'a>(line: &mut String, names: impl Iterator<Item = &'a str>) {
    for (i, name) in names.enumerate() {
        if i > 0 {
            line.push(',');
        }
        line.push_str(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    const RECORDED: &[u8] = b"aemp;1;node-a;tls_sha3_512,hmac_sha3_512,tls_anon,cleartext;\
        json;provider=AE-2.01;peeraddr=127.0.0.1:44218;mproto=1;gproto=1";

    fn reason(line: &[u8]) -> Reason {
        Greeting::parse(line).unwrap_err().reason()
    }

    #[test]
    fn a_recorded_line_is_read() {
        let greeting = Greeting::parse(RECORDED).unwrap();
        assert_eq!(greeting.node.as_str(), "node-a");
        assert_eq!(
            greeting.methods,
            [
                Method::TlsSha3_512,
                Method::HmacSha3_512,
                Method::TlsAnon,
                Method::Cleartext
            ]
        );
        assert_eq!(greeting.keys.get("provider"), Some("AE-2.01"));
        assert_eq!(
            (greeting.monitor_protocol(), greeting.global_protocol()),
            (1, 1)
        );
        assert!(!greeting.offers_tls());
        assert_eq!(greeting.instance(), None);
        assert_eq!(greeting.to_line(), RECORDED);
    }

    #[test]
    fn the_checks_come_in_order() {
        assert_eq!(reason(b"GET / HTTP/1.1"), Reason::GreetingProtocol);
        assert_eq!(reason(b""), Reason::GreetingProtocol);
        assert_eq!(reason(b"aemp-foo;1;a;x;json"), Reason::GreetingProtocol);
        assert_eq!(reason(b"Aemp;1;a;x;json"), Reason::GreetingProtocol);
        assert_eq!(reason(b"aemp;2"), Reason::GreetingVersion);
        assert_eq!(reason(b"aemp"), Reason::GreetingVersion);
        assert_eq!(reason(b"aemp;1;;x"), Reason::GreetingFields);
        assert_eq!(reason(b"aemp;1;;x;json"), Reason::GreetingNodeId);
        assert_eq!(reason(b"aemp;1;a#b;x;json"), Reason::GreetingNodeId);
    }

    #[test]
    fn the_version_is_a_number() {
        for version in [
            "1", "1.0", "1x", " 1", "\u{b}1", "+1", "01", "1e5", "1.", "1.0.7",
        ] {
            let line = alloc::format!("aemp;{version};a;x;json");
            assert!(Greeting::parse(line.as_bytes()).is_ok(), "{version}");
        }
        for version in [
            "", "0", "2", "-1", "x1", "1.5", "10", "0x1", ".1", "+", "\u{a0}1",
        ] {
            let line = alloc::format!("aemp;{version};a;x;json");
            assert_eq!(
                reason(line.as_bytes()),
                Reason::GreetingVersion,
                "{version}"
            );
        }
    }

    #[test]
    fn tls_is_offered_with_the_integer_part_1() {
        for (value, offered) in [
            ("1.0", true),
            ("1", true),
            ("1.5", true),
            ("2.0", false),
            ("0.9", false),
            ("x", false),
        ] {
            let line = alloc::format!("aemp;1;a;x;json;tls={value}");
            assert_eq!(
                Greeting::parse(line.as_bytes()).unwrap().offers_tls(),
                offered,
                "{value}"
            );
        }
    }

    #[test]
    fn unknown_names_and_spaces_are_left_out() {
        let greeting = Greeting::parse(b"aemp;1;a;foo, cleartext,,tls_anon;xml,json").unwrap();
        assert_eq!(greeting.methods, [Method::TlsAnon]);
        assert_eq!(greeting.framings, [Framing::Json]);
    }

    #[test]
    fn an_error_shows_what_came() {
        insta::assert_snapshot!(
            Greeting::parse(b"SSH-2.0-OpenSSH_9.2").unwrap_err().to_string(),
            @r#"greeting.protocol: the line does not begin with a known protocol word (it begins "SSH-2.0-OpenSSH_9.2"); the peer's fault; check that the other side is an AEMP node"#
        );
    }

    #[test]
    fn a_nonce_is_base64_without_padding() {
        let mut octets = [0u8; Nonce::OCTETS];
        assert_eq!(Nonce::new(&octets).as_str(), "A".repeat(88));
        octets[..3].copy_from_slice(b"Man");
        assert!(Nonce::new(&octets).as_str().starts_with("TWFuAAAA"));
        assert_eq!(Nonce::from_text("a\rb"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256 * crate::fuzz::repeat()))]

        #[test]
        fn anything_is_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Greeting::parse(&line);
        }

        #[test]
        fn what_is_written_is_read(
            node in "[^;#\\pC]{1,20}",
            keys in proptest::collection::vec(("[a-z_]{1,8}", "[^;\r\n]{0,12}"), 0..6),
        ) {
            let mut greeting = Greeting {
                node: NodeId::new(&node).unwrap(),
                methods: alloc::vec![Method::HmacMd6_64_256, Method::Cleartext],
                framings: alloc::vec![Framing::Json],
                keys: Keys::default(),
            };
            for (key, value) in &keys {
                greeting.keys.set(key, value).unwrap();
            }
            prop_assert_eq!(Greeting::parse(&greeting.to_line()).unwrap(), greeting);
        }
    }
}
