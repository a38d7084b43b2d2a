//! The seat of a recorded side: what our core has to be configured like to take its place.

use std::sync::Arc;

use aemp_proto::{
    NodeId,
    auth::{Method, Secrets},
    framing::Framing,
    greeting::Keys,
    handshake::{Role, Settings},
};

use super::recording::{Config, Connection, Generation, Side, Stream};
use super::{classification::Given, play::duration};

/// What a recorded side brought into its handshake, read leniently: it may be malformed on purpose.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// The side.
    pub side: Side,
    /// The protocol word of its greeting.
    pub word: String,
    /// The node ID as it stands in the greeting; empty where there is none.
    pub node: String,
    /// The generation of the original implementation that sat here; nothing for other clients.
    pub original: Option<Generation>,
    /// Both lines as they were sent; nothing where they did not come whole.
    pub own: Option<[Vec<u8>; 2]>,
    /// The names of the framings that it accepts.
    pub framings: Vec<String>,
    /// The method and the framing of its authentication line, if it came that far in the clear.
    pub chosen: Option<(Vec<u8>, Vec<u8>)>,
    accept: Vec<Method>,
    peer_accepts: Vec<Method>,
    tls: bool,
    secret: Option<String>,
    patience: Option<f64>,
}

/// What the recorded nodes allowed where the recording does not say otherwise, in seconds.
const PATIENCE: f64 = 30.0;

impl Seat {
    /// The seat of one side of a connection.
    pub(super) fn of(connection: &Connection, side: Side, config: &Config) -> Self {
        let stream = connection.stream(side);
        let lines = stream.lines(2);
        let line = lines.first().map_or(&b""[..], |&(line, _)| line);
        let fields: Vec<&[u8]> = line.split(|&octet| octet == b';').collect();
        let own = stream.greeting().map(|lines| lines.map(<[u8]>::to_vec));
        let text = |index: usize| {
            String::from_utf8_lossy(fields.get(index).copied().unwrap_or_default()).into_owned()
        };
        let key = |name: &str| {
            let prefix = format!("{name}=");
            fields
                .iter()
                .skip(5)
                .find_map(|field| field.strip_prefix(prefix.as_bytes()))
        };
        let peer = connection.stream(side.other()).lines(1);
        let peer = peer.first().map_or(&b""[..], |&(line, _)| line);
        let methods = |line: &[u8]| {
            let list = line
                .split(|&octet| octet == b';')
                .nth(3)
                .unwrap_or_default();
            list.split(|&octet| octet == b',')
                .filter_map(Method::from_name)
                .collect()
        };
        let node = text(2);
        let original = match key("provider") {
            Some(provider) if provider.starts_with(b"AE-1.") => Some(Generation::One),
            Some(provider) if provider.starts_with(b"AE-2.") => Some(Generation::Two),
            _ => None,
        };
        Self {
            side,
            word: text(0),
            original,
            own,
            framings: text(4).split(',').map(str::to_owned).collect(),
            chosen: chosen(stream, connection),
            accept: methods(line),
            peer_accepts: methods(peer),
            tls: key("tls").is_some_and(|version| version == b"1" || version.starts_with(b"1.")),
            secret: config.secret(&node),
            patience: original.and_then(|_| config.patience(&node)),
            node,
        }
    }

    /// The settings of a node of ours in this seat.
    pub(super) fn settings(&self, given: Option<&Given>) -> Arc<Settings> {
        let secret = given.is_none_or(|given| given.secret.is_none());
        let secrets = self.secret.as_deref().filter(|_| secret);
        Arc::new(Settings {
            node: NodeId::new(&self.node).unwrap_or_else(|_| placeholder()),
            accept: if self.own.is_some() {
                self.accept.clone()
            } else {
                Settings::METHODS.into()
            },
            send: self.willing(),
            framings: self.known_framings(),
            secrets: secrets.and_then(|secret| Secrets::new([secret]).ok()),
            tls: self.tls,
            require_tls: false,
            require_sha3: false,
            keys: Keys::default(),
            time_limit: duration(self.patience.unwrap_or(PATIENCE)),
        })
    }

    /// The lines that our node in this seat sends; a stand-in where none were recorded.
    pub(super) fn lines(&self) -> [Vec<u8>; 2] {
        self.own.clone().unwrap_or_else(|| {
            [
                b"aemp;1;not-recorded;;".to_vec(),
                b"nonce that was not recorded".to_vec(),
            ]
        })
    }

    /// Offers, in addition to what was recorded, what the other side chose.
    pub(super) fn offer(&mut self, other: &Self) {
        let Some((method, framing)) = &other.chosen else {
            return;
        };
        self.accept.extend(Method::from_name(method));
        self.framings
            .push(String::from_utf8_lossy(framing).into_owned());
    }

    /// The role of this seat as it was recorded.
    pub(super) fn role(&self) -> Role {
        match self.side {
            Side::Initiator => Role::Initiator,
            Side::Acceptor => Role::Acceptor,
        }
    }

    /// The methods that it proves itself with. What it used says so where it is no default node.
    fn willing(&self) -> Vec<Method> {
        let defaults: &[Method] = match self.original {
            Some(Generation::One) => &[Method::TlsMd6_64_256, Method::HmacMd6_64_256],
            Some(Generation::Two) => &[Method::TlsSha3_512, Method::HmacSha3_512],
            None => &Settings::METHODS,
        };
        let used = self
            .chosen
            .as_ref()
            .and_then(|(method, _)| Method::from_name(method))
            .filter(|used| self.original.is_some() || self.peer_accepts.contains(used));
        match used {
            Some(used) if self.original.is_none() || !defaults.contains(&used) => vec![used],
            _ => defaults.to_vec(),
        }
    }

    fn known_framings(&self) -> Vec<Framing> {
        if self.own.is_none() {
            return Framing::ALL.to_vec();
        }
        self.framings
            .iter()
            .filter_map(|name| framing(name))
            .collect()
    }
}

/// The framing of that name, if the core has it.
pub(super) fn framing(name: &str) -> Option<Framing> {
    Framing::from_name(name)
}

/// Method and framing of the third line, if that can be read.
fn chosen(stream: &Stream, connection: &Connection) -> Option<(Vec<u8>, Vec<u8>)> {
    let [_, (_, nonce), (line, _)] = stream.lines(3)[..] else {
        return None;
    };
    let clear = !is_tls_record(&stream.octets[nonce..]);
    let readable = clear || connection.decrypted || stream.inside_tls_from.is_some();
    let mut fields = line.split(|&octet| octet == b';').map(<[u8]>::to_vec);
    let (method, _, framing) = (fields.next()?, fields.next()?, fields.next()?);
    readable.then_some((method, framing))
}

/// Whether octets begin like a record of TLS.
pub(super) fn is_tls_record(octets: &[u8]) -> bool {
    matches!(octets, [0x14..=0x17, 0x03, ..])
}

fn placeholder() -> NodeId {
    NodeId::new("not-recorded").expect("the name is plain")
}
