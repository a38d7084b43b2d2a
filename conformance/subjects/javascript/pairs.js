'use strict';
// One link a pair of nodes (12.3): decides which of several connections becomes the link.

const { isLower } = require('./identifiers');

const HOLD = 1000;

class Pairs {
  /** `node` has `links` by node ID, `connections`, lose(link, reason) and `settings`. */
  constructor(node) {
    this.node = node;
    this.held = new Map(); // node ID to { newcomer, dial, link, timer }
  }

  /** Greeted dials of a node. */
  dials(nodeId) {
    return [...this.node.connections].filter((c) => c.role === 'initiator'
      && c.peer?.nodeId === nodeId && c.state !== 'closed' && c.state !== 'established');
  }

  /** The peer's first line has come: a dial may be one too many [link.single.dial-late]. */
  greeted(connection) {
    if (connection.role === 'initiator') this.mayProve(connection);
  }

  mayProve(dial) {
    const { nodeId, instance } = dial.peer;
    const link = this.node.links.get(nodeId);
    const remnant = link && (instance === undefined || instance === link.instance
      || dial.order < link.connection.order);
    if (this.node.stopping || remnant || this.dials(nodeId).some((c) => c !== dial)) {
      dial.fail(this.node.stopping ? 'link.stopped' : 'link.duplicate');
      return false;
    }
    return true;
  }

  /** An acceptor has verified the initiator: proceed, close, or hold back. */
  verified(newcomer) {
    const { nodeId, instance } = newcomer.peer;
    if (this.node.stopping) newcomer.fail('link.stopped');
    else if (instance === undefined) this.plain(newcomer, nodeId);
    else if (this.mayComplete(newcomer, nodeId, instance)) this.complete(newcomer);
    else newcomer.fail('link.duplicate');
  }

  mayComplete(newcomer, nodeId, instance) {
    const weAreLower = isLower(this.node.settings.nodeId, nodeId);
    const dial = this.dials(nodeId).find((c) => c.peer.instance === instance);
    if (dial && weAreLower) return false;
    const link = this.node.links.get(nodeId);
    if (link) {
      if (link.instance === instance && link.dialled && weAreLower) {
        link.heartbeat();
        return false;
      }
      if (link.instance !== instance && newcomer.order < link.connection.order) return false;
    }
    if (dial) dial.fail('link.duplicate');
    return true;
  }

  /** A newcomer without instance: an original or a simple client. */
  plain(newcomer, nodeId) {
    const link = this.node.links.get(nodeId);
    const [dial] = this.dials(nodeId);
    if (this.held.has(nodeId)) newcomer.fail('link.duplicate');
    else if (link) this.probe(newcomer, link);
    else if (dial) {
      const timer = setTimeout(() => {
        this.release(nodeId);
        dial.fail('link.duplicate');
        this.complete(newcomer);
      }, HOLD);
      this.held.set(nodeId, { newcomer, dial, timer });
    } else this.complete(newcomer);
  }

  probe(newcomer, link) {
    const timer = setTimeout(() => {
      link.probe = undefined;
      this.release(link.node);
      this.complete(newcomer);
    }, HOLD);
    this.held.set(link.node, { newcomer, link, timer });
    link.probe = () => this.refuseHeld(link.node);
    link.heartbeat();
  }

  release(nodeId) {
    const held = this.held.get(nodeId);
    if (!held) return undefined;
    clearTimeout(held.timer);
    this.held.delete(nodeId);
    return held.newcomer;
  }

  refuseHeld(nodeId) {
    this.release(nodeId)?.fail('link.duplicate');
  }

  complete(newcomer) {
    if (newcomer.state !== 'decide') return;
    this.supersede(newcomer.peer.nodeId, newcomer);
    newcomer.proceed();
  }

  /** Whether an established dial may become the link, whose predecessor is lost. */
  admits(connection) {
    const link = this.node.links.get(connection.peer.nodeId);
    if (link && (link.instance === connection.peer.instance
      || connection.order < link.connection.order)) return false;
    this.supersede(connection.peer.nodeId, connection);
    return true;
  }

  /** Ends the link and a held newcomer in favour of a connection. */
  supersede(nodeId, connection) {
    const held = this.release(nodeId);
    if (held && held !== connection) held.fail('link.duplicate');
    const link = this.node.links.get(nodeId);
    if (link && link.connection !== connection) link.connection.fail('link.superseded');
  }

  /** A connection has ended: what was held back because of it goes on. */
  ended(connection) {
    const nodeId = connection.peer?.nodeId;
    const held = this.held.get(nodeId);
    if (!held) return;
    if (held.newcomer === connection) {
      if (held.link) held.link.probe = undefined;
      this.release(nodeId);
    } else if (held.dial === connection || held.link?.connection === connection) {
      this.release(nodeId);
      this.complete(held.newcomer);
    }
  }
}

module.exports = { Pairs };
