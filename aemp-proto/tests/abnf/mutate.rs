//! Breaks strings, and breaks rules.

use super::{generate::Random, grammar::Node};

/// A string with one to three changes.
pub(crate) fn string(octets: &[u8], random: &mut Random) -> Vec<u8> {
    const TELLING: &[u8] = b";,=#\r\n\"\\[]{}:/ 01.+-\x00\x7f\x80\xa0\xc2\xed\xff\x1fxeE";
    let mut octets = octets.to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(octets.len() + 1);
        let octet = match random.below(3) {
            0 => random.below(256) as u8,
            _ => TELLING[random.below(TELLING.len())],
        };
        match random.below(4) {
            0 => octets.insert(at, octet),
            1 if at < octets.len() => octets[at] = octet,
            2 if at < octets.len() => drop(octets.remove(at)),
            _ => octets.truncate(at),
        }
    }
    octets
}

/// Every way in which this module breaks a rule, with a name.
pub(crate) fn rule(node: &Node) -> Vec<(String, Node)> {
    let mut all = within(node);
    // Octets that end something are the likeliest to be wrong.
    let telling = b"\n;,#1 \"".iter().map(|&octet| Node::Range(octet, octet));
    let wider = [node.clone(), Node::Range(0, 255)]
        .into_iter()
        .chain(telling);
    all.push(("wider by any octet".into(), Node::Alt(wider.collect())));
    all.push(("nothing".into(), Node::Alt(Vec::new())));
    all
}

fn within(node: &Node) -> Vec<(String, Node)> {
    let mut out = Vec::new();
    let mut list = |all: &[Node], what: &str, build: fn(Vec<Node>) -> Node| {
        for i in 0..all.len() {
            let mut fewer = all.to_vec();
            fewer.remove(i);
            out.push((format!("{what} {} dropped", i + 1), build(fewer)));
            for (name, changed) in within(&all[i]) {
                let mut other = all.to_vec();
                other[i] = changed;
                out.push((format!("{what} {}: {name}", i + 1), build(other)));
            }
        }
    };
    match node {
        Node::Alt(all) => list(all, "alternative", Node::Alt),
        Node::Seq(all) => list(all, "element", Node::Seq),
        Node::Rep(low, high, inner) => {
            let mut other = |name: &str, low, high| {
                out.push((name.to_owned(), Node::Rep(low, high, inner.clone())));
            };
            other(
                "needed once more",
                low + 1,
                high.map(|high| high.max(low + 1)),
            );
            if *low > 0 {
                other("needed once less", low - 1, *high);
            }
            match high {
                Some(high) => other("allowed once more", *low, Some(high + 1)),
                None => other("allowed once", *low, Some((*low).max(1))),
            }
            for (name, changed) in within(inner) {
                out.push((
                    format!("repeated: {name}"),
                    Node::Rep(*low, *high, Box::new(changed)),
                ));
            }
        }
        &Node::Range(low, high) if low < high => {
            out.push(("first octet dropped".into(), Node::Range(low + 1, high)));
            out.push(("last octet dropped".into(), Node::Range(low, high - 1)));
        }
        &Node::Range(octet, _) => {
            out.push(("another octet".into(), Node::Range(octet ^ 1, octet ^ 1)));
        }
        &Node::Letter(letter) => {
            out.push(("one case only".into(), Node::Range(letter, letter)));
        }
        Node::Rule(_) => {}
    }
    out
}
