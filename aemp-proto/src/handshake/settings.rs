//! What a node brings into its handshakes.

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use crate::{
    auth::{Method, Secrets, Suite},
    framing::Framing,
    greeting::{Greeting, Keys},
    id::NodeId,
};

/// What one node brings into each of its handshakes; shared by all of them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our node ID.
    pub node: NodeId,
    /// The methods that we accept, best first. What cannot work (a `tls_*` method without
    /// certificate, an `hmac_*` method without secret, md6 where sha3 is required) is not offered.
    pub accept: Vec<Method>,
    /// The methods that we are willing to prove ourselves with; the peer's order decides.
    pub send: Vec<Method>,
    /// The framings that we accept, best first; the peer's order decides what we send.
    pub framings: Vec<Framing>,
    /// The shared secrets: an acceptor tries all, an initiator one a connection.
    pub secrets: Option<Secrets>,
    /// Whether a certificate is configured, so that TLS is offered.
    pub tls: bool,
    /// Refuse peers without TLS.
    pub require_tls: bool,
    /// Neither accept nor send methods of the md6 suite.
    pub require_sha3: bool,
    /// Further keys of our greeting.
    pub keys: Keys,
    /// The time for the whole handshake.
    pub time_limit: Duration,
}

impl Settings {
    /// The methods that are accepted and sent unless configured otherwise, best first.
    pub const METHODS: [Method; 4] = [
        Method::TlsSha3_512,
        Method::HmacSha3_512,
        Method::TlsMd6_64_256,
        Method::HmacMd6_64_256,
    ];

    /// The time that a handshake may take unless configured otherwise.
    pub const TIME_LIMIT: Duration = Duration::from_secs(30);

    /// The defaults of a node: both suites, json before cbor, no TLS.
    pub fn new(node: NodeId, secrets: Option<Secrets>) -> Self {
        Self {
            node,
            accept: Self::METHODS.into(),
            send: Self::METHODS.into(),
            framings: default_framings(),
            secrets,
            tls: false,
            require_tls: false,
            require_sha3: false,
            keys: Keys::default(),
            time_limit: Self::TIME_LIMIT,
        }
    }

    /// Checks that a handshake with these settings can succeed at all.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] says what is missing.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.secrets.is_none() && !self.tls {
            Err(SettingsError::NoCredentials)
        } else if self.require_tls && !self.tls {
            Err(SettingsError::NoCertificate)
        } else if self.framings.is_empty() {
            Err(SettingsError::NoFraming)
        } else if self.offered().next().is_none() {
            Err(SettingsError::NoMethod)
        } else {
            Ok(())
        }
    }

    /// The methods that our greeting names.
    pub fn offered(&self) -> impl Iterator<Item = Method> {
        self.accept
            .iter()
            .copied()
            .filter(|&method| self.can(method, self.tls))
    }

    /// Our greeting; `peer_address` that could not stand in it is left out.
    pub(super) fn greeting(&self, peer_address: Option<&str>) -> Greeting {
        let mut keys = self.keys.clone();
        if self.tls {
            keys.set("tls", "1.0")
                .expect("the key and its value are plain");
        }
        if let Some(address) = peer_address {
            // A Unix socket's path may hold anything; the key is only a hint.
            let _ = keys.set("peeraddr", address);
        }
        Greeting {
            node: self.node.clone(),
            methods: self.offered().collect(),
            framings: self.framings.clone(),
            keys,
        }
    }

    /// The method to prove ourselves with: the first of the peer's that we are willing to send.
    pub(super) fn choose_method(&self, peer: &Greeting, tls: bool) -> Option<Method> {
        // [greeting.choose.method]
        let willing = |method: &Method| self.send.contains(method) && self.can(*method, tls);
        peer.methods.iter().copied().find(willing)
    }

    /// The framing to send: the first of the peer's that we know.
    pub(super) fn choose_framing(&self, peer: &Greeting) -> Option<Framing> {
        // [greeting.choose.framing]
        peer.framings
            .iter()
            .copied()
            .find(|framing| self.framings.contains(framing))
    }

    /// Whether a method can work with what is configured, with or without TLS.
    pub(super) fn can(&self, method: Method, tls: bool) -> bool {
        (tls || !method.is_tls())
            && (!method.needs_secret() || self.secrets.is_some())
            && !(self.require_sha3 && method.suite() == Some(Suite::Md6))
    }
}

/// Why no handshake can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// There is neither secret nor certificate.
    NoCredentials,
    /// TLS is required and there is no certificate.
    NoCertificate,
    /// The list of framings is empty.
    NoFraming,
    /// No method of the list can work with the secret or certificate that there is.
    NoMethod,
}

impl SettingsError {
    fn text(self) -> &'static str {
        match self {
            Self::NoCredentials => {
                "there is neither a secret nor a certificate; configure one, the same on all nodes"
            }
            Self::NoCertificate => {
                "TLS is required but there is no certificate; configure one, the same on all nodes"
            }
            Self::NoFraming => "the list of framings is empty; name at least json",
            Self::NoMethod => {
                "none of the accepted methods can work; hmac methods need a secret, tls methods a \
                 certificate"
            }
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for SettingsError {}

/// All that are compiled in but storable, which is for those who ask for it.
fn default_framings() -> Vec<Framing> {
    Framing::ALL
        .iter()
        .copied()
        .filter(|framing| framing.name() != "storable")
        .collect()
}

/// Something to show where a list is empty.
pub(super) fn names(names: impl Iterator<Item = &'static str>) -> String {
    let list = names.collect::<Vec<_>>().join(",");
    if list.is_empty() {
        "none that is known".into()
    } else {
        list
    }
}
