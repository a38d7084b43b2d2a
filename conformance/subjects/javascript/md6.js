'use strict';
// MD6-256 (appendix A of the specification). A word is two 32-bit halves, high first, because
// BigInt would make a proof take tens of milliseconds.

const ROUNDS = 104;
const WORDS = 89;
const RIGHT = [10, 5, 13, 10, 11, 12, 2, 7, 14, 15, 7, 13, 11, 7, 6, 12];
const LEFT = [11, 24, 9, 16, 15, 9, 27, 15, 6, 2, 29, 8, 15, 5, 31, 9];
const Q = `
7311c2812425cfa0 6432286434aac8e7 b60450e9ef68b7c1 e8fb23908d9f06f1 dd2e76cba691e5bf
0cd0d63b2c30bc41 1f8ccf6823058f8a 54e5ed5b88e3775d 4ad12aae0a6d6031 3e7f16bb88222e0d
8af8671d3fb50c2c 995ad1178bd25c31 c878c1dd04c4b633 3b72066c7a1552ac 0d6f3522631effcb
`.trim().split(/\s+/).map((word) => BigInt('0x' + word));

const ROUND_CONSTANTS = (() => {
  const all = [];
  const mask = 0x7311c2812425cfa0n;
  let s = 0x0123456789abcdefn;
  for (let j = 0; j < ROUNDS; j++) {
    all.push([Number(s >> 32n) | 0, Number(s & 0xffffffffn) | 0]);
    s = BigInt.asUintN(64, s << 1n) ^ (s >> 63n) ^ (s & mask);
  }
  return all;
})();

/** MD6-256 of the octets: a Buffer of 32 octets. */
function md6(octets) {
  let level = 1;
  let message = Buffer.from(octets);
  for (;;) {
    const blocks = Math.max(1, Math.ceil(message.length / 512));
    const results = [];
    for (let i = 0; i < blocks; i++) {
      results.push(compress(message.subarray(i * 512, i * 512 + 512), level, i, blocks === 1));
    }
    if (blocks === 1) return results[0].subarray(96);
    message = Buffer.concat(results);
    level += 1;
  }
}

/** HMAC (RFC 2104) with MD6-256, block size 64. */
function hmacMd6(key, message) {
  const block = Buffer.alloc(64);
  (key.length > 64 ? md6(key) : key).copy(block);
  const inner = md6(Buffer.concat([block.map((octet) => octet ^ 0x36), message]));
  return md6(Buffer.concat([block.map((octet) => octet ^ 0x5c), inner]));
}

function compress(block, level, index, last) {
  const high = new Int32Array(WORDS + 16 * ROUNDS);
  const low = new Int32Array(WORDS + 16 * ROUNDS);
  const set = (n, word) => {
    high[n] = Number(word >> 32n);
    low[n] = Number(word & 0xffffffffn);
  };
  Q.forEach((word, n) => set(n, word));
  set(23, (BigInt(level) << 56n) ^ BigInt(index));
  const missing = BigInt(4096 - 8 * block.length);
  set(24, (104n << 48n) ^ (64n << 40n) ^ ((last ? 1n : 0n) << 36n) ^ (missing << 20n) ^ 256n);
  const padded = Buffer.alloc(512);
  block.copy(padded);
  for (let i = 0; i < 64; i++) {
    high[25 + i] = padded.readInt32BE(8 * i);
    low[25 + i] = padded.readInt32BE(8 * i + 4);
  }
  let n = WORDS;
  for (let j = 0; j < ROUNDS; j++) {
    const [sh, sl] = ROUND_CONSTANTS[j];
    for (let k = 0; k < 16; k++, n++) {
      let h = sh ^ high[n - 89] ^ high[n - 17] ^ (high[n - 18] & high[n - 21])
        ^ (high[n - 31] & high[n - 67]);
      let l = sl ^ low[n - 89] ^ low[n - 17] ^ (low[n - 18] & low[n - 21])
        ^ (low[n - 31] & low[n - 67]);
      const r = RIGHT[k];
      const t = LEFT[k];
      const rl = (l >>> r) | (h << (32 - r));
      h ^= h >>> r;
      l ^= rl;
      high[n] = h ^ ((h << t) | (l >>> (32 - t)));
      low[n] = l ^ (l << t);
    }
  }
  const result = Buffer.alloc(128);
  for (let i = 0; i < 16; i++) {
    result.writeInt32BE(high[n - 16 + i], 8 * i);
    result.writeInt32BE(low[n - 16 + i], 8 * i + 4);
  }
  return result;
}

module.exports = { md6, hmacMd6 };
