"""The codecs against the recordings: every proof is recomputed, every message decoded."""

import math
import unittest

from aemp_node import auth, framing, greeting
from aemp_node.failure import Failure
from aemp_node.md6 import hmac_md6_256, md6_256
from aemp_node.values import comparable

from .recordings import Conversation, load

LIMITS = framing.Limits()


def decode(name, octets, cut=None):
    """All values of a stream, and the reason for which it fails."""
    reader = framing.reader(name, LIMITS)
    values = []
    try:
        step = cut or max(len(octets), 1)
        for at in range(0, len(octets), step):
            values.extend(reader.feed(octets[at:at + step]))
        reader.finish()
    except Failure as failure:
        return values, failure.reason
    return values, None


def one(name, octets):
    """The first value of a stream that must be well formed."""
    values, reason = decode(name, octets)
    if reason:
        raise AssertionError(reason)
    return values[0]


class Vectors(unittest.TestCase):
    def test_md6_and_its_hmac(self):
        for name, recording in load():
            for vector in recording.get("md6", []):
                self.assertEqual(md6_256(bytes.fromhex(vector["in_hex"])).hex(), vector["out"])
        self.assertEqual(len(hmac_md6_256(b"k", b"m")), 32)

    def test_example_of_chapter_6(self):
        alpha = (b"aemp;1;alpha;hmac_sha3_512,hmac_md6_64_256;json,cbor", b"A" * 88)
        beta = (b"aemp;1;beta;hmac_sha3_512,hmac_md6_64_256;json", b"B" * 88)
        lines = auth.lines(*alpha, *beta)
        self.assertEqual(len(lines), 278)
        self.assertEqual(auth.proof("hmac_md6_64_256", lines, b"geheim"),
                         b"8ddb249dfe5fc2d151e1489861dc2e5abe9ae99cf1606dc31fadbe4b4722b5b6")
        self.assertTrue(auth.proof("hmac_sha3_512", lines, b"geheim").startswith(b"47c91b466f0d"))


class Recordings(unittest.TestCase):
    def test_every_proof(self):
        right = {}
        for name, recording in load():
            secrets = recording.get("config", {}).get("secret", "geheim")
            for connection in recording.get("connections", []):
                conversation = Conversation(connection)
                sides = {side: conversation.lines(side) for side in conversation.sides}
                for side, other in (("initiator", "acceptor"), ("acceptor", "initiator")):
                    mine, theirs = sides[side], conversation.sides[other].split(b"\n", 2)
                    if not mine or len(theirs) < 3 or not mine[2].count(b";"):
                        continue
                    fields = mine[2].split(b";")
                    method = fields[0].decode("latin-1")
                    if method not in ("hmac_sha3_512", "hmac_md6_64_256", "tls_md6_64_256",
                                      "tls_sha3_512", "cleartext"):
                        continue
                    secret = secrets
                    if isinstance(secrets, dict):
                        secret = secrets.get(mine[0].split(b";")[2].decode("latin-1"))
                    lines = auth.lines(mine[0], mine[1], theirs[0], theirs[1])
                    candidates = [(secret or "").encode(form) for form in ("utf-8", "latin-1")
                                  if form == "utf-8" or max(map(ord, secret or "a")) < 256]
                    good = any(auth.proof(method, lines, c) == fields[1] for c in candidates)
                    count = right.setdefault(method, [0, 0, []])
                    count[not good] += 1
                    if not good:
                        count[2].append("%s %s" % (name, conversation.name))
        for method in ("hmac_sha3_512", "hmac_md6_64_256", "cleartext"):
            self.assertGreater(right[method][0], 5, method)
        wrong = {entry for count in right.values() for entry in count[2]}
        # Deliberately wrong proofs are in the recordings of errors only.
        for entry in wrong:
            self.assertTrue(any(word in entry for word in
                                ("error-", "tls-raw", "secure-node", "non-ascii", "auth-vectors")), entry)

    def test_every_message(self):
        decoded = {}
        for name, recording in load():
            for connection in recording.get("connections", []):
                conversation = Conversation(connection)
                for side in conversation.sides:
                    lines = conversation.lines(side)
                    if not lines or lines[2].count(b";") < 2:
                        continue
                    form = lines[2].split(b";")[2].decode("latin-1")
                    if form not in auth.FRAMINGS:
                        continue
                    whole = decode(form, lines[3])
                    octets = len(lines[3])
                    for cut in (1, 7) if octets < 100000 else (997,):
                        cut_values, cut_reason = decode(form, lines[3], cut)
                        self.assertEqual(cut_reason, whole[1], (name, conversation.name, cut))
                        self.assertEqual([comparable(v) for v in cut_values],
                                         [comparable(v) for v in whole[0]])
                    decoded[form] = decoded.get(form, 0) + len(whole[0])
                    if side == "acceptor" and whole[1] not in (None, "data.truncated"):
                        # What an original itself sends is malformed where it is known to.
                        self.assertIn(whole[1], ("data.malformed", "data.utf-8", "data.number"),
                                      (name, conversation.name))
                    for value in whole[0]:
                        self._again(form, value)
        for form in auth.FRAMINGS:
            self.assertGreater(decoded[form], 50, form)

    def _again(self, form, value):
        """What is written anew is read as the same, as far as the framing can."""
        if not isinstance(value, list):
            return
        values, reason = decode(form, framing.encode(form, value, LIMITS))
        self.assertIsNone(reason)
        if form == "cbor":
            self.assertEqual(comparable(values[0]), comparable(value))


class Readers(unittest.TestCase):
    def test_reasons(self):
        for form, octets, reason in (
                ("json", b'["a"],', "data.malformed"), ("json", b"[01]", "data.malformed"),
                ("json", b"01", "data.malformed"), ("json", b'["\\ud800"]', "data.utf-8"),
                ("json", b'["\xed\xa0\x80"]', "data.utf-8"), ("json", b"[1e999]", "data.number"),
                ("json", b"[" * 513, "data.depth"), ("json", b'["a', "data.truncated"),
                ("json", b"\xef\xbb\xbf[]", "data.malformed"), ("json", b"[NaN]", "data.malformed"),
                ("cbor", b"\x81" * 513, "data.depth"), ("cbor", b"\x9b" + b"\xff" * 8, "data.size"),
                ("cbor", b"\x81\xff", "data.malformed"), ("cbor", b"\x81\xf9\x7e\0", "data.number"),
                ("cbor", b"\x81\xd8\x1c\x81\xd8\x1d\0", "data.malformed"),
                ("storable", b"\x80\x01", "data.malformed"), ("storable", b"\0", "data.malformed"),
                ("storable", b"\x03\x05\x0b\x02", "data.malformed")):
            self.assertEqual(decode(form, octets)[1], reason, (form, octets[:20]))
            self.assertEqual(decode(form, octets, 1)[1], reason, (form, octets[:20], "cut"))

    def test_streams(self):
        self.assertEqual(decode("json", b'{"a":1}["p",1]5 ["p",2]null-3 '),
                         ([{"a": 1}, ["p", 1], 5, ["p", 2], None, -3], None))
        self.assertEqual(decode("json", b"[]-3"), ([[]], None))
        self.assertEqual(one("json", b'[18446744073709551616,-0,"\\ud83d\\ude00"]'),
                         ["18446744073709551616", 0, "\U0001f600"])
        self.assertEqual(one("cbor", bytes.fromhex("84f93c00c2420100a1f6015f4161ff")),
                         [1.0, 256, {"": 1}, b"a"])
        self.assertEqual(one("cbor", bytes.fromhex("d901008243616263d81900")), [b"abc", b"abc"])
        self.assertEqual(one("storable", bytes.fromhex(
            "1e050b02000000050a046563686f0a04733023720a02737408811703e282ac")),
            [b"echo", b"s0#r", b"st", 1, "\u20ac"])

    def test_lines(self):
        line = bytearray(b"a" * 4096 + b"\r")
        self.assertIsNone(greeting.take_line(line, "x"))
        line += b"\n"
        self.assertEqual(greeting.take_line(line, "x"), b"a" * 4096)
        with self.assertRaises(Failure):
            greeting.take_line(bytearray(b"a" * 4097), "x")
        self.assertEqual(greeting.numeric_prefix(b" +01.0x"), 1.0)
        self.assertTrue(math.isclose(greeting.numeric_prefix(b"1.5"), 1.5))


if __name__ == "__main__":
    unittest.main()
