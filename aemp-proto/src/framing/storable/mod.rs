//! The storable framing: images of Perl's Storable, each behind its length.
//!
//! What is sent is a network order image of the plainest codes: no classes, no references but those
//! that every array and map inside another value needs, no booleans, no floats.
//!
//! What is read is rewritten as a message of the cbor framing at once: an image keeps the keys of
//! a map behind the values, numbers all its values so that any later place may stand for an earlier one, and may be
//! in the byte order of a machine. Whoever reads a message meets none of that, and what a
//! message may hold is checked in one place.
//!
//! - Network order images of any minor version are read, and native ones of 64-bit machines with the
//!   low octet first.
//! - A class is ignored and its value taken, but for the classes of booleans.
//! - A copy of an earlier value (code 00) is that value again, as far as the message limit allows; a
//!   cycle is refused. Booleans make such copies common: all of them are one object.
//! - Code, tied values, hooks, regular expressions, version strings and large objects are refused.
//!   Nothing of an image is ever run or looked up.

mod code;
mod scan;
mod walk;
mod write;

pub(crate) use scan::Scanner;
pub(crate) use write::Writer;
