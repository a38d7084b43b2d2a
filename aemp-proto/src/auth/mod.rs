//! Authentication: methods, secrets, and the proofs that two nodes exchange.
//!
//! # Timing
//!
//! Nothing here lets an attacker learn a secret from how long an answer takes:
//!
//! - Our own proof is computed whatever the peer has sent, and turned into hex without a table or a
//!   branch that depends on it; the comparison looks at every octet ([`subtle`]).
//! - SHA3 and MD6 have no step that depends on the data except its length. The length of a proof's
//!   input is public, but for `cleartext`, where it is the secret's: there both sides of the comparison
//!   are first reduced to digests, so that neither a common prefix nor an equal length shows.
//! - The form of what the peer sent (its length and its alphabet) is public and is checked first, in
//!   the ordinary way.
//! - Hashing MD6(secret) takes longer by one block for each 64 octets of the secret. That depends on
//!   the configuration alone, not on what a peer sends, so it cannot be probed octet by octet.
//!
//! Whatever was derived from a secret is overwritten when it goes out of use. The one exception is
//! what has to be sent: the proof itself, which under `cleartext` is the secret.

mod line;
#[cfg(feature = "crypto")]
mod md6;
mod method;
#[cfg(feature = "crypto")]
mod proof;
#[cfg(feature = "crypto")]
mod secret;

pub use line::AuthLine;
#[cfg(feature = "crypto")]
pub use md6::Md6;
pub use method::{Method, Suite};
#[cfg(feature = "crypto")]
pub use proof::{ProofError, Transcript, prove, verify};
#[cfg(feature = "crypto")]
pub use secret::{NoSecret, Secret, Secrets};
