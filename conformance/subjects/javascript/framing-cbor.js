'use strict';
// Framing cbor (chapter 9). One generator with a stack of its own reads all items: it stops wherever
// the octets end, so that time is linear however they are cut.

const {
  Failure, asText, floatAsInteger, integerOrText, utf8,
} = require('./values');

const SMALL = Array.from({ length: 32 }, (_, n) => BigInt(n));
const REFERENCE_TAGS = new Set([25, 28, 29, 256]);

class CborReader {
  constructor(limits) {
    this.limits = limits;
    this.chunks = [];
    this.at = 0; // how much of the first chunk is taken
    this.held = 0; // octets in chunks that are not taken
    this.size = 0; // octets of the item so far
    this.parser = this.items();
    this.parser.next();
  }

  /** Takes octets; hands each complete item to `take`, which says false to stop. */
  push(octets, take) {
    if (!octets.length) return;
    this.chunks.push(octets);
    this.held += octets.length;
    for (;;) {
      const { value } = this.parser.next();
      if (value === undefined) return;
      if (take(value.item) === false) return;
    }
  }

  finish() {
    if (this.size > 0 || this.held > 0) throw new Failure('data.truncated');
  }

  /** Takes `count` octets, which are there. */
  take(count) {
    this.taken(count);
    const parts = [];
    let left = count;
    while (left > 0) {
      const part = this.chunks[0].subarray(this.at, this.at + left);
      parts.push(part);
      left -= part.length;
      this.skip(part.length);
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** Takes one octet, which is there. */
  octet() {
    this.taken(1);
    const octet = this.chunks[0][this.at];
    this.skip(1);
    return octet;
  }

  taken(count) {
    this.held -= count;
    this.size += count;
    if (this.size > this.limits.size) throw new Failure('data.size');
  }

  skip(count) {
    this.at += count;
    if (this.at < this.chunks[0].length) return;
    this.chunks.shift();
    this.at = 0;
  }

  /** Fails where so many more octets cannot fit; so a claimed length is never waited for. */
  claim(count) {
    if (BigInt(this.size) + count > BigInt(this.limits.size)) throw new Failure('data.size');
  }

  /** Yields { item } for each item, and undefined where octets are missing. */
  * items() {
    for (;;) {
      const builder = new Builder(this.limits);
      this.size = 0;
      while (builder.result === undefined) {
        while (this.held < 1) yield undefined;
        const initial = this.octet();
        const major = initial >> 5;
        const info = initial & 31;
        if (info >= 28 && info <= 30) throw new Failure('data.malformed');
        let argument = SMALL[info];
        let octets;
        if (info >= 24 && info <= 27) {
          const length = 1 << (info - 24);
          while (this.held < length) {
            if (this.size + this.held > this.limits.size) throw new Failure('data.size');
            yield undefined;
          }
          octets = this.take(length);
          argument = length === 8 ? octets.readBigUInt64BE() : BigInt(octets.readUIntBE(0, length));
        }
        if (major === 2 || major === 3) {
          let content;
          if (info !== 31) {
            this.claim(argument);
            const length = Number(argument);
            while (this.held < length) yield undefined;
            content = length ? Buffer.from(this.take(length)) : Buffer.alloc(0);
          }
          builder.string(major, content, 1 + (octets?.length ?? 0) + (content?.length ?? 0));
        } else {
          if ((major === 4 || major === 5) && info !== 31) {
            this.claim(major === 4 ? argument : argument * 2n);
          }
          builder.head(major, info, argument, octets);
        }
        if (builder.expanded > this.limits.size) throw new Failure('data.size');
      }
      this.size = 0;
      yield { item: builder.result.value };
    }
  }
}

/** Builds one item out of heads and strings. */
class Builder {
  constructor(limits) {
    this.limits = limits;
    this.stack = [];
    this.expanded = 0; // octets with references replaced [cbor.tag.expansion]
    this.depth = 0; // the same for nesting
    this.shared = [];
    this.tables = []; // of strings, the innermost last
    this.result = undefined;
  }

  head(major, info, argument, octets) {
    const length = 1 + (octets?.length ?? 0);
    const tag = major === 6 && argument < 1000n ? Number(argument) : undefined;
    const open = this.stack.at(-1);
    if (major === 7 && info === 31) {
      this.expanded += 1;
      this.break();
      return;
    }
    if (open?.kind === 'string') throw new Failure('data.malformed', 'part of a string');
    if (!(major === 6 && REFERENCE_TAGS.has(tag))) this.expanded += length;
    if (info === 31 && major !== 4 && major !== 5) throw new Failure('data.malformed');
    if (major === 0) this.value(argument);
    else if (major === 1) this.value(integerOrText(-1n - argument));
    else if (major === 4) this.open({ kind: 'array', value: [], left: info === 31 ? -1 : Number(argument) });
    else if (major === 5) {
      const left = info === 31 ? -1 : 2 * Number(argument);
      this.open({ kind: 'map', value: new Map(), key: undefined, left });
    } else if (major === 6) this.openTag(tag, info);
    else this.simple(info, octets);
  }

  simple(info, octets) {
    if (info === 20 || info === 21) this.value(info === 21);
    else if (info === 22 || info === 23) this.value(null);
    else if (info >= 25 && info <= 27) {
      const float = info === 25 ? half(octets.readUInt16BE())
        : info === 26 ? octets.readFloatBE() : octets.readDoubleBE();
      if (!Number.isFinite(float)) throw new Failure('data.number');
      this.value(float);
    } else throw new Failure('data.malformed', 'simple value');
  }

  string(major, content, length) {
    const open = this.stack.at(-1);
    if (open?.kind === 'string') {
      if (content === undefined || open.major !== major) throw new Failure('data.malformed');
      if (major === 3) utf8(content);
      this.expanded += length;
      open.parts.push(content);
      return;
    }
    this.expanded += length;
    if (content === undefined) {
      this.stack.push({ kind: 'string', major, parts: [], start: this.expanded - length, height: 0 });
      return;
    }
    const value = major === 2 ? content : utf8(content);
    const table = this.tables.at(-1);
    if (table && content.length >= shortestEntered(table.length)) table.push({ value, length });
    this.value(value);
  }

  open(frame) {
    if (this.stack.at(-1)?.kind === 'map' && this.atKey()) throw new Failure('data.malformed', 'key');
    const marks = this.stack.length + 1;
    if (marks > this.limits.depth || this.depth + 1 > this.limits.depth) throw new Failure('data.depth');
    this.depth += 1;
    this.stack.push({ ...frame, start: this.expanded - 1, height: 1, counts: true });
    if (frame.left === 0) this.close();
  }

  openTag(tag) {
    if (this.stack.length + 1 > this.limits.depth) throw new Failure('data.depth');
    const frame = { kind: 'tag', tag, start: this.expanded, height: 0, counts: !REFERENCE_TAGS.has(tag) };
    if (frame.counts) {
      frame.height = 1;
      this.depth += 1;
    }
    if (tag === 256) this.tables.push([]);
    if (tag === 28) {
      frame.index = this.shared.length;
      this.shared.push(undefined);
    }
    this.stack.push(frame);
  }

  atKey() {
    const open = this.stack.at(-1);
    return open.kind === 'map' && open.key === undefined;
  }

  break() {
    const open = this.stack.at(-1);
    if (open?.kind === 'string') {
      this.stack.pop();
      const content = Buffer.concat(open.parts);
      this.value(open.major === 2 ? content : content.toString('utf8'));
    } else if ((open?.kind === 'array' || open?.kind === 'map') && open.left < 0) {
      if (open.key !== undefined) throw new Failure('data.malformed', 'map without value');
      this.close();
    } else {
      throw new Failure('data.malformed', 'break');
    }
  }

  close() {
    const closed = this.stack.pop();
    if (closed.counts) this.depth -= 1;
    this.value(closed.value, closed.height);
  }

  /** A complete value of that height (levels of arrays, maps and tags in it). */
  value(complete, levels = 0) {
    let value = complete;
    let height = levels;
    for (;;) {
      const open = this.stack.at(-1);
      if (open === undefined) {
        this.result = { value };
        return;
      }
      if (open.kind !== 'tag') {
        this.element(open, value, height);
        return;
      }
      this.stack.pop();
      if (open.counts) {
        this.depth -= 1;
        height += 1;
      }
      [value, height] = this.tagged(open, value, height);
    }
  }

  element(open, value, height) {
    open.height = Math.max(open.height, 1 + height);
    if (open.kind === 'array') open.value.push(value);
    else if (open.key === undefined) open.key = keyText(value);
    else {
      open.value.set(open.key, value);
      open.key = undefined;
    }
    if (open.left > 0) {
      open.left -= 1;
      if (open.left === 0) this.close();
    }
  }

  tagged({ tag, index, start }, value, height) {
    if (tag === 2 || tag === 3) {
      if (!Buffer.isBuffer(value)) throw new Failure('data.malformed', 'bignum');
      if (value.length > 128) throw new Failure('data.number');
      const integer = value.length ? BigInt(`0x${value.toString('hex')}`) : 0n;
      return [integerOrText(tag === 2 ? integer : -1n - integer), height];
    }
    if (tag === 28) {
      this.shared[index] = { value, height, length: this.expanded - start };
      return [value, height];
    }
    if (tag === 256) this.tables.pop();
    if (tag !== 25 && tag !== 29) return [value, height];
    if (typeof value !== 'bigint' || value < 0n) throw new Failure('data.malformed', 'reference');
    const from = tag === 25 ? this.tables.at(-1) : this.shared;
    const entry = value < 2n ** 32n ? from?.[Number(value)] : undefined;
    if (!entry) throw new Failure('data.malformed', 'reference');
    // The number of the reference goes, what it stands for comes.
    this.expanded += entry.length - (this.expanded - start);
    if (this.expanded > this.limits.size) throw new Failure('data.size');
    if (this.depth + (entry.height ?? 0) > this.limits.depth) throw new Failure('data.depth');
    return [entry.value, entry.height ?? 0];
  }
}

function keyText(value) {
  const isContainer = Array.isArray(value) || value instanceof Map;
  const text = isContainer ? undefined : asText(value);
  if (text === undefined) throw new Failure('data.malformed', 'map key');
  return text;
}

const shortestEntered = (held) => (held <= 23 ? 3 : held <= 255 ? 4 : held <= 65535 ? 5
  : held <= 4294967295 ? 7 : 11);

function half(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A value as one data item. */
function encodeCbor(value) {
  const parts = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value, parts) {
  if (value === null) parts.push(Buffer.of(0xf6));
  else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 0xf5 : 0xf4));
  else if (typeof value === 'bigint') parts.push(value < 0n ? head(1, -1n - value) : head(0, value));
  else if (typeof value === 'number') writeFloat(value, parts);
  else if (typeof value === 'string') {
    const octets = Buffer.from(value);
    parts.push(head(3, octets.length), octets);
  } else if (Buffer.isBuffer(value)) parts.push(head(2, value.length), value);
  else if (Array.isArray(value)) {
    parts.push(head(4, value.length));
    for (const element of value) write(element, parts);
  } else {
    parts.push(head(5, value.size));
    for (const [key, element] of value) {
      write(key, parts);
      write(element, parts);
    }
  }
}

function writeFloat(float, parts) {
  const integer = Object.is(float, -0) ? undefined : floatAsInteger(float);
  if (integer !== undefined) {
    write(integer, parts);
    return;
  }
  const octets = Buffer.alloc(9);
  octets[0] = 0xfb;
  octets.writeDoubleBE(float, 1);
  parts.push(octets);
}

function head(major, length) {
  const argument = BigInt(length);
  const first = major << 5;
  if (argument < 24n) return Buffer.of(first | Number(argument));
  const size = argument < 256n ? 0 : argument < 65536n ? 1 : argument < 4294967296n ? 2 : 3;
  const octets = Buffer.alloc(1 + (1 << size));
  octets[0] = first | (24 + size);
  if (size === 3) octets.writeBigUInt64BE(argument, 1);
  else octets.writeUIntBE(Number(argument), 1, 1 << size);
  return octets;
}

module.exports = { CborReader, encodeCbor };
