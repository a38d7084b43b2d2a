"""Framing json (chapter 8).

A complete text is taken by the standard library's parser. Where a text is not complete, a scanner of
our own goes through the octets as they come: it finds the text's end and the first wrong character.
"""

import codecs
import json
import re

from .failure import Failure, SendError
from .values import HIGHEST, LOWEST, depth

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_DIGITS = re.compile(r"[0-9]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.S)
_NUMBER_COMPLETE = {"zero", "int", "frac", "exp"}
_HEX = set("0123456789abcdefABCDEF")


def _integer(digits):
    if len(digits) <= 21 and LOWEST <= int(digits) <= HIGHEST:
        return int(digits)
    return digits                                               # [json.integer.beyond]


def _float(literal):
    number = float(literal)
    if number in (float("inf"), float("-inf")):
        raise Failure("data.number", literal[:40])              # [json.float.beyond]
    return number


def _constant(word):
    raise ValueError(word)                                      # [json.read.no-extension]


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _check_surrogates(text):
    """[json.string.lone-surrogate]"""
    if not _SURROGATE.search(text):
        return
    high_ends = None
    for found in _ESCAPE.finditer(text):
        unit = int(found.group(1), 16) if found.group(1) else 0
        low = 0xDC00 <= unit <= 0xDFFF
        if low != (high_ends == found.start()):
            raise Failure("data.utf-8", "lone surrogate")
        if high_ends is not None and not low:
            raise Failure("data.utf-8", "lone surrogate")
        high_ends = found.end() if 0xD800 <= unit <= 0xDBFF else None
    if high_ends is not None:
        raise Failure("data.utf-8", "lone surrogate")


class Reader:
    """Octets in, values out."""

    def __init__(self, limits):
        self.limits = limits
        self.utf8 = codecs.getincrementaldecoder("utf-8")()
        self.state = "top"
        self.stack = []
        self.parts = []         # of the unfinished text
        self.octets = 0         # of the unfinished text
        self.key = False
        self.word = ""
        self.after_number = False

    def feed(self, data):
        """Yields each value that is complete; raises Failure at the first wrong octet."""
        failure = None
        try:
            text = self.utf8.decode(data)
        except UnicodeDecodeError as error:
            # The octets before the wrong one still count; those of a character begun earlier are
            # in error.object, in front of ours.
            text = error.object[:error.start].decode("utf-8")
            failure = True
        yield from self._texts(text)
        if failure or (self.utf8.getstate()[0] and not self._in_string()):
            inside = self._in_string()
            raise Failure("data.utf-8" if inside else "data.malformed")
        if self.state != "top" and self.octets + len(self.utf8.getstate()[0]) > self.limits.message:
            raise Failure("data.size")

    def finish(self):
        """The reading side has ended; the values that only this makes complete."""
        if self.state in _NUMBER_COMPLETE and not self.stack:   # [json.other.scalar-end]
            return [_DECODER.decode("".join(self.parts))]
        if self.state != "top":
            raise Failure("data.truncated")
        return []

    def _in_string(self):
        return self.state in ("string", "escape") or self.state[0] == "u"

    def _texts(self, text):
        at, end = 0, len(text)
        while at < end:
            if self.state == "top":
                was, at = at, _SPACE.match(text, at).end()
                if at > was:
                    self.after_number = False
                if at == end:
                    return
                if text[at] in '[{"':
                    self.after_number = False
                    try:
                        value, stop = _DECODER.raw_decode(text, at)
                    except (ValueError, RecursionError):
                        pass
                    else:
                        yield self._checked(value, text[at:stop])
                        at = stop
                        continue
            start = at
            at, done = self._scan(text, at)
            self._keep(text[start:at])
            if done:
                whole, self.parts, self.octets = "".join(self.parts), [], 0
                self.state = "top"
                yield self._checked(_DECODER.decode(whole), whole)

    def _keep(self, part):
        self.parts.append(part)
        self.octets += len(part) if part.isascii() else len(part.encode("utf-8"))
        if self.octets > self.limits.message:
            raise Failure("data.size")

    def _checked(self, value, text):
        if 4 * len(text) > self.limits.message and \
                len(text.encode("utf-8")) > self.limits.message:
            raise Failure("data.size")
        if text.count("[") + text.count("{") > self.limits.depth and \
                depth(value) > self.limits.depth:
            raise Failure("data.depth")
        _check_surrogates(text)
        return value

    def _ended(self):
        """A value has ended: the state behind it, and whether the text is done."""
        self.state = "comma"
        return not self.stack

    def _scan(self, text, at):
        """Goes on through an unfinished text; the position reached, and whether it is complete."""
        end = len(text)
        while at < end:
            state, char = self.state, text[at]
            if state == "string":
                at = _PLAIN.match(text, at).end()
                if at == end:
                    break
                char = text[at]
                at += 1
                if char == "\\":
                    self.state = "escape"
                elif char != '"':
                    raise Failure("data.malformed")             # [json.string.control]
                elif self.key:
                    self.key, self.state = False, "colon"
                elif self._ended():
                    return at, True
            elif state == "escape":
                if char not in '"\\/bfnrtu':
                    raise Failure("data.malformed")             # [json.string.bad-escape]
                self.state = "u4" if char == "u" else "string"
                at += 1
            elif state[0] == "u":
                if char not in _HEX:
                    raise Failure("data.malformed")
                left = int(state[1]) - 1
                self.state = "u%d" % left if left else "string"
                at += 1
            elif state == "word":
                if char != self.word[0]:
                    raise Failure("data.malformed")
                self.word = self.word[1:]
                at += 1
                if not self.word and self._ended():
                    return at, True
            elif state in _NUMBER:
                at = self._number(text, at, char)
                if self.state == "comma" and not self.stack:
                    self.after_number = True
                    return at, True
            elif char in " \t\n\r":
                at = _SPACE.match(text, at).end()
            else:
                at += 1
                if self._structure(state, char):
                    return at, True
        return at, False

    def _number(self, text, at, char):
        following = _NUMBER[self.state]
        kind = "digit" if char in "0123456789" and char.isascii() else char
        if kind == "digit" and self.state == "minus" and char == "0":
            kind = "0"
        if kind in following:
            self.state = following[kind]
            return _DIGITS.match(text, at).end() if self.state in ("int", "frac", "exp") else at + 1
        if self.state not in _NUMBER_COMPLETE:
            raise Failure("data.malformed")
        if kind == "digit":
            raise Failure("data.malformed")                     # a leading zero
        self.state = "comma"
        return at

    def _structure(self, state, char):
        """A character outside strings, numbers and words; whether the text is complete."""
        if state in ("top", "value", "first"):
            if char in "[{":
                self.stack.append(char)
                if len(self.stack) > self.limits.depth:
                    raise Failure("data.depth")
                self.state = "first" if char == "[" else "first-key"
            elif char == '"':
                self.state = "string"
            elif char in "tfn":
                self.state = "word"
                self.word = {"t": "rue", "f": "alse", "n": "ull"}[char]
            elif char == "-":
                self.state = "minus"
            elif char in "0123456789" and not (state == "top" and self.after_number):
                self.state = "zero" if char == "0" else "int"
            elif char == "]" and state == "first":
                return self._close()
            else:
                raise Failure("data.malformed")
            self.after_number = False
            return False
        if state in ("key", "first-key"):
            if char == '"':
                self.key, self.state = True, "string"
                return False
            if char == "}" and state == "first-key":
                return self._close()
        elif state == "colon" and char == ":":
            self.state = "value"
            return False
        elif state == "comma" and self.stack:
            if char == ",":
                self.state = "value" if self.stack[-1] == "[" else "key"
                return False
            if char == ("]" if self.stack[-1] == "[" else "}"):
                return self._close()
        raise Failure("data.malformed")

    def _close(self):
        self.stack.pop()
        return self._ended()


# Of a number: the state, and what may follow.
_NUMBER = {
    "minus": {"0": "zero", "digit": "int"},
    "zero": {".": "dot", "e": "e", "E": "e"},
    "int": {"digit": "int", ".": "dot", "e": "e", "E": "e"},
    "dot": {"digit": "frac"},
    "frac": {"digit": "frac", "e": "e", "E": "e"},
    "e": {"+": "sign", "-": "sign", "digit": "exp"},
    "sign": {"digit": "exp"},
    "exp": {"digit": "exp"},
}


def _octets(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")                          # [json.octets.write]
    raise TypeError(type(value).__name__)


def encode(message):
    """A message as a JSON text in UTF-8."""
    try:
        return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"),
                          default=_octets).encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise SendError(str(error)) from None
