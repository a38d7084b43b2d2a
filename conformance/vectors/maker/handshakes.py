"""Groups about greetings, authentication lines, proofs and choices."""

from .group import Group, failure
from .hashes import proof
from .identifiers import NODES, NOT_NODES, node_text

METHODS = ["tls_sha3_512", "hmac_sha3_512", "tls_md6_64_256", "hmac_md6_64_256", "tls_anon",
           "cleartext"]
FRAMINGS = ["json", "cbor", "storable"]
HEX = {"tls_sha3_512": 128, "hmac_sha3_512": 128, "tls_md6_64_256": 64, "hmac_md6_64_256": 64}
LINES = [b"aemp;1;alpha;hmac_sha3_512,hmac_md6_64_256;json,cbor;tls=1.0", b"A" * 88,
         b"aemp;1;beta;hmac_sha3_512,hmac_md6_64_256;json;tls=1.0", b"B" * 88]


def read(node="a", methods=(), framings=("json",), keys=None, tls=False, mproto=False,
         gproto=False, instance=None):
    return {"node": node, "methods": list(methods), "framings": list(framings),
            "keys": sorted([k, v] for k, v in (keys or {}).items()), "tls": tls, "mproto": mproto,
            "gproto": gproto, "instance": instance}


def greeting(group, title, line, expected, *cited):
    line = line if isinstance(line, bytes) else line.encode()
    group.add(title, {"line": line.hex()}, expected, *cited)


def define():
    greetings()
    keys()
    lines()
    proofs()
    authentication()
    choices()


def greetings():
    group = Group("greeting-protocol", "greeting", "The protocol word", "greeting.protocol.unknown")
    greeting(group, "aemp", "aemp;1;a;x;json", read(), "greeting.protocol.accept")
    for word in ("", "AEMP", "Aemp", "aemp ", " aemp", "aem", "aempx", "aemp-foo", "aemp-", "aemp,",
                 "GET / HTTP/1.1", "SSH-2.0-x", "\u00e4mp"):
        greeting(group, f"{word!a}", f"{word};1;a;x;json", failure("greeting.protocol"))
    greeting(group, "nothing at all", "", failure("greeting.protocol"))
    group = Group("greeting-version", "greeting", "The version is a numeric prefix",
                  "greeting.version.accept")
    for text in ("1", "1.0", "1.", "1.0.7", "1x", "01", "001", "+1", " 1", "\t1", "\x0b1", "\x0c 1",
                 "\r1", "1e5", "1 ", "1,2", "1.00000000000000000000", "1.0x", "+01.0", "1-1", "1="):
        greeting(group, f"{text!a} is 1", f"aemp;{text};a;x;json", read())
    for text in ("", "0", "2", "1.5", "10", "-1", "x1", "0x1", ".1", "+", "++1", "+ 1", "\u00a01",
                 "1.0000001", "0.9", "11", "1.000000000000001", "\x001"):
        greeting(group, f"{text!a} is not", f"aemp;{text};a;x;json", failure("greeting.version"),
                 "greeting.version.refuse")
    group = Group("greeting-fields", "greeting", "Number and content of fields, order of checks",
                  "greeting.fields.too-few")
    for line in ("aemp;1", "aemp;1;a", "aemp;1;a;x", "aemp;1;;"):
        greeting(group, f"{line!a}", line, failure("greeting.fields"))
    for line, methods, framings in (("aemp;1;a;;", [], []), ("aemp;1;a;;json", [], ["json"]),
                                    ("aemp;1;a;cleartext;", ["cleartext"], [])):
        greeting(group, f"empty lists: {line!a}", line, read("a", methods, framings),
                 "greeting.fields.empty-list")
    for octets in (b"\0", b"\xff\xfe", b"\r", b"\xc3", bytes(range(1, 10))):
        greeting(group, f"any octet in a list: {octets!a}", b"aemp;1;a;" + octets + b";json", read(),
                 "greeting.fields.octets")
    for line, reason in (("x;2", "protocol"), ("aemp;2", "version"), ("aemp", "version"),
                         ("aemp;1;;x", "fields"), ("aemp;2;#;x;json", "version"),
                         ("x;1;#;x;json", "protocol"), ("aemp;1;#;;", "node-id")):
        greeting(group, f"first of several faults: {line!a}", line, failure(f"greeting.{reason}"),
                 "greeting.check.order")
    group = Group("greeting-node-id", "greeting", "The node ID of a greeting", "id.node.octets",
                  "id.node.accept-any")
    for octets in NODES:
        line = b"aemp;1;" + octets + b";x;json"
        greeting(group, f"{node_text(octets)[:20]!a}", line, read(node_text(octets)))
    for octets in NOT_NODES:
        greeting(group, f"not {octets!a}", b"aemp;1;" + octets + b";x;json",
                 failure("greeting.node-id"), "id.node.forbidden" if octets else "id.node.empty")
    group = Group("greeting-lists", "greeting", "Lists of methods and framings", "greeting.list.exact",
                  "greeting.list.unknown")
    known = lambda text, names: [name for name in text.split(",") if name in names]
    for text in METHODS + [",".join(METHODS), ",".join(reversed(METHODS)), "cleartext,foo,tls_anon",
                           " cleartext", "cleartext ", "Cleartext", "cleartext, tls_anon",
                           "hmac_sha3_512x,hmac_md6_64_256", "hmac_sha3_51"]:
        greeting(group, f"methods {text!a}", f"aemp;1;a;{text};json", read("a", known(text, METHODS)))
    for text in FRAMINGS + [",".join(FRAMINGS), "storable,json", "xml,cbor", "JSON,json", "json ,cbor",
                            "jso,n"]:
        greeting(group, f"framings {text!a}", f"aemp;1;a;x;{text}",
                 read("a", [], known(text, FRAMINGS)))
    for text in (",", ",,json", "json,", ",cbor,,json,"):
        greeting(group, f"empty names: {text!a}", f"aemp;1;a;x;{text}",
                 read("a", [], known(text, FRAMINGS)), "greeting.list.empty-name")


def keys():
    group = Group("greeting-keys", "greeting", "Keys", "greeting.keys.order", "greeting.keys.unknown")
    base = "aemp;1;a;x;json"
    for rest, found, cited in (
        ("", {}, "greeting.keys.absent"), (";", {}, "greeting.keys.bare"),
        (";;;", {}, "greeting.keys.bare"), (";a", {}, "greeting.keys.bare"),
        (";=x", {}, "greeting.keys.bare"), (";=", {}, "greeting.keys.bare"),
        (";a=", {"a": ""}, "greeting.keys.bare"), (";a=b", {"a": "b"}, "greeting.keys.unknown"),
        (";a=b=c", {"a": "b=c"}, "greeting.keys.first-equals"),
        (";a==", {"a": "="}, "greeting.keys.first-equals"),
        (";a=1;a=2", {"a": "2"}, "greeting.keys.repeated"),
        (";a=1;b=2;a=", {"a": "", "b": "2"}, "greeting.keys.repeated"),
        (";provider=AE-2.01;peeraddr=127.0.0.1:1",
         {"provider": "AE-2.01", "peeraddr": "127.0.0.1:1"}, "greeting.keys.order"),
        (";peeraddr=127.0.0.1:1;provider=AE-2.01",
         {"provider": "AE-2.01", "peeraddr": "127.0.0.1:1"}, "greeting.keys.order"),
        (";a =1", {"a ": "1"}, "greeting.keys.unknown"),
        (";A=1;a=2", {"A": "1", "a": "2"}, "greeting.keys.unknown"),
        (";x=a,b c%3b", {"x": "a,b c%3b"}, "greeting.send.no-escape"),
    ):
        greeting(group, f"{rest!a}", base + rest, read(keys=found), cited)
    group = Group("greeting-tls-key", "greeting", "Who wants TLS", "tls.key.read")
    for text, wants in (("1.0", True), ("1", True), ("1.5", True), ("1.9", True), ("1x", True),
                        (" 1", True), ("+1", True), ("01", True), ("", False), ("0", False),
                        ("0.9", False), ("2", False), ("2.0", False), ("10", False), ("-1", False),
                        ("x", False), ("yes", False), ("true", False)):
        greeting(group, f"tls={text!a}", f"{base};tls={text}", read(keys={"tls": text}, tls=wants))
    for text in ("tls", "TLS=1.0", "=1.0", "tls =1.0", "xtls=1.0"):
        found = dict([text.split("=")]) if text[0] != "=" and "=" in text else {}
        greeting(group, f"{text!a} says nothing", f"{base};{text}", read(keys=found))
    group = Group("greeting-generations", "greeting", "What mproto, gproto and instance say",
                  "greeting.key.mproto-read", "greeting.key.gproto-read")
    for text, speaks in (("1", True), ("1.0", True), ("2", True), ("1x", True), (" 1", True),
                         ("10", True), ("+1", True), ("", False), ("0", False), ("0.9", False),
                         ("-1", False), ("x", False), ("99999999999999999999", True)):
        for key in ("mproto", "gproto"):
            greeting(group, f"{key}={text!a}", f"{base};{key}={text}",
                     read(keys={key: text}, **{key: speaks}), f"greeting.key.{key}-read")
    for text in ("0" * 32, "x", " ", "A=B"):
        greeting(group, f"instance={text!a}", f"{base};instance={text}",
                 read(keys={"instance": text}, instance=text), "greeting.key.instance-read")
    greeting(group, "an empty instance", f"{base};instance=", read(keys={"instance": ""}),
             "greeting.key.instance-empty")


def lines():
    line = b"aemp;1;peer;cleartext;json"
    group = Group("line-ends", "lines", "Where lines end", "greeting.line.end", "greeting.line.cr")
    for ends in ((b"\n", b"\n"), (b"\r\n", b"\n"), (b"\n", b"\r\n"), (b"\r\n", b"\r\n")):
        group.add(f"{ends!a}", {"octets": (line + ends[0] + b"nonce" + ends[1]).hex()},
                  {"node": "peer"})
    for nonce in (b"", b"\0", b"\r\r", b"a\rb", b"\xff" * 9, b";,=", b"n" * 4096):
        group.add(f"nonce {nonce[:9]!a}", {"octets": (line + b"\n" + nonce + b"\n").hex()},
                  {"node": "peer"}, "greeting.nonce.any", "greeting.line.cr-inside")
    inside = b"aemp;1;peer;cleartext;json;a=\rb\r\r\nn\n"
    group.add("CRs inside a line", {"octets": inside.hex()}, {"node": "peer"},
              "greeting.line.cr-inside")
    for octets in (b"", b"aemp", line, line + b"\n", line + b"\r", line + b"\nnonce",
                   line + b"\nnonce\r"):
        group.add(f"ends after {octets[-8:]!a}", {"octets": octets.hex(), "end": True},
                  failure("greeting.closed"), "greeting.end.closed")
    for octets, reason in ((b"\n", "protocol"), (b"\r\n", "protocol"),
                           (b"aemp;2;p;cleartext;json\n", "version"), (b"aemp;1;\n", "fields"),
                           (b"aemp;1;self;cleartext;json\n", "own-node-id")):
        cited = "greeting.node-id.own" if reason == "own-node-id" else "greeting.check.line-1"
        group.add(f"line 1 alone: {octets!a}", {"octets": octets.hex()},
                  failure(f"greeting.{reason}"), cited)
    group = Group("line-limit", "lines", "How long a line may be", "greeting.line.limit")
    for length in (4095, 4096):
        for end in (b"\n", b"\r\n"):
            padded = (line + b";x=").ljust(length, b"p")
            group.add(f"line 1 of {length} octets and {end!a}",
                      {"octets": (padded + end + b"n\n").hex()}, {"node": "peer"})
            group.add(f"line 2 of {length} octets and {end!a}",
                      {"octets": (line + b"\n" + b"n" * length + end).hex()}, {"node": "peer"})
    long = (line + b";x=").ljust(4097, b"p")
    for title, octets in (("line 1 of 4097 octets", long), ("the same with its end", long + b"\n"),
                          ("with CR and LF", long + b"\r\n"),
                          ("a CR in the 4097th place and no LF", long[:-1] + b"\rx"),
                          ("line 2 of 4097 octets", line + b"\n" + b"n" * 4097)):
        group.add(title, {"octets": octets.hex()}, failure("greeting.line-too-long"),
                  "greeting.line.too-long", "greeting.line.too-long-early")


SECRETS = ["geheim", "x", "g\u00e9heim", "\u79d8\u5bc6\U0001f600", "s" * 71, "s" * 72, "s" * 73,
           "s" * 200, "with space;and=more", "\n"]


def proofs():
    short = [b"aemp;1;a;;", b"", b"aemp;1;b;;", b""]
    crossed = LINES[2:] + LINES[:2]
    odd = [b"aemp;1;a;x;json;k=\xff\xfe", b"\x00\r", b"aemp;1;\xe9;x;json", b"n" * 500]
    for method in METHODS:
        needs = method in ("hmac_sha3_512", "hmac_md6_64_256", "cleartext")
        cited = {"hmac_sha3_512": "auth.hmac-sha3", "hmac_md6_64_256": "auth.hmac-md6",
                 "tls_sha3_512": "auth.tls-sha3", "tls_md6_64_256": "auth.tls-md6",
                 "tls_anon": "auth.tls-anon", "cleartext": "auth.cleartext"}[method]
        group = Group("proof-" + method.replace("_", "-"), "proof", f"Proofs of {method}", cited,
                      "auth.lines.order", "auth.lines.octets", "auth.lines.terminators")

        def add(title, secret, lines, *more):
            given = {"method": method, "secret": secret, "lines": [one.hex() for one in lines]}
            data = proof(method, (secret or "").encode(), lines)
            group.add(title, given, {"data": data}, *([cited, *more] if more else []))
        secret = "geheim" if needs else None
        add("the initiator of section 6.8", secret, LINES)
        add("its acceptor", secret, crossed, "auth.lines.order")
        add("short lines and empty nonces", secret, short, "greeting.nonce.any")
        add("octets that are no text", secret, odd, "auth.lines.octets")
        add("a CR inside, none at the end", secret, [b"a\rb", b"\r", b"c", b"d"],
            "auth.lines.no-cr")
        add("lines of 64 octets with their ends", secret, [b"a" * 15] * 4, "auth.lines.terminators")
        add("lines of 68 octets with their ends", secret, [b"a" * 16] * 4, "auth.lines.terminators")
        add("all empty", secret, [b""] * 4, "auth.lines.terminators")
        for other in SECRETS[1:] if needs else []:
            add(f"secret of {len(other.encode())} octets", other, LINES, "auth.secret.octets")


def authentication():
    group = Group("auth-lines", "auth", "Authentication lines in the order of the checks",
                  "auth.check.order")

    def add(title, line, expected, *cited, tls=True, offered=METHODS, framings=FRAMINGS):
        line = line if isinstance(line, bytes) else line.encode()
        group.add(title, {"line": line.hex(), "offered": list(offered), "framings": list(framings),
                          "tls": tls, "secret": "geheim", "lines": [one.hex() for one in LINES]},
                  failure(expected) if isinstance(expected, str) else expected, *cited)
    data = {method: proof(method, b"geheim", LINES) for method in METHODS}
    for method in METHODS:
        for framing in FRAMINGS:
            add(f"{method} and {framing}", f"{method};{data[method]};{framing}",
                {"method": method, "framing": framing}, "auth.line.fields")
    right = f"hmac_sha3_512;{data['hmac_sha3_512']}"
    found = {"method": "hmac_sha3_512", "framing": "json"}
    for rest in (";", ";x", ";;;", ";json;cbor", ";\u00ff"):
        add(f"further fields {rest!a}", f"{right};json{rest}", found, "auth.line.extra")
    for line in ("", "x", "hmac_sha3_512", right, ";"):
        add(f"too few fields: {line[:20]!a}", line, "auth.malformed", "auth.line.malformed")
    for name in ("", "foo", "HMAC_SHA3_512", "hmac_sha3_512 ", "hmac_sha3"):
        add(f"method {name!a}", f"{name};x;json", "auth.method-unknown", "auth.check.method-unknown")
    for name in METHODS:
        rest = [other for other in METHODS if other != name]
        add(f"{name} was not offered", f"{name};x;foo", "auth.method-not-offered",
            "auth.check.method-offered", offered=rest)
    for name in ("", "foo", "JSON", "json ", "jso"):
        add(f"framing {name!a}", f"{right};{name}", "auth.framing-unknown",
            "auth.check.framing-unknown")
    for name in FRAMINGS:
        rest = [other for other in FRAMINGS if other != name]
        add(f"{name} was not offered", f"hmac_sha3_512;x;{name}", "auth.framing-not-offered",
            "auth.check.framing-offered", framings=rest)
    for method, digits in HEX.items():
        proofs = ["", "x", "0" * (digits - 1), "0" * (digits + 1), "g" * digits, "A" * digits,
                  data[method].upper(), " " + data[method]]
        for text in proofs:
            add(f"form of {method}: {text[:12]!a}", f"{method};{text};json", "auth.proof-form",
                "auth.check.form")
        wrong = data[method][:-1] + ("0" if data[method][-1] != "0" else "1")
        crossed = proof(method, b"geheim", LINES[2:] + LINES[:2])
        for title, text in (("last digit", wrong), ("the other side's", crossed), ("zeros", "0" * digits)):
            add(f"wrong proof of {method}: {title}", f"{method};{text};json", "auth.proof",
                "auth.check.proof")
    for text, reason in (("0", "proof-form"), ("ABCD", "proof-form"), ("00", "proof"), ("", "proof"),
                         ("6765", "proof"), ("67656865696d00", "proof"), ("geheim", "proof-form")):
        add(f"cleartext {text!a}", f"cleartext;{text};json", f"auth.{reason}",
            f"auth.check.{'form' if reason == 'proof-form' else 'proof'}")
    add("tls_anon with data", "tls_anon;00;json", "auth.proof-form", "auth.check.form")
    for method in METHODS:
        if method.startswith("tls"):
            add(f"{method} without TLS", f"{method};{data[method]};foo", "auth.method-needs-tls",
                "auth.check.needs-tls", tls=False)


def choices():
    group = Group("choices", "choice", "Method and framing, chosen from the peer's lists",
                  "greeting.choose.method")

    def add(title, methods, framings, expected, *cited, send=METHODS[:4], reads=("json", "cbor"),
            tls=False, secret=True):
        group.add(title, {"methods": methods, "framings": framings, "send": list(send),
                          "reads": list(reads), "tls": tls, "secret": secret},
                  failure(expected) if isinstance(expected, str) else
                  {"method": expected[0], "framing": expected[1]}, *cited)
    both = "tls_sha3_512,hmac_sha3_512,tls_md6_64_256,hmac_md6_64_256"
    old = "tls_md6_64_256,hmac_md6_64_256,tls_anon"
    for tls in (False, True):
        for methods in (both, old, "hmac_md6_64_256,hmac_sha3_512", "foo,,hmac_md6_64_256,foo",
                        "cleartext,hmac_sha3_512"):
            can = [name for name in methods.split(",")
                   if name in METHODS[:4] and (tls or not name.startswith("tls"))]
            add(f"{methods}, {'with' if tls else 'without'} TLS", methods, "json", (can[0], "json"),
                tls=tls)
    for tls in (False, True):
        add(f"only hmac without a secret, TLS {tls}", "hmac_sha3_512", "json",
            "greeting.no-common-method" if tls else "greeting.no-credentials",
            "greeting.choose.may-hmac" if tls else "greeting.choose.no-credentials", tls=tls,
            secret=False)
    add("TLS without a secret", both, "json", ("tls_sha3_512", "json"), "greeting.choose.may-hmac",
        tls=True, secret=False)
    for methods in ("", "foo", "tls_sha3_512", "tls_anon,cleartext", "cleartext"):
        add(f"nothing in common: {methods!a}", methods, "json", "greeting.no-common-method",
            "greeting.choose.no-method", "greeting.choose.may-tls", "greeting.choose.may-weak")
    add("cleartext where configured", "cleartext,hmac_sha3_512", "json", ("cleartext", "json"),
        "greeting.choose.may-weak", send=METHODS)
    add("tls_anon where configured", "tls_anon", "json", ("tls_anon", "json"),
        "greeting.choose.may-weak", send=METHODS, tls=True)
    for framings, reads, chosen in (
        ("json", ("json",), "json"), ("json,cbor", ("json", "cbor"), "json"),
        ("cbor,json", ("json", "cbor"), "cbor"), ("storable,json", ("json", "cbor"), "json"),
        ("storable,json", FRAMINGS, "storable"), ("foo,,cbor", ("cbor",), "cbor"),
        ("cbor,json", ("json",), "json"),
    ):
        add(f"framings {framings}, we read {','.join(reads)}", "hmac_sha3_512", framings,
            ("hmac_sha3_512", chosen), "greeting.choose.framing", reads=reads)
    for framings in ("", "foo", "storable", "JSON"):
        add(f"no framing in common: {framings!a}", "hmac_sha3_512", framings,
            "greeting.no-common-framing", "greeting.choose.no-framing")
    add("neither", "foo", "foo", "greeting.no-common-method", "greeting.check.order")
