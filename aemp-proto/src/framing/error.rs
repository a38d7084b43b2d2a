//! Why a message could not be encoded, or its arguments not be decoded into a type.

#[cfg(feature = "serde")]
use alloc::string::ToString;
use alloc::{boxed::Box, string::String};
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

/// An [`EncodeError`] on its way to the caller: behind a pointer, so that results are small where
/// nothing goes wrong.
#[derive(Debug)]
pub(crate) struct Refused(Box<EncodeError>);

impl From<EncodeError> for Refused {
    #[cold]
    fn from(error: EncodeError) -> Self {
        Self(Box::new(error))
    }
}

impl From<Refused> for EncodeError {
    fn from(refused: Refused) -> Self {
        *refused.0
    }
}

#[cfg(feature = "serde")]
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "serde")]
impl core::error::Error for Refused {}

#[cfg(feature = "serde")]
impl serde::ser::Error for Refused {
    fn custom<T: fmt::Display>(text: T) -> Self {
        EncodeError::Custom(text.to_string()).into()
    }
}

/// Why arguments could not be decoded into the type that was asked for.
///
/// The message itself is well formed: sender and receiver disagree about what it holds.
#[cfg(feature = "serde")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<Misfit>);

/// Behind a pointer, so that results are small where nothing goes wrong.
#[cfg(feature = "serde")]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Misfit {
    text: String,
    argument: Option<usize>,
}

#[cfg(feature = "serde")]
impl DecodeError {
    #[cold]
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(Box::new(Misfit {
            text: text.to_string(),
            argument: None,
        }))
    }

    /// Says which argument it was, unless that is known already.
    #[cold]
    pub(crate) fn at(mut self, argument: usize) -> Self {
        self.0.argument.get_or_insert(argument);
        self
    }

    /// The argument that does not fit, the first being 1; `None` if it is their number.
    pub fn argument(&self) -> Option<usize> {
        self.0.argument
    }
}

#[cfg(feature = "serde")]
impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arguments do not fit: ")?;
        if let Some(argument) = self.0.argument {
            write!(f, "argument {argument}: ")?;
        }
        write!(f, "{}; check what the sender sends", self.0.text)
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
