//! What the core makes of the input of a vector that has an input and an expectation, in the form of
//! the expectation.

use std::sync::Arc;
use std::time::Duration;

use aemp_proto::auth::{self, AuthLine, Md6, Method, Secret, Secrets, Transcript};
use aemp_proto::framing::{Args, Content, Decoder, Frame};
use aemp_proto::greeting::{Greeting, Nonce};
use aemp_proto::handshake::{Handshake, Output, Role, Settings, TlsRole};
use aemp_proto::request::{Query, Refusal, Request};
use aemp_proto::{Failure, Framing, Limits, NodeId, PortId, Value};
use serde_json::{Value as Json, json};

use super::entry::{hex, lines as four_lines, names, text};
use super::notation;
use crate::wire::to_hex;

/// What comes out for a vector of a subject.
///
/// # Errors
/// The input is not of the subject's form.
pub(super) fn outcome(subject: &str, input: &Json, expected: &Json) -> Result<Json, String> {
    match subject {
        "node-ids" => Ok(match NodeId::from_octets(&hex(&input["octets"])?) {
            Ok(node) => json!({ "text": node.as_str() }),
            Err(_) => json!({ "stage": "greeting", "reason": "node-id" }),
        }),
        "port-ids" => Ok(match PortId::parse(text(&input["text"])?) {
            Ok(id) => json!({
                "node": id.node().as_str(), "port": id.port().as_str(), "written": id.to_string()
            }),
            Err(_) => json!({ "dropped": true }),
        }),
        "digests" => Ok(json!({ "digest": to_hex(&Md6::digest(&hex(&input["octets"])?)) })),
        "greetings" => Ok(match Greeting::parse(&hex(&input["line"])?) {
            Ok(greeting) => greeting_fields(&greeting),
            Err(failure) => failed(&failure),
        }),
        "lines" => lines(input),
        "tls-roles" => tls_role(input),
        "proof-data" => proof(input, expected),
        "authentication" => authentication(input),
        "choices" => choice(input),
        "streams" => read(input),
        "writing" => write(input, expected),
        "equality" => {
            let (a, b) = (
                notation::to_core(&input["a"])?,
                notation::to_core(&input["b"])?,
            );
            Ok(json!({ "same": a == b }))
        }
        "readings" => reading(input),
        "requests" => request(input),
        other => Err(format!("no subject {other:?}")),
    }
}

fn failed(failure: &Failure) -> Json {
    let name = failure.reason().to_string();
    let (stage, reason) = name.split_once('.').unwrap_or((&name, ""));
    json!({ "stage": stage, "reason": reason })
}

fn greeting_fields(greeting: &Greeting) -> Json {
    let methods: Vec<_> = greeting
        .methods
        .iter()
        .map(|method| method.name())
        .collect();
    let framings: Vec<_> = greeting
        .framings
        .iter()
        .map(|framing| framing.name())
        .collect();
    let mut keys: Vec<_> = greeting
        .keys
        .iter()
        .map(|(key, value)| json!([key, value]))
        .collect();
    keys.sort_by_key(Json::to_string);
    json!({
        "node": greeting.node.as_str(),
        "methods": methods,
        "framings": framings,
        "keys": keys,
        "tls": greeting.offers_tls(),
        "mproto": greeting.monitor_protocol() >= 1,
        "gproto": greeting.global_protocol() >= 1,
        "instance": greeting.instance(),
    })
}

/// Settings of a node that is willing to do everything.
fn willing() -> Result<Settings, String> {
    let node = NodeId::new("self").map_err(|error| error.to_string())?;
    let secrets = Secrets::new(["geheim"]).map_err(|error| error.to_string())?;
    let mut settings = Settings::new(node, Some(secrets));
    settings.accept = Method::ALL.to_vec();
    settings.send = Method::ALL.to_vec();
    settings.framings = Framing::ALL.to_vec();
    Ok(settings)
}

fn handshake(settings: Settings, role: Role, own: [Vec<u8>; 2]) -> Handshake {
    let nonce = Nonce::new(&[0; Nonce::OCTETS]);
    let mut handshake =
        Handshake::new(Arc::new(settings), role, &nonce, None, Duration::ZERO).with_own_lines(own);
    drop(handshake.poll());
    handshake
}

/// The next output of a handshake that is not `Greeted`.
fn next(handshake: &mut Handshake) -> Option<Output> {
    std::iter::from_fn(|| handshake.poll()).find(|output| !matches!(output, Output::Greeted(_)))
}

fn lines(input: &Json) -> Result<Json, String> {
    let own = [b"aemp;1;self;cleartext;json".to_vec(), b"own".to_vec()];
    let mut handshake = handshake(willing()?, Role::Acceptor, own);
    handshake.handle_input(&hex(&input["octets"])?);
    if input["end"] == true {
        handshake.handle_eof();
    }
    Ok(match handshake.poll() {
        Some(Output::Greeted(greeting)) => json!({ "node": greeting.node.as_str() }),
        Some(Output::Failed(failure)) => failed(&failure),
        other => json!({ "undecided": format!("{other:?}") }),
    })
}

fn tls_role(input: &Json) -> Result<Json, String> {
    let mut settings = willing()?;
    settings.tls = true;
    let own = [
        b"aemp;1;self;tls_anon;json;tls=1.0".to_vec(),
        hex(&input["own"])?,
    ];
    let mut handshake = handshake(settings, Role::Acceptor, own);
    let peer = hex(&input["peer"])?;
    let line = b"aemp;1;peer;tls_anon;json;tls=1.0\n";
    // The LF alone would take a last CR of the nonce with it.
    let end: &[u8] = if peer.ends_with(b"\r") {
        b"\r\n"
    } else {
        b"\n"
    };
    handshake.handle_input(&[&line[..], &peer, end].concat());
    Ok(match next(&mut handshake) {
        Some(Output::StartTls(TlsRole::Client)) => json!({ "role": "client" }),
        Some(Output::StartTls(TlsRole::Server)) => json!({ "role": "server" }),
        Some(Output::Failed(failure)) => failed(&failure),
        other => json!({ "undecided": format!("{other:?}") }),
    })
}

fn method_named(name: &str) -> Result<Method, String> {
    Method::from_name(name.as_bytes()).ok_or_else(|| format!("no method {name:?}"))
}

fn framings_named(json: &Json) -> Result<Vec<Framing>, String> {
    let named = |name: &str| Framing::from_name(name).ok_or_else(|| format!("no framing {name:?}"));
    names(json)?.into_iter().map(named).collect()
}

fn methods_named(json: &Json) -> Result<Vec<Method>, String> {
    names(json)?.into_iter().map(method_named).collect()
}

/// Computes the proof, and checks that the core accepts what it has to and nothing near it.
fn proof(input: &Json, expected: &Json) -> Result<Json, String> {
    let method = method_named(text(&input["method"])?)?;
    let secret = input["secret"].as_str().map(Secret::from);
    let [a, b, c, d] = four_lines(&input["lines"])?;
    let transcript = Transcript {
        sender: [&a, &b],
        receiver: [&c, &d],
    };
    let data = text(&expected["data"])?;
    if auth::verify(method, &transcript, data.as_bytes(), secret.as_ref()).is_err() {
        return Ok(json!({ "verified": false }));
    }
    if method.needs_secret() && auth::verify(method, &transcript, data.as_bytes(), None).is_ok() {
        return Ok(json!({ "verified": "without a secret" }));
    }
    Ok(json!({ "data": auth::prove(method, &transcript, secret.as_ref()) }))
}

/// The acceptor of `lines` gets the line.
fn authentication(input: &Json) -> Result<Json, String> {
    let mut settings = willing()?;
    settings.accept = methods_named(&input["offered"])?;
    settings.framings = framings_named(&input["framings"])?;
    settings.tls = true;
    let tls = input["tls"] == true;
    let [a, b, c, d] = four_lines(&input["lines"])?;
    // Without TLS we do not want it, but have offered its methods all the same.
    settings.node = NodeId::new("beta").map_err(|error| error.to_string())?;
    let mut handshake = handshake(settings, Role::Acceptor, [c, d]);
    let without = || [a.strip_suffix(b";tls=1.0").unwrap_or(&a), b"\n", &b, b"\n"].concat();
    let greeting = if tls {
        [&a[..], b"\n", &b, b"\n"].concat()
    } else {
        without()
    };
    handshake.handle_input(&greeting);
    if tls {
        handshake.handle_tls_up();
    }
    while handshake.poll().is_some() {}
    handshake.handle_input(&[&hex(&input["line"])?[..], b"\n"].concat());
    match next(&mut handshake) {
        Some(Output::Verified(_)) => handshake.proceed(),
        Some(Output::Failed(failure)) => return Ok(failed(&failure)),
        other => return Ok(json!({ "undecided": format!("{other:?}") })),
    }
    let established = std::iter::from_fn(|| handshake.poll()).find_map(|output| match output {
        Output::Established(established) => Some(established),
        _ => None,
    });
    Ok(established.map_or(Json::Null, |established| {
        json!({
            "method": established.received_method.name(),
            "framing": established.receive_framing.name(),
        })
    }))
}

/// An initiator chooses.
fn choice(input: &Json) -> Result<Json, String> {
    let mut settings = willing()?;
    settings.send = methods_named(&input["send"])?;
    settings.framings = framings_named(&input["reads"])?;
    settings.tls = input["tls"] == true;
    if input["secret"] != true {
        settings.secrets = None;
    }
    let tls = settings.tls;
    let own = [b"aemp;1;self;x;json".to_vec(), b"own".to_vec()];
    let mut handshake = handshake(settings, Role::Initiator, own);
    let (methods, framings) = (text(&input["methods"])?, text(&input["framings"])?);
    let key = if tls { ";tls=1.0" } else { "" };
    handshake.handle_input(format!("aemp;1;peer;{methods};{framings}{key}\nnonce\n").as_bytes());
    let mut output = next(&mut handshake);
    if matches!(output, Some(Output::StartTls(_))) {
        handshake.handle_tls_up();
        output = next(&mut handshake);
    }
    match output {
        Some(Output::Send(line)) => {
            let line = AuthLine::parse(line.strip_suffix(b"\n").unwrap_or(&line))
                .map_err(|failure| failure.to_string())?;
            let method = line.method().map_err(|failure| failure.to_string())?;
            let framing = line.framing().map_err(|failure| failure.to_string())?;
            Ok(json!({ "method": method.name(), "framing": framing.name() }))
        }
        Some(Output::Failed(failure)) => Ok(failed(&failure)),
        other => Ok(json!({ "undecided": format!("{other:?}") })),
    }
}

fn framing_named(json: &Json) -> Result<Framing, String> {
    let name = text(json)?;
    Framing::from_name(name).ok_or_else(|| format!("no framing {name:?}"))
}

/// What a value is where text, a number or a truth value is expected.
fn reading(input: &Json) -> Result<Json, String> {
    let value = notation::to_core(&input["value"])?;
    let mut found = json!({ "truth": value.to_truth() });
    if let Some(text) = value.to_text() {
        found["text"] = json!(text);
    }
    if let Some(number) = value.to_number() {
        found["number"] = notation::of_core(&Value::Float(number));
    }
    Ok(found)
}

/// Reads a stream whole, and octet by octet, which must give the same.
fn read(input: &Json) -> Result<Json, String> {
    let framing = framing_named(&input["framing"])?;
    let octets = hex(&input["octets"])?;
    let whole = read_in_steps(framing, &octets, octets.len().max(1));
    let single = read_in_steps(framing, &octets, 1);
    if whole == single {
        Ok(whole)
    } else {
        Ok(json!({ "whole": whole, "octet by octet": single }))
    }
}

fn read_in_steps(framing: Framing, octets: &[u8], step: usize) -> Json {
    let mut decoder = Decoder::new(framing, Limits::default());
    let (mut messages, mut nothing, mut start, mut end) = (Vec::new(), 0, 0, 0);
    let failure = loop {
        let frame = match decoder.next(&octets[start..end]) {
            Err(failure) => break Some(failure),
            Ok(None) if end == octets.len() => match decoder.finish(&octets[start..]) {
                Ok(None) => break None,
                Ok(Some(frame)) => frame,
                Err(failure) => break Some(failure),
            },
            Ok(None) => {
                end = octets.len().min(end + step);
                continue;
            }
            Ok(Some(frame)) => frame,
        };
        let own = &octets[start..start + frame.len()];
        let message = match frame.content() {
            Content::Message(layout) => Some(layout.open(framing, own).values()),
            Content::Rewritten(layout, octets) => Some(layout.open(framing, octets).values()),
            Content::Nothing(_) => {
                nothing += 1;
                None
            }
            Content::Space => None,
        };
        messages.extend(message.map(|values| notation::of_core(&Value::Array(values))));
        start += frame.len();
    };
    let mut outcome = failure.as_ref().map_or_else(|| json!({}), failed);
    outcome["messages"] = json!(messages);
    outcome["nothing"] = json!(nothing);
    outcome
}

/// Writes a message: one of the ways that are expected.
fn write(input: &Json, expected: &Json) -> Result<Json, String> {
    let framing = framing_named(&input["framing"])?;
    let Value::Array(message) = notation::to_core(&input["message"])? else {
        return Err("a message is an array".to_owned());
    };
    let (Value::Text(port), args) = message.split_first().ok_or("an empty message")? else {
        return Err("the port is text".to_owned());
    };
    let mut octets = Vec::new();
    framing
        .encode_values(port, args, &Limits::default(), &mut octets)
        .map_err(|error| error.to_string())?;
    let written = to_hex(&octets);
    let expected = expected["octets"].as_array().into_iter().flatten();
    if expected.clone().any(|one| one == &json!(written)) {
        return Ok(json!({ "octets": expected.collect::<Vec<_>>() }));
    }
    Ok(json!({ "octets": [written] }))
}

fn request(input: &Json) -> Result<Json, String> {
    let Value::Array(arguments) = notation::to_core(&input["arguments"])? else {
        return Err("arguments are an array".to_owned());
    };
    // The framing that keeps every kind apart.
    let framing = Framing::Cbor;
    let (mut octets, limits) = (Vec::new(), Limits::default());
    framing
        .encode_values("", &arguments, &limits, &mut octets)
        .map_err(|error| error.to_string())?;
    let frame = Decoder::new(framing, limits)
        .next(&octets)
        .map_err(|error| error.to_string())?;
    let Some(Content::Message(layout)) = frame.as_ref().map(Frame::content) else {
        return Err("no message".to_owned());
    };
    let message = layout.open(framing, &octets);
    Ok(match Request::parse(message.args()) {
        Ok(request) => carried_out(&request),
        Err(refusal) => json!({ "refused": match refusal {
            Refusal::ForeignTag => "foreign-tag",
            Refusal::Unknown(_) => "unknown",
            Refusal::Wrong(_) => "wrong",
            Refusal::KillNodePort => "node-port",
            Refusal::Eval => "eval",
            _ => "other",
        }}),
    })
}

fn carried_out(request: &Request<'_>) -> Json {
    let list = |args: &Args<'_>| notation::of_core(&Value::Array(args.values()));
    match request {
        Request::Nothing => json!({ "request": "nothing" }),
        Request::Monitor(port) => json!({ "request": "monitor", "port": port.as_str() }),
        Request::Unmonitor(port) => json!({ "request": "unmonitor", "port": port.as_str() }),
        Request::Died(port, args) => {
            json!({ "request": "died", "port": port.as_str(), "arguments": list(args) })
        }
        Request::Kill(port, args) => {
            json!({ "request": "kill", "port": port.as_str(), "arguments": list(args) })
        }
        Request::Send(to, args) => {
            json!({ "request": "send", "to": to.to_string(), "arguments": list(args) })
        }
        Request::Tell(query, to, args) => {
            let query = match query {
                Query::Info => "info",
                Query::KnownNodes => "known_nodes",
                Query::UpNodes => "up_nodes",
                Query::Can(_) => "can",
                Query::Time => "time",
                Query::Status => "status",
                _ => "other",
            };
            let to = to.to_string();
            json!({ "request": "tell", "query": query, "to": to, "arguments": list(args) })
        }
        Request::Eval(to, args) => {
            json!({ "request": "eval", "to": to.to_string(), "arguments": list(args) })
        }
        Request::Spawn(port, function, args) => json!({
            "request": "spawn", "port": port.as_str(), "function": function, "arguments": list(args)
        }),
        Request::Call(function, args) => {
            json!({ "request": "call", "function": function, "arguments": list(args) })
        }
        other => json!({ "request": format!("{other:?}") }),
    }
}
