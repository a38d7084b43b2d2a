'use strict';
// Lines of the handshake and the greeting (chapter 4).

const crypto = require('node:crypto');
const { Failure, octetsAsText } = require('./values');
const { isNodeId } = require('./identifiers');

const LINE_LIMIT = 4096;
const FRAMINGS = ['json', 'cbor', 'storable'];

/** Cuts lines of the handshake off a stream of octets. */
class LineReader {
  constructor() {
    this.held = Buffer.alloc(0);
  }

  push(octets) {
    this.held = this.held.length ? Buffer.concat([this.held, octets]) : octets;
  }

  /** The content of the next line, or undefined; `reason` is for one that is too long. */
  next(reason) {
    const end = this.held.indexOf(0x0a);
    const length = end < 0 ? this.held.length : end;
    // The last octet may be a CR that belongs to the end of the line.
    const cr = length > 0 && this.held[length - 1] === 0x0d ? 1 : 0;
    if (length - cr > LINE_LIMIT) throw new Failure(reason);
    if (end < 0) return undefined;
    const content = Buffer.from(this.held.subarray(0, end - cr));
    this.held = this.held.subarray(end + 1);
    return content;
  }

  /** What came after the last line. */
  rest() {
    const rest = this.held;
    this.held = Buffer.alloc(0);
    return rest;
  }
}

/** Line 1 as a Buffer, without its end. */
function greetingLine({ nodeId, methods, framings, keys }) {
  const fields = ['aemp', '1', nodeId, methods.join(','), framings.join(',')];
  for (const [key, value] of Object.entries(keys)) fields.push(`${key}=${value}`);
  return Buffer.from(fields.join(';'));
}

/** A nonce: 66 octets of randomness, 88 characters. */
const makeNonce = () => Buffer.from(crypto.randomBytes(66).toString('base64'));

/** Takes line 1 apart: checks 1 to 4 [greeting.check.order]. */
function parseGreeting(content) {
  // Latin-1 keeps each octet apart; only the node ID is text.
  const fields = content.toString('latin1').split(';');
  if (fields[0] !== 'aemp') throw new Failure('greeting.protocol');
  if (fields.length < 2 || !isVersionOne(fields[1])) throw new Failure('greeting.version');
  if (fields.length < 5) throw new Failure('greeting.fields');
  const nodeId = octetsAsText(Buffer.from(fields[2], 'latin1'));
  if (!isNodeId(nodeId)) throw new Failure('greeting.node-id');
  const keys = new Map();
  for (const field of fields.slice(5)) {
    const at = field.indexOf('=');
    if (at > 0) keys.set(field.slice(0, at), field.slice(at + 1));
  }
  return {
    nodeId,
    methods: names(fields[3]),
    framings: names(fields[4]),
    wantsTls: /^[\t\v\f\r ]*\+?0*1(?![0-9])/.test(keys.get('tls') ?? ''),
    instance: keys.get('instance') || undefined,
    kil1: /^[\t\v\f\r ]*\+?0*[1-9]/.test(keys.get('mproto') ?? ''),
    provider: keys.get('provider'),
  };
}

/** Whether the numeric prefix equals 1; without rounding, hence not as a number. */
const isVersionOne = (text) => /^[\t\v\f\r ]*\+?0*1(?:\.0*(?![0-9])|(?![0-9.]))/.test(text);

const names = (list) => list.split(',').filter((name) => name !== '');

module.exports = { FRAMINGS, LineReader, greetingLine, makeNonce, parseGreeting };
