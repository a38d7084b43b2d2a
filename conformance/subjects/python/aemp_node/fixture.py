"""The ports `echo` and `conformance`, and the init functions by which the kit drives the node."""

from .failure import SendError
from .identifiers import good_node_id, port_id, split_port_id
from .values import Meaningless, as_number, as_text


def echo(node):
    """An echo receiver: answers to the last element where that is a port ID, else to the first."""
    def handler(args):
        for at in (-1, 0):
            if args and _is_port_id(args[at], strict=at == -1):
                rest = args[:-1] if at == -1 else args[1:]
                try:
                    node.send(as_text(args[at]), rest)
                except SendError:
                    node.counters["unsendable"] += 1
                return
    return handler


def _is_port_id(value, strict):
    if not isinstance(value, (str, bytes)):
        return False
    name, hash_sign, _ = as_text(value).partition("#")
    return good_node_id(name) and (bool(hash_sign) or not strict)


class Fixture:
    """The port `conformance`."""

    def __init__(self, node):
        self.node = node
        self.monitors = []              # (R, PORTID, monitor)
        node.ports.create(echo(node), "echo")
        node.ports.create(self._message, "conformance")
        node.ports.functions.update({
            "conformance::echo": self._init_echo, "conformance::die": self._init_die,
            "conformance::idle": lambda port, args: None})

    def _message(self, args):
        try:
            verb, reply = as_text(args[0]), as_text(args[1])
            handler = getattr(self, "_do_" + verb, None)
            if handler:
                handler(reply, args[2:])
            else:
                self.node.send(reply, [verb, "unsupported"])
        except (Meaningless, IndexError, SendError):
            self.node.counters["dropped_wrong_request"] += 1

    def _init_echo(self, port, _):
        port.handler = echo(self.node)

    @staticmethod
    def _init_die(_, args):
        raise RuntimeError(as_text(args[0]) if args else "died")

    def _id(self, name):
        return port_id(self.node.id, name)

    def _do_make(self, reply, args):
        name = as_text(args[0])
        if name not in self.node.ports.ports:
            self.node.ports.create(echo(self.node), name)
        self.node.send(reply, ["make", self._id(name)])

    def _do_kill(self, reply, args):
        name = as_text(args[0])
        target = self._id(name)
        if _is_port_id(name, strict=True):          # of any node
            target = port_id(*split_port_id(name))
        self.node.kill(target, args[1:])
        self.node.send(reply, ["kill", target])

    def _do_die(self, reply, args):
        name = as_text(args[0])
        text = as_text(args[1])
        port = self.node.ports.ports.get(name)
        if port:
            def fail(_):
                raise RuntimeError(text)
            port.handler = fail
            self.node.send(self._id(name), ["die"])
        self.node.send(reply, ["die", self._id(name)])

    def _do_monitor(self, reply, args):
        target = as_text(args[0])
        self.node.send(reply, ["monitor", target])

        def down(reason):
            self.monitors = [entry for entry in self.monitors if entry[2].live]
            self.node.send(reply, ["down", target] + reason)
        self.monitors.append((reply, target, self.node.ports.monitor(target, down)))

    def _do_unmonitor(self, reply, args):
        target = as_text(args[0])
        mine = [entry for entry in self.monitors if entry[1] == target]
        chosen = [entry for entry in mine if entry[0] == reply] or mine
        for entry in chosen[:1]:
            self.monitors.remove(entry)
            self.node.ports.unmonitor(entry[2])
        self.node.send(reply, ["unmonitor", target])

    def _do_send(self, reply, args):
        target = as_text(args[0])
        for number in range(1, int(as_number(args[1])) + 1):
            self.node.send(target, [number])
        self.node.send(reply, ["send", target])

    def _do_spawn(self, reply, args):
        spawned = self.node.ports.spawn(as_text(args[0]), as_text(args[1]), args[2:])
        self.node.send(reply, ["spawn", spawned])

    def _do_call(self, reply, args):
        target = as_text(args[0])
        self.node.ports.call(
            target, as_number(args[1]), args[2:],
            lambda ok, elements: self.node.send(reply, ["call", target, ok] + elements))

    def _do_nodes(self, reply, _):
        self.node.send(reply, ["nodes", self.node.up_nodes()])
