//! The reference core is judged by the vectors.

use std::sync::Arc;
use std::time::Duration;

use aemp_proto::auth::{AuthLine, Md6, Method, ProofError, Secret, Secrets, Transcript};
use aemp_proto::framing::{Content, Decoder, Framing, Limits};
use aemp_proto::greeting::{Greeting, Nonce};
use aemp_proto::handshake::{Handshake, Output, Role, Settings, TlsRole};
use aemp_proto::value::Value as CoreValue;
use aemp_proto::{Failure, NodeId};

use super::{Kind, Vector, same, same_messages};
use crate::wire::{Value, to_hex};

/// Judges the core by a vector.
///
/// # Errors
/// What it does otherwise.
pub fn judge(subject: &str, vector: &Vector) -> Result<(), String> {
    reads(subject, vector)?;
    super::writer::judge(subject, vector)
}

fn reads(subject: &str, vector: &Vector) -> Result<(), String> {
    match subject {
        "identifiers" => identifiers(vector),
        "greeting" => greeting(vector),
        "auth-line" => auth_line(vector),
        "proofs" => proof(vector),
        "md6" => same(
            "digest",
            &vector.text("digest"),
            &to_hex(&Md6::digest(&vector.digested()?)).as_str(),
        ),
        "tls-role" => tls_role(vector),
        "json" | "cbor" | "storable" => messages(vector),
        other => super::entry::judge(other, vector),
    }
}

/// Fails unless the core refuses with the vector's reason exactly where it has one.
fn refusal<T>(vector: &Vector, result: Result<T, Failure>) -> Result<Option<T>, String> {
    match (vector.reason(), result) {
        (None, Ok(value)) => Ok(Some(value)),
        (None, Err(failure)) => Err(format!("refused: {failure}")),
        (Some(reason), Ok(_)) => Err(format!("accepted, expected {reason}")),
        (Some(reason), Err(failure)) => {
            same("reason", &reason, &failure.reason().to_string().as_str())?;
            Ok(None)
        }
    }
}

fn identifiers(vector: &Vector) -> Result<(), String> {
    if vector.fields.contains_key("port") {
        let (node, port) = aemp_proto::id::split_port_id(vector.text("text"));
        same("node", &vector.text("node"), &node)?;
        return same("port", &vector.text("port"), &port);
    }
    match (vector.kind, NodeId::from_octets(&vector.octets("hex")?)) {
        (Kind::Invalid, Err(_)) => Ok(()),
        (Kind::Invalid, Ok(_)) => Err("accepted".to_owned()),
        (_, Ok(node)) => same("text", &vector.text("text"), &node.as_str()),
        (_, Err(error)) => Err(format!("refused: {error}")),
    }
}

fn greeting(vector: &Vector) -> Result<(), String> {
    let line = vector.octets("hex")?;
    let Some(greeting) = refusal(vector, Greeting::parse(&line))? else {
        return Ok(());
    };
    same("node", &vector.text("node"), &greeting.node.as_str())?;
    let methods = first_places(greeting.methods.iter().map(ToString::to_string));
    same("methods", &vector.texts("methods"), &methods)?;
    let framings = first_places(greeting.framings.iter().map(|f| f.name().to_owned()));
    same("framings", &vector.texts("framings"), &framings)?;
    for (key, value) in vector.fields["keys"].as_object().into_iter().flatten() {
        same(key, &value.as_str(), &greeting.keys.get(key))?;
    }
    Ok(())
}

/// The names of a list, each in the first of its places only.
fn first_places(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

fn auth_line(vector: &Vector) -> Result<(), String> {
    let octets = vector.octets("hex")?;
    let read = AuthLine::parse(&octets).and_then(|line| {
        let method = line.method()?;
        Ok((method, line.framing()?, line.proof().to_vec()))
    });
    let Some((method, framing, data)) = refusal(vector, read)? else {
        return Ok(());
    };
    same(
        "method",
        &vector.text("method"),
        &method.to_string().as_str(),
    )?;
    same("framing", &vector.text("framing"), &framing.name())?;
    same("data", &vector.text("data").as_bytes(), &data.as_slice())
}

fn proof(vector: &Vector) -> Result<(), String> {
    let method = Method::from_name(vector.text("method").as_bytes()).ok_or("no such method")?;
    let (sender, receiver) = (vector.lines("sender"), vector.lines("receiver"));
    let transcript = Transcript {
        sender: [&sender[0], &sender[1]],
        receiver: [&receiver[0], &receiver[1]],
    };
    let secret = Secret::from(vector.text("secret"));
    let data = vector.text("data");
    let verified = aemp_proto::auth::verify(method, &transcript, data.as_bytes(), Some(&secret));
    let reason = verified.err().map(|error| match error {
        ProofError::Form => "auth.proof-form",
        ProofError::Mismatch => "auth.proof",
    });
    same("verdict", &vector.reason(), &reason)?;
    if vector.kind == Kind::Valid {
        let proof = aemp_proto::auth::prove(method, &transcript, Some(&secret));
        same("proof", &data, &proof.as_str())?;
    }
    Ok(())
}

fn tls_role(vector: &Vector) -> Result<(), String> {
    let node = NodeId::new("own").map_err(|error| error.to_string())?;
    let secrets = Secrets::new(["geheim"]).map_err(|_| "no secret")?;
    let mut settings = Settings::new(node, Some(secrets));
    settings.tls = true;
    let nonce = Nonce::from_text(vector.text("own")).ok_or("no nonce")?;
    let mut handshake = Handshake::new(
        Arc::new(settings),
        Role::Acceptor,
        &nonce,
        None,
        Duration::ZERO,
    );
    let lines = format!(
        "aemp;1;peer;tls_sha3_512;json;tls=1.0\n{}\n",
        vector.text("peer")
    );
    handshake.handle_input(lines.as_bytes());
    while let Some(output) = handshake.poll() {
        if let Output::StartTls(role) = output {
            let role = if role == TlsRole::Client {
                "client"
            } else {
                "server"
            };
            return same("role", &vector.text("role"), &role);
        }
    }
    Err("no TLS was started".to_owned())
}

fn messages(vector: &Vector) -> Result<(), String> {
    let framing = Framing::from_name(vector.text("framing")).ok_or("no such framing")?;
    let octets = vector.octets("hex")?;
    let whole = read(framing, &octets, octets.len().max(1));
    let single = read(framing, &octets, 1);
    if format!("{whole:?}") != format!("{single:?}") {
        return Err(format!("octet by octet: {single:?}; whole: {whole:?}"));
    }
    let (seen, failure) = whole;
    refusal(vector, failure.map_or(Ok(()), Err))?;
    let expected = vector.messages()?;
    same_messages(&expected, &seen)?;
    if vector.kind == Kind::Valid {
        written(framing, &octets, &seen)?;
    }
    Ok(())
}

/// What the core reads from octets that come in pieces.
fn read(framing: Framing, octets: &[u8], piece: usize) -> (Vec<Option<Value>>, Option<Failure>) {
    let mut decoder = Decoder::new(framing, Limits::default());
    let (mut seen, mut start, mut end) = (Vec::new(), 0, 0);
    loop {
        match decoder.next(&octets[start..end]) {
            Ok(Some(frame)) => {
                let message = match frame.content() {
                    Content::Message(layout) => Some(layout.open(framing, &octets[start..end])),
                    Content::Rewritten(layout, octets) => Some(layout.open(framing, octets)),
                    _ => None,
                };
                let space = matches!(frame.content(), Content::Space);
                let message = message.map(|message| {
                    let mut items = vec![Value::text(message.port())];
                    items.extend(message.args().values().iter().map(value));
                    Value::Array(items)
                });
                if !space {
                    seen.push(message);
                }
                start += frame.len();
            }
            Ok(None) if end < octets.len() => end = (end + piece).min(octets.len()),
            Ok(None) => {
                return match decoder.finish(&octets[start..]) {
                    Ok(last) => {
                        seen.extend(last.map(|_| None));
                        (seen, None)
                    }
                    Err(failure) => (seen, Some(failure)),
                };
            }
            Err(failure) => return (seen, Some(failure)),
        }
    }
}

/// The core writes what it has read so that it reads it again; in json and cbor as the vector has
/// it, where only one spelling is right.
fn written(framing: Framing, octets: &[u8], seen: &[Option<Value>]) -> Result<(), String> {
    let mut out = Vec::new();
    for message in seen.iter().flatten() {
        let Value::Array(items) = message else {
            continue;
        };
        let port = items[0].as_text().unwrap_or_default();
        let values: Vec<CoreValue> = items[1..]
            .iter()
            .map(core_value)
            .collect::<Result<_, _>>()?;
        framing
            .encode_values(&port, &values, &Limits::default(), &mut out)
            .map_err(|error| format!("not written: {error}"))?;
    }
    let (again, failure) = read(framing, &out, out.len().max(1));
    if let Some(failure) = failure {
        return Err(format!("what it writes it does not read: {failure}"));
    }
    same_messages(seen, &again)?;
    if framing == Framing::Storable && out != octets {
        return Err(format!(
            "written as {}, expected {}",
            to_hex(&out),
            to_hex(octets)
        ));
    }
    Ok(())
}

fn value(core: &CoreValue) -> Value {
    match core {
        CoreValue::Null => Value::Null,
        CoreValue::Bool(truth) => Value::Bool(*truth),
        CoreValue::Integer(integer) => Value::Integer(integer.get()),
        CoreValue::Float(float) => Value::Float(float.get()),
        CoreValue::Text(text) => Value::Text(text.clone()),
        CoreValue::Octets(octets) => Value::Octets(octets.clone()),
        CoreValue::Array(items) => Value::Array(items.iter().map(value).collect()),
        CoreValue::Map(map) => Value::Map(
            map.iter()
                .map(|(key, one)| (key.to_owned(), value(one)))
                .collect(),
        ),
    }
}

pub(super) fn core_value(own: &Value) -> Result<CoreValue, String> {
    use aemp_proto::value::{Float, Integer};
    Ok(match own {
        Value::Null => CoreValue::Null,
        Value::Bool(truth) => CoreValue::Bool(*truth),
        Value::Integer(integer) => {
            CoreValue::Integer(Integer::new(*integer).ok_or("an integer out of range")?)
        }
        Value::Float(float) => CoreValue::Float(Float::new(*float).ok_or("a float not finite")?),
        Value::Text(text) => CoreValue::Text(text.clone()),
        Value::Octets(octets) => CoreValue::Octets(octets.clone()),
        Value::Array(items) => {
            CoreValue::Array(items.iter().map(core_value).collect::<Result<_, _>>()?)
        }
        Value::Map(entries) => {
            let mut map = aemp_proto::value::Map::new();
            for (key, one) in entries {
                map.insert(key.clone(), core_value(one)?);
            }
            CoreValue::Map(map)
        }
    })
}
