//! Two parties that talk through memory, in any pieces.

use alloc::{format, string::ToString, vec};

use proptest::prelude::*;

use super::*;
use crate::{auth::Secrets, id::NodeId};

const START: Duration = Duration::from_secs(1000);

/// What one side has come to.
#[derive(Debug, Default)]
struct Outcome {
    established: Option<Established>,
    failed: Option<Failure>,
    rest: Vec<u8>,
}

/// One side of a conversation with what it has to send.
#[derive(Debug)]
struct Side {
    handshake: Handshake,
    /// Octets for the peer, and whether they go inside TLS.
    out: VecDeque<(bool, Vec<u8>)>,
    input: Vec<u8>,
    tls: Option<TlsRole>,
    tls_up: bool,
    seen: Vec<&'static str>,
    outcome: Outcome,
}

impl Side {
    fn new(settings: &Settings, role: Role, nonce: &str) -> Self {
        let nonce = Nonce::from_text(nonce).unwrap();
        let settings = Arc::new(settings.clone());
        let mut side = Self {
            handshake: Handshake::new(settings, role, &nonce, Some("[::1]:4040"), START),
            out: VecDeque::new(),
            input: vec![],
            tls: None,
            tls_up: false,
            seen: vec![],
            outcome: Outcome::default(),
        };
        side.drain();
        side
    }

    fn feed(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        loop {
            let used = self.handshake.handle_input(&self.input);
            self.input.drain(..used);
            self.drain();
            if used == 0 {
                break;
            }
        }
        assert!(self.handshake.buffered() <= crate::greeting::LINE_LIMIT + 1);
        if self.outcome.established.is_some() {
            self.outcome.rest = self.input.clone();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.handshake.poll() {
            self.seen.push(match &output {
                Output::Send(_) => "send",
                Output::Greeted(_) => "greeted",
                Output::StartTls(_) => "tls",
                Output::Verified(_) => "verified",
                Output::Established(_) => "established",
                Output::Failed(_) => "failed",
            });
            match output {
                Output::Send(octets) => self.out.push_back((self.tls_up, octets)),
                Output::StartTls(role) => self.tls = Some(role),
                Output::Verified(_) => self.handshake.proceed(),
                Output::Established(established) => self.outcome.established = Some(established),
                Output::Failed(failure) => self.outcome.failed = Some(failure),
                Output::Greeted(_) => {}
            }
        }
    }
}

/// Lets both sides talk until neither has anything to send, cutting what they send with `cut`.
fn converse(a: &mut Side, b: &mut Side, mut cut: impl FnMut(usize) -> usize) {
    loop {
        let mut idle = true;
        for turn in 0..2 {
            let (from, to) = if turn == 0 {
                (&mut *a, &mut *b)
            } else {
                (&mut *b, &mut *a)
            };
            while let Some((tls, octets)) = from.out.pop_front() {
                idle = false;
                assert_eq!(tls, to.tls_up, "sent inside and outside TLS alike");
                let mut rest = &octets[..];
                while !rest.is_empty() {
                    let (piece, after) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
                    to.feed(piece);
                    rest = after;
                }
            }
            if from.outcome.failed.is_some() && to.outcome.failed.is_none() {
                to.handshake.handle_eof();
                to.drain();
            }
        }
        if let (Some(a_role), Some(b_role), false) = (a.tls, b.tls, a.tls_up) {
            assert_ne!(a_role, b_role);
            for side in [&mut *a, &mut *b] {
                side.tls_up = true;
                side.handshake.handle_tls_up();
                side.drain();
            }
            idle = false;
        }
        if idle {
            break;
        }
    }
}

fn settings(node: &str, secret: &str) -> Settings {
    let secrets = (!secret.is_empty()).then(|| Secrets::new([secret]).unwrap());
    Settings::new(NodeId::new(node).unwrap(), secrets)
}

fn pair(initiator: &Settings, acceptor: &Settings) -> (Side, Side) {
    let mut initiator = Side::new(initiator, Role::Initiator, "nonce-i");
    let mut acceptor = Side::new(acceptor, Role::Acceptor, "nonce-a");
    converse(&mut initiator, &mut acceptor, |length| length);
    (initiator, acceptor)
}

fn reasons(initiator: &Settings, acceptor: &Settings) -> [Option<Reason>; 2] {
    let (initiator, acceptor) = pair(initiator, acceptor);
    [initiator, acceptor].map(|side| side.outcome.failed.map(|failure| failure.reason()))
}

#[test]
fn the_acceptor_proves_itself_last() {
    let (initiator, acceptor) = pair(&settings("i", "geheim"), &settings("a", "geheim"));
    assert_eq!(initiator.seen, ["send", "greeted", "send", "established"]);
    assert_eq!(
        acceptor.seen,
        ["send", "greeted", "verified", "send", "established"]
    );
    let established = acceptor.outcome.established.unwrap();
    assert_eq!(established.peer.node.as_str(), "i");
    assert_eq!(established.sent_method, Method::HmacSha3_512);
    assert_eq!((established.tls, established.secret), (false, Some(0)));
}

#[test]
fn either_suite_will_do() {
    for (methods, expected) in [
        (
            vec![Method::HmacMd6_64_256, Method::Cleartext],
            Method::HmacMd6_64_256,
        ),
        (
            vec![Method::HmacSha3_512, Method::TlsAnon],
            Method::HmacSha3_512,
        ),
    ] {
        let mut old = settings("old", "geheim");
        old.accept.clone_from(&methods);
        old.send = methods;
        let (initiator, acceptor) = pair(&settings("new", "geheim"), &old);
        let established = initiator.outcome.established.unwrap();
        assert_eq!(established.sent_method, expected);
        assert_eq!(acceptor.outcome.established.unwrap().sent_method, expected);
    }
}

#[test]
fn tls_is_used_where_both_offer_it() {
    let with_tls = |node, secret| Settings {
        tls: true,
        ..settings(node, secret)
    };
    let (initiator, acceptor) = pair(&with_tls("i", ""), &with_tls("a", "geheim"));
    // "nonce-a" is lower than "nonce-i".
    assert_eq!(
        (initiator.tls, acceptor.tls),
        (Some(TlsRole::Server), Some(TlsRole::Client))
    );
    let established = initiator.outcome.established.unwrap();
    assert_eq!(
        (established.tls, established.sent_method),
        (true, Method::TlsSha3_512)
    );

    let (initiator, _) = pair(&with_tls("i", "geheim"), &settings("a", "geheim"));
    assert!(
        !initiator.outcome.established.unwrap().tls,
        "one side alone does not"
    );
    let strict = Settings {
        require_tls: true,
        ..with_tls("i", "geheim")
    };
    assert_eq!(
        reasons(&strict, &settings("a", "geheim"))[0],
        Some(Reason::GreetingTlsRequired)
    );
}

#[test]
fn a_wrong_secret_is_said_on_both_sides() {
    let (initiator, acceptor) = pair(&settings("i", "geheim"), &settings("a", "falsch"));
    insta::assert_snapshot!(
        acceptor.outcome.failed.unwrap().to_string(),
        @"auth.proof: the proof is wrong (hmac_sha3_512); the two configurations do not fit; give both nodes the same secret or the same certificate"
    );
    insta::assert_snapshot!(
        initiator.outcome.failed.unwrap().to_string(),
        @"auth.closed: the peer closed the connection during authentication (it got our proof and sent none: most likely the secrets differ); the two configurations do not fit; give both nodes the same secret; the other node's log says more"
    );
    assert_eq!(
        acceptor.seen.iter().filter(|&&seen| seen == "send").count(),
        1,
        "no proof went out"
    );
}

#[test]
fn an_acceptor_tries_all_secrets_and_an_initiator_one() {
    let list = |node| Settings {
        secrets: Some(Secrets::new(["one", "two"]).unwrap()),
        ..settings(node, "x")
    };
    let (_, acceptor) = pair(&settings("i", "two"), &list("a"));
    assert_eq!(acceptor.outcome.established.unwrap().secret, Some(1));

    assert_eq!(
        reasons(&list("i"), &settings("a", "two")),
        [Some(Reason::AuthClosed), Some(Reason::AuthProof)]
    );
    let mut initiator = Side::new(&list("i"), Role::Initiator, "nonce-i");
    initiator.handshake = initiator.handshake.with_secret(1);
    let mut acceptor = Side::new(&settings("a", "two"), Role::Acceptor, "nonce-a");
    converse(&mut initiator, &mut acceptor, |length| length);
    assert_eq!(initiator.outcome.established.unwrap().secret, Some(1));
}

#[test]
fn what_does_not_fit_ends_after_the_greeting() {
    let a = settings("a", "geheim");
    let same = settings("a", "geheim");
    assert_eq!(reasons(&same, &a)[1], Some(Reason::GreetingOwnNodeId));
    let methods = |accept| Settings {
        accept,
        ..settings("i", "geheim")
    };
    let md6 = methods(vec![Method::HmacMd6_64_256]);
    let sha3 = Settings {
        require_sha3: true,
        ..a.clone()
    };
    assert_eq!(
        reasons(&md6, &sha3)[1],
        Some(Reason::GreetingNoCommonMethod)
    );

    let tls = Settings {
        tls: true,
        ..settings("i", "")
    };
    assert_eq!(reasons(&tls, &a)[0], Some(Reason::GreetingNoCredentials));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let check = |change: fn(&mut Settings)| {
        let mut settings = settings("a", "geheim");
        change(&mut settings);
        settings.check()
    };
    assert_eq!(check(|_| ()), Ok(()));
    assert_eq!(
        check(|s| s.secrets = None),
        Err(SettingsError::NoCredentials)
    );
    assert_eq!(
        check(|s| s.require_tls = true),
        Err(SettingsError::NoCertificate)
    );
    assert_eq!(check(|s| s.framings.clear()), Err(SettingsError::NoFraming));
    assert_eq!(
        check(|s| s.accept = vec![Method::TlsAnon]),
        Err(SettingsError::NoMethod)
    );
}

/// Feeds `input` to a fresh acceptor with the secret `geheim` that also accepts `cleartext`.
fn accept(input: &[u8]) -> Side {
    let mut settings = settings("a", "geheim");
    settings.accept.push(Method::Cleartext);
    let mut side = Side::new(&settings, Role::Acceptor, "nonce-a");
    side.feed(input);
    side
}

const HELLO: &str = "aemp;1;i;hmac_sha3_512;json\nnonce-i\n";

#[test]
fn a_simple_client_may_send_everything_at_once() {
    let side = accept(format!("{HELLO}cleartext;67656865696d;json\n[\"a\"]").as_bytes());
    let established = side.outcome.established.unwrap();
    assert_eq!(established.received_method, Method::Cleartext);
    assert_eq!(side.outcome.rest, b"[\"a\"]");
}

#[test]
fn each_mistake_has_its_reason() {
    let zeros = "0".repeat(128);
    for (input, reason) in [
        ("\n".into(), Reason::GreetingProtocol),
        ("aemp;2;i;x;json\n".into(), Reason::GreetingVersion),
        ("aemp;1;a;x;json\n".into(), Reason::GreetingOwnNodeId),
        (
            "aemp;1;i;x;json\nnonce-i\n".into(),
            Reason::GreetingNoCommonMethod,
        ),
        (
            "aemp;1;i;hmac_sha3_512;xml\nnonce-i\n".into(),
            Reason::GreetingNoCommonFraming,
        ),
        (
            "aemp;1;i;hmac_sha3_512;json\nnonce-a\n".into(),
            Reason::GreetingNonce,
        ),
        (
            format!("{}\n", "x".repeat(5000)),
            Reason::GreetingLineTooLong,
        ),
        (format!("{HELLO}\n"), Reason::AuthMalformed),
        (format!("{HELLO}foo;;json\n"), Reason::AuthMethodUnknown),
        (
            format!("{HELLO}tls_anon;;json\n"),
            Reason::AuthMethodNotOffered,
        ),
        (
            format!("{HELLO}hmac_sha3_512;{zeros};xml\n"),
            Reason::AuthFramingUnknown,
        ),
        (
            format!("{HELLO}hmac_sha3_512;{zeros};json\n"),
            Reason::AuthProof,
        ),
        (
            format!("{HELLO}hmac_sha3_512;{};json\n", "A".repeat(128)),
            Reason::AuthProofForm,
        ),
        (
            format!("{HELLO}hmac_sha3_512;00;json\n"),
            Reason::AuthProofForm,
        ),
        (
            format!("{HELLO}cleartext;67656865696D;json\n"),
            Reason::AuthProofForm,
        ),
        (format!("{HELLO}cleartext;;json\n"), Reason::AuthProof),
        (
            format!("{HELLO}{}", "x".repeat(5000)),
            Reason::AuthLineTooLong,
        ),
    ] {
        let side = accept(input.as_bytes());
        assert_eq!(
            side.outcome.failed.map(|f| f.reason()),
            Some(reason),
            "{input:?}"
        );
        // Octet by octet it is the same.
        let mut side = accept(b"");
        for octet in input.as_bytes() {
            side.feed(&[*octet]);
        }
        assert_eq!(
            side.outcome.failed.map(|f| f.reason()),
            Some(reason),
            "{input:?}"
        );
    }
    let line = "aemp;1;i;hmac_sha3_512;json\nnonce-i\ncleartext;67656865696d;json\n";
    let mut strict = Side::new(&settings("a", "geheim"), Role::Acceptor, "nonce-a");
    strict.feed(line.as_bytes());
    assert_eq!(
        strict.outcome.failed.unwrap().reason(),
        Reason::AuthMethodNotOffered
    );
}

#[test]
fn what_comes_back_from_ourselves_is_refused() {
    let mut side = Side::new(&settings("a", "geheim"), Role::Initiator, "nonce");
    let (_, own) = side.out.pop_front().unwrap();
    side.feed(&own);
    assert_eq!(
        side.outcome.failed.unwrap().reason(),
        Reason::GreetingOwnNodeId
    );
}

#[test]
fn end_of_input_and_time_end_every_state() {
    let with_tls = Settings {
        tls: true,
        ..settings("a", "geheim")
    };
    for (input, closed, late) in [
        ("", Reason::GreetingClosed, Reason::GreetingTimeout),
        (
            "aemp;1;i;tls_sha3_512;json;tls=1.0\n",
            Reason::GreetingClosed,
            Reason::GreetingTimeout,
        ),
        (
            "aemp;1;i;tls_sha3_512;json;tls=1.0\nnonce-i\n",
            Reason::TlsClosed,
            Reason::TlsTimeout,
        ),
        (HELLO, Reason::AuthClosed, Reason::AuthTimeout),
    ] {
        let mut side = Side::new(&with_tls, Role::Acceptor, "nonce-a");
        side.feed(input.as_bytes());
        side.handshake.handle_eof();
        side.drain();
        assert_eq!(side.outcome.failed.unwrap().reason(), closed);
        assert_eq!(side.handshake.next_timeout(), None);

        let mut side = Side::new(&with_tls, Role::Acceptor, "nonce-a");
        side.feed(input.as_bytes());
        let deadline = side.handshake.next_timeout().unwrap();
        assert_eq!(deadline, START + Settings::TIME_LIMIT);
        side.handshake
            .handle_timeout(deadline - Duration::from_nanos(1));
        side.drain();
        assert!(side.outcome.failed.is_none());
        side.handshake.handle_timeout(deadline);
        side.drain();
        assert_eq!(side.outcome.failed.unwrap().reason(), late);
    }
}

#[test]
fn an_initiator_refused_when_greeted_keeps_its_proof() {
    let settings = Arc::new(settings("i", "geheim"));
    let nonce = Nonce::from_text("nonce-i").unwrap();
    let mut handshake = Handshake::new(settings, Role::Initiator, &nonce, None, START);
    handshake.poll().unwrap();
    let input = b"aemp;1;a;hmac_sha3_512;json\nnonce-a\n";
    assert_eq!(handshake.handle_input(input), input.len());
    assert!(matches!(handshake.poll(), Some(Output::Greeted(_))));
    handshake.refuse(Reason::LinkDuplicate.into());
    assert_eq!(
        handshake.poll(),
        Some(Output::Failed(Reason::LinkDuplicate.into()))
    );
    assert_eq!(handshake.poll(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256 * crate::fuzz::repeat()))]

    #[test]
    fn every_chunking_is_the_same(cuts in proptest::collection::vec(1usize..40, 1..20), tls: bool) {
        let settings = |node| Settings { tls, ..settings(node, "geheim") };
        let mut initiator = Side::new(&settings("i"), Role::Initiator, "nonce-i");
        let mut acceptor = Side::new(&settings("a"), Role::Acceptor, "nonce-a");
        let mut cuts = cuts.iter().cycle();
        converse(&mut initiator, &mut acceptor, |_| *cuts.next().unwrap());
        let (whole, _) = pair(&settings("i"), &settings("a"));
        prop_assert_eq!(initiator.outcome.established, whole.outcome.established);
        prop_assert!(acceptor.outcome.established.is_some());
    }

    #[test]
    fn foreign_octets_never_establish(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        let side = accept(&input);
        prop_assert!(side.outcome.established.is_none());
        let after_hello = [HELLO.as_bytes(), &input].concat();
        prop_assert!(accept(&after_hello).outcome.established.is_none());
    }
}
