'use strict';
// One TCP connection from its greeting to its authentication, in both roles (chapters 4 to 6), and
// after that the carrier of a link. What the node decides (one link a pair) it is asked through `owner`:
// greeted(c), verified(c) of an acceptor, established(c), input(c, octets), ended(c, reason).

const { LineReader, greetingLine, makeNonce, parseGreeting } = require('./greeting');
const { METHODS, linesOf, proof, checkAuthLine } = require('./auth');
const { formatAddress } = require('./identifiers');
const { Failure } = require('./values');
const { startTls, checkCertificate } = require('./tls-layer');

let connected = 0;

class Connection {
  /** Takes over a connected socket. `secrets` are those to try, the own one first. */
  constructor(owner, socket, role, settings, secrets) {
    Object.assign(this, { owner, socket, role, settings, secrets });
    this.order = connected += 1; // which TCP connection came up first
    this.state = 'line1';
    this.lines = new LineReader();
    this.kept = [];
    this.keptOctets = 0;
    this.stream = socket; // the socket, or TLS on it
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30000);
    socket.on('data', (octets) => this.received(octets));
    socket.on('end', () => this.inputEnded());
    socket.on('error', (error) => this.broken(error));
    socket.on('close', () => this.broken(new Error('closed')));
    this.deadline = setTimeout(() => this.fail(`${this.stage()}.timeout`), settings.handshakeTime);
    this.greet();
  }

  greet() {
    const { settings, socket } = this;
    const keys = { provider: settings.provider, instance: settings.instance, mproto: '1' };
    if (socket.remoteAddress) keys.peeraddr = formatAddress(socket.remoteAddress, socket.remotePort);
    if (settings.certificate) keys.tls = '1.0';
    const line = greetingLine({
      nodeId: settings.nodeId, methods: settings.methods, framings: settings.framings, keys,
    });
    this.own = [line, makeNonce()];
    socket.write(Buffer.concat([line, Buffer.from('\n'), this.own[1], Buffer.from('\n')]));
  }

  stage() {
    if (this.state === 'line1' || this.state === 'line2') return 'greeting';
    return this.state === 'tls' ? 'tls' : 'auth';
  }

  received(octets) {
    try {
      if (this.state === 'closed') return;
      if (this.state === 'tls') {
        this.raw.feed(octets);
      } else if (this.state === 'established') {
        this.owner.input(this, octets);
      } else if (this.state === 'decide') {
        this.keep(octets);
      } else {
        this.lines.push(octets);
        this.readLines();
      }
    } catch (error) {
      this.failed(error);
    }
  }

  keep(octets) {
    if (!octets.length) return;
    this.kept.push(octets);
    this.keptOctets += octets.length;
    if (this.keptOctets > this.settings.limits.size) this.stream.pause();
  }

  readLines() {
    while (this.state === 'line1' || this.state === 'line2' || this.state === 'auth') {
      const content = this.lines.next(`${this.stage()}.line-too-long`);
      if (content === undefined) return;
      if (this.state === 'line1') this.firstLine(content);
      else if (this.state === 'line2') this.secondLine(content);
      else this.authLine(content);
    }
  }

  firstLine(content) {
    this.peer = parseGreeting(content);
    this.theirs = [content];
    if (this.peer.nodeId === this.settings.nodeId) throw new Failure('greeting.own-node-id');
    this.state = 'line2';
    this.owner.greeted(this);
  }

  secondLine(content) {
    const { settings, peer, own } = this;
    this.theirs.push(content);
    const sameNonce = content.equals(own[1]);
    if (sameNonce && this.theirs[0].equals(own[0])) throw new Failure('greeting.echo');
    if (sameNonce) throw new Failure('greeting.nonce');
    this.tls = Boolean(settings.certificate && peer.wantsTls);
    if (settings.requireTls && !this.tls) throw new Failure('greeting.tls-required');
    if (!this.tls && !this.secrets.length) throw new Failure('greeting.no-credentials');
    this.method = peer.methods.find((name) => this.maySend(name));
    if (!this.method) throw new Failure('greeting.no-common-method');
    this.framing = peer.framings.find((name) => settings.framings.includes(name));
    if (!this.framing) throw new Failure('greeting.no-common-framing');
    if (this.tls) this.secure(Buffer.compare(own[1], content) < 0);
    else this.ready();
  }

  maySend(name) {
    if (!Object.hasOwn(METHODS, name) || !this.settings.sentMethods.includes(name)) return false;
    return METHODS[name].tls ? this.tls : this.secrets.length > 0 || !METHODS[name].secret;
  }

  /** TLS from here on; the octets behind line 2 are its first records [tls.start.point]. */
  secure(isClient) {
    this.state = 'tls';
    const { raw, secured } = startTls(this.socket, isClient, this.settings.certificate);
    this.raw = raw;
    this.stream = secured;
    // From here on octets of the socket go to TLS alone, and what TLS gives comes here.
    secured.on('data', (octets) => this.decrypted(octets));
    secured.on('end', () => this.inputEnded());
    secured.on('error', (error) => this.tlsFailed(error));
    // A server that no tls.Server has made tells of a bad record in this way alone.
    secured.on('_tlsError', (error) => this.tlsFailed(error));
    secured.on(isClient ? 'secureConnect' : 'secure', () => this.secured());
    this.socket.removeAllListeners('data');
    this.socket.removeAllListeners('end');
    this.socket.on('data', (octets) => raw.feed(octets));
    this.socket.on('end', () => (this.state === 'tls' ? this.inputEnded() : raw.feed(null)));
    raw.feed(this.lines.rest());
  }

  decrypted(octets) {
    if (this.state === 'tls') this.lines.push(octets);
    else this.received(octets);
  }

  secured() {
    if (this.state !== 'tls') return;
    try {
      checkCertificate(this.stream, this.settings.certificate);
      this.ready();
      this.readLines();
    } catch (error) {
      this.failed(error);
    }
  }

  tlsFailed(error) {
    const certificate = /certificate|unknown ca/i.test(error.message);
    this.fail(certificate ? 'tls.certificate' : 'tls.failed', error.message);
  }

  /** Greeting and TLS are done: the initiator proves at once. */
  ready() {
    this.state = 'auth';
    if (this.role !== 'initiator') return;
    if (!this.owner.mayProve(this)) return;
    this.sendAuthLine();
  }

  sendAuthLine() {
    const secret = this.secrets[0];
    const data = proof(this.method, linesOf(this.own, this.theirs), secret);
    this.stream.write(`${this.method};${data};${this.framing}\n`);
    this.proved = true;
  }

  authLine(content) {
    const { settings } = this;
    const initiator = this.role === 'initiator';
    const checked = checkAuthLine(content, {
      lines: linesOf(this.theirs, this.own),
      offeredMethods: settings.methods,
      offeredFramings: settings.framings,
      tls: this.tls,
      secrets: initiator ? this.secrets.slice(0, 1) : this.secrets,
    });
    this.readFraming = checked.framing;
    if (checked.secret && !initiator) this.secrets = [checked.secret];
    this.keep(this.lines.rest());
    if (initiator) {
      this.establish();
    } else {
      this.state = 'decide';
      this.owner.verified(this);
    }
  }

  /** The acceptor's decision that this connection becomes the link. */
  proceed() {
    this.sendAuthLine();
    this.establish();
  }

  establish() {
    clearTimeout(this.deadline);
    this.state = 'established';
    this.owner.established(this);
    const kept = Buffer.concat(this.kept);
    this.kept = [];
    this.stream.resume();
    if (this.state === 'established' && kept.length) this.received(kept);
  }

  write(octets, done) {
    return this.stream.write(octets, done);
  }

  inputEnded() {
    if (this.state === 'established') this.owner.inputEnded(this);
    else this.fail(`${this.stage()}.closed`);
  }

  broken(error) {
    this.fail(this.state === 'established' ? 'link.io' : `${this.stage()}.closed`, error.message);
  }

  failed(error) {
    if (error instanceof Failure) this.fail(error.reason, error.message);
    else {
      process.stderr.write(`${error.stack}\n`);
      this.fail('data.malformed', error.message);
    }
  }

  /** Ends the connection for that reason; what was written before still goes out. */
  fail(reason, detail = reason, { flush = true } = {}) {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.reason = reason;
    clearTimeout(this.deadline);
    if (flush) this.flushAndClose();
    else this.socket.destroy();
    this.owner.ended(this, reason, detail);
  }

  flushAndClose() {
    const destroy = () => this.socket.destroy();
    if (this.socket.destroyed || this.stream.destroyed) {
      destroy();
      return;
    }
    const timer = setTimeout(destroy, 500);
    this.socket.once('close', () => clearTimeout(timer));
    this.socket.once('finish', destroy);
    this.stream.resume();
    if (this.stream === this.socket) this.socket.end();
    else this.stream.end(() => this.socket.end());
  }
}

module.exports = { Connection };
