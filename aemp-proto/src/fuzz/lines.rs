//! The greeting line and the authentication line against a second reading with plain splitting.

use alloc::vec::Vec;

use crate::{
    auth::AuthLine,
    failure::{Reason, Stage},
    greeting::Greeting,
};

/// A first greeting line.
pub fn greeting(data: &[u8]) {
    let line = data
        .split(|&octet| octet == b'\n')
        .next()
        .unwrap_or_default();
    let fields: Vec<_> = line.split(|&octet| octet == b';').collect();
    match Greeting::parse(line) {
        Ok(greeting) => {
            assert_eq!(fields[0], b"aemp");
            assert!(fields.len() >= 5);
            assert!(!greeting.node.is_empty());
            let known = fields[3].split(|&octet| octet == b',').filter(|name| {
                greeting
                    .methods
                    .iter()
                    .any(|method| method.name().as_bytes() == *name)
            });
            assert_eq!(known.count(), greeting.methods.len());
            let is_key = |field: &&&[u8]| field.iter().position(|&octet| octet == b'=') > Some(0);
            let keys = fields[5..].iter().filter(is_key);
            assert!(greeting.keys.iter().count() <= keys.count());
            let again = Greeting::parse(&greeting.to_line()).expect("what is written is read");
            assert_eq!(again, greeting);
        }
        Err(failure) => {
            assert_eq!(failure.stage(), Stage::Greeting);
            let expected = match failure.reason() {
                Reason::GreetingProtocol => fields[0] != b"aemp",
                Reason::GreetingFields => fields.len() < 5,
                Reason::GreetingVersion => fields.get(1).is_none_or(|version| *version != b"1"),
                Reason::GreetingNodeId => fields[2].is_empty() || fields[2].iter().any(suspect),
                _ => false,
            };
            assert!(expected, "{failure}");
        }
    }
}

/// An authentication line.
pub fn auth_line(data: &[u8]) {
    let line = data
        .split(|&octet| octet == b'\n')
        .next()
        .unwrap_or_default();
    let fields: Vec<_> = line.split(|&octet| octet == b';').collect();
    match AuthLine::parse(line) {
        Ok(read) => {
            if let Ok(method) = read.method() {
                assert_eq!(method.name().as_bytes(), fields[0]);
            }
            assert_eq!(read.proof(), fields[1]);
            if let Ok(framing) = read.framing() {
                assert_eq!(framing.name().as_bytes(), fields[2]);
            }
            let octets = read.to_octets();
            let (end, again) = octets.split_last().expect("a line has an end");
            assert_eq!(*end, b'\n');
            assert_eq!(AuthLine::parse(again), Ok(read));
        }
        Err(failure) => {
            assert_eq!(failure.stage(), Stage::Auth);
            assert_eq!(failure.reason(), Reason::AuthMalformed);
            assert!(fields.len() < 3);
        }
    }
}

/// Whether a node ID with this octet may be refused: `#`, controls, and C1 controls in UTF-8 or
/// Latin-1.
fn suspect(octet: &u8) -> bool {
    matches!(octet, b'#' | 0..=0x1f | 0x7f..=0x9f)
}
