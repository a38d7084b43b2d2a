"""The command line; what it does not say, AEMP_TEST_* variables do."""

import argparse
import asyncio
import os
import signal
import sys

from .fixture import Fixture
from .node import Node
from .ports import random_prefix


def _arguments():
    parser = argparse.ArgumentParser(prog="aemp_node", description="An AEMP node with fixture.")
    for name, text in (("bind", "HOST:PORT to listen on"), ("seed", "HOST:PORT[,...] to dial"),
                       ("secret", "shared secret; several, one a line"), ("node-id", "its name"),
                       ("cert", "PEM file with key and certificate"),
                       ("suite", "sha3 or md6; both are always there"),
                       ("framing", "storable turns that on; json and cbor are always there"),
                       ("cleartext", "1: accept the method cleartext")):
        variable = "AEMP_TEST_" + name.replace("-", "_").upper()
        parser.add_argument("--" + name, default=os.environ.get(variable, ""), help=text)
    return parser.parse_args()


async def _main(args):
    framings = ["json", "cbor"] + (["storable"] if args.framing == "storable" else [])
    node = Node(args.node_id or random_prefix(), secrets=args.secret.split("\n"), cert=args.cert or None,
                framings=framings, seeds=[s for s in args.seed.split(",") if s],
                cleartext=args.cleartext not in ("", "0"))
    Fixture(node)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        node.loop.add_signal_handler(number, stop.set)
    bound = [await node.listen(args.bind)] if args.bind else []
    print("READY", node.id, ",".join(bound), flush=True)
    node.seeds.start()
    await stop.wait()
    await node.stop()


if __name__ == "__main__":
    try:
        asyncio.run(_main(_arguments()))
    except (OSError, ValueError) as error:
        sys.exit("aemp_node: %s" % error)
