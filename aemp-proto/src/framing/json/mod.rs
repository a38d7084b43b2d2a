//! The json framing: JSON texts in UTF-8, one after another, with or without white space between.

mod chunk;
mod escape;
mod number;
mod quick;
mod read;
mod scan;
#[cfg(test)]
mod tests;
mod write;

use super::{Limits, token::Sink};
use crate::value::Value;
use alloc::{string::String, vec::Vec};

pub(crate) use read::Reader;
pub(crate) use scan::Scanner;
pub(crate) use write::Writer;

/// The value as a JSON text, for people to read.
pub(crate) fn text(value: &Value) -> String {
    let limits = Limits {
        message: usize::MAX,
        depth: usize::MAX,
    };
    let mut out = Vec::new();
    if Sink::new(Writer::new(&mut out), &limits)
        .value(value)
        .is_err()
    {
        out.extend_from_slice(b"...");
    }
    String::from_utf8(out).unwrap_or_default()
}
