//! Why a port died.

use std::{fmt, sync::Arc};

use aemp_proto::{Failure, Reason, value::Value};

/// Why a port died, as its monitors are told: a list of values whose first is a word.
///
/// Nothing means a normal end: monitors fire, linked ports live on. Cheap to clone.
#[derive(Clone, Default, PartialEq)]
pub struct Cause(Option<Arc<[Value]>>);

impl Cause {
    /// The normal end: no reason at all.
    pub const NORMAL: Self = Self(None);

    /// A cause of these values; an empty list is the normal end.
    pub fn new(values: Vec<Value>) -> Self {
        Self((!values.is_empty()).then(|| values.into()))
    }

    /// A cause of texts: a word such as `die`, and what says more.
    pub fn text<const N: usize>(parts: [&str; N]) -> Self {
        Self::new(
            parts
                .iter()
                .map(|part| Value::Text((*part).into()))
                .collect(),
        )
    }

    /// Whether this is the normal end.
    pub fn is_normal(&self) -> bool {
        self.0.is_none()
    }

    /// The values; none for the normal end.
    pub fn values(&self) -> &[Value] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The first value if it is a text, such as `die` or `no_such_port`.
    pub fn word(&self) -> Option<&str> {
        match self.values().first() {
            Some(Value::Text(word)) => Some(word),
            _ => None,
        }
    }

    /// A handler or an init function failed.
    pub(crate) fn die(text: &str) -> Self {
        Self::text(["die", text])
    }

    /// There was no such port to begin with.
    pub(crate) fn no_such_port(port: &str) -> Self {
        Self::text(["no_such_port", "cannot monitor nonexistent port", port])
    }

    /// A message met a port that has no handler for it.
    pub(crate) fn unhandled(tag: Option<&str>) -> Self {
        let text = match tag {
            Some(tag) => format!("no callback found for message '{tag}'"),
            None => "no callback found for a message without tag".into(),
        };
        Self::text(["unhandled_message", &text])
    }

    /// Nothing of that name may be spawned here.
    pub(crate) fn no_such_function(function: &str) -> Self {
        let text = format!("no init function '{function}' is registered");
        Self::text(["no_such_function", &text])
    }

    /// An init function has left its port without a handler.
    pub(crate) fn no_receiver(function: &str) -> Self {
        let text = format!("the init function '{function}' registered no receiver");
        Self::text(["no_receiver", &text])
    }

    /// A queue grew beyond its limit.
    pub(crate) fn overload(text: &str) -> Self {
        Self::text(["overload", text])
    }

    /// The connection to `node` was lost, could not be made, or no way leads there.
    pub(crate) fn of_failure(node: &str, failure: &Failure) -> Self {
        let reason = failure.reason();
        // [monitor.loss.text]
        let mut text = format!(
            "{}/{}: {}",
            reason.stage().name(),
            reason.name(),
            reason.meaning()
        );
        if !failure.detail().is_empty() {
            text = format!("{text} ({})", failure.detail());
        }
        let word = match reason {
            Reason::ConnectNoAddress => "unreachable",
            _ => "transport_error",
        };
        Self::text([word, node, &text])
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_normal() {
            return f.write_str("normal end");
        }
        for (i, value) in self.values().iter().enumerate() {
            if i > 0 {
                f.write_str(": ")?;
            }
            match value {
                Value::Text(text) => f.write_str(text)?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cause({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_reads_as_one_line() {
        assert_eq!(Cause::die("out of milk").to_string(), "die: out of milk");
        assert_eq!(Cause::die("x").word(), Some("die"));
        assert!(Cause::new(Vec::new()).is_normal());
        assert_eq!(Cause::NORMAL.to_string(), "normal end");
    }
}
