//! What is wrong with a proof.
//!
//! A digest does not tell the error behind it. But the kit knows the secret and the lines, and the
//! usual errors are few: each is tried, alone and with one other, until the proof comes out.

use super::greeting::Line;
use super::{Method, from_hex, hash, to_hex};
use data_encoding::{BASE64, BASE64_NOPAD};

/// Errors that are tried together at most.
const TOGETHER: usize = 2;

/// What is wrong with a proof, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// In words.
    pub says: String,
    /// The requirements that it is about.
    pub requirements: Vec<&'static str>,
}

/// An error in words, and the requirement against which it is; none of either where it is right.
#[derive(Clone, Copy)]
struct Fault(&'static str, &'static str);

const RIGHT: Fault = Fault("", "");

impl Fault {
    fn is_none(self) -> bool {
        self.0.is_empty()
    }
}

/// What is wrong with the data of an authentication line, which `first` has sent to `second`;
/// nothing if it is right.
pub fn wrong(
    method: Method,
    secret: &[u8],
    first: &[Line; 2],
    second: &[Line; 2],
    data: &str,
) -> Option<Wrong> {
    let right = method.proof(secret, first, second);
    if right == data {
        return None;
    }
    let found = errors(method, secret, first, second, &data.to_ascii_lowercase());
    let upper = data.bytes().any(|octet| octet.is_ascii_uppercase());
    let form = Fault("its hex digits are of upper case", "auth.check.form");
    let mut faults = found.clone().unwrap_or_default();
    if is_base64_of(data, &right) {
        faults.push(Fault("it is in base64 instead of hex", "auth.check.form"));
    }
    if upper && (found.is_some() || right.eq_ignore_ascii_case(data)) {
        faults.push(form);
    }
    let expected = expected(method, secret, first, second, &right);
    if faults.is_empty() {
        return Some(unexplained(method, data, &right, &expected));
    }
    let words: Vec<&str> = faults.iter().map(|fault| fault.0).collect();
    Some(Wrong {
        says: format!(
            "the proof is wrong in this: {}. {expected}",
            words.join(", and ")
        ),
        requirements: faults.iter().map(|fault| fault.1).collect(),
    })
}

/// Whether a text is in base64 what another one is in hex.
fn is_base64_of(data: &str, hex: &str) -> bool {
    let octets = from_hex(hex).unwrap_or_default();
    !octets.is_empty() && data.trim_end_matches('=') == BASE64_NOPAD.encode(&octets)
}

/// What there is to say where no usual error explains a proof.
fn unexplained(method: Method, data: &str, right: &str, expected: &str) -> Wrong {
    let digits = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    let mut requirements = vec!["auth.lines.order", "auth.lines.octets", rule(method)];
    if method == Method::Cleartext || method == Method::TlsAnon {
        requirements = vec![rule(method)];
    }
    let says = if data.len() == right.len() && data.bytes().all(digits) {
        "the proof is wrong, and none of the usual errors explains it".to_owned()
    } else {
        requirements.insert(0, "auth.check.form");
        let due = right.len();
        format!("the proof is wrong: {data:?} is not of the form of {due} hex digits in lower case")
    };
    Wrong {
        says: format!("{says}. {expected}"),
        requirements,
    }
}

/// The requirement that says how a method computes its data.
fn rule(method: Method) -> &'static str {
    match method {
        Method::HmacSha3 => "auth.hmac-sha3",
        Method::HmacMd6 => "auth.hmac-md6",
        Method::TlsSha3 => "auth.tls-sha3",
        Method::TlsMd6 => "auth.tls-md6",
        Method::Cleartext => "auth.cleartext",
        Method::TlsAnon => "auth.tls-anon",
    }
}

/// The data that is due, and what it is made of.
fn expected(
    method: Method,
    secret: &[u8],
    first: &[Line; 2],
    second: &[Line; 2],
    right: &str,
) -> String {
    let lengths: Vec<usize> = first.iter().chain(second).map(Vec::len).collect();
    let all: usize = lengths.iter().map(|length| length + 1).sum();
    let [a, b, c, d] = lengths[..] else {
        unreachable!("two and two lines")
    };
    let lines = format!("the {all} octets of LINES ({a}, {b}, {c} and {d}, and an LF after each)");
    let key = secret.len();
    let of = match method {
        Method::HmacSha3 => {
            format!("HMAC-SHA3-512, key: the {key} octets of the secret, text: {lines}")
        }
        Method::HmacMd6 => format!(
            "HMAC-MD6-256, key: {lines}, text: the 32 octets of MD6-256 of the {key} octets of the \
             secret"
        ),
        Method::TlsSha3 => format!("SHA3-512 of {lines}"),
        Method::TlsMd6 => format!("MD6-256 of {lines}"),
        Method::Cleartext => format!("the {key} octets of the secret in hex"),
        Method::TlsAnon => return "The data must be empty".to_owned(),
    };
    format!("The data must be {right}: {of}")
}

/// The fewest usual errors that give some data, if any do.
fn errors(
    method: Method,
    secret: &[u8],
    first: &[Line; 2],
    second: &[Line; 2],
    data: &str,
) -> Option<Vec<Fault>> {
    let mut best: Option<Vec<Fault>> = None;
    for (lines, of_lines) in all_lines(first, second) {
        for (key, of_key) in keys(method, secret) {
            for (function, of_function) in functions(method) {
                let faults: Vec<Fault> = of_lines
                    .iter()
                    .copied()
                    .chain([of_key, of_function])
                    .filter(|fault| !fault.is_none())
                    .collect();
                let most = best.as_ref().map_or(TOGETHER + 1, Vec::len);
                if !faults.is_empty()
                    && faults.len() < most
                    && to_hex(&function(&key, &lines)) == data
                {
                    best = Some(faults);
                }
            }
        }
    }
    best
}

/// LINES, right and wrong.
fn all_lines(first: &[Line; 2], second: &[Line; 2]) -> Vec<(Vec<u8>, [Fault; 2])> {
    let [a, b] = first;
    let [c, d] = second;
    let order = |words| Fault(words, "auth.lines.order");
    let orders = [
        (vec![a, b, c, d], RIGHT),
        (
            vec![c, d, a, b],
            order("it covers the lines in the wrong order (receiver first)"),
        ),
        (
            vec![a, c, b, d],
            order("both first lines stand before both nonces"),
        ),
        (
            vec![b, a, d, c],
            order("each nonce stands before its first line"),
        ),
        (vec![a, b], order("it covers the sender's own lines alone")),
        (vec![c, d], order("it covers the receiver's lines alone")),
    ];
    let mut all = Vec::new();
    for (lines, of_order) in orders {
        let last = lines.len() - 1;
        let with = |end: &dyn Fn(usize, &Line) -> &'static str| -> Vec<u8> {
            let mut octets = Vec::new();
            for (at, line) in lines.iter().enumerate() {
                octets.extend_from_slice(line);
                octets.extend_from_slice(end(at, line).as_bytes());
            }
            octets
        };
        let terminators = |words| Fault(words, "auth.lines.terminators");
        let cr = |words| Fault(words, "auth.lines.no-cr");
        let received = |line: &Line| second.contains(line);
        let ends: [(Vec<u8>, Fault); 5] = [
            (with(&|_, _| "\n"), RIGHT),
            (with(&|_, _| ""), terminators("the LFs are left out")),
            (
                with(&|at, _| if at == last { "" } else { "\n" }),
                terminators("the LF after the last line is left out"),
            ),
            (with(&|_, _| "\r\n"), cr("a CR stands before each LF")),
            (
                with(&|_, line| if received(line) { "\r\n" } else { "\n" }),
                cr("the CRs of the lines received are kept"),
            ),
        ];
        all.extend(ends.map(|(octets, of_end)| (octets, [of_order, of_end])));
        if let (Ok(own), Ok(other)) = (BASE64.decode(b), BASE64.decode(d)) {
            let mut octets = Vec::new();
            for &line in &lines {
                octets.extend(match line {
                    line if line == b => &own,
                    line if line == d => &other,
                    line => line,
                });
                octets.push(b'\n');
            }
            let words = "the nonces are decoded from base64";
            all.push((octets, [of_order, Fault(words, "auth.lines.octets")]));
        }
    }
    all
}

/// What a method takes for the secret, right and wrong.
fn keys(method: Method, secret: &[u8]) -> Vec<(Vec<u8>, Fault)> {
    let fault = |words| Fault(words, rule(method));
    match method {
        Method::HmacSha3 => vec![
            (secret.to_vec(), RIGHT),
            (
                to_hex(secret).into_bytes(),
                fault("the key is the secret in hex"),
            ),
            (
                hash::sha3_512(secret),
                fault("the key is SHA3-512 of the secret"),
            ),
            (
                to_hex(&hash::sha3_512(secret)).into_bytes(),
                fault("the key is SHA3-512 of the secret in hex"),
            ),
            (
                [secret, b"\n"].concat(),
                fault("the key is the secret and an LF"),
            ),
            (Vec::new(), fault("the key is empty")),
        ],
        Method::HmacMd6 => vec![
            (hash::md6_256(secret), RIGHT),
            (secret.to_vec(), fault("the secret is not hashed")),
            (
                to_hex(&hash::md6_256(secret)).into_bytes(),
                fault("the hashed secret is in hex"),
            ),
        ],
        _ => vec![(secret.to_vec(), RIGHT)],
    }
}

/// A function of what stands for the secret and of LINES.
type Function = fn(&[u8], &[u8]) -> Vec<u8>;

/// What a method computes, right and wrong.
fn functions(method: Method) -> Vec<(Function, Fault)> {
    let fault = |words| Fault(words, rule(method));
    let hashed: Function = |_, lines| hash::sha3_512(lines);
    match method {
        Method::HmacSha3 => vec![
            (hash::hmac_sha3_512, RIGHT),
            (
                |key, lines| hash::hmac(hash::sha2_512, 128, key, lines),
                fault("the hash function is SHA-512 of SHA-2 instead of SHA3-512"),
            ),
            (
                |key, lines| hash::hmac(hash::keccak_512, 72, key, lines),
                fault("the hash function is Keccak-512 as it was before SHA-3"),
            ),
            (
                |key, lines| hash::hmac(hash::sha3_512, 128, key, lines),
                fault("the block size of the HMAC is 128 octets instead of 72"),
            ),
            (
                |key, lines| hash::hmac(hash::sha3_512, 64, key, lines),
                fault("the block size of the HMAC is 64 octets instead of 72"),
            ),
            (
                |key, lines| hash::hmac_sha3_512(lines, key),
                fault("key and text are exchanged"),
            ),
            (
                |key, lines| hash::sha3_512(&[key, lines].concat()),
                fault("it is SHA3-512 of key and LINES instead of an HMAC"),
            ),
            (
                |key, lines| hash::sha3_512(&[lines, key].concat()),
                fault("it is SHA3-512 of LINES and key instead of an HMAC"),
            ),
            (
                hashed,
                fault("it is SHA3-512 of LINES, without the secret, instead of an HMAC"),
            ),
        ],
        Method::HmacMd6 => vec![
            (|key, lines| hash::hmac_md6_256(lines, key), RIGHT),
            (hash::hmac_md6_256, fault("key and text are exchanged")),
        ],
        Method::TlsSha3 => vec![
            (hashed, RIGHT),
            (
                |_, lines| hash::sha2_512(lines),
                fault("the hash function is SHA-512 of SHA-2 instead of SHA3-512"),
            ),
            (
                hash::hmac_sha3_512,
                fault("it is an HMAC with the secret instead of SHA3-512"),
            ),
        ],
        Method::TlsMd6 => vec![(|_, lines| hash::md6_256(lines), RIGHT)],
        Method::Cleartext => vec![
            (|key, _| key.to_vec(), RIGHT),
            (
                |key, _| hash::sha3_512(key),
                fault("it is SHA3-512 of the secret instead of the secret"),
            ),
        ],
        Method::TlsAnon => vec![(|_, _| Vec::new(), RIGHT)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"geheim";

    fn sides() -> [[Line; 2]; 2] {
        ["a", "b"].map(|name| {
            let line = format!("aemp;1;{name};hmac_sha3_512,hmac_md6_64_256;json");
            [line.into_bytes(), format!("nonce of {name}").into_bytes()]
        })
    }

    fn says(method: Method, data: &str) -> Option<String> {
        let [first, second] = sides();
        wrong(method, SECRET, &first, &second, data).map(|wrong| wrong.says)
    }

    #[test]
    fn the_right_proof_is_not_wrong() {
        let [first, second] = sides();
        for method in Method::ALL {
            let right = method.proof(SECRET, &first, &second);
            assert_eq!(says(method, &right), None, "{method:?}");
        }
    }

    #[test]
    fn usual_errors_are_named() {
        let [first, second] = sides();
        let joined = |end: &str, lines: [&Line; 4]| -> Vec<u8> {
            let ended = lines.map(|line| [line, end.as_bytes()].concat());
            ended.concat()
        };
        let in_order = [&first[0], &first[1], &second[0], &second[1]];
        let lines = joined("\n", in_order);
        let hmac = |key: &[u8], lines: &[u8]| to_hex(&hash::hmac_sha3_512(key, lines));
        let reversed = Method::HmacSha3.proof(SECRET, &second, &first);
        let without = hmac(SECRET, &joined("", in_order));
        for (data, expected) in [
            (reversed.clone(), "wrong order (receiver first)"),
            (without.to_uppercase(), "LFs are left out, and its hex"),
            (
                hmac(SECRET, &joined("\r\n", in_order)),
                "a CR stands before",
            ),
            (hmac(b"67656865696d", &lines), "the secret in hex"),
            (hmac(b"geheim\n", &lines), "the secret and an LF"),
            (hmac(&lines, SECRET), "key and text are exchanged"),
            (
                to_hex(&hash::hmac(hash::sha2_512, 128, SECRET, &lines)),
                "SHA-512 of SHA-2",
            ),
            (
                hmac(
                    SECRET,
                    &joined("\n", [&first[1], &first[0], &second[1], &second[0]]),
                ),
                "stands before its first line",
            ),
            (
                BASE64.encode(&hash::hmac_sha3_512(SECRET, &lines)),
                "in base64 instead of hex",
            ),
            ("00".repeat(64), "none of the usual errors"),
            ("00".repeat(32), "not of the form of 128 hex digits"),
        ] {
            let says = says(Method::HmacSha3, &data).expect("it is wrong");
            assert!(says.contains(expected), "{says}");
        }
        let md6 = to_hex(&hash::hmac_md6_256(&hash::md6_256(SECRET), &lines));
        let says = says(Method::HmacMd6, &md6).expect("it is wrong");
        assert!(says.contains("key and text are exchanged"), "{says}");
    }

    #[test]
    fn nonces_that_were_decoded_are_named() {
        let [mut first, mut second] = sides();
        (first[1], second[1]) = (b"b3du".to_vec(), b"dGhlaXJz".to_vec());
        let lines = [&first[0][..], b"own", &second[0], b"theirs"];
        let lines = lines.map(|line| [line, b"\n"].concat()).concat();
        let data = to_hex(&hash::hmac_sha3_512(SECRET, &lines));
        let wrong = wrong(Method::HmacSha3, SECRET, &first, &second, &data).expect("it is");
        assert!(wrong.says.contains("decoded from base64"), "{}", wrong.says);
    }

    #[test]
    fn what_is_due_is_said_with_its_lengths() {
        let [first, second] = sides();
        let right = Method::HmacSha3.proof(SECRET, &first, &second);
        let says = says(Method::HmacSha3, &right.to_uppercase()).expect("it is wrong");
        let expected = format!(
            "the proof is wrong in this: its hex digits are of upper case. The data must be {right}: \
             HMAC-SHA3-512, key: the 6 octets of the secret, text: the 110 octets of LINES (43, 10, \
             43 and 10, and an LF after each)"
        );
        assert_eq!(says, expected);
    }

    #[test]
    fn every_requirement_that_it_names_exists() {
        let specification = crate::spec::Specification::built_in();
        let [first, second] = sides();
        let mut named = vec!["auth.check.form", "auth.lines.order", "auth.lines.octets"];
        for method in Method::ALL {
            let of_lines = all_lines(&first, &second).into_iter().flat_map(|l| l.1);
            let of_keys = keys(method, SECRET).into_iter().map(|key| key.1);
            let of_functions = functions(method).into_iter().map(|function| function.1);
            let faults = of_lines.chain(of_keys).chain(of_functions);
            named.extend(faults.filter(|f| !f.is_none()).map(|fault| fault.1));
            named.push(rule(method));
        }
        for id in named {
            assert!(specification.get(id).is_some(), "{id}");
        }
    }
}
