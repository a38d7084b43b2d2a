//! Handlers: what a port does with its messages.

use std::{
    fmt::{self, Display},
    future::Future,
    pin::Pin,
};

use hashbrown::HashMap;

use super::context::Context;
use crate::message::Message;

/// What goes wrong in a handler: a text that the port's monitors are told after `die`.
///
/// Made of anything that can be shown, so `?` works on every error.
pub struct HandlerError(String);

impl HandlerError {
    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl<E: Display> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a handler returns: nothing, or a `Result` whose error kills the port.
pub trait Outcome {
    /// The outcome as a result.
    fn into_result(self) -> Result<(), HandlerError>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), HandlerError> {
        Ok(())
    }
}

impl<E: Into<HandlerError>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), HandlerError> {
        self.map_err(Into::into)
    }
}

type Ended = Result<(), HandlerError>;
type AtOnce = Box<dyn FnMut(&Context, Message) -> Ended + Send>;
type Waiting = Box<dyn FnMut(Context, Message) -> Running + Send>;
pub(crate) type Running = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// One handler.
pub(crate) enum Handler {
    /// Runs to its end at once.
    Plain(AtOnce),
    /// May wait; the next message comes when it has ended.
    Async(Waiting),
    /// May block; runs on a thread of its own.
    Blocking(AtOnce),
}

impl Handler {
    pub(crate) fn plain<O: Outcome>(
        mut f: impl FnMut(&Context, Message) -> O + Send + 'static,
    ) -> Self {
        Self::Plain(Box::new(move |context, message| {
            f(context, message).into_result()
        }))
    }

    pub(crate) fn blocking<O: Outcome>(
        mut f: impl FnMut(&Context, Message) -> O + Send + 'static,
    ) -> Self {
        Self::Blocking(Box::new(move |context, message| {
            f(context, message).into_result()
        }))
    }

    pub(crate) fn future<F>(mut f: impl FnMut(Context, Message) -> F + Send + 'static) -> Self
    where
        F: Future<Output: Outcome> + Send + 'static,
    {
        Self::Async(Box::new(move |context, message| {
            let future = f(context, message);
            Box::pin(async move { future.await.into_result() })
        }))
    }
}

/// The handlers of a port: by tag, and one for what no tag matches.
#[derive(Default)]
pub(crate) struct Handlers {
    pub(crate) default: Option<Handler>,
    pub(crate) tags: Option<Box<HashMap<Box<str>, Handler>>>,
    /// One of them was declared as blocking.
    pub(crate) blocking: bool,
}

impl Handlers {
    /// Sets the handler of what no tag matches.
    pub(crate) fn set_default(&mut self, handler: Handler) {
        self.blocking |= matches!(handler, Handler::Blocking(_));
        self.default = Some(handler);
    }

    /// Sets the handler of a tag.
    pub(crate) fn set_tag(&mut self, tag: &str, handler: Handler) {
        self.blocking |= matches!(handler, Handler::Blocking(_));
        self.tags
            .get_or_insert_default()
            .insert(tag.into(), handler);
    }

    /// Whether there is none at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.default.is_none() && self.tags.is_none()
    }

    /// Takes over what `newer` sets.
    pub(crate) fn merge(&mut self, newer: Self) {
        self.blocking |= newer.blocking;
        if newer.default.is_some() {
            self.default = newer.default;
        }
        if let Some(tags) = newer.tags {
            match &mut self.tags {
                Some(own) => own.extend(*tags),
                None => self.tags = Some(tags),
            }
        }
    }

    /// The handler for a message, and the message as it is to be given to it: a tag is taken off.
    pub(crate) fn find(&mut self, message: Message) -> Result<(&mut Handler, Message), Unhandled> {
        let tagged = self.tags.is_some();
        if let Some(tags) = &mut self.tags {
            let handler = message.tag().and_then(|tag| tags.get_mut(&*tag));
            if let Some(handler) = handler {
                return Ok((handler, message.skip(1)));
            }
        }
        match &mut self.default {
            Some(handler) => Ok((handler, message)),
            // [monitor.reason.tags-only]
            None if tagged => Err(Unhandled::Dropped),
            None => Err(Unhandled::Deadly(message)),
        }
    }
}

/// What comes of a message without handler.
pub(crate) enum Unhandled {
    /// The port handles other tags: the message is dropped.
    Dropped,
    /// The port handles nothing at all: it dies of the message.
    Deadly(Message),
}
