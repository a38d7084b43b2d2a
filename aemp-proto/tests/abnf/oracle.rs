//! What the crate says to a string, rule by rule. Everything in which it rightly says something else
//! than the grammar, because a grammar cannot say it, is in [`Oracle::excused`].

use std::{sync::Arc, time::Duration};

use aemp_proto::{
    Framing, Limits, NodeId, PortId, PortName, Reason,
    auth::{AuthLine, Method, Secrets},
    framing::{Content, Decoder, Nothing},
    greeting::{Greeting, Nonce},
    handshake::{Handshake, Output, Role, Settings},
};

/// The rules that stand for something that is read or written as a whole.
pub(crate) const STARTS: [&str; 15] = [
    "greeting",
    "greeting-sent",
    "tls-wanted",
    "auth-line",
    "auth-line-known",
    "auth-line-sent",
    "node-id",
    "node-id-utf-8",
    "generated-node-id",
    "generated-port-name",
    "port-name",
    "port-id",
    "address",
    "json-stream",
    "json-message-sent",
];

pub(crate) struct Oracle {
    fresh: Handshake,
    greeted: Handshake,
}

impl Oracle {
    pub(crate) fn new() -> Self {
        let node = NodeId::new("the reader's own, which no test sends").expect("a node ID");
        let secrets = Secrets::new(["secret"]).expect("a secret");
        let mut settings = Settings::new(node, Some(secrets));
        settings.accept = Method::ALL.to_vec();
        settings.send = Method::ALL.to_vec();
        settings.framings = Framing::ALL.to_vec();
        settings.tls = true;
        let nonce = Nonce::new(&[7; Nonce::OCTETS]);
        let role = Role::Acceptor;
        let mut fresh = Handshake::new(Arc::new(settings), role, &nonce, None, Duration::ZERO);
        while fresh.poll().is_some() {}
        let mut greeted = fresh.clone();
        greeted.handle_input(b"aemp;1;peer;tls_anon;json;tls=1.0\nnonce\n");
        greeted.handle_tls_up();
        while greeted.poll().is_some() {}
        Self { fresh, greeted }
    }

    /// Whether the crate takes the octets for what the rule stands for.
    pub(crate) fn accepts(&self, start: &str, octets: &[u8]) -> bool {
        let text = core::str::from_utf8(octets).ok();
        if let ("greeting" | "greeting-sent", Some(rest)) =
            (start, octets.strip_prefix(b"aemp-dataconn;"))
        {
            // This crate does not support data connections [greeting.protocol.unknown], so it sees
            // what follows behind the other word.
            return self.accepts(start, &[b"aemp;", rest].concat());
        }
        match start {
            "greeting" => match self.decision(&self.fresh, octets) {
                Some(Err(reason)) => matches!(
                    reason,
                    Reason::GreetingNoCommonMethod | Reason::GreetingNoCommonFraming
                ),
                other => other.is_some(),
            },
            "greeting-sent" => self.accepts("greeting", octets) && greeting_rewritten(octets),
            "tls-wanted" => {
                let line = [b"aemp;1;a;cleartext;json;tls=", octets].concat();
                Greeting::parse(&line).is_ok_and(|greeting| greeting.offers_tls())
            }
            "auth-line" => match self.decision(&self.greeted, octets) {
                Some(outcome) => outcome != Err(Reason::AuthMalformed),
                None => false,
            },
            "auth-line-known" => match self.decision(&self.greeted, octets) {
                Some(outcome) => matches!(outcome, Ok(()) | Err(Reason::AuthProof)),
                None => false,
            },
            "auth-line-sent" => self.accepts("auth-line-known", octets) && auth_rewritten(octets),
            "node-id" => NodeId::from_octets(octets).is_ok(),
            "node-id-utf-8" => text.is_some_and(|text| NodeId::new(text).is_ok()),
            "generated-node-id" => {
                text.is_some_and(|text| NodeId::new(text).is_ok_and(|id| id.is_portable()))
            }
            // The same characters but the slash [id.port-name.generated].
            "generated-port-name" => {
                self.accepts("generated-node-id", octets) && !octets.contains(&b'/')
            }
            "port-name" => text.is_some_and(|text| PortName::new(text).as_str() == text),
            "port-id" => text.is_some_and(|text| PortId::parse(text).is_ok()),
            "address" => text.is_some_and(is_address),
            "json-stream" => json(octets).is_some(),
            "json-message-sent" => {
                let starts = octets.first() == Some(&b'[') && octets.last() == Some(&b']');
                starts && json(octets).is_some_and(|arrays| arrays == [true])
            }
            other => panic!("no oracle for {other}"),
        }
    }

    /// Whether the difference between grammar and crate is one that a rule in words makes.
    pub(crate) fn excused(&self, start: &str, octets: &[u8]) -> bool {
        match start {
            // Of a repeated key the last counts [greeting.keys.repeated]: it is not written twice.
            "greeting-sent" => {
                let mut fields = octets.split(|octet| b";\n".contains(octet));
                let peer = |field: &[u8]| field.starts_with(b"peeraddr=");
                repeats_a_key(octets) || fields.any(|field| peer(field) && out_of_range(field))
            }
            // A field ends at these, so they never come to where the value is looked at.
            "tls-wanted" => octets.contains(&b';') || octets.contains(&b'\n'),
            // The port's range [id.address.port-range].
            "address" => out_of_range(octets),
            // Floats beyond binary64 [json.float.beyond].
            "json-stream" | "json-message-sent" => json_reason(octets) == Some(Reason::DataNumber),
            _ => false,
        }
    }

    /// What the handshake decides exactly at the last of the octets; nothing where it decides
    /// earlier or not at all.
    fn decision(&self, handshake: &Handshake, octets: &[u8]) -> Option<Result<(), Reason>> {
        let (last, before) = octets.split_last()?;
        let mut handshake = handshake.clone();
        handshake.handle_input(before);
        if handshake.poll().is_some() {
            return None;
        }
        handshake.handle_input(&[*last]);
        match handshake.poll()? {
            Output::Failed(failure) => Some(Err(failure.reason())),
            _ => Some(Ok(())),
        }
    }
}

/// Whether the crate would write the greeting just so.
fn greeting_rewritten(octets: &[u8]) -> bool {
    let mut lines = octets.split(|&octet| octet == b'\n');
    let (Some(line), Some(nonce)) = (lines.next(), lines.next()) else {
        return false;
    };
    let greeting = Greeting::parse(line).expect("it was accepted");
    let known = greeting
        .keys
        .iter()
        .all(|(key, value)| is_key_sent(key, value));
    let lists = !greeting.methods.is_empty() && !greeting.framings.is_empty();
    greeting.to_line() == line && known && lists && is_nonce_sent(nonce)
}

/// By `spec/registry/greeting-keys.json`.
fn is_key_sent(key: &str, value: &str) -> bool {
    let visible = value.chars().all(|c| c.is_ascii_graphic() && c != ';');
    match key {
        "provider" => visible,
        "peeraddr" => is_address(value),
        "tls" => value == "1.0",
        "instance" => value.len() == 32 && base16ct::lower::decode_vec(value).is_ok(),
        "mproto" | "gproto" => value == "1",
        "dataconn_id" => visible && !value.is_empty(),
        _ => false,
    }
}

/// Whether these are the characters that some nonce of 66 octets is written with.
fn is_nonce_sent(text: &[u8]) -> bool {
    let value = |octet: u8| match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let Some(values) = text
        .iter()
        .map(|&octet| value(octet))
        .collect::<Option<Vec<_>>>()
    else {
        return false;
    };
    let octets: Vec<u8> = values
        .chunks_exact(4)
        .flat_map(|v| {
            [
                v[0] << 2 | v[1] >> 4,
                v[1] << 4 | v[2] >> 2,
                v[2] << 6 | v[3],
            ]
        })
        .collect();
    <&[u8; Nonce::OCTETS]>::try_from(&octets[..])
        .is_ok_and(|octets| Nonce::new(octets).as_str().as_bytes() == text)
}

fn auth_rewritten(octets: &[u8]) -> bool {
    let line = AuthLine::parse(octets.strip_suffix(b"\n").unwrap_or(octets)).expect("accepted");
    let proof = core::str::from_utf8(line.proof()).expect("a proof is ASCII");
    match (line.method(), line.framing()) {
        (Ok(method), Ok(framing)) => AuthLine::new(method, proof, framing).to_octets() == octets,
        _ => false,
    }
}

/// The crate has no addresses; this says in code what section 3.4 says in words.
fn is_address(text: &str) -> bool {
    if let Some(path) = text.strip_prefix("unix/") {
        let path = path.strip_prefix(':').map(|path| (path, !path.is_empty()));
        let plain = |c: char| c.is_ascii_graphic() && c != ';';
        return text == "unix/" || path.is_some_and(|(path, some)| some && path.chars().all(plain));
    }
    let name = |text: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        !text.is_empty() && text.chars().all(good)
    };
    let ipv6 = |text: &str| {
        let (address, zone) = text
            .split_once('%')
            .map_or((text, None), |(a, z)| (a, Some(z)));
        let good = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
        !address.is_empty() && address.chars().all(good) && zone.is_none_or(name)
    };
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let inside = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = inside.map_or_else(|| name(host) || ipv6(host), ipv6);
    host && port.len() <= 5 && number(port.as_bytes()).is_some_and(|n| n > 0 && n <= 65535)
}

/// Whether the port of an address is none.
fn out_of_range(address: &[u8]) -> bool {
    let port = address.rsplit(|&octet| octet == b':').next();
    port.filter(|port| port.len() <= 5)
        .and_then(number)
        .is_some_and(|port| port == 0 || port > 65535)
}

fn number(digits: &[u8]) -> Option<u32> {
    let digits = core::str::from_utf8(digits).ok()?;
    let plain = digits.bytes().all(|octet| octet.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn repeats_a_key(octets: &[u8]) -> bool {
    let line = octets
        .split(|&octet| octet == b'\n')
        .next()
        .unwrap_or_default();
    let mut keys: Vec<&[u8]> = line
        .split(|&octet| octet == b';')
        .skip(5)
        .filter_map(|field| field.split(|&octet| octet == b'=').next())
        .collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    keys.len() < all
}

/// Which of the texts are arrays, where the octets are a stream of texts.
fn json(octets: &[u8]) -> Option<Vec<bool>> {
    let mut decoder = Decoder::new(Framing::Json, Limits::default());
    let (mut at, mut arrays) = (0, Vec::new());
    while let Some(frame) = decoder.next(&octets[at..]).ok()? {
        at += frame.len();
        match frame.content() {
            Content::Space => {}
            content => arrays.push(*content != Content::Nothing(Nothing::NotArray)),
        }
    }
    if decoder.finish(&octets[at..]).ok()?.is_some() {
        arrays.push(false);
    }
    Some(arrays)
}

/// Why the octets are no stream of texts.
fn json_reason(octets: &[u8]) -> Option<Reason> {
    let mut decoder = Decoder::new(Framing::Json, Limits::default());
    let mut at = 0;
    loop {
        match decoder.next(&octets[at..]) {
            Ok(Some(frame)) => at += frame.len(),
            Ok(None) => return decoder.finish(&octets[at..]).err().map(|f| f.reason()),
            Err(failure) => return Some(failure.reason()),
        }
    }
}

/// What the crate reads a greeting's first line as: node, names of lists, keys.
pub(crate) fn fields(line: &[u8]) -> Greeting {
    Greeting::parse(line).expect("it was accepted")
}

/// Octets of a key's value as text: UTF-8, or else Latin-1.
pub(crate) fn text(octets: &[u8]) -> String {
    core::str::from_utf8(octets).map_or_else(
        |_| octets.iter().map(|&octet| char::from(octet)).collect(),
        str::to_owned,
    )
}
