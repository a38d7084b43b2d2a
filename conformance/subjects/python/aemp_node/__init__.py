"""An AEMP node in Python's standard library, written from the specification alone."""

__version__ = "1.0"
