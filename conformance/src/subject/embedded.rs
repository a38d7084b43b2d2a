//! The reference implementation inside this program: its core in process, its node over TCP.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use aemp_node::{Framing, Node, NodeId, PortId, PortName};
use tokio::runtime::Runtime;

use super::address::Reserved;
use super::in_process::Core;
use super::{Instance, Settings, StartError, State, Subject};
use crate::case::{Role, Way};

/// Seconds that the embedded simple client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The embedded reference implementation.
pub struct Embedded {
    /// How many runs may go on at once.
    pub jobs: usize,
}

impl Subject for Embedded {
    fn name(&self) -> String {
        format!("embedded reference node {}", env!("CARGO_PKG_VERSION"))
    }

    fn takes(&self, _: Role, _: Way) -> bool {
        true
    }

    fn configurable(&self) -> bool {
        true
    }

    fn parallel(&self) -> usize {
        self.jobs
    }

    fn start(&self, settings: &Settings, _: Duration) -> Result<Box<dyn Instance>, StartError> {
        match settings.way {
            Way::InProcess => Ok(Box::new(Core::new(settings)?)),
            Way::Live if settings.simple => Ok(Box::new(Client::start(settings)?)),
            Way::Live => Ok(Box::new(Embedding::start(settings)?)),
        }
    }
}

/// A node on a runtime of its own: to drop that is to kill the node.
struct Embedding {
    settings: Settings,
    address: Reserved,
    node: Option<(Runtime, Node)>,
    /// Why it did not start, where it was not to.
    end: Option<String>,
}

fn kit(error: impl std::fmt::Display) -> StartError {
    StartError::Kit(error.to_string())
}

fn runtime() -> Result<Runtime, StartError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().map_err(kit)
}

impl Embedding {
    fn start(settings: &Settings) -> Result<Self, StartError> {
        let address = Reserved::new(settings.host).map_err(kit)?;
        let (node, end) = match open(settings, address.address()) {
            Ok(node) => (Some(node), None),
            Err(StartError::Crash(why)) if settings.refuses => (None, Some(why)),
            Err(error) => return Err(error),
        };
        Ok(Self {
            node,
            settings: settings.clone(),
            address,
            end,
        })
    }
}

/// A node with the fixture.
fn open(settings: &Settings, address: SocketAddr) -> Result<(Runtime, Node), StartError> {
    let runtime = runtime()?;
    let mut builder = builder(settings, Some(address))?
        .bind(&address.to_string())
        .log_source();
    if settings.cleartext {
        builder = builder.accept_cleartext();
    }
    let mut services = Ok(());
    let start = builder.start_with(|node| {
        services = ["echo", "conformance"]
            .iter()
            .try_for_each(|service| aemp_node::service::start(node, service, &[]));
    });
    let node = runtime
        .block_on(start)
        .map_err(|error| StartError::Crash(error.to_string()))?;
    services.map_err(kit)?;
    Ok((runtime, node))
}

fn builder(
    settings: &Settings,
    own: Option<SocketAddr>,
) -> Result<aemp_node::NodeBuilder, StartError> {
    // Storable is off unless asked for.
    let framings = match settings.framing {
        crate::wire::Framing::Storable => &[Framing::Json, Framing::Cbor, Framing::Storable][..],
        _ => &[Framing::Json, Framing::Cbor],
    };
    let mut builder = Node::builder().node_id(&settings.node).framings(framings);
    for secret in &settings.secrets {
        builder = builder.secret(secret.as_str());
    }
    if let Some(file) = &settings.certificate {
        builder = builder.certificate(std::fs::read(file).map_err(kit)?);
    }
    for seed in settings.seeds(own) {
        builder = builder.seed(&seed);
    }
    Ok(builder)
}

impl Instance for Embedding {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address.address())
    }

    fn state(&mut self, _: Instant) -> State {
        self.end.clone().map_or(State::Running, State::Ended)
    }

    fn restartable(&self) -> bool {
        true
    }

    fn end(&mut self) {
        if let Some((runtime, node)) = self.node.take() {
            drop(node);
            // Waits for what runs at the moment, so that the address is free afterwards.
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    fn restart(&mut self, _: Duration) -> Result<(), StartError> {
        self.end();
        self.node = Some(open(&self.settings, self.address.address())?);
        Ok(())
    }

    fn ask_to_stop(&mut self) -> Result<(), String> {
        let (runtime, node) = self.node.as_ref().ok_or("it does not run")?;
        let node = node.clone();
        runtime.spawn(async move { node.shutdown(Duration::from_secs(5)).await });
        Ok(())
    }
}

impl Drop for Embedding {
    fn drop(&mut self) {
        if let Some((runtime, node)) = self.node.take() {
            drop(node);
            runtime.shutdown_background();
        }
    }
}

/// A simple client: it dials, sends its arguments, and has the answer or none.
struct Client {
    settings: Settings,
    answer: Receiver<(i32, Vec<u8>)>,
    end: Option<(i32, Vec<u8>)>,
}

impl Client {
    fn start(settings: &Settings) -> Result<Self, StartError> {
        let peer = settings
            .kit
            .as_deref()
            .ok_or_else(|| kit("a client needs a node"))?;
        let target = PortId::new(
            NodeId::new(peer).map_err(kit)?,
            PortName::new(&settings.port),
        );
        let builder = builder(settings, None)?;
        let arguments = settings.arguments.clone();
        let runtime = runtime()?;
        let (sender, answer) = channel();
        std::thread::spawn(move || {
            let answer = runtime.block_on(async {
                let node = builder.start().await.ok()?;
                let answer = node.cal(&target, &arguments, Some(PATIENCE)).await.ok()?;
                serde_json::to_vec(&answer.values()).ok()
            });
            runtime.shutdown_background();
            let end = answer.map_or((1, Vec::new()), |text| (0, text));
            drop(sender.send(end));
        });
        Ok(Self {
            settings: settings.clone(),
            answer,
            end: None,
        })
    }
}

impl Instance for Client {
    fn address(&self) -> Option<SocketAddr> {
        None
    }

    fn state(&mut self, _: Instant) -> State {
        State::Running
    }

    fn restartable(&self) -> bool {
        true
    }

    /// What is left of the one before ends by itself when its patience does.
    fn restart(&mut self, _: Duration) -> Result<(), StartError> {
        *self = Self::start(&self.settings)?;
        Ok(())
    }

    fn exit(&mut self, deadline: Instant) -> Option<(i32, Vec<u8>)> {
        if self.end.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            self.end = self.answer.recv_timeout(left).ok();
        }
        self.end.clone()
    }
}
