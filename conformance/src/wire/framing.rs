//! The three framings behind one type, and messages in a stream of octets.

use super::{Unreadable, Value, cbor, json, storable};

/// How messages are written on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Framing {
    /// JSON texts.
    Json,
    /// CBOR data items.
    Cbor,
    /// Network order Storable images with a length before each.
    Storable,
}

impl Framing {
    /// Every framing.
    pub const ALL: [Self; 3] = [Self::Json, Self::Cbor, Self::Storable];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::Storable => "storable",
        }
    }

    /// The framing of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|framing| framing.name() == name)
    }

    /// A message as octets.
    pub fn write(self, message: &Value) -> Vec<u8> {
        match self {
            Self::Json => json::write(message),
            Self::Cbor => cbor::write(message),
            Self::Storable => storable::write(message),
        }
    }
}

/// Reads messages from octets as they arrive.
#[derive(Clone, Debug)]
pub struct Reader {
    framing: Framing,
    scan: json::Scan,
}

impl Reader {
    /// A reader at the beginning of a message.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            scan: json::Scan::default(),
        }
    }

    /// The framing that it reads.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The next value and how many octets it takes; `Incomplete` if more must arrive.
    ///
    /// `octets` begin where the last value ended.
    pub fn next(&mut self, octets: &[u8]) -> Result<(Value, usize), Unreadable> {
        let (value, used) = match self.framing {
            Framing::Json => {
                let end = self.scan.end(octets).ok_or(Unreadable::Incomplete)?;
                self.scan = json::Scan::default();
                (json::read(&octets[..end])?, end)
            }
            Framing::Cbor => cbor::read(octets)?,
            Framing::Storable => storable::read_framed(octets)?,
        };
        Ok((value, used))
    }

    /// What only the end of all octets makes whole: in json a number or a word outside arrays.
    pub fn last(&self, octets: &[u8]) -> Option<Value> {
        match self.framing {
            Framing::Json => json::read(octets).ok(),
            Framing::Cbor | Framing::Storable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_at_the_end() {
        let reader = Reader::new(Framing::Json);
        assert!(reader.last(b"-12").unwrap().same(&Value::Integer(-12)));
        for octets in ["", " ", "1.", "nul", "[1"] {
            assert!(reader.last(octets.as_bytes()).is_none(), "{octets}");
        }
    }

    #[test]
    fn messages_pass_every_framing_octet_by_octet() {
        let json = serde_json::json!([
            "port", 1, -1, 127, -128, 128, 65535, 2147483647, -2147483648, "text", "é", "☺",
            [[], {}], {"k": {"é": [1]}}, null, "a\u{0}\"\\\n"
        ]);
        let messages = [Value::from(&json), Value::Array(vec![]), Value::from(&json)];
        for framing in Framing::ALL {
            let stream: Vec<u8> = messages.iter().flat_map(|m| framing.write(m)).collect();
            let mut reader = Reader::new(framing);
            let (mut start, mut seen) = (0, 0);
            for end in 0..=stream.len() {
                match reader.next(&stream[start..end]) {
                    Ok((value, used)) => {
                        assert!(value.same(&messages[seen]), "{framing:?} {value}");
                        start += used;
                        seen += 1;
                    }
                    Err(Unreadable::Incomplete) => {}
                    Err(malformed) => panic!("{framing:?} {malformed}"),
                }
            }
            assert_eq!(seen, messages.len(), "{framing:?}");
        }
    }
}
