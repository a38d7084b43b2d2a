//! Recomputes every proof in the recordings of both generations of the original.
#![cfg(feature = "crypto")]

use aemp_proto::auth::{Method, ProofError, Secret, Transcript, prove, verify};
use serde_json::Value;
use std::{fs, path::Path};

/// One direction of a connection: two lines of greeting, then the rest.
struct Side {
    lines: Vec<Vec<u8>>,
}

impl Side {
    fn of(connection: &Value, from: &str) -> Self {
        let mut octets = Vec::new();
        for event in connection["events"].as_array().unwrap() {
            if event["from"] != from {
                continue;
            }
            if let Some(text) = event["text"].as_str() {
                octets.extend_from_slice(text.as_bytes());
            } else if let Some(hex) = event["hex"].as_str() {
                octets.extend(base16ct::lower::decode_vec(hex).unwrap());
            }
        }
        // Only what a line end closes is a line, and one CR before it belongs to the end.
        let mut lines: Vec<_> = octets
            .split(|octet| *octet == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        lines.pop();
        for line in &mut lines {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        Self { lines }
    }

    fn greeting(&self) -> Option<[&[u8]; 2]> {
        match &self.lines[..] {
            [greeting, nonce, ..] => Some([greeting, nonce]),
            _ => None,
        }
    }

    /// Method and proof, where a line of that form follows the greeting.
    fn proof(&self) -> Option<(Method, &[u8])> {
        let mut fields = self.lines.get(2)?.split(|octet| *octet == b';');
        Some((Method::from_name(fields.next()?)?, fields.next()?))
    }
}

/// Proofs that were sent wrong on purpose (or, in `secret-non-ascii`, in the Latin-1 form of the
/// secret, which is the one that a Perl node uses for `cleartext`): recording, connection, error.
const WRONG: &[(&str, usize, ProofError)] = &[
    ("1.x/error-handshakes", 19, ProofError::Mismatch),
    ("1.x/error-handshakes", 20, ProofError::Form),
    ("1.x/error-handshakes", 21, ProofError::Mismatch),
    ("1.x/error-handshakes", 22, ProofError::Mismatch),
    ("1.x/error-handshakes", 25, ProofError::Form),
    ("1.x/error-handshakes", 26, ProofError::Form),
    ("1.x/error-handshakes", 78, ProofError::Mismatch),
    ("1.x/secret-non-ascii", 0, ProofError::Mismatch),
    ("2.x/error-handshakes", 11, ProofError::Mismatch),
    ("2.x/error-handshakes", 12, ProofError::Mismatch),
    ("2.x/error-handshakes", 13, ProofError::Form),
    ("2.x/error-handshakes", 14, ProofError::Mismatch),
    ("2.x/error-handshakes", 16, ProofError::Mismatch),
    ("2.x/error-handshakes", 18, ProofError::Mismatch),
    ("2.x/error-handshakes", 62, ProofError::Mismatch),
    ("2.x/error-handshakes", 69, ProofError::Mismatch),
    ("2.x/tls-raw", 1, ProofError::Mismatch),
    ("2.x/tls-raw", 4, ProofError::Form),
];

/// Right proofs in all recordings, by method.
const RIGHT: &[(Method, usize)] = &[
    (Method::TlsSha3_512, 19),
    (Method::HmacSha3_512, 236),
    (Method::TlsMd6_64_256, 3),
    (Method::HmacMd6_64_256, 205),
    (Method::TlsAnon, 5),
    (Method::Cleartext, 354),
];

#[test]
fn every_recorded_proof_is_the_one_that_we_compute() {
    let mut right = Vec::new();
    let mut wrong = Vec::new();
    for (name, file) in recordings() {
        let connections = file["connections"].as_array().into_iter().flatten();
        for (number, connection) in connections.enumerate() {
            let sides = ["initiator", "acceptor"].map(|from| Side::of(connection, from));
            let [Some(initiator), Some(acceptor)] = sides.each_ref().map(Side::greeting) else {
                continue;
            };
            let transcript = Transcript {
                sender: initiator,
                receiver: acceptor,
            };
            for (side, transcript) in sides.iter().zip([transcript, transcript.reversed()]) {
                let Some((method, data)) = side.proof() else {
                    continue;
                };
                let secret = secret(&file["config"]["secret"], transcript.sender[0]);
                match verify(method, &transcript, data, Some(&secret)) {
                    Ok(()) => {
                        assert_eq!(prove(method, &transcript, Some(&secret)).as_bytes(), data);
                        right.push(method);
                    }
                    Err(error) => wrong.push((name.clone(), number, error)),
                }
            }
        }
    }
    let expected: Vec<_> = WRONG
        .iter()
        .map(|(name, number, error)| (name.to_string(), *number, *error))
        .collect();
    assert_eq!(wrong, expected);
    for (method, count) in RIGHT {
        let seen = right.iter().filter(|seen| *seen == method).count();
        assert_eq!(seen, *count, "{method}");
    }
}

/// The secret of the side that sent `greeting`; where none was configured, no proof needs it.
fn secret(config: &Value, greeting: &[u8]) -> Secret {
    let node = greeting
        .split(|octet| *octet == b';')
        .nth(2)
        .unwrap_or_default();
    let node = String::from_utf8_lossy(node);
    let secret = config.as_str().or_else(|| config[&*node].as_str());
    Secret::from(secret.unwrap_or("geheim"))
}

/// Every recording with its name, in a fixed order.
fn recordings() -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/recordings");
    let mut files = Vec::new();
    for generation in ["1.x", "2.x"] {
        for entry in fs::read_dir(root.join(generation)).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let name = path.file_stem().unwrap().to_str().unwrap();
                let file = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                files.push((format!("{generation}/{name}"), file));
            }
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}
