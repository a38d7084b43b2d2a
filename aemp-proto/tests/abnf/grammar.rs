//! Reads a grammar in the notation of RFC 5234 with the strings of RFC 7405.

use std::collections::HashMap;

/// What a rule consists of. Everything is over octets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Alt(Vec<Node>),
    Seq(Vec<Node>),
    /// At least and at most so often.
    Rep(usize, Option<usize>, Box<Node>),
    Range(u8, u8),
    /// A letter in either case.
    Letter(u8),
    Rule(usize),
}

/// Rules by number; the core rules of RFC 5234 that the grammar uses come first.
#[derive(Clone, Debug)]
pub(crate) struct Grammar {
    pub(crate) names: Vec<String>,
    pub(crate) rules: Vec<Node>,
    /// How many of them are core rules.
    pub(crate) core: usize,
}

const CORE: &str =
    "ALPHA = %x41-5A / %x61-7A\nDIGIT = %x30-39\nCR = %x0D\nLF = %x0A\nDQUOTE = %x22\n";

impl Grammar {
    pub(crate) fn parse(text: &str) -> Self {
        let mut sources: Vec<(String, String)> = Vec::new();
        let mut core = 0;
        for (i, part) in [CORE, text].into_iter().enumerate() {
            for line in part.lines() {
                let line = without_comment(line);
                if line.trim().is_empty() {
                    continue;
                }
                if line.starts_with(' ') {
                    let (_, source) = sources.last_mut().expect("a rule begins at the margin");
                    source.push_str(line);
                } else {
                    let (name, source) = line.split_once('=').expect("a rule has an =");
                    sources.push((name.trim().to_owned(), source.to_owned()));
                }
            }
            if i == 0 {
                core = sources.len();
            }
        }
        let names: Vec<String> = sources.iter().map(|(name, _)| name.clone()).collect();
        let numbers: HashMap<String, usize> = names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.to_ascii_lowercase(), i))
            .collect();
        assert_eq!(numbers.len(), names.len(), "two rules have one name");
        let rules = sources
            .iter()
            .map(|(name, source)| {
                let mut parser = Parser {
                    rest: source,
                    numbers: &numbers,
                };
                let node = parser.alternation();
                assert!(
                    parser.rest.trim().is_empty(),
                    "{name}: {:?} is left",
                    parser.rest
                );
                node
            })
            .collect();
        Self { names, rules, core }
    }

    pub(crate) fn number(&self, name: &str) -> usize {
        let found = self.names.iter().position(|n| n == name);
        found.unwrap_or_else(|| panic!("there is no rule {name}"))
    }
}

/// The line without its comment; a `;` in quotes begins none.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

struct Parser<'a> {
    rest: &'a str,
    numbers: &'a HashMap<String, usize>,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.rest = &self.rest[c.len_utf8()..];
        }
        found
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn alternation(&mut self) -> Node {
        let mut all = vec![self.concatenation()];
        while self.eat('/') {
            all.push(self.concatenation());
        }
        if all.len() == 1 {
            all.remove(0)
        } else {
            Node::Alt(all)
        }
    }

    fn concatenation(&mut self) -> Node {
        let mut all = Vec::new();
        while !matches!(self.peek(), None | Some('/' | ')' | ']')) {
            all.push(self.repetition());
        }
        assert!(!all.is_empty(), "an empty alternative at {:?}", self.rest);
        if all.len() == 1 {
            all.remove(0)
        } else {
            Node::Seq(all)
        }
    }

    fn repetition(&mut self) -> Node {
        self.peek();
        let low = self.take(|c| c.is_ascii_digit());
        if self.rest.starts_with('*') {
            self.rest = &self.rest[1..];
            let high = self.take(|c| c.is_ascii_digit());
            let node = self.element();
            return Node::Rep(low.parse().unwrap_or(0), high.parse().ok(), Box::new(node));
        }
        let node = self.element();
        match low.parse() {
            Ok(count) => Node::Rep(count, Some(count), Box::new(node)),
            Err(_) => node,
        }
    }

    fn element(&mut self) -> Node {
        if self.eat('(') {
            let node = self.alternation();
            assert!(self.eat(')'), "no ) at {:?}", self.rest);
            return node;
        }
        if self.eat('[') {
            let node = self.alternation();
            assert!(self.eat(']'), "no ] at {:?}", self.rest);
            return Node::Rep(0, Some(1), Box::new(node));
        }
        if let Some(rest) = self.rest.strip_prefix("%s\"") {
            self.rest = rest;
            return self.literal(true);
        }
        if let Some(rest) = self.rest.strip_prefix("%x") {
            self.rest = rest;
            let low = self.hex();
            if self.rest.starts_with('-') {
                self.rest = &self.rest[1..];
                return Node::Range(low, self.hex());
            }
            assert!(!self.rest.starts_with('.'), "no rule uses %x with dots");
            return Node::Range(low, low);
        }
        if self.eat('"') {
            return self.literal(false);
        }
        let name = self.take(|c| c.is_ascii_alphanumeric() || c == '-');
        let number = self.numbers.get(&name.to_ascii_lowercase());
        Node::Rule(*number.unwrap_or_else(|| panic!("no rule {name:?} at {:?}", self.rest)))
    }

    fn hex(&mut self) -> u8 {
        let digits = self.take(|c| c.is_ascii_hexdigit());
        u8::from_str_radix(digits, 16).expect("an octet in hex")
    }

    fn literal(&mut self, exact: bool) -> Node {
        let text = self.take(|c| c != '"');
        self.rest = &self.rest[1..];
        let octet = |octet: u8| match octet {
            letter if !exact && letter.is_ascii_alphabetic() => Node::Letter(letter),
            other => Node::Range(other, other),
        };
        let mut all: Vec<Node> = text.bytes().map(octet).collect();
        if all.len() == 1 {
            all.remove(0)
        } else {
            Node::Seq(all)
        }
    }
}
