'use strict';
// Identifiers (chapter 3).

const crypto = require('node:crypto');

/** Whether a text has the form of a node ID [id.node.form]. */
const isNodeId = (text) => text !== '' && !/[;#\u0000-\u001f\u007f-\u009f]/.test(text);

/** The parts of a port ID, or undefined where its node part is no node ID. */
function splitPortId(text) {
  const at = text.indexOf('#');
  const node = at < 0 ? text : text.slice(0, at);
  return isNodeId(node) ? { node, port: at < 0 ? '' : text.slice(at + 1) } : undefined;
}

const joinPortId = (node, port) => (port === '' ? node : `${node}#${port}`);

/** Order of node IDs: the octets of their UTF-8 form [id.node.order]. */
const isLower = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

/** A maker of names that are never used twice: a random prefix and a counter. */
function nameMaker() {
  const prefix = crypto.randomBytes(12).toString('base64').replaceAll('+', '_').replaceAll('/', '-');
  let count = 0;
  return () => `${prefix}.${(count += 1).toString(36)}`;
}

/** Host and port of an address, or undefined [id.address.unusable]. */
function parseAddress(text) {
  const found = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9._-]+|[0-9a-fA-F]*(?::[0-9a-fA-F]*)+)):([0-9]{1,5})$/.exec(text);
  if (!found) return undefined;
  const port = Number(found[3]);
  return port >= 1 && port <= 65535 ? { host: found[1] ?? found[2], port } : undefined;
}

/** The text form of an address of a socket. */
function formatAddress(host, port) {
  const plain = host.replace(/^::ffff:(?=[0-9.]+$)/i, '');
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

module.exports = {
  isNodeId, splitPortId, joinPortId, isLower, nameMaker, parseAddress, formatAddress,
};
