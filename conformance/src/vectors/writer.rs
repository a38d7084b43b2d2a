//! What is only tolerated is never written (`[conf.vectors.writer]`).

use aemp_proto::auth::{AuthLine, Method};
use aemp_proto::{Framing, Limits, NodeId, PortId, PortName, Value};

use super::core::core_value;
use super::entry::{hex, text};
use super::{Kind, Vector, notation};

/// Has the core write the value of a vector of kind `tolerated`.
///
/// # Errors
/// The octets of the vector come out, or the value cannot be written.
pub(super) fn judge(subject: &str, vector: &Vector) -> Result<(), String> {
    if vector.kind != Kind::Tolerated {
        return Ok(());
    }
    let (written, tolerated) = match subject {
        "json" | "cbor" | "storable" => {
            let messages = vector.messages()?;
            let messages = messages.iter().flatten().map(core_value);
            let messages: Vec<Value> = messages.collect::<Result<_, _>>()?;
            let out = messages_in(vector.text("framing"), &messages)?;
            (out, vector.octets("hex")?)
        }
        "streams" => {
            let (input, expected) = (&vector.fields["input"], &vector.fields["expected"]);
            let messages = notation::to_core(&expected["messages"])?;
            let messages = messages.as_array().unwrap_or_default();
            let out = messages_in(text(&input["framing"])?, messages)?;
            (out, hex(&input["octets"])?)
        }
        "identifiers" if vector.fields.contains_key("port") => {
            let port = PortName::new(vector.text("port"));
            let id = PortId::new(node(vector.text("node"))?, port);
            (id.to_string().into(), vector.text("text").into())
        }
        "identifiers" => (
            node(vector.text("text"))?.as_str().into(),
            vector.octets("hex")?,
        ),
        "auth-line" => {
            let method = Method::from_name(vector.text("method").as_bytes());
            let framing = Framing::from_name(vector.text("framing"));
            let (method, framing) = method.zip(framing).ok_or("no such method or framing")?;
            let line = AuthLine::new(method, vector.text("data"), framing);
            let mut tolerated = vector.octets("hex")?;
            tolerated.push(b'\n');
            (line.to_octets(), tolerated)
        }
        // The others are read only, or there is not one text for a value.
        _ => return Ok(()),
    };
    if written == tolerated {
        Err("it is only tolerated, and is written".to_owned())
    } else {
        Ok(())
    }
}

fn node(text: &str) -> Result<NodeId, String> {
    NodeId::new(text).map_err(|error| error.to_string())
}

/// The messages one after another, each with its port's name in front.
fn messages_in(framing: &str, messages: &[Value]) -> Result<Vec<u8>, String> {
    let framing = Framing::from_name(framing).ok_or("no such framing")?;
    let mut out = Vec::new();
    for message in messages {
        let (port, args) = message
            .as_array()
            .and_then(<[Value]>::split_first)
            .ok_or("a message without port")?;
        let port = port.as_text().ok_or("the port is no text")?;
        framing
            .encode_values(&port, args, &Limits::default(), &mut out)
            .map_err(|error| format!("not written: {error}"))?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(kind: &str, hex: &str) -> Vector {
        let text = format!(
            r#"{{"id": "x", "kind": "{kind}", "framing": "json", "hex": "{hex}", "messages": [["p", 1]]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_written_must_not_be_tolerated_only() {
        let written = crate::wire::to_hex(br#"["p",1]"#);
        judge("json", &vector("valid", &written)).unwrap();
        assert!(judge("json", &vector("tolerated", &written)).is_err());
        judge("json", &vector("tolerated", &format!("{written}20"))).unwrap();
    }
}
