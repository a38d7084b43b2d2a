//! What the kit's own wire code, which shares nothing with the core, makes of vectors, as far as it
//! has the function.

use serde_json::{Value as Json, json};

use super::entry::{hex, lines as four_lines, text};
use super::notation;
use crate::wire::framing::Reader;
use crate::wire::greeting::{self, Greeting};
use crate::wire::value::whole;
use crate::wire::{AuthLine, Framing, Method, Unreadable, Value, md6, to_hex};

/// Whether the kit's own code agrees; nothing where it has no such function.
///
/// # Errors
/// What it says instead, or what is wrong with the vector.
pub(super) fn check(subject: &str, input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let fails = expected.get("reason").is_some();
    match subject {
        "digests" => {
            let digest = to_hex(&md6::md6_256(&hex(&input["octets"])?));
            agree(&json!({ "digest": digest }), expected)
        }
        "proof-data" => proof(input, expected),
        // It leaves the checks of what it reads to its cases.
        "greetings" if !fails => fields(input, expected),
        "lines" if !fails => lines(input, expected),
        "authentication" if !fails => authentication(input, expected),
        "equality" => {
            let (a, b) = (
                notation::to_kit(&input["a"])?,
                notation::to_kit(&input["b"])?,
            );
            agree(&json!({ "same": a.same(&b) }), expected)
        }
        "readings" => reading(input, expected),
        "streams" => read(input, expected),
        "writing" => write(input, expected),
        _ => Ok(None),
    }
}

fn agree(found: &Json, expected: &Json) -> Result<Option<()>, String> {
    if found == expected {
        Ok(Some(()))
    } else {
        Err(format!("the kit's own code says {found}"))
    }
}

fn proof(input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let name = text(&input["method"])?;
    let method = Method::named(name).ok_or_else(|| format!("no method {name:?}"))?;
    let secret = input["secret"].as_str().unwrap_or_default();
    let [a, b, c, d] = four_lines(&input["lines"])?;
    let data = method.proof(secret.as_bytes(), &[a, b], &[c, d]);
    agree(&json!({ "data": data }), expected)
}

fn fields(input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let line = hex(&input["line"])?;
    // It takes a line that is not all UTF-8 for Latin-1 as a whole, which is enough for its cases.
    if std::str::from_utf8(&line).is_err() {
        return Ok(None);
    }
    let read = Greeting::read(&line, b"")?;
    let known = |names: &[String], known: &dyn Fn(&str) -> bool| -> Vec<String> {
        names.iter().filter(|name| known(name)).cloned().collect()
    };
    let found = json!({
        "node": read.node,
        "methods": known(&read.auths, &|name| Method::named(name).is_some()),
        "framings": known(&read.framings, &|name| Framing::named(name).is_some()),
    });
    let expected = json!({
        "node": expected["node"], "methods": expected["methods"], "framings": expected["framings"]
    });
    agree(&found, &expected)
}

fn lines(input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let octets = hex(&input["octets"])?;
    let (first, used) = greeting::line(&octets).ok_or("no first line")?;
    let (second, rest) = greeting::line(&octets[used..]).ok_or("no second line")?;
    if used + rest != octets.len() {
        return Err(format!(
            "the kit's own code leaves {} octets",
            octets.len() - used - rest
        ));
    }
    agree(
        &json!({ "node": Greeting::read(first, second)?.node }),
        expected,
    )
}

fn authentication(input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let line = AuthLine::read(&hex(&input["line"])?)?;
    let given = json!({ "method": line.method, "framing": line.framing });
    agree(&given, expected)?;
    let [a, b, c, d] = four_lines(&input["lines"])?;
    let secret = text(&input["secret"])?.as_bytes();
    let proof = Method::named(&line.method).map(|m| m.proof(secret, &[a, b], &[c, d]));
    agree(&json!(proof), &json!(line.data))
}

/// What a value is where text, a number or a truth value is expected.
fn reading(input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let value = notation::to_kit(&input["value"])?;
    let scalar = value.as_text();
    let (text, number) = match &value {
        Value::Null => (Some(String::new()), None),
        Value::Bool(truth) => (Some(u8::from(*truth).to_string()), None),
        Value::Integer(integer) => (Some(integer.to_string()), Some(*integer as f64)),
        Value::Float(float) => (whole(*float).map(|i| i.to_string()), Some(*float)),
        _ => (scalar.clone(), scalar.as_deref().and_then(decimal)),
    };
    let falsehoods = [
        Value::Null,
        Value::Bool(false),
        Value::Integer(0),
        Value::text(""),
    ];
    let zero = Value::text("0");
    let truth = !falsehoods.iter().chain([&zero]).any(|one| one.same(&value));
    let mut found = json!({ "truth": truth });
    if let Some(text) = text {
        found["text"] = json!(text);
    }
    if let Some(number) = number {
        found["number"] = json!({ "$float": format!("{:016x}", number.to_bits()) });
    }
    agree(&found, expected)
}

/// The number that a text of decimal digits is.
fn decimal(text: &str) -> Option<f64> {
    let form = regex_lite::Regex::new(r"\A-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z").ok()?;
    let number = form.is_match(text).then(|| text.parse::<f64>().ok())??;
    number.is_finite().then_some(number)
}

/// Its readers keep the first element as it is and judge less than a node has to, so only what it
/// reads of streams without a fault is compared.
fn read(input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let name = text(&input["framing"])?;
    let framing = Framing::named(name).ok_or_else(|| format!("no framing {name:?}"))?;
    if expected.get("reason").is_some() {
        return Ok(None);
    }
    let octets = hex(&input["octets"])?;
    let (mut reader, mut start, mut values) = (Reader::new(framing), 0, Vec::new());
    loop {
        match reader.next(&octets[start..]) {
            Ok((value, used)) => {
                start += used;
                values.push(value);
            }
            Err(Unreadable::Incomplete) => {
                values.extend(reader.last(&octets[start..]));
                break;
            }
            // It has no tags, no classes and no native order: what only originals could send.
            Err(Unreadable::Malformed(_)) => return Ok(None),
        }
    }
    let Value::Array(messages) = notation::to_kit(&expected["messages"])? else {
        return Err("messages are an array".to_owned());
    };
    let nothing = expected["nothing"].as_u64().unwrap_or_default();
    agree(
        &json!(values.len()),
        &json!(messages.len() as u64 + nothing),
    )?;
    let argument = |value: &Value| match value {
        Value::Array(items) => items.get(1..).map(|rest| Value::Array(rest.to_vec())),
        _ => None,
    };
    let wanted = messages.iter().filter_map(argument);
    let mut found = values.iter().filter_map(argument);
    for wanted in wanted {
        if !found.any(|found| found.same(&wanted)) {
            return Err(format!("the kit's own code does not read {wanted}"));
        }
    }
    Ok(Some(()))
}

/// What is written, read by it, is the same message.
fn write(input: &Json, expected: &Json) -> Result<Option<()>, String> {
    let name = text(&input["framing"])?;
    let framing = Framing::named(name).ok_or_else(|| format!("no framing {name:?}"))?;
    let message = notation::to_kit(&input["message"])?;
    for octets in expected["octets"].as_array().into_iter().flatten() {
        let octets = hex(octets)?;
        let (read, used) = Reader::new(framing)
            .next(&octets)
            .map_err(|error| format!("the kit's own code: {error}"))?;
        // An image does not keep booleans, fractions and great integers.
        if used != octets.len() || (framing != Framing::Storable && !read.same(&message)) {
            // Octets of JSON arrive as the text of the same code points.
            let octets_in_json = framing == Framing::Json && input.to_string().contains("$octets");
            if !octets_in_json {
                return Err(format!("the kit's own code reads {read}"));
            }
        }
    }
    Ok(Some(()))
}
