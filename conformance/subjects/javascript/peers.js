'use strict';
// Dialling: seeds (20.3), and messages for nodes without link (12.6).

const net = require('node:net');
const { Connection } = require('./connection');
const { parseAddress } = require('./identifiers');
const { failures } = require('../../../spec/registry/failures.json');

const retries = new Map();
for (const { stage, reason, retry } of failures) retries.set(`${stage}.${reason}`, retry);

class Peers {
  /** `node` is the owner of connections, with links, monitors and settings. */
  constructor(node) {
    this.node = node;
    this.seeds = [];
    this.waiting = new Map(); // node ID to { messages, octets, timer }
  }

  addSeed(address) {
    const parsed = parseAddress(address);
    if (!parsed) {
      this.node.report('connect.no-address', `the seed ${address} is no address`);
      return;
    }
    const seed = { ...parsed, address, failures: 0, secret: 0 };
    this.seeds.push(seed);
    this.dial(seed);
  }

  dial(seed) {
    clearTimeout(seed.timer);
    seed.timer = undefined;
    if (seed.dialling || this.node.stopping) return;
    seed.dialling = true;
    const socket = net.connect({ host: seed.host, port: seed.port, allowHalfOpen: true });
    const failed = (error) => {
      socket.destroy();
      this.dialEnded(seed, 'connect.unreachable', error.message);
    };
    socket.once('error', failed);
    socket.setTimeout(this.node.settings.connectTime, () => failed(new Error('timed out')));
    socket.once('connect', () => {
      socket.removeListener('error', failed);
      socket.setTimeout(0);
      const { settings } = this.node;
      const { secrets } = settings;
      const at = secrets.length ? seed.secret % secrets.length : 0;
      const own = secrets.length ? [secrets[at]] : [];
      const connection = new Connection(this.node, socket, 'initiator', settings, own);
      connection.seed = seed;
      this.node.connections.add(connection);
    });
  }

  /** A dial or the link that it became has ended. */
  dialEnded(seed, reason, detail) {
    seed.dialling = false;
    const isSelf = reason === 'greeting.own-node-id';
    if (!isSelf) this.node.report(reason, `${seed.address}: ${detail}`);
    if (reason === 'auth.proof' || reason === 'auth.closed') seed.secret += 1;
    const retry = retries.get(reason) ?? 'back-off';
    if (isSelf) this.seeds.splice(this.seeds.indexOf(seed), 1);
    seed.never = reason === 'greeting.no-credentials'; // only for what is to be sent
    seed.failures = retry === 'back-off' ? seed.failures + 1 : 0;
    this.keep();
    this.checkWaiting();
  }

  established(seed) {
    seed.failures = 0;
  }

  /** Seeds are dialled again while there is a link with none of them [config.seeds.keep]. */
  keep() {
    if (this.node.stopping || this.seeds.some((seed) => this.node.links.has(seed.node))) return;
    for (const seed of this.seeds) {
      if (seed.dialling || seed.timer || seed.never) continue;
      const wait = seed.failures ? Math.min(30000, 1000 * 2 ** (seed.failures - 1)) : 100;
      seed.timer = setTimeout(() => this.dial(seed), Math.min(30000, wait * (1 + Math.random() / 5)));
    }
  }

  /** Queues a message for a node without link, and dials. */
  queue(nodeId, message, octets) {
    const waiting = this.wants(nodeId);
    if (!waiting) return;
    waiting.messages.push(message);
    waiting.octets += octets;
    if (waiting.octets > this.node.settings.waitLimit) this.giveUp(nodeId, 'link.overload');
  }

  /** A link with the node is wanted; returns what waits for it. */
  wants(nodeId) {
    if (this.node.links.has(nodeId)) return undefined;
    let waiting = this.waiting.get(nodeId);
    if (!waiting) {
      const timer = setTimeout(() => this.giveUp(nodeId, 'connect.timeout'),
        this.node.settings.connectTime);
      waiting = { messages: [], octets: 0, timer };
      this.waiting.set(nodeId, waiting);
      for (const seed of this.seeds) {
        if (seed.node === nodeId && !seed.timer) this.dial(seed);
      }
      this.node.post(() => this.checkWaiting());
    }
    return waiting;
  }

  /** What waits for a node, which has its link now. */
  takeWaiting(nodeId) {
    const waiting = this.waiting.get(nodeId);
    this.waiting.delete(nodeId);
    clearTimeout(waiting?.timer);
    return waiting?.messages ?? [];
  }

  /** Gives up nodes for which nothing is pending from which a link could come. */
  checkWaiting() {
    for (const nodeId of [...this.waiting.keys()]) {
      const known = this.seeds.find((seed) => seed.node === nodeId);
      const handshake = [...this.node.connections].some((c) => c.state !== 'closed'
        && c.state !== 'established' && (!c.peer || c.peer.nodeId === nodeId));
      const dialled = this.seeds.some((seed) => seed.dialling && !this.node.links.has(seed.node)
        && (seed.node === undefined || seed.node === nodeId));
      const again = known ? known.timer !== undefined && known.failures < 2 : false;
      if (!handshake && !dialled && !again) {
        this.giveUp(nodeId, known ? 'connect.unreachable' : 'connect.no-address');
      }
    }
  }

  giveUp(nodeId, reason) {
    if (!this.waiting.has(nodeId)) return;
    this.takeWaiting(nodeId);
    const word = reason === 'connect.no-address' ? 'unreachable' : 'transport_error';
    if (reason === 'link.overload') {
      for (const dial of this.node.pairs.dials(nodeId)) dial.fail(reason);
    }
    this.node.monitors.fireNode(nodeId, [word, nodeId, `${reason}: no link came about`]);
  }

  stop() {
    for (const seed of this.seeds) clearTimeout(seed.timer);
    for (const nodeId of [...this.waiting.keys()]) this.giveUp(nodeId, 'link.stopped');
  }
}

module.exports = { Peers };
