"""The framings by name, and the limits of a message (11.4, chapter 21)."""

from . import cbor_framing, json_framing, storable_framing
from .failure import SendError
from .values import depth

_MODULES = {"json": json_framing, "cbor": cbor_framing, "storable": storable_framing}


class Limits:
    """Of one message, in octets and in levels."""

    def __init__(self, message=16 << 20, depth=512):
        self.message, self.depth = message, depth


def reader(name, limits):
    """A reader: feed(octets) yields values, finish() at the end."""
    return _MODULES[name].Reader(limits)


def encode(name, message, limits):
    """A message as octets, or SendError; nothing has happened then [value.send.rest]."""
    if depth(message) > limits.depth:
        raise SendError("nested deeper than %d levels" % limits.depth)
    octets = _MODULES[name].encode(message)
    if len(octets) > limits.message:
        raise SendError("longer than %d octets" % limits.message)
    return octets
