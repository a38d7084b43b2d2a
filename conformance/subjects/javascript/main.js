#!/usr/bin/env node
'use strict';
// A node with the fixture, as the conformance kit starts it:
//   main.js BIND SEEDS SECRET NODE_ID [CERT [FRAMING [CLEARTEXT]]]
// What is not given as an argument is taken from the AEMP_TEST_ variables.

const { Node } = require('./node');
const { installFixture } = require('./fixture');
const { parseAddress } = require('./identifiers');

const names = ['BIND', 'SEED', 'SECRET', 'NODE_ID', 'CERT', 'FRAMING', 'CLEARTEXT'];
const [bind, seeds, secret, nodeId, cert, framing, cleartext] = names.map(
  (name, i) => process.argv[2 + i] ?? process.env[`AEMP_TEST_${name}`] ?? '',
);

async function main() {
  const address = parseAddress(bind);
  if (!address || !nodeId) throw new Error('usage: main.js BIND SEEDS SECRET NODE_ID [CERT ...]');
  const node = new Node({
    nodeId,
    secrets: secret.split('\n'),
    certificate: cert,
    framings: framing === 'storable' ? ['json', 'cbor', 'storable'] : ['json', 'cbor'],
    cleartext: cleartext === '1',
  });
  installFixture(node);
  process.on('SIGTERM', () => node.stop());
  process.on('SIGINT', () => node.stop());
  await node.listen(address.host, address.port);
  for (const seed of seeds.split(',').filter(Boolean)) node.peers.addSeed(seed);
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
});
