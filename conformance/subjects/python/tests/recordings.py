"""The recordings of conversations between original nodes, as octets of each direction."""

import glob
import json
import os

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "..", "recordings")


def load():
    """Every recording: (name, document)."""
    for path in sorted(glob.glob(os.path.join(FOLDER, "*", "*.json"))):
        with open(path, encoding="utf-8") as file:
            yield os.path.relpath(path, FOLDER), json.load(file)


class Conversation:
    """One connection: the octets that each side sent, cut into lines and messages."""

    def __init__(self, connection):
        self.name = "%s %s" % (connection.get("id"), connection.get("case", ""))
        self.sides = {"initiator": b"", "acceptor": b""}
        self.ended = set()
        plain_from = connection.get("tls_plaintext_from_here")
        self.tls = plain_from is not None or bool(connection.get("decrypted"))
        for event in connection.get("events", []):
            side = event.get("from")
            if "text" in event:
                self.sides[side] += event["text"].encode("utf-8")
            elif "hex" in event:
                self.sides[side] += bytes.fromhex(event["hex"])
            elif event.get("eof"):
                self.ended.add(side)

    def lines(self, side):
        """The first three lines of a side and what follows, or None."""
        parts = self.sides[side].split(b"\n", 3)
        if len(parts) < 4 or parts[2].startswith(b"\x16\x03"):
            return None
        return [part[:-1] if part.endswith(b"\r") else part for part in parts[:3]] + parts[3:]
