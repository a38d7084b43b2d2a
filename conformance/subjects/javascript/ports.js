'use strict';
// Ports of a node: delivery, death, spawning (chapters 11, 14.6 and 15.1).

const REMEMBERED = 1024;
const REMEMBERED_FOR = 60000;

class Ports {
  /** `node` gives drop(counter), post(task), settings, and died(name, reason). */
  constructor(node) {
    this.node = node;
    this.ports = new Map(); // name to { receive, initialising, kept }
    this.functions = new Map(); // init functions by name
    this.remembered = new Map(); // name to { reason, until }
  }

  has(name) {
    return this.ports.has(name);
  }

  /** Opens a port; `receive` gets the arguments of each message. */
  open(name, receive) {
    this.ports.set(name, { receive });
  }

  /** Forgets a port without any reason or monitor: for temporary ones that nobody watches. */
  close(name) {
    this.ports.delete(name);
  }

  deliver(name, args) {
    const port = this.ports.get(name);
    if (!port) this.node.drop('dropped_unknown_port');
    else if (port.kept) port.kept.push(args);
    else this.run(name, () => port.receive(...args));
  }

  /** Runs something in the context of a port: the port dies of its failure. */
  run(name, action) {
    try {
      action();
    } catch (error) {
      this.die(name, ['die', error.message]);
    }
  }

  die(name, reason) {
    if (!this.ports.delete(name)) return;
    this.node.died(name, reason);
  }

  /** The reason with which a spawned port died, as long as it is remembered. */
  reasonOf(name) {
    const entry = this.remembered.get(name);
    if (entry && entry.until < Date.now()) this.remembered.delete(name);
    return this.remembered.get(name)?.reason;
  }

  /** The host's part of a spawn: the port exists at once, its init function runs afterwards. */
  spawn(name, func, args) {
    if (this.ports.has(name) || this.reasonOf(name)) {
      this.node.drop('dropped_wrong_request');
      return;
    }
    const port = { kept: [] };
    this.ports.set(name, port);
    this.node.post(() => this.initialise(name, port, func, args));
  }

  initialise(name, port, func, args) {
    if (this.ports.get(name) !== port) return;
    const init = this.functions.get(func);
    const host = this.node.settings.nodeId;
    let reason;
    if (!init) {
      reason = ['no_such_function', `no init function ${func} is registered on ${host}`];
    } else {
      try {
        init({ name, receive: (receive) => { port.receive = receive; } }, ...args);
        if (!port.receive) reason = ['no_receiver', `the init function ${func} registered no receiver`];
      } catch (error) {
        reason = ['die', error.message];
      }
    }
    if (reason) {
      this.remember(name, reason);
      this.die(name, reason);
      return;
    }
    const { kept } = port;
    delete port.kept;
    for (const message of kept) {
      if (this.ports.get(name) === port) this.deliver(name, message);
    }
  }

  remember(name, reason) {
    this.remembered.set(name, { reason, until: Date.now() + REMEMBERED_FOR });
    if (this.remembered.size > REMEMBERED) this.remembered.delete(this.remembered.keys().next().value);
  }
}

module.exports = { Ports };
