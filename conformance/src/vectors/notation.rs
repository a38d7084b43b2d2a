//! The notation in which vectors write values (`spec/vectors.md`), to and from the core's and the
//! kit's own.

use aemp_proto::value::{Float, Integer, Map, Value as CoreValue};
use serde_json::{Value as Json, json};

use crate::wire::{self, Value as KitValue};

/// What a value is in the notation.
pub(super) fn of_core(value: &CoreValue) -> Json {
    match value {
        CoreValue::Null => Json::Null,
        CoreValue::Bool(truth) => json!(truth),
        CoreValue::Integer(integer) => json!({ "$integer": integer.get().to_string() }),
        CoreValue::Float(float) => json!({ "$float": bits(float.get()) }),
        CoreValue::Text(text) => json!(text),
        CoreValue::Octets(octets) => json!({ "$octets": wire::to_hex(octets) }),
        CoreValue::Array(items) => items.iter().map(of_core).collect(),
        CoreValue::Map(map) => {
            let entries: Vec<Json> = map
                .iter()
                .map(|(key, value)| json!([key, of_core(value)]))
                .collect();
            json!({ "$map": entries })
        }
    }
}

/// What the notation says, for the core.
pub(super) fn to_core(json: &Json) -> Result<CoreValue, String> {
    Ok(match to_kit(json)? {
        KitValue::Null => CoreValue::Null,
        KitValue::Bool(truth) => CoreValue::Bool(truth),
        KitValue::Integer(integer) => {
            CoreValue::Integer(Integer::new(integer).ok_or("an integer out of range")?)
        }
        KitValue::Float(float) => {
            CoreValue::Float(Float::new(float).ok_or("a float that is not finite")?)
        }
        KitValue::Text(text) => CoreValue::Text(text),
        KitValue::Octets(octets) => CoreValue::Octets(octets),
        KitValue::Array(_) => {
            let items = json.as_array().into_iter().flatten();
            CoreValue::Array(items.map(to_core).collect::<Result<_, _>>()?)
        }
        KitValue::Map(_) => {
            let mut map = Map::new();
            for (key, value) in entries(json) {
                map.insert(key, to_core(value)?);
            }
            CoreValue::Map(map)
        }
    })
}

/// What the notation says, for the kit's own code.
pub(super) fn to_kit(json: &Json) -> Result<KitValue, String> {
    let wrong = || format!("not a value: {json}");
    Ok(match json {
        Json::Null => KitValue::Null,
        Json::Bool(truth) => KitValue::Bool(*truth),
        Json::String(text) => KitValue::Text(text.clone()),
        Json::Array(items) => KitValue::Array(items.iter().map(to_kit).collect::<Result<_, _>>()?),
        Json::Number(_) => return Err(wrong()),
        Json::Object(object) => {
            let (form, inner) = object.iter().next().ok_or_else(wrong)?;
            match (form.as_str(), inner.as_str()) {
                ("$integer", Some(text)) => KitValue::Integer(text.parse().map_err(|_| wrong())?),
                ("$float", Some(hex)) => {
                    let bits = u64::from_str_radix(hex, 16).map_err(|_| wrong())?;
                    KitValue::Float(f64::from_bits(bits))
                }
                ("$octets", Some(hex)) => KitValue::Octets(wire::from_hex(hex).ok_or_else(wrong)?),
                ("$map", None) => KitValue::Map(
                    entries(json)
                        .map(|(key, value)| Ok((key.to_owned(), to_kit(value)?)))
                        .collect::<Result<_, String>>()?,
                ),
                _ => return Err(wrong()),
            }
        }
    })
}

fn entries(json: &Json) -> impl Iterator<Item = (&str, &Json)> {
    let entries = json["$map"].as_array().into_iter().flatten();
    entries.map(|pair| (pair[0].as_str().unwrap_or_default(), &pair[1]))
}

fn bits(float: f64) -> String {
    format!("{:016x}", float.to_bits())
}
