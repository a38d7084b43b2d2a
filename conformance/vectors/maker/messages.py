"""Groups about values, ports and requests."""

import json
import math
import pathlib
import re

from .group import Group
from .values import noted

REGISTRY = pathlib.Path(__file__).resolve().parents[3] / "spec/registry"


def define():
    group = Group("values-same", "same", "Which values are the same", "value.equal.kinds")
    values = [None, True, False, 0, 1, 5, 5.0, -0.0, 0.5, "", "0", "1", "5", "true", "caf\u00e9",
              b"caf\xe9", "caf\u00e9".encode(), b"", [], {}, [1], [1.0], {"a": 1}, {"a": None},
              2 ** 64 - 1, 2.0 ** 53, 2 ** 53, b"a", "a", ["a"], [b"a"]]

    def plain(value):
        if isinstance(value, bool) or value is None:
            return ("word", value)
        if isinstance(value, (int, float)):
            return ("number", value)
        if isinstance(value, bytes):
            try:
                return ("text", value.decode())
            except UnicodeDecodeError:
                return ("text", value.decode("latin-1"))
        if isinstance(value, list):
            return ("array", [plain(item) for item in value])
        if isinstance(value, dict):
            return ("map", {key: plain(item) for key, item in value.items()})
        return ("text", value)
    cited = {"word": "value.equal.null", "number": "value.equal.number", "text": "value.equal.text",
             "array": "value.equal.array", "map": "value.equal.map"}
    for i, a in enumerate(values):
        for b in values[i:]:
            x, y = plain(a), plain(b)
            if x[0] == y[0] or i % 3 == 0:
                name = cited[x[0]] if x[0] == y[0] else "value.equal.kinds"
                more = ["value.equal.octets"] if bytes in (type(a), type(b)) else []
                group.add(f"{a!a} and {b!a}", {"a": noted(a), "b": noted(b)}, {"same": x == y}, name,
                          *more)
    readings(Group("readings", "reading", "What a value is where text, a number or truth is due",
                   "value.as-text"))
    requests(Group("requests", "request", "Requests to the node port", "node.request.unknown"))
    kill_reasons(Group("kill-reasons", "request", "Reasons of a death or a kill", "node.kil.reason"))


def readings(group):
    """Each value in each place; what is not in the expectation cannot stand there."""
    texts = ("", "0", "1", "-1", "007", "12", "-12.50", "1e3", "1E+3", "25e-1", "0.0", "00", "-0", "0e5",
             "1e308", "18446744073709551615", "caf\u00e9", "true", "false", " ", " 1", "1 ", "+1", ".5", "1.",
             "-", "--1", "1e", "1e+", "e1", "0x10", "1_0", "1,5", "1e999", "inf", "nan", "NaN", "\u0661",
             "1\n", "\0")
    values = [None, True, False, 0, 1, -1, 2 ** 64 - 1, -2 ** 63, 2 ** 53 + 1, 0.0, -0.0, 5.0, -5.0, 0.5, 1e15,
              1e300, 5e-324, b"", b"0", b"12", b"caf\xe9", b"caf\xc3\xa9", b"1.5", [], [0], [[]], {}, {"a": 0},
              *texts]
    for value in values:
        expected = {name: found for name, found in (
            ("text", as_text(value)), ("number", as_number(value)), ("truth", as_truth(value)))
            if found is not None}
        other = ["value.as-other"] if len(expected) < 3 else []
        group.add(f"{value!a}", {"value": noted(value)}, {k: noted(v) for k, v in expected.items()},
                  "value.as-text", "value.as-integer", "value.as-truth", *other)


def as_text(value):
    if value is None or isinstance(value, bool):
        return "" if value is None else "1" if value else "0"
    if isinstance(value, (int, float)):
        whole = value == math.floor(value) and -2 ** 63 <= value < 2 ** 64
        return str(int(value)) if whole else None
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")
    return value if isinstance(value, str) else None


def as_number(value):
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, (str, bytes)):
        text = as_text(value)
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
            number = float(text)
            return number if math.isfinite(number) else None
    return None


def as_truth(value):
    if isinstance(value, bytes):
        value = as_text(value)
    if value is None or isinstance(value, bool):
        return bool(value)
    return value not in (0, "", "0")


def adding(group):
    def add(cited, given, /, tolerated=False, **expected):
        expected = {key: noted(value) for key, value in expected.items()}
        verdict = "invalid" if "refused" in expected else "tolerated" if tolerated else "valid"
        group.add(f"{given!a}"[:70], {"arguments": noted(given)}, expected, cited,
                  verdict=verdict)
    return add


def kill_reasons(group):
    """Every reason of the registry in its shape, in others that readers hand on all the same, and
    what is no kill whatever its reason."""
    add = adding(group)
    samples = {"node-id": "n", "text": "x", "port-id": "n#p", "text-or-null": None}
    registry = json.loads((REGISTRY / "kill-reasons.json").read_text())["reasons"]
    for entry in registry:
        reason = [entry["reason"]] if entry["reason"] else []
        shape = [samples[argument["kind"]] for argument in entry["arguments"]]
        for tag, name in (("kil0", "died"), ("kil", "kill"), ("kil1", "kill")):
            add("node.kil.reason", [tag, "p", *reason, *shape], request=name, port="p",
                arguments=reason + shape)
        if reason:
            for other in (reason, reason + shape + [{"more": 1}], reason + [[], 5]):
                add("monitor.reason.open", ["kil0", "p", *other], tolerated=other != reason + shape,
                    request="died", port="p", arguments=other)
    for other in (["my-own"], ["Transport_Error", "n", "x"], [""], [None], [0], [5, "x"], [True],
                  [["transport_error"]], [{}], [b"die", "x"], ["die"] * 20):
        add("monitor.reason.open", ["kil0", "p", *other], request="died", port="p", arguments=other)
    for reason in ([], ["die", "x"]):
        for tag in ("kil", "kil1"):
            add("node.kil.node-port", [tag, None, *reason], refused="node-port")
        add("monitor.kil0.node-port", ["kil0", "", *reason], refused="wrong")
        for tag in ("kil", "kil1", "kil0"):
            add("value.as-other", [tag, ["p"], *reason], refused="wrong")


def requests(group):
    add = adding(group)
    arg = [1, "x", None, ["y"]]
    for empty in ([], [None], [""], ["devnull"], ["devnull", 1]):
        add("node.devnull" if empty[:1] == ["devnull"] else "message.nothing.drop", empty,
            request="nothing")
    for tag, name, cited in (("mon1", "monitor", "monitor.mon1.register"), ("mon0", "unmonitor", "monitor.mon0.send")):
        for given, port in (("p", "p"), (b"p", "p"), (5, "5"), (True, "1"), (None, ""), ("", "")):
            add("value.as-text", [tag, given], request=name, port=port)
    for tag in ("kil", "kil1", "kil0"):
        name = "died" if tag == "kil0" else "kill"
        for reason in ([], ["transport_error", "n", "lost"], ["die", "x"], arg):
            add("node.kil.reason", [tag, "p", *reason], request=name, port="p", arguments=reason)
    for tag in ("kil", "kil1"):
        add("node.kil.node-port", [tag, ""], refused="node-port")
    for args in ([], arg):
        add("node.snd", ["snd", "n#p", *args], request="send", to="n#p", arguments=args)
        for tag, query in (("info", "info"), ("known_nodes", "known_nodes"), ("up_nodes", "up_nodes"),
                           ("time", "time"), ("status", "status")):
            add("node." + query.replace("_", "-"), [tag, "n#p", *args], request="tell", query=query,
                to="n#p", arguments=args)
        add("node.can", ["can", "f", "n#p", *args], request="tell", query="can", to="n#p",
            arguments=args)
        add("node.eval.refused", ["eval", "1+1", "n#p", *args], request="eval", to="n#p",
            arguments=args)
        add("spawn.create", ["AnyEvent::MP::_spawn", "p", "a::f", *args], request="spawn", port="p",
            function="a::f", arguments=args)
        add("node.function.registered", ["a::f", *args], request="call", function="a::f", arguments=args)
    for wrong in (["snd"], ["snd", "#p"], ["snd", "a;b#p"], ["snd", ["n#p"]], ["info"], ["can", "f"],
                  ["mon1", ["p"]], ["mon0", {}], ["kil", []],
                  ["AnyEvent::MP::_spawn", "p"], ["AnyEvent::MP::_spawn", "", "a::f"]):
        add("value.as-other", wrong, refused="wrong")
    for tag in ("foo", "MON1", "mon", " mon1", "kil2"):
        add("node.request.unknown", [tag, "p"], refused="unknown")
    for tag in (5, True, ["mon1"], {}):
        add("node.request.foreign-tag", [tag, "p"], refused="foreign-tag")
    for wrong in (["mon1", 0.5], ["mon0", -2.5], ["kil0", 1e300], ["kil1", 0.5], ["snd", 0.5, 1],
                  ["info", 1e300], ["can", 0.5, "n#p"], ["AnyEvent::MP::_spawn", 0.5, "a::f"]):
        add("value.as-other", wrong, refused="wrong")
