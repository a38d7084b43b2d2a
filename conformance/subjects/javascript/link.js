'use strict';
// A link: a connection whose handshake has succeeded, with its queue and heartbeat (chapter 12).

const { makeReader, encode } = require('./framing');
const { portName } = require('./values');

const HEARTBEATS = 3;

class Link {
  /** `owner` is told: message(link, port, args). */
  constructor(owner, connection, settings, heartbeatName) {
    Object.assign(this, { owner, connection, settings, heartbeatName });
    this.node = connection.peer.nodeId;
    this.instance = connection.peer.instance;
    this.kil1 = connection.peer.kil1;
    this.dialled = connection.role === 'initiator';
    this.reader = makeReader(connection.readFraming, settings.limits);
    this.registrations = new Set(); // ports of ours that the peer monitors
    this.since = Date.now();
    this.count = { in: 0, out: 0 };
    this.queue = [];
    this.queued = 0;
    this.lastInput = Date.now();
    this.unanswered = 0;
    this.everAnswered = false;
    this.lost = false;
    connection.stream.on('drain', () => this.pump());
    this.timer = setTimeout(() => this.heartbeatTime(), settings.heartbeatTime);
  }

  /** Queues a message; fails where it cannot travel, with no effect on others. */
  send(message) {
    const octets = encode(this.connection.framing, message, this.settings.limits);
    if (this.lost) return;
    this.count.out += 1;
    this.queue.push(octets);
    this.queued += octets.length;
    if (this.queued + this.connection.stream.writableLength > this.settings.queueLimit) {
      this.connection.fail('link.overload', 'the queue is full', { flush: false });
      return;
    }
    this.pump();
  }

  /** Hands messages to the socket as long as it takes them; each call writes whole messages. */
  pump() {
    const { stream } = this.connection;
    if (this.lost || !this.queue.length || stream.writableNeedDrain) return;
    stream.cork();
    let taken = 0;
    while (taken < this.queue.length && !stream.writableNeedDrain) {
      const octets = this.queue[taken];
      this.queued -= octets.length;
      stream.write(octets);
      taken += 1;
    }
    this.queue.splice(0, taken);
    process.nextTick(() => stream.uncork());
  }

  /** A heartbeat overtakes what is queued, between two messages [link.heartbeat.first]. */
  heartbeat() {
    const portId = `${this.settings.nodeId}#${this.heartbeatName}`;
    const octets = encode(this.connection.framing, ['', 'snd', portId], this.settings.limits);
    this.queue.unshift(octets);
    this.queued += octets.length;
    this.pump();
  }

  heartbeatTime() {
    const period = this.settings.heartbeatTime;
    const silent = Date.now() - this.lastInput;
    if (this.unanswered === 0 && silent < period) {
      this.timer = setTimeout(() => this.heartbeatTime(), period - silent);
      return;
    }
    if (this.unanswered >= HEARTBEATS && this.everAnswered) {
      this.connection.fail('link.silent', 'heartbeats are not answered', { flush: false });
      return;
    }
    this.unanswered += 1;
    this.heartbeat();
    this.timer = setTimeout(() => this.heartbeatTime(), period);
  }

  input(octets) {
    this.lastInput = Date.now();
    if (this.unanswered > 0) {
      this.unanswered = 0;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.heartbeatTime(), this.settings.heartbeatTime);
    }
    this.reader.push(octets, (item) => this.item(item));
  }

  finish() {
    this.reader.finish((item) => this.item(item));
  }

  item(item) {
    if (!Array.isArray(item)) {
      this.owner.drop('dropped_not_array');
    } else if (item.length) {
      const port = portName(item[0]);
      if (port === undefined) this.owner.drop('dropped_not_array');
      else if (port === this.heartbeatName) this.answered();
      else {
        this.count.in += 1;
        this.owner.message(this, port, item.slice(1));
      }
    }
    return !this.lost;
  }

  answered() {
    this.everAnswered = true;
    const { probe } = this;
    this.probe = undefined;
    if (probe) probe();
  }

  end() {
    this.lost = true;
    this.queue = [];
    this.queued = 0;
    clearTimeout(this.timer);
  }
}

module.exports = { Link };
