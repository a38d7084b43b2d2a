"""Framing cbor (chapter 9): a reader with a stack of its own, so that it goes on where it stopped."""

import math
import re
import struct

from .failure import Failure, SendError
from .values import HIGHEST, LOWEST, Meaningless, as_text, whole

_BREAK = object()
_SMALL = re.compile(rb"[\x00-\x17]+")
_STRINGS, _SHARED, _REFERENCES = 256, 28, (25, 29)
_UNSEEN = (25, 28, 29, 256)             # not there in the expanded message [cbor.tag.expansion]


class _Frame:
    """An item that is not complete: array, map, tag, or string of indefinite length."""

    __slots__ = ("kind", "left", "items", "key", "tag", "start", "base", "deepest", "index")

    def __init__(self, kind, left, start, base):
        self.kind, self.left, self.start, self.base = kind, left, start, base
        self.deepest = base             # expanded depth that was reached inside
        self.items = {} if kind == "map" else []
        self.key = _BREAK               # no key is waiting for its value
        self.tag = self.index = None


class Reader:
    """Octets in, values out."""

    def __init__(self, limits):
        self.limits = limits
        self.buffer = bytearray()
        self.at = 0
        self._restart()

    def _restart(self):
        self.stack = []
        self.expanded = 0               # octets of the message with its references replaced
        self.begin = self.at
        self.tables = []                # of strings, one for each enclosing tag 256
        self.shared = []                # (value, octets, height), or None while incomplete

    def feed(self, data):
        """Yields each value that is complete; raises Failure."""
        self.buffer += data
        while True:
            self._small()
            item = self._token()
            if item is None:
                break
            if self._deliver(*item):
                yield self.result
                self._restart()
        # Octets that were read are let go; a message's own strings are kept as values.
        del self.buffer[:self.at]
        self.begin -= self.at
        self.at = 0
        if len(self.buffer) - self.begin > self.limits.message:
            raise Failure("data.size")

    def finish(self):
        """The reading side has ended."""
        if self.stack or self.buffer:
            raise Failure("data.truncated")

    def _small(self):
        """Takes a run of integers below 24 in an array at once, but for the array's last element."""
        top = self.stack[-1] if self.stack else None
        if top is None or top.kind != "array":
            return
        run = _SMALL.match(self.buffer, self.at)
        count = run.end() - run.start() if run else 0
        if top.left >= 0:
            count = min(count, top.left - 1)
            top.left -= max(count, 0)
        if count > 0:
            top.items += self.buffer[self.at:self.at + count]
            self.at += count
            self.expanded += count
            if max(self.at - self.begin, self.expanded) > self.limits.message:
                raise Failure("data.size")

    def _token(self):
        """Reads a head and, of a string, its octets: (value, octets, depth inside), or None."""
        buffer, at = self.buffer, self.at
        while True:
            if at >= len(buffer):
                self.at = at
                return None
            initial = buffer[at]
            major, info = initial >> 5, initial & 31
            if 28 <= info <= 30:
                raise Failure("data.malformed")
            extra = 1 << (info - 24) if 24 <= info <= 27 else 0
            if len(buffer) < at + 1 + extra:
                self.at = at
                return None
            argument = int.from_bytes(buffer[at + 1:at + 1 + extra], "big") if extra else info
            size = 1 + extra
            top = self.stack[-1] if self.stack else None
            if top is not None and top.kind in ("bytes", "text"):
                if initial != 0xFF and (major != (2 if top.kind == "bytes" else 3) or info == 31):
                    raise Failure("data.malformed")
            used = at + size - self.begin
            if major in (2, 3) and info != 31:
                if used + argument > self.limits.message:
                    raise Failure("data.size")                  # [cbor.read.claimed]
                if len(buffer) < at + size + argument:
                    self.at = at
                    return None
                value = bytes(buffer[at + size:at + size + argument])
                size += argument
                if major == 3:
                    value = _utf8(value)
                if self.tables and (top is None or top.kind not in ("bytes", "text")):
                    self._enter(value, argument)
            elif major in (0, 1):
                if info == 31:
                    raise Failure("data.malformed")
                value = _in_range(argument if major == 0 else -1 - argument)
            elif major == 7:
                value = self._simple(info, extra, argument, at)
            else:
                at += size
                if used > self.limits.message:
                    raise Failure("data.size")
                self._open(major, info, argument, size, used)
                if self.stack[-1].left == 0:
                    frame = self.stack.pop()
                    self._up(frame)
                    self.at = at
                    return frame.items, frame.start, frame.deepest
                continue
            self.at = at + size
            if self.at - self.begin > self.limits.message:
                raise Failure("data.size")
            if value is _BREAK:
                size = 1
            start = self.expanded
            self.expanded += size
            return value, start, self._base()

    def _base(self):
        """The expanded depth at this place."""
        if not self.stack:
            return 0
        top = self.stack[-1]
        return top.base

    def _open(self, major, info, argument, size, used):
        start = self.expanded
        base = self._base()
        if major == 6:
            if info == 31:
                raise Failure("data.malformed")
            frame = _Frame("tag", 1, start, base + (argument not in _UNSEEN))
            frame.tag = argument
            if argument == _STRINGS:
                self.tables.append([])
            elif argument == _SHARED:
                frame.index = len(self.shared)
                self.shared.append(None)
            if argument not in _UNSEEN:
                self.expanded += size
        else:
            self.expanded += size
            kind = {2: "bytes", 3: "text", 4: "array", 5: "map"}[major]
            left = -1 if info == 31 else argument * (2 if major == 5 else 1)
            if left > 0 and used + left > self.limits.message:
                raise Failure("data.size")                      # [cbor.read.claimed]
            frame = _Frame(kind, left, start, base + (major in (4, 5)))
        self.stack.append(frame)
        if max(self._depth(frame), frame.base) > self.limits.depth:
            raise Failure("data.depth")
        if self.expanded > self.limits.message:
            raise Failure("data.size")

    def _depth(self, frame):
        # Strings of indefinite length are no levels; they are the innermost frame if at all.
        return len(self.stack) - (frame.kind in ("bytes", "text"))

    def _up(self, frame):
        if self.stack:
            self.stack[-1].deepest = max(self.stack[-1].deepest, frame.deepest)

    def _simple(self, info, extra, argument, at):
        if info == 31:
            return _BREAK
        if extra in (2, 4, 8):
            form = {2: ">e", 4: ">f", 8: ">d"}[extra]
            number = struct.unpack(form, bytes(self.buffer[at + 1:at + 1 + extra]))[0]
            if not math.isfinite(number):
                raise Failure("data.number")
            return number
        if info == 24 or not 20 <= info <= 23:
            raise Failure("data.malformed")
        return (False, True, None, None)[info - 20]

    def _enter(self, value, length):
        """[cbor.tag.strings]"""
        table = self.tables[-1]
        count = len(table)
        least = (3 if count <= 23 else 4 if count <= 255 else 5 if count <= 65535
                 else 7 if count < 1 << 32 else 11)
        if length >= least:
            table.append((value, length))

    def _deliver(self, value, start, deepest):
        """Puts a complete item where it belongs; whether that completes the outermost one."""
        while self.stack:
            top = self.stack[-1]
            top.deepest = max(top.deepest, deepest)
            if value is _BREAK:
                if top.left != -1 or (top.kind == "map" and top.key is not _BREAK):
                    raise Failure("data.malformed")
                if top.kind in ("bytes", "text"):
                    top.items = (b"" if top.kind == "bytes" else "").join(top.items)
            elif top.kind == "map":
                if top.key is _BREAK:
                    top.key = _key(value)
                else:
                    top.items[top.key] = value
                    top.key = _BREAK
                top.left -= top.left > 0
            elif top.kind == "tag":
                top.left = 0
                top.items, top.deepest = self._tagged(top, value)
            else:
                top.items.append(value)
                top.left -= top.left > 0
            if self.expanded > self.limits.message:
                raise Failure("data.size")
            if top.left > 0 or (top.left == -1 and value is not _BREAK):
                return False
            self.stack.pop()
            value, start, deepest = top.items, top.start, top.deepest
        if value is _BREAK:
            raise Failure("data.malformed")
        self.result = value
        return True

    def _tagged(self, frame, value):
        """What a tag makes of its content, and the depth reached inside."""
        tag = frame.tag
        if tag in (2, 3):
            if not isinstance(value, bytes):
                raise Failure("data.malformed")
            if len(value) > 128:
                raise Failure("data.number")
            number = int.from_bytes(value, "big")
            return _in_range(number if tag == 2 else -1 - number), frame.deepest
        if tag == _STRINGS:
            self.tables.pop()
        elif tag == _SHARED:
            self.shared[frame.index] = (value, self.expanded - frame.start,
                                        frame.deepest - frame.base)
        elif tag in _REFERENCES:
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise Failure("data.malformed")
            self.expanded = frame.start
            if tag == 25:
                table = self.tables[-1] if self.tables else ()
                if value >= len(table):
                    raise Failure("data.malformed")
                found, length = table[value]
                self.expanded += len(_head(0, length)) + length
                return found, frame.deepest
            if value >= len(self.shared) or self.shared[value] is None:
                raise Failure("data.malformed")
            found, octets, height = self.shared[value]
            self.expanded += octets
            if frame.base + height > self.limits.depth:
                raise Failure("data.depth")
            return found, max(frame.deepest, frame.base + height)
        return value, frame.deepest


def _utf8(octets):
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure("data.utf-8") from None


def _in_range(integer):
    return integer if LOWEST <= integer <= HIGHEST else str(integer)


def _key(value):
    try:
        return as_text(value)                                   # [cbor.read.key]
    except Meaningless:
        raise Failure("data.malformed") from None               # [cbor.read.key-other]


def _head(major, argument):
    if argument < 24:
        return bytes((major << 5 | argument,))
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * size):
            return bytes((major << 5 | info,)) + argument.to_bytes(size, "big")
    raise SendError("a number beyond 64 bits")


def _write(value, out):
    if value is None or isinstance(value, bool):
        out.append({None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value])
    elif isinstance(value, str):
        octets = value.encode("utf-8")
        out += (_head(3, len(octets)), octets)
    elif isinstance(value, int):
        out.append(_head(0, value) if value >= 0 else _head(1, -1 - value))
    elif isinstance(value, bytes):
        out += (_head(2, len(value)), value)
    elif isinstance(value, float):
        integer = whole(value)
        if integer is not None:
            _write(integer, out)
        elif not math.isfinite(value):
            raise SendError("a number that is not finite")
        else:
            out.append(_float(value))
    elif isinstance(value, list):
        out.append(_head(4, len(value)))
        for item in value:
            _write(item, out)
    else:
        out.append(_head(5, len(value)))
        for key, item in value.items():
            _write(key, out)
            _write(item, out)


def _float(value):
    try:
        short = struct.pack(">f", value)
        if struct.unpack(">f", short)[0] == value:
            return b"\xfa" + short
    except OverflowError:
        pass
    return b"\xfb" + struct.pack(">d", value)


def encode(message):
    """A message as a CBOR data item."""
    out = []
    _write(message, out)
    return b"".join(out)
