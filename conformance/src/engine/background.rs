//! What a node may send unasked, and what the kit does about it.

use super::conversation::Conversation;
use crate::wire::Value;

/// What the kit does about a message that no step waits for.
#[derive(Debug)]
pub enum Reaction {
    /// Nothing.
    Ignore,
    /// It answers with a message.
    Answer(Value),
}

/// Whether a message is the business of a service of the subject, which no case of this level is
/// about: global protocols and the log catcher. It is passed over even where a case wants to see
/// all that a node sends by itself.
pub fn of_a_service(conversation: &mut Conversation, message: &Value) -> bool {
    let Value::Array(items) = message else {
        return false;
    };
    let text = |at: usize| items.get(at).and_then(Value::as_text);
    let known = text(0).is_some_and(|port| conversation.noise.contains(&port))
        || text(0).as_deref() == Some("")
            && text(1).is_some_and(|verb| {
                verb.starts_with("g_")
                    || verb.starts_with("AnyEvent::MP::")
                    || text(2).is_some_and(|port| conversation.noise.contains(&port))
            });
    known && reaction(conversation, message, false).is_some()
}

/// The reaction to a message that a node may send unasked; `None` if it may not.
///
/// Keep-alives, heartbeats (`snd` round trips), requests of the global protocols and of the log
/// catcher: a subject may send them at any time, and few cases are about them. `simple`: the subject
/// is a simple client.
pub fn reaction(
    conversation: &mut Conversation,
    message: &Value,
    simple: bool,
) -> Option<Reaction> {
    let Value::Array(items) = message else {
        return None;
    };
    let text = |at: usize| items.get(at).and_then(Value::as_text);
    let Some(port) = items.first() else {
        return Some(Reaction::Ignore);
    };
    let port = port.as_text()?;
    if !port.is_empty() {
        return conversation
            .noise
            .contains(&port)
            .then_some(Reaction::Ignore);
    }
    let Some(verb) = items.get(1) else {
        return Some(Reaction::Ignore);
    };
    let verb = match verb {
        Value::Null => return Some(Reaction::Ignore),
        verb => verb.as_text()?,
    };
    match verb.as_str() {
        "" | "devnull" | "AnyEvent::MP::LogCatcher::connect" => Some(Reaction::Ignore),
        "snd" => {
            let target = text(2)?;
            let (_, port) = target.split_once('#')?;
            let mut answer = vec![Value::text(port)];
            answer.extend_from_slice(&items[3..]);
            Some(Reaction::Answer(Value::Array(answer)))
        }
        "AnyEvent::MP::_spawn" if text(3)? == "AnyEvent::MP::Global::connect" => {
            conversation.noise.insert(text(2)?);
            Some(Reaction::Ignore)
        }
        // A full node as simple client watches what it calls, and answers who watches it.
        "mon1" | "mon0" | "kil0" if simple => Some(Reaction::Ignore),
        "mon1" | "mon0" if text(2).is_some_and(|port| conversation.noise.contains(&port)) => {
            Some(Reaction::Ignore)
        }
        verb if verb.starts_with("g_") => Some(Reaction::Ignore),
        _ => None,
    }
}
