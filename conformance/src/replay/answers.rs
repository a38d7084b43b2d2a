//! What a correct node answers to the requests of the recorded clear-text clients.

use std::collections::BTreeSet;

use serde_json::Value;

use super::live::Step;

/// One message that must come.
pub(super) struct Expected {
    parts: Vec<Part>,
    /// Why it differs from what was recorded, if it does.
    pub(super) why: Option<&'static str>,
}

/// One element of a message that must come.
#[derive(Clone, Debug)]
enum Part {
    /// This value.
    Exactly(Value),
    /// A number.
    Number,
    /// A text that is not empty.
    Text,
    /// One of these texts.
    Either(&'static [&'static str]),
    /// All of these and nothing else, in any order, to the end of the message.
    Set(BTreeSet<String>),
    /// Whatever there is, but something, to the end of the message.
    Rest,
}

/// What the conversation has come to.
pub(super) struct Session {
    node: String,
    client: String,
    /// The ports of the node that the client monitors.
    monitored: BTreeSet<String>,
    /// The ports that the client has spawned.
    spawned: BTreeSet<String>,
    /// The ports that the node has spawned at the client.
    spawned_here: BTreeSet<String>,
    /// The client has tried to kill the node port.
    after_kill: bool,
}

impl Session {
    pub(super) fn new(node: &str, client: &str) -> Self {
        Self {
            node: node.into(),
            client: client.into(),
            monitored: BTreeSet::new(),
            spawned: BTreeSet::new(),
            spawned_here: BTreeSet::new(),
            after_kill: false,
        }
    }

    /// What must come for a step.
    pub(super) fn expect(&mut self, step: &Step) -> Vec<Expected> {
        let mut expected = Vec::new();
        for sent in &step.sent {
            self.note(sent);
            if self.after_kill && step.answers.is_empty() {
                expected.extend(self.after_kill(sent));
            }
        }
        let mut seen: Vec<&Value> = Vec::new();
        for answer in &step.answers {
            // The originals report a death once for each of several `mon1`, ours once.
            if !seen.contains(&answer) {
                seen.push(answer);
                expected.extend(self.like(&step.sent, answer));
            }
        }
        expected
    }

    /// Whether a node may say this unasked: requests of its own, and the death of spawned ports.
    pub(super) fn is_unasked(&mut self, message: &Value) -> bool {
        let port = message[2].as_str().unwrap_or_default();
        match (message[0].as_str(), message[1].as_str()) {
            (Some(""), Some("kil0")) => self.spawned.contains(port),
            (Some(""), Some(tag)) => {
                if tag == "AnyEvent::MP::_spawn" {
                    self.spawned_here.insert(port.into());
                }
                !tag.is_empty()
            }
            (Some(name), _) => self.spawned_here.contains(name),
            _ => false,
        }
    }

    fn note(&mut self, sent: &Value) {
        let port = sent[2].as_str().unwrap_or_default().to_owned();
        match (sent[0].as_str(), sent[1].as_str()) {
            (Some(""), Some("mon1")) => drop(self.monitored.insert(port)),
            (Some(""), Some("mon0")) => drop(self.monitored.remove(&port)),
            (Some(""), Some("AnyEvent::MP::_spawn")) => drop(self.spawned.insert(port)),
            (Some(""), Some("kil" | "kil1")) if port.is_empty() => self.after_kill = true,
            _ => {}
        }
    }

    /// What must come where the recorded node gave `answer` to `sent`; nothing where ours stays
    /// silent.
    fn like(&self, sent: &[Value], answer: &Value) -> Option<Expected> {
        let parts = answer.as_array()?;
        let exactly = |count: usize| parts[..count].iter().cloned().map(Part::Exactly);
        if answer[0] == "" && answer[1] == "kil0" {
            return self.death(parts);
        }
        let request = sent.last()?;
        let but_last = parts.len() - 1;
        let (last, why) = match request[1].as_str().filter(|_| request[0] == "") {
            Some("time") => (vec![Part::Number], None),
            Some("eval") => {
                // Arguments and error text are kept, and there are no results.
                let given = request.as_array()?.len() - 4;
                let kept = exactly(1 + given).chain([Part::Text]).collect();
                return Some(Expected {
                    parts: kept,
                    why: Some("D12: nothing is evaluated"),
                });
            }
            Some("can") => match request[2].as_str() {
                Some(name)
                    if name.contains("::")
                        || name.starts_with("g_")
                        || name == "no_such_function" =>
                {
                    (
                        vec![Part::Either(&["", "1"])],
                        Some("which functions there are is the node's affair"),
                    )
                }
                _ => (exactly(parts.len()).skip(but_last).collect(), None),
            },
            Some("known_nodes" | "up_nodes") => {
                let given = request.as_array()?.len() - 3;
                let nodes = parts[1 + given..]
                    .iter()
                    .filter_map(|node| Some(node.as_str()?.to_owned()));
                let set = Part::Set(nodes.collect());
                let parts = exactly(1 + given).chain([set]).collect();
                return Some(Expected { parts, why: None });
            }
            _ => (exactly(parts.len()).skip(but_last).collect(), None),
        };
        Some(Expected {
            parts: exactly(but_last).chain(last).collect(),
            why,
        })
    }

    /// The death of a port.
    fn death(&self, parts: &[Value]) -> Option<Expected> {
        let port = parts[2].as_str()?;
        let mut expected: Vec<Part> = parts.iter().cloned().map(Part::Exactly).collect();
        let mut why = None;
        if port.is_empty() {
            // The node port cannot be killed, so nothing is to be told.
            return None;
        }
        if self.spawned.contains(port) {
            expected.splice(3.., [Part::Rest]);
            why = Some("D10: with the real reason");
        } else if !self.monitored.contains(port) {
            // The client has said `mon0` since; the originals count, ours does not.
            return None;
        } else if matches!(
            parts.get(3).and_then(Value::as_str),
            Some("no_such_port" | "unhandled_message")
        ) {
            expected[4] = Part::Text;
        }
        Some(Expected {
            parts: expected,
            why,
        })
    }

    /// What must come after an attempt to kill the node port, where the recorded one is dead.
    fn after_kill(&self, sent: &Value) -> Option<Expected> {
        let sent = sent.as_array()?;
        let (reply, rest, answer) = match sent.get(1)?.as_str()? {
            "info" => (2, 3, Part::Exactly(self.node.clone().into())),
            "can" => (3, 4, Part::Either(&["", "1"])),
            _ => return None,
        };
        let port = sent
            .get(reply)?
            .as_str()?
            .strip_prefix(&self.client)?
            .strip_prefix('#')?;
        let given = sent.get(rest..)?.iter().cloned().map(Part::Exactly);
        let parts = [Part::Exactly(port.into())]
            .into_iter()
            .chain(given)
            .chain([answer])
            .collect();
        Some(Expected {
            parts,
            why: Some("D7: the node port lives"),
        })
    }
}

impl Expected {
    /// Whether a message is what was expected.
    pub(super) fn fits(&self, message: &Value) -> bool {
        let Some(mut values) = message.as_array().map(Vec::as_slice) else {
            return false;
        };
        for part in &self.parts {
            match part {
                Part::Rest => return !values.is_empty(),
                Part::Set(set) => {
                    let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
                    return texts.collect::<Option<BTreeSet<_>>>().as_ref() == Some(set);
                }
                _ => {}
            }
            let Some((value, rest)) = values.split_first() else {
                return false;
            };
            values = rest;
            let fits = match part {
                Part::Exactly(due) => same(due, value),
                Part::Number => value.is_number(),
                Part::Text => value.as_str().is_some_and(|text| !text.is_empty()),
                Part::Either(texts) => value.as_str().is_some_and(|text| texts.contains(&text)),
                Part::Set(_) | Part::Rest => true,
            };
            if !fits {
                return false;
            }
        }
        values.is_empty()
    }

    /// How reports show it.
    pub(super) fn shown(&self) -> String {
        let parts: Vec<String> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Exactly(value) => value.to_string(),
                Part::Number => "NUMBER".into(),
                Part::Text => "TEXT".into(),
                Part::Either(texts) => format!("one of {texts:?}"),
                Part::Set(set) => format!("all of {set:?}"),
                Part::Rest => "REASON...".into(),
            })
            .collect();
        format!("[{}]", parts.join(","))
    }
}

/// Whether two values are the same; a number is what it amounts to.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(sent: &Value, answers: &[Value]) -> Step {
        Step {
            octets: sent.to_string().into_bytes(),
            sent: vec![sent.clone()],
            answers: answers.to_vec(),
        }
    }

    #[test]
    fn an_answer_is_judged_by_its_request() {
        let mut session = Session::new("n", "c");
        for (sent, recorded, right, wrong) in [
            (
                json!(["", "time", "c#r", 1]),
                json!(["r", 1, 1.5]),
                json!(["r", 1, 7]),
                json!(["r", 1, "x"]),
            ),
            (
                json!(["", "eval", "1", "c#r"]),
                json!(["r", "", 1]),
                json!(["r", "no"]),
                json!(["r", "", 1]),
            ),
            (
                json!(["", "info", "c#r"]),
                json!(["r", "n"]),
                json!(["r", "n"]),
                json!(["r", "m"]),
            ),
            (
                json!(["", "known_nodes", "c#r"]),
                json!(["r", "n", "n", "c"]),
                json!(["r", "c", "n"]),
                json!(["r", "n"]),
            ),
            (
                json!(["echo", "c#r", 1.0]),
                json!(["r", 1]),
                json!(["r", 1.0]),
                json!(["r", 1, 1]),
            ),
        ] {
            let expected = session.expect(&step(&sent, &[recorded]));
            assert!(expected[0].fits(&right), "{sent}: {}", expected[0].shown());
            assert!(!expected[0].fits(&wrong), "{sent}: {}", expected[0].shown());
        }
    }

    #[test]
    fn a_death_is_told_once_and_only_to_who_asked() {
        let mut session = Session::new("n", "c");
        let death = json!(["", "kil0", "p", "why"]);
        assert!(
            session
                .expect(&step(
                    &json!(["", "kil", "p"]),
                    std::slice::from_ref(&death)
                ))
                .is_empty()
        );
        session.expect(&step(&json!(["", "mon1", "p"]), &[]));
        let twice = [death.clone(), death];
        assert_eq!(
            session
                .expect(&step(&json!(["", "kil", "p"]), &twice))
                .len(),
            1
        );
    }
}
