'use strict';
// Framing json (chapter 8): a reader that takes octets as they come, in time linear in their number,
// fails at the first wrong one, and keeps integers exactly (JSON.parse does not).

const { Failure, integerOrText, isInteger } = require('./values');

const WORDS = new Map([[0x74, ['true', true]], [0x66, ['false', false]], [0x6e, ['null', null]]]);
const ESCAPES = new Map(Object.entries({
  '"': 0x22, '\\': 0x5c, '/': 0x2f, b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09,
}).map(([letter, octet]) => [letter.charCodeAt(0), octet]));
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

// What may come next outside strings, words and numbers.
const VALUE = 0; // a value
const FIRST = 1; // the first element, or the end of an array
const FIRST_KEY = 2; // the first key, or the end of an object
const KEY = 3;
const COLON = 4;
const AFTER = 5; // a comma or the end of what is open
const NOT_DIGIT = 6; // outside arrays, directly after a number

const isSpace = (octet) => octet === 0x20 || octet === 0x09 || octet === 0x0a || octet === 0x0d;
const isDigit = (octet) => octet >= 0x30 && octet <= 0x39;

class JsonReader {
  constructor(limits) {
    this.limits = limits;
    this.expects = VALUE;
    this.stack = []; // open arrays, and { map, key } of objects
    this.size = 0; // octets of the text so far
    this.lexeme = null; // function that takes octets inside a string, word or number
  }

  /** Takes octets; hands each complete text to `take`, which says false to stop. */
  push(octets, take) {
    let at = 0;
    while (at < octets.length) {
      const before = at;
      const inside = this.size > 0;
      if (this.lexeme) {
        at = this.lexeme(octets, at);
      } else {
        const octet = octets[at];
        if (isSpace(octet)) {
          at += 1;
          if (this.expects === NOT_DIGIT) this.expects = VALUE;
          if (!inside) continue;
        } else {
          at += this.structure(octet);
        }
      }
      this.size += at - before;
      if (this.size > this.limits.size) throw new Failure('data.size');
      if (this.complete) {
        const { value } = this.complete;
        this.complete = null;
        this.size = 0;
        if (take(value) === false) return;
      }
    }
  }

  /** The end of the reading side: a number at the end is complete [json.other.scalar-end]. */
  finish(take) {
    if (this.number !== undefined && !this.stack.length && NUMBER.test(this.number)) {
      this.endNumber();
      take(this.complete.value);
    } else if (this.size > 0) {
      throw new Failure('data.truncated');
    }
  }

  /** An octet outside lexemes; how many octets it took. */
  structure(octet) {
    const { expects } = this;
    if (expects === COLON) {
      if (octet !== 0x3a) throw new Failure('data.malformed');
      this.expects = VALUE;
    } else if (expects === AFTER) {
      const inArray = Array.isArray(this.stack.at(-1));
      if (octet === 0x2c) this.expects = inArray ? VALUE : KEY;
      else if (octet === (inArray ? 0x5d : 0x7d)) this.close();
      else throw new Failure('data.malformed');
    } else if (expects === KEY || expects === FIRST_KEY) {
      if (octet === 0x22) this.beginString();
      else if (octet === 0x7d && expects === FIRST_KEY) this.close();
      else throw new Failure('data.malformed');
    } else if (octet === 0x5d && expects === FIRST) {
      this.close();
    } else if (octet === 0x5b || octet === 0x7b) {
      if (this.stack.length >= this.limits.depth) throw new Failure('data.depth');
      this.stack.push(octet === 0x5b ? [] : { map: new Map(), key: undefined });
      this.expects = octet === 0x5b ? FIRST : FIRST_KEY;
    } else if (octet === 0x22) {
      this.beginString();
    } else if (WORDS.has(octet)) {
      this.beginWord(...WORDS.get(octet));
    } else if (octet === 0x2d || (isDigit(octet) && expects !== NOT_DIGIT)) {
      this.beginNumber();
      return 0;
    } else {
      throw new Failure('data.malformed');
    }
    return 1;
  }

  close() {
    const closed = this.stack.pop();
    this.value(Array.isArray(closed) ? closed : closed.map);
  }

  value(value) {
    const open = this.stack.at(-1);
    if (open === undefined) {
      this.complete = { value };
      this.expects = VALUE;
      return;
    }
    if (Array.isArray(open)) open.push(value);
    else open.map.set(open.key, value);
    this.expects = AFTER;
  }

  beginWord(word, value) {
    let at = 1;
    this.lexeme = (octets, i) => {
      if (octets[i] !== word.charCodeAt(at)) throw new Failure('data.malformed');
      at += 1;
      if (at === word.length) {
        this.lexeme = null;
        this.value(value);
      }
      return i + 1;
    };
  }

  beginNumber() {
    // The state machine of the grammar: each state says what may follow.
    let state = 'start';
    let text = '';
    this.number = undefined;
    this.lexeme = (octets, from) => {
      let i = from;
      for (; i < octets.length; i++) {
        const next = numberState(state, octets[i]);
        if (next === undefined) break;
        state = next;
      }
      text += octets.latin1Slice(from, i);
      this.number = undefined;
      if (i < octets.length) {
        if (!NUMBER_ENDS.has(state)) throw new Failure('data.malformed');
        this.number = text;
        this.endNumber();
      } else if (NUMBER_ENDS.has(state) && !this.stack.length) {
        this.number = text;
      }
      return i;
    };
  }

  endNumber() {
    const text = this.number;
    this.number = undefined;
    this.lexeme = null;
    if (/^-?[0-9]+$/.test(text)) {
      // 20 digits hold every integer in range; longer ones need no arithmetic.
      this.value(text.length > 21 ? text : beyondAsText(text));
    } else {
      const float = Number(text);
      if (!Number.isFinite(float)) throw new Failure('data.number');
      this.value(float);
    }
    if (!this.stack.length) this.expects = NOT_DIGIT;
  }

  beginString() {
    const string = new StringReader();
    this.lexeme = (octets, i) => {
      const end = string.push(octets, i);
      if (string.done) {
        this.lexeme = null;
        const text = string.text();
        const open = this.stack.at(-1);
        if (this.expects === KEY || this.expects === FIRST_KEY) {
          open.key = text;
          this.expects = COLON;
        } else {
          this.value(text);
        }
      }
      return end;
    };
  }
}

const beyondAsText = (text) => {
  const value = integerOrText(BigInt(text));
  return isInteger(value) ? value : text;
};

const NUMBER_ENDS = new Set(['zero', 'integer', 'fraction', 'exponent']);

function numberState(state, octet) {
  const digit = isDigit(octet);
  switch (state) {
    case 'start':
      if (octet === 0x2d) return 'minus';
      // falls through: a number may begin with a digit
    case 'minus':
      return octet === 0x30 ? 'zero' : digit ? 'integer' : undefined;
    case 'integer':
    case 'zero':
      if (digit && state === 'integer') return 'integer';
      if (octet === 0x2e) return 'point';
      return octet === 0x65 || octet === 0x45 ? 'e' : undefined;
    case 'point':
      return digit ? 'fraction' : undefined;
    case 'fraction':
      if (digit) return 'fraction';
      return octet === 0x65 || octet === 0x45 ? 'e' : undefined;
    case 'e':
      if (octet === 0x2b || octet === 0x2d) return 'sign';
      // falls through: the sign may be absent
    case 'sign':
    case 'exponent':
      return digit ? 'exponent' : undefined;
    default:
      return undefined;
  }
}

/** A string after its opening quote; checks UTF-8 octet by octet. */
class StringReader {
  constructor() {
    this.parts = [];
    this.done = false;
    this.escape = null; // hex digits of an escape, '' directly after the backslash
    this.high = undefined; // the first half of a pair
    this.more = 0; // octets of the character that are still to come
    this.low = 0x80; // what the next of them may be
    this.top = 0xbf;
  }

  text() {
    return Buffer.concat(this.parts).toString('utf8');
  }

  push(octets, from) {
    let i = from;
    let start = from; // of a run without escapes
    const flush = () => {
      if (i > start) this.parts.push(Buffer.from(octets.subarray(start, i)));
    };
    for (; i < octets.length; i++) {
      const octet = octets[i];
      if (this.escape !== null) {
        this.escaped(octet);
        start = i + 1;
      } else if (this.more > 0) {
        if (octet < this.low || octet > this.top) throw new Failure('data.utf-8');
        this.more -= 1;
        this.low = 0x80;
        this.top = 0xbf;
      } else if (octet === 0x5c) {
        flush();
        this.escape = '';
        start = i + 1;
      } else if (this.high !== undefined) {
        throw new Failure('data.utf-8', 'half a surrogate pair');
      } else if (octet === 0x22) {
        flush();
        this.done = true;
        return i + 1;
      } else if (octet < 0x20) {
        throw new Failure('data.malformed', 'control character');
      } else if (octet >= 0x80) {
        this.lead(octet);
      }
    }
    flush();
    return i;
  }

  lead(octet) {
    if (octet >= 0xc2 && octet <= 0xdf) this.more = 1;
    else if (octet >= 0xe0 && octet <= 0xef) this.more = 2;
    else if (octet >= 0xf0 && octet <= 0xf4) this.more = 3;
    else throw new Failure('data.utf-8');
    if (octet === 0xe0) this.low = 0xa0;
    if (octet === 0xed) this.top = 0x9f;
    if (octet === 0xf0) this.low = 0x90;
    if (octet === 0xf4) this.top = 0x8f;
  }

  escaped(octet) {
    if (this.escape === '') {
      if (octet === 0x75) {
        this.escape = 'u';
        return;
      }
      if (!ESCAPES.has(octet)) throw new Failure('data.malformed', 'escape');
      if (this.high !== undefined) throw new Failure('data.utf-8', 'half a surrogate pair');
      this.parts.push(Buffer.from([ESCAPES.get(octet)]));
      this.escape = null;
      return;
    }
    const digit = String.fromCharCode(octet);
    if (!/[0-9a-fA-F]/.test(digit)) throw new Failure('data.malformed', 'escape');
    this.escape += digit;
    if (this.escape.length < 5) return;
    const unit = parseInt(this.escape.slice(1), 16);
    this.escape = null;
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (isLow !== (this.high !== undefined)) throw new Failure('data.utf-8', 'surrogate');
    if (unit >= 0xd800 && unit <= 0xdbff) {
      this.high = unit;
      return;
    }
    const text = isLow ? String.fromCharCode(this.high, unit) : String.fromCharCode(unit);
    this.high = undefined;
    this.parts.push(Buffer.from(text));
  }
}

/** A value as one JSON text. */
function encodeJson(value) {
  return Buffer.from(write(value));
}

function write(value) {
  switch (typeof value) {
    case 'string': return JSON.stringify(value);
    case 'bigint': return value.toString();
    case 'boolean': return String(value);
    case 'number':
      // A fraction or exponent keeps it a float; -0 would lose its sign.
      return Number.isInteger(value)
        ? `${Object.is(value, -0) ? '-0' : value}${/e/.test(String(value)) ? '' : '.0'}`
        : String(value);
    default:
  }
  if (value === null) return 'null';
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('latin1'));
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  return `{${[...value].map(([key, v]) => `${JSON.stringify(key)}:${write(v)}`).join(',')}}`;
}

module.exports = { JsonReader, encodeJson };
