//! The node: its handle, and what everything else of it hangs on.

mod call;
pub(crate) mod functions;
mod graves;
mod messages;
mod monitors;
pub(crate) mod requests;
mod stop;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use aemp_proto::{Failure, NodeId, PortId, PortName, handshake::Settings};
use tokio::{runtime::Handle, sync::watch};

use self::{functions::Functions, graves::Graves};
use crate::{
    config::{Address, Config, NodeBuilder},
    counters::Counters,
    error::{ForeignPort, StartError},
    log,
    net::{dial::Turns, links::Links, listen, peers::Peers, seeds, tls::Tls},
    port::{
        Mailbox, PortBuilder,
        handler::Handlers,
        names::{Names, random_text},
        slot::Slot,
        table::Table,
    },
    sched::{self, Scheduler},
};

/// A node of an AEMP network. Cheap to clone; all clones are the same node.
///
/// Several nodes may live in one process. A node without addresses and seeds works all the same,
/// for its own ports.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

/// A handle that does not keep the node.
#[derive(Clone)]
pub(crate) struct WeakNode(Weak<Inner>);

pub(crate) struct Inner {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    /// Nothing where the node neither listens nor dials.
    pub(crate) settings: Option<Arc<Settings>>,
    pub(crate) tls: Option<Tls>,
    pub(crate) table: Table,
    pub(crate) sched: Scheduler,
    pub(crate) names: Names,
    pub(crate) peers: Peers,
    pub(crate) links: Links,
    pub(crate) functions: Functions,
    pub(crate) graves: Graves,
    pub(crate) counters: Counters,
    pub(crate) log: log::Source,
    /// Where the answers to our heartbeats go; no port has this name.
    pub(crate) heartbeat_port: PortName,
    /// Where functions are called, one after another; not in the table.
    pub(crate) function_port: Arc<Slot>,
    /// Where requests of the node to itself are carried out, one after another; not in the table.
    pub(crate) node_port: Arc<Slot>,
    /// The beginning of the node's time.
    pub(crate) origin: Instant,
    pub(crate) runtime: Handle,
    pub(crate) stopping: watch::Sender<bool>,
    /// Seeds whose first dial has not ended.
    pub(crate) seeding: watch::Sender<usize>,
    /// Which secret is tried next where there are several.
    pub(crate) turns: Turns,
    listening: Mutex<Vec<SocketAddr>>,
    seed_failures: Mutex<Vec<(Address, Failure)>>,
}

impl Node {
    /// Begins the configuration of a node.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::default()
    }

    /// Starts a node; `prepare` runs before it accepts or dials anything.
    pub(crate) async fn start(
        config: Config,
        prepare: impl FnOnce(&Self),
    ) -> Result<Self, StartError> {
        let random = |error: getrandom::Error| StartError::Random(error.to_string());
        let id = match &config.node_id {
            Some(id) => id.clone(),
            None => {
                let text = format!("anon/{}", random_text(16).map_err(random)?);
                NodeId::new(&text).map_err(|error| StartError::Config(error.to_string()))?
            }
        };
        let mut octets = [0; 16];
        getrandom::fill(&mut octets).map_err(random)?;
        let instance: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let (settings, tls) = config.check(&id, &instance)?;
        let mut listeners = Vec::new();
        for bind in &config.binds {
            let opened = listen::bind(bind).await;
            listeners.extend(opened.map_err(|error| StartError::Bind(bind.clone(), error))?);
        }
        let names = Names::new().map_err(random)?;
        let runtime = Handle::current();
        let workers = config.workers.unwrap_or(runtime.metrics().num_workers());
        let port_queue = config.limits.port_queue;
        let aside = || {
            let name = PortName::node_port();
            Slot::new(name, Handlers::default(), port_queue, false)
        };
        let node = Self(Arc::new(Inner {
            links: Links::new(id.clone()),
            id,
            settings: settings.map(Arc::new),
            tls,
            table: Table::new(),
            sched: Scheduler::default(),
            heartbeat_port: names.port(),
            names,
            peers: Peers::default(),
            functions: Functions::default(),
            graves: Graves::default(),
            counters: Counters::default(),
            log: log::Source::default(),
            function_port: aside(),
            node_port: aside(),
            origin: Instant::now(),
            runtime,
            stopping: watch::Sender::new(false),
            seeding: watch::Sender::new(config.seeds.len()),
            turns: Turns::default(),
            listening: Mutex::default(),
            seed_failures: Mutex::default(),
            config,
        }));
        for number in 0..workers.max(1) {
            tokio::spawn(sched::work(node.clone(), number));
        }
        let addresses = listeners.iter().filter_map(|l| l.local_addr().ok());
        node.listening_mut(|listening| listening.extend(addresses));
        prepare(&node);
        for listener in listeners {
            tokio::spawn(listen::accept(node.clone(), listener));
        }
        for seed in node.config().seeds.clone() {
            tokio::spawn(seeds::keep(node.clone(), seed));
        }
        Ok(node)
    }

    /// The node's ID.
    pub fn id(&self) -> &NodeId {
        &self.0.id
    }

    /// The configuration that it was started with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Where it listens.
    pub fn listening(&self) -> Vec<SocketAddr> {
        self.listening_mut(|listening| listening.clone())
    }

    /// The ID of the port of that name, which need not exist.
    pub fn port_id(&self, name: &str) -> PortId {
        PortId::new(self.id().clone(), PortName::new(name))
    }

    /// Begins a new port with a name that was never used before.
    pub fn port(&self) -> PortBuilder<'_> {
        PortBuilder::new(self)
    }

    /// Begins a port with a well-known name, or gives handlers to the one that is there.
    ///
    /// That nobody else uses the name is the application's promise.
    #[doc(alias = "rcv")]
    pub fn port_named(&self, name: &str) -> PortBuilder<'_> {
        PortBuilder::named(self, PortName::new(name))
    }

    /// Begins to give handlers to a port of this node.
    ///
    /// # Errors
    ///
    /// [`ForeignPort`] where the port belongs to another node.
    pub fn rcv(&self, port: &PortId) -> Result<PortBuilder<'_>, ForeignPort> {
        if port.node() != self.id() {
            return Err(ForeignPort(port.clone()));
        }
        Ok(PortBuilder::named(self, port.port().clone()))
    }

    /// Makes a port whose messages are taken one by one; beyond `limit` octets that wait, or the
    /// configured limit, it is killed with `overload`.
    ///
    /// # Panics
    ///
    /// Never: the name of a new port is free.
    pub fn mailbox(&self, limit: Option<usize>) -> Mailbox {
        Mailbox::open(self, None, limit).expect("a new name is free")
    }

    /// Makes a mailbox with a well-known name; `None` if a port of that name is there.
    pub fn mailbox_named(&self, name: &str, limit: Option<usize>) -> Option<Mailbox> {
        Mailbox::open(self, Some(PortName::new(name)), limit)
    }

    /// Whether a port of this node lives.
    pub fn has_port(&self, name: &str) -> bool {
        self.0.table.find(name).is_some_and(|slot| !slot.is_dead())
    }

    /// How many ports this node has.
    pub fn ports(&self) -> usize {
        self.0.table.len()
    }

    /// The nodes with which there is a link, without this one.
    pub fn up_nodes(&self) -> BTreeSet<NodeId> {
        let peers = self.0.peers.all();
        let up = peers.iter().filter(|peer| peer.link().is_some());
        up.map(|peer| peer.id.clone()).collect()
    }

    /// This node, those with which there is a link, and those that it tries to reach.
    pub fn known_nodes(&self) -> BTreeSet<NodeId> {
        let peers = self.0.peers.all();
        let reached = peers.iter().filter(|peer| peer.is_wanted());
        let mut known: BTreeSet<_> = reached.map(|peer| peer.id.clone()).collect();
        known.insert(self.id().clone());
        known
    }

    /// Why seeds are not connected now.
    pub fn seed_failures(&self) -> Vec<(Address, Failure)> {
        let failures = self.0.seed_failures.lock();
        failures.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns when every seed was dialled once, with success or without.
    pub async fn seeded(&self) {
        let mut seeding = self.0.seeding.subscribe();
        // The sender lives as long as the node.
        let _ = seeding.wait_for(|unsettled| *unsettled == 0).await;
    }

    pub(crate) fn seed_outcome(&self, seed: &Address, failure: Option<&Failure>) {
        let failures = self.0.seed_failures.lock();
        let mut failures = failures.unwrap_or_else(PoisonError::into_inner);
        failures.retain(|(other, _)| other != seed);
        failures.extend(failure.map(|failure| (seed.clone(), failure.clone())));
    }

    /// Returns when there is a link with the node.
    pub async fn linked(&self, node: &NodeId) {
        self.0.peers.get(node).linked().await;
    }

    /// Says where a node may be reached, for dialling it when somebody sends there.
    pub fn learn(&self, node: &NodeId, address: Address) {
        self.0.peers.get(node).learn(address);
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(crate) fn downgrade(&self) -> WeakNode {
        WeakNode(Arc::downgrade(&self.0))
    }

    /// The node's time, since its origin.
    pub(crate) fn now(&self) -> Duration {
        self.0.origin.elapsed()
    }

    fn listening_mut<R>(&self, f: impl FnOnce(&mut Vec<SocketAddr>) -> R) -> R {
        f(&mut self
            .0
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

impl WeakNode {
    pub(crate) fn upgrade(&self) -> Option<Node> {
        self.0.upgrade().map(Node)
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({})", self.id())
    }
}
