#!/usr/bin/env python3
"""Writes the vectors, and a case of level `vectors` for each group of them.

    python3 generate.py           writes
    python3 generate.py --check   fails if what is there differs

Octets, proofs and digests are computed here, by code that shares nothing with the project's; the kit's own wire code
and the core confirm them (`aemp-conformance vectors`, `cargo test -p aemp-conformance`). What is typed is the input,
and whether the specification accepts it.
"""
import base64, hashlib, hmac, json, pathlib, sys
sys.dont_write_bytecode = True
import maker
from wire_codecs import *

HERE = pathlib.Path(__file__).resolve().parent
subjects = {}


def group(subject, name, title, requirements, vectors):
    ids = [vector["id"] for vector in vectors]
    assert len(ids) == len(set(ids)), (subject, name)
    kinds = [f"conf.vectors.{kind}" for kind in ("valid", "tolerated", "invalid")
             if any(vector["kind"] == kind for vector in vectors)]
    subjects.setdefault(subject, []).append(
        {"id": name, "title": title, "requirements": requirements + kinds, "vectors": vectors})


def vector(id, kind, **fields):
    return {"id": id, "kind": kind, **fields}


def tagged(value):
    """A value as JSON can say it."""
    if isinstance(value, bytes):
        return {"$octets": value.hex()}
    if isinstance(value, float):
        return {"$float": value}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, dict):
        return {key: tagged(item) for key, item in value.items()}
    return value


# --- identifiers ----------------------------------------------------------------------------------

def node_id(id, octets, text=None, kind="valid", reason=None):
    octets = octets.encode() if isinstance(octets, str) else octets
    rest = {"reason": reason} if reason else {"text": text if text is not None else octets.decode()}
    return vector(id, "invalid" if reason else kind, hex=octets.hex(), **rest)

group("identifiers", "node-id", "Node IDs that are taken as they stand",
      ["id.node.form", "id.node.accept-any", "id.node.no-escape", "id.node.case"],
      [node_id(*one) for one in (
          ("short", "a"), ("host", "host.example:4040"), ("generated", "anon/4SX2ah5DnQx0XH6kw"),
          ("accented", "café"), ("percent", "a%3bb"), ("space", "a b"), ("equals", "a=b,c"),
          ("emoji", "n\U0001F600"), ("long", "x" * 255))])
group("identifiers", "node-id-octets", "Octets of a node ID that are not UTF-8 are Latin-1", ["id.node.octets"],
      [node_id("latin-1", b"caf\xe9", "café", "tolerated"), node_id("mixed", b"\xff\x41", "ÿA", "tolerated")])
group("identifiers", "node-id-refused", "Node IDs that are none",
      ["id.node.empty", "id.node.forbidden", "id.node.form"],
      [node_id(id, text, reason="greeting.node-id") for id, text in (
          ("empty", ""), ("hash", "a#b"), ("control", "a\x01"), ("tab", "a\tb"), ("delete", "a\x7f"),
          ("c1", "a\u0085b"))])
group("identifiers", "port-id", "Port IDs and their two parts", ["id.port-id.form", "id.port-id.node-port"],
      [vector(id, kind, text=text, node=node, port=port) for id, kind, text, node, port in (
          ("ordinary", "valid", "beta#echo", "beta", "echo"), ("node-port", "valid", "beta", "beta", ""),
          ("node-port-hash", "tolerated", "beta#", "beta", ""), ("two-hashes", "valid", "beta#a#b", "beta", "a#b"),
          ("slash", "valid", "aemp/host/x#A.1", "aemp/host/x", "A.1"), ("unicode", "valid", "ü#☺", "ü", "☺"))])

# --- greeting ---------------------------------------------------------------------------------------

METHODS = {"tls_sha3_512", "hmac_sha3_512", "tls_md6_64_256", "hmac_md6_64_256", "cleartext", "tls_anon"}
FRAMINGS = {"json", "cbor", "storable"}


def greeting(id, line, kind="valid", reason=None):
    octets = line if isinstance(line, bytes) else line.encode()
    if reason:
        return vector(id, "invalid", hex=octets.hex(), reason=reason)
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    _, version, node, methods, framings, *keys = text.split(";")
    known = lambda names, of: list(dict.fromkeys(name for name in names.split(",") if name in of))
    pairs = [key.split("=", 1) for key in keys if "=" in key and not key.startswith("=")]
    return vector(id, kind, hex=octets.hex(), version=version, node=node, methods=known(methods, METHODS),
                  framings=known(framings, FRAMINGS), keys=dict(pairs))

FULL = "aemp;1;beta;tls_sha3_512,hmac_sha3_512;json,cbor;provider=X-1.0;tls=1.0"
group("greeting", "ordinary", "First lines of greetings as writers send them",
      ["greeting.send.fields", "greeting.protocol.accept", "greeting.keys.absent"],
      [greeting("full", FULL), greeting("bare", "aemp;1;me;hmac_sha3_512;json"),
       greeting("generation-1", "aemp;1;beta;tls_md6_64_256,hmac_md6_64_256,tls_anon,cleartext;json,storable;"
                "provider=AE-1.30;peeraddr=127.0.0.1:4410"),
       greeting("generation-2", "aemp;1;node-a;tls_sha3_512,hmac_sha3_512,tls_anon,cleartext;cbor,json,storable;"
                "provider=AE-2.01;peeraddr=127.0.0.1:44218;mproto=1;gproto=1"),
       greeting("ipv6", "aemp;1;b;hmac_sha3_512;json;peeraddr=[::1]:38768")])
group("greeting", "version-accepted", "Versions whose numeric prefix is 1", ["greeting.version.accept"],
      [greeting(f"version-{at}", f"aemp;{version};b;hmac_sha3_512;json", "tolerated")
       for at, version in enumerate((" 1", "1.0", "01", "+1", "1x", "1.0.7", "\t1"), 1)])
group("greeting", "version-refused", "Versions that are another number", ["greeting.version.refuse"],
      [greeting(f"version-{at}", f"aemp;{version};b;hmac_sha3_512;json", reason="greeting.version")
       for at, version in enumerate(("", "0", "2", "1.5", "10", "-1", "x1", "one"), 1)])
group("greeting", "protocol-refused", "Lines that begin with another word",
      ["greeting.protocol.unknown", "greeting.protocol.case"],
      [greeting(id, line, reason="greeting.protocol") for id, line in (
          ("capitals", "AEMP;1;b;hmac_sha3_512;json"), ("http", "GET / HTTP/1.1"), ("empty", ""),
          ("space", " aemp;1;b;hmac_sha3_512;json"), ("longer", "aempx;1;b;hmac_sha3_512;json"),
          ("word", "aemp-foo;1;b;hmac_sha3_512;json"), ("binary", b"\x16\x03\x01\x02\x00"))])
group("greeting", "fields-refused", "Lines with fewer than five fields", ["greeting.fields.too-few"],
      [greeting(id, line, reason="greeting.fields") for id, line in (
          ("four", "aemp;1;b;hmac_sha3_512"), ("three", "aemp;1;b"), ("two", "aemp;1"))])
group("greeting", "node-id-refused", "Greetings with a node ID that is none", ["id.node.empty", "id.node.forbidden"],
      [greeting(id, f"aemp;1;{node};hmac_sha3_512;json", reason="greeting.node-id") for id, node in (
          ("empty", ""), ("hash", "a#b"), ("control", "a\x02b"))])
group("greeting", "lists", "Lists with unknown, empty and repeated names",
      ["greeting.list.unknown", "greeting.list.empty-name", "greeting.list.repeated", "greeting.list.exact",
       "greeting.fields.empty-list"],
      [greeting(id, f"aemp;1;b;{methods};{framings}", "tolerated") for id, methods, framings in (
          ("unknown", "hmac_sha4,hmac_sha3_512", "yaml,json"), ("empty-names", ",hmac_sha3_512,,", ",json,"),
          ("repeated", "hmac_sha3_512,cleartext,hmac_sha3_512", "json,cbor,json"),
          ("spaces", " hmac_sha3_512,cleartext", "json, cbor"), ("capitals", "HMAC_SHA3_512,cleartext", "JSON,cbor"),
          ("empty-lists", "", ""))])
group("greeting", "keys", "Keys in any order, bare, unknown and repeated",
      ["greeting.keys.unknown", "greeting.keys.bare", "greeting.keys.first-equals", "greeting.keys.repeated"],
      [greeting(id, f"aemp;1;b;hmac_sha3_512;json{keys}", "tolerated") for id, keys in (
          ("unknown", ";x-y=z"), ("bare", ";x;provider=a"), ("no-name", ";=x;provider=a"), ("empty-field", ";;provider=a"),
          ("two-equals", ";provider=a=b"), ("repeated", ";mproto=0;mproto=1"), ("empty-value", ";provider="))])
group("greeting", "octets", "Fields with octets that are no UTF-8", ["greeting.fields.octets"],
      [greeting("latin-1-key", b"aemp;1;b;hmac_sha3_512;json;provider=caf\xe9", "tolerated"),
       greeting("latin-1-method", b"aemp;1;b;\xff,hmac_sha3_512;json", "tolerated")])

# --- authentication line ----------------------------------------------------------------------------

def auth(id, line, kind="valid", reason=None):
    if reason:
        return vector(id, "invalid", hex=line.encode().hex(), reason=reason)
    method, data, framing, *_ = line.split(";")
    return vector(id, kind, hex=line.encode().hex(), method=method, data=data, framing=framing)

group("auth-line", "fields", "The three fields of an authentication line, and what stands behind them",
      ["auth.line.fields", "auth.line.extra"],
      [auth("hmac", "hmac_sha3_512;" + "0" * 128 + ";json"), auth("anon", "tls_anon;;cbor"),
       auth("cleartext", "cleartext;67656865696d;json"), auth("extra", "cleartext;67;json;x;y", "tolerated"),
       auth("extra-empty", "cleartext;67;json;", "tolerated")])
group("auth-line", "malformed", "Authentication lines with fewer than three fields", ["auth.line.malformed"],
      [auth(id, line, reason="auth.malformed") for id, line in (
          ("empty", ""), ("one", "cleartext"), ("two", "cleartext;67"))])
group("auth-line", "unknown", "Methods and framings that do not exist", ["auth.check.method-unknown", "auth.check.framing-unknown"],
      [auth("method", "hmac_md5;00;json", reason="auth.method-unknown"),
       auth("method-capitals", "CLEARTEXT;67;json", reason="auth.method-unknown"),
       auth("method-empty", ";67;json", reason="auth.method-unknown"),
       auth("framing", "cleartext;67;yaml", reason="auth.framing-unknown"),
       auth("framing-empty", "cleartext;67;", reason="auth.framing-unknown")])

# --- proofs -------------------------------------------------------------------------------------------

NONCES = [base64.b64encode(bytes([at]) * 66).decode() for at in (1, 2)]
TRANSCRIPTS = {
    "ordinary": ([FULL, NONCES[0]], ["aemp;1;alpha;hmac_sha3_512,hmac_md6_64_256;json", NONCES[1]]),
    "empty-nonce": (["aemp;1;a;hmac_sha3_512;json", ""], ["aemp;1;b;hmac_sha3_512;json", "x"]),
    "utf-8": (["aemp;1;café;hmac_sha3_512;json", "ü"], ["aemp;1;b;hmac_sha3_512;json", "\r inside"]),
    "long": (["aemp;1;" + "a" * 4000 + ";hmac_sha3_512;json", NONCES[0]], ["aemp;1;b;hmac_sha3_512;json", NONCES[1]]),
}


def covered(sender, receiver):
    return b"".join(line.encode() + b"\n" for line in sender + receiver)

RULES = {
    "hmac_sha3_512": lambda secret, lines: hmac.new(secret, lines, hashlib.sha3_512).hexdigest(),
    "hmac_md6_64_256": lambda secret, lines: hmac_md6_256(lines, md6_256(secret)).hex(),
    "tls_sha3_512": lambda secret, lines: hashlib.sha3_512(lines).hexdigest(),
    "tls_md6_64_256": lambda secret, lines: md6_256(lines).hex(),
    "cleartext": lambda secret, lines: secret.hex(),
    "tls_anon": lambda secret, lines: "",
}


def proof(method, id, transcript, secret="geheim", spoil=None, reason=None):
    sender, receiver = TRANSCRIPTS[transcript]
    data = RULES[method](secret.encode(), covered(sender, receiver))
    if spoil:
        data = spoil(data)
    rest = {"reason": reason} if reason else {}
    return vector(id, "invalid" if reason else "valid", method=method, secret=secret, sender=sender,
                  receiver=receiver, data=data, **rest)

for method, requirement in (("hmac_sha3_512", "auth.hmac-sha3"), ("hmac_md6_64_256", "auth.hmac-md6"),
                            ("tls_sha3_512", "auth.tls-sha3"), ("tls_md6_64_256", "auth.tls-md6"),
                            ("cleartext", "auth.cleartext"), ("tls_anon", "auth.tls-anon")):
    vectors = [proof(method, id, id) for id in TRANSCRIPTS]
    if "hmac" in method or method == "cleartext":
        vectors += [proof(method, f"secret-{at}", "ordinary", secret) for at, secret in enumerate(
            ("x", "x" * 71, "x" * 72, "x" * 73, "x" * 500, "geheim\n", "gehëim"), 1)]
    group("proofs", method.replace("_", "-"), f"Proofs of the method {method}",
          [requirement, "auth.lines.order", "auth.lines.terminators"] + (["auth.secret.octets"] if len(vectors) > 4 else []),
          vectors)
flip = lambda data: data[:-1] + "0123456789abcdef"[int(data[-1], 16) ^ 1]
upper = lambda data: data.upper()
group("proofs", "wrong", "Proofs that are wrong, or not in their form", ["auth.check.form", "auth.check.proof"],
      [proof(method, f"{method.replace('_', '-')}-{id}", "ordinary", spoil=spoil, reason=reason)
       for method in ("hmac_sha3_512", "hmac_md6_64_256", "tls_sha3_512", "tls_md6_64_256")
       for id, spoil, reason in (("last-bit", flip, "auth.proof"), ("capitals", upper, "auth.proof-form"),
                                 ("short", lambda d: d[:-2], "auth.proof-form"), ("empty", lambda d: "", "auth.proof-form"),
                                 ("long", lambda d: d + "00", "auth.proof-form"),
                                 ("no-hex", lambda d: "g" + d[1:], "auth.proof-form"))])
group("proofs", "reflected", "A proof with the receiver's lines first proves nothing", ["auth.lines.order"],
      [vector(method.replace("_", "-"), "invalid", method=method, secret="geheim", sender=TRANSCRIPTS["ordinary"][1],
              receiver=TRANSCRIPTS["ordinary"][0], reason="auth.proof",
              data=RULES[method](b"geheim", covered(*TRANSCRIPTS["ordinary"])))
       for method in ("hmac_sha3_512", "hmac_md6_64_256", "tls_sha3_512", "tls_md6_64_256")])

# --- md6 ------------------------------------------------------------------------------------------------

group("md6", "digests", "MD6-256 of inputs around the borders of its blocks", ["auth.md6"],
      [vector(f"{unit.hex()}-x-{count}", "valid", hex=unit.hex(), count=count, digest=md6_256(unit * count).hex())
       for unit, count in [(b"", 0), (b"a", 1), (b"abc", 1)] + [
           (b"x", n) for n in (7, 8, 9, 63, 64, 65, 127, 128, 511, 512, 513, 1024, 2047, 2048, 2049, 8192, 8193)]])

# --- TLS roles --------------------------------------------------------------------------------------------

group("tls-role", "nonces", "The side with the lower nonce is the TLS client", ["tls.role.lower"],
      [vector(id, "valid", own=own, peer=peer, role="client" if own.encode() < peer.encode() else "server")
       for id, own, peer in (("lower", "A" * 88, "B" * 88), ("higher", "b" * 88, "B" * 88), ("prefix", "AB", "A"),
                             ("empty", "A", ""), ("digits-before-letters", "9" * 88, "A" * 88),
                             ("plus-first", "+" * 88, "/" * 88), ("octets", "z", "é"))])

# --- messages ---------------------------------------------------------------------------------------------

VALUES = {
    "nothing": [], "null": [None], "truth": [True, False],
    "integers": [0, 1, -1, 23, 24, 127, 128, -128, -129, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -2**31, -2**31 - 1],
    "great-integers": [2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -2**63],
    "floats": [0.5, -2.5, 0.1, 1e100, 5e-324, 1.7976931348623157e308, 1.5e-7],
    "text": ["", "a", "é", "☺", "\U0001F600", "\0", "a\nb\"c\\d/", "\x7f\u2028", "x" * 23, "x" * 24, "x" * 255, "x" * 256],
    "arrays": [[], [[]], [[1], [2, [3]]], ["x"] * 24],
    "maps": [{}, {"a": 1}, {"": None, "é": [1]}, {"k": {"k": {"k": []}}}],
}
# Storable carries floats as text, whose form for great and small numbers is a matter of taste.
SHORT_FLOATS = {"floats": [0.5, -2.5, 0.1]}
WRITERS = {"json": json_octets, "cbor": cbor_octets, "storable": storable_octets}


def through(framing, value):
    """What a reader of the framing gets of a value: storable has neither truth values nor most numbers."""
    if framing == "storable":
        if isinstance(value, bool):
            return "1" if value else ""
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, int) and not -2**31 <= value < 2**31:
            return str(value)
        if isinstance(value, list):
            return [through(framing, item) for item in value]
        if isinstance(value, dict):
            return {key: through(framing, item) for key, item in value.items()}
    return value


def messages(framing, id, octets, *read, kind="valid", reason=None):
    """`read`: the messages, or None for something that means nothing."""
    octets = octets if isinstance(octets, bytes) else octets.encode()
    rest = {"reason": reason} if reason else {}
    return vector(id, "invalid" if reason else kind, framing=framing, hex=octets.hex(),
                  messages=[None if one is None else tagged(one) for one in read], **rest)


def refused(framing, reason, *pairs, before=()):
    return [messages(framing, id, octets, *before, reason=reason) for id, octets in pairs]

COMMON = {"json": ["json.text.form", "json.read.stream"], "cbor": ["cbor.write.item", "cbor.write.shortest"],
          "storable": ["storable.write.root", "storable.read.table", "storable.frame.length"]}
for framing, write in WRITERS.items():
    group(framing, "values", f"Values of every kind in {framing}", COMMON[framing] + ["value.kinds", "value.integer.range"],
          [messages(framing, id, write(["p", *value]), ["p", *through(framing, value)]) for id, value in
           (VALUES | SHORT_FLOATS if framing == "storable" else VALUES).items()]
          + [messages(framing, "two-messages", write(["a", 1]) + write(["b", 2]), ["a", 1], ["b", 2])])

WHITE = " \t\r\n"
group("json", "white-space", "White space between and inside texts", ["json.read.white-space", "json.read.stream"],
      [messages("json", id, octets, *read, kind="tolerated") for id, octets, *read in (
          ("between", '["a"]' + WHITE + '["b"]', ["a"], ["b"]), ("before", WHITE + '["a"]', ["a"]),
          ("inside", '[ "a"\t,\r\n1 , { "k" : 2 } ]', ["a", 1, {"k": 2}]))])
group("json", "numbers", "Spellings of numbers", ["json.integer.read", "json.integer.beyond", "json.float.read", "value.float.small"],
      [messages("json", id, f'["p",{text}]', ["p", value], kind="tolerated") for id, text, value in (
          ("minus-zero", "-0", 0), ("whole-float", "1.0", 1), ("exponent", "1e2", 100), ("capital-exponent", "1E+2", 100),
          ("fraction-exponent", "15e-1", 1.5), ("beyond", "18446744073709551616", "18446744073709551616"),
          ("below", "-9223372036854775809", "-9223372036854775809"), ("too-small", "1e-400", 0),
          ("long-fraction", "0.1000000000000000055511151231257827", 0.1))])
group("json", "strings", "Spellings of strings", ["json.string.escapes", "json.string.raw"],
      [messages("json", id, f'["p","{text}"]', ["p", value], kind="tolerated") for id, text, value in (
          ("slash", "\\/", "/"), ("u-escape", "\\u00e9", "é"), ("capitals", "\\u00E9", "é"), ("pair", "\\ud83d\\ude00", "\U0001F600"))]
      + [messages("json", id, f'["p","{text}"]', ["p", value]) for id, text, value in (
          ("short", "\\b\\f\\n\\r\\t", "\b\f\n\r\t"), ("nul", "\\u0000", "\0"), ("raw-delete", "\x7f", "\x7f"),
          ("noncharacter", "\uffff", "\uffff"))])
group("json", "objects", "The last of several members with the same key counts", ["json.object.read", "value.map.duplicate"],
      [messages("json", "duplicate", '["p",{"a":1,"b":2,"a":3}]', ["p", {"a": 3, "b": 2}], kind="tolerated"),
       messages("json", "duplicate-escaped", '["p",{"a":1,"\\u0061":2}]', ["p", {"a": 2}], kind="tolerated")])
group("json", "other-texts", "Texts that are no arrays are dropped", ["json.other.skip", "json.other.scalar-end"],
      [messages("json", id, octets, *read, kind="tolerated") for id, octets, *read in (
          ("object", '{"a":1}["p",1]', None, ["p", 1]), ("number", '5 ["p",1]', None, ["p", 1]),
          ("number-then-array", '5["p",1]', None, ["p", 1]), ("string", '"[]"["p",1]', None, ["p", 1]),
          ("words", 'null true false["p",1]', None, None, None, ["p", 1]), ("empty-array", '[]["p",1]', None, ["p", 1]))])
group("json", "port-types", "The first element as a port name", ["value.port.table", "value.port.nothing"],
      [messages("json", id, f'[{text},1]', read, kind="tolerated") for id, text, read in (
          ("integer", "5", ["5", 1]), ("float", "5.0", ["5", 1]), ("true", "true", ["1", 1]), ("false", "false", ["0", 1]),
          ("null", "null", ["", 1]), ("array", "[]", None), ("map", "{}", None))])
group("json", "malformed", "What is no JSON", ["json.read.malformed", "json.read.junk", "json.read.no-extension", "json.string.control",
      "json.string.bad-escape", "conf.fail.before"],
      refused("json", "data.malformed", *[(id, '["p"]' + text) for id, text in (
          ("comma", ',["q"]'), ("nul", "\0"), ("bom", "\ufeff"), ("comment", "/**/"), ("trailing-comma", "[1,]"), ("word", "[nul]"),
          ("infinity", "[inf]"), ("nan", "[NaN]"), ("leading-zero", "[01]"), ("plus", "[+1]"), ("point", "[.5]"), ("no-digit", "[1.]"),
          ("hex", "[0x1]"), ("single-quotes", "['a']"), ("raw-control", '["\n"]'), ("bad-escape", '["\\x"]'), ("short-u", '["\\u12"]'),
          ("number-key", "{1:2}"), ("no-colon", '{"a" 1}'), ("two-values", "[1 2]"), ("wrong-close", "[1}"), ("close", "]"))],
          before=[["p"]]))
group("json", "utf-8", "Strings that are not UTF-8", ["json.string.bad-utf-8", "json.string.lone-surrogate", "value.text.surrogate"],
      refused("json", "data.utf-8", ("lone-octet", b'["\xff"]'), ("surrogate", b'["\xed\xa0\x80"]'), ("overlong", b'["\xc0\x80"]'),
              ("beyond", b'["\xf4\x90\x80\x80"]'), ("cut", b'["\xc3"]'), ("high-escape", '["\\ud800"]'), ("low-escape", '["\\udc00"]'),
              ("two-high", '["\\ud800\\ud800"]'), ("high-then-text", '["\\ud800x"]')))
group("json", "number-beyond", "Numbers beyond the greatest float", ["json.float.beyond", "value.float.finite"],
      refused("json", "data.number", ("exponent", "[1e309]"), ("negative", "[-1e400]"), ("digits", "[1" + "0" * 310 + ".0]")))
group("json", "depth", "512 levels are read, 513 are not", ["json.depth", "message.limit.depth"],
      [messages("json", "deepest", '["p",' + "[" * 511 + "]" * 512, ["p", {"$nest": {"inner": [], "depth": 510}}])]
      + refused("json", "data.depth", ("too-deep", '["p",' + "[" * 512), ("objects", '["p",' + '{"k":' * 512)))
group("json", "truncated", "The end inside a text", ["json.read.truncated"],
      refused("json", "data.truncated", ("array", '["p"'), ("string", '["p'), ("escape", '["\\'), ("empty", "["), ("word", '["p",nul')))

H = bytes.fromhex
group("cbor", "spellings", "Heads, lengths and floats in spellings that no writer writes, and in one that it does",
      ["cbor.read.head", "cbor.read.indefinite", "cbor.read.float", "cbor.read.simple"],
      [messages("cbor", id, H("82 6170" + hex), ["p", value], kind="tolerated") for id, hex, value in (
          ("long-head", "1b0000000000000001", 1), ("long-text", "7900026162", "ab"), ("indefinite-array", "9f0102ff", [1, 2]),
          ("indefinite-map", "bf616101ff", {"a": 1}), ("indefinite-text", "7f61616162ff", "ab"),
          ("indefinite-octets", "5f41ff41feff", b"\xff\xfe"), ("half", "f93e00", 1.5), ("half-small", "f90001", 2.0**-24),
          ("undefined", "f7", None), ("negative-zero", "f98000", 0))]
      + [messages("cbor", "single", H("82 6170 fa3fc00000"), ["p", 1.5])])
group("cbor", "strings", "Byte strings wherever text may stand", ["cbor.read.strings", "value.equal.octets"],
      [messages("cbor", "port", H("82 4170 01"), ["p", 1]), messages("cbor", "utf-8", H("82 4170 42c3a9"), ["p", "é"]),
       messages("cbor", "latin-1", H("82 4170 44636166e9"), ["p", "café"]), messages("cbor", "key", H("82 4170 a141e901"), ["p", {"é": 1}])])
group("cbor", "integers-beyond", "Integers out of range become text", ["cbor.read.integer", "cbor.tag.bignum", "value.integer.beyond"],
      [messages("cbor", id, H("82 6170" + hex), ["p", value], kind="tolerated") for id, hex, value in (
          ("negative", "3bffffffffffffffff", "-18446744073709551616"),
          ("bignum", "c249010000000000000000", "18446744073709551616"), ("small-bignum", "c24105", 5), ("negative-bignum", "c34105", -6))]
      + [messages("cbor", "least", H("82 6170 3b7fffffffffffffff"), ["p", -2**63])])
group("cbor", "keys", "Map keys of other types", ["cbor.read.key"],
      [messages("cbor", id, H("82 6170 a1" + hex + "01"), ["p", {key: 1}], kind="tolerated") for id, hex, key in (
          ("integer", "05", "5"), ("negative", "24", "-5"), ("octets", "4161", "a"))])
group("cbor", "tags", "Tags are passed over; references are followed",
      ["cbor.read.tag", "cbor.tag.strings", "cbor.tag.string-ref", "cbor.tag.shared", "cbor.tag.shared-ref"],
      [messages("cbor", id, H(hex), value, kind="tolerated") for id, hex, value in (
          ("unknown", "82 6170 d9d9f701", ["p", 1]), ("date", "82 6170 c06161", ["p", "a"]),
          ("strings", "d90100 83 63616161 63626262 d81900", ["aaa", "bbb", "aaa"]),
          ("shared", "83 6170 d81c 81 01 d81d 00", ["p", [1], [1]]))])
group("cbor", "other-items", "Items that are no arrays are dropped", ["cbor.read.other"],
      [messages("cbor", id, H(hex) + H("826170 01"), None, ["p", 1], kind="tolerated") for id, hex in (
          ("map", "a0"), ("text", "6161"), ("empty-array", "80"))])
group("cbor", "malformed", "What is no CBOR", ["cbor.read.malformed", "cbor.read.simple-other", "cbor.read.key-other", "cbor.tag.string-ref",
      "cbor.tag.shared-ref"],
      refused("cbor", "data.malformed", *[(id, H("82 6170" + hex)) for id, hex in (
          ("reserved", "1c"), ("break", "ff"), ("indefinite-integer", "1f"), ("mixed-string", "5f6161ff"),
          ("nested-indefinite", "5f5f4161ffff"), ("simple", "e0"), ("simple-long", "f820"), ("array-key", "a18001"), ("no-string", "d81900"),
          ("no-shared", "d81d00"), ("tag-without-number", "df00"))]))
group("cbor", "utf-8", "Text strings that are not UTF-8", ["cbor.read.utf-8"],
      refused("cbor", "data.utf-8", *[(id, H("82 6170" + hex)) for id, hex in (
          ("lone", "61ff"), ("surrogate", "63eda080"), ("cut", "61c3"), ("part", "7f61c361a9ff"))]))
group("cbor", "number-beyond", "Infinities and NaN", ["cbor.read.float-finite", "value.float.finite"],
      refused("cbor", "data.number", *[(id, H("82 6170" + hex)) for id, hex in (
          ("half-infinity", "f97c00"), ("half-nan", "f97e00"), ("single-infinity", "fa7f800000"), ("double-nan", "fb7ff8000000000000"))]))
group("cbor", "depth", "512 levels are read, 513 are not", ["cbor.read.depth", "message.limit.depth"],
      [messages("cbor", "deepest", H("82 6170") + b"\x81" * 510 + b"\x80", ["p", {"$nest": {"inner": [], "depth": 510}}])]
      + refused("cbor", "data.depth", ("too-deep", H("82 6170") + b"\x81" * 511 + b"\x80")))
group("cbor", "truncated", "The end inside an item", ["cbor.read.truncated"],
      refused("cbor", "data.truncated", ("array", H("82 6170")), ("text", H("81 63 6161")), ("head", H("81 19 01")), ("open", H("9f 6170"))))

image = lambda hex: storable_frame(H("050b" + hex))
S = "02 00000002 0a0170 "
group("storable", "spellings", "Codes that readers take and no writer writes",
      ["storable.read.table", "storable.header.minor", "storable.class.ignore", "storable.ref.copy"],
      [messages("storable", id, octets, ["p", value], kind="tolerated") for id, octets, value in (
          ("minor", storable_frame(H("0502" + S + "0881")), 1), ("undefined", image(S + "0e"), None), ("true", image(S + "0f"), True),
          ("false", image(S + "10"), False), ("class", image(S + "04 11 03 466f6f 02 00000001 0881"), [1]), ("overloaded", image(S + "14 02 00000000"), []),
          ("weak", image(S + "1b 02 00000000"), []), ("scalar-reference", image(S + "04 0a0178"), "x"), ("boolean", image(S + "22"), True),
          ("copy", image(S + "04 02 00000002 0a0178 00 00000004"), ["x", "x"]),
          ("latin-1", image(S + "0a 04 636166e9"), "café"))])
group("storable", "other-images", "Images that are no arrays are dropped", ["storable.other"],
      [messages("storable", id, image(hex) + storable_octets(["p", 1]), None, ["p", 1], kind="tolerated") for id, hex in (
          ("text", "0a0178"), ("hash", "03 00000000"), ("empty-array", "02 00000000"))])
group("storable", "malformed", "Images that are refused",
      ["storable.header.other", "storable.value.malformed", "storable.read.other", "storable.read.native-only", "storable.read.claimed",
       "storable.ref.bad", "storable.frame.zero", "storable.frame.leading"],
      refused("storable", "data.malformed", *[(id, image(hex)) for id, hex in (
          ("cut", "02 00000002 0a0170"), ("more", "02 00000001 0a0170 05"), ("code", S + "04 1a 0a 0a 7b0a20202020313b0a7d"), ("tied", S + "0b 05"),
          ("hook", S + "13 00"), ("native-integer", S + "06 0000000000000000"), ("claimed", "02 ffffffff 0a0170"), ("no-such-value", S + "00 00000009"),
          ("cycle", S + "04 02 00000001 00 00000002"), ("unknown-code", S + "40"))],
          ("magic", storable_frame(b"pst0" + H("050b" + S + "0881"))), ("empty", b"\0"), ("leading-80", b"\x80\x05" + H("050b0a0178")), ("junk", b"\x05hello")))
group("storable", "utf-8", "Texts that are not UTF-8", ["storable.read.utf-8"],
      refused("storable", "data.utf-8", ("short", image(S + "17 01 ff")), ("long", image(S + "18 00000003 eda080"))))
group("storable", "truncated", "The end inside a frame", ["storable.frame.truncated"],
      refused("storable", "data.truncated", ("length", b"\x81"), ("image", H("0a 050b 02"))))


def main():
    files = {}
    subjects.update(maker.made())
    for subject, groups in subjects.items():
        files[HERE / f"{subject}.json"] = {"subject": subject, "generator": "generate.py", "groups": groups}
        for one in groups:
            name = f"vectors-{subject}-{one['id']}"
            files[HERE.parent / "cases" / "vectors" / f"{name}.json"] = {
                "$schema": "../../schema/case.schema.json", "id": name, "title": one["title"],
                "description": f"{len(one['vectors'])} vectors: `vectors/{subject}.json`, group `{one['id']}`.",
                "requirements": one["requirements"], "level": "vectors", "roles": ["acceptor"], "ways": ["in-process"],
                "suites": ["sha3"], "framings": ["json"], "tls": "never", "chunkings": ["whole"],
                "vectors": [{"file": f"{subject}.json", "group": one["id"]}]}
    # What a writer never writes, of every group of which a writer could.
    written = [{"file": f"{subject}.json", "group": one["id"]} for subject, groups in subjects.items()
               if subject in ("json", "cbor", "storable", "streams", "identifiers", "auth-line") for one in groups
               if any(vector["kind"] == "tolerated" for vector in one["vectors"])]
    files[HERE.parent / "cases" / "vectors" / "vectors-never-written.json"] = {
        "$schema": "../../schema/case.schema.json", "id": "vectors-never-written",
        "title": "What is only tolerated is never written",
        "description": "The value of each vector of kind tolerated, written again: other octets come out.",
        "requirements": ["conf.vectors.writer"], "level": "vectors", "roles": ["acceptor"], "ways": ["in-process"],
        "suites": ["sha3"], "framings": ["json"], "tls": "never", "chunkings": ["whole"], "vectors": written}
    differs = []
    for path, value in files.items():
        text = json.dumps(value, indent=1, ensure_ascii=True) + "\n"
        if not path.exists() or path.read_text() != text:
            differs.append(path.name)
            if "--check" not in sys.argv:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
    total = sum(len(one["vectors"]) for groups in subjects.values() for one in groups)
    print(f"{total} vectors in {sum(map(len, subjects.values()))} groups; {len(differs)} files differ")
    sys.exit(1 if differs and "--check" in sys.argv else 0)

main()
