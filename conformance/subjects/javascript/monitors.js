'use strict';
// Monitors that this node has set, on its own ports and on those of others (chapter 14).

const { joinPortId } = require('./identifiers');

class Monitors {
  /** `node` gives ports, send(nodeId, port, args), wants(nodeId), post(task) and settings. */
  constructor(node) {
    this.node = node;
    this.watched = new Map(); // node ID to (port name to Set of monitors)
  }

  /** Sets a monitor; `fire` gets the reason, once. Returns a function that ends it. */
  set(nodeId, port, fire) {
    const { node } = this;
    const monitor = { fire, active: true };
    if (nodeId === node.settings.nodeId && port !== '' && !node.ports.has(port)) {
      const reason = node.ports.reasonOf(port) ?? this.noSuchPort(port);
      this.post(monitor, reason);
      return () => { monitor.active = false; };
    }
    if (!this.watched.has(nodeId)) this.watched.set(nodeId, new Map());
    const ports = this.watched.get(nodeId);
    const isFirst = !ports.has(port);
    if (isFirst) ports.set(port, new Set());
    ports.get(port).add(monitor);
    if (nodeId !== node.settings.nodeId) {
      if (port === '') node.peers.wants(nodeId);
      else if (isFirst) node.send(nodeId, '', ['mon1', port]);
    }
    return () => this.end(nodeId, port, monitor);
  }

  end(nodeId, port, monitor) {
    monitor.active = false;
    const monitors = this.watched.get(nodeId)?.get(port);
    if (!monitors?.delete(monitor) || monitors.size) return;
    this.watched.get(nodeId).delete(port);
    if (nodeId !== this.node.settings.nodeId && port !== '') {
      this.node.send(nodeId, '', ['mon0', port]);
    }
  }

  /** A port has died. */
  fire(nodeId, port, reason) {
    const ports = this.watched.get(nodeId);
    const monitors = ports?.get(port);
    if (!monitors) return;
    ports.delete(port);
    for (const monitor of monitors) this.post(monitor, reason);
  }

  /** A link was lost or did not come about. */
  fireNode(nodeId, reason) {
    const ports = this.watched.get(nodeId);
    this.watched.delete(nodeId);
    for (const monitors of ports?.values() ?? []) {
      for (const monitor of monitors) this.post(monitor, reason);
    }
  }

  waitsFor(nodeId) {
    return (this.watched.get(nodeId)?.size ?? 0) > 0;
  }

  noSuchPort(port) {
    const portId = joinPortId(this.node.settings.nodeId, port);
    return ['no_such_port', 'cannot monitor nonexistent port', portId];
  }

  /** Behind what was sent before, so that messages come first [monitor.after-messages]. */
  post(monitor, reason) {
    this.node.post(() => {
      if (!monitor.active) return;
      monitor.active = false;
      monitor.fire(...reason);
    });
  }
}

module.exports = { Monitors };
