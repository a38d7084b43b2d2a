//! The kit's own wire code confirms the vectors.
//!
//! It knows no limits and makes no checks of a reader beyond grammar, so of what is refused it
//! confirms only what its own readers refuse too.

use super::{Kind, Vector, same, same_messages};
use crate::wire::framing::Reader;
use crate::wire::value::octets_as_text;
use crate::wire::{AuthLine, Framing, Greeting, Method, Unreadable, Value, md6, to_hex};

/// Confirms a vector.
///
/// # Errors
/// What comes out otherwise.
pub fn confirm(subject: &str, vector: &Vector) -> Result<(), String> {
    match subject {
        "identifiers" => identifiers(vector),
        "greeting" => greeting(vector),
        "auth-line" => auth_line(vector),
        "proofs" => proof(vector),
        "md6" => same(
            "digest",
            &vector.text("digest"),
            &to_hex(&md6::md6_256(&vector.digested()?)).as_str(),
        ),
        "tls-role" => {
            let client = vector.text("own").as_bytes() < vector.text("peer").as_bytes();
            same(
                "role",
                &vector.text("role"),
                &if client { "client" } else { "server" },
            )
        }
        "json" | "cbor" | "storable" => messages(vector),
        other => super::entry::confirmed(other, vector),
    }
}

fn identifiers(vector: &Vector) -> Result<(), String> {
    if vector.fields.contains_key("port") {
        let text = vector.text("text");
        let (node, port) = text.split_once('#').unwrap_or((text, ""));
        same("node", &vector.text("node"), &node)?;
        return same("port", &vector.text("port"), &port);
    }
    let text = octets_as_text(&vector.octets("hex")?);
    let forbidden = |c: char| matches!(c, ';' | '#') || c.is_control();
    let accepted = !text.is_empty() && !text.contains(forbidden);
    same("accepted", &(vector.kind != Kind::Invalid), &accepted)?;
    if accepted {
        same("text", &vector.text("text"), &text.as_str())
    } else {
        Ok(())
    }
}

fn greeting(vector: &Vector) -> Result<(), String> {
    let line = vector.octets("hex")?;
    if vector.kind == Kind::Invalid {
        return match vector.reason() {
            Some("greeting.fields") if Greeting::read(&line, b"").is_ok() => {
                Err("it has five fields".to_owned())
            }
            _ => Ok(()),
        };
    }
    let greeting = Greeting::read(&line, b"")?;
    same("node", &vector.text("node"), &greeting.node.as_str())?;
    same(
        "version",
        &vector.text("version"),
        &greeting.version.as_str(),
    )?;
    let known = |names: &[String], is: &dyn Fn(&str) -> bool| {
        let mut found: Vec<String> = Vec::new();
        for name in names.iter().filter(|name| is(name)) {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
        found
    };
    let methods = known(&greeting.auths, &|name| Method::named(name).is_some());
    same("methods", &vector.texts("methods"), &methods)?;
    let framings = known(&greeting.framings, &|name| Framing::named(name).is_some());
    same("framings", &vector.texts("framings"), &framings)?;
    for (key, value) in vector.fields["keys"].as_object().into_iter().flatten() {
        same(key, &value.as_str(), &greeting.key(key))?;
    }
    Ok(())
}

fn auth_line(vector: &Vector) -> Result<(), String> {
    let read = AuthLine::read(&vector.octets("hex")?);
    match (vector.reason(), read) {
        (Some("auth.malformed"), Ok(_)) => Err("it has three fields".to_owned()),
        (Some("auth.malformed"), Err(_)) => Ok(()),
        (_, Err(why)) => Err(why),
        (Some(reason), Ok(line)) => {
            let known = match reason {
                "auth.method-unknown" => Method::named(&line.method).is_some(),
                _ => Framing::named(&line.framing).is_some(),
            };
            same("known", &false, &known)
        }
        (None, Ok(line)) => {
            same("method", &vector.text("method"), &line.method.as_str())?;
            same("data", &vector.text("data"), &line.data.as_str())?;
            same("framing", &vector.text("framing"), &line.framing.as_str())
        }
    }
}

fn proof(vector: &Vector) -> Result<(), String> {
    let method = Method::named(vector.text("method")).ok_or("no such method")?;
    let secret = vector.text("secret").as_bytes();
    let right = method.proof(secret, &vector.lines("sender"), &vector.lines("receiver"));
    let accepted = right == vector.text("data");
    same("right", &(vector.kind != Kind::Invalid), &accepted)
}

fn messages(vector: &Vector) -> Result<(), String> {
    let framing = Framing::named(vector.text("framing")).ok_or("no such framing")?;
    let octets = vector.octets("hex")?;
    let mut reader = Reader::new(framing);
    let (mut at, mut seen) = (0, Vec::new());
    let ended = loop {
        match reader.next(&octets[at..]) {
            Ok((value, used)) => {
                at += used;
                seen.push(meaning(value));
            }
            Err(end) => break end,
        }
    };
    let rest = octets[at..]
        .iter()
        .any(|octet| !octet.is_ascii_whitespace());
    match (vector.reason(), ended) {
        (None, Unreadable::Incomplete) if !rest => same_messages(&vector.messages()?, &seen),
        (None, end) => Err(format!("{end} at octet {at}")),
        (Some("data.truncated"), Unreadable::Incomplete) if rest => Ok(()),
        // Limits, and finer reasons, are the core's.
        (Some("data.truncated"), end) => Err(format!("not truncated: {end}")),
        (Some(_), _) => same_messages(
            &vector.messages()?,
            &seen[..seen.len().min(vector.messages()?.len())],
        ),
    }
}

/// A value as a message: its port's name first, or `None` if it means nothing.
fn meaning(value: Value) -> Option<Value> {
    let Value::Array(mut items) = value else {
        return None;
    };
    let port = match items.first()? {
        Value::Integer(integer) => integer.to_string(),
        Value::Float(float) => float.to_string(),
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) => "0".to_owned(),
        Value::Null => String::new(),
        other => other.as_text()?,
    };
    items[0] = Value::Text(port);
    Some(Value::Array(items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kits_own_code_confirms_every_vector() {
        let mut faults = Vec::new();
        let mut count = 0;
        for file in super::super::files().unwrap() {
            for group in &file.groups {
                for vector in &group.vectors {
                    count += 1;
                    if let Err(why) = confirm(&file.subject, vector) {
                        faults.push(format!(
                            "{}/{}/{}: {why}",
                            file.subject, group.id, vector.id
                        ));
                    }
                }
            }
        }
        assert!(count > 300);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
