"""Values (chapter 7): null None, boolean bool, integer int, float float, text str, octets bytes,
array list, map dict with str keys."""

import math
import re

LOWEST, HIGHEST = -(1 << 63), (1 << 64) - 1
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Meaningless(Exception):
    """A value stands where the protocol expects another kind [value.as-other]."""


def octets_as_text(octets):
    """[value.equal.octets]"""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def whole(number):
    """The integer that a float is, or None [value.as-text]."""
    if number == number and abs(number) < 2e19 and number == int(number):
        integer = int(number)
        if LOWEST <= integer <= HIGHEST:
            return integer
    return None


def as_text(value):
    """[value.as-text]"""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return octets_as_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        integer = whole(value)
        if integer is not None:
            return str(integer)
    raise Meaningless(value)


def as_number(value):
    """[value.as-integer]: an int or a float."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = as_text(value) if isinstance(value, (str, bytes)) else ""
    if not _NUMBER.fullmatch(text):
        raise Meaningless(value)
    number = float(text)
    if math.isinf(number):
        raise Meaningless(value)
    return int(number) if number == int(number) else number


def port_name(value):
    """The port that the first element of a message names [value.port.table]."""
    return as_text(value)


def depth(value):
    """How deep arrays and maps are nested, the outermost counted as 1."""
    deepest, level = 0, [value]
    while level:
        level = [v for v in level if isinstance(v, (list, dict))]
        if not level:
            break
        deepest += 1
        level = [e for v in level for e in (v.values() if isinstance(v, dict) else v)]
    return deepest


def comparable(value):
    """A form that is equal exactly for values that are the same (7.3)."""
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, bytes):
        return ("text", octets_as_text(value))
    if isinstance(value, str):
        return ("text", value)
    if isinstance(value, (int, float)):
        return ("number", value)
    if isinstance(value, list):
        return ("array", tuple(comparable(v) for v in value))
    return ("map", tuple(sorted((k, comparable(v)) for k, v in value.items())))
