'use strict';
// Every recorded proof is computed anew, and every recorded message is read, cut in several ways.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { md6, hmacMd6 } = require('../md6');
const { METHODS, linesOf, proof } = require('../auth');
const { encode, makeReader } = require('../framing');
const { LineReader, parseGreeting } = require('../greeting');
const { Failure, same } = require('../values');

const root = path.join(__dirname, '../../../recordings');
const limits = { size: 16 << 20, depth: 512 };
const files = ['1.x', '2.x'].flatMap((generation) => fs.readdirSync(path.join(root, generation))
  .filter((name) => name.endsWith('.json')).map((name) => path.join(generation, name)));

test('known answers of MD6 and its HMAC', () => {
  assert.strictEqual(md6(Buffer.from('abc')).toString('hex'),
    '230637d4e6845cf0d092b558e87625f03881dd53a7439da34cf3b94ed0d8b2c5');
  assert.strictEqual(md6(Buffer.alloc(0)).toString('hex'),
    'bca38b24a804aa37d821d31af00f5598230122c5bbfc4c4ad5ed40e4258f04ca');
  assert.strictEqual(hmacMd6(Buffer.alloc(64), Buffer.alloc(0)).length, 32);
});

const octetsOf = (connection, side) => Buffer.concat((connection.events ?? [])
  .filter((event) => event.from === side && !event.eof)
  .map((event) => (event.hex !== undefined ? Buffer.from(event.hex, 'hex') : Buffer.from(event.text ?? ''))));

/** What one side sent, taken apart; undefined where it did not come to a known proof. */
function takeApart(octets) {
  const reader = new LineReader();
  reader.push(octets);
  try {
    const lines = [1, 2, 3].map(() => reader.next('greeting.line-too-long'));
    if (lines.includes(undefined)) return undefined;
    parseGreeting(lines[0]);
    const [method, data, framing] = lines[2].toString('latin1').split(';');
    if (!Object.hasOwn(METHODS, method) || !METHODS[method].form.test(data)) return undefined;
    return { lines, method, data, framing, rest: reader.rest() };
  } catch {
    return undefined;
  }
}

/** What a reader makes of octets that are cut into pieces of `step`. */
function read(framing, octets, step) {
  const reader = makeReader(framing, limits);
  const items = [];
  let failure;
  try {
    for (let i = 0; i < octets.length; i += step) {
      reader.push(octets.subarray(i, i + step), (item) => { items.push(item); });
    }
    reader.finish((item) => items.push(item));
  } catch (error) {
    assert.ok(error instanceof Failure, error.stack);
    failure = error.reason;
  }
  return { items, failure };
}

let proofs = 0;
let messages = 0;
for (const file of files) {
  test(file, () => {
    const recording = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
    for (const connection of recording.connections ?? []) {
      const sides = ['initiator', 'acceptor'].map((side) => takeApart(octetsOf(connection, side)));
      sides.forEach((side, i) => {
        if (!side) return;
        const other = sides[1 - i];
        if (other) proofs += checkProof(recording, side, other);
        if (['json', 'cbor', 'storable'].includes(side.framing)) messages += checkMessages(side);
      });
    }
  });
}

test('the recordings were not empty', () => {
  assert.ok(proofs > 50, `${proofs} proofs`);
  assert.ok(messages > 500, `${messages} messages`);
});

/** Hand-written clients prove wrongly on purpose, and say so by what follows; nodes do not. */
function checkProof(recording, side, other) {
  const lines = linesOf(side.lines.slice(0, 2), other.lines.slice(0, 2));
  const configured = recording.config?.secret;
  const all = typeof configured === 'string' ? [configured] : Object.values(configured ?? {});
  const secrets = [...all.filter((s) => typeof s === 'string'), 'geheim', 'falsch', 'anders'];
  const right = secrets.some((secret) => ['utf8', 'latin1'].some((encoding) => proof(side.method,
    lines, Buffer.from(secret, encoding)) === side.data));
  const provider = parseGreeting(side.lines[0]).provider ?? '';
  if (!right) assert.ok(!/^(AE-|AnyEvent)/.test(provider), `${side.method} of ${provider}`);
  return right ? 1 : 0;
}

function checkMessages({ framing, rest }) {
  const whole = read(framing, rest, rest.length || 1);
  for (const step of [1, 7]) {
    const cut = read(framing, rest, step);
    assert.strictEqual(cut.failure, whole.failure);
    assert.ok(same(cut.items, whole.items));
  }
  for (const item of whole.items.filter(Array.isArray)) {
    for (const written of ['json', 'cbor', 'storable']) {
      const octets = encode(written, item, limits);
      const again = read(written, octets, octets.length).items;
      assert.strictEqual(again.length, 1);
      if (written === 'cbor') assert.ok(same(again[0], item));
    }
  }
  return whole.items.length;
}
