"""The node: what its connections, ports and peers share."""

import asyncio
import os
import time
from collections import Counter, deque

from . import __version__
from .connection import LINK, Connection
from .failure import SendError
from .framing import Limits
from .identifiers import join_address, split_address, split_port_id
from .log import COMING, WARNING, Log
from .peers import KILL, Peers
from .ports import Ports
from .requests import Requests
from .seeds import Seeds
from .tls import Certificate
from .values import Meaningless, port_name

_STRONG = ("tls_sha3_512", "hmac_sha3_512", "tls_md6_64_256", "hmac_md6_64_256")
_OF_ONE_ADDRESS, _IN_ALL = 64, 1024     # unfinished handshakes
_FLUSH_TIME = 5.0


class Node:
    """An AEMP node of the level `node`."""

    handshake_time = 30.0
    link_queue = 64 << 20

    def __init__(self, node_id, secrets=(), cert=None, framings=("json", "cbor"), seeds=(),
                 cleartext=False):
        self.loop = asyncio.get_running_loop()
        self.id = node_id
        self.instance = os.urandom(16).hex()
        self.provider = "AEMP-Python-" + __version__
        self.secrets = [s.encode("utf-8") for s in secrets if s]    # [auth.secret.empty]
        self.certificate = Certificate(cert) if cert else None
        self.sendable = [m for m in _STRONG if (self.certificate if m.startswith("tls_")
                                                else self.secrets)]
        self.methods = self.sendable + (["cleartext"] if cleartext and self.secrets else [])
        self.framings = list(framings)
        self.limits = Limits()
        self.counters = Counter()
        self.started = time.time()
        self.stopping = False
        self.handshakes = set()
        self.count = 0
        self.operations, self.draining = deque(), False
        self.server = None
        self.log = Log(self)
        self.ports, self.peers = Ports(self), Peers(self)
        self.requests = Requests(self)
        self.seeds = Seeds(self, seeds)

    # ------------------------------------------------------------ life

    async def listen(self, address):
        """Listens on HOST:PORT; the address with the port that it has."""
        if not self.secrets and not self.certificate:
            raise ValueError("a node without secret and certificate does not listen; "
                             "give it --secret or --cert")      # [auth.listen.credentials]
        host, port = split_address(address) or (None, None)
        if host is None:
            raise ValueError("no address to listen on: %r; give HOST:PORT" % address)
        self.server = await self.loop.create_server(lambda: Connection(self, False), host, port)
        return join_address(*self.server.sockets[0].getsockname()[:2])

    async def stop(self):
        """12.10"""
        self.stopping = True
        if self.server:
            self.server.close()
        for connection in list(self.handshakes):
            connection.fail("link.stopped")
        until = self.loop.time() + _FLUSH_TIME
        while self.loop.time() < until and any(link.queue or link.blocked
                                               for link in self.peers.links()):
            self.flushed = self.loop.create_future()
            await asyncio.wait([self.flushed], timeout=until - self.loop.time())
        for link in self.peers.links():
            link.fail("link.stopped")
        await asyncio.sleep(0)

    def on_flushed(self, _):
        """A link has written everything."""
        if self.stopping and not self.flushed.done():
            self.flushed.set_result(None)

    # ------------------------------------------------------------ operations in order

    def post(self, function, *args):
        """Has something done after what is going on."""
        self.operations.append((function, args))
        if not self.draining:
            self.loop.call_soon(self.drain)

    def drain(self):
        """Does all that was posted, in order."""
        if self.draining:
            return
        self.draining = True
        try:
            while self.operations:
                function, args = self.operations.popleft()
                try:
                    function(*args)
                except SendError:
                    self.counters["unsendable"] += 1
        finally:
            self.draining = False

    def run(self, function, *args):
        """Does something that a timer asks for."""
        self.post(function, *args)
        self.drain()

    # ------------------------------------------------------------ sending

    def send(self, target, args):
        """Sends ARG... to a port ID."""
        node, port = split_port_id(target)
        if node == self.id:
            self.post(self.deliver, None, port, list(args))
        else:
            self.peers.send(node, [port] + list(args))

    def request(self, node, args):
        """Sends a request to a node port."""
        self.send(node, args)

    def kill(self, target, reason):
        """Kills a port [node.kil.send-kil1]."""
        node, port = split_port_id(target)
        if not port:
            return                      # [node.kil.never-node-port]
        if node == self.id:
            self.post(self.ports.kill, port, reason)
            return
        self.request(node, [KILL, port] + list(reason))

    def send_kil0(self, link, name, reason):
        """[monitor.kil0.send-link], [monitor.kil0.unencodable]"""
        if link.state != LINK:
            return
        try:
            link.send(["", "kil0", name] + list(reason))
        except SendError as error:
            link.send(["", "kil0", name, "die", "the reason cannot be sent: %s" % error])

    def deliver(self, source, port, args):
        """A message for this node; `source` is the link that it came over, or None."""
        if port:
            self.ports.deliver(port, args)
        else:
            self.requests.carry_out(source, args)

    # ------------------------------------------------------------ what connections ask and tell

    def next_count(self):
        """Numbers connections in the order in which they came up."""
        self.count += 1
        return self.count

    def admit(self, connection):
        """[limit.handshake.address]"""
        host = connection.address[0]
        if not connection.initiator and (
                len(self.handshakes) >= _IN_ALL or
                sum(c.address[0] == host and not c.initiator
                    for c in self.handshakes) >= _OF_ONE_ADDRESS):
            return False
        self.handshakes.add(connection)
        return True

    def on_line_1(self, connection):
        """The peer's first line has come."""
        self.peers.on_line_1(connection)

    def may_prove(self, dial):
        """Whether an authentication line may go out on a dial."""
        return self.peers.may_prove(dial)

    def secret_for(self, dial):
        """The secret for a dial [auth.secret.initiator]."""
        if not self.secrets:
            return None
        return self.secrets[(dial.seed.secret if dial.seed else 0) % len(self.secrets)]

    def on_verified(self, connection):
        """The peer's proof is right."""
        self.peers.on_verified(connection)

    def on_link(self, connection):
        """A connection has become a link."""
        self.handshakes.discard(connection)
        self.log.write(COMING, "links", "a link with %s is up" % connection.peer_id)
        self.peers.on_link(connection)
        self.seeds.on_link(connection)

    def on_message(self, link, value):
        """A well-formed item has come over a link (11.2)."""
        if not isinstance(value, list):
            self.counters["dropped_not_array"] += 1
            return
        if not value:
            return
        try:
            port = port_name(value[0])
        except Meaningless:
            self.counters["dropped_wrong_request"] += 1
            return
        if port and self.peers.heartbeat_answer(link, port):
            return
        self.deliver(link, port, value[1:])

    def on_end(self, connection, was, reason, text):
        """A connection has ended."""
        self.handshakes.discard(connection)
        if was != LINK:
            self.counters["handshakes_failed"] += 1
        self.report(text, join_address(*connection.address))
        self.peers.on_end(connection, was, text)
        if connection.seed:
            self.seeds.on_end(connection.seed, reason)
        if was == LINK:
            self.seeds.on_lost()
        self.peers.check_all()

    def report(self, text, address):
        """[conf.fail.report]"""
        self.log.write(WARNING, "links", "%s (%s)" % (text, address))

    # ------------------------------------------------------------ information

    def up_nodes(self):
        """[node.up-nodes]"""
        return [link.peer_id for link in self.peers.links()]

    def known_nodes(self):
        """[node.known-nodes]"""
        return [self.id] + [p.id for p in self.peers.peers.values() if p.link or p.busy()]

    def status(self):
        """[node.status]"""
        return {
            "node": self.id, "provider": self.provider, "instance": self.instance,
            "ports": len(self.ports.ports), "uptime": time.time() - self.started,
            "nodes": self.known_nodes(), "counters": dict(self.counters),
            "links": [{"node": link.peer_id, "initiator": link.initiator,
                       "method_in": link.method_in, "method_out": link.method_out,
                       "framing_in": link.framing_in, "framing_out": link.framing_out,
                       "tls": link.tls is not None} for link in self.peers.links()],
        }
