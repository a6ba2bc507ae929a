// A WebSocket and a clock that only the test moves, and broker.js.
import { mock } from 'node:test';
import '../../../src/Broker.Host/wwwroot/broker.mjs';

export const WS4Redis = globalThis.WS4Redis;

export class FakeWebSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  /** Every socket since start(), oldest first. */
  static all = [];
  static get last() { return FakeWebSocket.all.at(-1); }

  readyState = FakeWebSocket.CONNECTING;
  binaryType = 'blob';
  sent = [];
  closeCalls = 0;

  constructor(url) {
    if (FakeWebSocket.refuses)
      throw new SyntaxError('The URL is invalid');
    this.url = String(url);
    FakeWebSocket.all.push(this);
  }

  send(data) {
    if (this.readyState === FakeWebSocket.CONNECTING)
      throw new DOMException('Still in CONNECTING state', 'InvalidStateError');
    if (this.readyState === FakeWebSocket.OPEN)
      this.sent.push(data);
  }

  close() {
    this.closeCalls++;
    if (this.readyState < FakeWebSocket.CLOSING)
      this.readyState = FakeWebSocket.CLOSING;
  }

  // What the server and the network do:

  open() {
    this.readyState = FakeWebSocket.OPEN;
    this.onopen?.({ type: 'open' });
  }

  receive(data) {
    this.onmessage?.({ type: 'message', data });
  }

  fail() {
    this.onerror?.({ type: 'error' });
    this.end(1006);
  }

  end(code = 1000) {
    this.readyState = FakeWebSocket.CLOSED;
    this.onclose?.({ type: 'close', code });
  }
}

// Not node's mock.timers: there (20.20) an interval that is cleared by its own callback runs on.
const clock = {
  now: 0,
  lastId: 0,
  timers: new Map(),

  set(callback, milliseconds, every) {
    this.timers.set(++this.lastId, { callback, every, due: this.now + milliseconds });
    return this.lastId;
  },

  advance(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const next = [...this.timers].filter(([, timer]) => timer.due <= end).sort(([, a], [, b]) => a.due - b.due)[0];
      if (!next)
        break;

      const [id, timer] = next;
      this.now = timer.due;
      if (timer.every)
        timer.due += timer.every;
      else
        this.timers.delete(id);
      timer.callback();
    }
    this.now = end;
  },
};

/** Fake sockets and a fake clock; Math.random answers `random`, so a delay is that share of the longest one. */
export function start(random = 0.5) {
  FakeWebSocket.all = [];
  FakeWebSocket.refuses = false;
  globalThis.WebSocket = FakeWebSocket;

  clock.timers.clear();
  mock.method(globalThis, 'setTimeout', (callback, milliseconds) => clock.set(callback, milliseconds));
  mock.method(globalThis, 'setInterval', (callback, milliseconds) => clock.set(callback, milliseconds, milliseconds));
  mock.method(globalThis, 'clearTimeout', id => clock.timers.delete(id));
  mock.method(globalThis, 'clearInterval', id => clock.timers.delete(id));
  mock.method(Math, 'random', () => random);
}

export function stop() {
  mock.restoreAll();
  delete globalThis.WebSocket;
}

export function passSeconds(seconds) {
  clock.advance(Math.round(seconds * 1000));
}

/** Options that write down every callback in order. */
export function recorder(options = {}) {
  const calls = [];
  const note = name => (...args) => calls.push([name, ...args]);
  const callbacks = {};
  for (const name of ['connecting', 'connected', 'disconnected', 'receive_message', 'error', 'reconnecting', 'heartbeat'])
    callbacks[name] = note(name);
  return { calls, names: () => calls.map(call => call[0]), options: { uri: 'ws://host/ws/chat', ...callbacks, ...options } };
}
