//! Putting messages into octets.

use super::{
    Args, EncodeError, Framing, Limits,
    error::Refused,
    token::{Reader, Sink, Writer},
    with_reader, with_writer,
};
#[cfg(feature = "serde")]
use super::{Layout, message::Port};
use crate::value::Value;
use alloc::vec::Vec;

impl Framing {
    /// Appends the message for `port` with `args` to `out`.
    ///
    /// `args` is a sequence (a tuple, list, slice, tuple struct), `()` for none, or an enum, whose
    /// variant name goes first. After an error `out` is as it was.
    #[cfg(feature = "serde")]
    pub fn encode<T: serde::Serialize + ?Sized>(
        self,
        port: &str,
        args: &T,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        or_nothing(out, |out| {
            with_writer!(self, out, |writer| {
                let mut sink = Sink::new(writer, limits);
                super::bridge::encode_args(&mut sink, port, args)?;
                sink.writer.close();
                sink.check()
            })
        })
    }

    /// Appends the message for `port` with the values `args` to `out`; after an error `out` is as
    /// it was.
    pub fn encode_values(
        self,
        port: &str,
        args: &[Value],
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        or_nothing(out, |out| {
            with_writer!(self, out, |writer| values(
                Sink::new(writer, limits),
                port,
                args
            ))
        })
    }

    /// Appends the message for `port` with the arguments of another message to `out`, without
    /// decoding them if both have the same framing; after an error `out` is as it was.
    ///
    /// This is what a relay does: `framing.encode_raw(port, &args.skip(2), &limits, &mut out)`.
    pub fn encode_raw(
        self,
        port: &str,
        args: &Args<'_>,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        or_nothing(out, |out| {
            with_writer!(self, out, |writer| {
                let sink = Sink::new(writer, limits);
                with_reader!(args.framing, args.source, args.at, |reader| {
                    copied(sink, port, &mut reader, args.count, args.framing == self)
                })
            })
        })
    }
}

#[cfg(feature = "serde")]
impl Layout {
    /// Appends `args` to `out` as a message in json, and gives the layout with which a decoder would
    /// find it there: for messages that stay within a process, where nobody has to look for them.
    /// The octets that the layout opens begin where `out` ended; the port has the empty name.
    ///
    /// # Errors
    ///
    /// As [`Framing::encode`].
    pub fn encode<T: serde::Serialize + ?Sized>(
        args: &T,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<Self, EncodeError> {
        let mut count = 0;
        or_nothing(out, |out| {
            let mut sink = Sink::new(super::json::Writer::new(out), limits);
            super::bridge::encode_args(&mut sink, "", args)?;
            count = sink.count - 1;
            sink.check()
        })?;
        Ok(Self {
            // ["",ARG...]
            port: Port::Plain(2, 2),
            args: 4,
            count: count as u32,
        })
    }
}

fn values<W: Writer>(mut to: Sink<W>, port: &str, args: &[Value]) -> Result<(), Refused> {
    let mark = to.begin_array(Some(1 + args.len()))?;
    to.text(port)?;
    args.iter().try_for_each(|value| to.value(value))?;
    to.end_array(mark, 1 + args.len())?;
    to.writer.close();
    to.check()
}

fn copied<'a, R: Reader<'a>, W: Writer>(
    mut to: Sink<W>,
    port: &str,
    from: &mut R,
    count: usize,
    same_framing: bool,
) -> Result<(), Refused> {
    let mark = to.begin_array(Some(1 + count))?;
    to.text(port)?;
    match same_framing.then(|| from.raw(count)).flatten() {
        Some(raw) => to.raw(raw)?,
        None => (0..count).try_for_each(|_| to.copy(from))?,
    }
    to.end_array(mark, 1 + count)?;
    to.writer.close();
    to.check()
}

/// Takes back whatever a failed encoder has appended (`[value.send.rest]`).
#[inline]
fn or_nothing(
    out: &mut Vec<u8>,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Refused>,
) -> Result<(), EncodeError> {
    let before = out.len();
    encode(out).map_err(|refused| {
        out.truncate(before);
        refused.into()
    })
}
