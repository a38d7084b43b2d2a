"""Hashes and proofs by spec/06-authentication.md and spec/appendix-md6.md."""

import hashlib
import hmac as standard_hmac

MASK = (1 << 64) - 1
Q = [int(word, 16) for word in """
7311c2812425cfa0 6432286434aac8e7 b60450e9ef68b7c1 e8fb23908d9f06f1 dd2e76cba691e5bf
0cd0d63b2c30bc41 1f8ccf6823058f8a 54e5ed5b88e3775d 4ad12aae0a6d6031 3e7f16bb88222e0d
8af8671d3fb50c2c 995ad1178bd25c31 c878c1dd04c4b633 3b72066c7a1552ac 0d6f3522631effcb
""".split()]
RIGHT = [10, 5, 13, 10, 11, 12, 2, 7, 14, 15, 7, 13, 11, 7, 6, 12]
LEFT = [11, 24, 9, 16, 15, 9, 27, 15, 6, 2, 29, 8, 15, 5, 31, 9]


def compress(block, level, index, last):
    missing = 8 * (512 - len(block))
    block = block.ljust(512, b"\0")
    a = Q + [0] * 8 + [
        level << 56 ^ index,
        104 << 48 ^ 64 << 40 ^ last << 36 ^ missing << 20 ^ 256,
    ]
    a += [int.from_bytes(block[i:i + 8], "big") for i in range(0, 512, 8)]
    s = 0x0123456789ABCDEF
    for _ in range(104):
        for k in range(16):
            x = s ^ a[-89] ^ a[-17] ^ (a[-18] & a[-21]) ^ (a[-31] & a[-67])
            x ^= x >> RIGHT[k]
            a.append((x ^ x << LEFT[k]) & MASK)
        s = (s << 1 & MASK) ^ s >> 63 ^ (s & 0x7311C2812425CFA0)
    return b"".join(word.to_bytes(8, "big") for word in a[-16:])


def md6(message):
    level = 0
    while True:
        level += 1
        blocks = [message[i:i + 512] for i in range(0, len(message), 512)] or [b""]
        last = int(len(blocks) == 1)
        message = b"".join(compress(block, level, i, last) for i, block in enumerate(blocks))
        if last:
            return message[-32:]


def hmac_md6(key, message):
    key = (md6(key) if len(key) > 64 else key).ljust(64, b"\0")
    inner = md6(bytes(octet ^ 0x36 for octet in key) + message)
    return md6(bytes(octet ^ 0x5C for octet in key) + inner)


def proof(method, secret, lines):
    """The data of an authentication line; lines: two of its sender, then two of its receiver."""
    joined = b"".join(line + b"\n" for line in lines)
    return {
        "hmac_sha3_512": lambda: standard_hmac.new(secret, joined, hashlib.sha3_512).hexdigest(),
        "hmac_md6_64_256": lambda: hmac_md6(joined, md6(secret)).hex(),
        "tls_sha3_512": lambda: hashlib.sha3_512(joined).hexdigest(),
        "tls_md6_64_256": lambda: md6(joined).hex(),
        "tls_anon": lambda: "",
        "cleartext": lambda: secret.hex(),
    }[method]()
