"""Ports of this node, monitors, spawned ports and calls (chapters 14 and 15)."""

import os
from collections import OrderedDict

from .failure import SendError
from .identifiers import port_id, split_port_id
from .log import WARNING

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_KEPT_LIMIT = 8 << 20                   # kept for a spawned port before its init has ended
_REMEMBERED, _REMEMBERED_TIME = 1024, 60.0


def random_prefix():
    """96 random bits, in characters of port names [call.reply-port.name]."""
    return "".join(_LETTERS[octet & 63] for octet in os.urandom(16))


class Port:
    """A port that lives; `handler` takes a message's arguments as a list."""

    def __init__(self, name, handler):
        self.name, self.handler = name, handler
        self.monitors = []              # of this node
        self.watchers = {}              # links whose peers have registered, in order
        self.kept = None                # messages that wait for the init function


class Monitor:
    """Fires `action(reason)` once."""

    def __init__(self, node, port, action):
        self.node, self.port, self.action = node, port, action
        self.live = True

    def fire(self, reason):
        """[monitor.once]"""
        if self.live:
            self.live = False
            self.action(list(reason))


class Ports:
    """All of a node's ports."""

    def __init__(self, node):
        self.node = node
        self.ports = {}
        self.prefix, self.spawn_prefix = random_prefix(), random_prefix()
        self.count = 0
        self.remembered = OrderedDict()     # name: (reason, until)
        self.functions = {}                 # init functions

    def new_name(self):
        """[id.port-name.generated], [id.port-name.unique]"""
        self.count += 1
        return "%s.%d" % (self.prefix, self.count)

    def create(self, handler, name=None):
        """Creates a port; its name."""
        name = self.new_name() if name is None else name
        self.ports[name] = Port(name, handler)
        return name

    def deliver(self, name, args):
        """Hands a message to a port."""
        port = self.ports.get(name)
        if port is None:
            self.node.counters["dropped_unknown_port"] += 1
        elif port.kept is not None:
            port.kept.append(args)
        else:
            self._handle(port, args)

    def _handle(self, port, args):
        try:
            port.handler(args)
        except Exception as error:      # the handler is the application's
            self.kill(port.name, ["die", str(error)])

    def kill(self, name, reason):
        """The port dies: registrations are answered, monitors fire [node.kil.effect]."""
        port = self.ports.pop(name, None)
        if port is None:
            return
        if reason[:1] == ["die"]:
            self.node.log.write(WARNING, "ports", "the port %s died: %s" % (
                name, " ".join(map(str, reason[1:]))))      # [log.failure]
        for link in port.watchers:
            link.registrations.discard(name)
            self.node.send_kil0(link, name, reason)
        for monitor in port.monitors:
            self.node.post(monitor.fire, reason)

    # ------------------------------------------------------------ owner

    def register(self, link, name):
        """A peer's `mon1`."""
        port = self.ports.get(name)
        if port is not None:
            port.watchers[link] = True
            link.registrations.add(name)
        else:
            self.node.send_kil0(link, name, self.missing(name))

    def unregister(self, link, name):
        """A peer's `mon0`."""
        link.registrations.discard(name)
        if name in self.ports:
            self.ports[name].watchers.pop(link, None)

    def missing(self, name):
        """The reason of a port that does not exist."""
        reason, until = self.remembered.get(name, (None, 0))
        if reason and until > self.node.loop.time():
            return reason
        return ["no_such_port", "cannot monitor nonexistent port", port_id(self.node.id, name)]

    # ------------------------------------------------------------ monitors of this node

    def monitor(self, target, action):
        """Monitors a port ID; the monitor."""
        node, name = split_port_id(target)
        monitor = Monitor(node, name, action)
        if node != self.node.id:
            self.node.peers.monitor(monitor)
        elif name in self.ports:
            self.ports[name].monitors.append(monitor)
        elif name:                      # [monitor.node-port.self]
            self.node.post(monitor.fire, self.missing(name))
        return monitor

    def unmonitor(self, monitor):
        """Ends a monitor [monitor.mon0.final]."""
        if not monitor.live:
            return
        monitor.live = False
        if monitor.node != self.node.id:
            self.node.peers.unmonitor(monitor)
        elif monitor.port in self.ports:
            self.ports[monitor.port].monitors.remove(monitor)

    # ------------------------------------------------------------ spawning

    def spawn(self, host, function, args):
        """Spawns on a node; the port ID [spawn.id.at-once]."""
        self.count += 1
        name = "%s.%d" % (self.spawn_prefix, self.count)
        if "::" not in function:
            raise SendError("an init function's name holds ::")
        self.node.request(host, ["AnyEvent::MP::_spawn", name, function] + args)
        return port_id(host, name)

    def spawned(self, name, function, args):
        """A `_spawn` that has come; False where it is refused [spawn.taken]."""
        until = self.remembered.get(name, (None, 0))[1]
        if name in self.ports or until > self.node.loop.time():
            return False
        port = self.ports[name] = Port(name, None)
        port.kept = []
        self.node.post(self._init, port, function, args)
        return True

    def _init(self, port, function, args):
        if self.ports.get(port.name) is not port:
            return
        reason = None
        init = self.functions.get(function)
        if init is None:
            reason = ["no_such_function", "no init function %s is registered on %s"
                      % (function, self.node.id)]
        else:
            try:
                init(port, args)
            except Exception as error:
                reason = ["die", str(error)]
            else:
                if port.handler is None:
                    reason = ["no_receiver", "init function %s registered no receiver" % function]
        if reason:
            self._remember(port.name, reason)
            self.kill(port.name, reason)
            return
        kept, port.kept = port.kept, None
        for message in kept:
            if self.ports.get(port.name) is port:
                self._handle(port, message)

    def _remember(self, name, reason):
        self.remembered[name] = (reason, self.node.loop.time() + _REMEMBERED_TIME)
        if len(self.remembered) > _REMEMBERED:
            self.remembered.popitem(last=False)

    # ------------------------------------------------------------ calls

    def call(self, target, seconds, args, outcome):
        """Calls a port; `outcome(ok, elements)` is called once [call.once]."""
        timer = monitor = None
        done = []

        def end(ok, elements):
            if done:
                return
            done.append(True)
            self.ports.pop(name, None)
            if timer:
                timer.cancel()
            if monitor:
                self.unmonitor(monitor)
            outcome(ok, elements)

        name = self.create(lambda answer: end(True, answer))
        monitor = self.monitor(target, lambda reason: end(False, reason))
        self.node.send(target, args + [port_id(self.node.id, name)])
        if seconds:
            timer = self.node.loop.call_later(
                seconds, self.node.run, end, False, ["timeout", "no answer in %g s" % seconds])
