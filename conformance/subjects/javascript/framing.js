'use strict';
// The framings by name: what all of them have in common (7.2, 11.4).

const { JsonReader, encodeJson } = require('./framing-json');
const { CborReader, encodeCbor } = require('./framing-cbor');
const { StorableReader, encodeStorable } = require('./framing-storable');

const FRAMINGS = {
  json: { Reader: JsonReader, encode: encodeJson },
  cbor: { Reader: CborReader, encode: encodeCbor },
  storable: { Reader: StorableReader, encode: encodeStorable },
};

/** A reader: `push(octets, take)` and `finish(take)`; both fail with a Failure of stage data. */
const makeReader = (framing, limits) => new FRAMINGS[framing].Reader(limits);

/** The octets of a message; fails where it cannot travel [value.send.number]. */
function encode(framing, message, limits) {
  check(message, 1, limits);
  const octets = FRAMINGS[framing].encode(message);
  if (octets.length > limits.size) throw new Error('the message is longer than the limit');
  return octets;
}

function check(value, depth, limits) {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error('a message cannot hold an infinity or a NaN');
  }
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value
    && BigInt.asUintN(64, value) !== value) {
    throw new Error('a message cannot hold an integer beyond 64 bits');
  }
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new Error('a message cannot hold half a surrogate pair');
  }
  if (!Array.isArray(value) && !(value instanceof Map)) return;
  if (depth > limits.depth) throw new Error('the message is nested too deep');
  for (const element of value.values()) check(element, depth + 1, limits);
}

module.exports = { makeReader, encode };
