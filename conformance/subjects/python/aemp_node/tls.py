"""TLS with one shared certificate (chapter 5) on octets: no sockets here."""

import hmac
import ssl

from .failure import Failure

_NO_CHECK_TIME = 0x200000       # X509_V_FLAG_NO_CHECK_TIME [tls.cert.dates]
_PARTIAL_CHAIN = 0x80000        # X509_V_FLAG_PARTIAL_CHAIN: what is in the file is trusted as it is
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class Certificate:
    """The file with key and certificate, and the contexts made of it."""

    def __init__(self, path):
        with open(path, encoding="latin-1") as file:
            text = file.read()
        parts = [_BEGIN + part.split(_END)[0] + _END + "\n" for part in text.split(_BEGIN)[1:]]
        self.own = ssl.PEM_cert_to_DER_cert(parts[0])
        self.alone = len(parts) == 1
        self.contexts = {}
        for server in (False, True):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False                      # [tls.cert.names]
            context.verify_mode = ssl.CERT_REQUIRED
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.verify_flags = int(context.verify_flags) | _NO_CHECK_TIME | _PARTIAL_CHAIN
            context.load_cert_chain(path)
            context.load_verify_locations(path)
            if server and hasattr(context, "num_tickets"):
                context.num_tickets = 0                         # [tls.resume.none]
            self.contexts[server] = context


class Session:
    """TLS on one connection."""

    def __init__(self, certificate, server):
        self.certificate = certificate
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = certificate.contexts[server].wrap_bio(
            self.incoming, self.outgoing, server_side=server)
        self.up = self.ended = False

    def handshake(self):
        """Goes on with the handshake; whether TLS is up."""
        try:
            self.object.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except ssl.SSLError as error:
            raise _failure(error) from None
        peer = self.object.getpeercert(binary_form=True)
        if not peer or (self.certificate.alone and
                        not hmac.compare_digest(peer, self.certificate.own)):
            raise Failure("tls.certificate")
        self.up = True
        return True

    def read(self):
        """Yields what has arrived inside; `ended` is set at the close alert."""
        while not self.ended:
            try:
                part = self.object.read(65536)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                part = b""
            except ssl.SSLError as error:
                raise _failure(error) from None
            if not part:
                self.ended = True
                return
            yield part

    def write(self, octets):
        """The records that hold these octets."""
        if octets:
            self.object.write(octets)
        return self.outgoing.read()


def _failure(error):
    """[tls.cert.wrong], [tls.fail.alert], [tls.fail.handshake]"""
    text = "%s %s" % (error.reason or "", error)
    wrong = isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE" in text.upper() \
        or "UNKNOWN_CA" in text.upper()
    return Failure("tls.certificate" if wrong else "tls.failed", error.reason or "")
