//! The rc file's keys: what each of them sets.

use std::time::Duration;

use aemp_proto::{NodeId, auth::Method, framing::Framing};
use serde_json::Value;

use super::{Address, Certificate, Config, rc::Settings};
use crate::port::names::random_text;

/// A service that a profile starts, and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// The name.
    pub name: String,
    /// The arguments, as the service understands them.
    pub args: Vec<Value>,
}

/// Every key, and what it sets.
pub const KEYS: &[(&str, &str)] = &[
    (
        "nodeid",
        "node ID; with a '/' at the end a random part is added",
    ),
    (
        "secret",
        "secret of the network, or a list of which the first is sent and all are accepted",
    ),
    ("cert", "certificate and key as PEM text"),
    ("binds", "list of addresses to listen on; [] for none"),
    ("seeds", "list of addresses to keep a link with"),
    (
        "services",
        "list of services: names, or lists of a name and arguments",
    ),
    ("parent", "profile to inherit from"),
    (
        "framing_format",
        "list of framings that are accepted, best first",
    ),
    (
        "auth_accept",
        "list of methods that are accepted, best first",
    ),
    ("auth_offer", "list of methods to prove oneself with"),
    ("require_tls", "true: refuse peers without TLS"),
    ("require_sha3", "true: refuse the md6 suite"),
    ("monitor_timeout", "seconds for a handshake"),
    ("connect_interval", "seconds for dialling an address"),
    (
        "heartbeat_interval",
        "seconds of silence before a peer is asked; 0 for never",
    ),
    ("heartbeat_missed", "unanswered questions that end a link"),
    ("max_message", "octets of a message"),
    ("max_depth", "levels of a message"),
    ("link_queue", "octets that may wait for a link"),
    ("connect_queue", "octets that may wait for a connection"),
    ("port_queue", "octets that may wait for a port"),
    ("mailbox_queue", "octets that may wait in a mailbox"),
    ("max_registrations", "ports that one peer may monitor"),
    (
        "max_handshakes",
        "unfinished handshakes that one address has begun",
    ),
    (
        "max_handshakes_all",
        "unfinished handshakes that others have begun",
    ),
    ("status", "false: do not answer the request status"),
    (
        "log_source",
        "true: send log messages to nodes that ask; aemp run does so unless this is false",
    ),
];

impl Config {
    /// A configuration of the keys and values of a profile, and the services that it starts.
    ///
    /// # Errors
    ///
    /// A text that names the key, what is wrong with its value, and what it should be.
    pub fn from_settings(settings: &Settings) -> Result<(Self, Vec<Service>), String> {
        let mut config = Self::default();
        let mut services = Vec::new();
        for (key, value) in settings {
            if !value.is_null() {
                set(&mut config, &mut services, key, value)
                    .map_err(|fault| format!("the key {key:?} of the configuration {fault}"))?;
            }
        }
        Ok((config, services))
    }
}

fn set(
    config: &mut Config,
    services: &mut Vec<Service>,
    key: &str,
    value: &Value,
) -> Result<(), String> {
    let limits = &mut config.limits;
    match key {
        "nodeid" => config.node_id = Some(node_id(text(value)?)?),
        "secret" => {
            let secrets = texts(value)?
                .into_iter()
                .filter(|secret| !secret.is_empty());
            config.secrets = secrets.map(Into::into).collect();
        }
        "cert" => config.certificate = Some(Certificate::from_pem(text(value)?.as_bytes())?),
        "binds" => config.binds = addresses(value)?,
        "seeds" => config.seeds = seeds(value)?,
        "services" => *services = list(value)?.iter().map(service).collect::<Result<_, _>>()?,
        "framing_format" => {
            config.framings = names(value, Framing::from_name, "json, cbor and storable")?;
        }
        "auth_accept" => config.accept = methods(value)?,
        "auth_offer" => config.send = methods(value)?,
        "require_tls" => config.require_tls = flag(value)?,
        "require_sha3" => config.require_sha3 = flag(value)?,
        "monitor_timeout" => limits.handshake = seconds(value)?,
        "connect_interval" => limits.connect = seconds(value)?.max(Duration::from_secs(1)),
        "heartbeat_interval" => config.heartbeat.interval = seconds(value)?,
        "heartbeat_missed" => config.heartbeat.most_unanswered = number(value)?,
        "max_message" => limits.message = number(value)?,
        "max_depth" => limits.depth = number(value)?,
        "link_queue" => limits.link_queue = number(value)?,
        "connect_queue" => limits.connect_queue = number(value)?,
        "port_queue" => limits.port_queue = number(value)?,
        "mailbox_queue" => limits.mailbox = number(value)?,
        "max_registrations" => limits.registrations = number(value)?,
        "max_handshakes" => limits.handshakes = number(value)?,
        "max_handshakes_all" => limits.handshakes_all = number(value)?,
        "status" => config.status = flag(value)?,
        "log_source" => config.log_source = flag(value)?,
        // Keys of the original that mean nothing here, and those of later versions.
        _ => tracing::debug!("the key {key:?} of the configuration is not known"),
    }
    Ok(())
}

fn node_id(text: &str) -> Result<NodeId, String> {
    let mut text = text.to_owned();
    if text.ends_with('/') {
        text += &random_text(16).map_err(|error| format!("needs random octets: {error}"))?;
    }
    NodeId::new(&text).map_err(|error| format!("is wrong: {error}"))
}

fn service(value: &Value) -> Result<Service, String> {
    match value {
        Value::String(name) => Ok(Service {
            name: name.clone(),
            args: Vec::new(),
        }),
        Value::Array(parts) => match parts.split_first() {
            Some((Value::String(name), args)) => Ok(Service {
                name: name.clone(),
                args: args.to_vec(),
            }),
            _ => Err("holds a service whose first element is no name".into()),
        },
        _ => Err("holds a service that is neither a name nor a list".into()),
    }
}

fn addresses(value: &Value) -> Result<Vec<Address>, String> {
    let parse = |text: String| text.parse().map_err(|error| format!("is wrong: {error}"));
    texts(value)?.into_iter().map(parse).collect()
}

/// Those of a list that can be dialled; it is wrong only if there are none at all.
fn seeds(value: &Value) -> Result<Vec<Address>, String> {
    let mut seeds = Vec::new();
    let mut fault = None;
    for text in texts(value)? {
        match Address::to_dial(&text) {
            Ok(seed) => seeds.push(seed),
            // [id.address.unusable]
            Err(error) => {
                tracing::warn!("a seed is left out: {error}");
                fault = Some(error);
            }
        }
    }
    match fault {
        Some(error) if seeds.is_empty() => Err(format!("is wrong: {error}")),
        _ => Ok(seeds),
    }
}

fn methods(value: &Value) -> Result<Vec<Method>, String> {
    let known: Vec<_> = Method::ALL.iter().map(|method| method.name()).collect();
    names(
        value,
        |name| Method::from_name(name.as_bytes()),
        &known.join(", "),
    )
}

fn names<T>(
    value: &Value,
    find: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Vec<T>, String> {
    let find = |name: String| find(&name).ok_or(format!("names {name:?}; there are {known}"));
    texts(value)?.into_iter().map(find).collect()
}

fn list(value: &Value) -> Result<&[Value], String> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or("is no list".into())
}

/// A list of texts; a single text is a list of one.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    if let Value::String(text) = value {
        return Ok(vec![text.clone()]);
    }
    let element = |value: &Value| text(value).map(Into::into);
    list(value)?.iter().map(element).collect()
}

fn text(value: &Value) -> Result<&str, String> {
    value
        .as_str()
        .ok_or(format!("should be a text, not {value}"))
}

fn flag(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        Value::String(text) if text == "1" || text == "true" => Ok(true),
        Value::String(text) if text.is_empty() || text == "0" || text == "false" => Ok(false),
        _ => Err(format!("should be true or false, not {value}")),
    }
}

fn seconds(value: &Value) -> Result<Duration, String> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    };
    number
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or(format!("should be a number of seconds, not {value}"))
}

fn number<T: TryFrom<u64>>(value: &Value) -> Result<T, String> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or(format!("should be a whole number, not {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config(settings: &Value) -> Result<(Config, Vec<Service>), String> {
        Config::from_settings(settings.as_object().unwrap())
    }

    #[test]
    fn the_keys_of_the_original() {
        let (config, services) = config(&json!({
            "nodeid": "anon/", "secret": "s", "binds": ["*", "[::1]:5"], "seeds": "host",
            "services": ["echo", ["log-catcher", 7]], "monitor_timeout": 30, "connect_interval": "2",
            "framing_format": ["json", "storable"], "auth_offer": ["hmac_md6_64_256"],
            "auth_accept": ["hmac_md6_64_256", "cleartext"], "autocork": 1, "cert": null,
        }))
        .unwrap();
        assert!(config.node_id.unwrap().starts_with("anon/"));
        assert_eq!(config.binds[1].to_string(), "[::1]:5");
        assert_eq!(config.seeds[0].to_string(), "host:4040");
        assert_eq!(config.accept, [Method::HmacMd6_64_256, Method::Cleartext]);
        assert_eq!(services[1].args, [json!(7)]);
        assert_eq!(config.limits.connect, Duration::from_secs(2));
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (settings, fault) in [
            (
                json!({"nodeid": 5}),
                "\"nodeid\" of the configuration should be a text",
            ),
            (
                json!({"binds": ["a:b"]}),
                "\"binds\" of the configuration is wrong",
            ),
            (
                json!({"framing_format": ["xml"]}),
                "there are json, cbor and storable",
            ),
            (json!({"status": "maybe"}), "should be true or false"),
            (json!({"max_depth": -1}), "should be a whole number"),
            (json!({"cert": "x"}), "holds no certificate"),
        ] {
            let error = config(&settings).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
    }
}
