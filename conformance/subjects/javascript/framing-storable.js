'use strict';
// Framing storable (chapter 10). A frame names its length, so an image is read when all of it is there.

const { Failure, floatAsInteger, octetsAsText, utf8 } = require('./values');

const BOOLEANS = new Set(['JSON::PP::Boolean', 'JSON::XS::Boolean', 'Types::Serialiser::Boolean']);
const NATIVE = Buffer.from('08313233343536373804080808', 'hex');

class StorableReader {
  constructor(limits) {
    this.limits = limits;
    this.length = undefined; // of the frame, once it is known
    this.claimed = 0;
    this.begun = false;
    this.chunks = [];
    this.held = 0;
  }

  /** Takes octets; hands the value of each complete image to `take`, which says false to stop. */
  push(octets, take) {
    let at = 0;
    while (at < octets.length) {
      if (this.length === undefined) {
        this.lengthOctet(octets[at]);
        at += 1;
        continue;
      }
      const part = octets.subarray(at, at + this.length - this.held);
      at += part.length;
      this.held += part.length;
      this.chunks.push(part);
      if (this.held < this.length) return;
      const image = Buffer.concat(this.chunks);
      this.chunks = [];
      this.held = 0;
      this.length = undefined;
      this.begun = false;
      if (take(new Image(image, this.limits).read()) === false) return;
    }
  }

  finish() {
    if (this.begun) throw new Failure('data.truncated');
  }

  lengthOctet(octet) {
    if (!this.begun && octet === 0x80) throw new Failure('data.malformed', 'length');
    this.claimed = (this.begun ? this.claimed * 128 : 0) + (octet & 0x7f);
    this.begun = true;
    if (this.claimed > this.limits.size) throw new Failure('data.size');
    if (octet & 0x80) return;
    if (this.claimed === 0) throw new Failure('data.malformed', 'empty frame');
    this.length = this.claimed;
  }
}

class Image {
  constructor(octets, limits) {
    this.octets = octets;
    this.limits = limits;
    this.at = 0;
    this.values = []; // by number: { value, length, height } or undefined while incomplete
    this.classes = [];
    this.extra = 0; // what copies add to the octets [storable.ref.expansion]
    this.depth = 0; // arrays and maps
    this.marks = 0; // these, references and classes
  }

  read() {
    this.header();
    const { value } = this.value();
    if (this.at !== this.octets.length) throw new Failure('data.malformed', 'after the value');
    return value;
  }

  take(count) {
    if (count > this.octets.length - this.at) throw new Failure('data.malformed', 'image ends');
    this.at += count;
    return this.octets.subarray(this.at - count, this.at);
  }

  octet() {
    return this.take(1)[0];
  }

  /** A length or count of four octets; `each` is what one needs at least. */
  long(each = 1) {
    const four = this.take(4);
    const count = this.native ? four.readUInt32LE() : four.readUInt32BE();
    if (count * each > this.octets.length - this.at) throw new Failure('data.malformed', 'length');
    return count;
  }

  header() {
    const major = this.octet();
    this.octet();
    if (major === 4) {
      if (!this.take(NATIVE.length).equals(NATIVE)) throw new Failure('data.malformed', 'header');
      this.native = true;
    } else if (major !== 5) {
      throw new Failure('data.malformed', 'header');
    }
  }

  /** The next value, as { value, height, number }. */
  value() {
    const start = this.at;
    const extra = this.extra;
    const code = this.octet();
    if (code === 0x00) return this.copy(start);
    if (code === 0x11 || code === 0x12) return this.classed(code);
    const number = this.values.push(undefined) - 1;
    const { value, height } = this.coded(code);
    this.values[number] = { value, height, length: this.at - start + this.extra - extra };
    return { value, height, number };
  }

  coded(code) {
    const plain = (value) => ({ value, height: 0 });
    switch (code) {
      case 0x01: return plain(Buffer.from(this.take(this.long())));
      case 0x0a: return plain(Buffer.from(this.take(this.octet())));
      case 0x17: return plain(utf8(this.take(this.octet())));
      case 0x18: return plain(utf8(this.take(this.long())));
      case 0x05: case 0x0e: case 0x1f: return plain(null);
      case 0x0f: case 0x22: return plain(true);
      case 0x10: case 0x23: return plain(false);
      case 0x08: return plain(BigInt(this.octet() - 128));
      case 0x09: return plain(BigInt(this.take(4).readInt32BE()));
      case 0x06: case 0x07: return plain(this.nativeNumber(code));
      case 0x04: case 0x14: case 0x1b: case 0x1c: return this.inside(false, () => this.value());
      case 0x02: return this.inside(true, () => this.array());
      case 0x03: return this.inside(true, () => this.map(false));
      case 0x19: return this.inside(true, () => this.map(true));
      default: throw new Failure('data.malformed', `code ${code}`);
    }
  }

  nativeNumber(code) {
    if (!this.native) throw new Failure('data.malformed', 'native number');
    const eight = this.take(8);
    if (code === 0x06) return eight.readBigInt64LE();
    const float = eight.readDoubleLE();
    if (!Number.isFinite(float)) throw new Failure('data.number');
    return float;
  }

  /** Runs `read` one level deeper, and says how high what it read is. */
  inside(container, read) {
    this.marks += 1;
    this.depth += container ? 1 : 0;
    if (this.depth > this.limits.depth || this.marks > 3 * this.limits.depth) {
      throw new Failure('data.depth');
    }
    const { value, height } = read();
    this.marks -= 1;
    this.depth -= container ? 1 : 0;
    return { value, height: height + (container ? 1 : 0) };
  }

  array() {
    const count = this.long();
    const value = [];
    let height = 0;
    for (let i = 0; i < count; i++) {
      const element = this.value();
      value.push(element.value);
      height = Math.max(height, element.height);
    }
    return { value, height };
  }

  map(flagged) {
    if (flagged) this.octet();
    const count = this.long(flagged ? 6 : 5);
    const value = new Map();
    let height = 0;
    for (let i = 0; i < count; i++) {
      const element = this.value();
      height = Math.max(height, element.height);
      if (flagged && this.octet() & ~7) throw new Failure('data.malformed', 'flags of a key');
      value.set(octetsAsText(this.take(this.long())), element.value);
    }
    return { value, height };
  }

  copy(start) {
    const entry = this.values[this.take(4).readUInt32BE()];
    if (!entry) throw new Failure('data.malformed', 'copy');
    this.extra += entry.length - (this.at - start);
    if (this.octets.length + this.extra > this.limits.size) throw new Failure('data.size');
    if (this.depth + entry.height > this.limits.depth) throw new Failure('data.depth');
    return { value: entry.value, height: entry.height };
  }

  classed(code) {
    const short = this.octet();
    let name;
    if (code === 0x11) {
      name = this.take(short > 127 ? this.long() : short).toString('latin1');
      this.classes.push(name);
    } else {
      name = this.classes[short > 127 ? this.take(4).readUInt32BE() : short];
      if (name === undefined) throw new Failure('data.malformed', 'class number');
    }
    let number;
    const result = this.inside(false, () => {
      const inner = this.value();
      number = inner.number;
      return inner;
    });
    if (!BOOLEANS.has(name)) return result;
    const truth = booleanOf(result.value);
    if (truth === undefined) return result;
    // The number belongs to the value without its class; a copy is the boolean too.
    if (number !== undefined) this.values[number].value = truth;
    return { ...result, value: truth };
  }
}

function booleanOf(value) {
  const text = Buffer.isBuffer(value) ? value.toString('latin1') : value;
  if (text === 1n || text === '1') return true;
  return text === 0n || text === '0' ? false : undefined;
}

/** A message as a frame. */
function encodeStorable(message) {
  const parts = [Buffer.of(5, 11)];
  write(message, parts);
  const image = Buffer.concat(parts);
  const length = [image.length & 0x7f];
  for (let rest = image.length >>> 7; rest > 0; rest >>>= 7) length.unshift(0x80 | (rest & 0x7f));
  return Buffer.concat([Buffer.from(length), image]);
}

function write(value, parts) {
  if (value === null) parts.push(Buffer.of(5));
  else if (typeof value === 'boolean') writeText(value ? '1' : '', parts);
  else if (typeof value === 'bigint') writeInteger(value, parts);
  else if (typeof value === 'number') {
    const integer = floatAsInteger(value);
    if (integer === undefined) writeText(String(value), parts);
    else writeInteger(integer, parts);
  } else if (typeof value === 'string') writeText(value, parts);
  else if (Buffer.isBuffer(value)) writeOctets(0x0a, 0x01, value, parts);
  else if (Array.isArray(value)) {
    parts.push(Buffer.of(2), long(value.length));
    for (const element of value) writeNested(element, parts);
  } else writeMap(value, parts);
}

function writeNested(value, parts) {
  if (Array.isArray(value) || value instanceof Map) parts.push(Buffer.of(4));
  write(value, parts);
}

function writeInteger(integer, parts) {
  if (integer >= -128n && integer <= 127n) parts.push(Buffer.of(8, Number(integer) + 128));
  else if (BigInt.asIntN(32, integer) === integer) {
    const octets = Buffer.of(9, 0, 0, 0, 0);
    octets.writeInt32BE(Number(integer), 1);
    parts.push(octets);
  } else writeText(integer.toString(), parts);
}

function writeText(text, parts) {
  const octets = Buffer.from(text);
  if (isAscii(octets)) writeOctets(0x0a, 0x01, octets, parts);
  else writeOctets(0x17, 0x18, octets, parts);
}

function writeOctets(short, longer, octets, parts) {
  if (octets.length <= 255) parts.push(Buffer.of(short, octets.length), octets);
  else parts.push(Buffer.of(longer), long(octets.length), octets);
}

function writeMap(map, parts) {
  const entries = [...map].map(([key, value]) => [Buffer.from(key), value]);
  const ascii = entries.every(([key]) => isAscii(key));
  parts.push(ascii ? Buffer.of(3) : Buffer.of(0x19, 0), long(map.size));
  for (const [key, value] of entries) {
    writeNested(value, parts);
    if (!ascii) parts.push(Buffer.of(isAscii(key) ? 0 : 1));
    parts.push(long(key.length), key);
  }
}

const isAscii = (octets) => octets.every((octet) => octet < 0x80);

function long(count) {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(count);
  return octets;
}

module.exports = { StorableReader, encodeStorable };
