//! What a node is started with.

mod address;
mod certificate;
mod keys;
mod limits;
pub mod rc;

use aemp_proto::{
    NodeId,
    auth::{Method, Secret, Secrets},
    framing::Framing,
    greeting::Keys,
    handshake::Settings,
    link::HeartbeatSettings,
};

pub use address::{Address, AddressError, DEFAULT_PORT};
pub use certificate::Certificate;
pub use keys::{KEYS, Service};
pub use limits::Limits;

use crate::{error::StartError, net::tls::Tls, node::Node};

/// The effective configuration of a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The node ID; generated where there is none.
    pub node_id: Option<NodeId>,
    /// The network's secrets: the first is ours, the others are accepted too.
    pub secrets: Vec<Secret>,
    /// The network's certificate; with it TLS is offered.
    pub certificate: Option<Certificate>,
    /// Where to listen; an empty list makes a private node.
    pub binds: Vec<Address>,
    /// Whom to keep a link with.
    pub seeds: Vec<Address>,
    /// Framings that are accepted, best first; json and cbor unless set.
    pub framings: Vec<Framing>,
    /// Methods that are accepted, best first.
    pub accept: Vec<Method>,
    /// Methods that we prove ourselves with.
    pub send: Vec<Method>,
    /// Refuse peers without TLS.
    pub require_tls: bool,
    /// Neither accept nor send methods of the md6 suite.
    pub require_sha3: bool,
    /// When a silent link is lost.
    pub heartbeat: HeartbeatSettings,
    /// Bounds and times.
    pub limits: Limits,
    /// Whether the request `status` is answered.
    pub status: bool,
    /// Whether nodes that ask are sent the log messages of this one.
    pub log_source: bool,
    /// Workers that run handlers; as many as the runtime has threads unless set.
    pub workers: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node_id: None,
            secrets: Vec::new(),
            certificate: None,
            binds: Vec::new(),
            seeds: Vec::new(),
            framings: vec![Framing::Json, Framing::Cbor],
            accept: Settings::METHODS.into(),
            send: Settings::METHODS.into(),
            require_tls: false,
            require_sha3: false,
            heartbeat: HeartbeatSettings::default(),
            limits: Limits::default(),
            status: true,
            log_source: false,
            workers: None,
        }
    }
}

impl Config {
    /// Checks that a node can be started with it, and makes of it what handshakes need; `None` where
    /// the node neither listens nor dials.
    pub(crate) fn check(
        &self,
        node: &NodeId,
        instance: &str,
    ) -> Result<(Option<Settings>, Option<Tls>), StartError> {
        if self.binds.is_empty() && self.seeds.is_empty() && !self.has_credentials() {
            return Ok((None, None));
        }
        let config = StartError::Config;
        if !self.has_credentials() {
            let what = match self.binds.first() {
                Some(bind) => format!("listen on {bind}"),
                None => format!("dial {}", self.seeds[0]),
            };
            return Err(config(format!(
                "neither a secret nor a certificate is configured, so this node does not {what}; give \
                 it the secret of its network (--secret-file, AEMP_SECRET, `aemp config set secret`)"
            )));
        }
        let secrets = match self.secrets.is_empty() {
            true => None,
            false => Some(
                Secrets::new(self.secrets.iter().cloned())
                    .map_err(|error| config(error.to_string()))?,
            ),
        };
        let tls = match &self.certificate {
            Some(certificate) => Some(Tls::new(certificate).map_err(config)?),
            None => None,
        };
        let mut keys = Keys::default();
        let provider = concat!("aemp-", env!("CARGO_PKG_VERSION"));
        for (key, value) in [
            ("provider", provider),
            ("mproto", "1"),
            ("instance", instance),
        ] {
            keys.set(key, value)
                .map_err(|error| config(error.to_string()))?;
        }
        let mut settings = Settings::new(node.clone(), secrets);
        settings.accept.clone_from(&self.accept);
        settings.send.clone_from(&self.send);
        settings.framings.clone_from(&self.framings);
        settings.tls = tls.is_some();
        settings.require_tls = self.require_tls;
        settings.require_sha3 = self.require_sha3;
        settings.keys = keys;
        settings.time_limit = self.limits.handshake;
        settings
            .check()
            .map_err(|error| config(error.to_string()))?;
        Ok((Some(settings), tls))
    }

    fn has_credentials(&self) -> bool {
        !self.secrets.is_empty() || self.certificate.is_some()
    }
}

/// Collects a configuration and starts a node with it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use aemp_node::Node;
///
/// let node = Node::builder()
///     .node_id("greeter")
///     .secret("the secret of the network")
///     .bind("127.0.0.1:4040")
///     .start()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
#[must_use = "nothing happens before `start`"]
pub struct NodeBuilder {
    config: Config,
    fault: Option<String>,
    unusable: Option<AddressError>,
}

impl NodeBuilder {
    /// Begins with a configuration.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            fault: None,
            unusable: None,
        }
    }

    /// Names the node; without a name it gets a random one.
    pub fn node_id(mut self, id: &str) -> Self {
        match NodeId::new(id) {
            Ok(id) => self.config.node_id = Some(id),
            Err(error) => self.fault(&error),
        }
        self
    }

    /// Adds a secret: the first is ours, others are accepted too. An empty one is none.
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        let secret = secret.into();
        // [auth.secret.empty]
        if !secret.is_empty() {
            self.config.secrets.push(secret);
        }
        self
    }

    /// Sets certificate and key, as PEM text; TLS is offered then.
    pub fn certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        match Certificate::from_pem(pem.as_ref()) {
            Ok(certificate) => self.config.certificate = Some(certificate),
            Err(error) => self.fault(&error),
        }
        self
    }

    /// Adds an address to listen on.
    pub fn bind(mut self, address: &str) -> Self {
        match address.parse::<Address>() {
            Ok(address) => self.config.binds.push(address),
            Err(error) => self.fault(&error),
        }
        self
    }

    /// Adds an address to keep a link with. One that cannot be dialled is left out and logged, and an
    /// error at the start if there is no other.
    pub fn seed(mut self, address: &str) -> Self {
        match Address::to_dial(address) {
            Ok(address) => self.config.seeds.push(address),
            // [id.address.unusable]
            Err(error) => {
                tracing::warn!("a seed is left out: {error}");
                self.unusable = Some(error);
            }
        }
        self
    }

    /// Sets the framings that are accepted, best first.
    pub fn framings(mut self, framings: &[Framing]) -> Self {
        self.config.framings = framings.into();
        self
    }

    /// Accepts the secret itself as a proof, as simple clients may send it. Whoever can read along
    /// learns it.
    pub fn accept_cleartext(mut self) -> Self {
        self.config.accept.push(Method::Cleartext);
        self
    }

    /// Sets the methods that are accepted and sent, best first.
    pub fn methods(mut self, methods: &[Method]) -> Self {
        self.config.accept = methods.into();
        self.config.send = methods.into();
        self
    }

    /// Sends nodes that ask for them the log messages of this one.
    pub fn log_source(mut self) -> Self {
        self.config.log_source = true;
        self
    }

    /// Changes anything else of the configuration.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts the node: it listens when this returns, and its seeds are being dialled.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what is wrong with the configuration and what to do about it.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start(self) -> Result<Node, StartError> {
        self.start_with(|_| {}).await
    }

    /// Starts the node as [`start`](Self::start) does, with what its peers may ask for at once:
    /// `prepare` opens well-known ports and registers functions before the node accepts or dials
    /// anything, so that no message comes too early for them.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start_with(self, prepare: impl FnOnce(&Node)) -> Result<Node, StartError> {
        let unusable = self.unusable.filter(|_| self.config.seeds.is_empty());
        match self.fault.or(unusable.map(|error| error.to_string())) {
            Some(fault) => Err(StartError::Config(fault)),
            None => Node::start(self.config, prepare).await,
        }
    }

    fn fault(&mut self, error: &dyn ToString) {
        self.fault.get_or_insert(error.to_string());
    }
}
