//! The grammar `spec/aemp.abnf` and this crate say the same: strings of the one are accepted by the
//! other with the same fields, others are refused, and a grammar broken anywhere is found out.

mod abnf {
    pub(crate) mod generate;
    pub(crate) mod grammar;
    pub(crate) mod mutate;
    pub(crate) mod oracle;
    pub(crate) mod recognise;
}

use abnf::{
    generate::{Generator, Random},
    grammar::{Grammar, Node},
    mutate,
    oracle::{self, Oracle, STARTS},
    recognise::derives,
};
use aemp_proto::{
    Framing, NodeId, PortId,
    auth::{AuthLine, Method},
    fuzz::repeat,
};
use std::collections::BTreeMap;

fn grammar() -> Grammar {
    Grammar::parse(include_str!("../../spec/aemp.abnf"))
}

fn shown(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

#[test]
fn strings_of_the_grammar_are_accepted_and_reach_every_rule() {
    let (grammar, oracle) = (grammar(), Oracle::new());
    let mut reached = vec![0usize; grammar.rules.len()];
    for start in STARTS {
        let number = grammar.number(start);
        for through in 0..grammar.rules.len() {
            let generator = Generator::new(&grammar, Some(through));
            if !generator.reaches(number) {
                continue;
            }
            let mut random = Random(through as u64);
            for _ in 0..8 * repeat() {
                let derived = generator.derive(number, &mut random);
                let octets = &derived.octets;
                assert!(
                    derived.of(through).next().is_some(),
                    "{start} misses a rule"
                );
                assert!(
                    derives(&grammar, number, octets),
                    "{start} {}",
                    shown(octets)
                );
                assert!(
                    oracle.accepts(start, octets) || oracle.excused(start, octets),
                    "the crate refuses {start} {}",
                    shown(octets)
                );
                derived.parts.iter().for_each(|part| reached[part.0] += 1);
            }
        }
    }
    let missed = |&i: &usize| reached[i] == 0;
    let missed: Vec<_> = (0..reached.len())
        .filter(missed)
        .map(|i| &grammar.names[i])
        .collect();
    assert!(
        missed.is_empty(),
        "rules that no string reaches: {missed:?}"
    );
}

#[test]
fn a_greeting_is_read_with_the_fields_that_the_grammar_gives_it() {
    let grammar = grammar();
    let line = grammar.number("greeting-line-1");
    let part = |name| grammar.number(name);
    let generator = Generator::new(&grammar, Some(part("key-field")));
    let mut random = Random(1);
    for _ in 0..300 * repeat() {
        let derived = generator.derive(line, &mut random);
        if derived.octets.starts_with(b"aemp-") {
            continue;
        }
        let end = derived
            .of(part("line-end"))
            .next()
            .expect("a line has an end")
            .len();
        let content = &derived.octets[..derived.octets.len() - end];
        let read = oracle::fields(content);
        let node = derived.of(part("node-id")).next().expect("a node ID");
        assert_eq!(read.node, NodeId::from_octets(node).expect("a node ID"));
        let [methods, framings] = [0, 1].map(|i| derived.of(part("name-list")).nth(i).unwrap());
        let names = |list: &[u8]| -> Vec<Vec<u8>> {
            list.split(|&octet| octet == b',')
                .map(<[u8]>::to_vec)
                .collect()
        };
        let known: Vec<_> = names(methods)
            .iter()
            .filter_map(|name| Method::from_name(name))
            .collect();
        assert_eq!(read.methods, known);
        let known: Vec<_> = names(framings)
            .iter()
            .filter_map(|name| Framing::from_name(core::str::from_utf8(name).ok()?))
            .collect();
        assert_eq!(read.framings, known);
        let field = part("key-field");
        let keys = derived.inside(field, part("key"));
        let mut given = BTreeMap::new();
        for (key, value) in keys.zip(derived.inside(field, part("value"))) {
            // Nothing without key or "=" [greeting.keys.bare]; the last counts [greeting.keys.repeated].
            if let (Some(key), Some(value)) = (key, value) {
                given.insert(oracle::text(key), oracle::text(value));
            }
        }
        let found: BTreeMap<_, _> = read
            .keys
            .iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(found, given, "{}", shown(content));
    }
}

#[test]
fn an_authentication_line_is_read_with_the_fields_that_the_grammar_gives_it() {
    let grammar = grammar();
    let (line, field) = (grammar.number("auth-line"), grammar.number("auth-field"));
    let known = grammar.number("auth-line-known");
    let mut random = Random(4);
    for start in [line, known] {
        let generator = Generator::new(&grammar, None);
        for _ in 0..200 * repeat() {
            let derived = generator.derive(start, &mut random);
            let end = derived.of(grammar.number("line-end")).next();
            let content = &derived.octets[..derived.octets.len() - end.expect("an end").len()];
            let read = AuthLine::parse(content).expect("it is of the grammar");
            if start == known {
                let proof = derived.of(grammar.number("auth-proof")).next();
                let mut parts = proof.expect("a proof").splitn(2, |&octet| octet == b';');
                let method = Method::from_name(parts.next().expect("a method"));
                assert_eq!(read.method().ok(), method);
                assert_eq!(read.proof(), parts.next().expect("data"));
                let framing = derived.of(grammar.number("framing-name")).next();
                let framing = core::str::from_utf8(framing.expect("a framing")).expect("ASCII");
                assert_eq!(read.framing().ok(), Framing::from_name(framing));
            } else {
                let mut fields = derived.of(field);
                let mut next = || fields.next().expect("three fields");
                let (method, data, framing) = (next(), next(), next());
                assert_eq!(read.method().ok(), Method::from_name(method));
                assert_eq!(read.proof(), data, "{}", shown(content));
                let framing = core::str::from_utf8(framing).ok();
                assert_eq!(read.framing().ok(), framing.and_then(Framing::from_name));
            }
        }
    }
}

#[test]
fn a_port_id_is_read_with_the_parts_that_the_grammar_gives_it() {
    let grammar = grammar();
    let (start, node) = (grammar.number("port-id"), grammar.number("node-id-utf-8"));
    let port = grammar.number("port-name");
    let mut random = Random(5);
    let generator = Generator::new(&grammar, Some(port));
    for _ in 0..300 * repeat() {
        let derived = generator.derive(start, &mut random);
        let text = core::str::from_utf8(&derived.octets).expect("it is UTF-8");
        let read = PortId::parse(text).expect("it is of the grammar");
        let part = |rule| derived.of(rule).next().unwrap_or_default();
        assert_eq!(read.node().as_str().as_bytes(), part(node), "{text}");
        assert_eq!(read.port().as_str().as_bytes(), part(port), "{text}");
    }
}

#[test]
fn grammar_and_crate_agree_on_broken_strings() {
    let (grammar, oracle) = (grammar(), Oracle::new());
    let generator = Generator::new(&grammar, None);
    for start in STARTS {
        let number = grammar.number(start);
        let mut random = Random(2);
        let mut verdicts = [0; 2];
        for _ in 0..250 * repeat() {
            let octets = mutate::string(&generator.derive(number, &mut random).octets, &mut random);
            let (by_grammar, by_crate) = (
                derives(&grammar, number, &octets),
                oracle.accepts(start, &octets),
            );
            verdicts[usize::from(by_grammar)] += 1;
            assert!(
                by_grammar == by_crate || oracle.excused(start, &octets),
                "{start} {}: the grammar says {by_grammar}, the crate {by_crate}",
                shown(&octets)
            );
        }
        assert!(
            verdicts[0] > 10,
            "{start}: hardly anything was refused: {verdicts:?}"
        );
    }
}

/// Changes that leave what every start derives as it is: a part that may be there twice where its
/// repetition was already part of it, one that is optional twice over, or a digit that would be a
/// character otherwise.
const SAME: [(&str, &str); 17] = [
    ("json-low", "element 4: allowed once more"),
    ("version", "alternative 1: element 2: allowed once more"),
    ("version", "alternative 2: element 4: allowed once more"),
    ("key-field", "element 1: allowed once more"),
    ("key-field", "element 2: allowed once more"),
    ("key-field", "element 2: repeated: element 1 dropped"),
    ("key", "needed once less"),
    ("tls-wanted", "element 2: allowed once more"),
    ("port-id", "element 2: allowed once more"),
    ("unix-address", "element 2: allowed once more"),
    ("json-texts", "alternative 1: element 3: allowed once more"),
    ("json-texts", "alternative 2: element 2: allowed once more"),
    (
        "json-after-number",
        "alternative 1: element 2: allowed once more",
    ),
    (
        "json-after-number",
        "alternative 2: element 3: allowed once more",
    ),
    (
        "json-after-number",
        "alternative 3: element 3: allowed once more",
    ),
    (
        "json-unit",
        "element 2: alternative 1: element 2: allowed once more",
    ),
    (
        "json-unit",
        "element 2: alternative 2: element 3: allowed once more",
    ),
];

#[test]
fn every_broken_rule_is_found() {
    let (grammar, oracle) = (grammar(), Oracle::new());
    let mut same: Vec<_> = SAME.to_vec();
    let mut missed = Vec::new();
    let mut count = 0;
    for rule in grammar.core..grammar.rules.len() {
        let name = grammar.names[rule].as_str();
        for (change, node) in mutate::rule(&grammar.rules[rule]) {
            if let Some(at) = same
                .iter()
                .position(|pair| *pair == (name, change.as_str()))
            {
                same.remove(at);
                continue;
            }
            count += 1;
            let mut broken = grammar.clone();
            broken.rules[rule] = node;
            if !found(&grammar, &broken, rule, &oracle) {
                missed.push((name, change));
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {count} not found: {missed:#?}",
        missed.len()
    );
    assert!(same.is_empty(), "changes that nothing makes: {same:?}");
    assert!(count > 500, "only {count} changes");
}

/// Whether some string shows that the broken grammar and the crate say different things.
fn found(grammar: &Grammar, broken: &Grammar, rule: usize, oracle: &Oracle) -> bool {
    let (whole, parts) = (
        Generator::new(grammar, Some(rule)),
        Generator::new(broken, Some(rule)),
    );
    let mut random = Random(3);
    let differs = |start: &str, number: usize, octets: &[u8]| {
        oracle.accepts(start, octets) != derives(broken, number, octets)
            && !oracle.excused(start, octets)
    };
    let starts = STARTS.map(|start| (start, grammar.number(start)));
    let open: Vec<_> = starts
        .iter()
        .filter(|(_, number)| whole.reaches(*number))
        .collect();
    assert!(
        !open.is_empty(),
        "no start leads to {}",
        grammar.names[rule]
    );
    (0..1000).any(|_| {
        open.iter().any(|&&(start, number)| {
            differs(start, number, &whole.derive(number, &mut random).octets)
                || (parts.reaches(number)
                    && differs(start, number, &parts.derive(number, &mut random).octets))
        })
    })
}

#[test]
fn the_notation_is_read() {
    let grammar =
        Grammar::parse("a = 2*3b / %s\"x;\" [ \"y\" ] ; comment\n  ( %x00-7F )\nb = DIGIT\n");
    let b = Node::Rule(grammar.number("b"));
    let Node::Alt(all) = &grammar.rules[grammar.number("a")] else {
        panic!("two alternatives");
    };
    assert_eq!(all[0], Node::Rep(2, Some(3), Box::new(b)));
    for (text, right) in [
        ("12", true),
        ("1", false),
        ("x;Y~", true),
        ("X;~", false),
        ("1234", false),
    ] {
        assert_eq!(
            derives(&grammar, grammar.number("a"), text.as_bytes()),
            right,
            "{text}"
        );
    }
}
