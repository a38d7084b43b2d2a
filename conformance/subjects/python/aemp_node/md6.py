"""MD6-256 (appendix A)."""

import struct

_Q = [int(word, 16) for word in """
7311c2812425cfa0 6432286434aac8e7 b60450e9ef68b7c1 e8fb23908d9f06f1 dd2e76cba691e5bf
0cd0d63b2c30bc41 1f8ccf6823058f8a 54e5ed5b88e3775d 4ad12aae0a6d6031 3e7f16bb88222e0d
8af8671d3fb50c2c 995ad1178bd25c31 c878c1dd04c4b633 3b72066c7a1552ac 0d6f3522631effcb
""".split()]
_R = (10, 5, 13, 10, 11, 12, 2, 7, 14, 15, 7, 13, 11, 7, 6, 12)
_T = (11, 24, 9, 16, 15, 9, 27, 15, 6, 2, 29, 8, 15, 5, 31, 9)
_MASK = (1 << 64) - 1
_ROUNDS = 104


def _compress(block, index, level, last):
    missing = 8 * (512 - len(block))
    u = (level << 56) ^ index
    v = (_ROUNDS << 48) ^ (64 << 40) ^ (last << 36) ^ (missing << 20) ^ 256
    a = _Q + [0] * 8 + [u, v] + list(struct.unpack(">64Q", block.ljust(512, b"\0")))
    s, n = 0x0123456789abcdef, 89
    steps = tuple(zip(_R, _T))
    append = a.append
    for _ in range(_ROUNDS):
        for right, left in steps:
            x = (s ^ a[n - 89] ^ a[n - 17] ^ (a[n - 18] & a[n - 21]) ^ (a[n - 31] & a[n - 67]))
            x ^= x >> right
            append(x ^ ((x << left) & _MASK))
            n += 1
        s = ((s << 1) & _MASK) ^ (s >> 63) ^ (s & 0x7311c2812425cfa0)
    return struct.pack(">16Q", *a[-16:])


def md6_256(message):
    """The 32 octets of MD6-256 of `message`."""
    level = 1
    while True:
        blocks = [message[at:at + 512] for at in range(0, len(message), 512)] or [b""]
        last = 1 if len(blocks) == 1 else 0
        message = b"".join(_compress(b, i, level, last) for i, b in enumerate(blocks))
        if last:
            return message[-32:]
        level += 1


def hmac_md6_256(key, message):
    """HMAC (RFC 2104) with MD6-256, block size 64."""
    if len(key) > 64:
        key = md6_256(key)
    key = key.ljust(64, b"\0")
    inner = md6_256(bytes(b ^ 0x36 for b in key) + message)
    return md6_256(bytes(b ^ 0x5c for b in key) + inner)
