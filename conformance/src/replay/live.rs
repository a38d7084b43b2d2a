//! The recorded clear-text client's part, spoken to the reference node over TCP.
//!
//! The node is given the name, the secret and the ports that the recorded one had. The client sends
//! what was recorded, one step at a time; what must come back follows from what came back then, or,
//! where a correct node answers otherwise, from the kind of request ([`super::answers`]).

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use aemp_node::{Cause, Context, HandlerError, Message, Node, NodeBuilder};
use aemp_proto::{
    PortId,
    auth::{AuthLine, Secret, Transcript, verify},
    greeting::Greeting,
    value::Value as Argument,
};
use serde_json::{Value, json};

use super::{
    answers::{Expected, Session},
    recording::{Connection, Recording, Side},
    report::FileReport,
    seat::Seat,
};

/// The recordings of a clear-text client.
pub(super) const RECORDINGS: [&str; 2] = [
    "1.x/simple-cleartext-client.json",
    "2.x/simple-cleartext-client.json",
];

/// For how long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Speaks the initiator's part of the first connection of `recording` to a node of ours.
pub(super) fn converse(recording: &Recording) -> FileReport {
    let mut report = FileReport {
        path: format!("{}, spoken to the reference node", recording.path),
        ..FileReport::default()
    };
    if let Err(problem) = try_converse(recording, &mut report) {
        report.problems.push(problem);
    }
    report
}

fn try_converse(recording: &Recording, report: &mut FileReport) -> Result<(), String> {
    let connection = recording
        .connections
        .first()
        .ok_or("it has no connection")?;
    let client = Seat::of(connection, Side::Initiator, &recording.config);
    let recorded = Seat::of(connection, Side::Acceptor, &recording.config);
    let steps = steps(connection)?;
    let secret = recording
        .config
        .secret(&recorded.node)
        .ok_or("the recorded node has no secret")?;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let builder = Node::builder()
        .node_id(&recorded.node)
        .secret(secret.as_str())
        .bind("127.0.0.1:0")
        .accept_cleartext();
    let node = runtime.block_on(start(builder))?;
    open_ports(&node, &steps);
    let address = *node.listening().first().ok_or("the node listens nowhere")?;
    let outcome = talk(address, connection, &client, &secret, &steps, report);
    runtime.block_on(node.shutdown(Duration::from_secs(1)));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn start(builder: NodeBuilder) -> Result<Node, String> {
    builder
        .start()
        .await
        .map_err(|error| format!("the reference node does not start: {error}"))
}

/// One thing that the client said, and what it was answered.
pub(super) struct Step {
    /// The messages of the client, as they were sent.
    pub(super) octets: Vec<u8>,
    /// The same, read.
    pub(super) sent: Vec<Value>,
    /// What the recorded node said before the client said more.
    pub(super) answers: Vec<Value>,
}

/// The messages of both sides behind the handshake, in the order of the recording.
fn steps(connection: &Connection) -> Result<Vec<Step>, String> {
    let mut events: Vec<(usize, Side, &[u8])> = Vec::new();
    for side in Side::BOTH {
        let stream = connection.stream(side);
        let lines = stream.lines(3);
        let &(_, mut from) = lines
            .get(2)
            .ok_or_else(|| format!("the {side} did not prove itself"))?;
        for mark in stream.marks.iter().filter(|mark| mark.end > lines[2].1) {
            events.push((mark.moment.order, side, &stream.octets[from..mark.end]));
            from = mark.end;
        }
    }
    events.sort_by_key(|&(order, ..)| order);
    let mut steps: Vec<Step> = Vec::new();
    for (_, side, octets) in events {
        let messages = serde_json::Deserializer::from_slice(octets).into_iter::<Value>();
        let messages: Vec<Value> = messages.collect::<Result<_, _>>().map_err(|error| {
            format!("a message of the {side} is not whole in its event: {error}")
        })?;
        match side {
            Side::Initiator => {
                steps.push(Step {
                    octets: octets.to_vec(),
                    sent: messages,
                    answers: Vec::new(),
                });
            }
            // What the node says unasked at the beginning is no answer.
            Side::Acceptor => {
                if let Some(step) = steps.last_mut() {
                    step.answers.extend(messages);
                }
            }
        }
    }
    Ok(steps)
}

/// Opens every port that the recorded node showed to have.
fn open_ports(node: &Node, steps: &[Step]) {
    let is = |value: &Value, text: &str| value.as_str() == Some(text);
    let absent: Vec<&str> = steps
        .iter()
        .flat_map(|step| &step.answers)
        .filter(|answer| is(&answer[1], "kil0") && is(&answer[3], "no_such_port"))
        .filter_map(|answer| answer[2].as_str())
        .collect();
    let spawned: Vec<&str> = steps
        .iter()
        .flat_map(|step| &step.sent)
        .filter(|sent| is(&sent[1], "AnyEvent::MP::_spawn"))
        .filter_map(|sent| sent[2].as_str())
        .collect();
    for step in steps {
        for sent in &step.sent {
            let name = match (sent[0].as_str(), sent[1].as_str()) {
                (Some(""), Some("mon1")) => sent[2].as_str().unwrap_or_default(),
                (Some(name), _) if !step.answers.is_empty() => name,
                _ => continue,
            };
            if name.is_empty()
                || absent.contains(&name)
                || spawned.contains(&name)
                || node.has_port(name)
            {
                continue;
            }
            let port = node.port_named(name);
            // The recorded driver made one port without a receiver, to see it die of a message.
            let bare = steps
                .iter()
                .flat_map(|step| &step.answers)
                .any(|answer| is(&answer[2], name) && is(&answer[3], "unhandled_message"));
            if bare {
                port.open()
            } else {
                port.handle(|context: &Context, message: Message| obey(context, &message))
                    .open()
            };
        }
    }
}

/// What the ports of the recorded drivers did.
fn obey(context: &Context, message: &Message) -> Result<(), HandlerError> {
    let mut values = message.values();
    let word = message.tag().unwrap_or_default().into_owned();
    match word.as_str() {
        "die" => return Err("told to die".into()),
        "bye" => context.kil_self(Cause::NORMAL),
        "oops" => context.kil_self(Cause::new(vec![
            "why".into(),
            1.into(),
            Argument::Array(vec![2.into()]),
        ])),
        "dieref" => {
            let mut map = aemp_proto::value::Map::new();
            map.insert("a", 1);
            context.kil_self(Cause::new(vec!["die".into(), Argument::Map(map)]));
        }
        "killme" => {
            context.kil_self(Cause::new(values.split_off(1)));
            // Of its driver's doing: another port ends a little later.
            let node = context.node();
            node.kil(&node.port_id("p6"), Vec::new());
        }
        "ping" => {
            let port = reply_port(values.get(1))?;
            values.splice(..2, ["pong".into()]);
            context.snd(&port, &values)?;
        }
        _ => {
            let port = reply_port(values.first())?;
            context.snd(&port, &values[1..])?;
        }
    }
    Ok(())
}

fn reply_port(value: Option<&Argument>) -> Result<PortId, HandlerError> {
    let text = value.and_then(Argument::as_text).unwrap_or_default();
    Ok(PortId::parse(&text)?)
}

/// The conversation itself.
fn talk(
    address: SocketAddr,
    connection: &Connection,
    client: &Seat,
    secret: &str,
    steps: &[Step],
    report: &mut FileReport,
) -> Result<(), String> {
    let mut wire = Wire::connect(address).map_err(|error| error.to_string())?;
    let stream = connection.stream(Side::Initiator);
    let lines = stream.lines(3);
    report.counts.connections += 1;
    wire.send(&stream.octets[..lines[1].1])?;
    let theirs = [wire.line()?, wire.line()?];
    let greeting = Greeting::parse(&theirs[0]).map_err(|failure| failure.to_string())?;
    report.counts.greetings += 1;
    wire.send(&stream.octets[lines[1].1..lines[2].1])?;
    let line = wire.line()?;
    let proof = AuthLine::parse(&line).map_err(|failure| failure.to_string())?;
    let method = proof.method().map_err(|failure| failure.to_string())?;
    let own = client.lines();
    let transcript = Transcript {
        sender: [&theirs[0], &theirs[1]],
        receiver: [&own[0], &own[1]],
    };
    verify(
        method,
        &transcript,
        proof.proof(),
        Some(&Secret::from(secret)),
    )
    .map_err(|error| format!("the node's proof: {error}"))?;
    report.counts.proofs += 1;
    report.counts.handshakes += 1;

    let mut session = Session::new(greeting.node.as_str(), &client.node);
    for step in steps {
        let expected = session.expect(step);
        let shown = String::from_utf8_lossy(&step.octets).into_owned();
        wire.send(&step.octets)?;
        let got = collect(&mut wire, &mut session, &expected, &client.node)?;
        report.counts.steps += 1;
        let problem = compare(&expected, &got);
        let verdict = if problem.is_none() { "ok  " } else { "FAIL" };
        let answers: Vec<String> = got.iter().map(Value::to_string).collect();
        let answers = if answers.is_empty() {
            "nothing".into()
        } else {
            answers.join("")
        };
        let why: String = expected
            .iter()
            .filter_map(|one| one.why)
            .map(|why| format!(" ({why})"))
            .collect();
        report.cases.push(format!(
            "{verdict} {}: {shown} -> {answers}{why}",
            report.path
        ));
        match problem {
            None => report.counts.messages += expected.len(),
            Some(problem) => report.problems.push(format!("{shown}: {problem}")),
        }
    }
    Ok(())
}

/// Reads until everything expected has come; where that is nothing, until a round trip shows that
/// nothing did.
fn collect(
    wire: &mut Wire,
    session: &mut Session,
    expected: &[Expected],
    client: &str,
) -> Result<Vec<Value>, String> {
    let mut got = Vec::new();
    if expected.is_empty() {
        let probe = json!(["", "snd", format!("{client}#probe"), wire.probes]);
        wire.probes += 1;
        wire.send(probe.to_string().as_bytes())?;
        loop {
            let message = wire.message()?;
            if message[0] == "probe" {
                return Ok(got);
            }
            if !session.is_unasked(&message) {
                got.push(message);
            }
        }
    }
    while got.len() < expected.len() {
        let message = wire.message()?;
        let due = expected.iter().any(|one| one.fits(&message));
        if due || !session.is_unasked(&message) {
            got.push(message);
        }
    }
    Ok(got)
}

/// What is wrong with the answers; their order does not count.
fn compare(expected: &[Expected], got: &[Value]) -> Option<String> {
    let mut left: Vec<&Value> = got.iter().collect();
    for one in expected {
        match left.iter().position(|message| one.fits(message)) {
            Some(found) => drop(left.remove(found)),
            None => return Some(format!("{} is due, {} came", one.shown(), shown(got))),
        }
    }
    (!left.is_empty()).then(|| format!("nothing like {} is due", left[0]))
}

fn shown(messages: &[Value]) -> String {
    messages
        .iter()
        .map(Value::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The client's end of the connection.
struct Wire {
    stream: TcpStream,
    input: Vec<u8>,
    probes: usize,
}

impl Wire {
    fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            input: Vec::new(),
            probes: 0,
        })
    }

    fn send(&mut self, octets: &[u8]) -> Result<(), String> {
        self.stream
            .write_all(octets)
            .map_err(|error| format!("the node takes no more: {error}"))
    }

    fn line(&mut self) -> Result<Vec<u8>, String> {
        self.read_until(|input| {
            let end = input.iter().position(|&octet| octet == b'\n')?;
            Some((end + 1, input[..end].to_vec()))
        })
    }

    fn message(&mut self) -> Result<Value, String> {
        self.read_until(|input| {
            let mut messages = serde_json::Deserializer::from_slice(input).into_iter::<Value>();
            let message = messages.next()?.ok()?;
            Some((messages.byte_offset(), message))
        })
    }

    fn read_until<T>(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Option<(usize, T)>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((used, found)) = take(&self.input) {
                self.input.drain(..used);
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!(
                    "the node says nothing for {} s",
                    PATIENCE.as_secs()
                ));
            }
            let limit = self.stream.set_read_timeout(Some(left));
            let mut piece = [0; 4096];
            match limit.and_then(|()| self.stream.read(&mut piece)) {
                Ok(0) => return Err("the node has closed the connection".into()),
                Ok(count) => self.input.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(format!("the node's answer: {error}")),
            }
        }
    }
}
