//! `aemp run`: a node with services.

use std::time::Duration;

use aemp_node::{Node, NodeBuilder, config::Service, service};
use clap::Args;
use serde_json::Value;

use crate::{
    Failed, Outcome,
    options::{Credentials, configuration, host_name, line, profile},
};

/// Options of `aemp run`.
#[derive(Args)]
pub(crate) struct Run {
    /// The profile of the configuration file; without one, the host's name
    profile: Option<String>,
    /// The node ID; without one, the profile's name
    #[arg(long, value_name = "ID")]
    node_id: Option<String>,
    /// An address to listen on (default 127.0.0.1:4040); may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    bind: Vec<String>,
    /// An address to keep a link with; may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    seed: Vec<String>,
    #[command(flatten)]
    credentials: Credentials,
    /// Be a global node of protocol 1
    #[arg(long)]
    global: bool,
    /// A service to start: echo, conformance or log-catcher; may be given several times
    #[arg(long, value_name = "NAME[=JSON-ARGS]")]
    service: Vec<String>,
    /// Accept the secret itself as a proof, as simple clients may send it
    #[arg(long)]
    accept_cleartext: bool,
    /// Framings to accept, best first
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    framing: Vec<String>,
    /// Any key of the configuration file; the value is JSON or a text
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Run {
    pub(crate) async fn run(self) -> Outcome {
        let mut settings = profile(self.profile.as_deref())?;
        let name = self.profile.clone().unwrap_or_else(host_name);
        settings.entry("nodeid").or_insert_with(|| name.into());
        settings
            .entry("binds")
            .or_insert_with(|| vec!["127.0.0.1:4040"].into());
        settings.entry("log_source").or_insert(true.into());
        if let Some(id) = &self.node_id {
            settings.insert("nodeid".into(), id.as_str().into());
        }
        if !self.bind.is_empty() {
            settings.insert("binds".into(), self.bind.clone().into());
        }
        if !self.seed.is_empty() {
            settings.insert("seeds".into(), self.seed.clone().into());
        }
        if !self.framing.is_empty() {
            settings.insert("framing_format".into(), self.framing.clone().into());
        }
        self.credentials.apply(&mut settings)?;
        for pair in &self.set {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                Failed::Usage(format!("--set {pair}: there is no '='; write KEY=VALUE"))
            })?;
            settings.insert(key.into(), json_or_text(value));
        }
        let (config, mut services) = configuration(&settings)?;
        for text in &self.service {
            services.push(service_option(text)?);
        }
        if self.global {
            tracing::warn!("--global: this version speaks no global protocol yet");
        }
        let mut builder = NodeBuilder::new(config);
        if self.accept_cleartext {
            builder = builder.accept_cleartext();
        }
        // Before the node accepts or dials: a peer may ask for a service at once.
        let mut started = Ok(());
        let node = builder
            .start_with(|node| started = start(node, &services))
            .await
            .map_err(|error| Failed::Usage(error.to_string()))?;
        started?;
        let addresses: Vec<_> = node.listening().iter().map(ToString::to_string).collect();
        line(format!("READY {} {}", node.id(), addresses.join(",")).trim_end())?;
        until_told().await;
        tracing::info!("stopping");
        node.shutdown(node.config().limits.flush + Duration::from_millis(1))
            .await;
        Ok(())
    }
}

/// Returns at the signals that ask a process to end.
async fn until_told() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                // Where that fails the node runs until it is killed.
                Ok(()) = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn start(node: &Node, services: &[Service]) -> Result<(), Failed> {
    for service in services {
        if service.name.contains("::") {
            tracing::warn!(
                "the service {} is one of the original's and is not started",
                service.name
            );
            continue;
        }
        let args: Vec<_> = service.args.iter().map(value).collect();
        service::start(node, &service.name, &args)
            .map_err(|error| Failed::Usage(error.to_string()))?;
    }
    Ok(())
}

fn service_option(text: &str) -> Result<Service, Failed> {
    let (name, args) = match text.split_once('=') {
        None => (text, Vec::new()),
        Some((name, args)) => match json_or_text(args) {
            Value::Array(args) => (name, args),
            other => (name, vec![other]),
        },
    };
    Ok(Service {
        name: name.into(),
        args,
    })
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn value(json: &Value) -> aemp_node::Value {
    // Every JSON value that serde_json reads is one of ours, unless its numbers are out of range.
    serde_json::from_value(json.clone()).unwrap_or(aemp_node::Value::Null)
}
