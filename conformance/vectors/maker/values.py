"""Values: their notation in vectors, and small encoders for the three framings.

A value is None, True, False, int, float, str (text), bytes (octets), list, or dict (map).
"""

import json
import struct


def noted(value):
    """The notation of spec/vectors.md."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"$integer": str(value)}
    if isinstance(value, float):
        return {"$float": struct.pack(">d", value).hex()}
    if isinstance(value, bytes):
        return {"$octets": value.hex()}
    if isinstance(value, list):
        return [noted(item) for item in value]
    return {"$map": [[key, noted(value[key])] for key in sorted(value, key=str.encode)]}


def to_json(value):
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, list):
        return b"[" + b",".join(map(to_json, value)) + b"]"
    if isinstance(value, dict):
        pairs = [to_json(key) + b":" + to_json(value[key]) for key in sorted(value, key=str.encode)]
        return b"{" + b",".join(pairs) + b"}"
    return json.dumps(value, ensure_ascii=False).encode()


def head(major, number):
    for info, limit, form in ((24, 0x100, ">B"), (25, 1 << 16, ">H"), (26, 1 << 32, ">I")):
        if number < 24:
            return bytes([major << 5 | number])
        if number < limit:
            return bytes([major << 5 | info]) + struct.pack(form, number)
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


def to_cbor(value):
    simple = {None: b"\xf6", False: b"\xf4", True: b"\xf5"}
    if value is None or isinstance(value, bool):
        return simple[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        short = struct.pack(">f", value) if abs(value) < 3e38 else b""
        exact = short and struct.unpack(">f", short)[0] == value
        return b"\xfa" + short if exact else b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(to_cbor, value))
    pairs = [to_cbor(key) + to_cbor(value[key]) for key in sorted(value, key=str.encode)]
    return head(5, len(pairs)) + b"".join(pairs)


def counted(octets, short, long):
    if len(octets) < 256:
        return bytes([short, len(octets)]) + octets
    return bytes([long]) + struct.pack(">I", len(octets)) + octets


def to_image(value, nested=True):
    """A value of an image by section 10.5 of the specification."""
    mark = b"\x04" if nested else b""
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        value = "1" if value else ""
    if isinstance(value, int):
        if -128 <= value <= 127:
            return bytes([8, value + 128])
        if -(1 << 31) <= value < 1 << 31:
            return b"\x09" + struct.pack(">i", value)
        value = str(value)
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str) and value.isascii():
        value = value.encode()
    if isinstance(value, str):
        return counted(value.encode(), 0x17, 0x18)
    if isinstance(value, bytes):
        return counted(value, 0x0A, 0x01)
    if isinstance(value, list):
        items = b"".join(map(to_image, value))
        return mark + b"\x02" + struct.pack(">I", len(value)) + items
    plain = all(key.isascii() for key in value)
    pairs = b""
    for key in sorted(value, key=str.encode):
        octets = key.encode()
        flags = b"" if plain else (b"\0" if key.isascii() else b"\1")
        pairs += to_image(value[key]) + flags + struct.pack(">I", len(octets)) + octets
    code = b"\x03" if plain else b"\x19\0"
    return mark + code + struct.pack(">I", len(value)) + pairs


def ber(number):
    octets = [number & 127]
    while number > 127:
        number >>= 7
        octets.insert(0, number & 127 | 128)
    return bytes(octets)


def framed(image):
    return ber(len(image)) + image


def to_storable(value):
    return framed(b"\x05\x0b" + to_image(value, False))


ENCODERS = {"json": to_json, "cbor": to_cbor, "storable": to_storable}
