"""Authentication lines and proofs (chapter 6)."""

import hashlib
import hmac
import re

from .failure import Failure
from .md6 import hmac_md6_256, md6_256

# Method: form of its data.
_FORMS = {
    "hmac_sha3_512": re.compile(rb"[0-9a-f]{128}\Z"),
    "tls_sha3_512": re.compile(rb"[0-9a-f]{128}\Z"),
    "hmac_md6_64_256": re.compile(rb"[0-9a-f]{64}\Z"),
    "tls_md6_64_256": re.compile(rb"[0-9a-f]{64}\Z"),
    "tls_anon": re.compile(rb"\Z"),
    "cleartext": re.compile(rb"(?:[0-9a-f]{2})*\Z"),
}
FRAMINGS = ("json", "cbor", "storable")


def lines(prover1, prover2, verifier1, verifier2):
    """LINES of 6.3: the contents of the prover's lines first."""
    return b"".join(content + b"\n" for content in (prover1, prover2, verifier1, verifier2))


def proof(method, octets, secret):
    """The data of a method over LINES, in hex; `secret` are octets (6.4)."""
    if method == "hmac_sha3_512":
        return hmac.new(secret, octets, hashlib.sha3_512).hexdigest().encode()
    if method == "hmac_md6_64_256":
        return hmac_md6_256(octets, md6_256(secret)).hex().encode()
    if method == "tls_sha3_512":
        return hashlib.sha3_512(octets).hexdigest().encode()
    if method == "tls_md6_64_256":
        return md6_256(octets).hex().encode()
    if method == "tls_anon":
        return b""
    return secret.hex().encode()


def compose(method, data, framing):
    """The content of our line [auth.line.form]."""
    return b"%s;%s;%s" % (method.encode(), data, framing.encode())


def needs_secret(method):
    """Whether a method rests on the secret."""
    return not method.startswith("tls_")


class AuthLine:
    """The peer's line after checks 2 to 8."""

    def __init__(self, line, methods, framings, tls):
        fields = line.split(b";")
        if len(fields) < 3:
            raise Failure("auth.malformed")
        self.method = fields[0].decode("latin-1")
        self.data = fields[1]
        self.framing = fields[2].decode("latin-1")
        if self.method not in _FORMS:
            raise Failure("auth.method-unknown")
        if self.method not in methods:
            raise Failure("auth.method-not-offered")
        if self.method.startswith("tls_") and not tls:
            raise Failure("auth.method-needs-tls")
        if self.framing not in FRAMINGS:
            raise Failure("auth.framing-unknown")
        if self.framing not in framings:
            raise Failure("auth.framing-not-offered")
        if not _FORMS[self.method].match(self.data):
            raise Failure("auth.proof-form")

    def verify(self, octets, secrets):
        """Check 9; the secret that made the proof, or None where none is needed."""
        for secret in secrets if needs_secret(self.method) else [None]:
            if hmac.compare_digest(self.data, proof(self.method, octets, secret)):
                return secret
        raise Failure("auth.proof")
