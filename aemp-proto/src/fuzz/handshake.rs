//! A whole handshake between two parties through somebody who cuts, changes, adds and drops.
//!
//! Whatever that is, two parties that both end established have read each other's greeting lines as
//! they were sent (but for a CR before the LF), and where their methods use the secret, they have
//! the same one.

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};
use core::time::Duration;

use crate::{
    auth::{Method, Secrets},
    greeting::{LINE_LIMIT, Nonce},
    handshake::{Established, Handshake, Output, Role, Settings, TlsRole},
    id::NodeId,
};

/// The first octet sets the two parties up, the rest says what becomes of what they send.
pub fn handshake(data: &[u8]) {
    let Some((&setup, script)) = data.split_first() else {
        return;
    };
    let mut parties = [
        Party::new(Role::Initiator, "i", setup, 0),
        Party::new(Role::Acceptor, "a", setup, 1),
    ];
    let same_secret = setup & 1 == 0;
    run(&mut parties, script);
    for party in &parties {
        party.check();
    }
    let [initiator, acceptor] = &parties;
    let (Some(theirs), Some(ours)) = (&initiator.established, &acceptor.established) else {
        return;
    };
    assert_eq!(
        initiator.lines_sent(),
        acceptor.lines_read(),
        "the acceptor was deceived"
    );
    assert_eq!(
        acceptor.lines_sent(),
        initiator.lines_read(),
        "the initiator was deceived"
    );
    assert_eq!(theirs.tls, ours.tls);
    assert_eq!(
        (theirs.sent_method, theirs.received_method),
        (ours.received_method, ours.sent_method)
    );
    assert_eq!(theirs.send_framing, ours.receive_framing);
    assert_eq!(ours.send_framing, theirs.receive_framing);
    if theirs.tls {
        assert_ne!(initiator.tls, acceptor.tls);
    }
    if theirs.sent_method.needs_secret() || ours.sent_method.needs_secret() {
        assert!(same_secret, "established with different secrets");
    }
}

struct Party {
    handshake: Handshake,
    role: Role,
    /// All that it has sent, and how much of it the other side was given.
    sent: Vec<u8>,
    wire: VecDeque<u8>,
    /// All that it was given, and what of it waits to be used.
    given: Vec<u8>,
    waiting: Vec<u8>,
    tls: Option<TlsRole>,
    verified: bool,
    established: Option<Established>,
    ended: bool,
}

impl Party {
    fn new(role: Role, node: &str, setup: u8, bit: u8) -> Self {
        let secret = if setup & 1 != 0 && bit == 1 {
            "falsch"
        } else {
            "geheim"
        };
        let node = NodeId::new(node).expect("the ID is right");
        let secrets = Secrets::new([secret]).expect("there is a secret");
        let mut settings = Settings::new(node, Some(secrets));
        settings.tls = setup & (2 << bit) != 0;
        if setup & (8 << bit) != 0 {
            settings.accept = [Method::HmacSha3_512, Method::TlsSha3_512].into();
        }
        if setup & (32 << bit) != 0 {
            settings.framings.reverse();
        }
        let nonce = Nonce::new(&[setup ^ bit; Nonce::OCTETS]);
        let handshake = Handshake::new(
            Arc::new(settings),
            role,
            &nonce,
            Some("[::1]:1"),
            Duration::ZERO,
        );
        let mut party = Self {
            handshake,
            role,
            sent: Vec::new(),
            wire: VecDeque::new(),
            given: Vec::new(),
            waiting: Vec::new(),
            tls: None,
            verified: false,
            established: None,
            ended: false,
        };
        party.drain();
        party
    }

    fn give(&mut self, octets: &[u8]) {
        self.given.extend_from_slice(octets);
        self.waiting.extend_from_slice(octets);
        self.work();
    }

    fn work(&mut self) {
        loop {
            let used = self.handshake.handle_input(&self.waiting);
            self.waiting.drain(..used);
            self.drain();
            assert!(self.handshake.buffered() <= LINE_LIMIT + 1);
            if used == 0 || self.waiting.is_empty() {
                break;
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.handshake.poll() {
            assert!(!self.ended, "something came after the end: {output:?}");
            match output {
                Output::Send(octets) => {
                    let proof = !self.sent.is_empty();
                    assert!(self.role == Role::Initiator || !proof || self.verified);
                    self.sent.extend_from_slice(&octets);
                    self.wire.extend(octets);
                }
                Output::StartTls(role) => self.tls = Some(role),
                Output::Verified(_) => {
                    self.verified = true;
                    self.handshake.proceed();
                }
                Output::Established(established) => {
                    self.established = Some(established);
                    self.ended = true;
                }
                Output::Failed(_) => self.ended = true,
                Output::Greeted(_) => {}
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.ended, self.handshake.next_timeout().is_none());
    }

    /// The two greeting lines that it sent.
    fn lines_sent(&self) -> [&[u8]; 2] {
        two_lines(&self.sent)
    }

    /// The two greeting lines that it read.
    fn lines_read(&self) -> [&[u8]; 2] {
        two_lines(&self.given)
    }
}

/// Follows the script: an octet for what to do, and octets for how.
fn run(parties: &mut [Party; 2], script: &[u8]) {
    let mut script = script.iter().copied();
    while let Some(what) = script.next() {
        let mut next = || usize::from(script.next().unwrap_or_default());
        let (from, to) = pair(parties, what & 1 != 0);
        match what >> 1 {
            0..=59 => deliver(from, to, usize::from(what >> 1) + 1),
            60..=79 => deliver(from, to, usize::MAX),
            80..=89 => {
                let (at, value) = (next(), next());
                if let Some(octet) = from.wire.get_mut(at) {
                    *octet ^= u8::try_from(value).unwrap_or_default();
                }
            }
            90..=99 => {
                let (at, value) = (next(), next());
                if at <= from.wire.len() {
                    from.wire
                        .insert(at, u8::try_from(value).unwrap_or_default());
                }
            }
            100..=104 => {
                let _ = from.wire.remove(next());
            }
            // What a party sent comes back to itself.
            105..=109 => {
                let octets: Vec<_> = from.wire.drain(..).collect();
                from.give(&octets);
            }
            110..=119 => {
                for party in &mut *parties {
                    if party.tls.is_some() && !party.ended {
                        party.handshake.handle_tls_up();
                        party.drain();
                        party.work();
                    }
                }
            }
            120..=123 => {
                to.handshake.handle_eof();
                to.drain();
            }
            _ => {
                to.handshake.handle_timeout(Settings::TIME_LIMIT);
                to.drain();
            }
        }
    }
}

fn pair(parties: &mut [Party; 2], reverse: bool) -> (&mut Party, &mut Party) {
    let [a, b] = parties;
    if reverse { (b, a) } else { (a, b) }
}

fn deliver(from: &mut Party, to: &mut Party, most: usize) {
    let count = most.min(from.wire.len());
    let octets: Vec<_> = from.wire.drain(..count).collect();
    to.give(&octets);
}

/// The first two lines without terminators; one CR before the LF belongs to the terminator.
fn two_lines(octets: &[u8]) -> [&[u8]; 2] {
    let mut lines = octets
        .split(|&octet| octet == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    [
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    ]
}
