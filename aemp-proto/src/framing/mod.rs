//! Messages on the wire: framings, limits, decoding and encoding.
//!
//! A [`Decoder`] finds the messages in what comes in and validates them whole (grammar, UTF-8, depth,
//! numbers), so that a malformed message reaches nobody. What it gives is a [`Frame`]: how many octets
//! it takes, and a [`Layout`] that opens these octets as a [`Message`] whose arguments stay encoded until
//! somebody asks for them. [`Framing::encode`] and its siblings go the other way.
//!
//! Each framing is a module with three parts: a `Scanner` (boundaries and validation, resumable), a
//! `Reader` and a `Writer` (values token by token). Everything else is written once on top of these.

#[cfg(feature = "serde")]
mod bridge;
mod decoder;
mod encode;
mod error;
pub(crate) mod json;
mod limits;
mod message;
#[cfg(all(test, feature = "serde"))]
mod tests;
mod token;

pub use decoder::{Content, Decoder, Frame, Nothing};
#[cfg(feature = "serde")]
pub use error::DecodeError;
pub use error::EncodeError;
pub use limits::Limits;
pub use message::{Arg, Args, ArgsIter, Layout, Message};

/// How messages are put into octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// JSON texts, one after another.
    Json,
}

impl Framing {
    /// Every framing that is compiled in.
    pub const ALL: &'static [Self] = &[Self::Json];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
        }
    }

    /// The framing of that name, `None` if there is none or it is not compiled in.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }
}

/// Runs the same code with the reader of any framing.
macro_rules! with_reader {
    ($framing:expr, $octets:expr, $at:expr, |$reader:ident| $body:expr) => {
        match $framing {
            $crate::framing::Framing::Json => {
                #[allow(unused_mut, reason = "not every body moves its reader")]
                let mut $reader =
                    <$crate::framing::json::Reader<'_> as $crate::framing::token::Reader<'_>>::new(
                        $octets, $at,
                    );
                $body
            }
        }
    };
}

/// Runs the same code with the writer of any framing.
macro_rules! with_writer {
    ($framing:expr, $out:expr, |$writer:ident| $body:expr) => {
        match $framing {
            $crate::framing::Framing::Json => {
                let $writer = $crate::framing::json::Writer::new($out);
                $body
            }
        }
    };
}

use {with_reader, with_writer};
