"""Node IDs, port IDs, addresses (chapter 3)."""

import re

from .values import Meaningless, as_text

_FORBIDDEN = re.compile("[;#\x00-\x1f\x7f-\x9f]")


def node_id_octets(octets):
    """The text of a node ID as greeted [id.node.octets]."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def good_node_id(text):
    """[id.node.form]"""
    return bool(text) and not _FORBIDDEN.search(text)


def order(node_id):
    """The key by which node IDs are ordered [id.node.order]."""
    return node_id.encode("utf-8")


def split_port_id(value):
    """Node ID and port name of a port ID found in a message."""
    node, _, port = as_text(value).partition("#")
    if not good_node_id(node):
        raise Meaningless(value)
    return node, port


def port_id(node, port):
    """[id.port-id.form], [id.port-id.node-port]"""
    return node + "#" + port if port else node


def split_address(text):
    """Host and port of a TCP address, or None [id.address.unusable]."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isdigit() or not port.isascii() or not 1 <= int(port) <= 65535:
        return None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return (host, int(port)) if host else None


def join_address(host, port):
    """[id.address.form], [id.address.ipv6]"""
    return "[%s]:%d" % (host, port) if ":" in host else "%s:%d" % (host, port)
