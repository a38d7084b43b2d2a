"""Vectors with an input and an expectation: what a whole node makes of them, not only a parser."""

from . import framings, handshakes, identifiers, messages
from .group import subjects


def made():
    """All groups by the name of their file."""
    for part in (identifiers, handshakes, framings, messages):
        part.define()
    return subjects()
