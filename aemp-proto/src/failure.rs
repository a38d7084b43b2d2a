//! Why a conversation ended: one registry of stages and reasons for the core, nodes and the kit.
//!
//! The table is that of `spec/registry/failures.json`; a test holds the two together.

use alloc::{borrow::Cow, string::String};
use core::fmt;

/// The part of a conversation in which it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Looking up and dialling the peer's address.
    Connect,
    /// The two greeting lines.
    Greeting,
    /// The TLS handshake.
    Tls,
    /// The authentication line.
    Auth,
    /// The messages.
    Data,
    /// The established connection as a whole.
    Link,
}

/// Whose fault a failure was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The peer broke a rule of the protocol.
    Peer,
    /// This node, its configuration or its application.
    Own,
    /// The two configurations do not fit; which one is wrong cannot be told from here.
    Either,
    /// What lies between the two.
    Network,
    /// Nobody's: this is how such a connection ends.
    None,
}

impl Stage {
    /// The stage's permanent name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Data => "data",
            Self::Link => "link",
        }
    }
}

impl Fault {
    /// The fault's permanent name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Own => "own",
            Self::Either => "either",
            Self::Network => "network",
            Self::None => "none",
        }
    }

    const fn phrase(self) -> &'static str {
        match self {
            Self::Peer => "the peer's fault",
            Self::Own => "our own fault",
            Self::Either => "the two configurations do not fit",
            Self::Network => "the network's fault",
            Self::None => "nobody's fault",
        }
    }
}

macro_rules! reasons {
    ($($(#[$attr:meta])* $variant:ident => ($stage:ident, $name:literal, $fault:ident, $meaning:literal, $advice:literal);)*) => {
        /// A stage and a reason of the registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = $meaning] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stage at which it ends a conversation.
            pub const fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage,)* }
            }

            /// Its permanent name within the stage.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whose fault it was.
            pub const fn fault(self) -> Fault {
                match self { $(Self::$variant => Fault::$fault,)* }
            }

            /// What it means, as a clause.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do about it, as a clause.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

reasons! {
    ConnectNoAddress => (Connect, "no-address", Own,
        "no address of the node is known",
        "name one of the network's nodes as a seed, or bind the other node to an address");
    ConnectUnreachable => (Connect, "unreachable", Network,
        "the TCP connection could not be made",
        "check the address, the port, and that the other node runs and listens there");
    ConnectTimeout => (Connect, "timeout", Network,
        "the TCP connection was not made in time",
        "check the address and what filters packets on the way");
    GreetingLineTooLong => (Greeting, "line-too-long", Peer,
        "a line of the greeting is longer than allowed",
        "check that the other side is an AEMP node; shorten its node ID and lists");
    GreetingProtocol => (Greeting, "protocol", Peer,
        "the line does not begin with a known protocol word",
        "check that the other side is an AEMP node");
    GreetingVersion => (Greeting, "version", Peer,
        "the protocol version is not 1",
        "run a node that speaks version 1");
    GreetingFields => (Greeting, "fields", Peer,
        "the line has fewer than five fields",
        "check that the other side is an AEMP node");
    GreetingNodeId => (Greeting, "node-id", Peer,
        "the node ID is empty or holds a character that no node ID has",
        "give the other node an ID without ; # and control characters");
    GreetingOwnNodeId => (Greeting, "own-node-id", Either,
        "the other side greets with our own node ID",
        "give each node an ID of its own; drop the node's own address from its seeds");
    GreetingEcho => (Greeting, "echo", Peer,
        "both lines of the greeting are our own",
        "nothing to do unless a relay returns what it gets");
    GreetingNonce => (Greeting, "nonce", Peer,
        "both nonces are equal",
        "replace the other side's random source");
    GreetingNoCommonMethod => (Greeting, "no-common-method", Either,
        "neither of the peer's accepted methods can be used",
        "let both nodes share a suite (sha3 or md6), and a secret or a certificate");
    GreetingNoCommonFraming => (Greeting, "no-common-framing", Either,
        "none of the peer's framings is supported",
        "let both nodes share a framing; every node has json");
    GreetingNoCredentials => (Greeting, "no-credentials", Own,
        "neither a secret nor TLS can be used with this peer",
        "configure a secret, or a certificate on both sides");
    GreetingTlsRequired => (Greeting, "tls-required", Either,
        "TLS is required and the peer does not offer it",
        "give the other node the certificate, or do not require TLS");
    GreetingClosed => (Greeting, "closed", Either,
        "the peer closed the connection during the greeting",
        "look into the other node's log; its suite, framings or ID may not fit ours");
    GreetingTimeout => (Greeting, "timeout", Peer,
        "the greeting did not come in time",
        "check that the other side is an AEMP node");
    GreetingTooMany => (Greeting, "too-many", Either,
        "too many handshakes of this address are unfinished",
        "look for a program that dials in a loop; else raise the limit");
    TlsFailed => (Tls, "failed", Either,
        "the TLS handshake failed",
        "check that both sides run TLS 1.3 and hold the same certificate");
    TlsCertificate => (Tls, "certificate", Either,
        "the peer's certificate is not the configured one",
        "give both nodes the same certificate file");
    TlsClosed => (Tls, "closed", Either,
        "the peer closed the connection during the TLS handshake",
        "check that both sides hold the same certificate");
    TlsTimeout => (Tls, "timeout", Peer,
        "the TLS handshake did not end in time",
        "look into the other node's log");
    AuthLineTooLong => (Auth, "line-too-long", Peer,
        "the authentication line is longer than allowed",
        "check the other side's implementation");
    AuthMalformed => (Auth, "malformed", Peer,
        "the authentication line has fewer than three fields",
        "check the other side's implementation");
    AuthMethodUnknown => (Auth, "method-unknown", Peer,
        "the authentication method is not known",
        "check the other side's implementation");
    AuthMethodNotOffered => (Auth, "method-not-offered", Peer,
        "the authentication method was not offered",
        "check the other side's implementation, or accept the method");
    AuthMethodNeedsTls => (Auth, "method-needs-tls", Peer,
        "a tls method was used without TLS",
        "check the other side's implementation");
    AuthFramingUnknown => (Auth, "framing-unknown", Peer,
        "the framing is not known",
        "check the other side's implementation");
    AuthFramingNotOffered => (Auth, "framing-not-offered", Peer,
        "the framing was not offered",
        "check the other side's implementation, or offer the framing");
    AuthProofForm => (Auth, "proof-form", Peer,
        "the proof has not the form of its method (lower case hex of fixed length)",
        "check the other side's implementation");
    AuthProof => (Auth, "proof", Either,
        "the proof is wrong",
        "give both nodes the same secret or the same certificate");
    AuthClosed => (Auth, "closed", Either,
        "the peer closed the connection during authentication",
        "give both nodes the same secret; the other node's log says more");
    AuthTimeout => (Auth, "timeout", Peer,
        "the authentication line did not come in time",
        "look into the other node's log");
    DataMalformed => (Data, "malformed", Peer,
        "a message is not well formed in its framing",
        "check the other side's implementation");
    DataUtf8 => (Data, "utf-8", Peer,
        "a text of a message is not UTF-8",
        "check the other side's implementation");
    DataNumber => (Data, "number", Peer,
        "a number of a message is out of range",
        "check what the other side sends");
    DataDepth => (Data, "depth", Peer,
        "a message is nested deeper than allowed",
        "send flatter messages, or raise the limit");
    DataSize => (Data, "size", Peer,
        "a message is larger than allowed",
        "send smaller messages, or raise the limit");
    DataTruncated => (Data, "truncated", Peer,
        "the connection ended inside a message",
        "look into the other node's log");
    LinkDuplicate => (Link, "duplicate", None,
        "another connection of the same two nodes survives",
        "nothing to do");
    LinkSuperseded => (Link, "superseded", None,
        "the peer has restarted and the new connection takes the place of this one",
        "nothing to do");
    LinkSilent => (Link, "silent", Network,
        "the peer did not answer three heartbeats",
        "check the network and the other node");
    LinkOverload => (Link, "overload", Own,
        "the queue of the link is full",
        "send less, wait for room, or raise the limit");
    LinkStopped => (Link, "stopped", None,
        "this node stops",
        "nothing to do");
    LinkClosed => (Link, "closed", None,
        "the peer closed the connection",
        "nothing to do if it stopped; else look into its log");
    LinkIo => (Link, "io", Network,
        "the connection broke",
        "check the network");
    LinkOtherNode => (Link, "other-node", Either,
        "another node answers at the address than the one that was meant",
        "check the addresses that the other node announces");
    LinkNotAwaited => (Link, "not-awaited", Peer,
        "nobody awaits this data connection",
        "ask for each data connection anew, and dial it in time");
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stage().name(), self.name())
    }
}

/// The end of a conversation: the reason, and what was seen.
///
/// Shown as `STAGE.REASON: meaning (detail); whose fault; what to do`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    reason: Reason,
    detail: Cow<'static, str>,
}

impl Failure {
    /// A failure with what was seen; the detail never holds a secret or a proof.
    pub fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    /// The reason.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The stage.
    pub fn stage(&self) -> Stage {
        self.reason.stage()
    }

    /// Whose fault it was.
    pub fn fault(&self) -> Fault {
        self.reason.fault()
    }

    /// What was seen; may be empty.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::new(reason, "")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.reason.meaning())?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        write!(f, "; {}; {}", self.fault().phrase(), self.reason.advice())
    }
}

impl core::error::Error for Failure {}

/// Octets of a peer as they may be shown: printable, quoted, and cut after 80 characters.
pub(crate) fn shown(octets: &[u8]) -> String {
    const MOST: usize = 80;
    let mut text = String::from("\"");
    for &octet in octets.iter().take(MOST) {
        text.extend(core::ascii::escape_default(octet).map(char::from));
    }
    text.push('"');
    if octets.len() > MOST {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    #[test]
    fn the_registry_of_the_specification_is_the_same() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../spec/registry/failures.json")).unwrap();
        let rows: Vec<_> = file["failures"].as_array().unwrap().iter().collect();
        assert_eq!(rows.len(), Reason::ALL.len());
        for (row, reason) in rows.into_iter().zip(Reason::ALL) {
            assert_eq!(row["stage"], reason.stage().name());
            assert_eq!(row["reason"], reason.name());
            assert_eq!(row["fault"], reason.fault().name());
            assert_eq!(row["meaning"], reason.meaning());
            assert_eq!(row["advice"], reason.advice());
        }
    }

    #[test]
    fn a_failure_says_stage_reason_fault_and_what_to_do() {
        let failure = Failure::new(Reason::GreetingVersion, "it says \"2\"");
        assert_eq!(
            failure.to_string(),
            "greeting.version: the protocol version is not 1 (it says \"2\"); the peer's fault; \
             run a node that speaks version 1"
        );
    }

    #[test]
    fn foreign_octets_are_shown_short_and_printable() {
        assert_eq!(shown(b"a\"\x1b\xff"), r#""a\"\x1b\xff""#);
        assert_eq!(shown(&[b'x'; 1000]).len(), 85);
    }
}
