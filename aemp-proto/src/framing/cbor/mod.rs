//! The cbor framing: data items of RFC 8949, one after another.
//!
//! What is sent: texts (port names, tags and map keys too) as text strings, octets as byte strings,
//! heads in the shortest form, floats in 32 bits where that is exact and else in 64, no indefinite lengths.
//!
//! What is read, beyond that:
//!
//! - byte strings wherever a text is meant, as UTF-8 where they are valid UTF-8 and else as Latin-1;
//!   heads that are longer than necessary, half floats, strings, arrays and maps without a number;
//!   undefined as null; integers out of range, and bignums (tags 2 and 3) up to [`BIGNUM_MOST`] octets, as
//!   the text of their digits where they are not in range;
//! - keys that are no strings, as the text that the same value would have as a port name; but no
//!   array or map, which the originals turn into the text of a memory address, and no fraction;
//! - any tag: it is passed over and the tagged item taken. A message with references (tags 25 and 29, to
//!   strings and to shared items) is rewritten without them as soon as it is complete, see [`expand`].
//!
//! Malformed, beside what RFC 8949 calls so: simple values without a meaning, texts that are not
//! UTF-8, infinities and NaN, a bignum that is not a byte string.

mod digits;
mod expand;
mod head;
mod read;
mod scan;
mod write;

pub(crate) use read::Reader;
pub(crate) use scan::Scanner;
#[cfg(feature = "storable")]
pub(crate) use scan::rewritten;
pub(crate) use write::Writer;

/// The most octets of a bignum; turning one into digits costs the square of its length.
const BIGNUM_MOST: usize = 128;
