//! Templates: values and texts of a case with `${name}` in them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::wire::{Value, from_hex};

/// The named values of a run.
#[derive(Clone, Debug, Default)]
pub struct Names {
    values: BTreeMap<String, Value>,
}

impl Names {
    /// Gives a name a value.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.values.insert(name.into(), value);
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A text with its names replaced; `$${` stands for `${`.
    ///
    /// # Errors
    /// A name has no value, or its value is no text and no number.
    pub fn text(&self, template: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                out.push_str(&rest[..at - 1]);
                out.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            out.push_str(&rest[..at]);
            let end = rest[at..].find('}').ok_or("a ${ without }")? + at;
            let name = &rest[at + 2..end];
            match self
                .get(name)
                .ok_or_else(|| format!("nothing is named {name:?} yet"))?
            {
                Value::Integer(integer) => out.push_str(&integer.to_string()),
                value => out.push_str(
                    &value
                        .as_text()
                        .ok_or_else(|| format!("{name:?} is no text"))?,
                ),
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    /// A value with its names replaced; a text that is one name alone becomes that value.
    ///
    /// # Errors
    /// As for [`Self::text`], and for a `$` form that does not exist.
    pub fn value(&self, template: &Json) -> Result<Value, String> {
        Ok(match template {
            Json::String(text) => {
                let alone = text
                    .strip_prefix("${")
                    .and_then(|rest| rest.strip_suffix('}'));
                match alone.filter(|name| !name.contains('}')) {
                    Some(name) => self
                        .get(name)
                        .cloned()
                        .ok_or_else(|| format!("nothing is named {name:?} yet"))?,
                    None => Value::Text(self.text(text)?),
                }
            }
            Json::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.value(item))
                    .collect::<Result<_, _>>()?,
            ),
            Json::Object(map) => match form(map) {
                Some((form, argument)) => self.form(form, argument)?,
                None => Value::Map(
                    map.iter()
                        .map(|(key, value)| Ok((self.text(key)?, self.value(value)?)))
                        .collect::<Result<_, String>>()?,
                ),
            },
            other => Value::from(other),
        })
    }

    fn form(&self, form: &str, argument: &Json) -> Result<Value, String> {
        match form {
            "$literal" => Ok(Value::from(argument)),
            "$octets" => argument
                .as_str()
                .and_then(from_hex)
                .map(Value::Octets)
                .ok_or_else(|| "$octets: hex is wanted".to_owned()),
            "$float" => argument
                .as_f64()
                .map(Value::Float)
                .ok_or_else(|| "$float: a number is wanted".to_owned()),
            "$repeat" => {
                let text = argument["text"].as_str().ok_or("$repeat: text is wanted")?;
                let count = argument["count"]
                    .as_u64()
                    .ok_or("$repeat: count is wanted")?;
                Ok(Value::Text(text.repeat(
                    usize::try_from(count).map_err(|e| e.to_string())?,
                )))
            }
            "$nest" => {
                let mut value = self.value(&argument["inner"])?;
                for _ in 0..argument["depth"].as_u64().ok_or("$nest: depth is wanted")? {
                    value = Value::Array(vec![value]);
                }
                Ok(value)
            }
            _ => Err(format!("no value is made by {form}")),
        }
    }
}

/// The name and the argument of an object that is a `$` form: the key that begins with `$` and a
/// letter.
pub fn form(map: &serde_json::Map<String, Json>) -> Option<(&str, &Json)> {
    let names_a_form = |key: &str| {
        key.strip_prefix('$')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    map.iter()
        .find(|(key, _)| names_a_form(key))
        .map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Names {
        let mut names = Names::default();
        names.set("kit", Value::text("k-1"));
        names.set("n", Value::Integer(7));
        names.set("list", Value::Array(vec![Value::Null]));
        names
    }

    #[test]
    fn names_are_replaced() {
        assert_eq!(
            names().text("${kit}#p${n} $${kit} $").unwrap(),
            "k-1#p7 ${kit} $"
        );
        assert!(names().text("${list}").is_err());
        assert!(names().text("${nobody}").is_err());
        let value = names()
            .value(&json!(["${n}", "a${n}", {"${kit}": "${list}"}]))
            .unwrap();
        assert_eq!(value.to_string(), r#"[7,"a7",{"k-1":[null]}]"#);
    }

    #[test]
    fn forms_make_values() {
        for (form, shown) in [
            (json!({"$octets": "ff"}), "h'ff'"),
            (json!({"$float": 1}), "1.0"),
            (json!({"$literal": "${x}"}), "\"${x}\""),
            (json!({"$repeat": {"text": "ab", "count": 2}}), "\"abab\""),
            (json!({"$nest": {"inner": 1, "depth": 2}}), "[[1]]"),
        ] {
            assert_eq!(names().value(&form).unwrap().to_string(), shown);
        }
        assert!(names().value(&json!({"$what": 1})).is_err());
    }
}
