'use strict';
// Authentication: methods, proofs and the authentication line (chapter 6).

const crypto = require('node:crypto');
const { md6, hmacMd6 } = require('./md6');
const { Failure } = require('./values');
const { FRAMINGS } = require('./greeting');

const sha3 = (octets) => crypto.createHash('sha3-512').update(octets).digest();

const METHODS = {
  tls_sha3_512: { tls: true, secret: false, form: /^[0-9a-f]{128}$/, make: sha3 },
  hmac_sha3_512: {
    tls: false, secret: true, form: /^[0-9a-f]{128}$/,
    make: (lines, secret) => crypto.createHmac('sha3-512', secret).update(lines).digest(),
  },
  tls_md6_64_256: { tls: true, secret: false, form: /^[0-9a-f]{64}$/, make: md6 },
  hmac_md6_64_256: {
    tls: false, secret: true, form: /^[0-9a-f]{64}$/,
    // Key and message are this way round [auth.hmac-md6].
    make: (lines, secret) => hmacMd6(lines, md6(secret)),
  },
  tls_anon: { tls: true, secret: false, form: /^$/, make: () => Buffer.alloc(0) },
  cleartext: {
    tls: false, secret: true, form: /^(?:[0-9a-f]{2})*$/, make: (_, secret) => secret,
  },
};

/** What is proved: the prover's two lines, then the other side's [auth.lines.order]. */
function linesOf(prover, other) {
  const lf = Buffer.from('\n');
  return Buffer.concat([prover[0], lf, prover[1], lf, other[0], lf, other[1], lf]);
}

/** The data of a method in hex. */
const proof = (method, lines, secret) => METHODS[method].make(lines, secret).toString('hex');

/**
 * Checks an authentication line and returns method, framing and the secret that was right.
 * `lines` is what the peer has proved, `offered` what we listed, `secrets` those that may be right.
 */
function checkAuthLine(content, { lines, offeredMethods, offeredFramings, tls, secrets }) {
  const fields = content.toString('latin1').split(';');
  if (fields.length < 3) throw new Failure('auth.malformed');
  const [name, data, framing] = fields;
  if (!Object.hasOwn(METHODS, name)) throw new Failure('auth.method-unknown', name);
  const method = METHODS[name];
  if (!offeredMethods.includes(name)) throw new Failure('auth.method-not-offered', name);
  if (method.tls && !tls) throw new Failure('auth.method-needs-tls', name);
  if (!FRAMINGS.includes(framing)) throw new Failure('auth.framing-unknown', framing);
  if (!offeredFramings.includes(framing)) throw new Failure('auth.framing-not-offered', framing);
  if (!method.form.test(data)) throw new Failure('auth.proof-form');
  const candidates = method.secret ? secrets : [undefined];
  const right = candidates.filter((secret) => sameProof(data, proof(name, lines, secret)));
  if (!right.length) throw new Failure('auth.proof');
  return { method: name, framing, secret: right[0] };
}

/** Compares in a time that does not depend on where they differ; lengths of secrets may differ. */
function sameProof(a, b) {
  const digest = (text) => crypto.createHash('sha256').update(text).digest();
  return crypto.timingSafeEqual(digest(a), digest(b));
}

module.exports = { METHODS, linesOf, proof, checkAuthLine };
