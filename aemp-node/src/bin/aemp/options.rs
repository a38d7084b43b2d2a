//! What several commands have in common: how to join a network, arguments of messages, output.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use aemp_node::{
    Cause, Config, Node, NodeBuilder, NodeId, PortId, Value,
    config::{
        Service,
        rc::{RcFile, Settings},
    },
};
use clap::Args;

use crate::Failed;

/// How a node proves itself.
#[derive(Args)]
pub(crate) struct Credentials {
    /// The secret of the network; others may see it in the list of processes. May be given several
    /// times: the first is ours, the others are accepted too
    #[arg(long, value_name = "SECRET", conflicts_with = "secret_file")]
    secret: Vec<String>,
    /// A file that holds the secret; a line end at its end does not count
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A PEM file with certificate and key
    #[arg(long, value_name = "PEM")]
    cert: Option<PathBuf>,
}

/// How a command joins the network.
#[derive(Args)]
pub(crate) struct Join {
    /// An address of the network; may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) seed: Vec<String>,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
    /// The profile of the configuration file; without one, the host's name
    #[arg(long)]
    profile: Option<String>,
    /// Framings to accept, best first
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    framing: Vec<String>,
    /// Seconds to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    timeout: f64,
}

impl Credentials {
    /// Puts what was given over what a profile says. The environment counts less than options, and
    /// more than the profile.
    pub(crate) fn apply(&self, settings: &mut Settings) -> Result<(), Failed> {
        let secrets = match (self.secret.as_slice(), &self.secret_file) {
            ([], Some(file)) => {
                let text = read(file, "the secret")?;
                vec![text.trim_end_matches(['\n', '\r']).to_owned()]
            }
            ([], None) => std::env::var("AEMP_SECRET").into_iter().collect(),
            (secrets, _) => secrets.to_vec(),
        };
        if !secrets.is_empty() {
            if secrets.iter().any(String::is_empty) {
                return Err(Failed::Usage(
                    "the secret is empty; give a long random one".into(),
                ));
            }
            settings.insert("secret".into(), secrets.into());
        }
        if let Some(file) = &self.cert {
            settings.insert("cert".into(), read(file, "the certificate")?.into());
        }
        Ok(())
    }
}

impl Join {
    pub(crate) fn timeout(&self) -> Result<Duration, Failed> {
        Duration::try_from_secs_f64(self.timeout)
            .map_err(|_| Failed::Usage(format!("{} is no number of seconds to wait", self.timeout)))
    }

    /// Starts a private node and dials the seeds once.
    pub(crate) async fn join(&self) -> Result<Node, Failed> {
        let mut settings = profile(self.profile.as_deref())?;
        self.credentials.apply(&mut settings)?;
        if !self.seed.is_empty() {
            settings.insert("seeds".into(), self.seed.clone().into());
        }
        if !self.framing.is_empty() {
            settings.insert("framing_format".into(), self.framing.clone().into());
        }
        for key in ["nodeid", "binds", "services"] {
            settings.remove(key);
        }
        let (config, _) = configuration(&settings)?;
        if config.seeds.is_empty() {
            return Err(Failed::Usage(
                "no address of the network is known; give one with --seed HOST:PORT, or set seeds \
                 with `aemp config set seeds '[\"HOST:PORT\"]'`"
                    .into(),
            ));
        }
        let node = NodeBuilder::new(config)
            .start()
            .await
            .map_err(|error| Failed::Usage(error.to_string()))?;
        // A seed that takes longer may still come in time for what follows.
        let _ = tokio::time::timeout(self.timeout()?, node.seeded()).await;
        if node.up_nodes().is_empty() {
            return Err(Failed::Reported(no_seed(&node)));
        }
        Ok(node)
    }
}

/// What the seeds have to say when none is connected.
fn no_seed(node: &Node) -> String {
    let failures = node.seed_failures();
    if failures.is_empty() {
        return "no seed is connected in time; allow more with --timeout".into();
    }
    let lines = failures
        .iter()
        .map(|(seed, failure)| format!("{seed}: {failure}"));
    format!(
        "no seed is connected: {}",
        lines.collect::<Vec<_>>().join("; ")
    )
}

/// The effective settings of a profile; without a name, of the host's if there is such a profile.
pub(crate) fn profile(name: Option<&str>) -> Result<Settings, Failed> {
    let usage = |error: aemp_node::config::rc::RcError| Failed::Usage(error.to_string());
    let rc = match RcFile::default_path() {
        Some(path) => RcFile::load(&path).map_err(usage)?,
        None => RcFile::default(),
    };
    match name {
        Some(name) => rc.effective(name, true).map_err(usage),
        None => rc.effective(&host_name(), false).map_err(usage),
    }
}

pub(crate) fn configuration(settings: &Settings) -> Result<(Config, Vec<Service>), Failed> {
    Config::from_settings(settings).map_err(Failed::Usage)
}

/// The name of this machine, as far as it can be told.
pub(crate) fn host_name() -> String {
    let read = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let variable = |name| std::env::var(name).ok();
    let name = read
        .or_else(|| variable("HOSTNAME"))
        .or_else(|| variable("COMPUTERNAME"));
    let name = name.map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".into())
}

pub(crate) fn read(file: &Path, what: &str) -> Result<String, Failed> {
    fs::read_to_string(file).map_err(|error| {
        Failed::Usage(format!(
            "{what} cannot be read: {}: {error}",
            file.display()
        ))
    })
}

pub(crate) fn port_id(text: &str) -> Result<PortId, Failed> {
    PortId::parse(text).map_err(|error| {
        Failed::Usage(format!(
            "{text:?} is no port ID: {error}; write NODE#PORT, or NODE alone"
        ))
    })
}

pub(crate) fn node_id(text: &str) -> Result<NodeId, Failed> {
    port_id(text).map(|port| port.into_parts().0)
}

/// An argument of a message: JSON if it begins like a list, a map or a text, else the text itself.
pub(crate) fn argument(text: &str) -> Result<Value, Failed> {
    if !text.starts_with(['[', '{', '"']) {
        return Ok(text.into());
    }
    serde_json::from_str(text).map_err(|error| {
        Failed::Usage(format!(
            "the argument {text} begins as JSON and is none: {error}; to send it as a text, quote it \
             as JSON"
        ))
    })
}

pub(crate) fn arguments(texts: &[String]) -> Result<Vec<Value>, Failed> {
    texts.iter().map(|text| argument(text)).collect()
}

/// Prints values as one line of JSON.
pub(crate) fn print(values: &[Value]) -> Result<(), Failed> {
    line(&Value::from(values.to_vec()).to_string())
}

pub(crate) fn line(text: &str) -> Result<(), Failed> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failed::Reported(format!("cannot write: {error}")))
}

/// Why a port is gone, and what may be done about it.
pub(crate) fn gone(port: &PortId, cause: &Cause) -> Failed {
    let advice = match cause.word() {
        Some("no_such_port") => format!(
            "there is no port {} on the node {}; check the name",
            port.port(),
            port.node()
        ),
        Some("unreachable") => format!(
            "no way leads to the node {}: {cause}; name one of its addresses with --seed, and check \
             its node ID",
            port.node()
        ),
        Some("transport_error") => format!("the node {} is out of reach: {cause}", port.node()),
        _ => format!("the port {port} has died: {cause}"),
    };
    Failed::Reported(advice)
}
