"""One TCP connection: greeting, TLS, authentication, then messages (chapters 4 to 6 and 11)."""

import asyncio
import socket
from collections import deque

from . import auth, framing, greeting
from .failure import Failure
from .identifiers import join_address
from .tls import Session

LINE_1, LINE_2, TLS, AUTH, DECIDE, LINK, CLOSED = range(7)
_PHASE = {LINE_1: "greeting", LINE_2: "greeting", TLS: "tls", AUTH: "auth", DECIDE: "auth"}


class Connection(asyncio.Protocol):
    """What becomes of a connection is decided by the node: it is asked by `on_line_1`,
    `may_prove`, `on_verified`, and told by `on_link`, `on_message` and `on_end`."""

    def __init__(self, node, initiator, seed=None):
        self.node, self.initiator, self.seed = node, initiator, seed
        self.state = LINE_1
        self.transport = self.tls = self.peer = self.reader = self.timer = None
        self.lines = bytearray()        # octets that are no messages yet
        self.proved = False
        self.blocked = False
        self.queue, self.queued = deque(), 0
        self.registrations = set()      # ports of ours that the peer monitors
        self.heartbeat = None

    # ------------------------------------------------------------ from the transport

    def connection_made(self, transport):
        self.transport = transport
        node, loop = self.node, self.node.loop
        self.came_up = node.next_count()
        self.since = loop.time()
        self.heard = self.since
        self.address = (transport.get_extra_info("peername") or ("?", 0))[:2]
        transport.set_write_buffer_limits(high=0)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if not node.admit(self):
            self.fail("greeting.too-many")
            return
        self.timer = loop.call_later(node.handshake_time, self._timeout)
        self.methods, self.framings = node.methods, node.framings
        keys = [("provider", node.provider), ("peeraddr", join_address(*self.address)),
                ("instance", node.instance), ("mproto", "1")]
        if node.certificate:
            keys.append(("tls", "1.0"))
        self.own = (greeting.compose(node.id, self.methods, self.framings, keys),
                    greeting.new_nonce())
        transport.write(b"%s\n%s\n" % self.own)

    def data_received(self, data):
        if self.state == CLOSED:
            return
        self.heard = self.node.loop.time()
        try:
            self._input(data)
        except Failure as failure:
            self.fail(failure.reason, str(failure))
        self.node.drain()

    def eof_received(self):
        """[message.end.half-close], [greeting.end.processed]"""
        self._end()
        return False

    def connection_lost(self, error):
        if self.state == LINK and error:
            self.fail("link.io", str(error))
        else:
            self._end()

    def pause_writing(self):
        self.blocked = True

    def resume_writing(self):
        self.blocked = False
        while self.queue and not self.blocked and self.state == LINK:
            octets = self.queue.popleft()
            self.queued -= len(octets)
            self._write(octets)
        if not self.queue and not self.blocked:
            self.node.on_flushed(self)

    # ------------------------------------------------------------ the handshake

    def _input(self, data):
        if self.state in (LINE_1, LINE_2):
            self.lines += data
            self._greeting()
            return
        if self.tls:
            self.tls.incoming.write(data)
            if self.state == TLS:
                self._handshake()
            if self.state > TLS:
                for part in self.tls.read():
                    self._clear(part)
                if self.tls.ended and self.state != CLOSED:
                    self._end()
            return
        self._clear(data)

    def _clear(self, data):
        """Octets after the greeting, out of TLS where it is used."""
        if self.state == LINK:
            self._messages(data)
        elif self.state != CLOSED:
            self.lines += data
            if self.state == AUTH:
                self._authentication()
            elif len(self.lines) > self.node.limits.message:
                self.transport.pause_reading()

    def _greeting(self):
        if self.state == LINE_1:
            line = greeting.take_line(self.lines, "greeting.line-too-long")
            if line is None:
                return
            self.peer_1 = line
            self.peer = greeting.Greeting(line, self.node.id)
            self.state = LINE_2
            self.node.on_line_1(self)
        if self.state == LINE_2:
            line = greeting.take_line(self.lines, "greeting.line-too-long")
            if line is None:
                return
            self.peer_2 = line
            self._choose()

    def _choose(self):
        """Checks 6 to 11, then what comes after the greeting."""
        node, peer = self.node, self.peer
        if (self.peer_1, self.peer_2) == self.own:
            raise Failure("greeting.echo")
        if self.peer_2 == self.own[1]:
            raise Failure("greeting.nonce")
        tls = bool(node.certificate) and peer.wants_tls
        if not tls and not node.secrets:
            raise Failure("greeting.no-credentials")
        usable = [m for m in node.sendable
                  if (tls or not m.startswith("tls_")) and
                  (node.secrets or not auth.needs_secret(m))]
        self.method_out = greeting.choose(peer.methods, usable)
        if self.method_out is None:
            raise Failure("greeting.no-common-method")
        self.framing_out = greeting.choose(peer.framings, node.framings)
        if self.framing_out is None:
            raise Failure("greeting.no-common-framing")
        if tls:
            self.tls = Session(node.certificate, server=self.own[1] > self.peer_2)
            self.tls.incoming.write(bytes(self.lines))
            self.lines.clear()
            self.state = TLS
            self._handshake()
            if self.state == AUTH:
                self._input(b"")
        else:
            self._start_auth()

    def _handshake(self):
        try:
            up = self.tls.handshake()
        finally:
            self.transport.write(self.tls.write(b""))
        if up:
            self._start_auth()

    def _start_auth(self):
        self.state = AUTH
        if self.initiator:
            if not self.node.may_prove(self):
                return
            self.secret = self.node.secret_for(self)
            self._prove()
        if self.lines:
            self._authentication()

    def _prove(self):
        data = auth.proof(self.method_out, auth.lines(*self.own, self.peer_1, self.peer_2),
                          self.secret)
        self.proved = True
        self._write(auth.compose(self.method_out, data, self.framing_out) + b"\n")

    def _authentication(self):
        content = greeting.take_line(self.lines, "auth.line-too-long")
        if content is None:
            return
        line = auth.AuthLine(content, self.methods, self.framings, self.tls is not None)
        secrets = [self.secret] if self.initiator else self.node.secrets
        made = line.verify(auth.lines(self.peer_1, self.peer_2, *self.own), secrets)
        self.framing_in, self.method_in = line.framing, line.method
        self.state = DECIDE
        if not self.initiator:
            self.secret = made or (self.node.secrets[0] if self.node.secrets else None)
        self.node.on_verified(self)

    def complete(self):
        """The node has decided that this connection becomes the link; it calls this last."""
        if not self.initiator:
            self._prove()
        self.timer.cancel()
        self.state = LINK
        self.reader = framing.reader(self.framing_in, self.node.limits)
        self.node.on_link(self)
        rest = bytes(self.lines)
        self.lines.clear()
        self.transport.resume_reading()
        if rest:
            try:
                self._messages(rest)
            except Failure as failure:
                self.fail(failure.reason, str(failure))

    def _timeout(self):
        self.fail(_PHASE[self.state] + ".timeout")

    # ------------------------------------------------------------ messages

    def _messages(self, data):
        for value in self.reader.feed(data):
            self.node.on_message(self, value)
            self.node.drain()

    def send(self, message, first=False):
        """Sends [PORT, ARG...], or raises SendError."""
        octets = framing.encode(self.framing_out, message, self.node.limits)
        if self.state != LINK:
            return
        if not self.blocked and not self.queue:
            self._write(octets)
        else:
            if first:
                self.queue.appendleft(octets)       # [link.heartbeat.first]
            else:
                self.queue.append(octets)
            self.queued += len(octets)
            if self.queued > self.node.link_queue:
                self.node.loop.call_soon(self.fail, "link.overload")

    def _write(self, octets):
        if self.tls:
            octets = self.tls.write(octets)
        self.transport.write(octets)

    # ------------------------------------------------------------ the end

    def _end(self):
        """The reading side has ended."""
        if self.state == CLOSED:
            return
        if self.state == LINK:
            try:
                for value in self.reader.finish() or ():
                    self.node.on_message(self, value)
            except Failure as failure:
                self.fail(failure.reason)
                return
            self.fail("link.closed")
        else:
            self.fail(_PHASE[self.state] + ".closed")

    def fail(self, reason, text=""):
        """Closes the connection for a reason of the registry, at once."""
        if self.state == CLOSED:
            return
        was, self.state = self.state, CLOSED
        if self.timer:
            self.timer.cancel()
        self.queue.clear()
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
        self.node.on_end(self, was, reason, text or reason)

    @property
    def peer_id(self):
        """The peer's node ID, once it has greeted."""
        return self.peer.node_id if self.peer else None

    @property
    def instance(self):
        """The peer's instance, or None."""
        return self.peer.instance if self.peer else None
