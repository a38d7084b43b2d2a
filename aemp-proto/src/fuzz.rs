//! Bodies of the fuzz targets; not part of the public interface.
//!
//! A body takes any octets and panics when it finds a defect. The targets in `fuzz/` are wrappers of
//! one line; the test `fuzz_seeds` runs every body over the seeds under plain `cargo test`.

mod cbor;
pub mod framings;
mod handshake;
mod identifiers;
mod json;
mod lines;
mod md6;
pub mod seeds;
mod storable;

pub use cbor::cbor;
pub use handshake::handshake;
pub use identifiers::identifiers;
pub use json::json;
pub use lines::{auth_line, greeting};
pub use md6::md6;
pub use storable::storable;

/// A body: any octets in, a panic on a defect.
pub type Body = fn(&[u8]);

/// Every body by the name of its target. A body that is not in this list is run by no test.
pub const BODIES: &[(&str, Body)] = &[
    ("auth_line", auth_line),
    ("cbor", cbor),
    ("greeting", greeting),
    ("handshake", handshake),
    ("identifiers", identifiers),
    ("json", json),
    ("md6", md6),
    ("storable", storable),
];

/// How many times as many cases as usual random tests try: `AEMP_TEST_REPEAT`, 1 if it is not set.
///
/// # Panics
///
/// If the variable is set to something other than a number from 1 to 1,000,000: a long run that was
/// asked for must not turn into a short one.
pub fn repeat() -> u32 {
    let Some(text) = std::env::var_os("AEMP_TEST_REPEAT") else {
        return 1;
    };
    let number = text.to_str().and_then(|text| text.parse().ok());
    match number {
        Some(number @ 1..=1_000_000) => number,
        _ => panic!("AEMP_TEST_REPEAT is {text:?}, not a number from 1 to 1000000"),
    }
}
