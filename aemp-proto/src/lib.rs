//! The AEMP protocol without I/O.
//!
//! This crate knows the protocol whole and nothing else: it opens no socket, reads no clock and
//! draws no random number. Octets, the time and nonces come in as arguments; octets to send,
//! decisions to take and typed failures come out.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod auth;
pub mod failure;
pub mod framing;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz;
pub mod greeting;
#[cfg(feature = "crypto")]
pub mod handshake;
pub mod id;
pub mod link;
pub mod log;
pub mod request;
pub mod value;

pub use failure::{Failure, Fault, Reason, Stage};
pub use framing::{Framing, Limits};
pub use id::{NodeId, PortId, PortName};
pub use value::Value;
