'use strict';
// A node: its listener, connections and links, and the one queue of work that keeps everything in order.

const crypto = require('node:crypto');
const net = require('node:net');
const { Connection } = require('./connection');
const { encode } = require('./framing');
const { joinPortId, nameMaker, splitPortId } = require('./identifiers');
const { Link } = require('./link');
const { Log, COMING, WARNING } = require('./log');
const { Monitors } = require('./monitors');
const { Pairs } = require('./pairs');
const { Peers } = require('./peers');
const { Ports } = require('./ports');
const { Requests, SPAWN } = require('./requests');
const { loadCertificate } = require('./tls-layer');

const STRONG = ['tls_sha3_512', 'hmac_sha3_512', 'tls_md6_64_256', 'hmac_md6_64_256'];
const TASKS_AT_A_TIME = 10000;

const DEFAULTS = {
  secrets: [],
  framings: ['json', 'cbor'],
  provider: 'js-subject-1.0',
  handshakeTime: 30000,
  heartbeatTime: 5000,
  connectTime: 30000,
  flushTime: 5000,
  handshakes: 1024,
  handshakesOfAddress: 64,
  limits: { size: 16 * 1024 * 1024, depth: 512 },
  queueLimit: 64 * 1024 * 1024,
  waitLimit: 8 * 1024 * 1024,
};

class Node {
  /** Options: nodeId, secrets (texts), certificate (path), framings, cleartext, requireTls, ... */
  constructor(options) {
    const certificate = options.certificate ? loadCertificate(options.certificate) : undefined;
    const secrets = options.secrets.filter((secret) => secret !== '').map((s) => Buffer.from(s));
    const usable = STRONG.filter((m) => (m.startsWith('tls_') ? certificate : secrets.length));
    this.settings = {
      ...DEFAULTS, ...options, certificate, secrets,
      instance: crypto.randomBytes(16).toString('hex'),
      methods: options.cleartext && secrets.length ? [...usable, 'cleartext'] : usable,
      sentMethods: usable,
    };
    this.connections = new Set();
    this.links = new Map();
    this.counters = new Map();
    this.tasks = [];
    this.ownName = nameMaker();
    this.spawnedName = nameMaker();
    this.log = new Log(this);
    this.ports = new Ports(this);
    this.monitors = new Monitors(this);
    this.requests = new Requests(this);
    this.pairs = new Pairs(this);
    this.peers = new Peers(this);
  }

  // ---------------------------------------------------------------- what an application uses

  /** Listens; a node without any credentials must not. */
  listen(host, port) {
    if (!this.settings.secrets.length && !this.settings.certificate) {
      throw new Error('a node without secret and certificate must not listen');
    }
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, () => resolve(this.server.address()));
    });
  }

  /** Sends ARG... to a port of a node; fails for what cannot travel. */
  send(nodeId, port, args) {
    if (nodeId === this.settings.nodeId) {
      encode('json', [port, ...args], this.settings.limits);
      this.post(() => this.deliver(null, port, args));
      return;
    }
    const message = [port, ...args];
    const link = this.links.get(nodeId);
    if (link) link.send(message);
    else this.peers.queue(nodeId, message, encode('json', message, this.settings.limits).length);
  }

  sendTo(portId, args) {
    const to = splitPortId(portId);
    if (!to) throw new Error(`${JSON.stringify(portId)} is no port ID`);
    this.send(to.node, to.port, args);
  }

  /** Kills a port, here or elsewhere. */
  kill(portId, reason) {
    const { node, port } = splitPortId(portId);
    if (port === '') return;
    if (node === this.settings.nodeId) {
      this.post(() => this.ports.die(port, reason));
      return;
    }
    const link = this.links.get(node);
    if (link) link.send(['', link.kil1 ? 'kil1' : 'kil', port, ...reason]);
    // Which of the two the peer knows is known when it has greeted.
    else this.peers.queue(node, (l) => ['', l.kil1 ? 'kil1' : 'kil', port, ...reason], 100);
  }

  /** Monitors a port; returns a function that ends the monitor. */
  monitor(portId, fire) {
    const { node, port } = splitPortId(portId);
    return this.monitors.set(node, port, fire);
  }

  /** Spawns a port and returns its ID at once. */
  spawn(host, func, args) {
    if (!func.includes('::')) throw new Error('the name of an init function contains ::');
    const { node } = splitPortId(host);
    const name = this.spawnedName();
    this.send(node, '', [SPAWN, name, func, ...args]);
    return joinPortId(node, name);
  }

  /** Calls a port; exactly one of `answered` and `failed` is called. */
  call(portId, seconds, args, answered, failed) {
    const name = this.ownName();
    const outcome = (report) => (...values) => {
      clearTimeout(timer);
      this.ports.close(name);
      report(...values);
      unmonitor?.();
    };
    const timer = seconds === undefined ? undefined : setTimeout(
      () => this.post(() => outcome(failed)('timeout', 'the call was not answered in time')),
      seconds * 1000,
    );
    this.ports.open(name, outcome(answered));
    const { port } = splitPortId(portId);
    const unmonitor = this.monitor(portId, outcome(failed));
    const reply = joinPortId(this.settings.nodeId, name);
    if (port !== '' || args.length) this.sendTo(portId, [...args, reply]);
  }

  knownNodes() {
    const trying = [...this.peers.waiting.keys()];
    const dialled = [...this.connections].map((c) => c.peer?.nodeId).filter((id) => id !== undefined);
    return [...new Set([this.settings.nodeId, ...this.links.keys(), ...trying, ...dialled])];
  }

  /** Stops: no new connections, what is queued goes out, then all links end. */
  stop() {
    if (this.stopping) return;
    this.stopping = true;
    this.server?.close();
    this.peers.stop();
    for (const connection of this.connections) {
      if (connection.state !== 'established') connection.fail('link.stopped');
    }
    const deadline = Date.now() + this.settings.flushTime;
    const finish = () => {
      const busy = [...this.links.values()].some((link) => link.queued > 0
        || link.connection.stream.writableLength > 0);
      if (busy && Date.now() < deadline) {
        setTimeout(finish, 10);
        return;
      }
      for (const link of [...this.links.values()]) link.connection.fail('link.stopped');
      setTimeout(() => process.exit(0), 600).unref();
    };
    finish();
  }

  // ---------------------------------------------------------------- order of work

  /** Does something behind everything that is to be done already. */
  post(task) {
    this.tasks.push(task);
    this.drain();
  }

  drain() {
    if (this.draining) return;
    this.draining = true;
    let done = 0;
    while (done < this.tasks.length && done < TASKS_AT_A_TIME) {
      const task = this.tasks[done];
      done += 1;
      try {
        task();
      } catch (error) {
        this.report('internal', error.stack);
      }
    }
    this.tasks.splice(0, done);
    this.draining = false;
    if (this.tasks.length) setImmediate(() => this.drain());
  }

  // ---------------------------------------------------------------- connections

  accept(socket) {
    const unfinished = [...this.connections].filter((c) => c.role === 'acceptor'
      && c.state !== 'established');
    const ofAddress = unfinished.filter((c) => c.socket.remoteAddress === socket.remoteAddress);
    if (this.stopping || unfinished.length >= this.settings.handshakes
      || ofAddress.length >= this.settings.handshakesOfAddress) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const { settings } = this;
    this.connections.add(new Connection(this, socket, 'acceptor', settings, settings.secrets));
  }

  greeted(connection) {
    if (connection.seed) connection.seed.node = connection.peer.nodeId;
    this.pairs.greeted(connection);
  }

  mayProve(connection) {
    return this.pairs.mayProve(connection);
  }

  verified(connection) {
    this.pairs.verified(connection);
  }

  established(connection) {
    const nodeId = connection.peer.nodeId;
    if (connection.role === 'initiator' && !this.pairs.admits(connection)) {
      connection.fail('link.duplicate');
      return;
    }
    this.pairs.supersede(nodeId, connection);
    const link = new Link(this, connection, this.settings, this.ownName());
    connection.link = link;
    this.links.set(nodeId, link);
    this.log.write(COMING, 'links', `a link with ${nodeId} is up`);
    if (connection.seed) this.peers.established(connection.seed);
    for (const message of this.peers.takeWaiting(nodeId)) {
      link.send(typeof message === 'function' ? message(link) : message);
    }
    // A dial of the same process to the same peer would only be closed by it.
    for (const dial of this.pairs.dials(nodeId)) {
      if (dial.peer.instance === link.instance) dial.fail('link.duplicate');
    }
  }

  input(connection, octets) {
    connection.link.input(octets);
  }

  inputEnded(connection) {
    try {
      connection.link.finish();
      connection.fail('link.closed', 'the peer closed the connection');
    } catch (error) {
      connection.failed(error);
    }
  }

  ended(connection, reason, detail) {
    this.connections.delete(connection);
    const { link, seed } = connection;
    if (link && !link.lost) {
      link.end();
      this.links.delete(link.node);
      this.drop('links_lost');
      // They fire behind the messages that came before [link.lost.messages-first].
      this.monitors.fireNode(link.node, ['transport_error', link.node, `${reason}: ${detail}`]);
    } else if (!link) {
      this.drop('handshakes_failed');
    }
    this.pairs.ended(connection);
    if (seed) this.peers.dialEnded(seed, reason, detail);
    else {
      if (reason.startsWith('auth.') || connection.role === 'initiator') this.report(reason, detail);
      this.peers.keep();
      this.peers.checkWaiting();
    }
  }

  // ---------------------------------------------------------------- messages and ports

  message(link, port, args) {
    this.post(() => this.deliver(link, port, args));
  }

  deliver(source, port, args) {
    if (port === '') this.requests.handle(source, args);
    else this.ports.deliver(port, args);
  }

  /** A port of this node has died: peers that are registered learn it, and local monitors. */
  died(name, reason) {
    // [log.failure]
    if (reason[0] === 'die') this.log.write(WARNING, 'ports', `the port ${name} died: ${reason[1]}`);
    for (const link of this.links.values()) {
      if (!link.registrations.delete(name)) continue;
      try {
        link.send(['', 'kil0', name, ...reason]);
      } catch (error) {
        link.send(['', 'kil0', name, 'die', `the reason cannot be sent: ${error.message}`]);
      }
    }
    this.monitors.fire(this.settings.nodeId, name, reason);
  }

  drop(counter) {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + 1);
  }

  report(reason, detail) {
    this.log.write(WARNING, 'links', `${reason}: ${detail}`);
  }
}

module.exports = { Node };
