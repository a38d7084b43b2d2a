//! Every handshake that somebody in the middle can bring about, checked exhaustively.
//!
//! The parties are real [`Handshake`]s. Between them stands somebody who has no secret but decides
//! which line reaches whom: any line that any party has ever sent may be given to any party at any
//! time, also back to its sender and into another connection. A run is every such choice. What
//! must hold in all of them:
//!
//! - agreement: whoever is established has a partner on the other node that has sent exactly the
//!   lines it has read, has read exactly the lines it has sent, and knows a secret of its own;
//! - no reflection: that partner is on another node. (It may be in the same role: a relay can join
//!   two connections that were both dialled; to both nodes it is a link with the right peer.)
//! - one partner: no proof establishes two parties;
//! - no party gives an acceptor's proof away before it has verified an initiator's;
//! - an undisturbed handshake comes to its end.
//!
//! Each rule of the proof is also taken out, and then agreement fails.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use aemp_proto::{
    NodeId,
    auth::{Method, Secrets},
    greeting::Nonce,
    handshake::{Handshake, Output, Role, Settings},
};
use stateright::{Checker, HasDiscoveries, Model, Property};

/// One end of one connection.
#[derive(Clone, Copy, Debug)]
struct Party {
    node: &'static str,
    role: Role,
    nonce: &'static str,
    secret: &'static str,
}

const fn party(node: &'static str, role: Role, nonce: &'static str) -> Party {
    Party {
        node,
        role,
        nonce,
        secret: "geheim",
    }
}

/// The parties and what they are willing to use.
#[derive(Clone, Debug)]
struct Attack {
    parties: Vec<Party>,
    methods: &'static [Method],
}

/// All parties of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Run(Vec<Fate>);

/// A line of a party is given to a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Give {
    to: usize,
    line: (usize, usize),
}

/// What has become of a party.
#[derive(Clone, Debug)]
struct Fate {
    handshake: Handshake,
    /// The lines that it was given and did not fail of, as numbers of party and line. With what it
    /// has sent everything else follows from them.
    given: Vec<(usize, usize)>,
    /// Both lines of its greeting, then its proof if it was sent.
    sent: Vec<Vec<u8>>,
    established: bool,
    failed: bool,
}

impl Fate {
    fn new(party: Party, methods: &[Method]) -> Self {
        let Party {
            node,
            role,
            nonce,
            secret,
        } = party;
        let secrets = Secrets::new([secret]).expect("there is a secret");
        let mut settings =
            Settings::new(NodeId::new(node).expect("the ID is right"), Some(secrets));
        settings.accept = methods.into();
        settings.send = methods.into();
        let nonce = Nonce::from_text(nonce).expect("the nonce is right");
        let handshake = Handshake::new(Arc::new(settings), role, &nonce, None, Duration::ZERO);
        let mut fate = Self {
            handshake,
            given: vec![],
            sent: vec![],
            established: false,
            failed: false,
        };
        fate.drain();
        fate
    }

    fn give(&mut self, name: (usize, usize), line: &[u8]) {
        self.handshake.handle_input(&[line, &b"\n"[..]].concat());
        self.drain();
        if !self.failed {
            self.given.push(name);
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.handshake.poll() {
            match output {
                Output::Send(octets) => {
                    let lines = octets
                        .split(|&octet| octet == b'\n')
                        .filter(|l| !l.is_empty());
                    self.sent.extend(lines.map(Into::into));
                }
                Output::Verified(_) => {
                    assert_eq!(self.sent.len(), 2, "an acceptor's proof went out too early");
                    self.handshake.proceed();
                }
                Output::Established(_) => self.established = true,
                Output::Failed(_) => self.failed = true,
                Output::Greeted(_) => {}
                other => panic!("the model does not know {other:?}"),
            }
        }
    }

    fn key(&self) -> (&[(usize, usize)], usize, bool) {
        (&self.given, self.sent.len(), self.failed)
    }
}

impl PartialEq for Fate {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Fate {}

impl Hash for Fate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Run {
    /// The lines that a party has read, `most` at the most.
    fn read(&self, party: usize, most: usize) -> Vec<&[u8]> {
        let given = self.0[party].given.iter().take(most);
        given
            .map(|&(from, line)| &self.0[from].sent[line][..])
            .collect()
    }

    /// The lines that a party has sent, `most` at the most.
    fn sent(&self, party: usize, most: usize) -> Vec<&[u8]> {
        self.0[party]
            .sent
            .iter()
            .take(most)
            .map(|line| &line[..])
            .collect()
    }
}

impl Model for Attack {
    type State = Run;
    type Action = Give;

    fn init_states(&self) -> Vec<Run> {
        vec![Run(self
            .parties
            .iter()
            .map(|&party| Fate::new(party, self.methods))
            .collect())]
    }

    fn actions(&self, run: &Run, actions: &mut Vec<Give>) {
        let open = |fate: &Fate| !fate.established && !fate.failed;
        for to in (0..run.0.len()).filter(|&to| open(&run.0[to])) {
            for (from, fate) in run.0.iter().enumerate() {
                actions.extend((0..fate.sent.len()).map(|line| Give {
                    to,
                    line: (from, line),
                }));
            }
        }
    }

    fn next_state(
        &self,
        run: &Run,
        Give {
            to,
            line: (from, number),
        }: Give,
    ) -> Option<Run> {
        let mut next = run.clone();
        next.0[to].give((from, number), &run.0[from].sent[number]);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "agreement without reflection",
                |attack: &Self, run: &Run| {
                    let parties = || 0..run.0.len();
                    parties()
                        .filter(|&party| run.0[party].established)
                        .all(|party| {
                            parties().any(|partner| {
                                let (a, b) = (&attack.parties[party], &attack.parties[partner]);
                                a.node != b.node
                                    && a.secret == b.secret
                                    && run.sent(partner, 3).len() == 3
                                    && run.read(party, 3) == run.sent(partner, 3)
                                    && run.read(partner, 2) == run.sent(party, 2)
                            })
                        })
                },
            ),
            Property::always("one partner", |_: &Self, run: &Run| {
                let parties = || 0..run.0.len();
                parties()
                    .filter(|&party| run.0[party].sent.len() == 3)
                    .all(|party| {
                        let proof = &run.0[party].sent[2][..];
                        let established = parties().filter(|&other| {
                            run.0[other].established && run.read(other, 3)[2] == proof
                        });
                        established.count() <= 1
                    })
            }),
            Property::sometimes(
                "an undisturbed handshake ends well",
                |_: &Self, run: &Run| run.0.iter().filter(|fate| fate.established).count() >= 2,
            ),
        ]
    }
}

const INITIATOR: Role = Role::Initiator;
const ACCEPTOR: Role = Role::Acceptor;

fn check(attack: Attack) -> usize {
    let checker = attack.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    checker.unique_state_count()
}

#[test]
fn nobody_in_the_middle_deceives_two_nodes() {
    for methods in [&[Method::HmacSha3_512][..], &[Method::HmacMd6_64_256]] {
        let parties = vec![party("a", INITIATOR, "n1"), party("b", ACCEPTOR, "n2")];
        println!(
            "two parties, {methods:?}: {} states",
            check(Attack { parties, methods })
        );
    }
}

#[test]
fn nobody_reflects_a_node_against_itself() {
    // One node dials and accepts: what it proves on one connection must not serve on the other.
    let parties = vec![
        party("a", INITIATOR, "n1"),
        party("a", ACCEPTOR, "n2"),
        party("b", ACCEPTOR, "n3"),
    ];
    println!(
        "three parties: {} states",
        check(Attack {
            parties,
            methods: &[Method::HmacSha3_512]
        })
    );
}

#[test]
fn crossing_handshakes_are_not_mixed_up() {
    let parties = vec![
        party("a", INITIATOR, "n1"),
        party("b", ACCEPTOR, "n2"),
        party("b", INITIATOR, "n3"),
    ];
    println!(
        "three parties: {} states",
        check(Attack {
            parties,
            methods: &[Method::HmacSha3_512]
        })
    );
}

#[test]
fn who_has_another_secret_is_never_established() {
    let stranger = Party {
        secret: "falsch",
        ..party("x", INITIATOR, "n1")
    };
    let attack = Attack {
        parties: vec![stranger, party("b", ACCEPTOR, "n2")],
        methods: &[Method::HmacSha3_512],
    };
    let checker = attack.checker().threads(2).spawn_bfs().join();
    checker.assert_no_discovery("agreement without reflection");
    checker.assert_no_discovery("an undisturbed handshake ends well");
    println!("a stranger: {} states", checker.unique_state_count());
}

#[test]
fn a_nonce_used_twice_or_a_proof_without_nonces_breaks_agreement() {
    // Two connections of one initiator with the same nonce: the proof of one serves on the other.
    let reused = Attack {
        parties: vec![
            party("a", INITIATOR, "n1"),
            party("b", ACCEPTOR, "n2"),
            party("b", ACCEPTOR, "n2"),
        ],
        methods: &[Method::HmacSha3_512],
    };
    assert_eq!(first_failure(reused), Some("one partner"));
    // The cleartext method proves nothing about the conversation.
    let cleartext = Attack {
        parties: vec![
            party("a", INITIATOR, "n1"),
            party("b", ACCEPTOR, "n2"),
            party("c", INITIATOR, "n3"),
        ],
        methods: &[Method::Cleartext],
    };
    assert_eq!(
        first_failure(cleartext),
        Some("agreement without reflection")
    );
}

fn first_failure(attack: Attack) -> Option<&'static str> {
    let checker = attack
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .threads(2)
        .spawn_bfs()
        .join();
    let failed = checker.discoveries();
    let names = ["agreement without reflection", "one partner"];
    names.into_iter().find(|name| failed.contains_key(name))
}
