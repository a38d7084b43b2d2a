"""A source of log messages for nodes that ask (chapter 19)."""

import re
import sys
import time

from .failure import SendError
from .identifiers import split_port_id
from .values import Meaningless, as_number, as_text

CONNECT = "AnyEvent::MP::LogCatcher::connect"
WARNING, COMING = 2, 7
_CATCHERS = 256
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


class Log:
    """What the node logs: to standard error, and to the ports that have asked."""

    def __init__(self, node):
        self.node = node
        self.levels = {}                # the greatest level by PORTID
        self.telling = False

    def connect(self, args):
        """A request for log messages [log.connect.start]."""
        version, target, level = as_number(args[0]), as_text(args[1]), as_number(args[2])
        split_port_id(target)
        if int(version) != 0 or len(self.levels) >= _CATCHERS:
            raise Meaningless(version)  # [log.connect.version]
        if target not in self.levels:
            self.node.ports.monitor(target, lambda _: self.levels.pop(target, None))    # [log.stop]
        self.levels[target] = level

    def write(self, level, context, text):
        """Logs; a secret, key or proof never stands in the text [log.no-secret]."""
        # [security.log.escape]
        text = _CONTROL.sub(lambda found: "\\x%02x" % ord(found[0]), text)
        if level <= WARNING:
            print("aemp: %s" % text, file=sys.stderr, flush=True)
        if self.levels and not self.telling:            # [log.no-loop]
            self.node.post(self._tell, time.time(), context, level, text)

    def _tell(self, *entry):
        self.telling = True
        try:
            for target, level in list(self.levels.items()):
                if entry[2] <= level:                   # [log.connect.level]
                    self._send(target, list(entry))
        finally:
            self.telling = False

    def _send(self, target, entry):
        host, _ = split_port_id(target)
        if host != self.node.id:
            link = self.node.peers.get(host).link
            if link is None or link.queued > self.node.link_queue // 2:
                return                                  # [log.best-effort]
            if not link.peer.knows_kil1:
                entry = entry[2:]                       # [log.message.old]
        try:
            self.node.send(target, entry)
        except SendError:
            self.node.counters["unsendable"] += 1
