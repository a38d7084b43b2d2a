"""Groups about identifiers, hashes and TLS roles."""

from .group import Group, failure
from .hashes import md6

NODES = [b"beta", b"host.example:4040", b"anon/4SX2ah5DnQx0XH6kw", "caf\u00e9".encode(), b"caf\xe9",
         b"with space", b"%3b", b"a=b,c", b" ", b"~", b"\xff", b"\xc2\xa0", b"\xa0",
         "\u4e16\u754c".encode(), "\U0001f600".encode(), b"\xc3", b"A", b"a" * 255, b"\"\\", b"'"]
NOT_NODES = [b"", b"a#b", b"#", b"a\0", b"\t", b"a\r", b"\x7f", b"\xc2\x80", b"\x9f", b"a\x1fb",
             b"a\xc2\x9f"]


def node_text(octets):
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def define():
    group = Group("node-ids", "node-id", "Node IDs as they stand in greetings", "id.node.form",
                  "id.node.accept-any", "id.node.octets", "id.node.no-escape")
    for octets in NODES:
        group.add(f"{node_text(octets)[:20]!a}", {"octets": octets.hex()}, {"text": node_text(octets)})
    group = Group("node-ids-refused", "node-id", "What is no node ID", "id.node.form",
                  "id.node.forbidden")
    for octets in NOT_NODES:
        cited = ["id.node.empty"] if not octets else []
        group.add(f"{octets!a}", {"octets": octets.hex()}, failure("greeting.node-id"), *cited)
    group = Group("port-ids", "port-id", "Port IDs taken apart and written", "id.port-id.form",
                  "id.port-id.split")
    for text, node, port in [
        ("a#b", "a", "b"), ("a#b#c", "a", "b#c"), ("a##", "a", "#"), ("a b#\u20ac", "a b", "\u20ac"),
        ("anon/x#1.2", "anon/x", "1.2"), ("a#\u0000", "a", "\u0000"), ("a#;", "a", ";"),
        ("h:1#p ", "h:1", "p "), ("\u00e9#\u00e9", "\u00e9", "\u00e9"),
    ]:
        group.add(f"{text!a}", {"text": text}, {"node": node, "port": port, "written": text})
    for text in ("a", "a#"):
        group.add(f"the node port {text!a}", {"text": text}, {"node": "a", "port": "", "written": "a"},
                  "id.port-id.node-port", "id.port-id.node-port-read")
    for text in ("", "#", "#a", "a;b#c", "a\n#b", "\u0085#x"):
        group.add(f"no port ID: {text!a}", {"text": text}, {"dropped": True},
                  "id.port-id.malformed", verdict="invalid")
    group = Group("md6", "md6", "MD6-256", "auth.md6")
    for length in (0, 1, 3, 8, 63, 64, 65, 511, 512, 513, 1024, 2047, 2048, 2049, 5000, 8193):
        octets = bytes(i % 251 for i in range(length))
        group.add(f"{length} octets", {"octets": octets.hex()}, {"digest": md6(octets).hex()})
    group.add("abc", {"octets": b"abc".hex()}, {"digest": md6(b"abc").hex()})
    group = Group("tls-roles", "tls-role", "Which side is the TLS client", "tls.role.lower",
                  "tls.role.content")
    nonces = [b"", b"A", b"AA", b"B", b"a", b"\xff", b"\x00", b"A\r", b"zz" * 44]
    for own in nonces:
        for peer in nonces:
            # Our own nonce is text without CR.
            if b"\r" in own or own == b"\xff":
                continue
            if own == peer:
                group.add(f"{own[:8]!a} twice", {"own": own.hex(), "peer": peer.hex()},
                          failure("greeting.nonce"), "greeting.nonce.distinct")
            else:
                group.add(f"{own[:8]!a} and {peer[:8]!a}", {"own": own.hex(), "peer": peer.hex()},
                          {"role": "client" if own < peer else "server"})
