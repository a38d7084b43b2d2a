//! Says whether a grammar derives a string: every end that a rule can have at a place is computed
//! once, so the cost is bounded by rules times octets squared.

use std::{collections::HashMap, rc::Rc};

use super::grammar::{Grammar, Node};

/// Whether the rule of that number derives exactly these octets.
pub(crate) fn derives(grammar: &Grammar, rule: usize, octets: &[u8]) -> bool {
    let mut recogniser = Recogniser {
        grammar,
        octets,
        ends: HashMap::new(),
    };
    recogniser.rule(rule, 0).contains(&octets.len())
}

struct Recogniser<'a> {
    grammar: &'a Grammar,
    octets: &'a [u8],
    ends: HashMap<(usize, usize), Rc<Vec<usize>>>,
}

impl<'a> Recogniser<'a> {
    fn rule(&mut self, rule: usize, at: usize) -> Rc<Vec<usize>> {
        if let Some(known) = self.ends.get(&(rule, at)) {
            return Rc::clone(known);
        }
        // Left recursion, which only a broken grammar has, finds nothing.
        self.ends.insert((rule, at), Rc::default());
        let grammar = self.grammar;
        let ends = Rc::new(self.node(&grammar.rules[rule], at));
        self.ends.insert((rule, at), Rc::clone(&ends));
        ends
    }

    /// Every end, in order, each once.
    fn node(&mut self, node: &'a Node, at: usize) -> Vec<usize> {
        let one = |right: bool| if right { vec![at + 1] } else { Vec::new() };
        match node {
            Node::Range(low, high) => one(self
                .octets
                .get(at)
                .is_some_and(|octet| (low..=high).contains(&octet))),
            Node::Letter(letter) => one(self
                .octets
                .get(at)
                .is_some_and(|octet| octet.eq_ignore_ascii_case(letter))),
            Node::Rule(rule) => self.rule(*rule, at).to_vec(),
            Node::Alt(all) => {
                let ends = all.iter().flat_map(|node| self.node(node, at)).collect();
                sorted(ends)
            }
            Node::Seq(all) => {
                let mut ends = vec![at];
                for node in all {
                    ends = self.after(node, &ends);
                }
                ends
            }
            Node::Rep(low, high, node) => {
                let mut frontier = vec![at];
                let mut count = 0;
                while count < *low && !frontier.is_empty() {
                    frontier = self.after(node, &frontier);
                    count += 1;
                }
                let mut ends = frontier.clone();
                while !frontier.is_empty() && high.is_none_or(|high| count < high) {
                    frontier = self.after(node, &frontier);
                    frontier.retain(|end| ends.binary_search(end).is_err());
                    ends.extend(&frontier);
                    ends = sorted(ends);
                    count += 1;
                }
                ends
            }
        }
    }

    fn after(&mut self, node: &'a Node, starts: &[usize]) -> Vec<usize> {
        let ends = starts.iter().flat_map(|&at| self.node(node, at)).collect();
        sorted(ends)
    }
}

fn sorted(mut ends: Vec<usize>) -> Vec<usize> {
    ends.sort_unstable();
    ends.dedup();
    ends
}
