//! Walking through a recording in words: who says what, and what it means.

use std::fmt::Write as _;

use aemp_proto::{greeting::Greeting, value::Value};

use super::{
    classification::{Case, Classification},
    judge::Direction,
    play::{End, Played, play},
    recording::{Connection, Moment, Recording, Side},
};

/// All of a recording, connection by connection.
pub(super) fn walk(recording: &Recording, classification: &Classification) -> String {
    let mut text = format!(
        "{} ({}): {}\n",
        recording.path,
        recording.generation.name(),
        recording.description
    );
    for connection in &recording.connections {
        let _ = writeln!(text, "\n{}", connection.label());
        if connection.is_empty() {
            text.push_str("  nothing was said\n");
            continue;
        }
        let mut said: Vec<(Moment, Side, String)> = Vec::new();
        for side in Side::BOTH {
            let case = classification
                .of_side(recording, connection, side)
                .first()
                .copied();
            let items = direction(recording, connection, side, case);
            said.extend(
                items
                    .into_iter()
                    .map(|(moment, words)| (moment, side, words)),
            );
        }
        said.sort_by_key(|(moment, ..)| moment.order);
        for (moment, side, words) in said {
            let _ = writeln!(
                text,
                "  {:8.3} s  {side}: {}",
                moment.seconds,
                words.replace('\n', "\n                ")
            );
        }
    }
    text
}

/// What one side said, each with the time at which it was complete.
fn direction(
    recording: &Recording,
    connection: &Connection,
    side: Side,
    case: Option<&Case>,
) -> Vec<(Moment, String)> {
    let direction = Direction::new(recording, connection, side, case);
    let stream = connection.stream(side);
    let played = play(&direction.setting, stream, 1..stream.octets.len());
    let lines = stream.lines(3);
    let mut said = Vec::new();
    for (&(line, end), words) in lines.iter().zip([greeting, nonce, proof]) {
        let known = words(line, &played);
        if let Some(words) = known {
            said.push((stream.moment(end), words));
        }
    }
    if let Some(established) = &played.established {
        for found in &played.messages {
            let message = found.open(established.receive_framing, &stream.octets);
            let words = message_in_words(message.port(), &message.args().values());
            said.push((stream.moment(found.range.end), words));
        }
    }
    let shown = stream.moment(played.fed);
    match &played.end {
        End::Failed(failure) => said.push((shown, format!("(there ours ends: {failure})"))),
        End::Cipher => said.push((shown, "goes on inside TLS, which was not decrypted".into())),
        End::Open | End::Closed => {}
    }
    if let Some(deviation) = case.and_then(|case| case.deviation.as_ref()) {
        said.push((shown, format!("(the original did otherwise: {deviation})")));
    }
    if let Some(moment) = stream.eof {
        said.push((moment, "closes".into()));
    }
    said
}

fn greeting(line: &[u8], _: &Played) -> Option<String> {
    let Ok(greeting) = Greeting::parse(line) else {
        return Some(format!("says {}, which is no greeting", quoted(line)));
    };
    let field = |index| {
        line.split(|&octet| octet == b';')
            .nth(index)
            .map(list)
            .unwrap_or_default()
    };
    let mut words = format!(
        "greets as {}\naccepts the methods {}\nreads the framings {}",
        greeting.node,
        field(3),
        field(4)
    );
    for (key, value) in greeting.keys.iter() {
        let meaning = match key {
            "provider" => "runs",
            "peeraddr" => "sees the other side at",
            "tls" => "has a certificate, TLS",
            "mproto" => "speaks monitoring protocol",
            "gproto" => "speaks global protocol",
            "instance" => "is the process",
            "dataconn_id" => "opens the data connection",
            other => {
                let _ = write!(words, "\nsays {other}={value}");
                continue;
            }
        };
        let _ = write!(words, "\n{meaning} {value}");
    }
    Some(words)
}

fn nonce(line: &[u8], _: &Played) -> Option<String> {
    Some(format!(
        "gives its nonce, {} octet{}: {}",
        line.len(),
        if line.len() == 1 { "" } else { "s" },
        quoted(&line[..line.len().min(12)])
    ))
}

fn proof(line: &[u8], played: &Played) -> Option<String> {
    if !played.greeted || played.end == End::Cipher {
        return None;
    }
    let mut fields = line
        .split(|&octet| octet == b';')
        .map(String::from_utf8_lossy);
    let (method, _, framing) = (fields.next()?, fields.next()?, fields.next()?);
    let verdict = if played.verified {
        "the proof is right"
    } else {
        "ours does not accept that"
    };
    Some(format!(
        "proves itself with {method}: {verdict}\nwill send {framing}"
    ))
}

/// A message in words.
fn message_in_words(port: &str, args: &[Value]) -> String {
    if !port.is_empty() {
        return format!("to port {port}: {}", values(args));
    }
    let first = args.first().and_then(Value::as_text);
    let Some((tag, rest)) = first.zip(args.get(1..)) else {
        return if args.is_empty() {
            "nothing, to keep the connection alive".into()
        } else {
            format!("to the node port, without meaning: {}", values(args))
        };
    };
    let first = rest.first().map(value).unwrap_or_default();
    let second = rest.get(1).map(value).unwrap_or_default();
    let after = |count: usize| values(rest.get(count..).unwrap_or_default());
    match &*tag {
        "" | "devnull" => "nothing, to the node port".into(),
        "mon1" => format!("tell me when your port {first} dies"),
        "mon0" => format!("do not tell me any more about your port {first}"),
        "kil0" if rest.len() < 2 => format!("my port {first}, which you monitor, has ended"),
        "kil0" => format!("my port {first}, which you monitor, has died: {}", after(1)),
        "kil" | "kil1" if rest.len() < 2 => format!("kill your port {first}"),
        "kil" | "kil1" => format!("kill your port {first}: {}", after(1)),
        "snd" => format!("send on to {first}: {}", after(1)),
        "snd_multiple" => format!("send on each of {}", values(rest)),
        "info" => format!("tell {first} your node ID, after {}", after(1)),
        "known_nodes" => format!("tell {first} all nodes that you know, after {}", after(1)),
        "up_nodes" => format!(
            "tell {first} all nodes that you are connected to, after {}",
            after(1)
        ),
        "can" => format!(
            "tell {second} whether you have the function {first}, after {}",
            after(2)
        ),
        "time" => format!("tell {first} the time, after {}", after(1)),
        "eval" => format!("evaluate {first} and tell {second}, after {}", after(2)),
        "AnyEvent::MP::_spawn" => format!(
            "create the port {first} and run {second} in it with {}",
            after(2)
        ),
        "AnyEvent::MP::DataConn::_expect" => format!(
            "expect the data connection {first} for {second}: {}",
            after(2)
        ),
        "AnyEvent::MP::DataConn::_connect" => {
            format!("open the data connection {first} to {second}")
        }
        "AnyEvent::MP::LogCatcher::connect" => {
            format!("send {second} your log messages: {}", after(2))
        }
        "g_global" => "I am a global node".into(),
        "g_slave" if rest.is_empty() => "become a global node".into(),
        "g_slave" => format!("be my master; my database is {first}"),
        "g_set" => format!("the database of my slaves is {first}"),
        "g_upd" => format!(
            "in the family {first} I set {second} and delete {}",
            after(2)
        ),
        "g_find" => format!("where is the node {first}?"),
        "g_found" => format!("the node {first} is at {second}"),
        "g_db_family" | "g_db_keys" | "g_db_values" => {
            format!("query {second}: {} of the family {first}", &tag[5..])
        }
        "g_reply" => format!("the answer to query {first} is {second}"),
        "g_mon1" => format!("tell me all changes of the family {first}"),
        "g_mon0" => format!("tell me no more changes of the family {first}"),
        "g_chg1" => format!("the family {first} is {second}"),
        "g_chg2" => format!(
            "in the family {first} there was set {second} and deleted {}",
            after(2)
        ),
        function => format!("call the function {function} with {}", values(rest)),
    }
}

/// Values as JSON, shortened.
fn values(values: &[Value]) -> String {
    let list: Vec<String> = values.iter().map(value).collect();
    if list.is_empty() {
        "nothing".into()
    } else {
        list.join(", ")
    }
}

fn value(value: &Value) -> String {
    const MOST: usize = 100;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}... ({} octets)", text.len())
}

fn list(field: &[u8]) -> String {
    String::from_utf8_lossy(field).replace(',', ", ")
}

fn quoted(octets: &[u8]) -> String {
    const MOST: usize = 100;
    let shown = octets[..octets.len().min(MOST)].escape_ascii();
    let more = if octets.len() > MOST { "..." } else { "" };
    format!("\"{shown}\"{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_in_words_whether_text_or_octets() {
        let octets = |text: &str| Value::Octets(text.as_bytes().to_vec());
        assert_eq!(
            message_in_words("", &[octets("mon1"), octets("p")]),
            "tell me when your port \"p\" dies"
        );
        assert_eq!(
            message_in_words("", &["kil0".into(), "p".into()]),
            "my port \"p\", which you monitor, has ended"
        );
        assert_eq!(
            message_in_words("", &[]),
            "nothing, to keep the connection alive"
        );
        assert_eq!(
            message_in_words("", &[Value::Null]),
            "to the node port, without meaning: null"
        );
        assert_eq!(message_in_words("x", &[1.into()]), "to port x: 1");
    }
}
