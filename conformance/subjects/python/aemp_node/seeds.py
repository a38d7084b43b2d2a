"""Seeds: addresses that a node dials until it is linked with one (20.3)."""

import asyncio
import random

from .connection import CLOSED, Connection
from .failure import RETRY_NEVER, RETRY_NOW
from .identifiers import split_address

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_SOON = 0.1
_CONNECT_TIME = 10.0


class Seed:
    """One address."""

    def __init__(self, seeds, text, address):
        self.seeds, self.text, self.address = seeds, text, address
        self.wait, self.secret = _FIRST_WAIT, 0
        self.timer = self.connection = self.task = None
        self.node_id = None             # who greeted there last
        self.dropped = False

    def greeted(self, node_id):
        """A node has greeted at this address."""
        if self.node_id not in (None, node_id):
            self.seeds.node.peers.get(self.node_id).addresses.discard(self)
        self.node_id = node_id
        self.seeds.node.peers.get(node_id).addresses.add(self)

    def busy(self):
        """Whether a dial is under way."""
        return bool(self.task or self.connection)

    def linked(self):
        """Whether there is a link with the node of this address."""
        return bool(self.node_id and self.seeds.node.peers.get(self.node_id).link)


class Seeds:
    """All seeds of a node."""

    def __init__(self, node, texts):
        self.node = node
        self.all = []
        for text in texts:
            address = split_address(text)
            if address:                 # [id.address.unusable]
                self.all.append(Seed(self, text, address))

    def start(self):
        """[config.seeds.first]"""
        self.dial(self.all)

    def dial(self, seeds):
        """Dials these where no dial is under way."""
        for seed in seeds:
            if not (seed.dropped or seed.busy() or seed.linked() or self.node.stopping):
                if seed.timer:
                    seed.timer.cancel()
                    seed.timer = None
                seed.task = self.node.loop.create_task(self._dial(seed))

    async def _dial(self, seed):
        try:
            _, connection = await asyncio.wait_for(self.node.loop.create_connection(
                lambda: Connection(self.node, True, seed), *seed.address), _CONNECT_TIME)
        except (OSError, asyncio.TimeoutError) as error:
            late = isinstance(error, asyncio.TimeoutError)
            reason = "connect.timeout" if late else "connect.unreachable"
            seed.task = None
            self.node.report("%s: %s" % (reason, error), seed.text)
            self.node.run(self._failed, seed, reason)
        else:
            seed.task = None
            if connection.state != CLOSED:
                seed.connection = connection
            else:
                self.node.peers.check_all()

    def on_end(self, seed, reason):
        """A connection with a seed has ended."""
        seed.connection = None
        self._failed(seed, reason)

    def _failed(self, seed, reason):
        if reason == "greeting.own-node-id":
            seed.dropped = True         # [config.seeds.self]
        if reason in ("auth.proof", "auth.closed"):
            seed.secret += 1            # [auth.secret.initiator]
        if reason in RETRY_NOW:
            self._retry(seed, _SOON)
        elif reason not in RETRY_NEVER:
            self._retry(seed, seed.wait * random.uniform(1.0, 1.2))
            seed.wait = min(2 * seed.wait, _LONGEST_WAIT)
        self.node.peers.check_all()

    def _retry(self, seed, delay):
        if not seed.dropped and not seed.timer and not self.node.stopping:
            seed.timer = self.node.loop.call_later(delay, self._again, seed)

    def _again(self, seed):
        seed.timer = None
        wanted = seed.node_id and self.node.peers.get(seed.node_id).connect_timer
        if wanted or not any(other.linked() for other in self.all):
            self.dial([seed])

    def on_link(self, connection):
        """A seed has become a link."""
        if connection.seed:
            connection.seed.wait = _FIRST_WAIT

    def on_lost(self):
        """A link is lost: where none is left, seeds are dialled again [config.seeds.keep]."""
        if not any(seed.linked() for seed in self.all):
            for seed in self.all:
                if not seed.busy():
                    self._retry(seed, _SOON)

    @staticmethod
    def dialling(seeds):
        """Whether a dial of one of these is under way."""
        return any(seed.busy() for seed in seeds)

    def pending_at_all(self):
        """Whether any seed's node could still appear."""
        return any((seed.busy() or seed.timer) and not seed.linked() for seed in self.all)
