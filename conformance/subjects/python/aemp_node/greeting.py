"""The two lines of the greeting (chapter 4): reading, checking, writing, choosing."""

import base64
import os
import re

from .failure import Failure
from .identifiers import good_node_id, node_id_octets

LINE_LIMIT = 4096
_PREFIX = re.compile(rb"[\t\x0b\x0c\r ]*([+-]?[0-9]+(?:\.[0-9]*)?)")


def take_line(buffer, too_long):
    """Takes a line's content out of a bytearray; None where it is not complete (4.1)."""
    end = buffer.find(b"\n", 0, LINE_LIMIT + 2)
    if end < 0:
        over = len(buffer) - LINE_LIMIT
        if over > 1 or (over == 1 and buffer[LINE_LIMIT] != 0x0D):
            raise Failure(too_long)
        return None
    content = bytes(buffer[:end])
    if content.endswith(b"\r"):
        content = content[:-1]
    if len(content) > LINE_LIMIT:
        raise Failure(too_long)
    del buffer[:end + 1]
    return content


def numeric_prefix(octets):
    """The numeric prefix of a text (1.4), as a float; 0 where there is none."""
    found = _PREFIX.match(octets)
    return float(found.group(1)) if found else 0.0


def new_nonce():
    """[greeting.nonce.size]"""
    return base64.b64encode(os.urandom(66))


def compose(node_id, methods, framings, keys):
    """The content of our line 1."""
    fields = ["aemp", "1", node_id, ",".join(methods), ",".join(framings)]
    fields += ["%s=%s" % pair for pair in keys]
    return ";".join(fields).encode("utf-8")


class Greeting:
    """The peer's line 1 after checks 1 to 5."""

    def __init__(self, line, own_node_id):
        fields = line.split(b";")
        if fields[0] != b"aemp":
            raise Failure("greeting.protocol")
        if numeric_prefix(fields[1] if len(fields) > 1 else b"") != 1:
            raise Failure("greeting.version")
        if len(fields) < 5:
            raise Failure("greeting.fields")
        self.node_id = node_id_octets(fields[2])
        if not good_node_id(self.node_id):
            raise Failure("greeting.node-id")
        if self.node_id == own_node_id:
            raise Failure("greeting.own-node-id")
        self.methods = _names(fields[3])
        self.framings = _names(fields[4])
        self.keys = {}
        for field in fields[5:]:
            key, equals, value = field.partition(b"=")
            if key and equals:
                self.keys[key] = value

    @property
    def wants_tls(self):
        """[tls.key.read]"""
        return int(numeric_prefix(self.keys.get(b"tls", b""))) == 1

    @property
    def instance(self):
        """The peer's instance, or None [greeting.key.instance-empty]."""
        return self.keys.get(b"instance") or None

    @property
    def knows_kil1(self):
        """[greeting.key.mproto-read]"""
        return numeric_prefix(self.keys.get(b"mproto", b"")) >= 1


def choose(names, usable):
    """The first of the peer's names that we can use, or None (4.10)."""
    return next((name for name in names if name in usable), None)


def _names(field):
    return [n.decode("latin-1") for n in dict.fromkeys(field.split(b",")) if n]
