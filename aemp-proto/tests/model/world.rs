//! Two nodes, the connections between them, and everything that can happen next.

use std::{collections::VecDeque, time::Duration};

use aemp_proto::{
    NodeId,
    greeting::Greeting,
    link::{Action, Arbiter, ConnectionId, Verdict},
};
use stateright::{Model, Property};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A node that keeps the rules, with the real arbiter.
    Ours,
    /// A node of either original generation: refuses at the greeting who is connected, proves
    /// itself at once on both sides, and drops both connections where a second one completes.
    Original,
}

/// A rule that can be taken out of our nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    AcceptorLast,
    LowerNodeKeepsItsOwn,
    NoProofBesideALink,
    HoldBackFromAnOriginal,
    AskTheLink,
    RestartReplaces,
    LossIsTold,
}

/// How often what may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Dials of each node.
    pub(crate) dials: [u8; 2],
    /// Messages of each node.
    pub(crate) sends: [u8; 2],
    /// Connections that break, both ends being told.
    pub(crate) breaks: u8,
    /// Silent deaths and restarts of each node.
    pub(crate) restarts: [u8; 2],
    /// Times when the second of patience is over before an answer came that is on its way.
    pub(crate) timers: u8,
}

impl Budget {
    pub(crate) const NOTHING: Self = Self {
        dials: [0; 2],
        sends: [0; 2],
        breaks: 0,
        restarts: [0; 2],
        timers: 0,
    };

    fn has_faults(&self) -> bool {
        self.breaks > 0 || self.restarts != [0; 2] || self.timers > 0
    }
}

/// The model: two nodes, `a` (the lower) and `z`.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    kinds: [Kind; 2],
    budget: Budget,
    without: Option<Rule>,
    /// Whether a newcomer must meet a link and a greeted dial of its process in some run.
    meeting: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    nodes: [Node; 2],
    connections: Vec<Connection>,
    left: Budget,
    /// A newcomer has met a link and a greeted dial of its process.
    met: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    process: u8,
    brain: Brain,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Brain {
    Ours(Arbiter),
    Original { transport: Option<usize> },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Connection {
    dialler: usize,
    ends: [End; 2],
    /// What is on its way to each node.
    wires: [VecDeque<Packet>; 2],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct End {
    process: u8,
    phase: Phase,
    sent: Vec<u8>,
    handled: Vec<u8>,
    told_lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Our greeting is out, the peer's has not come.
    Open,
    /// The peer has greeted; the initiator's proof is out.
    Greeted,
    /// The peer has proved itself, our proof is held back.
    Verified,
    Link,
    Closed,
    /// The process is gone.
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Packet {
    /// Both lines, of this process.
    Greeting(u8),
    Proof,
    Message(u8),
    Heartbeat,
    Answer,
    End,
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    Dial(usize),
    Deliver {
        connection: usize,
        to: usize,
    },
    Send(usize),
    Break(usize),
    Restart(usize),
    PatienceOver(usize),
    /// A node notices that the process at the other end is gone: heartbeats, or TCP.
    NoticeDeath {
        connection: usize,
        by: usize,
    },
}

impl Pair {
    pub(crate) fn new(kinds: [Kind; 2], budget: Budget) -> Self {
        Self {
            kinds,
            budget,
            without: None,
            meeting: false,
        }
    }

    pub(crate) fn with_meeting(self) -> Self {
        Self {
            meeting: true,
            ..self
        }
    }

    pub(crate) fn without(self, rule: Rule) -> Self {
        Self {
            without: Some(rule),
            ..self
        }
    }

    fn lacks(&self, rule: Rule) -> bool {
        self.without == Some(rule)
    }

    fn brain(&self, node: usize) -> Brain {
        match self.kinds[node] {
            Kind::Ours => Brain::Ours(Arbiter::new(id(node), Arbiter::PATIENCE)),
            Kind::Original => Brain::Original { transport: None },
        }
    }

    /// The greeting of a node's process.
    fn greeting(&self, node: usize, process: u8) -> Greeting {
        let instance = match self.kinds[node] {
            Kind::Ours => format!(";instance={process}"),
            Kind::Original => String::new(),
        };
        let line = format!("aemp;1;{};hmac_sha3_512;json{instance}", id(node));
        Greeting::parse(line.as_bytes()).expect("the line is right")
    }

    fn settled(&self, world: &World) -> bool {
        let mut events = vec![];
        self.actions(world, &mut events);
        !events.iter().any(|event| !matches!(event, Event::Send(_)))
    }
}

fn id(node: usize) -> NodeId {
    NodeId::new(["a", "z"][node]).expect("the ID is right")
}

fn name(connection: usize) -> ConnectionId {
    ConnectionId(connection as u64)
}

impl Model for Pair {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let nodes = [0, 1].map(|node| Node {
            process: 0,
            brain: self.brain(node),
        });
        vec![World {
            nodes,
            connections: vec![],
            left: self.budget,
            met: false,
        }]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        for node in 0..2 {
            // Nobody dials a node to which it has a link.
            if world.left.dials[node] > 0 && world.link(node).is_none() {
                events.push(Event::Dial(node));
            }
            if world.left.sends[node] > 0 && world.link(node).is_some() {
                events.push(Event::Send(node));
            }
            if world.left.restarts[node] > 0 && !world.connections.is_empty() {
                events.push(Event::Restart(node));
            }
            if let Brain::Ours(arbiter) = &world.nodes[node].brain
                && arbiter.next_timeout().is_some()
            {
                // It is over where the answer cannot come any more, or by bad luck.
                let dead = world.connections.iter().any(|connection| {
                    connection.ends[node].alive() && connection.ends[1 - node].phase == Phase::Dead
                });
                if dead || world.left.timers > 0 {
                    events.push(Event::PatienceOver(node));
                }
            }
        }
        for (index, connection) in world.connections.iter().enumerate() {
            for to in 0..2 {
                let end = &connection.ends[to];
                if !connection.wires[to].is_empty() && end.alive() {
                    events.push(Event::Deliver {
                        connection: index,
                        to,
                    });
                }
                if end.alive()
                    && connection.wires[to].is_empty()
                    && connection.ends[1 - to].phase == Phase::Dead
                {
                    events.push(Event::NoticeDeath {
                        connection: index,
                        by: to,
                    });
                }
            }
            if world.left.breaks > 0 && connection.ends.iter().any(End::alive) {
                events.push(Event::Break(index));
            }
        }
    }

    fn next_state(&self, world: &World, event: Event) -> Option<World> {
        let mut next = world.clone();
        Run {
            pair: self,
            world: &mut next,
        }
        .happen(event);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let meeting: fn(&Self, &World) -> bool = |_, world| world.met;
        let mut properties = vec![
            Property::always("a node has one link at most", |_: &Self, world: &World| {
                (0..2).all(|node| {
                    let links = world.connections.iter().filter(|c| c.ends[node].is_link());
                    links.count() <= 1
                })
            }),
            Property::always(
                "messages arrive in order without gaps",
                |_: &Self, world: &World| {
                    world
                        .directions()
                        .all(|(from, to)| from.sent.starts_with(&to.handled))
                },
            ),
            Property::always(
                "no message is lost silently",
                |pair: &Self, world: &World| {
                    !pair.settled(world)
                        || world.directions().all(|(from, to)| {
                            from.sent == to.handled || from.told_lost || from.phase == Phase::Dead
                        })
                },
            ),
            Property::always("both agree on the link", |pair: &Self, world: &World| {
                !pair.settled(world)
                    || world
                        .connections
                        .iter()
                        .all(|c| c.ends[0].is_link() == c.ends[1].is_link())
            }),
            Property::always(
                "without faults one link survives and nothing is lost",
                |pair: &Self, world: &World| {
                    pair.budget.has_faults()
                        || !pair.settled(world)
                        || (world
                            .connections
                            .iter()
                            .filter(|c| c.ends[0].is_link())
                            .count()
                            == 1
                            && world
                                .connections
                                .iter()
                                .all(|c| c.ends.iter().all(|e| !e.told_lost)))
                },
            ),
            Property::always(
                "who restarts and dials is let in",
                |pair: &Self, world: &World| {
                    let last = world.connections.last();
                    pair.budget.breaks > 0
                        || pair.budget.dials[0] > 0
                        || !pair.settled(world)
                        || last.is_none_or(|c| {
                            c.ends[1].process != world.nodes[1].process
                                || c.ends[0].is_link()
                                || world.left.timers < pair.budget.timers
                        })
                },
            ),
        ];
        if self.meeting {
            let name = "a newcomer meets a link and a dial of its process";
            properties.push(Property::sometimes(name, meeting));
        }
        properties
    }
}

impl World {
    fn link(&self, node: usize) -> Option<usize> {
        self.connections
            .iter()
            .position(|connection| connection.ends[node].is_link())
    }

    /// Each connection in both directions: the sending end and the receiving one.
    fn directions(&self) -> impl Iterator<Item = (&End, &End)> {
        self.connections
            .iter()
            .flat_map(|Connection { ends: [a, z], .. }| [(a, z), (z, a)])
    }
}

impl End {
    fn new(process: u8) -> Self {
        Self {
            process,
            phase: Phase::Open,
            sent: vec![],
            handled: vec![],
            told_lost: false,
        }
    }

    fn alive(&self) -> bool {
        !matches!(self.phase, Phase::Closed | Phase::Dead)
    }

    fn is_link(&self) -> bool {
        self.phase == Phase::Link
    }
}

/// A world in which something happens.
struct Run<'a> {
    pair: &'a Pair,
    world: &'a mut World,
}

impl Run<'_> {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Dial(node) => {
                self.world.left.dials[node] -= 1;
                let processes = [0, 1].map(|node| self.world.nodes[node].process);
                self.world.connections.push(Connection {
                    dialler: node,
                    ends: processes.map(End::new),
                    wires: [1, 0].map(|peer| VecDeque::from([Packet::Greeting(processes[peer])])),
                });
                if self.pair.lacks(Rule::AcceptorLast) && self.pair.kinds[1 - node] == Kind::Ours {
                    let last = self.world.connections.len() - 1;
                    self.put(last, 1 - node, Packet::Proof);
                }
            }
            Event::Deliver { connection, to } => {
                let packet = self.world.connections[connection].wires[to].pop_front();
                if let Some(packet) = packet {
                    self.receive(to, connection, packet);
                }
            }
            Event::Send(node) => {
                self.world.left.sends[node] -= 1;
                let number = self.world.left.sends[node];
                if let Some(link) = self.world.link(node) {
                    self.world.connections[link].ends[node].sent.push(number);
                    self.put(link, node, Packet::Message(number));
                }
            }
            Event::Break(connection) => {
                self.world.left.breaks -= 1;
                for node in 0..2 {
                    self.world.connections[connection].wires[node].clear();
                    self.world.connections[connection].wires[node].push_back(Packet::End);
                }
            }
            Event::Restart(node) => {
                self.world.left.restarts[node] -= 1;
                self.world.nodes[node].process += 1;
                self.world.nodes[node].brain = self.pair.brain(node);
                for connection in &mut self.world.connections {
                    connection.ends[node].phase = Phase::Dead;
                }
            }
            Event::PatienceOver(node) => {
                self.world.left.timers = self.world.left.timers.saturating_sub(1);
                self.decide(node, |arbiter| arbiter.handle_timeout(Duration::MAX));
            }
            Event::NoticeDeath { connection, by } => self.ended(by, connection),
        }
    }

    fn receive(&mut self, node: usize, connection: usize, packet: Packet) {
        let dialled = self.world.connections[connection].dialler == node;
        let end = &mut self.world.connections[connection].ends[node];
        match packet {
            Packet::Greeting(process) => {
                end.phase = Phase::Greeted;
                self.greeted(node, connection, dialled, process);
            }
            Packet::Proof if end.phase == Phase::Greeted => {
                self.proved(node, connection, dialled);
            }
            Packet::Message(number) if end.is_link() => end.handled.push(number),
            Packet::Heartbeat => self.put(connection, node, Packet::Answer),
            Packet::Answer => self.decide(node, |arbiter| {
                arbiter.handle_answer(&id(1 - node), name(connection));
            }),
            Packet::End => self.ended(node, connection),
            Packet::Proof | Packet::Message(_) => {}
        }
    }

    fn greeted(&mut self, node: usize, connection: usize, dialled: bool, process: u8) {
        let greeting = self.pair.greeting(1 - node, process);
        let go_on = match &mut self.world.nodes[node].brain {
            Brain::Original { transport } => transport.is_none(),
            Brain::Ours(arbiter) => {
                !dialled
                    || arbiter.handle_greeted(name(connection), &greeting) == Verdict::Continue
                    || self.pair.lacks(Rule::NoProofBesideALink)
            }
        };
        if !go_on {
            self.close(node, connection);
        } else if dialled || self.pair.kinds[node] == Kind::Original {
            self.put(connection, node, Packet::Proof);
        }
    }

    fn proved(&mut self, node: usize, connection: usize, dialled: bool) {
        let peer = &self.world.connections[connection].ends[1 - node];
        let greeting = self.pair.greeting(1 - node, peer.process);
        match &mut self.world.nodes[node].brain {
            Brain::Original { transport } => match transport.replace(connection) {
                None => self.link_up(node, connection),
                Some(other) => {
                    *transport = None;
                    self.lose(node, other);
                    self.close(node, connection);
                }
            },
            Brain::Ours(_) if dialled => {
                self.link_up(node, connection);
                self.decide(node, |arbiter| {
                    arbiter.handle_established(name(connection), &greeting);
                });
                self.drop_unless_link(node, connection);
            }
            Brain::Ours(arbiter) => {
                let held_for_original =
                    greeting.instance().is_none() && arbiter.link(&id(1 - node)).is_none();
                self.world.connections[connection].ends[node].phase = Phase::Verified;
                self.world.met |= self.meets(node, connection);
                self.decide(node, |arbiter| {
                    arbiter.handle_verified(name(connection), &greeting, Duration::ZERO);
                });
                let end = &self.world.connections[connection].ends[node];
                if self.pair.lacks(Rule::HoldBackFromAnOriginal)
                    && held_for_original
                    && end.phase == Phase::Verified
                {
                    self.proceed(node, connection);
                }
                if self.pair.lacks(Rule::AskTheLink)
                    && self.world.connections[connection].ends[node].phase == Phase::Verified
                {
                    self.close(node, connection);
                }
            }
        }
    }

    /// Whether a newcomer of `node` meets a link, and a greeted dial of its own process.
    fn meets(&self, node: usize, newcomer: usize) -> bool {
        let connections = &self.world.connections;
        let process = connections[newcomer].ends[1 - node].process;
        self.world.link(node).is_some()
            && connections.iter().any(|other| {
                other.dialler == node
                    && other.ends[node].phase == Phase::Greeted
                    && other.ends[1 - node].process == process
            })
    }

    /// A node that dialled has a link only if its arbiter says so; where a proof was sent beside a
    /// link the arbiter knows nothing of it.
    fn drop_unless_link(&mut self, node: usize, connection: usize) {
        if let Brain::Ours(arbiter) = &self.world.nodes[node].brain
            && arbiter.link(&id(1 - node)) != Some(name(connection))
        {
            self.close(node, connection);
        }
    }

    /// Lets an arbiter decide and does what it says.
    fn decide(&mut self, node: usize, input: impl FnOnce(&mut Arbiter)) {
        let Brain::Ours(arbiter) = &mut self.world.nodes[node].brain else {
            return;
        };
        input(arbiter);
        while let Brain::Ours(arbiter) = &mut self.world.nodes[node].brain
            && let Some(action) = arbiter.poll()
        {
            match action {
                Action::Proceed(ConnectionId(id)) => self.proceed(node, id as usize),
                Action::Refuse(ConnectionId(id), _) => {
                    let verified =
                        self.world.connections[id as usize].ends[node].phase == Phase::Verified;
                    if verified && self.pair.lacks(Rule::LowerNodeKeepsItsOwn) {
                        self.proceed(node, id as usize);
                    } else {
                        self.close(node, id as usize);
                    }
                }
                Action::Probe(ConnectionId(id)) => self.put(id as usize, node, Packet::Heartbeat),
                Action::Lose(ConnectionId(id), _) => {
                    if !self.pair.lacks(Rule::RestartReplaces) {
                        self.lose(node, id as usize);
                    }
                }
                other => panic!("the model does not know {other:?}"),
            }
        }
    }

    fn proceed(&mut self, node: usize, connection: usize) {
        if self.world.connections[connection].ends[node].alive() {
            if !self.pair.lacks(Rule::AcceptorLast) {
                self.put(connection, node, Packet::Proof);
            }
            self.link_up(node, connection);
        }
    }

    fn link_up(&mut self, node: usize, connection: usize) {
        self.world.connections[connection].ends[node].phase = Phase::Link;
    }

    /// The link is lost and its monitors fire.
    fn lose(&mut self, node: usize, connection: usize) {
        let told = !self.pair.lacks(Rule::LossIsTold);
        self.world.connections[connection].ends[node].told_lost = told;
        self.close(node, connection);
    }

    fn close(&mut self, node: usize, connection: usize) {
        let ends = &mut self.world.connections[connection];
        if ends.ends[node].alive() {
            ends.ends[node].phase = Phase::Closed;
            ends.wires[node].clear();
            self.put(connection, node, Packet::End);
            self.decide(node, |arbiter| {
                arbiter.handle_ended(&id(1 - node), name(connection));
            });
        }
    }

    /// Nothing more comes on a connection.
    fn ended(&mut self, node: usize, connection: usize) {
        if let Brain::Original { transport } = &mut self.world.nodes[node].brain {
            transport.take_if(|link| *link == connection);
        }
        if self.world.connections[connection].ends[node].is_link() {
            self.lose(node, connection);
        } else {
            self.close(node, connection);
        }
    }

    /// Puts a packet of `node` on its way, unless nobody is there to read it.
    fn put(&mut self, connection: usize, node: usize, packet: Packet) {
        let connection = &mut self.world.connections[connection];
        if connection.ends[1 - node].alive() {
            connection.wires[1 - node].push_back(packet);
        }
    }
}
