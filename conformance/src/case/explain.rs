//! A case in words, for `show` and for reports.

use std::fmt::Write as _;

use super::pattern::shown;
use super::step::{
    Certificate, Chunks, Close, Dialler, Expected, Greet, OneOrMany, Output, Prove, Silence, Step,
    Verb, When,
};
use super::{Case, Strength, TlsUse};
use crate::engine::WITHIN;

/// The whole case.
pub fn case(case: &Case, requirement: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("{}: {}", case.id, case.title));
    if !case.description.is_empty() {
        line(wrapped(&case.description, "  "));
    }
    line(String::new());
    let list = |items: Vec<&str>| items.join(", ");
    let strength = match case.strength {
        Strength::Must => "falling short of it fails the run",
        Strength::Should => "a recommendation: falling short of it is only reported",
        Strength::Informational => "informational: what the subject does is only reported",
    };
    line(format!(
        "  level         {} ({strength})",
        case.level.name()
    ));
    line(format!(
        "  subject is    {}",
        list(case.roles.iter().map(|r| r.name()).collect())
    ));
    line(format!(
        "  runs          {}",
        list(case.ways().iter().map(|w| w.name()).collect())
    ));
    line(format!("  suites        {}", case.suites.join(", ")));
    line(format!("  framings      {}", case.framings.join(", ")));
    let tls = match case.tls {
        TlsUse::Either => "in the clear and under TLS",
        TlsUse::Never => "in the clear only",
        TlsUse::Always => "under TLS only",
    };
    line(format!("  transport     {tls}"));
    if !case.needs.is_empty() {
        line(format!(
            "  needs         {}",
            list(case.needs.iter().map(|n| n.name()).collect())
        ));
    }
    if case.subject != super::SubjectSettings::default() {
        let settings = serde_json::to_value(&case.subject).unwrap_or_default();
        line(format!("  settings      {}", fields(&settings)));
    }
    for (name, party) in &case.parties {
        let settings = serde_json::to_value(party).unwrap_or_default();
        line(
            format!("  party {name:7} {}", fields(&settings))
                .trim_end()
                .to_owned(),
        );
    }
    if !case.arguments.is_empty() {
        line(format!("  arguments     {}", case.arguments.join(" ")));
    }
    line(String::new());
    for (at, one) in case.steps.iter().enumerate() {
        line(wrapped(&format!("{}. {}", at + 1, step(one)), "  "));
    }
    if !case.vectors.is_empty() {
        line(format!("  It checks {} vectors:", case.vectors.len()));
        for vector in &case.vectors {
            line(wrapped(&format!("- {}", shown(vector)), "  "));
        }
    }
    line(String::new());
    line("  What the specification says:".to_owned());
    for id in &case.requirements {
        match requirement(id) {
            Some(text) => line(wrapped(&format!("[{id}] {text}"), "  ")),
            None => line(format!("  [{id}]")),
        }
    }
    out
}

/// A step in words.
pub fn step(step: &Step) -> String {
    let mut text = match step.verb() {
        Ok(verb) => words(verb),
        Err(why) => why,
    };
    if let Some(on) = &step.on {
        write!(text, " (connection {on})").expect("strings grow");
    }
    if let Some(chunks) = &step.chunks {
        let how = match chunks {
            Chunks::Named(name) => name.name().to_owned(),
            Chunks::Lengths(lengths) => format!("{lengths:?}"),
        };
        write!(text, ", cut: {how}").expect("strings grow");
    }
    if let Some(within) = step.within {
        write!(text, ", within {within} s instead of {WITHIN}").expect("strings grow");
    }
    if let Some(least) = &step.not_before {
        write!(
            text,
            ", not before {} s have passed since the step before began",
            least
                .as_str()
                .map_or_else(|| least.to_string(), str::to_owned)
        )
        .expect("strings grow");
    }
    if let Some(name) = &step.elapsed {
        write!(text, "; the seconds since the step before began are {name}").expect("strings grow");
    }
    if !step.passing.is_empty() {
        let parts: Vec<_> = step.passing.iter().map(shown).collect();
        write!(
            text,
            "; messages that may come before: {}",
            parts.join(", ")
        )
        .expect("strings grow");
    }
    if let Some(when) = &step.when {
        write!(text, "; only {}", condition(when)).expect("strings grow");
    }
    if let Some(why) = &step.why {
        write!(text, ". {why}").expect("strings grow");
    }
    text
}

fn condition(when: &When) -> String {
    let mut parts = Vec::new();
    parts.extend(
        when.role
            .map(|role| format!("where the subject is the {}", role.name())),
    );
    parts.extend(
        when.suite
            .as_ref()
            .map(|suite| format!("with suite {suite}")),
    );
    parts.extend(
        when.framing
            .as_ref()
            .map(|framing| format!("with framing {framing}")),
    );
    parts.extend(
        when.tls
            .map(|tls| if tls { "under TLS" } else { "in the clear" }.to_owned()),
    );
    parts.extend(when.way.map(|way| format!("{} runs", way.name())));
    parts.join(" and ")
}

fn words(verb: Verb<'_>) -> String {
    match verb {
        Verb::Open(open) => {
            let who = match open.by {
                Some(Dialler::Kit) => "The kit dials the subject",
                Some(Dialler::Subject) => "The subject dials the kit",
                None => "The initiator dials",
            };
            let party = open
                .party
                .as_ref()
                .map(|party| format!(" as party {party}"));
            let narrow = match open.narrow {
                Some(_) => ", with a receive buffer of 64 KiB",
                None => "",
            };
            format!("{who}{}{narrow}", party.unwrap_or_default())
        }
        Verb::Handshake(handshake) => {
            let mut text = "The usual handshake, up to messages".to_owned();
            if let Some(party) = &handshake.party {
                write!(text, ", as party {party}").expect("strings grow");
            }
            if let Some(greet) = &handshake.greeting {
                write!(text, "; the kit greets with {}", greeting(greet)).expect("strings grow");
            }
            if let Some(prove) = &handshake.auth {
                write!(text, "; the kit proves with {}", proof(prove)).expect("strings grow");
            }
            for pattern in [&handshake.expect_greeting, &handshake.expect_auth]
                .into_iter()
                .flatten()
            {
                write!(text, "; the subject's must match {}", shown(pattern))
                    .expect("strings grow");
            }
            text
        }
        Verb::Tls(tls) => match tls.expect {
            Some(super::step::TlsEnd::Refusal) => {
                let with = match tls.certificate.unwrap_or(Certificate::Shared) {
                    Certificate::Shared if tls.old.is_some() => "TLS 1.2",
                    Certificate::Shared => "TLS with the shared certificate",
                    Certificate::Other => "TLS with another certificate",
                    Certificate::Stolen => {
                        "TLS with the shared certificate, signed for with \
                                            another key"
                    }
                    Certificate::None => "TLS without a certificate",
                };
                format!("{with}, which the subject must refuse")
            }
            _ => "TLS, with the roles that the nonces give".to_owned(),
        },
        Verb::Send(outputs) => {
            let parts: Vec<_> = outputs.iter().map(output).collect();
            format!("The kit sends {}", parts.join(", then "))
        }
        Verb::Expect(expected) => {
            let parts: Vec<_> = expected.iter().map(thing).collect();
            format!("The subject sends {}", parts.join(", then "))
        }
        Verb::ExpectAnyOrder(expected) => {
            let parts: Vec<_> = expected.iter().map(thing).collect();
            format!("The subject sends, in any order, {}", parts.join(", and "))
        }
        Verb::ExpectOneOf(expected) => {
            let parts: Vec<_> = expected.iter().map(thing).collect();
            format!("The next is one of: {}", parts.join(", or "))
        }
        Verb::ExpectClose(close) => closing(close),
        Verb::ExpectSilence(Silence {
            over: Some(over), ..
        }) => {
            format!("Nothing has arrived when a `snd` round trip over connection {over} is over")
        }
        Verb::ExpectSilence(silence) if silence.allowing.is_empty() => {
            "The subject has sent nothing: the answer to a `snd` round trip comes first".to_owned()
        }
        Verb::ExpectSilence(silence) => {
            let parts: Vec<_> = silence.allowing.iter().map(thing).collect();
            format!(
                "The subject has sent nothing but {}: then the answer to a `snd` round trip comes",
                parts.join(" or ")
            )
        }
        Verb::Sync => "A `snd` round trip through the subject's node port".to_owned(),
        Verb::Fixture(request, reply) => {
            let request = shown(&serde_json::Value::Array(request.to_vec()));
            match reply {
                None => format!("The fixture is asked {request} and replies"),
                Some(serde_json::Value::Bool(_)) => format!("The fixture is asked {request}"),
                Some(reply) => {
                    format!(
                        "The fixture is asked {request} and replies {}",
                        shown(reply)
                    )
                }
            }
        }
        Verb::Close => "The kit closes".to_owned(),
        Verb::Cut => "The kit resets the connection".to_owned(),
        Verb::ShutdownWrite => "The kit ends its own direction (half-close)".to_owned(),
        Verb::Restart => "The subject is killed and started again".to_owned(),
        Verb::Stop => "The subject is asked to stop".to_owned(),
        Verb::Refuse(party) => {
            format!("From here on the address of party {party} refuses connections")
        }
        Verb::Listen(party) => format!("Party {party} listens at its address again"),
        Verb::Advance(seconds) => format!("{seconds} s pass"),
        Verb::Wait(seconds) => format!("The kit waits for {seconds} s"),
        Verb::Reading(false) => "The kit stops reading the connection".to_owned(),
        Verb::Reading(true) => "The kit reads on".to_owned(),
        Verb::ExpectNoDial(no) => {
            let party = no.party.as_ref().map(|party| format!(" as party {party}"));
            format!(
                "The subject does not dial the kit{} for {} s",
                party.unwrap_or_default(),
                no.seconds
            )
        }
        Verb::ExpectRefused => {
            "The kit dials the subject, which does not accept, or closes without a word".to_owned()
        }
        Verb::ExpectNotListening => {
            "The subject ends, or runs on, without accepting a connection".to_owned()
        }
        Verb::Set(names) => {
            let parts: Vec<_> = names
                .iter()
                .map(|(name, value)| format!("{name} = {}", shown(value)))
                .collect();
            format!("From here on, {}", parts.join(", "))
        }
        Verb::Repeat(repeat) => {
            let parts: Vec<_> = repeat.steps.iter().map(step).collect();
            format!("{} times: {}", repeat.count, parts.join("; "))
        }
        Verb::ExpectExit(exit) => match &exit.stdout {
            None if exit.code == 0 => "The program ends with code 0".to_owned(),
            None => format!(
                "The program ends with code {} and prints nothing",
                exit.code
            ),
            Some(pattern) => {
                format!(
                    "The program ends with code {} and prints {}",
                    exit.code,
                    shown(pattern)
                )
            }
        },
    }
}

fn closing(close: &Close) -> String {
    let mut text = "The subject closes".to_owned();
    if let Some(reason) = &close.reason {
        write!(text, " ({})", OneOrMany::as_slice(reason).join(" or ")).expect("strings grow");
    }
    if close.both.is_some() {
        text.push_str(", in both directions and without waiting for the kit,");
    }
    if close.partial.is_some() {
        text.push_str(", maybe inside a message");
    }
    if close.allowing.is_empty() {
        text.push_str(" and sends nothing before that");
    } else {
        let parts: Vec<_> = close.allowing.iter().map(thing).collect();
        write!(text, "; before that it may send {}", parts.join(", ")).expect("strings grow");
    }
    text
}

fn output(output: &Output) -> String {
    if let Some(text) = &output.text {
        shown(&serde_json::Value::from(text.as_str()))
    } else if let Some(hex) = &output.hex {
        format!(
            "the octets {}",
            shown(&serde_json::Value::from(hex.as_str()))
        )
    } else if let Some(repeat) = &output.repeat {
        let what = repeat
            .text
            .as_deref()
            .or(repeat.hex.as_deref())
            .unwrap_or_default();
        format!("{what:?} {} times", repeat.count)
    } else if let Some(greet) = &output.greeting {
        format!("its greeting{}", but(&greeting(greet)))
    } else if let Some(prove) = &output.auth {
        format!("its authentication line{}", but(&proof(prove)))
    } else if let Some(message) = &output.message {
        format!("the message {}", shown(message))
    } else if let Some(each) = &output.each {
        format!(
            "the message {} for i = {}..{}",
            shown(&each.message),
            each.from,
            each.to
        )
    } else {
        "nothing".to_owned()
    }
}

fn but(changes: &str) -> String {
    if changes.is_empty() {
        String::new()
    } else {
        format!(" with {changes}")
    }
}

fn greeting(greet: &Greet) -> String {
    fields(&serde_json::to_value(greet).unwrap_or_default())
}

fn proof(prove: &Prove) -> String {
    fields(&serde_json::to_value(prove).unwrap_or_default())
}

fn fields(value: &serde_json::Value) -> String {
    let parts: Vec<_> = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key} {}", shown(value)))
        .collect();
    parts.join(", ")
}

/// Something expected, in words.
pub fn thing(expected: &Expected) -> String {
    let on = expected
        .on
        .as_ref()
        .map(|on| format!(" on {on}"))
        .unwrap_or_default();
    let matching = |what: &str, pattern: &serde_json::Value| {
        if pattern.as_object().is_some_and(serde_json::Map::is_empty) {
            format!("its {what}")
        } else {
            format!("its {what} with {}", shown(pattern))
        }
    };
    let what = if let Some(pattern) = &expected.greeting {
        matching("greeting", pattern)
    } else if let Some(pattern) = &expected.auth {
        format!(
            "{} (and a correct proof)",
            matching("authentication line", pattern)
        )
    } else if let Some(pattern) = &expected.line {
        format!("the line {}", shown(pattern))
    } else if let Some(pattern) = &expected.message {
        format!("the message {}", shown(pattern))
    } else if let Some(each) = &expected.each {
        format!(
            "the message {} for i = {}..{}",
            shown(&each.message),
            each.from,
            each.to
        )
    } else {
        "the end of the connection".to_owned()
    };
    let lacks = expected
        .unsupported
        .as_ref()
        .map(|what| format!(", which says that the subject lacks {what}"));
    what + &on + &lacks.unwrap_or_default()
}

/// Text in lines of at most 100 columns, each after the first indented further.
fn wrapped(text: &str, indent: &str) -> String {
    let mut out = indent.to_owned();
    let mut column = indent.len();
    let mut first = true;
    for word in text.split_whitespace() {
        if !first && column + 1 + word.chars().count() > 100 {
            write!(out, "\n{indent}   {word}").expect("strings grow");
            column = indent.len() + 3 + word.chars().count();
        } else {
            if !first {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += word.chars().count();
        }
        first = false;
    }
    out
}
