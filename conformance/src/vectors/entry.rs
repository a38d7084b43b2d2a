//! Vectors that have an `input` and an `expected` outcome, for all that is more than parsing.

use serde_json::Value as Json;

use super::{Kind, Vector, answer, confirm};

/// Judges the core by a vector.
///
/// # Errors
/// What it does otherwise.
pub fn judge(subject: &str, vector: &Vector) -> Result<(), String> {
    let (input, expected) = parts(vector)?;
    let found = answer::outcome(subject, input, expected)?;
    if found == *expected {
        Ok(())
    } else {
        let title = vector.text("title");
        Err(format!("{title}: expected {expected}, seen {found}"))
    }
}

/// Confirms a vector with the kit's own wire code, as far as that has the function.
///
/// # Errors
/// What comes out otherwise.
pub fn confirmed(subject: &str, vector: &Vector) -> Result<(), String> {
    let (input, expected) = parts(vector)?;
    if subject == "streams" && vector.kind == Kind::Tolerated {
        // The kit's own readers read what correct writers send.
        return Ok(());
    }
    confirm::check(subject, input, expected)
        .map(drop)
        .map_err(|why| format!("{}: {why}", vector.text("title")))
}

fn parts(vector: &Vector) -> Result<(&Json, &Json), String> {
    let part = |name| vector.fields.get(name).ok_or_else(|| format!("no {name}"));
    Ok((part("input")?, part("expected")?))
}

pub(super) fn text(json: &Json) -> Result<&str, String> {
    json.as_str().ok_or_else(|| format!("{json} is no text"))
}

pub(super) fn hex(json: &Json) -> Result<Vec<u8>, String> {
    crate::wire::from_hex(text(json)?).ok_or_else(|| format!("{json} is not hex"))
}

pub(super) fn names(json: &Json) -> Result<Vec<&str>, String> {
    let list = json
        .as_array()
        .ok_or_else(|| format!("{json} is no list"))?;
    list.iter().map(text).collect()
}

/// The four lines of two greetings.
pub(super) fn lines(json: &Json) -> Result<[Vec<u8>; 4], String> {
    let list = json.as_array().into_iter().flatten();
    let lines: Vec<_> = list.map(hex).collect::<Result<_, _>>()?;
    lines
        .try_into()
        .map_err(|_| format!("{json} are not four lines"))
}
