//! `aemp trace`: which nodes are linked with which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use aemp_node::{Node, NodeId, PortId, Value};
use clap::{Args, ValueEnum};

use crate::{
    Outcome,
    options::{Join, line, node_id},
};

/// Options of `aemp trace`.
#[derive(Args)]
pub(crate) struct Trace {
    /// Where to begin; without one, at the seed
    node: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    format: Format,
    #[command(flatten)]
    join: Join,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Tree,
    Dot,
    Json,
}

/// For each node that answered, the nodes that it is linked with.
type Seen = BTreeMap<String, BTreeSet<String>>;

impl Trace {
    pub(crate) async fn run(self) -> Outcome {
        let first = self.node.as_deref().map(node_id).transpose()?;
        let limit = self.join.timeout()?;
        let node = self.join.join().await?;
        let up: Vec<NodeId> = match first {
            Some(first) => vec![first],
            None => node.up_nodes().into_iter().collect(),
        };
        let mut seen = Seen::new();
        let mut next: Vec<Vec<String>> = up.iter().map(|id| vec![id.to_string()]).collect();
        while let Some(path) = next.pop() {
            let Some(name) = path.last().filter(|name| !seen.contains_key(*name)) else {
                continue;
            };
            let mut linked = ask(&node, &path, limit).await.unwrap_or_default();
            // This command itself is not of interest.
            linked.remove(node.id().as_str());
            seen.insert(name.clone(), linked.clone());
            next.extend(
                linked
                    .into_iter()
                    .map(|other| [&path[..], &[other]].concat()),
            );
        }
        let text = match self.format {
            Format::Tree => tree(&seen),
            Format::Dot => dot(&seen),
            Format::Json => serde_json::to_string(&seen).unwrap_or_default(),
        };
        line(text.trim_end())
    }
}

/// Asks the last node of a path whom it is linked with; nothing where it does not answer.
async fn ask(node: &Node, path: &[String], limit: Duration) -> Option<BTreeSet<String>> {
    let port = PortId::parse(path.first()?).ok()?;
    // Only older originals, which know no status, are worth the second question.
    let status = request(path, "status");
    let answer = node
        .cal(&port, &status, Some(limit.min(Duration::from_secs(1))))
        .await;
    if let Ok(answer) = answer
        && let Some(Value::Map(status)) = answer.values().first()
    {
        let links = status.get("links")?.as_array()?;
        let names = links.iter().filter_map(|link| link.as_map()?.get("node"));
        return Some(names.filter_map(text).collect());
    }
    let links = request(path, "up_nodes");
    let answer = node.cal(&port, &links, Some(limit)).await.ok()?;
    Some(answer.values().iter().filter_map(text).collect())
}

/// A request to the last node of a path, sent on by those before it; so is the answer, as the last
/// node cannot reach a private one. What is still missing at the end is the port for the answer.
fn request<'a>(path: &'a [String], verb: &'a str) -> Vec<&'a str> {
    let relays = &path[..path.len() - 1];
    let there = path[1..].iter().flat_map(|node| ["snd", node]);
    let back = relays.iter().rev().flat_map(|node| [&**node, "snd"]);
    there.chain([verb]).chain(back).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_text().map(std::borrow::Cow::into_owned)
}

fn tree(seen: &Seen) -> String {
    let mut text = String::new();
    for (node, linked) in seen {
        let _ = writeln!(text, "{node}");
        for (i, other) in linked.iter().enumerate() {
            let branch = if i + 1 == linked.len() { "`-" } else { "|-" };
            let _ = writeln!(text, "{branch} {other}");
        }
    }
    text
}

fn dot(seen: &Seen) -> String {
    let mut edges = BTreeSet::new();
    for (node, linked) in seen {
        for other in linked {
            edges.insert((node.min(other), node.max(other)));
        }
    }
    let mut text = String::from("graph aemp {\n");
    for node in seen.keys() {
        let _ = writeln!(text, "  {node:?};");
    }
    for (a, b) in edges {
        let _ = writeln!(text, "  {a:?} -- {b:?};");
    }
    text + "}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_travel_along_the_path_and_back() {
        let path =
            |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        assert_eq!(request(&path(&["a"]), "v"), ["v"]);
        assert_eq!(
            request(&path(&["a", "b", "c"]), "v"),
            ["snd", "b", "snd", "c", "v", "b", "snd", "a", "snd"]
        );
    }

    #[test]
    fn a_link_that_both_ends_tell_is_drawn_once() {
        let one = |name: &str| BTreeSet::from([name.to_owned()]);
        let seen = Seen::from([("a".into(), one("b")), ("b".into(), one("a"))]);
        assert_eq!(dot(&seen).matches("--").count(), 1);
        assert_eq!(tree(&seen), "a\n`- b\nb\n`- a\n");
    }
}
