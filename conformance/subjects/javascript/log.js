'use strict';
// A source of log messages for nodes that ask (chapter 19).

const { asNumber, asText } = require('./values');
const { splitPortId } = require('./identifiers');

const CONNECT = 'AnyEvent::MP::LogCatcher::connect';
const WARNING = 2;
const COMING = 7;
const CATCHERS = 256;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

class Log {
  /** `node` gives settings, links, monitor(portId, fire), sendTo(portId, args) and post(task). */
  constructor(node) {
    this.node = node;
    this.levels = new Map(); // port ID to the greatest level
    this.telling = false;
  }

  /** A request for log messages [log.connect.start]; false where it is wrong. */
  connect([version, to, level]) {
    const portId = asText(to);
    const most = asNumber(level);
    const isRight = Math.trunc(asNumber(version) ?? 1) === 0 && most !== undefined
      && portId && splitPortId(portId) && this.levels.size < CATCHERS;
    if (!isRight) return false;
    // [log.stop]
    if (!this.levels.has(portId)) this.node.monitor(portId, () => this.levels.delete(portId));
    this.levels.set(portId, most);
    return true;
  }

  /** Logs; no secret, key or proof stands in the text [log.no-secret]. */
  write(level, context, said) {
    // [security.log.escape]
    const text = said.replace(CONTROL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
    if (level <= WARNING) process.stderr.write(`${text}\n`);
    // [log.no-loop]
    if (!this.levels.size || this.telling) return;
    const entry = [Date.now() / 1000, context, BigInt(level), text];
    this.node.post(() => this.tell(level, entry));
  }

  tell(level, entry) {
    this.telling = true;
    for (const [portId, most] of [...this.levels]) {
      if (level <= most) this.send(portId, entry); // [log.connect.level]
    }
    this.telling = false;
  }

  send(portId, entry) {
    const { settings, links } = this.node;
    const host = splitPortId(portId).node;
    const link = links.get(host);
    // [log.best-effort]
    if (host !== settings.nodeId && (!link || link.queued > settings.queueLimit / 2)) return;
    try {
      // [log.message.old]
      this.node.sendTo(portId, !link || link.kil1 ? entry : entry.slice(2));
    } catch {
      this.node.drop('unsendable');
    }
  }
}

module.exports = { Log, CONNECT, WARNING, COMING };
