//! Commands that talk to ports: `snd`, `cal`, `mon`, `eval` and `shell`.

use std::time::Duration;

use aemp_node::{CallError, Cause, Node, PortId, Value};
use clap::Args;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    sync::oneshot,
};

use crate::{
    Failed, Outcome,
    options::{Join, arguments, gone, node_id, port_id, print},
};

/// Options of `aemp snd`.
#[derive(Args)]
pub(crate) struct Snd {
    /// The port: NODE#PORT
    port: String,
    /// The message; what begins with [, { or " is JSON, anything else a text
    args: Vec<String>,
    #[command(flatten)]
    join: Join,
}

/// Options of `aemp cal`.
#[derive(Args)]
pub(crate) struct Cal {
    /// The port: NODE#PORT, or NODE for a request to the node itself
    port: String,
    /// The message; what begins with [, { or " is JSON, anything else a text
    args: Vec<String>,
    #[command(flatten)]
    join: Join,
}

/// Options of `aemp mon`.
#[derive(Args)]
pub(crate) struct Mon {
    /// The port: NODE#PORT, or NODE for the node itself
    port: String,
    #[command(flatten)]
    join: Join,
}

/// Options of `aemp eval`.
#[derive(Args)]
pub(crate) struct Eval {
    /// The node, an original one
    node: String,
    /// The code; several arguments are joined with spaces
    #[arg(required = true)]
    expr: Vec<String>,
    #[command(flatten)]
    join: Join,
}

/// Options of `aemp shell`.
#[derive(Args)]
pub(crate) struct Shell {
    /// The node that `eval` goes to and that port names without a node belong to
    node: Option<String>,
    #[command(flatten)]
    join: Join,
}

impl Snd {
    pub(crate) async fn run(self) -> Outcome {
        let port = port_id(&self.port)?;
        let args = arguments(&self.args)?;
        let limit = self.join.timeout()?;
        let node = self.join.join().await?;
        send(&node, &port, &args, limit).await?;
        node.shutdown(limit).await;
        Ok(())
    }
}

impl Cal {
    pub(crate) async fn run(self) -> Outcome {
        let port = port_id(&self.port)?;
        let args = arguments(&self.args)?;
        let limit = self.join.timeout()?;
        let node = self.join.join().await?;
        print(&call(&node, &port, &args, limit).await?)?;
        node.shutdown(limit).await;
        Ok(())
    }
}

impl Mon {
    pub(crate) async fn run(self) -> Outcome {
        let port = port_id(&self.port)?;
        let node = self.join.join().await?;
        let cause = watch(&node, &port).await;
        match cause.word() {
            Some("no_such_port" | "unreachable") => Err(gone(&port, &cause)),
            _ => print(cause.values()),
        }
    }
}

impl Eval {
    pub(crate) async fn run(self) -> Outcome {
        let target = node_id(&self.node)?;
        let limit = self.join.timeout()?;
        let node = self.join.join().await?;
        let code = self.expr.join(" ");
        print(&eval(&node, &target.into(), &code, limit).await?)
    }
}

impl Shell {
    pub(crate) async fn run(self) -> Outcome {
        let home = self.node.as_deref().map(node_id).transpose()?;
        let limit = self.join.timeout()?;
        let node = self.join.join().await?;
        let home = match home {
            Some(home) => home,
            None => node
                .up_nodes()
                .into_iter()
                .next()
                .unwrap_or_else(|| node.id().clone()),
        };
        eprintln!("talking to {home}: snd, cal, mon PORT ARG..., eval CODE, nodes, quit");
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let words = match words(&line) {
                Ok(words) => words,
                Err(text) => {
                    eprintln!("{text}");
                    continue;
                }
            };
            let Some((verb, rest)) = words.split_first() else {
                continue;
            };
            let outcome = match (verb.as_str(), rest) {
                ("quit" | "exit", _) => break,
                ("nodes", _) => {
                    let nodes = node.known_nodes();
                    print(
                        &nodes
                            .iter()
                            .map(|id| id.as_str().into())
                            .collect::<Vec<_>>(),
                    )
                }
                ("eval", code) if !code.is_empty() => {
                    let code = line.trim_start().trim_start_matches("eval").trim();
                    let results = eval(&node, &home.clone().into(), code, limit).await;
                    results.and_then(|results| print(&results))
                }
                ("snd" | "cal" | "mon", [port, args @ ..]) => {
                    let port = match port.contains('#') {
                        true => port.clone(),
                        false => format!("{home}#{port}"),
                    };
                    one(&node, verb, &port, args, limit).await
                }
                _ => Err(Failed::Usage(
                    "write snd, cal, mon PORT ARG..., eval CODE, nodes, quit".into(),
                )),
            };
            if let Err(Failed::Reported(text) | Failed::Usage(text)) = outcome {
                eprintln!("{text}");
            }
        }
        node.shutdown(limit).await;
        Ok(())
    }
}

/// One line of the shell.
async fn one(node: &Node, verb: &str, port: &str, args: &[String], limit: Duration) -> Outcome {
    let port = port_id(port)?;
    let args = arguments(args)?;
    match verb {
        "snd" => send(node, &port, &args, limit).await,
        "cal" => print(&call(node, &port, &args, limit).await?),
        _ => {
            let (node, watched) = (node.clone(), port.clone());
            tokio::spawn(async move {
                let cause = watch(&node, &watched).await;
                eprintln!("{watched} is down: {cause}");
            });
            Ok(())
        }
    }
}

/// Splits a line at spaces; JSON arguments hold together.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let end = if rest.starts_with(['[', '{', '"']) {
            let mut values =
                serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
            match values.next() {
                Some(Ok(_)) => values.byte_offset(),
                Some(Err(error)) => return Err(format!("{rest} is no JSON: {error}")),
                None => rest.len(),
            }
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        words.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

/// Sends a message and makes sure that it has got there.
async fn send(node: &Node, port: &PortId, args: &[Value], limit: Duration) -> Outcome {
    let down = watch(node, port);
    node.snd(port, args)
        .map_err(|error| Failed::Usage(error.to_string()))?;
    let node_port = PortId::from(port.node().clone());
    // What the node says about the port comes before its answer to a later request.
    let there = node.cal(&node_port, &("time",), Some(limit));
    tokio::select! {
        biased;
        cause = down => match cause.word() {
            Some("no_such_port" | "unreachable" | "transport_error") => Err(gone(port, &cause)),
            // The message itself may have ended it.
            _ => Ok(()),
        },
        there = there => match there {
            Ok(_) => Ok(()),
            Err(error) => Err(no_answer(port, error)),
        },
    }
}

async fn call(
    node: &Node,
    port: &PortId,
    args: &[Value],
    limit: Duration,
) -> Result<Vec<Value>, Failed> {
    match node.cal(port, args, Some(limit)).await {
        Ok(answer) => Ok(answer.values()),
        Err(error) => Err(no_answer(port, error)),
    }
}

async fn eval(
    node: &Node,
    port: &PortId,
    code: &str,
    limit: Duration,
) -> Result<Vec<Value>, Failed> {
    let answer = call(node, port, &["eval".into(), code.into()], limit).await?;
    // [node.eval.reading]
    match answer.split_first() {
        Some((error, results)) if error.as_text().is_none_or(|text| text.is_empty()) => {
            Ok(results.to_vec())
        }
        Some((error, _)) => {
            let text = error.as_text().unwrap_or_default();
            Err(Failed::Reported(format!(
                "the node {} says: {}",
                port.node(),
                text.trim_end()
            )))
        }
        None => Err(Failed::Reported(format!(
            "the node {} gave an empty answer",
            port.node()
        ))),
    }
}

/// Waits for a port's end.
fn watch(node: &Node, port: &PortId) -> impl Future<Output = Cause> + use<> {
    let (tell, told) = oneshot::channel();
    node.monitor(port, move |_: &Node, cause| {
        // Nobody may wait for it any more.
        let _ = tell.send(cause);
    });
    async move { told.await.unwrap_or_default() }
}

fn no_answer(port: &PortId, error: CallError) -> Failed {
    match error {
        CallError::Died(cause) => gone(port, &cause),
        CallError::Send(error) => Failed::Usage(error.to_string()),
        error => Failed::Reported(format!("{port}: {error} (--timeout)")),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_line_is_split_at_spaces_outside_of_json() {
        assert_eq!(
            words(r#" cal n#p x [1, "a b"] "c d" {"e": 1} y"#).unwrap(),
            [
                "cal",
                "n#p",
                "x",
                r#"[1, "a b"]"#,
                r#""c d""#,
                r#"{"e": 1}"#,
                "y"
            ]
        );
        assert!(words("snd [1,").is_err());
    }
}
