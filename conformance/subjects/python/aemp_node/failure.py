"""Failures: why a connection ends (chapter 2.4, registry/failures.json)."""

# What the registry says of retrying; every other reason says "back-off".
RETRY_NEVER = {"greeting.own-node-id", "greeting.no-credentials", "link.duplicate",
               "link.stopped", "link.not-awaited"}
RETRY_NOW = {"link.superseded", "link.silent", "link.overload", "link.closed", "link.io"}


class Failure(Exception):
    """A connection fails for `stage.reason`."""

    def __init__(self, reason, text=""):
        super().__init__(reason + (": " + text if text else ""))
        self.reason = reason


class SendError(Exception):
    """A message cannot be sent; nothing has gone out (7.2)."""
