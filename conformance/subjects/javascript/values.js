'use strict';
// Values (chapter 7). Here they are: null, booleans, BigInt for integers, number for floats, string
// for text, Buffer for octets, Array, and Map with text keys.

/** The end of a connection for a reason of registry/failures.json. */
class Failure extends Error {
  constructor(reason, detail = '') {
    super(detail ? `${reason} (${detail})` : reason);
    this.reason = reason;
  }
}

const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 64n - 1n;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const isInteger = (value) => typeof value === 'bigint';
const inRange = (integer) => integer >= LOWEST && integer <= HIGHEST;

/** The integer, or the text of its digits where it is out of range [value.integer.beyond]. */
const integerOrText = (integer) => (inRange(integer) ? integer : integer.toString());

/** The text that the octets are in UTF-8; fails with data.utf-8. */
function utf8(octets) {
  try {
    return strictUtf8.decode(octets);
  } catch {
    throw new Failure('data.utf-8');
  }
}

/** Octets taken as text [value.equal.octets]. */
function octetsAsText(octets) {
  try {
    return strictUtf8.decode(octets);
  } catch {
    return Buffer.from(octets).toString('latin1');
  }
}

/** The integer that a float is, where it is one in range; else undefined. */
function floatAsInteger(float) {
  if (!Number.isInteger(float)) return undefined;
  const integer = BigInt(float);
  return inRange(integer) ? integer : undefined;
}

/** Where text is expected [value.as-text]; undefined for what cannot stand there. */
function asText(value) {
  switch (typeof value) {
    case 'string': return value;
    case 'bigint': return value.toString();
    case 'boolean': return value ? '1' : '0';
    case 'undefined': return '';
    case 'number': return floatAsInteger(value)?.toString();
    default:
      if (value === null) return '';
      return Buffer.isBuffer(value) ? octetsAsText(value) : undefined;
  }
}

/** Where a number is expected [value.as-integer]; undefined for what cannot stand there. */
function asNumber(value) {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  const text = typeof value === 'string' || Buffer.isBuffer(value) ? asText(value) : '';
  const number = /^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text) ? Number(text) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/** The name that the first element of a message gives (7.5); undefined where it means nothing. */
function portName(value) {
  if (typeof value === 'number') return asText(value) ?? String(value);
  return asText(value);
}

/** Whether two values are the same (7.3). */
function same(a, b) {
  const x = Buffer.isBuffer(a) ? octetsAsText(a) : a;
  const y = Buffer.isBuffer(b) ? octetsAsText(b) : b;
  const numeric = (v) => typeof v === 'bigint' || typeof v === 'number';
  // == compares BigInt and number by their mathematical value.
  if (numeric(x) && numeric(y)) return x == y;
  if (Array.isArray(x) && Array.isArray(y)) {
    return x.length === y.length && x.every((element, i) => same(element, y[i]));
  }
  if (x instanceof Map && y instanceof Map) {
    return x.size === y.size && [...x].every(([key, v]) => y.has(key) && same(v, y.get(key)));
  }
  return x === y;
}

module.exports = {
  Failure, isInteger, inRange, integerOrText, utf8, octetsAsText, floatAsInteger, asText, asNumber,
  portName, same,
};
