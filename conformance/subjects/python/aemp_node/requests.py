"""The node port: requests of peers and of the node itself (chapter 13)."""

import time

from .failure import SendError
from .identifiers import split_port_id
from .log import CONNECT
from .values import Meaningless, as_text

SERVED = ("mon1", "mon0", "kil0", "kil", "kil1", "snd", "snd_multiple", "info", "known_nodes",
          "up_nodes", "can", "time", "status", "devnull", "AnyEvent::MP::_spawn", CONNECT)


class Requests:
    """Carries out requests; `source` is the link, or None for the node itself."""

    def __init__(self, node):
        self.node = node

    def carry_out(self, source, args):
        """One message to the node port."""
        if not args or args[0] is None or args[0] in ("", b""):
            return                                  # a keepalive
        tag, rest = args[0], args[1:]
        if isinstance(tag, bytes):
            tag = as_text(tag)
        handler = _HANDLERS.get(tag) if isinstance(tag, str) else None
        if handler is None or (source is None and tag in ("mon1", "mon0", "kil0")):
            self.node.counters["dropped_unknown_request"] += 1
            return
        try:
            handler(self, source, rest)
        except (Meaningless, IndexError):
            self.node.counters["dropped_wrong_request"] += 1
        except SendError:
            self.node.counters["unsendable"] += 1

    # ------------------------------------------------------------ arguments

    @staticmethod
    def _port(args):
        """[node.argument.null]"""
        return as_text(args[0]) if args else ""

    @staticmethod
    def _name(value):
        """[node.argument.missing]"""
        text = as_text(value)
        if not text:
            raise Meaningless(value)
        return text

    def _reply(self, args, *results):
        split_port_id(args[0])
        self.node.send(as_text(args[0]), args[1:] + list(results))

    # ------------------------------------------------------------ requests

    def _snd(self, _, args):
        split_port_id(args[0])
        self.node.send(as_text(args[0]), args[1:])

    def _snd_multiple(self, source, args):
        for message in args:
            try:
                if not isinstance(message, list):
                    raise Meaningless(message)
                self._snd(source, message)
            except (Meaningless, IndexError):
                self.node.counters["dropped_wrong_request"] += 1
            except SendError:
                self.node.counters["unsendable"] += 1

    def _mon1(self, source, args):
        name = self._port(args)
        if name:                                    # [monitor.mon1.node-port]
            self.node.ports.register(source, name)
            if len(source.registrations) > 1000000:
                source.fail("link.overload")

    def _mon0(self, source, args):
        self.node.ports.unregister(source, self._port(args))

    def _kil0(self, source, args):
        name = self._port(args)
        if not name:
            raise Meaningless(name)                 # [monitor.kil0.node-port]
        self.node.peers.died(source.peer_id, name, args[1:])

    def _kil(self, _, args):
        name = self._port(args)
        if not name:                                # [node.kil.node-port]
            self.node.counters["refused_kill"] += 1
            return
        self.node.ports.kill(name, args[1:])

    def _info(self, _, args):
        self._reply(args, self.node.id)

    def _known_nodes(self, _, args):
        self._reply(args, *self.node.known_nodes())

    def _up_nodes(self, _, args):
        self._reply(args, *self.node.up_nodes())

    def _can(self, _, args):
        name = self._name(args[0])
        known = name in SERVED or name in self.node.ports.functions
        self._reply(args[1:], "1" if known else "")

    def _time(self, _, args):
        self._reply(args, time.time())

    def _status(self, _, args):
        self._reply(args, self.node.status())

    def _eval(self, _, args):
        self.node.counters["refused_eval"] += 1
        self._reply(args[1:], "this node does not evaluate code")

    def _devnull(self, _, args):
        pass

    def _log(self, _, args):
        self.node.log.connect(args)

    def _spawn(self, _, args):
        name, function = self._name(args[0]), args[1]
        if isinstance(function, bytes):
            function = as_text(function)
        if not isinstance(function, str) or not function:
            raise Meaningless(function)             # [spawn.wrong]
        if not self.node.ports.spawned(name, function, args[2:]):
            raise Meaningless(name)


_HANDLERS = {
    "snd": Requests._snd, "snd_multiple": Requests._snd_multiple, "mon1": Requests._mon1,
    "mon0": Requests._mon0, "kil0": Requests._kil0, "kil": Requests._kil, "kil1": Requests._kil,
    "info": Requests._info, "known_nodes": Requests._known_nodes, "up_nodes": Requests._up_nodes,
    "can": Requests._can, "time": Requests._time, "status": Requests._status,
    "eval": Requests._eval, "devnull": Requests._devnull, "AnyEvent::MP::_spawn": Requests._spawn,
    CONNECT: Requests._log,
}
