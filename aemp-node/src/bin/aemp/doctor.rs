//! `aemp doctor`: why a conversation with an address does not come about, step by step.

use aemp_node::Address;
use clap::Args;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::{
    Failed, Outcome,
    options::{Join, line},
};

/// Options of `aemp doctor`.
#[derive(Args)]
pub(crate) struct Doctor {
    /// The address of a node
    address: String,
    #[command(flatten)]
    join: Join,
}

impl Doctor {
    pub(crate) async fn run(mut self) -> Outcome {
        let limit = self.join.timeout()?;
        let address: Address = self
            .address
            .parse()
            .map_err(|error: aemp_node::config::AddressError| Failed::Usage(error.to_string()))?;
        let found = timeout(limit, address.resolve()).await;
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                return Err(Failed::Reported(format!(
                    "address: {address} cannot be looked up: {error}; check the host name"
                )));
            }
            Err(_) => {
                return Err(Failed::Reported(format!(
                    "address: no name server answers for {address}"
                )));
            }
        };
        line(&format!("address: {address} is {}", join(&found)))?;
        let mut connected = None;
        for at in &found {
            match timeout(limit, TcpStream::connect(at)).await {
                Ok(Ok(tcp)) => {
                    line(&format!("connect: {at} accepts connections"))?;
                    connected = Some(tcp);
                    break;
                }
                Ok(Err(error)) => line(&format!("connect: {at}: {error}"))?,
                Err(_) => line(&format!("connect: {at}: no answer in {limit:?}"))?,
            }
        }
        let Some(tcp) = connected else {
            return Err(Failed::Reported(
                "connect: nobody listens there; check the port, that the node runs, and what filters \
                 packets on the way"
                    .into(),
            ));
        };
        greeting(tcp, limit).await?;
        self.join.seed = vec![self.address.clone()];
        let node = self.join.join().await?;
        let up = node.up_nodes();
        line(&format!("link: with {}", join(&up)))?;
        node.shutdown(limit).await;
        line("everything works")
    }
}

/// Reads the greeting that a node sends before anything is said to it.
async fn greeting(tcp: TcpStream, limit: std::time::Duration) -> Outcome {
    let mut greeting = String::new();
    let mut reader = BufReader::new(tcp);
    let read = timeout(limit, reader.read_line(&mut greeting)).await;
    let fields: Vec<&str> = greeting.trim_end().split(';').collect();
    match read {
        Ok(Ok(1..)) if fields.len() >= 5 && fields[0] == "aemp" => {
            line(&format!(
                "greeting: the node {} of protocol {}",
                fields[2], fields[1]
            ))?;
            line(&format!(
                "greeting: accepts {} over {}",
                fields[3], fields[4]
            ))?;
            for key in ["provider", "tls"] {
                let found = fields[5..].iter().find_map(|field| {
                    field
                        .strip_prefix(key)
                        .and_then(|rest| rest.strip_prefix('='))
                });
                if let Some(value) = found {
                    line(&format!("greeting: {key} {value}"))?;
                }
            }
            Ok(())
        }
        Ok(Ok(1..)) => Err(Failed::Reported(format!(
            "greeting: what listens there is no AEMP node: it says {:?}",
            greeting.trim_end()
        ))),
        _ => Err(Failed::Reported(
            "greeting: who listens there says nothing; it is no AEMP node, or too busy".into(),
        )),
    }
}

fn join<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}
