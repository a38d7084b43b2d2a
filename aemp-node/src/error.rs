//! What can go wrong for users of a node.

use std::{fmt, io};

use aemp_proto::{PortId, framing::EncodeError};

use crate::{cause::Cause, config::Address};

/// A message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// It cannot be put into octets.
    Encode(EncodeError),
}

/// A call has no answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The question was not sent.
    Send(SendError),
    /// The called port died, or its node got out of reach; the cause says how.
    Died(Cause),
    /// No answer came in time.
    TimedOut,
}

/// A port of another node was to be used as one of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignPort(pub(crate) PortId);

/// A spawn names an init function that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// The name has no `::`.
    Name(String),
    /// The arguments do not travel.
    Send(SendError),
}

/// A node does not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is not usable; the text says what to do.
    Config(String),
    /// The node cannot listen there.
    Bind(Address, io::Error),
    /// The operating system gives no random octets.
    Random(String),
}

impl From<EncodeError> for SendError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<SendError> for CallError {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<SendError> for SpawnError {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(error) => fmt::Display::fmt(error, f),
            Self::Died(cause) => write!(f, "no answer: the port is gone: {cause}"),
            Self::TimedOut => f.write_str(
                "no answer in time: the port may not know this message, or its node be slow; \
                 allow more time",
            ),
        }
    }
}

impl fmt::Display for ForeignPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} belongs to another node; only a node's own ports can be given handlers, spawn one \
             there instead",
            self.0
        )
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "{name:?} is no init function: the name has no '::'; write it as in 'app::worker'"
            ),
            Self::Send(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(text) => f.write_str(text),
            Self::Bind(address, error) => write!(
                f,
                "cannot listen on {address}: {error}; choose an address of this machine and a port \
                 that is free"
            ),
            Self::Random(error) => write!(f, "the system gives no random octets: {error}"),
        }
    }
}

impl std::error::Error for SendError {}
impl std::error::Error for CallError {}
impl std::error::Error for ForeignPort {}
impl std::error::Error for SpawnError {}
impl std::error::Error for StartError {}
