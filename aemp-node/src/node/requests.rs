//! Messages to the node port, carried out in the order in which they come.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use aemp_proto::{
    Failure, PortId, PortName, Reason,
    framing::{Arg, Args},
    log::CONNECT,
    request::{Query, Refusal, Request, tag},
    value::{Float, Map, Value},
};

use super::Node;
use crate::{
    cause::Cause,
    log::{self, log},
    monitor::{Monitoring, Target},
    net::peer::Peer,
};

/// Where requests come from: a link with a peer.
pub(crate) struct Source {
    pub(crate) peer: Arc<Peer>,
    pub(crate) link: u64,
}

/// Carries out a message to the node port; without a source it is from this node itself.
pub(crate) fn handle(node: &Node, source: Option<&Source>, args: &Args<'_>) {
    let counters = &node.inner().counters;
    match Request::parse(args) {
        Ok(request) => carry_out(node, source, request),
        Err(refusal) => {
            match refusal {
                Refusal::KillNodePort | Refusal::Eval => counters.refused_request.add(),
                _ => counters.wrong_request.add(),
            }
            log!(node, debug; "refused {refusal}");
        }
    }
}

fn carry_out(node: &Node, source: Option<&Source>, request: Request<'_>) {
    let counters = &node.inner().counters;
    match (request, source) {
        (Request::Nothing, _) => {}
        (Request::Monitor(name), Some(source)) => monitor(node, source, &name),
        (Request::Unmonitor(name), Some(source)) => unmonitor(node, source, &name),
        (Request::Died(name, reason), Some(source)) => {
            source.peer.died(node, &name, &Cause::new(reason.values()));
        }
        // [node.self.dropped]
        (
            Request::Monitor(_) | Request::Unmonitor(_) | Request::Died(..) | Request::Global(..),
            None,
        ) => counters.wrong_request.add(),
        (Request::Kill(name, reason), _) => {
            let port = PortId::new(node.id().clone(), name);
            node.kil_with(&port, &Cause::new(reason.values()));
        }
        (Request::Send(port, args), _) => node.relay(&port, &args),
        (Request::SendMultiple(messages), _) => {
            for message in &messages {
                let parts = message.elements().and_then(|args| Request::message(&args));
                match parts {
                    Some((port, args)) => node.relay(&port, &args),
                    None => counters.wrong_request.add(),
                }
            }
        }
        (Request::Tell(Query::Status, ..), _) if !node.config().status => {
            counters.wrong_request.add();
        }
        (Request::Tell(query, port, args), _) => {
            let results = tell(node, &query);
            answer(node, &port, &args, results);
        }
        (Request::Eval(port, args), _) => {
            counters.refused_request.add();
            let text = "this node does not evaluate code";
            answer(node, &port, &args, vec![text.into()]);
        }
        (Request::Spawn(name, function, args), _) => node.host(&name, &function, &args),
        (Request::Call(name, args), _) if serves_log(node, &name) => {
            if log::connect(node, &args).is_none() {
                counters.wrong_request.add();
            }
        }
        (Request::Call(name, args), _) => node.call_function(&name, source, &args),
        // Protocol 1 is not spoken: these are requests that are not known.
        (Request::Global(..), _) => counters.wrong_request.add(),
        (_, _) => counters.wrong_request.add(),
    }
}

/// Whether that is the request for log messages, and it is carried out (`[log.optional]`).
fn serves_log(node: &Node, name: &str) -> bool {
    name == CONNECT && node.config().log_source
}

fn monitor(node: &Node, source: &Source, name: &PortName) {
    if name.is_node_port() {
        // [monitor.mon1.node-port]
        return;
    }
    let peer = &source.peer;
    if let Some(slot) = node.inner().table.find(name) {
        let registered = peer.with_up(source.link, |up| {
            (up.monitored.insert(name.clone()), up.monitored.len())
        });
        // [monitor.mon1.twice]
        let Some((true, count)) = registered else {
            return;
        };
        let most = node.config().limits.registrations;
        if count > most {
            let text = format!("{count} monitors of our ports, {most} are allowed");
            peer.close(source.link, Failure::new(Reason::LinkOverload, text));
            return;
        }
        let target = Target::Peer(peer.clone(), source.link);
        if slot.monitor(Monitoring::new(target)).is_ok() {
            return;
        }
        peer.with_up(source.link, |up| up.monitored.remove(name));
    }
    peer.send_death(node, name, &node.cause_of_absence(name));
}

fn unmonitor(node: &Node, source: &Source, name: &PortName) {
    let known = source
        .peer
        .with_up(source.link, |up| up.monitored.remove(name));
    if known == Some(true)
        && let Some(slot) = node.inner().table.find(name)
    {
        slot.unmonitor(|monitoring| monitoring.target.is_link(source.link));
    }
}

fn tell(node: &Node, query: &Query<'_>) -> Vec<Value> {
    match query {
        Query::Info => vec![node.id().as_str().into()],
        Query::KnownNodes => node
            .known_nodes()
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
        Query::UpNodes => node
            .up_nodes()
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
        Query::Can(name) => {
            let can = tag::SERVED.contains(&&**name)
                || serves_log(node, name)
                || node.inner().functions.knows(name);
            vec![if can { "1" } else { "" }.into()]
        }
        Query::Time => {
            let since = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let seconds = Float::new(since.as_secs_f64());
            vec![seconds.map_or(Value::Null, Value::Float)]
        }
        Query::Status => vec![status(node)],
        _ => Vec::new(),
    }
}

fn status(node: &Node) -> Value {
    let text = |id: &aemp_proto::NodeId| Value::from(id.as_str());
    let links: Vec<Value> = node
        .inner()
        .peers
        .all()
        .iter()
        .filter(|peer| peer.link().is_some())
        .map(|peer| {
            let mut link = Map::new();
            link.insert("node", text(&peer.id));
            link.insert("queued", peer.queued() as u64);
            Value::Map(link)
        })
        .collect();
    let counters: Map = node.inner().counters.all().collect();
    let nodes: Vec<Value> = node.known_nodes().iter().map(text).collect();
    let mut status = Map::new();
    status.insert("node", text(node.id()));
    status.insert("links", links);
    status.insert("nodes", nodes);
    status.insert("ports", node.inner().table.len() as u64);
    status.insert("counters", counters);
    Value::Map(status)
}

/// Sends the arguments of a request and what was asked for.
fn answer(node: &Node, port: &PortId, args: &Args<'_>, results: Vec<Value>) {
    let mut values: Vec<Value> = args.iter().map(|arg: Arg<'_>| arg.value()).collect();
    values.extend(results);
    if let Err(error) = node.snd(port, &values) {
        log!(node, debug, to = port; "an answer was not sent: {error}");
    }
}
