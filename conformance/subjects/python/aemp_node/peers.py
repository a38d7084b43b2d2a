"""Links with peers: one a pair, queueing, dialling, heartbeats, loss (chapter 12)."""

from collections import deque

from . import json_framing
from .connection import DECIDE
from .failure import SendError
from .identifiers import order
from .ports import random_prefix

QUEUE_LIMIT = 8 << 20
CONNECT_TIME = 30.0
HOLD_TIME = 1.0
BEAT_TIME, BEATS = 5.0, 3


class _Kill(str):
    """The tag that kills a port: `kil` or `kil1`, which the link tells."""


KILL = _Kill("kil1")


class Peer:
    """All that is known of one node ID."""

    def __init__(self, node_id):
        self.id = node_id
        self.link = self.held = self.hold_timer = self.connect_timer = None
        self.dials = []                 # greeted dials, in order
        self.incoming = set()           # greeted, not yet verified
        self.queue, self.queued = deque(), 0
        self.monitors = {}              # port name: list of monitors
        self.addresses = set()          # seeds on which it has greeted

    def busy(self):
        """Whether this node tries to reach it."""
        return bool(self.queue or self.monitors or self.dials or self.incoming)


class Heartbeat:
    """Watches over one link (12.4)."""

    def __init__(self, peers, link):
        self.peers, self.link = peers, link
        self.name = random_prefix()
        self.unanswered, self.answered, self.sent = 0, False, 0.0
        self.timer = None
        self._again(BEAT_TIME)

    def _again(self, delay):
        self.timer = self.peers.node.loop.call_later(delay, self._tick)

    def _tick(self):
        now = self.peers.node.loop.time()
        if self.link.heard > self.sent:
            self.unanswered = 0
            quiet = now - self.link.heard
            if quiet < BEAT_TIME - 0.001:
                self._again(BEAT_TIME - quiet)
                return
        if self.unanswered >= BEATS and self.answered:
            self.link.fail("link.silent")
            return
        self.unanswered += 1
        self.beat()
        self._again(BEAT_TIME)

    def beat(self):
        """Sends a heartbeat."""
        self.sent = self.peers.node.loop.time()
        self.link.send(["", "snd", "%s#%s" % (self.peers.node.id, self.name)], first=True)

    def stop(self):
        """The link has ended."""
        self.timer.cancel()


class Peers:
    """Every peer of a node."""

    def __init__(self, node):
        self.node = node
        self.peers = {}

    def get(self, node_id):
        """The peer of an ID."""
        if node_id not in self.peers:
            self.peers[node_id] = Peer(node_id)
        return self.peers[node_id]

    def links(self):
        """All links."""
        return [peer.link for peer in self.peers.values() if peer.link]

    # ------------------------------------------------------------ sending

    def send(self, node_id, message):
        """Sends [PORT, ARG...] to a node, or queues it and dials."""
        peer = self.get(node_id)
        if peer.link:
            self._transmit(peer.link, message)
            return
        size = len(json_framing.encode(message))
        if size > self.node.limits.message:
            raise SendError("longer than %d octets" % self.node.limits.message)
        peer.queue.append(message)
        peer.queued += size
        if peer.queued > QUEUE_LIMIT:
            self._give_up(peer, "transport_error", "link.overload")
        else:
            self._want(peer)

    @staticmethod
    def _transmit(link, message):
        if message[1:2] and message[1] is KILL and not link.peer.knows_kil1:
            message = [message[0], "kil"] + message[2:]         # [node.kil.send-kil]
        link.send(message)

    def _want(self, peer):
        """A link is wanted: dials where an address is known (12.6)."""
        if peer.connect_timer:
            return
        self.node.seeds.dial(peer.addresses)
        peer.connect_timer = self.node.loop.call_later(
            CONNECT_TIME, self.node.run, self._connect_timeout, peer)
        self.node.post(self._check, peer)

    def _connect_timeout(self, peer):
        peer.connect_timer = None
        if not peer.link:
            reason = "transport_error" if peer.addresses else "unreachable"
            self._give_up(peer, reason, "connect.timeout")

    def _check(self, peer):
        """Gives up where nothing is pending from which a link could come."""
        if peer.link or peer.held or peer.dials or peer.incoming or not peer.connect_timer:
            return
        if peer.addresses:
            if not self.node.seeds.dialling(peer.addresses):
                self._give_up(peer, "transport_error", "connect.unreachable")
        elif not self.node.seeds.pending_at_all() and not self.node.handshakes:
            self._give_up(peer, "unreachable", "connect.no-address")

    def check_all(self):
        """Something that was pending has ended."""
        for peer in list(self.peers.values()):
            self._check(peer)

    def _give_up(self, peer, word, text):
        self._stop_waiting(peer)
        peer.queue.clear()
        peer.queued = 0
        for dial in list(peer.dials):
            dial.fail("link.overload" if text == "link.overload" else "auth.timeout")
        self._fire(peer, [word, peer.id, text])

    @staticmethod
    def _stop_waiting(peer):
        if peer.connect_timer:
            peer.connect_timer.cancel()
            peer.connect_timer = None

    # ------------------------------------------------------------ monitors of peers' ports

    def monitor(self, monitor):
        """[monitor.mon1.send], [monitor.mon1.aggregate]"""
        peer = self.get(monitor.node)
        others = peer.monitors.get(monitor.port)
        if others:
            others.append(monitor)
            return
        peer.monitors[monitor.port] = [monitor]
        if monitor.port:
            self.send(peer.id, ["", "mon1", monitor.port])
        elif not peer.link:
            self._want(peer)            # [monitor.node-port.dials]

    def unmonitor(self, monitor):
        """[monitor.mon0.send]"""
        peer = self.get(monitor.node)
        others = peer.monitors.get(monitor.port, [])
        if monitor in others:
            others.remove(monitor)
            if not others:
                del peer.monitors[monitor.port]
                if monitor.port:
                    self.send(peer.id, ["", "mon0", monitor.port])

    def died(self, peer_id, port, reason):
        """A `kil0` of a peer [monitor.kil0.fires]."""
        for monitor in self.get(peer_id).monitors.pop(port, []):
            monitor.fire(reason)

    def _fire(self, peer, reason):
        monitors, peer.monitors = peer.monitors, {}
        for group in monitors.values():
            for monitor in group:
                monitor.fire(reason)

    # ------------------------------------------------------------ one link a pair (12.3)

    def on_line_1(self, connection):
        """The peer's first line has come."""
        peer = self.get(connection.peer_id)
        if connection.initiator:
            self._may_dial(peer, connection)
            if connection.seed:
                connection.seed.greeted(connection.peer_id)
            peer.dials.append(connection)
        else:
            peer.incoming.add(connection)

    def _may_dial(self, peer, dial):
        """[link.single.dial-late], [link.single.dial-restarted]"""
        link = peer.link
        if link and (not dial.instance or dial.instance == link.instance
                     or dial.came_up < link.came_up):
            dial.fail("link.duplicate")
            return False
        return True

    def may_prove(self, dial):
        """Whether an authentication line may go out on a dial."""
        peer = self.get(dial.peer_id)
        if not self._may_dial(peer, dial):
            return False
        if any(other.proved for other in peer.dials if other is not dial):
            dial.fail("link.duplicate")             # [link.single.one-proof]
            return False
        return True

    def on_verified(self, connection):
        """The peer's proof is right: does this connection become the link?"""
        peer = self.get(connection.peer_id)
        peer.incoming.discard(connection)
        if self.node.stopping:
            connection.fail("link.stopped")
        elif connection.initiator:
            self._dial_verified(peer, connection)
        elif connection.instance:
            self._newcomer(peer, connection)
        else:
            self._plain_newcomer(peer, connection)

    def _dial_verified(self, peer, dial):
        if peer.link:
            if not self._may_dial(peer, dial):
                return
            peer.link.fail("link.superseded")       # [link.duplicate.restart-initiator]
        self._become(peer, dial)

    def _newcomer(self, peer, newcomer):
        lower = order(self.node.id) < order(peer.id)
        link = peer.link                            # [link.duplicate.order]
        if link and link.instance != newcomer.instance and newcomer.came_up < link.came_up:
            newcomer.fail("link.duplicate")         # [link.duplicate.remnant]
            return
        same = [dial for dial in peer.dials if dial.instance == newcomer.instance]
        if same and lower:                          # [link.duplicate.same.dial-lower]
            newcomer.fail("link.duplicate")
            return
        if link:
            if link.instance == newcomer.instance and link.initiator and lower:
                newcomer.fail("link.duplicate")     # [link.duplicate.same.link-lower]
                link.heartbeat.beat()
                return
            held, peer.held = peer.held, None       # else the loss would complete it
            link.fail("link.superseded")
            if held:
                held.fail("link.duplicate")
        self._become(peer, newcomer)
        for dial in same:                           # [link.duplicate.same.dial-higher]
            dial.fail("link.duplicate")

    def _plain_newcomer(self, peer, newcomer):
        if peer.held:                               # [link.duplicate.plain.second]
            newcomer.fail("link.duplicate")
        elif peer.link:
            self._hold(peer, newcomer)              # [link.duplicate.plain.probe]
            peer.link.heartbeat.beat()
        elif peer.dials:
            self._hold(peer, newcomer)              # [link.duplicate.plain.hold]
        else:
            self._become(peer, newcomer)

    def _hold(self, peer, newcomer):
        peer.held = newcomer
        peer.hold_timer = self.node.loop.call_later(
            HOLD_TIME, self.node.run, self._hold_over, peer, newcomer)

    def _hold_over(self, peer, newcomer):
        if peer.held is not newcomer:
            return
        if peer.link:                               # [link.duplicate.plain.probe-silent]
            peer.link.fail("link.superseded")
            return                                  # its loss has completed the newcomer
        for dial in list(peer.dials):               # [link.duplicate.plain.hold-limit]
            dial.fail("link.duplicate")
        self._release(peer)

    def _release(self, peer):
        newcomer, peer.held = peer.held, None
        if newcomer and newcomer.state == DECIDE:
            self._become(peer, newcomer)

    def _become(self, peer, connection):
        if connection in peer.dials:
            peer.dials.remove(connection)
        held, peer.held = peer.held, None
        if held and held is not connection:         # [link.duplicate.plain.close]
            held.fail("link.duplicate")
        peer.link = connection
        connection.complete()

    def on_link(self, link):
        """A connection has become the link; what was queued goes first [link.queue.order]."""
        peer = self.get(link.peer_id)
        self._stop_waiting(peer)
        link.heartbeat = Heartbeat(self, link)
        queue, peer.queue, peer.queued = peer.queue, deque(), 0
        for message in queue:
            try:
                self._transmit(link, message)
            except SendError:
                self.node.counters["unsendable"] += 1

    def heartbeat_answer(self, link, port):
        """Whether a message is the answer to a heartbeat [link.heartbeat.answer-drop]."""
        if port != link.heartbeat.name:
            return False
        link.heartbeat.answered = True
        peer = self.get(link.peer_id)
        if peer.held and peer.link is link:         # [link.duplicate.plain.probe-answered]
            held, peer.held = peer.held, None
            held.fail("link.duplicate")
        return True

    # ------------------------------------------------------------ the end

    def on_end(self, connection, was, text):
        """A connection has ended."""
        if not connection.peer_id:
            return
        peer = self.get(connection.peer_id)
        peer.incoming.discard(connection)
        if connection in peer.dials:
            peer.dials.remove(connection)
        if peer.held is connection:
            peer.held = None
        if peer.link is connection:
            peer.link = None
            if connection.heartbeat:
                connection.heartbeat.stop()
            for name in list(connection.registrations):
                self.node.ports.unregister(connection, name)
            self.node.counters["links_lost"] += 1
            self._fire(peer, ["transport_error", peer.id, text])
            self._release(peer)                     # [link.duplicate.plain.probe-lost]
        elif peer.held and not peer.dials and not peer.link:
            self._release(peer)                     # [link.duplicate.plain.release]
