"""Writers of the three framings and MD6-256, for generate.py; standard library only."""
import json, struct

def json_octets(value):
    """JSON with octets as the characters U+0000 to U+00FF."""
    def plain(value):
        if isinstance(value, bytes):
            return value.decode("latin-1")
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return value
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":")).encode()

def cbor_head(major, number):
    for low, limit, form in ((None, 24, None), (24, 1 << 8, ">B"), (25, 1 << 16, ">H"),
                             (26, 1 << 32, ">I"), (27, 1 << 64, ">Q")):
        if number < limit:
            if form is None:
                return bytes([major << 5 | number])
            return bytes([major << 5 | low]) + struct.pack(form, number)

def cbor_octets(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, float):
        short = struct.pack(">f", value) if abs(value) < 3.4e38 else b""
        if short and struct.unpack(">f", short)[0] == value:
            return b"\xfa" + short
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(cbor_octets, value))
    entries = (cbor_octets(key) + cbor_octets(item) for key, item in value.items())
    return cbor_head(5, len(value)) + b"".join(entries)

def ber(number):
    out = [number & 127]
    while number := number >> 7:
        out.append(number & 127 | 128)
    return bytes(reversed(out))

def storable_value(value, root=False):
    long = lambda number: struct.pack(">I", number)
    mark = b"" if root else b"\x04"
    def string(short, large, octets):
        if len(octets) < 256:
            return bytes([short, len(octets)]) + octets
        return bytes([large]) + long(len(octets)) + octets
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return string(10, 1, b"1" if value else b"")
    if isinstance(value, float):
        value = int(value) if value.is_integer() else repr(value)
    if isinstance(value, int):
        if -128 <= value <= 127:
            return bytes([8, value + 128])
        if -2**31 <= value < 2**31:
            return b"\x09" + struct.pack(">i", value)
        value = str(value)
    if isinstance(value, bytes):
        return string(10, 1, value)
    if isinstance(value, str):
        return string(10, 1, value.encode()) if value.isascii() else string(23, 24, value.encode())
    if isinstance(value, list):
        return mark + b"\x02" + long(len(value)) + b"".join(map(storable_value, value))
    if all(key.isascii() for key in value):
        entries = (storable_value(v) + long(len(k)) + k.encode() for k, v in value.items())
        return mark + b"\x03" + long(len(value)) + b"".join(entries)
    entries = (storable_value(v) + bytes([0 if k.isascii() else 1]) + long(len(k.encode())) + k.encode()
               for k, v in value.items())
    return mark + b"\x19\x00" + long(len(value)) + b"".join(entries)

def storable_frame(image):
    return ber(len(image)) + image

def storable_octets(value):
    return storable_frame(b"\x05\x0b" + storable_value(value, root=True))

# --- MD6-256 by the report of 2008 ----------------------------------------------------------------

MASK = (1 << 64) - 1
SHIFTS = list(zip((10, 5, 13, 10, 11, 12, 2, 7, 14, 15, 7, 13, 11, 7, 6, 12),
                  (11, 24, 9, 16, 15, 9, 27, 15, 6, 2, 29, 8, 15, 5, 31, 9)))

def root_of_six(words):
    """The first 64*words bits of the fraction of the square root of 6."""
    import math
    bits = 64 * words
    fraction = math.isqrt(6 << 2 * bits) & ((1 << bits) - 1)
    return [fraction >> 64 * (words - 1 - at) & MASK for at in range(words)]

Q = root_of_six(15)

def md6_compress(level, index, last, padding, data):
    control = 104 << 48 | 64 << 40 | last << 36 | padding << 20 | 256
    a = Q + [0] * 8 + [level << 56 | index, control] + data
    constant = 0x0123456789abcdef
    for _ in range(104):
        for right, left in SHIFTS:
            x = constant ^ a[-89] ^ a[-17] ^ (a[-18] & a[-21]) ^ (a[-31] & a[-67])
            x ^= x >> right
            a.append(x ^ x << left & MASK)
        constant = (constant << 1 | constant >> 63) & MASK ^ constant & Q[0]
    return a[-16:]

def md6_256(message):
    bits, level = len(message) * 8, 1
    words = [int.from_bytes(message[at:at + 8].ljust(8, b"\0")) for at in range(0, len(message), 8)]
    while True:
        nodes = max(1, -(-len(words) // 64))
        padding = nodes * 4096 - bits
        words += [0] * (nodes * 64 - len(words))
        out = []
        for index in range(nodes):
            padded = padding if index + 1 == nodes else 0
            out += md6_compress(level, index, int(nodes == 1), padded, words[64 * index:64 * index + 64])
        if nodes == 1:
            return b"".join(word.to_bytes(8) for word in out[-4:])
        words, bits, level = out, len(out) * 64, level + 1

def hmac_md6_256(key, message):
    key = (md6_256(key) if len(key) > 64 else key).ljust(64, b"\0")
    inner = md6_256(bytes(k ^ 0x36 for k in key) + message)
    return md6_256(bytes(k ^ 0x5C for k in key) + inner)
