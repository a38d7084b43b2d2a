//! Derives random strings from a grammar, on request through a given rule.

use super::grammar::{Grammar, Node};

/// SplitMix64: the same numbers for the same seed, everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % end as u64) as usize
    }
}

/// No derivation, or no way.
const NEVER: usize = usize::MAX;
/// Nesting of rules from which on the shortest way out is taken.
const DEEP: usize = 14;

/// A string and which rule derived which part of it, outer rules first.
#[derive(Default)]
pub(crate) struct Derived {
    pub(crate) octets: Vec<u8>,
    pub(crate) parts: Vec<(usize, usize, usize)>,
}

impl Derived {
    /// The parts of a rule.
    pub(crate) fn of(&self, rule: usize) -> impl Iterator<Item = &[u8]> {
        let mine = self.parts.iter().filter(move |part| part.0 == rule);
        mine.map(|&(_, from, to)| &self.octets[from..to])
    }

    /// For each part of a rule, the first part of another rule inside it, if there is one.
    pub(crate) fn inside(&self, outer: usize, inner: usize) -> impl Iterator<Item = Option<&[u8]>> {
        let mine = self.parts.iter().filter(move |part| part.0 == outer);
        mine.map(move |&(_, from, to)| {
            let within =
                |part: &&(usize, usize, usize)| part.0 == inner && from <= part.1 && part.2 <= to;
            let found = self.parts.iter().find(within);
            found.map(|&(_, from, to)| &self.octets[from..to])
        })
    }
}

/// Derives from one grammar, by way of one rule where one is given.
pub(crate) struct Generator<'a> {
    grammar: &'a Grammar,
    /// The least nesting that a rule needs.
    low: Vec<usize>,
    /// The least number of rules on the way to the wanted one.
    way: Vec<usize>,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(grammar: &'a Grammar, through: Option<usize>) -> Self {
        let count = grammar.rules.len();
        let mut low = vec![NEVER; count];
        settle(&mut low, |values, rule| {
            least(&grammar.rules[rule], values, true)
        });
        let mut way = vec![NEVER; count];
        if let Some(wanted) = through {
            settle(&mut way, |values, rule| {
                if rule == wanted {
                    0
                } else {
                    least(&grammar.rules[rule], values, false)
                }
            });
        }
        Self { grammar, low, way }
    }

    /// Whether the rule derives anything by way of the wanted one.
    pub(crate) fn reaches(&self, rule: usize) -> bool {
        self.low[rule] != NEVER && self.way[rule] != NEVER
    }

    /// A string of the rule. The ends of ranges come often.
    pub(crate) fn derive(&self, rule: usize, random: &mut Random) -> Derived {
        let mut derived = Derived::default();
        let wanted = self.way[rule] != NEVER;
        self.rule(rule, wanted, 0, random, &mut derived);
        derived
    }

    fn rule(
        &self,
        rule: usize,
        wanted: bool,
        depth: usize,
        random: &mut Random,
        out: &mut Derived,
    ) {
        let (part, from) = (out.parts.len(), out.octets.len());
        out.parts.push((rule, from, from));
        let further = wanted && self.way[rule] != 0;
        self.node(&self.grammar.rules[rule], further, depth, random, out);
        out.parts[part].2 = out.octets.len();
    }

    fn node(
        &self,
        node: &Node,
        wanted: bool,
        depth: usize,
        random: &mut Random,
        out: &mut Derived,
    ) {
        match node {
            Node::Range(low, high) => {
                let octet = match random.below(5) {
                    0 => *low,
                    1 => *high,
                    _ => low + random.below(usize::from(high - low) + 1) as u8,
                };
                out.octets.push(octet);
            }
            Node::Letter(letter) => out.octets.push(letter ^ (random.below(2) as u8 * 0x20)),
            Node::Rule(rule) => self.rule(*rule, wanted, depth + 1, random, out),
            Node::Alt(all) => {
                let measure = |node: &Node| {
                    let values = if wanted { &self.way } else { &self.low };
                    least(node, values, !wanted)
                };
                let mut open: Vec<&Node> = all.iter().filter(|n| measure(n) != NEVER).collect();
                if depth > DEEP || (wanted && random.below(2) == 0) {
                    let best = open.iter().map(|n| measure(n)).min();
                    open.retain(|n| Some(measure(n)) == best);
                }
                if !open.is_empty() {
                    let chosen = open[random.below(open.len())];
                    self.node(chosen, wanted, depth, random, out);
                }
            }
            Node::Seq(all) => {
                let open: Vec<usize> = (0..all.len())
                    .filter(|&i| wanted && self.leads(&all[i]))
                    .collect();
                let carrier = (!open.is_empty()).then(|| open[random.below(open.len())]);
                for (i, node) in all.iter().enumerate() {
                    self.node(node, carrier == Some(i), depth, random, out);
                }
            }
            Node::Rep(low, high, node) => {
                let more = match (depth > DEEP || least(node, &self.low, true) == NEVER, high) {
                    (true, _) => 0,
                    (false, Some(high)) => random.below((high - low).min(8) + 1),
                    (false, None) => [0, 0, 1, 1, 2, 3][random.below(6)],
                };
                let count = (low + more).max(usize::from(wanted && self.leads(node)));
                let carrier = wanted.then(|| random.below(count.max(1)));
                for i in 0..count {
                    self.node(node, carrier == Some(i), depth, random, out);
                }
            }
        }
    }

    fn leads(&self, node: &Node) -> bool {
        least(node, &self.way, false) != NEVER
    }
}

/// Repeats until nothing changes.
fn settle(values: &mut [usize], value: impl Fn(&[usize], usize) -> usize) {
    loop {
        let mut changed = false;
        for rule in 0..values.len() {
            let new = value(values, rule);
            changed |= new < values[rule];
            values[rule] = new.min(values[rule]);
        }
        if !changed {
            return;
        }
    }
}

/// The least of a node: of all that it needs, or of any that it has.
fn least(node: &Node, rules: &[usize], needs: bool) -> usize {
    match node {
        Node::Range(..) | Node::Letter(_) => {
            if needs {
                0
            } else {
                NEVER
            }
        }
        Node::Rule(rule) => rules[*rule].saturating_add(1),
        Node::Alt(all) => all
            .iter()
            .map(|n| least(n, rules, needs))
            .min()
            .unwrap_or(NEVER),
        Node::Seq(all) if needs => all
            .iter()
            .map(|n| least(n, rules, needs))
            .max()
            .unwrap_or(0),
        Node::Seq(all) => all
            .iter()
            .map(|n| least(n, rules, needs))
            .min()
            .unwrap_or(NEVER),
        Node::Rep(0, _, _) if needs => 0,
        Node::Rep(_, _, node) => least(node, rules, needs),
    }
}
