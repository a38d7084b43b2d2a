"""Framing storable (chapter 10). Nothing is run, created or loaded because of an image."""

import math
import struct
import sys

from .failure import Failure, SendError
from .values import octets_as_text, whole

_NATIVE = b"\x0812345678\x04\x08\x08\x08"
_BOOLEANS = (b"JSON::PP::Boolean", b"JSON::XS::Boolean", b"Types::Serialiser::Boolean")
_CONSTANTS = {0x05: None, 0x0E: None, 0x1F: None, 0x0F: True, 0x22: True, 0x10: False, 0x23: False}
_REFERENCES = (0x04, 0x14, 0x1B, 0x1C)
_INCOMPLETE = object()

# An image may be nested three times the limit of 512 levels [storable.read.depth-marks].
sys.setrecursionlimit(max(sys.getrecursionlimit(), 6000))


class Reader:
    """Octets in, values out."""

    def __init__(self, limits):
        self.limits = limits
        self.buffer = bytearray()

    def feed(self, data):
        """Yields each value that is complete; raises Failure."""
        buffer = self.buffer
        buffer += data
        at = 0
        while at < len(buffer):
            length, start = 0, at
            while True:
                if start >= len(buffer):
                    del buffer[:at]
                    return
                octet = buffer[start]
                if start == at and octet == 0x80:
                    raise Failure("data.malformed")             # [storable.frame.leading]
                length = length << 7 | octet & 0x7F
                start += 1
                if length > self.limits.message:
                    raise Failure("data.size")                  # [storable.frame.size]
                if octet < 0x80:
                    break
            if length == 0:
                raise Failure("data.malformed")
            if len(buffer) < start + length:
                break
            at = start + length
            yield _Image(bytes(buffer[start:at]), self.limits).read()
        del buffer[:at]

    def finish(self):
        """The reading side has ended."""
        if self.buffer:
            raise Failure("data.truncated")


class _Image:
    def __init__(self, octets, limits):
        self.octets, self.limits = octets, limits
        self.at = 0
        self.expanded = len(octets)     # octets with every copy in place of its code 00
        self.values = []                # (value, octets, height), or _INCOMPLETE
        self.classes = []

    def read(self):
        if self.octets[:1] == b"\x05" and len(self.octets) > 1:
            self.order, self.at, self.native = "big", 2, False
        elif self.octets[:1] == b"\x04" and self.octets[2:2 + len(_NATIVE)] == _NATIVE:
            self.order, self.at, self.native = "little", 2 + len(_NATIVE), True
        else:
            raise Failure("data.malformed")
        value, _, _ = self._value(0, 0, None)
        if self.at != len(self.octets):
            raise Failure("data.malformed")
        return value

    def _take(self, count):
        end = self.at + count
        if end > len(self.octets):
            raise Failure("data.malformed")
        part = self.octets[self.at:end]
        self.at = end
        return part

    def _number(self, size):
        return int.from_bytes(self._take(size), self.order if size > 1 else "big")

    def _length(self):
        length = self._number(4)
        if length > len(self.octets) - self.at:
            raise Failure("data.malformed")                     # [storable.read.claimed]
        return length

    def _marked(self, marks):
        if marks > 3 * self.limits.depth:
            raise Failure("data.depth")                         # [storable.read.depth-marks]

    def _value(self, depth, marks, name):
        """One value inside `depth` arrays and maps: it, its octets when expanded, its height."""
        begun, grown = self.at, self.expanded
        code = self._take(1)[0]
        if code == 0x11:
            length = self._number(1)
            if length > 127:
                length = self._length()
            self.classes.append(self._take(length))
            self._marked(marks + 1)
            return self._value(depth, marks + 1, self.classes[-1])
        if code == 0x12:
            index = self._number(1)
            if index > 127:
                index = self._number(4)
            if index >= len(self.classes):
                raise Failure("data.malformed")                 # [storable.class.number]
            self._marked(marks + 1)
            return self._value(depth, marks + 1, self.classes[index])
        if code == 0x00:
            return self._copy(depth)
        index = len(self.values)
        self.values.append(_INCOMPLETE)
        value, height = self._plain(code, depth, marks)
        if name in _BOOLEANS:
            value = self._boolean(value)
        found = (value, self.at - begun + self.expanded - grown, height)
        self.values[index] = found
        return found

    def _copy(self, depth):
        index = int.from_bytes(self._take(4), "big")
        if index >= len(self.values) or self.values[index] is _INCOMPLETE:
            raise Failure("data.malformed")                     # [storable.ref.bad]
        value, octets, height = self.values[index]
        self.expanded += octets - 5
        if self.expanded > self.limits.message:
            raise Failure("data.size")                          # [storable.ref.expansion]
        if depth + height > self.limits.depth:
            raise Failure("data.depth")
        return value, octets, height

    @staticmethod
    def _boolean(value):
        if value in (0, b"0") and not isinstance(value, bool):
            return False
        if value in (1, b"1") and not isinstance(value, bool):
            return True
        return value

    def _plain(self, code, depth, marks):
        """A value that is no copy and has no class; it and its height."""
        if code in _CONSTANTS:
            return _CONSTANTS[code], 0
        if code == 0x01:
            return self._take(self._length()), 0
        if code == 0x0A:
            return self._take(self._number(1)), 0
        if code in (0x17, 0x18):
            octets = self._take(self._number(1) if code == 0x17 else self._length())
            try:
                return octets.decode("utf-8"), 0
            except UnicodeDecodeError:
                raise Failure("data.utf-8") from None
        if code == 0x08:
            return self._number(1) - 128, 0
        if code == 0x09:
            return struct.unpack(">i", self._take(4))[0], 0
        if code == 0x06 and self.native:
            return struct.unpack("<q", self._take(8))[0], 0
        if code == 0x07 and self.native:
            number = struct.unpack("<d", self._take(8))[0]
            if not math.isfinite(number):
                raise Failure("data.number")
            return number, 0
        if code in _REFERENCES:
            self._marked(marks + 1)
            value, _, height = self._value(depth, marks + 1, None)
            return value, height
        if code in (0x02, 0x03, 0x19):
            if depth + 1 > self.limits.depth:
                raise Failure("data.depth")
            self._marked(marks + 1)
            return self._container(code, depth + 1, marks + 1)
        raise Failure("data.malformed")                         # [storable.read.other]

    def _container(self, code, depth, marks):
        deepest = 0
        if code == 0x02:
            items = []
            for _ in range(self._length()):
                value, _, height = self._value(depth, marks, None)
                items.append(value)
                deepest = max(deepest, height)
            return items, deepest + 1
        if code == 0x19:
            self._take(1)
        items = {}
        for _ in range(self._length()):
            value, _, height = self._value(depth, marks, None)
            if code == 0x19 and self._take(1)[0] & ~7:
                raise Failure("data.malformed")                 # [storable.read.key-flags]
            items[octets_as_text(self._take(self._length()))] = value
            deepest = max(deepest, height)
        return items, deepest + 1


def _string(octets, text):
    short, long = (0x17, 0x18) if text else (0x0A, 0x01)
    if len(octets) <= 255:
        return bytes((short, len(octets))) + octets
    return struct.pack(">BI", long, len(octets)) + octets


def _write(value, out, root=False):
    if value is None:
        out.append(b"\x05")
    elif isinstance(value, bool):
        out.append(_string(b"1" if value else b"", False))
    elif isinstance(value, int):
        if -128 <= value <= 127:
            out.append(bytes((0x08, value + 128)))
        elif -1 << 31 <= value < 1 << 31:
            out.append(struct.pack(">Bi", 0x09, value))
        else:
            out.append(_string(str(value).encode(), False))
    elif isinstance(value, float):
        integer = whole(value)
        if integer is not None:
            _write(integer, out)
        elif math.isfinite(value):
            out.append(_string(repr(value).encode(), False))
        else:
            raise SendError("a number that is not finite")
    elif isinstance(value, str):
        out.append(_string(value.encode("utf-8"), not value.isascii()))
    elif isinstance(value, bytes):
        out.append(_string(value, False))
    elif isinstance(value, list):
        out.append((b"" if root else b"\x04") + struct.pack(">BI", 0x02, len(value)))
        for item in value:
            _write(item, out)
    else:
        plain = all(key.isascii() for key in value)
        out.append(b"\x04\x03" if plain else b"\x04\x19\x00")
        out.append(struct.pack(">I", len(value)))
        for key, item in value.items():
            _write(item, out)
            octets = key.encode("utf-8")
            if not plain:
                out.append(b"\x00" if key.isascii() else b"\x01")
            out.append(struct.pack(">I", len(octets)) + octets)


def encode(message):
    """A message as a frame."""
    out = [b"\x05\x0b"]
    _write(message, out, True)
    image = b"".join(out)
    length, rest = bytes((len(image) & 0x7F,)), len(image) >> 7
    while rest:
        length = bytes((rest & 0x7F | 0x80,)) + length
        rest >>= 7
    return length + image
