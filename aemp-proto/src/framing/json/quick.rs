//! The short way through most messages.
//!
//! Most messages hold a few strings without escapes and some integers, and have come in whole. They
//! need neither levels of nesting nor a state. What is otherwise goes on in the scanner where this
//! stopped.

use super::{
    super::{Content, Frame, Layout, message::Port},
    chunk::ascii_end,
};

/// How far the short way went.
pub(super) enum Quick {
    /// To the end of the message.
    Whole(Frame),
    /// To here.
    Stopped(Stop),
}

/// Where the short way stopped: always in the outer array.
pub(super) struct Stop {
    pub(super) at: usize,
    pub(super) before: Before,
    pub(super) port: Port,
    pub(super) commas: u32,
    pub(super) args: u32,
}

/// What comes next.
pub(super) enum Before {
    /// The first element or the end of the array.
    First,
    /// An element.
    Element,
    /// The rest of a string that has no escapes so far.
    Text,
    /// A comma or the end of the array.
    After,
}

/// Goes through the message whose first octet, a bracket, has been seen.
#[inline]
pub(super) fn quick(buf: &[u8]) -> Quick {
    let stop = |at, before, port, commas, args| {
        Quick::Stopped(Stop {
            at,
            before,
            port,
            commas,
            args,
        })
    };
    let mut at = 1;
    if buf.get(at) != Some(&b'"') {
        return stop(at, Before::First, Port::Token(0), 0, 0);
    }
    at = ascii_end(buf, 2);
    if buf.get(at) != Some(&b'"') {
        return stop(at, Before::Text, Port::Token(1), 0, 0);
    }
    let port = Port::Plain(2, at as u32);
    let args = at as u32 + 2;
    let mut commas = 0;
    loop {
        // The last octet of an element is at `at`.
        at += 1;
        match buf.get(at) {
            Some(b',') => commas += 1,
            Some(b']') => {
                let layout = Layout {
                    port,
                    args,
                    count: commas,
                };
                return Quick::Whole(Frame {
                    len: at + 1,
                    content: Content::Message(layout),
                });
            }
            _ => return stop(at, Before::After, port, commas, args),
        }
        at += 1;
        match buf.get(at) {
            Some(b'"') => {
                at = ascii_end(buf, at + 1);
                if buf.get(at) != Some(&b'"') {
                    return stop(at, Before::Text, port, commas, args);
                }
            }
            Some(b'1'..=b'9') => {
                let from = at;
                while let Some(b'0'..=b'9') = buf.get(at + 1) {
                    at += 1;
                }
                if !matches!(buf.get(at + 1), Some(b',' | b']')) {
                    return stop(from, Before::Element, port, commas, args);
                }
            }
            _ => return stop(at, Before::Element, port, commas, args),
        }
    }
}
