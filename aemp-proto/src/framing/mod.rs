//! Messages on the wire: framings, limits, decoding and encoding.
//!
//! A [`Decoder`] finds the messages in what comes in and validates them whole (grammar, UTF-8,
//! depth, numbers), so that a malformed message reaches nobody. What it gives is a [`Frame`]: how
//! many octets it takes, and a [`Layout`] that opens these octets as a [`Message`] whose arguments
//! stay encoded until somebody asks for them. [`Framing::encode`] and its siblings go the other
//! way. The few messages that cannot be read where they stand are handed out rewritten, see
//! [`Content::Rewritten`].
//!
//! Each framing is a module with three parts: a `Scanner` (boundaries and validation, resumable), a
//! `Reader` and a `Writer` (values token by token). Everything else is written once on top of
//! these.
//!
//! ```
//! use aemp_proto::framing::{Content, Decoder, Framing, Limits};
//!
//! let limits = Limits::default();
//! let mut octets = Vec::new();
//! Framing::Json.encode("sink", &("bench", 123, "hello"), &limits, &mut octets)?;
//! assert_eq!(octets, br#"["sink","bench",123,"hello"]"#);
//!
//! let frame = Decoder::new(Framing::Json, limits).next(&octets)?.expect("it is whole");
//! let Content::Message(layout) = frame.content() else {
//!     panic!("it is for a port");
//! };
//! let message = layout.open(Framing::Json, &octets[..frame.len()]);
//! assert_eq!(message.port(), "sink");
//! let (tag, number, text): (&str, u64, &str) = message.args().decode()?;
//! assert_eq!((tag, number, text), ("bench", 123, "hello"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "serde")]
mod bridge;
#[cfg(feature = "cbor")]
mod cbor;
mod decoder;
mod encode;
mod error;
pub(crate) mod json;
mod limits;
mod message;
mod source;
#[cfg(feature = "storable")]
mod storable;
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
    /// CBOR data items, one after another.
    #[cfg(feature = "cbor")]
    Cbor,
    /// Images of Perl's Storable, each behind its length.
    #[cfg(feature = "storable")]
    Storable,
}

impl Framing {
    /// Every framing that is compiled in.
    pub const ALL: &'static [Self] = &[
        Self::Json,
        #[cfg(feature = "cbor")]
        Self::Cbor,
        #[cfg(feature = "storable")]
        Self::Storable,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            #[cfg(feature = "cbor")]
            Self::Cbor => "cbor",
            #[cfg(feature = "storable")]
            Self::Storable => "storable",
        }
    }

    /// The framing of that name, `None` if there is none or it is not compiled in.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }

    /// The framing in which messages of this one are read: those of storable are rewritten.
    pub(crate) const fn read_as(self) -> Self {
        match self {
            #[cfg(feature = "storable")]
            Self::Storable => Self::Cbor,
            other => other,
        }
    }
}

/// Runs the same code with the reader of any framing.
macro_rules! with_reader {
    (in $module:ident, $octets:expr, $at:expr, |$reader:ident| $body:expr) => {{
        #[allow(unused_mut, reason = "not every body moves its reader")]
        let mut $reader =
            <$crate::framing::$module::Reader<'_> as $crate::framing::token::Reader<'_>>::new(
                $octets, $at,
            );
        $body
    }};
    ($framing:expr, $octets:expr, $at:expr, |$reader:ident| $body:expr) => {
        match $framing {
            $crate::framing::Framing::Json => {
                $crate::framing::with_reader!(in json, $octets, $at, |$reader| $body)
            }
            #[cfg(feature = "cbor")]
            $crate::framing::Framing::Cbor => {
                $crate::framing::with_reader!(in cbor, $octets, $at, |$reader| $body)
            }
            #[cfg(feature = "storable")]
            $crate::framing::Framing::Storable => {
                $crate::framing::with_reader!(in cbor, $octets, $at, |$reader| $body)
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
            #[cfg(feature = "cbor")]
            $crate::framing::Framing::Cbor => {
                let $writer = $crate::framing::cbor::Writer::new($out);
                $body
            }
            #[cfg(feature = "storable")]
            $crate::framing::Framing::Storable => {
                let $writer = $crate::framing::storable::Writer::new($out);
                $body
            }
        }
    };
}

use {with_reader, with_writer};
