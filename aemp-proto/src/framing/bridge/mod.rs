//! Typed arguments: serde's data model on top of any framing's reader and writer.

mod de;
mod ser;

pub(super) use de::{decode, decode_args};
pub(super) use ser::encode_args;
