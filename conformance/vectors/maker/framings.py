"""Groups about the three framings: octets read as messages, and messages written."""

import struct

from .group import Group, failure
from .values import ENCODERS, framed, head, noted, to_cbor, to_image, to_json, to_storable


# What readers accept and no correct writer sends.
UNUSUAL = ("cbor.read.key", "cbor.read.head", "cbor.read.indefinite", "cbor.tag", "storable.class",
           "storable.ref", "storable.header")


def reading(group, framing):
    """Adds entries: octets, the messages in them, items that mean nothing, the end."""
    def add(title, octets, messages=(), end=None, *cited, nothing=0):
        octets = octets if isinstance(octets, bytes) else octets.encode()
        expected = {"messages": noted(list(messages)), "nothing": nothing}
        if end:
            expected.update(failure(end))
        unusual = any(id.startswith(UNUSUAL) for id in cited) and not end
        group.add(title, {"framing": framing, "octets": octets.hex()}, expected, *cited,
                  verdict="tolerated" if unusual else None)
    return add


def define():
    json()
    cbor()
    storable()
    ports()
    writing()


def json():
    group = Group("json-streams", "read", "Texts one after another", "json.read.stream")
    add = reading(group, "json")
    one, two = ["p", 1], ["q"]
    for between in ("", " ", "\n", "\r\n\t ", "\n\n\n"):
        text = between + '["p",1]' + between + '["q"]' + between
        add(f"with {between!a} between", text, [one, two], None, "json.read.white-space")
    for text, nothing in (("5 ", 1), ("{}", 1), ("null", 1), ("true", 1), ("false", 1), ('"x"', 1),
                          ("5 5 ", 2), ("-1", 1), ("{\"a\":[1]}", 1), ("[]", 1), ("[[]]", 1),
                          ("[{}]", 1), ("1.5e3", 1), ("0", 1), ("[][]", 2), ("nullnull", 2),
                          ("1-1", 2), ("5null", 2)):
        add(f"{text!a} before", text + '["p",1]', [one], None, "json.other.skip",
            "json.other.scalar-end", nothing=nothing)
        # A number is complete when something follows.
        add(f"{text!a} behind", '["p",1]' + text + " ", [one], None, "json.other.skip",
            "json.other.scalar-end", nothing=nothing)
    add("the example of section 8.3", '{"a":1}["p",1]5 ["q"]null', [one, two], None,
        "json.other.skip", nothing=3)
    for text in ("[", '["', '["p"', '["p",', '["p\\', '["p\\u00', '["p",{"a":', "{", "nul", "-", "1.",
                 '"x', '["p",tru', "1e", "1e+"):
        add(f"ends after {text!a}", '["q"]' + text, [two], "data.truncated", "json.read.truncated")
    for text in ("12", "-0", "1.5", "2e3"):
        add(f"ends with {text}", '["q"]' + text, [two], None, "json.other.scalar-end",
            "json.other.skip", nothing=1)
    group = Group("json-values", "read", "Values in JSON", "value.kinds")
    add = reading(group, "json")
    for text, value in (
        ("null", None), ("true", True), ("false", False), ("0", 0), ("-0", 0), ("1", 1), ("-1", -1),
        ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -2**63),
        ("9007199254740993", 2**53 + 1),
    ):
        add(text, f'["p",{text}]', [["p", value]], None, "json.integer.read", "value.integer.range")
    for text in ("18446744073709551616", "-9223372036854775809", "1" + "0" * 40, "-1" + "0" * 40):
        add(text, f'["p",{text}]', [["p", text]], None, "json.integer.beyond", "value.integer.beyond")
    for text in ("0.5", "1.0", "-1.5", "1e3", "1E3", "1e+3", "1.5e-3", "0e0", "1e308", "5e-324",
                 "1e-400", "0.1", "1.7976931348623157e308", "0.30000000000000004"):
        add(text, f'["p",{text}]', [["p", float(text)]], None, "json.float.read", "value.float.small")
    for text in ("1e309", "-1e309", "1e999999", "1.8e308"):
        add(text, f'["p",{text}]', [], "data.number", "json.float.beyond", "value.float.finite")
    for text, value in (("[]", []), ("{}", {}), ("[[],[[]]]", [[], [[]]]), ('{"a":1,"b":[]}',
                        {"a": 1, "b": []}), ('{"a":1,"a":2}', {"a": 2}), ('{"":null}', {"": None}),
                        ('[ 1 , { "a" : [ ] } ]', [1, {"a": []}]), ('{"b":1,"a":2,"b":3}',
                        {"a": 2, "b": 3})):
        add(text, f'["p",{text}]', [["p", value]], None, "json.object.read", "value.map.duplicate")
    group = Group("json-strings", "read", "Strings in JSON", "json.string.escapes")
    add = reading(group, "json")
    for text, value in (
        ("", ""), ("a", "a"), ("\\\"", '"'), ("\\\\", "\\"), ("\\/", "/"), ("\\b\\f\\n\\r\\t",
        "\b\f\n\r\t"), ("\\u0041", "A"), ("\\u00e9", "\u00e9"), ("\\u00E9", "\u00e9"),
        ("\\u20aC", "\u20ac"), ("\\u0000", "\0"), ("\\ud83d\\ude00", "\U0001f600"),
        ("\\uDBFF\\uDFFF", "\U0010ffff"), ("\\uffff", "\uffff"), ("\\ud7ff\\ue000", "\ud7ff\ue000"),
        ("\u00e9", "\u00e9"), ("\u20ac\U0001f600", "\u20ac\U0001f600"), ("\x7f", "\x7f"),
        ("\U0010ffff", "\U0010ffff"), ("\u2028\ufeff", "\u2028\ufeff"), ("[]{},:'", "[]{},:'"),
    ):
        add(f"{text!a}", f'["p","{text}"]', [["p", value]], None, "json.string.escapes",
            "json.string.raw", "value.text.any")
    for text in ("\\ud800", "\\udc00", "\\ud800x", "\\ud800\\ud800", "\\udfff\\ud800", "\\ud83d\\u0041",
                 "\\uD800\\n"):
        add(f"lone surrogate {text!a}", f'["p","{text}"]', [], "data.utf-8",
            "json.string.lone-surrogate", "value.text.surrogate")
    for octets in (b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf",
                   b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5", b"\xff", b"\xc3", b"\xe2\x82",
                   b"\xc3\xc3"):
        add(f"not UTF-8: {octets.hex()}", b'["p","' + octets + b'"]', [], "data.utf-8",
            "json.string.bad-utf-8")
    for octet in (0, 9, 10, 13, 0x1f):
        add(f"octet {octet:02x} unescaped", b'["p","' + bytes([octet]) + b'"]', [], "data.malformed",
            "json.string.control")
    for text in ("\\x", "\\a", "\\U0041", "\\'", "\\0", "\\u12g4", "\\u-001", "\\ "):
        add(f"escape {text!a}", f'["p","{text}"]', [], "data.malformed", "json.string.bad-escape")
    group = Group("json-malformed", "read", "What is no stream of JSON texts", "json.read.malformed",
                  "json.read.no-extension")
    add = reading(group, "json")
    for text in ("[,]", "[1,]", "[1 2]", "[1,,2]", "{]", "[}", '{"a"}', '{"a":}', '{"a":1,}', "{1:2}",
                 "{a:1}", "[01]", "[+1]", "[.5]", "[1.]", "[1.e1]", "[-]", "[--1]", "[0x1]", "[1e]",
                 "[nil]", "[None]", "[True]", "[NULL]", "[NaN]", "[inf]", "[-inf]", "['a']", "[a]",
                 "]", "}", ":", "[1]]", "/**/[]", "//\n", "[1/**/]", "[nulll]", "tru ", "01", "[\x0b]",
                 "[\xa0]", "[1_0]", "[undefined]", "[1}", '{"a":1]', '["a" "b"]', '{"a" 1}'):
        messages = [["1"]] if text == "[1]]" else []
        add(f"{text!a}", text, messages, "data.malformed", nothing=0)
    for octets in (b",", b"\0", b"\xef\xbb\xbf", b"#", b"\x1e", b"\x80"):
        add(f"{octets!a} between texts", b'["p"]' + octets + b'["q"]', [["p"]], "data.malformed",
            "json.read.junk", "message.wrong.before")
    nesting(group, add, "json", lambda depth: b"[" * depth + b"]" * depth, "json.depth")


def nesting(group, add, framing, octets, cited):
    def nested(depth):
        value = []
        for _ in range(depth - 1):
            value = [value]
        return value
    for depth in (2, 100, 511, 512):
        message = octets(depth)
        add(f"{depth} levels", message, [], None, "message.limit.depth", nothing=1)
    add("513 levels", octets(513), [], "data.depth", cited)


def cbor():
    group = Group("cbor-values", "read", "Values in CBOR", "cbor.read.integer")
    add = reading(group, "cbor")
    message = lambda octets: b"\x82\x61p" + octets
    for number in (0, 1, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63, 2**64 - 1, -1, -24,
                   -25, -256, -257, -2**32, -2**63):
        add(str(number), message(to_cbor(number)), [["p", number]], None, "cbor.read.integer",
            "value.integer.range")
    add("-2^63-1", message(head(1, 2**63)), [["p", str(-2**63 - 1)]], None, "cbor.read.integer",
        "value.integer.beyond")
    add("-2^64", message(head(1, 2**64 - 1)), [["p", str(-2**64)]], None, "cbor.read.integer",
        "value.integer.beyond")
    for octets in ("1800", "190000", "1a00000000", "1b0000000000000000"):
        add(f"0 as {octets}", message(bytes.fromhex(octets)), [["p", 0]], None, "cbor.read.head")
    for octets in ("7801 61", "790001 61", "7a00000001 61", "7b0000000000000001 61"):
        add(f"a as {octets}", message(bytes.fromhex(octets)), [["p", "a"]], None, "cbor.read.head")
    for octets, value in (("f93800", 0.5), ("f93c00", 1.0), ("f98000", -0.0), ("f90001", 2.0**-24),
                          ("f97bff", 65504.0), ("fa3fc00000", 1.5), ("fa00000001", 2.0**-149),
                          ("fb3fb999999999999a", 0.1), ("fb7fefffffffffffff", 1.7976931348623157e308)):
        add(f"{value!r} as {octets}", message(bytes.fromhex(octets)), [["p", value]], None,
            "cbor.read.float")
    for octets in ("f97c00", "f97e00", "f9fc00", "fa7f800000", "fa7fc00000", "faff800000",
                   "fb7ff0000000000000", "fb7ff8000000000000", "fbfff0000000000000", "f97c01"):
        add(f"not finite: {octets}", message(bytes.fromhex(octets)), [], "data.number",
            "cbor.read.float-finite", "value.float.finite")
    for octets, value in (("f4", False), ("f5", True), ("f6", None), ("f7", None)):
        add(f"simple value {octets}", message(bytes.fromhex(octets)), [["p", value]], None,
            "cbor.read.simple")
    for value in ("", "a", "\u20ac", "\0", b"", b"a", b"\xff", "x" * 300, [], [[]], {}, {"a": [1]},
                  {"\u00e9": None}):
        add(f"{value!a}"[:40], message(to_cbor(value)), [["p", value]], None, "cbor.read.strings")
    for octets, value in (("9fff", []), ("9f01ff", [1]), ("bfff", {}), ("bf616101ff", {"a": 1}),
                          ("7fff", ""), ("7f61616162ff", "ab"), ("5f41614162ff", b"ab"),
                          ("5fff", b""), ("9f9fffff", [[]]), ("7f60ff", "")):
        add(f"indefinite {octets}", message(bytes.fromhex(octets)), [["p", value]], None,
            "cbor.read.indefinite")
    add("an indefinite message", bytes.fromhex("9f617001ff"), [["p", 1]], None,
        "cbor.read.indefinite")
    for octets, value in (("a14161 01", {"a": 1}), ("a105 01", {"5": 1}), ("a120 01", {"-1": 1}),
                          ("a1f6 01", {"": 1}), ("a1f5 01", {"1": 1}), ("a1f4 01", {"0": 1}),
                          ("a1f93c00 01", {"1": 1}), ("a2616101 416102", {"a": 2}),
                          ("a141ff 01", {"\u00ff": 1})):
        add(f"key {octets}", message(bytes.fromhex(octets)), [["p", value]], None, "cbor.read.key",
            "value.map.duplicate")
    for octets in ("a18001", "a1a001", "a1f9380001"):
        add(f"no key: {octets}", message(bytes.fromhex(octets)), [], "data.malformed",
            "cbor.read.key-other")
    group = Group("cbor-tags", "read", "Tags in CBOR", "cbor.read.tag")
    add = reading(group, "cbor")
    for octets, value in (("c16161", "a"), ("d9d9f705", 5), ("c0c1c205".replace("c205", "05"), 5),
                          ("d818 40", b""), ("db ffffffffffffffff 00", 0)):
        add(f"ignored: {octets}", message(bytes.fromhex(octets)), [["p", value]], None)
    for octets, value in (("c240", 0), ("c24105", 5), ("c248ffffffffffffffff", 2**64 - 1),
                          ("c249010000000000000000", str(2**64)), ("c340", -1), ("c34105", -6),
                          ("c3487fffffffffffffff", -2**63), ("c3488000000000000000", str(-2**63 - 1)),
                          ("c2430000ff", 255)):
        add(f"big {octets}", message(bytes.fromhex(octets)), [["p", value]], None, "cbor.tag.bignum")
    add("128 octets", message(b"\xc2\x58\x80" + b"\xff" * 128),
        [["p", str(2**1024 - 1)]], None, "cbor.tag.bignum")
    add("129 octets", message(b"\xc2\x58\x81" + b"\xff" * 129), [], "data.number",
        "cbor.tag.bignum-long")
    for octets in ("c201", "c26161", "c380"):
        add(f"big of another type {octets}", message(bytes.fromhex(octets)), [], "data.malformed",
            "cbor.tag.bignum-type")
    for octets, value in (("d90100 82 63616263 d81900", ["abc", "abc"]),
                          ("d90100 82 43616263 d81900", [b"abc", b"abc"]),
                          ("d90100 83 626162 63616263 d81900", ["ab", "abc", "abc"])):
        add(f"string reference {octets}", message(bytes.fromhex(octets)), [["p", value]], None,
            "cbor.tag.strings", "cbor.tag.string-ref")
    for octets in ("d81900", "d90100 82 63616263 d81901", "d90100 82 626162 d81900"):
        add(f"no such string {octets}", message(bytes.fromhex(octets)), [], "data.malformed",
            "cbor.tag.string-ref")
    for octets, value in (("82 d81c 8101 d81d00", [[1], [1]]), ("83 d81c01 d81c02 d81d01", [1, 2, 2])):
        add(f"shared {octets}", message(bytes.fromhex(octets)), [["p", value]], None, "cbor.tag.shared")
    for octets in ("d81d00", "82 d81c 8101 d81d01", "d81c 81 d81d00", "82 d81d00 d81c01"):
        add(f"no such item {octets}", message(bytes.fromhex(octets)), [], "data.malformed",
            "cbor.tag.shared-ref")
    for octets in ("d90100 82 63616263 d81960", "82 d81c01 d81d60", "82 d81c01 d81d20"):
        add(f"no number {octets}", message(bytes.fromhex(octets)), [], "data.malformed",
            "cbor.tag.reference-type")
    group = Group("cbor-malformed", "read", "What is no stream of CBOR items", "cbor.read.malformed")
    add = reading(group, "cbor")
    for octets in ("1c", "1d", "1e", "1f", "3f", "5c", "7d", "9e", "df", "ff", "fc", "fd", "fe", "f800",
                   "f81f", "5f6161ff", "7f4161ff", "5f5f4161ffff", "7f01ff", "bf6161ff", "81ff",
                   "a16161ff", "bf616101 6162ff", "a1ff", "c1ff", "f814"):
        add(f"{octets}", message(bytes.fromhex(octets)), [], "data.malformed")
    for octets in ("e0", "f0", "f3", "f820", "f8ff", "e1"):
        add(f"simple value {octets}", message(bytes.fromhex(octets)), [], "data.malformed",
            "cbor.read.simple-other")
    for octets in (b"\x61\xff", b"\x62\xc3\x28", b"\x63\xed\xa0\x80", b"\x7f\x61\xc3\x61\xa9\xff",
                   b"\x61\x80", b"\x62\xc0\x80"):
        add(f"not UTF-8: {octets.hex()}", message(octets), [], "data.utf-8", "cbor.read.utf-8")
    for octets in ("", "18", "61", "82", "a1", "a16161", "9f", "5f", "c1", "fb00", "7f6161"):
        add(f"ends after {octets!a}", message(bytes.fromhex(octets)), [], "data.truncated",
            "cbor.read.truncated")
    for octets in ("5b7fffffffffffffff", "7a7fffffff", "9bffffffffffffffff", "ba7fffffff"):
        add(f"claims {octets}", message(bytes.fromhex(octets)), [], "data.size", "cbor.read.claimed")
    for octets in ("0a", "00", "6161", "a0", "f6", "80", "c105"):
        add(f"{octets} between", b"\x81\x61p" + bytes.fromhex(octets) + b"\x81\x61q", [["p"], ["q"]],
            None, "cbor.read.other", nothing=1)
    nesting(group, add, "cbor", lambda depth: b"\x81" * (depth - 1) + b"\x80", "cbor.read.depth")


def storable():
    group = Group("storable-values", "read", "Values in images", "storable.read.table")
    add = reading(group, "storable")
    image = lambda octets, count=2, top=b"\x05\x0b": framed(
        top + b"\x02" + struct.pack(">I", count) + b"\x0a\x01p" + octets)
    for octets, value in (
        ("05", None), ("0e", None), ("1f", None), ("0f", True), ("22", True), ("10", False),
        ("23", False), ("0880", 0), ("0800", -128), ("08ff", 127), ("0900000080", 128),
        ("0980000000", -2**31), ("0a00", b""), ("0a0161", b"a"), ("0100000002ff00", b"\xff\0"),
        ("1703e282ac", "\u20ac"), ("1800000001 61", "a"), ("0402 00000000", []), ("02 00000001 05",
        [None]), ("0403 00000001 05 00000001 61", {"a": None}), ("03 00000000", {}),
        ("19 00 00000001 05 01 00000002 c3a9", {"\u00e9": None}), ("14 0881", 1), ("1b 0881", 1),
        ("1c 0881", 1), ("04 04 0881", 1), ("03 00000001 05 00000001 ff", {"\u00ff": None}),
        ("19 ff 00000001 05 07 00000001 61", {"a": None}),
    ):
        add(octets, image(bytes.fromhex(octets)), [["p", value]])
    boolean = b"JSON::PP::Boolean"
    for name, octets, value in ((boolean, "0881", True), (boolean, "0880", False),
                                (boolean, "0a0131", True), (boolean, "0a0130", False),
                                (b"Types::Serialiser::Boolean", "0881", True),
                                (b"JSON::XS::Boolean", "0880", False), (boolean, "0882", 2),
                                (b"Foo", "0881", 1), (b"Foo", "0402 00000000", [])):
        blessed = b"\x14\x11" + bytes([len(name)]) + name + bytes.fromhex(octets)
        add(f"class {name.decode()} of {octets}", image(blessed), [["p", value]], None,
            "storable.class.boolean" if b"Boolean" in name else "storable.class.ignore")
    add("a class by number", image(b"\x11\x03Foo\x08\x81\x12\x00\x08\x82", 3), [["p", 1, 2]], None,
        "storable.class.ignore")
    add("a copy", image(bytes.fromhex("0a0161 00 00000002"), 3), [["p", b"a", b"a"]], None,
        "storable.ref.copy")
    for minor in (0, 5, 11, 12, 255):
        add(f"minor version {minor}", image(b"\x05", 2, bytes([5, minor])), [["p", None]], None,
            # 11 is what writers write.
            "storable.header.minor" if minor != 11 else "storable.read.table")
    native = b"\x04\x0b\x08" + b"12345678" + b"\x04\x08\x08\x08"
    for octets, value in (("06 ffffffffffffffff", -1), ("06 0100000000000000", 1),
                          ("07 000000000000f83f", 1.5), ("0a0161", b"a")):
        body = native + b"\x02" + struct.pack("<I", 2) + b"\x0a\x01p" + bytes.fromhex(octets)
        add(f"native order {octets}", framed(body), [["p", value]], None, "storable.header.native")
    for value in ([], ["p"], ["p", [1, {"a": [None]}]], ["p", {"\u00e9": "\u20ac", "a": "b"}],
                  ["p", "x" * 300]):
        octets = to_storable(value)
        if value:
            seen = [value[0]] + [as_read(item) for item in value[1:]]
            add(f"as written: {value!a}"[:50], octets, [seen])
        else:
            add("an empty array", octets, [], None, "message.nothing.drop", nothing=1)
    for octets in ("05", "0881", "0a0161", "0403 00000000"):
        add(f"no array: {octets}", framed(b"\x05\x0b" + bytes.fromhex(octets)), [], None,
            "storable.other", nothing=1)
    group = Group("storable-malformed", "read", "What is no frame or image", "storable.read.other")
    add = reading(group, "storable")
    for code in (0x0b, 0x0c, 0x0d, 0x13, 0x15, 0x16, 0x18 + 5, 0x1a, 0x1e, 0x20, 0x21, 0x24, 0x7f, 0xff):
        add(f"code {code:02x}", image(bytes([code]) + b"\0" * 20), [], "data.malformed")
    for octets in ("06 0000000000000001", "07 0000000000000000"):
        add(f"code {octets[:2]} in network order", image(bytes.fromhex(octets)), [], "data.malformed",
            "storable.read.native-only")
    add("a length that begins with 80", b"\x80\x05", [], "data.malformed", "storable.frame.leading")
    add("length 0", b"\0", [], "data.malformed", "storable.frame.zero")
    add("a length beyond the limit", b"\x90\x80\x80\x80\x00", [], "data.size", "storable.frame.size")
    for octets in (b"\x85", b"\x05", b"\x05\x05\x0b", b"\x81\x00\x05"):
        add(f"ends after {octets.hex()}", octets, [], "data.truncated", "storable.frame.truncated")
    for octets in (b"pst0\x05\x0b", b"\x06\x0b", b"\x03\x0b", b"\x04\x0b\x0412345678\x04\x08\x08\x08",
                   b"\x04\x0b\x0887654321\x08\x08\x08\x08"):
        add(f"header {octets!a}", framed(octets + b"\x02\0\0\0\0"), [], "data.malformed",
            "storable.header.other")
    add("more behind the value", framed(b"\x05\x0b\x02\0\0\0\0\x05"), [], "data.malformed",
        "storable.value.malformed")
    for octets in ("0402 00000005 05", "0a05 61", "01 00000005 61", "03 00000001 05", "09 0000", "04"):
        add(f"ends inside: {octets}", image(bytes.fromhex(octets)), [], "data.malformed",
            "storable.value.malformed", "storable.read.claimed")
    for octets in ("1701ff", "1800000001 80", "1702c328"):
        add(f"not UTF-8: {octets}", image(bytes.fromhex(octets)), [], "data.utf-8",
            "storable.read.utf-8")
    for flags in (8, 16, 128):
        add(f"flags {flags}", image(bytes.fromhex(f"1900 00000001 05 {flags:02x} 00000001 61")), [],
            "data.malformed", "storable.read.key-flags")
    for octets in ("00 00000009", "00 ffffffff", "04 02 00000001 00 00000002"):
        add(f"no such value: {octets}", image(bytes.fromhex(octets)), [], "data.malformed",
            "storable.ref.bad")
    add("no such class", image(b"\x12\x00\x05"), [], "data.malformed", "storable.class.number")
    for octets in ("07 000000000000f07f", "07 000000000000f87f"):
        body = native + b"\x02" + struct.pack("<I", 2) + b"\x0a\x01p" + bytes.fromhex(octets)
        add(f"not finite: {octets}", framed(body), [], "data.number", "storable.read.float")


def as_read(value):
    """What a value is after it was written as an image: text in ASCII comes as octets."""
    if isinstance(value, str) and value.isascii():
        return value.encode()
    if isinstance(value, list):
        return [as_read(item) for item in value]
    if isinstance(value, dict):
        return {key: as_read(item) for key, item in value.items()}
    return value


def ports():
    group = Group("ports", "read", "The first element of a message", "value.port.table")
    for framing, encode in (("json", to_json), ("cbor", to_cbor)):
        add = reading(group, framing)
        for first, port in (("", ""), ("p", "p"), ("a#b", "a#b"), ("\u20ac", "\u20ac"), (5, "5"),
                            (-5, "-5"), (5.0, "5"), (True, "1"), (False, "0"), (None, ""),
                            (2**64 - 1, str(2**64 - 1))):
            add(f"{framing}: {first!a}", encode([first, 1]), [[port, 1]])
        for first in ([], {}, ["p"], {"a": 1}):
            add(f"{framing}: {first!a}", encode([first, 1]), [], None, "value.port.nothing", nothing=1)
    add = reading(group, "cbor")
    for first, port in ((b"p", "p"), (b"caf\xe9", "caf\u00e9"), ("caf\u00e9".encode(), "caf\u00e9")):
        add(f"cbor: {first!a}", to_cbor([first, 1]), [[port, 1]], None, "value.equal.octets")
    add = reading(group, "storable")
    for first, port in (("p", "p"), ("\u20ac", "\u20ac"), (b"\xe9", "\u00e9"), (5, "5"), (None, "")):
        add(f"storable: {first!a}", to_storable([first, 1]), [[port, 1]])


MESSAGES = [["p"], [""], ["p", None, True, False], ["p", 0, 1, -1, 23, 24, 127, 128, -128, -129, 255, 256],
            ["p", 65535, 65536, 2**31 - 1, -2**31], ["p", 2**32, 2**53, 2**64 - 1, -2**63],
            ["p", ""], ["p", "text", "\u00e9", "\u20ac", "\U0001f600"], ["p", "\"\\/"],
            ["p", [], {}, [[]], [{}]], ["p", {"a": 1}], ["p", {"\u00e9": "x"}], ["p", b"a"],
            ["p", b"\xff\x00"], ["p", "x" * 255], ["p", "x" * 256], ["", "snd", "n#p", 1],
            ["p", 0.5], ["p", -1.5], ["p", 0.1], ["p", {"k": [None, True]}], ["\u00e9", 1],
            ["p", [1, [2, [3]]]], ["p", "\x7f"]]


def writing():
    for framing, encode in ENCODERS.items():
        group = Group(f"{framing}-write", "write", f"Messages written in {framing}", "message.form",
                      {"json": "json.text.form", "cbor": "cbor.write.item",
                       "storable": "storable.write.root"}[framing])
        for message in MESSAGES:
            octets = [encode(message)]
            if framing == "cbor" and any(isinstance(item, float) for item in message):
                octets.append(b"\x82\x61p\xfb" + struct.pack(">d", message[1]))
            distinct = list(dict.fromkeys(one.hex() for one in octets))
            group.add(f"{message!a}"[:60], {"framing": framing, "message": noted(message)},
                      {"octets": distinct})
