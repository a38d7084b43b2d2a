'use strict';
// The node port: what each request does (chapter 13). A source is a link, or null for the node itself.

const { asText } = require('./values');
const { splitPortId } = require('./identifiers');
const { CONNECT } = require('./log');

const SPAWN = 'AnyEvent::MP::_spawn';

class Requests {
  constructor(node) {
    this.node = node;
    this.handlers = new Map(Object.entries({
      snd: ([to, ...args]) => this.reply(to, args),
      snd_multiple: (messages) => messages.forEach((m) => this.one(m)),
      kil: (args) => this.kill(args),
      kil1: (args) => this.kill(args),
      mon1: this.ofPeer((link, args) => this.monitor(link, args)),
      mon0: this.ofPeer((link, args) => link.registrations.delete(this.portName(args))),
      kil0: this.ofPeer((link, args) => this.killed(link, args)),
      info: (args) => this.answer(args, [node.settings.nodeId]),
      known_nodes: (args) => this.answer(args, node.knownNodes()),
      up_nodes: (args) => this.answer(args, [...node.links.keys()]),
      can: (args) => this.can(args),
      time: (args) => this.answer(args, [Date.now() / 1000]),
      status: (args) => this.answer(args, [this.status()]),
      eval: ([, to, ...args]) => this.answer([to, ...args], ['this node does not evaluate code']),
      devnull: () => {},
      [SPAWN]: (args) => this.spawn(args),
      [CONNECT]: (args) => { if (!node.log.connect(args)) this.wrong(); },
    }));
  }

  handle(source, args) {
    const [first] = args;
    if (first === undefined || first === null) return;
    const tag = typeof first === 'string' || Buffer.isBuffer(first) ? asText(first) : undefined;
    if (tag === '') return;
    const handler = tag === undefined ? undefined : this.handlers.get(tag);
    if (!handler) this.node.drop(tag?.includes('::') ? 'refused_function' : 'dropped_unknown_request');
    else handler(args.slice(1), source);
  }

  /** Handlers of requests that concern a link [node.self.dropped]. */
  ofPeer(handler) {
    return (args, source) => {
      if (source && this.portName(args) !== undefined) handler(source, args);
      else this.wrong();
    };
  }

  wrong() {
    this.node.drop('dropped_wrong_request');
  }

  /** The port name that stands first; undefined for an array or a map. */
  portName(args) {
    return asText(args[0]);
  }

  /** A port ID, or undefined after the request was counted as wrong. */
  portId(value) {
    const text = asText(value);
    const portId = text ? splitPortId(text) : undefined;
    if (!portId) this.wrong();
    return portId;
  }

  reply(to, args) {
    const portId = this.portId(to);
    if (!portId) return;
    try {
      this.node.send(portId.node, portId.port, args);
    } catch {
      // What came in one framing may be too long in another; there is nobody to tell.
      this.wrong();
    }
  }

  answer([to, ...args], results) {
    this.reply(to, [...args, ...results]);
  }

  one(message) {
    if (Array.isArray(message) && message.length) this.reply(message[0], message.slice(1));
    else this.wrong();
  }

  kill(args) {
    const port = this.portName(args);
    if (port === undefined) this.wrong();
    else if (port === '') this.node.drop('refused_kill');
    else this.node.ports.die(port, args.slice(1));
  }

  monitor(link, args) {
    const { node } = this;
    const port = this.portName(args);
    if (port === '') return;
    if (node.ports.has(port)) {
      link.registrations.add(port);
      return;
    }
    const reason = node.ports.reasonOf(port) ?? node.monitors.noSuchPort(port);
    link.send(['', 'kil0', port, ...reason]);
  }

  killed(link, args) {
    const port = this.portName(args);
    if (port === '') this.wrong();
    else this.node.monitors.fire(link.node, port, args.slice(1));
  }

  can([what, to, ...args]) {
    const name = asText(what);
    if (!name) {
      this.wrong();
      return;
    }
    const knows = name !== 'eval' && (this.handlers.has(name) || this.node.ports.functions.has(name));
    this.reply(to, [...args, knows ? '1' : '']);
  }

  spawn([nameValue, func, ...args]) {
    const name = asText(nameValue);
    const known = typeof func === 'string' || Buffer.isBuffer(func) ? asText(func) : '';
    if (name && known) this.node.ports.spawn(name, known, args);
    else this.wrong();
  }

  status() {
    const { node } = this;
    const map = (entries) => new Map(Object.entries(entries));
    const links = [...node.links.values()].map((link) => map({
      node: link.node,
      initiator: link.dialled,
      tls: link.connection.tls,
      method_out: link.connection.method,
      framing_in: link.connection.readFraming,
      framing_out: link.connection.framing,
      since: link.since / 1000,
      messages_in: BigInt(link.count.in),
      messages_out: BigInt(link.count.out),
      queue: BigInt(link.queued),
    }));
    return map({
      node: node.settings.nodeId,
      provider: node.settings.provider,
      instance: node.settings.instance,
      links,
      nodes: node.knownNodes(),
      ports: BigInt(node.ports.ports.size),
      uptime: process.uptime(),
      counters: new Map([...node.counters].map(([name, count]) => [name, BigInt(count)])),
    });
  }
}

module.exports = { Requests, SPAWN };
