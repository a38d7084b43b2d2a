//! Patterns of values, independent of the framing that carried them.

use serde_json::Value as Json;

use super::template::{Names, form};
use crate::wire::{Framing, Value};

/// Why a value does not match: where, what was expected, what is there.
pub type Mismatch = String;

/// Matches a value against a pattern; captured names are set only on success.
///
/// # Errors
/// The first difference, in words.
pub fn matches(
    pattern: &Json,
    value: &Value,
    framing: Framing,
    names: &mut Names,
) -> Result<(), Mismatch> {
    let mut matcher = Matcher {
        framing,
        names: names.clone(),
    };
    matcher.value(pattern, value, "")?;
    *names = matcher.names;
    Ok(())
}

struct Matcher {
    framing: Framing,
    names: Names,
}

impl Matcher {
    fn value(&mut self, pattern: &Json, value: &Value, path: &str) -> Result<(), Mismatch> {
        match pattern {
            Json::Object(map) => match form(map) {
                Some((form, argument)) => self.form(form, argument, pattern, value, path),
                None => self.map(map, value, path, true),
            },
            Json::Array(items) => self.array(items, value, path),
            _ => {
                let expected = self.names.value(pattern)?;
                self.same(&expected, value, path)
            }
        }
    }

    fn same(&self, expected: &Value, value: &Value, path: &str) -> Result<(), Mismatch> {
        let storable = self.framing == Framing::Storable;
        if expected.same(value) || storable && same_in_storable(expected, value) {
            Ok(())
        } else {
            Err(differs(path, &expected.to_string(), value))
        }
    }

    fn array(&mut self, items: &[Json], value: &Value, path: &str) -> Result<(), Mismatch> {
        let Value::Array(values) = value else {
            return Err(differs(path, "an array", value));
        };
        let (items, open) = match items.split_last() {
            Some((Json::String(last), rest)) if last == "..." => (rest, true),
            _ => (items, false),
        };
        if values.len() < items.len() || !open && values.len() > items.len() {
            let count = format!(
                "{} elements{}",
                items.len(),
                if open { " or more" } else { "" }
            );
            return Err(differs(path, &count, value));
        }
        for (at, (item, value)) in items.iter().zip(values).enumerate() {
            self.value(item, value, &format!("{path}[{at}]"))?;
        }
        Ok(())
    }

    fn map(
        &mut self,
        map: &serde_json::Map<String, Json>,
        value: &Value,
        path: &str,
        whole: bool,
    ) -> Result<(), Mismatch> {
        let Value::Map(entries) = value else {
            return Err(differs(path, "a map", value));
        };
        for (key, pattern) in map {
            let key = self.names.text(key)?;
            let entry = entries
                .get(&key)
                .ok_or_else(|| differs(path, &format!("an entry {key:?}"), value))?;
            self.value(pattern, entry, &format!("{path}.{key}"))?;
        }
        if whole && entries.len() != map.len() {
            return Err(differs(path, "no other entries", value));
        }
        Ok(())
    }

    fn form(
        &mut self,
        form: &str,
        argument: &Json,
        pattern: &Json,
        value: &Value,
        path: &str,
    ) -> Result<(), Mismatch> {
        match form {
            "$any" => Ok(()),
            "$capture" => {
                if let Some(of) = pattern.get("of") {
                    self.value(of, value, path)?;
                }
                let name = argument.as_str().ok_or("$capture: a name is wanted")?;
                self.names.set(name, value.clone());
                // The two parts of a port ID, since messages go to port names.
                if let Some((node, port)) =
                    value.as_text().as_deref().and_then(|t| t.split_once('#'))
                {
                    self.names.set(format!("{name}.node"), Value::text(node));
                    self.names.set(format!("{name}.port"), Value::text(port));
                }
                Ok(())
            }
            "$type" => {
                let kinds = listed(argument);
                if kinds
                    .iter()
                    .filter_map(|kind| kind.as_str())
                    .any(|kind| of_kind(value, kind))
                {
                    Ok(())
                } else {
                    Err(differs(path, &format!("of type {argument}"), value))
                }
            }
            "$regex" => {
                let source = self
                    .names
                    .text(argument.as_str().ok_or("$regex: a text is wanted")?)?;
                let regex = regex_lite::Regex::new(&source).map_err(|e| format!("$regex: {e}"))?;
                match value.as_text() {
                    Some(text) if regex.is_match(&text) => Ok(()),
                    _ => Err(differs(
                        path,
                        &format!("a text that matches /{source}/"),
                        value,
                    )),
                }
            }
            "$one-of" => {
                let patterns = argument.as_array().ok_or("$one-of: an array is wanted")?;
                for pattern in patterns {
                    let before = self.names.clone();
                    if self.value(pattern, value, path).is_ok() {
                        return Ok(());
                    }
                    self.names = before;
                }
                Err(differs(path, &format!("one of {}", shown(argument)), value))
            }
            "$not" => {
                let before = self.names.clone();
                let matched = self.value(argument, value, path).is_ok();
                self.names = before;
                if matched {
                    Err(differs(
                        path,
                        &format!("anything but {}", shown(argument)),
                        value,
                    ))
                } else {
                    Ok(())
                }
            }
            "$unordered" => self.unordered(argument, value, path),
            "$nowhere" => self.nowhere(argument, value, path),
            "$apart-from" => self.apart_from(argument, value, path),
            "$contains" => {
                let Value::Array(values) = value else {
                    return Err(differs(path, "an array", value));
                };
                for item in values {
                    let before = self.names.clone();
                    if self.value(argument, item, path).is_ok() {
                        return Ok(());
                    }
                    self.names = before;
                }
                Err(differs(
                    path,
                    &format!("an array with {} in it", shown(argument)),
                    value,
                ))
            }
            "$subset" => {
                let map = argument.as_object().ok_or("$subset: an object is wanted")?;
                self.map(map, value, path, false)
            }
            "$loosely" => {
                let expected = self.names.value(argument)?;
                let text = expected.as_text().or_else(|| as_number_text(&expected));
                if expected.same(value)
                    || text.is_some_and(|text| same_number(&text, value) || same_text(&text, value))
                {
                    Ok(())
                } else {
                    Err(differs(
                        path,
                        &format!("{expected} as number or text"),
                        value,
                    ))
                }
            }
            "$range" => {
                let bound = |at: usize| argument[at].as_f64().ok_or("$range: two numbers");
                let (least, most) = (bound(0)?, bound(1)?);
                let number = match value {
                    Value::Integer(integer) => Some(*integer as f64),
                    Value::Float(float) => Some(*float),
                    other => other.as_text().and_then(|text| text.parse().ok()),
                };
                if number.is_some_and(|number| (least..=most).contains(&number)) {
                    Ok(())
                } else {
                    Err(differs(
                        path,
                        &format!("a number from {least} to {most}"),
                        value,
                    ))
                }
            }
            _ => {
                let expected = self.names.value(pattern)?;
                self.same(&expected, value, path)
            }
        }
    }

    fn unordered(&mut self, argument: &Json, value: &Value, path: &str) -> Result<(), Mismatch> {
        let patterns = argument
            .as_array()
            .ok_or("$unordered: an array is wanted")?;
        let Value::Array(values) = value else {
            return Err(differs(path, "an array", value));
        };
        if values.len() != patterns.len() {
            return Err(differs(
                path,
                &format!("{} elements", patterns.len()),
                value,
            ));
        }
        let left: Vec<&Value> = values.iter().collect();
        if self.assign(patterns, &left, path) {
            Ok(())
        } else {
            Err(differs(
                path,
                &format!("{} in any order", shown(argument)),
                value,
            ))
        }
    }

    fn texts(&self, form: &str, argument: &Json) -> Result<Vec<String>, Mismatch> {
        let texts = argument
            .as_array()
            .ok_or(format!("{form}: an array is wanted"))?;
        let text = |text: &Json| self.names.text(text.as_str().unwrap_or_default());
        texts.iter().map(text).collect()
    }

    /// None of these texts stands anywhere inside the value.
    fn nowhere(&mut self, argument: &Json, value: &Value, path: &str) -> Result<(), Mismatch> {
        let texts = self.texts("$nowhere", argument)?;
        match texts.iter().find(|text| holds(value, text)) {
            None => Ok(()),
            Some(text) => {
                let expected = format!("a value that does not hold the text {text:?} anywhere");
                Err(differs(path, &expected, value))
            }
        }
    }

    /// The text does not begin with what these texts have in common at their beginning, unless
    /// each of them goes on for long enough to be a random text of its own.
    fn apart_from(&mut self, argument: &Json, value: &Value, path: &str) -> Result<(), Mismatch> {
        let texts = self.texts("$apart-from", argument)?;
        let common = common_beginning(&texts);
        let own = texts
            .iter()
            .all(|text| text[common.len()..].chars().count() >= 8);
        match value.as_text() {
            Some(text) if own || !text.starts_with(common) => Ok(()),
            _ => {
                let expected = format!("a text that does not begin with {common:?}");
                Err(differs(path, &expected, value))
            }
        }
    }

    /// Whether the patterns can be given a value each.
    fn assign(&mut self, patterns: &[Json], left: &[&Value], path: &str) -> bool {
        let Some((pattern, rest)) = patterns.split_first() else {
            return true;
        };
        for at in 0..left.len() {
            let before = self.names.clone();
            if self.value(pattern, left[at], path).is_ok() {
                let mut others = left.to_vec();
                others.remove(at);
                if self.assign(rest, &others, path) {
                    return true;
                }
            }
            self.names = before;
        }
        false
    }
}

/// Whether storable, which has no booleans and no floats, makes the value of what is expected.
fn same_in_storable(expected: &Value, value: &Value) -> bool {
    match expected {
        Value::Bool(truth) => same_text(if *truth { "1" } else { "" }, value),
        other => as_number_text(other).is_some_and(|text| same_number(&text, value)),
    }
}

/// Whether a text stands in a value: in a text or octets of it, or in a key.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::Array(values) => values.iter().any(|value| holds(value, text)),
        Value::Map(entries) => entries
            .iter()
            .any(|(key, value)| key.contains(text) || holds(value, text)),
        scalar => scalar.as_text().is_some_and(|own| own.contains(text)),
    }
}

/// What all the texts begin with.
fn common_beginning(texts: &[String]) -> &str {
    let Some((first, rest)) = texts.split_first() else {
        return "";
    };
    let shared = |other: &String| {
        first
            .chars()
            .zip(other.chars())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let count = rest.iter().map(shared).min().unwrap_or(first.len());
    let end = first
        .char_indices()
        .nth(count)
        .map_or(first.len(), |(at, _)| at);
    &first[..end]
}

/// The kinds that a `$type` names: one or a list.
fn listed(argument: &Json) -> Vec<&Json> {
    match argument {
        Json::Array(kinds) => kinds.iter().collect(),
        kind => vec![kind],
    }
}

fn of_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "text" => value.as_text().is_some(),
        "number" => matches!(value, Value::Integer(_) | Value::Float(_)),
        "integer" => match value {
            Value::Float(float) => crate::wire::value::whole(*float).is_some(),
            value => value.kind() == "integer",
        },
        kind => value.kind() == kind,
    }
}

fn as_number_text(value: &Value) -> Option<String> {
    match value {
        Value::Integer(integer) => Some(integer.to_string()),
        Value::Float(float) => Some(float.to_string()),
        _ => None,
    }
}

fn same_text(text: &str, value: &Value) -> bool {
    value
        .as_text()
        .or_else(|| as_number_text(value))
        .is_some_and(|other| other == text)
}

/// Whether a text is the number that the value or its text says.
fn same_number(text: &str, value: &Value) -> bool {
    let other = value.as_text().or_else(|| as_number_text(value));
    match (text.parse::<f64>(), other.map(|other| other.parse::<f64>())) {
        (Ok(a), Some(Ok(b))) => a == b,
        _ => false,
    }
}

fn differs(path: &str, expected: &str, value: &Value) -> Mismatch {
    let place = if path.is_empty() {
        String::new()
    } else {
        format!("at {path}: ")
    };
    format!("{place}expected {expected}, seen {value}")
}

/// A pattern as it is shown to people.
pub fn shown(pattern: &Json) -> String {
    const MOST: usize = 400;
    let text = pattern.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(pattern: &Json, value: &Json, framing: Framing) -> Result<Names, Mismatch> {
        let mut names = Names::default();
        names.set("kit", Value::text("k"));
        matches(pattern, &Value::from(value), framing, &mut names).map(|()| names)
    }

    #[test]
    fn patterns_match_what_they_should() {
        for (pattern, value) in [
            (json!([1, "a", null]), json!([1, "a", null])),
            (json!(["a", "..."]), json!(["a"])),
            (json!(["a", "..."]), json!(["a", 1, 2])),
            (json!("${kit}#p"), json!("k#p")),
            (json!({"$regex": "^${kit}[0-9]+$"}), json!("k12")),
            (json!({"$type": "integer"}), json!(5.0)),
            (json!({"$type": ["null", "text"]}), json!(null)),
            (json!({"$one-of": [1, 2]}), json!(2)),
            (json!({"$not": "x"}), json!("y")),
            (
                json!({"$unordered": [1, {"$any": true}, 3]}),
                json!([3, 1, 2]),
            ),
            (json!({"$contains": 3}), json!([3, 1])),
            (json!({"$nowhere": ["${kit}"]}), json!([{"a": "x"}, 1])),
            (json!({"$apart-from": ["p.1", "p.2"]}), json!("q.1")),
            (json!({"$apart-from": ["é1", "é2"]}), json!("è1")),
            (
                json!({"$apart-from": ["r.k3Vq0b_x", "r.ZZ81mMq2"]}),
                json!("r.8fhWpL3v"),
            ),
            (json!({"$subset": {"a": 1}}), json!({"a": 1, "b": 2})),
            (json!({"a": {"$any": true}}), json!({"a": 1})),
            (json!({"$loosely": 5}), json!("5")),
            (json!({"$loosely": "5"}), json!(5)),
            (json!({"$range": [1, 2]}), json!(1.5)),
            (json!({"$literal": "..."}), json!("...")),
        ] {
            check(&pattern, &value, Framing::Json).unwrap();
        }
    }

    #[test]
    fn patterns_refuse_what_they_should() {
        for (pattern, value, says) in [
            (json!([1]), json!([1, 2]), "expected 1 elements, seen [1,2]"),
            (
                json!([1, [2]]),
                json!([1, [3]]),
                "at [1][0]: expected 2, seen 3",
            ),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), "no other entries"),
            (json!({"$type": "text"}), json!(1), "of type \"text\""),
            (json!({"$unordered": [1, 1]}), json!([1, 2]), "in any order"),
            (json!({"$one-of": [1, 2]}), json!(3), "one of [1,2]"),
            (json!(true), json!(1), "expected true"),
            (json!({"$not": "x"}), json!("x"), "anything but"),
            (
                json!({"$nowhere": ["x", "${kit}"]}),
                json!([{"a": ["akb"]}]),
                "hold the text",
            ),
            (
                json!({"$nowhere": ["${kit}"]}),
                json!({"ok": 1}),
                "hold the text",
            ),
            (
                json!({"$apart-from": ["p.1", "p.23"]}),
                json!("p.4"),
                "begin with \"p.\"",
            ),
            (
                json!({"$apart-from": ["a", "b"]}),
                json!("c"),
                "begin with \"\"",
            ),
            (json!("${nobody}"), json!("x"), "nothing is named"),
        ] {
            let why = check(&pattern, &value, Framing::Json).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn captures_are_kept_only_on_success() {
        let pattern = json!([{"$capture": "a", "of": {"$type": "text"}}, {"$one-of": [
            [{"$capture": "b"}, 1], [{"$any": true}, {"$capture": "c"}]
        ]}]);
        let names = check(&pattern, &json!(["x", [1, 2]]), Framing::Json).unwrap();
        assert!(names.get("a").is_some() && names.get("b").is_none() && names.get("c").is_some());
    }

    #[test]
    fn storable_has_no_booleans_and_no_floats() {
        for (pattern, value) in [
            (json!(true), json!(1)),
            (json!(true), json!("1")),
            (json!(false), json!("")),
            (json!(1.5), json!("1.5")),
            (json!(4294967296_u64), json!("4294967296")),
        ] {
            assert!(check(&pattern, &value, Framing::Json).is_err(), "{pattern}");
            check(&pattern, &value, Framing::Storable).unwrap();
        }
    }
}
