//! Requests: what messages to the node port mean, in both generations of the protocol.
//!
//! A [`Request`] is read from the arguments of a message to the node port. Reading is where wrong
//! types, missing port IDs and forbidden targets are found, so that whoever carries a request out
//! meets only right ones. What is refused is a [`Refusal`], which is counted; nothing is answered
//! and the link stays (`[node.request.link-stays]`).

use alloc::borrow::Cow;
use core::fmt;

use crate::{
    framing::{Arg, Args},
    greeting::Greeting,
    id::{PortId, PortName},
};

/// The tags of requests, as they stand on the wire.
pub mod tag {
    /// Register a monitor.
    pub const MON1: &str = "mon1";
    /// End a monitor.
    pub const MON0: &str = "mon0";
    /// A monitored port has died.
    pub const KIL0: &str = "kil0";
    /// Kill a port (1.x).
    pub const KIL: &str = "kil";
    /// Kill a port (2.x and ours).
    pub const KIL1: &str = "kil1";
    /// Send to a port.
    pub const SND: &str = "snd";
    /// Send several messages (1.x).
    pub const SND_MULTIPLE: &str = "snd_multiple";
    /// Tell the node ID (1.x).
    pub const INFO: &str = "info";
    /// Tell the known nodes (1.x).
    pub const KNOWN_NODES: &str = "known_nodes";
    /// Tell the connected nodes (1.x).
    pub const UP_NODES: &str = "up_nodes";
    /// Tell whether a function is there (2.x).
    pub const CAN: &str = "can";
    /// Tell the time.
    pub const TIME: &str = "time";
    /// Tell nodes, links and counters (ours).
    pub const STATUS: &str = "status";
    /// Evaluate code: refused.
    pub const EVAL: &str = "eval";
    /// Do nothing.
    pub const DEVNULL: &str = "devnull";
    /// Create a port and run an init function.
    pub const SPAWN: &str = "AnyEvent::MP::_spawn";

    /// All of them but [`EVAL`], which nobody carries out.
    pub const SERVED: &[&str] = &[
        MON1,
        MON0,
        KIL0,
        KIL,
        KIL1,
        SND,
        SND_MULTIPLE,
        INFO,
        KNOWN_NODES,
        UP_NODES,
        CAN,
        TIME,
        STATUS,
        DEVNULL,
        SPAWN,
    ];
}

/// The tag that kills a port of the node that greeted thus
/// (`[node.kil.send-kil1]`, `[node.kil.send-kil]`).
pub fn kill_tag(peer: &Greeting) -> &'static str {
    if peer.monitor_protocol() >= 1 {
        tag::KIL1
    } else {
        tag::KIL
    }
}

/// A request that can be carried out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Nothing: a keepalive, or `devnull`.
    Nothing,
    /// The source wants to know when this port of ours dies; the node port never does.
    Monitor(PortName),
    /// The source does not want to know any more.
    Unmonitor(PortName),
    /// A port of the source, which we monitor, has died.
    Died(PortName, Args<'a>),
    /// Kill this port of ours, which is not the node port.
    Kill(PortName, Args<'a>),
    /// Send the arguments to the port.
    Send(PortId, Args<'a>),
    /// Send several messages: each argument is one, see [`Request::message`].
    SendMultiple(Args<'a>),
    /// Answer the arguments and what was asked for.
    Tell(Query<'a>, PortId, Args<'a>),
    /// Answer the arguments and a text that says that no code is evaluated.
    Eval(PortId, Args<'a>),
    /// Create the port and run the init function.
    Spawn(PortName, Cow<'a, str>, Args<'a>),
    /// Call the function, if it is registered.
    Call(Cow<'a, str>, Args<'a>),
    /// A request of global protocol 1, with its tag.
    Global(Cow<'a, str>, Args<'a>),
}

/// What a reply tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Query<'a> {
    /// The node ID.
    Info,
    /// The known nodes.
    KnownNodes,
    /// The connected nodes.
    UpNodes,
    /// Whether a request or function of this name is there.
    Can(Cow<'a, str>),
    /// The time.
    Time,
    /// Nodes, links and counters.
    Status,
}

/// Why a message to the node port is no request that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal<'a> {
    /// The tag is neither text nor null (`[node.request.foreign-tag]`).
    ForeignTag,
    /// The tag is not known (`[node.request.unknown]`).
    Unknown(Cow<'a, str>),
    /// An argument is missing or of a wrong type (`[value.as-other]`,
    /// `[node.argument.missing]`).
    Wrong(Cow<'a, str>),
    /// The node port cannot be killed (`[node.kil.node-port]`).
    KillNodePort,
    /// Code to evaluate and nobody to tell that it is not (`[node.eval.silent]`).
    Eval,
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignTag => f.write_str("a request whose tag is no text"),
            Self::Unknown(tag) => write!(f, "an unknown request {tag:?}"),
            Self::Wrong(tag) => write!(f, "a request {tag:?} with missing or wrong arguments"),
            Self::KillNodePort => f.write_str("a kill of the node port"),
            Self::Eval => f.write_str("code to evaluate"),
        }
    }
}

impl<'a> Request<'a> {
    /// Reads the arguments of a message to the node port.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] for what cannot be carried out; it is counted, nothing is answered.
    pub fn parse(args: &Args<'a>) -> Result<Self, Refusal<'a>> {
        let Some(first) = args.first() else {
            return Ok(Self::Nothing);
        };
        let Some(tag) = first.text() else {
            return if first.is_null() {
                Ok(Self::Nothing)
            } else {
                Err(Refusal::ForeignTag)
            };
        };
        let args = args.skip(1);
        let request = match &*tag {
            "" | tag::DEVNULL => Some(Self::Nothing),
            tag::MON1 => port(&args).map(|(port, _)| Self::Monitor(port)),
            tag::MON0 => port(&args).map(|(port, _)| Self::Unmonitor(port)),
            tag::KIL0 => port(&args)
                .filter(|(port, _)| !port.is_node_port())
                .map(|(port, reason)| Self::Died(port, reason)),
            tag::KIL | tag::KIL1 => match port(&args) {
                Some((port, _)) if port.is_node_port() => return Err(Refusal::KillNodePort),
                killed => killed.map(|(port, reason)| Self::Kill(port, reason)),
            },
            tag::SND => Self::message(&args).map(|(to, args)| Self::Send(to, args)),
            tag::SND_MULTIPLE => Some(Self::SendMultiple(args)),
            tag::INFO => tell(Query::Info, &args),
            tag::KNOWN_NODES => tell(Query::KnownNodes, &args),
            tag::UP_NODES => tell(Query::UpNodes, &args),
            tag::CAN => args
                .first()
                .and_then(|name| text(&name))
                .and_then(|name| tell(Query::Can(name), &args.skip(1))),
            tag::TIME => tell(Query::Time, &args),
            tag::STATUS => tell(Query::Status, &args),
            // The code itself is never looked at.
            tag::EVAL => match Self::message(&args.skip(1)) {
                Some((to, args)) => Some(Self::Eval(to, args)),
                None => return Err(Refusal::Eval),
            },
            tag::SPAWN => spawn(&args),
            name if name.contains("::") => Some(Self::Call(tag.clone(), args)),
            name if name.starts_with("g_") => Some(Self::Global(tag.clone(), args)),
            _ => return Err(Refusal::Unknown(tag)),
        };
        request.ok_or(Refusal::Wrong(tag))
    }

    /// A port ID and the arguments for it: what `snd` has, and each message of `snd_multiple`.
    pub fn message(args: &Args<'a>) -> Option<(PortId, Args<'a>)> {
        let to = text(&args.first()?)?;
        Some((PortId::parse(&to).ok()?, args.skip(1)))
    }
}

fn tell<'a>(query: Query<'a>, args: &Args<'a>) -> Option<Request<'a>> {
    Request::message(args).map(|(to, args)| Request::Tell(query, to, args))
}

fn spawn<'a>(args: &Args<'a>) -> Option<Request<'a>> {
    // [spawn.wrong]
    let (port, args) = port(args).filter(|(port, _)| !port.is_node_port())?;
    let function = args.first()?.text().filter(|name| !name.is_empty())?;
    Some(Request::Spawn(port, function, args.skip(1)))
}

/// The port name in front: `[value.as-text]`, `[node.argument.null]`.
fn port<'a>(args: &Args<'a>) -> Option<(PortName, Args<'a>)> {
    let Some(first) = args.first() else {
        return Some((PortName::node_port(), *args));
    };
    let name = match first.text() {
        Some(text) => PortName::new(&text),
        None => PortName::new(&first.value().to_text()?),
    };
    Some((name, args.skip(1)))
}

/// A name that must not be empty: `[node.argument.missing]`.
fn text<'a>(arg: &Arg<'a>) -> Option<Cow<'a, str>> {
    let text = arg
        .text()
        .or_else(|| Some(arg.value().to_text()?.into_owned().into()))?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::{Content, Decoder, Framing, Limits};
    use alloc::{format, string::String};

    /// Reads a JSON array as a message to the node port and shows the request.
    fn request(text: &str) -> String {
        let mut decoder = Decoder::new(Framing::Json, Limits::default());
        let frame = decoder.next(text.as_bytes()).unwrap().unwrap();
        let Content::Message(layout) = frame.content() else {
            panic!("no message: {text}")
        };
        let message = layout.open(Framing::Json, text.as_bytes());
        assert_eq!(message.port(), "");
        match Request::parse(message.args()) {
            Ok(request) => format!("{request:?}"),
            Err(refusal) => format!("refused: {refusal}"),
        }
    }

    #[test]
    fn every_request_is_read() {
        for (text, expected) in [
            (r#"["","mon1","p"]"#, r#"Monitor("p")"#),
            (r#"["","mon0",null]"#, r#"Unmonitor("")"#),
            (r#"["","kil0","p","die","x"]"#, r#"Died("p", ["die", "x"])"#),
            (r#"["","kil","p"]"#, r#"Kill("p", [])"#),
            (r#"["","kil1",5.0,1]"#, r#"Kill("5", [1])"#),
            (r#"["","kil1",false]"#, r#"Kill("0", [])"#),
            (r#"["","snd","n#p",[1]]"#, r#"Send("n#p", [[1]])"#),
            (
                r#"["","snd_multiple",["n#p"],5]"#,
                r#"SendMultiple([["n#p"], 5])"#,
            ),
            (r#"["","info","n#p",1]"#, r#"Tell(Info, "n#p", [1])"#),
            (
                r#"["","known_nodes","n#p"]"#,
                r#"Tell(KnownNodes, "n#p", [])"#,
            ),
            (r#"["","up_nodes","n#p"]"#, r#"Tell(UpNodes, "n#p", [])"#),
            (r#"["","can","x","n#p"]"#, r#"Tell(Can("x"), "n#p", [])"#),
            (r#"["","time","n#p"]"#, r#"Tell(Time, "n#p", [])"#),
            (r#"["","status","n#p"]"#, r#"Tell(Status, "n#p", [])"#),
            (r#"["","eval","exit","n#p",1]"#, r#"Eval("n#p", [1])"#),
            (
                r#"["","AnyEvent::MP::_spawn","p","A::b",1]"#,
                r#"Spawn("p", "A::b", [1])"#,
            ),
            (r#"["","A::b",1]"#, r#"Call("A::b", [1])"#),
            (r#"["","g_slave"]"#, r#"Global("g_slave", [])"#),
            (r#"["","devnull",1]"#, "Nothing"),
            (r#"["",""]"#, "Nothing"),
            (r#"["",null]"#, "Nothing"),
            (r#"[""]"#, "Nothing"),
            (r#"[null]"#, "Nothing"),
        ] {
            assert_eq!(request(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (text, expected) in [
            (r#"["",["snd"]]"#, "refused: a request whose tag is no text"),
            (r#"["",5]"#, "refused: a request whose tag is no text"),
            (
                r#"["","SND","n#p"]"#,
                r#"refused: an unknown request "SND""#,
            ),
            (
                r#"["","snd"]"#,
                r#"refused: a request "snd" with missing or wrong arguments"#,
            ),
            (
                r#"["","snd",null]"#,
                r#"refused: a request "snd" with missing or wrong arguments"#,
            ),
            (
                r##"["","snd","#p"]"##,
                r#"refused: a request "snd" with missing or wrong arguments"#,
            ),
            (
                r#"["","mon1",[]]"#,
                r#"refused: a request "mon1" with missing or wrong arguments"#,
            ),
            (
                r#"["","kil0",""]"#,
                r#"refused: a request "kil0" with missing or wrong arguments"#,
            ),
            (
                r#"["","mon1",0.5]"#,
                r#"refused: a request "mon1" with missing or wrong arguments"#,
            ),
            (
                r#"["","snd",1e300]"#,
                r#"refused: a request "snd" with missing or wrong arguments"#,
            ),
            (r#"["","kil"]"#, "refused: a kill of the node port"),
            (r#"["","kil1",null]"#, "refused: a kill of the node port"),
            (r#"["","eval","exit"]"#, "refused: code to evaluate"),
        ] {
            assert_eq!(request(text), expected, "{text}");
        }
    }

    #[test]
    fn the_peer_says_how_it_wants_to_be_told_to_kill() {
        let peer = |keys| Greeting::parse(format!("aemp;1;p;x;json{keys}").as_bytes()).unwrap();
        assert_eq!(kill_tag(&peer("")), "kil");
        assert_eq!(kill_tag(&peer(";mproto=0")), "kil");
        assert_eq!(kill_tag(&peer(";mproto=1")), "kil1");
    }
}
