'use strict';
// The fixture of the conformance kit: the port `conformance`, echo ports and init functions.

const { asNumber, asText } = require('./values');
const { joinPortId, splitPortId } = require('./identifiers');

function installFixture(node) {
  const own = (name) => joinPortId(node.settings.nodeId, name);
  const echo = (...message) => echoTo(node, message);
  const watched = new Map();
  const verbs = {
    make(reply, name) {
      node.ports.open(asText(name), echo);
      reply(own(asText(name)));
    },
    kill(reply, name, ...reason) {
      // With a `#` it is a port ID, of any node.
      const { node: of, port } = splitPortId(asText(name)) ?? {};
      const id = port === undefined || !asText(name).includes('#') ? own(asText(name)) : joinPortId(of, port);
      reply(id);
      node.kill(id, reason);
    },
    die(reply, name, text) {
      reply(own(asText(name)));
      node.post(() => node.ports.run(asText(name), () => {
        throw new Error(asText(text));
      }));
    },
    monitor(reply, portId, key) {
      const id = asText(portId);
      const end = node.monitor(id, (...reason) => {
        watched.delete(key);
        reply.as('down', id, ...reason);
      });
      watched.set(key, [...(watched.get(key) ?? []), end]);
      reply(id);
    },
    unmonitor(reply, portId, key) {
      for (const end of watched.get(key) ?? []) end();
      watched.delete(key);
      reply(asText(portId));
    },
    send(reply, portId, count) {
      for (let i = 1n; i <= BigInt(asNumber(count)); i++) node.sendTo(asText(portId), [i]);
      reply(asText(portId));
    },
    spawn(reply, host, func, ...args) {
      reply(node.spawn(asText(host), asText(func), args));
    },
    call(reply, portId, seconds, ...args) {
      const id = asText(portId);
      node.call(id, asNumber(seconds), args,
        (...answer) => reply(id, true, ...answer), (...reason) => reply(id, false, ...reason));
    },
    nodes(reply) {
      reply([...node.links.keys()]);
    },
  };
  node.ports.open('conformance', (verbValue, to, ...args) => {
    const verb = asText(verbValue);
    if (!Object.hasOwn(verbs, verb)) return;
    const answer = (...values) => {
      try {
        node.sendTo(asText(to), values);
      } catch (error) {
        process.stderr.write(`the fixture cannot answer: ${error.message}\n`);
      }
    };
    const reply = (...values) => answer(verb, ...values);
    reply.as = answer;
    try {
      if (verb === 'monitor' || verb === 'unmonitor') {
        verbs[verb](reply, args[0], JSON.stringify([asText(to), asText(args[0])]));
      } else {
        verbs[verb](reply, ...args);
      }
    } catch (error) {
      // A wrong message must not end the fixture.
      process.stderr.write(`the fixture was asked for nonsense: ${error.message}\n`);
    }
  });
  node.ports.functions.set('conformance::echo', (port) => port.receive(echo));
  node.ports.functions.set('conformance::die', (port, text) => {
    throw new Error(asText(text));
  });
  node.ports.functions.set('conformance::idle', () => {});
}

/** Sends a message without its port ID, which stands last or else first, there. */
function echoTo(node, message) {
  const isPortId = (value) => {
    const text = typeof value === 'string' || Buffer.isBuffer(value) ? asText(value) : '';
    return text.includes('#') && splitPortId(text) !== undefined;
  };
  if (isPortId(message.at(-1))) node.sendTo(asText(message.at(-1)), message.slice(0, -1));
  else if (isPortId(message[0])) node.sendTo(asText(message[0]), message.slice(1));
}

module.exports = { installFixture };
