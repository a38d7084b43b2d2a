//! Why a message could not be encoded, or its arguments not be decoded into a type.

use alloc::string::String;
#[cfg(feature = "serde")]
use alloc::string::ToString;
use core::fmt;

/// Why a message could not be encoded; nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// It would be larger than the limit, which is given in octets.
    Size(usize),
    /// It would be nested deeper than the limit, which is given in levels.
    Depth(usize),
    /// A number that does not travel: NaN, an infinity, or an integer out of -2^63..=2^64-1.
    Number(String),
    /// A map key that is neither text, nor a number, nor a boolean.
    Key(&'static str),
    /// The arguments are no sequence (tuple, array, list, tuple struct, enum or unit).
    Arguments(&'static str),
    /// A type's own `Serialize` failed.
    Custom(String),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("message not sent: ")?;
        match self {
            Self::Size(limit) => write!(
                f,
                "it is larger than {limit} octets; send less at once, or raise the limit of both nodes"
            ),
            Self::Depth(limit) => write!(
                f,
                "it is nested deeper than {limit} levels; flatten it, or raise the limit of both nodes"
            ),
            Self::Number(number) => write!(
                f,
                "the number {number} does not travel; send a finite float, or an integer from -2^63 to \
                 2^64-1"
            ),
            Self::Key(kind) => {
                write!(
                    f,
                    "a map key is {kind}; use texts, numbers or booleans as keys"
                )
            }
            Self::Arguments(kind) => write!(
                f,
                "the arguments are {kind}; pass a sequence, such as a tuple or a slice"
            ),
            Self::Custom(text) => write!(f, "{text}; check the type's Serialize implementation"),
        }
    }
}

impl core::error::Error for EncodeError {}

#[cfg(feature = "serde")]
impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::Custom(text.to_string())
    }
}

/// Why arguments could not be decoded into the type that was asked for.
///
/// The message itself is well formed: sender and receiver disagree about what it holds.
#[cfg(feature = "serde")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    text: String,
    argument: Option<usize>,
}

#[cfg(feature = "serde")]
impl DecodeError {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self {
            text: text.to_string(),
            argument: None,
        }
    }

    /// Says which argument it was, unless that is known already.
    pub(crate) fn at(mut self, argument: usize) -> Self {
        self.argument.get_or_insert(argument);
        self
    }

    /// The argument that does not fit, the first being 1; `None` if it is their number.
    pub fn argument(&self) -> Option<usize> {
        self.argument
    }
}

#[cfg(feature = "serde")]
impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arguments do not fit: ")?;
        if let Some(argument) = self.argument {
            write!(f, "argument {argument}: ")?;
        }
        write!(f, "{}; check what the sender sends", self.text)
    }
}

#[cfg(feature = "serde")]
impl core::error::Error for DecodeError {}

#[cfg(feature = "serde")]
impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text)
    }
}
