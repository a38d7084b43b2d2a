'use strict';
// TLS after the greeting (chapter 5). TLS runs over a Duplex and not over the socket itself, so that
// octets that came with the greeting reach it, whoever is the client.

const crypto = require('node:crypto');
const fs = require('node:fs');
const tls = require('node:tls');
const { Duplex } = require('node:stream');
const { Failure } = require('./values');

/** Key and certificates of a PEM file. */
function loadCertificate(path) {
  const pem = fs.readFileSync(path, 'latin1');
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (!blocks.length) throw new Error(`${path} holds no certificate`);
  return { pem, certificates: blocks.map((block) => new crypto.X509Certificate(block)) };
}

/** What lies between the socket and TLS: `feed` hands octets to TLS, null says the end. */
class Between extends Duplex {
  constructor(socket) {
    super();
    this.socket = socket;
  }

  feed(octets) {
    if (!this.destroyed && !this.readableEnded && (octets === null || octets.length)) {
      this.push(octets);
    }
  }

  _read() {}

  _write(octets, encoding, done) {
    this.socket.write(octets, done);
  }

  _final(done) {
    done();
  }
}

/** Starts TLS on a socket: `raw` is to be fed, `secured` to be used. */
function startTls(socket, isClient, { pem }) {
  const raw = new Between(socket);
  // A context of its own for each connection: no session is ever resumed [tls.resume.none].
  const secureContext = tls.createSecureContext({ key: pem, cert: pem, minVersion: 'TLSv1.3' });
  const options = { secureContext, rejectUnauthorized: false };
  const secured = isClient
    ? tls.connect({ ...options, socket: raw, checkServerIdentity: () => undefined })
    : new tls.TLSSocket(raw, { ...options, isServer: true, requestCert: true });
  return { raw, secured };
}

/** The peer's certificate is the configured one, or issued by one of its file [tls.cert.verify]. */
function checkCertificate(secured, { certificates }) {
  const peer = secured.getPeerX509Certificate();
  if (!peer) throw new Failure('tls.certificate', 'none presented');
  const passes = peer.raw.equals(certificates[0].raw)
    || certificates.some((authority) => isIssuedBy(peer, authority));
  if (!passes) throw new Failure('tls.certificate', 'another certificate');
}

function isIssuedBy(peer, authority) {
  const now = Date.now();
  return authority.ca && peer.checkIssued(authority) && peer.verify(authority.publicKey)
    && Date.parse(peer.validFrom) <= now && now <= Date.parse(peer.validTo);
}

module.exports = { loadCertificate, startTls, checkCertificate };
