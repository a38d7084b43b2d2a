"""Every vector, judged by this node's code: it was written from the specification alone and shares
nothing with the program that wrote the vectors."""

import json
import pathlib
import types
import unittest
from collections import Counter

from aemp_node import auth, framing, greeting, identifiers, md6
from aemp_node.connection import AUTH, LINE_1, LINK, Connection
from aemp_node.failure import Failure
from aemp_node.requests import Requests
from aemp_node.values import Meaningless, as_number, as_text, comparable, port_name

from .notation import value

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "vectors"
LIMITS = framing.Limits()
NOTHING = object()


def load(subject):
    """The vectors of a file."""
    groups = json.loads((VECTORS / (subject + ".json")).read_text())["groups"]
    return [vector for group in groups for vector in group["vectors"]]


class Transport:
    """Keeps what a connection writes."""

    def __init__(self):
        self.written, self.closed = b"", False

    def write(self, octets):
        self.written += octets

    def close(self):
        self.closed = True

    abort = close

    def get_write_buffer_size(self):
        return 0


def connection(methods=tuple(auth._FORMS), framings=auth.FRAMINGS, sendable=None, own=(b"x", b"y"),
               secrets=(b"geheim",), node_id="self", tls=False, initiator=False):
    """A connection outside of any event loop, with a node that keeps what it is told."""
    node = types.SimpleNamespace(
        id=node_id, secrets=list(secrets), certificate=tls or None, methods=methods,
        framings=framings, sendable=methods if sendable is None else sendable, limits=LIMITS,
        loop=types.SimpleNamespace(time=lambda: 0.0), reason=None, verified=False,
        on_line_1=lambda _: None, may_prove=lambda _: False, drain=lambda: None)
    node.on_end = lambda _, was, reason, text: setattr(node, "reason", reason)
    node.on_verified = lambda _: setattr(node, "verified", True)
    made = Connection(node, initiator)
    made.transport, made.own = Transport(), own
    return made


def outcome(made):
    """Stage and reason of the end of a connection, if it has ended."""
    return made.node.reason and dict(zip(("stage", "reason"), made.node.reason.split(".", 1)))


def reading(name, octets, cut=None):
    """What a stream holds: messages, NOTHING for what means nothing; and the reason of its end."""
    reader, items = framing.reader(name, LIMITS), []

    def take(found):
        for item in found:
            try:
                items.append([port_name(item[0])] + item[1:] if isinstance(item, list) and item
                             else NOTHING)
            except Meaningless:
                items.append(NOTHING)
    try:
        for at in range(0, len(octets), cut or len(octets) or 1):
            take(reader.feed(octets[at:at + (cut or len(octets))]))
        take(reader.finish() or ())
    except Failure as failure:
        return items, failure.reason
    return items, None


class Vectors(unittest.TestCase):
    """One method a file."""

    def judge(self, subject, answer):
        """Compares each vector's answer with what it expects."""
        vectors = load(subject)
        self.assertTrue(vectors)
        for vector in vectors:
            found, expected = answer(vector)
            if found != expected:
                self.fail("%s %s: %r, not %r" % (subject, vector["id"], found, expected))

    def judge_both(self, subject, answer):
        """The same for files with input and expectation."""
        self.judge(subject, lambda vector: (answer(vector["input"]), vector["expected"]))

    # -------------------------------------------------------- identifiers

    def test_identifiers(self):
        def answer(vector):
            if "hex" not in vector:
                return identifiers.split_port_id(vector["text"]), (vector["node"], vector["port"])
            text = identifiers.node_id_octets(bytes.fromhex(vector["hex"]))
            if not identifiers.good_node_id(text):
                return "greeting.node-id", vector.get("reason")
            return text, vector.get("text")
        self.judge("identifiers", answer)

    def test_node_ids(self):
        def answer(given):
            text = identifiers.node_id_octets(bytes.fromhex(given["octets"]))
            if not identifiers.good_node_id(text):
                return {"stage": "greeting", "reason": "node-id"}
            return {"text": text}
        self.judge_both("node-ids", answer)

    def test_port_ids(self):
        def answer(given):
            try:
                node, port = identifiers.split_port_id(given["text"])
            except Meaningless:
                return {"dropped": True}
            return {"node": node, "port": port, "written": identifiers.port_id(node, port)}
        self.judge_both("port-ids", answer)

    # -------------------------------------------------------- greeting

    def test_greeting(self):
        def answer(vector):
            try:
                read = greeting.Greeting(bytes.fromhex(vector["hex"]), "self")
            except Failure as failure:
                return failure.reason, vector.get("reason")
            return ((read.node_id, known(read.methods, auth._FORMS), known(read.framings, auth.FRAMINGS),
                     texts(read.keys)),
                    (vector.get("node"), vector.get("methods"), vector.get("framings"), vector.get("keys")))
        self.judge("greeting", answer)

    def test_greetings(self):
        def answer(given):
            try:
                read = greeting.Greeting(bytes.fromhex(given["line"]), "self")
            except Failure as failure:
                return dict(zip(("stage", "reason"), failure.reason.split(".", 1)))
            gproto = greeting.numeric_prefix(read.keys.get(b"gproto", b"")) >= 1
            return {"node": read.node_id, "methods": known(read.methods, auth._FORMS),
                    "framings": known(read.framings, auth.FRAMINGS),
                    "keys": sorted(map(list, texts(read.keys).items())), "tls": read.wants_tls,
                    "mproto": read.knows_kil1, "gproto": gproto,
                    "instance": read.instance and text(read.instance)}
        self.judge_both("greetings", answer)

    def test_lines(self):
        def answer(given):
            octets = bytes.fromhex(given["octets"])
            answers = []
            for cut in {1, len(octets) or 1}:
                made = connection(own=(b"aemp;1;self;cleartext;json", b"own"))
                for at in range(0, len(octets), cut):
                    made.data_received(octets[at:at + cut])
                if given.get("end"):
                    made.eof_received()
                answers.append(outcome(made) or {"node": made.peer_id})
            self.assertEqual(answers[0], answers[-1])
            return answers[0]
        self.judge_both("lines", answer)

    def test_choices(self):
        def answer(given):
            made = connection(sendable=given["send"], framings=given["reads"], tls=given["tls"],
                              secrets=[b"geheim"] if given["secret"] else [], own=(b"x", b"own"))
            made._handshake = lambda: None
            fields = "aemp;1;a;%s;%s%s" % (given["methods"], given["framings"],
                                           ";tls=1.0" if given["tls"] else "")
            if given["tls"]:
                made.node.certificate = types.SimpleNamespace(contexts={False: Bare(), True: Bare()})
            made.data_received(fields.encode() + b"\nnonce\n")
            return outcome(made) or {"method": made.method_out, "framing": made.framing_out}
        self.judge_both("choices", answer)

    def test_tls_roles(self):
        def role(own, peer):
            made = connection(own=(b"x", own))
            made._handshake = lambda: None
            made.node.certificate = types.SimpleNamespace(contexts={False: Bare(), True: Bare()})
            made.data_received(b"aemp;1;a;cleartext;json;tls=1.0\n" + peer + b"\r\n")
            return outcome(made) or {"role": "server" if made.tls.object else "client"}
        self.judge_both("tls-roles", lambda given: role(bytes.fromhex(given["own"]),
                                                        bytes.fromhex(given["peer"])))
        self.judge("tls-role", lambda vector: (
            role(vector["own"].encode("latin-1"), vector["peer"].encode("latin-1"))["role"],
            vector["role"]))

    # -------------------------------------------------------- authentication

    def test_md6(self):
        self.judge("md6", lambda vector: (
            md6.md6_256(bytes.fromhex(vector["hex"]) * vector["count"]).hex(), vector["digest"]))
        self.judge_both("digests", lambda given: {
            "digest": md6.md6_256(bytes.fromhex(given["octets"])).hex()})

    def test_proofs(self):
        def answer(vector):
            lines = auth.lines(*(line.encode() for line in vector["sender"] + vector["receiver"]))
            data = auth.proof(vector["method"], lines, vector["secret"].encode()).decode()
            return (data == vector["data"]), vector["kind"] == "valid"
        self.judge("proofs", answer)
        self.judge_both("proof-data", lambda given: {"data": auth.proof(
            given["method"], auth.lines(*map(bytes.fromhex, given["lines"])),
            (given["secret"] or "").encode()).decode()})

    def test_authentication(self):
        def answer(given):
            initiator_1, initiator_2, own_1, own_2 = map(bytes.fromhex, given["lines"])
            made = connection(own=(own_1, own_2), secrets=[given["secret"].encode()])
            made.peer_1, made.peer_2, made.state = initiator_1, initiator_2, AUTH
            made.methods, made.framings = given["offered"], given["framings"]
            made.tls = object() if given["tls"] else None
            made.lines += bytes.fromhex(given["line"]) + b"\n"
            try:
                made._authentication()
            except Failure as failure:
                return dict(zip(("stage", "reason"), failure.reason.split(".", 1)))
            self.assertTrue(made.node.verified)
            return {"method": made.method_in, "framing": made.framing_in}
        self.judge_both("authentication", answer)

    def test_authentication_line(self):
        def answer(vector):
            try:
                line = auth.AuthLine(bytes.fromhex(vector["hex"]), auth._FORMS, auth.FRAMINGS, True)
            except Failure as failure:
                return failure.reason, vector.get("reason")
            return ((line.method, line.data.decode(), line.framing),
                    (vector.get("method"), vector.get("data"), vector.get("framing")))
        self.judge("auth-line", answer)

    # -------------------------------------------------------- messages

    def test_equality(self):
        self.judge_both("equality", lambda given: {
            "same": comparable(value(given["a"])) == comparable(value(given["b"]))})

    def test_readings(self):
        def answer(vector):
            given, expected = value(vector["input"]["value"]), vector["expected"]
            found, wanted = [], []
            for name, read in (("text", as_text), ("number", as_number)):
                try:
                    found.append(float(read(given)) if name == "number" else read(given))
                except Meaningless:
                    found.append(None)
                wanted.append(value(expected[name]) if name in expected else None)
            return found, wanted
        self.judge("readings", answer)

    def test_streams(self):
        def answer(vector):
            given, expected = vector["input"], vector["expected"]
            reason = "%(stage)s.%(reason)s" % expected if "stage" in expected else None
            octets = bytes.fromhex(given["octets"])
            found = []
            for cut in (None, 1) if len(octets) < 4096 else (None,):
                items, why = reading(given["framing"], octets, cut)
                messages = [comparable(item) for item in items if item is not NOTHING]
                found.append((messages, items.count(NOTHING), why))
            self.assertEqual(found[0], found[-1], vector["id"])
            return found[0], ([comparable(value(message)) for message in expected["messages"]],
                              expected["nothing"], reason)
        self.judge("streams", answer)

    def test_framings(self):
        def answer(vector):
            items, reason = reading(vector["framing"], bytes.fromhex(vector["hex"]))
            expected = [None if message is None else comparable(value(message))
                        for message in vector["messages"]]
            return ([None if item is NOTHING else comparable(item) for item in items], reason), \
                (expected, vector.get("reason"))
        for subject in ("json", "cbor", "storable"):
            self.judge(subject, answer)

    def test_writing(self):
        def answer(vector):
            given = vector["input"]
            octets = framing.encode(given["framing"], value(given["message"]), LIMITS).hex()
            return octets in vector["expected"]["octets"] or octets, True
        self.judge("writing", answer)

    def test_requests(self):
        self.judge("requests", lambda vector: carried_out(
            value(vector["input"]["arguments"]),
            {key: value(item) for key, item in vector["expected"].items()}))


class Bare:
    """A TLS context that only tells the role that it was asked for."""

    def wrap_bio(self, _incoming, _outgoing, server_side):
        return server_side


def known(names, of):
    return [name for name in names if name in of]


def text(octets):
    return identifiers.node_id_octets(octets)


def texts(keys):
    return {text(key): text(item) for key, item in keys.items()}


REFUSED = {"wrong": "dropped_wrong_request", "unknown": "dropped_unknown_request",
           "foreign-tag": "dropped_unknown_request", "node-port": "refused_kill"}


def carried_out(arguments, expected):
    """What a node does and counts that is told these arguments; and what it is to do and count."""
    done, counters = [], Counter()

    def note(**what):
        done.append(what)
        return True
    ports = types.SimpleNamespace(
        functions={},
        spawned=lambda port, function, given: note(
            request="spawn", port=port, function=function, arguments=given),
        register=lambda _, port: note(request="monitor", port=port),
        unregister=lambda _, port: note(request="unmonitor", port=port),
        kill=lambda port, reason: note(request="kill", port=port, arguments=reason))
    node = types.SimpleNamespace(
        id="self", counters=counters, ports=ports, known_nodes=list, up_nodes=list, status=dict,
        peers=types.SimpleNamespace(
            died=lambda _, port, reason: note(request="died", port=port, arguments=reason)),
        send=lambda to, given: note(request="send", to=to, arguments=given))
    Requests(node).carry_out(types.SimpleNamespace(peer_id="n", registrations=set()), arguments)
    counted = dict(counters)
    if "refused" in expected:
        return (done, counted), ([], {REFUSED[expected["refused"]]: 1})
    if expected["request"] == "nothing" or expected == {"request": "monitor", "port": ""}:
        return done, []
    if expected["request"] == "call":               # no application registers a function here
        return (done, counted), ([], {"dropped_unknown_request": 1})
    if expected["request"] in ("tell", "eval"):     # the answer follows the arguments
        done[0]["arguments"] = done[0]["arguments"][:len(expected["arguments"])]
        expected = {"request": "send", "to": expected["to"], "arguments": expected["arguments"]}
    counted.pop("refused_eval", None)
    return (done, counted), ([expected], {})


if __name__ == "__main__":
    unittest.main()
