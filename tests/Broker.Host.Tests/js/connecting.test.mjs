// Run: node --test tests/Broker.Host.Tests/js/*.test.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import vm from 'node:vm';
import * as esModule from '../../../src/Broker.Host/wwwroot/broker.mjs';
import { FakeWebSocket, WS4Redis, recorder, start, stop } from './fakes.mjs';

beforeEach(() => start());
afterEach(stop);

test('As a classic script it leaves one global and nothing else', () => {
  const page = vm.createContext({ WebSocket: FakeWebSocket });
  const before = new Set(Object.getOwnPropertyNames(page));

  vm.runInContext(readFileSync(new URL('../../../src/Broker.Host/wwwroot/broker.js', import.meta.url), 'utf8'), page);
  vm.runInContext("new WS4Redis({ uri: 'ws://host/ws/classic' })", page);

  assert.deepEqual(Object.getOwnPropertyNames(page).filter(name => !before.has(name)), ['WS4Redis']);
  assert.equal(FakeWebSocket.last.url, 'ws://host/ws/classic');
});

test('As an ES module it exports WS4Redis', () => {
  assert.deepEqual(Object.keys(esModule), ['WS4Redis']);
  assert.equal(esModule.WS4Redis, globalThis.WS4Redis);
});

test('Without a uri it throws and connects nowhere', () => {
  for (const options of [undefined, null, {}, { uri: undefined }, { uri: '' }]) {
    assert.throws(() => new WS4Redis(options), /No Websocket URI in options/);
    assert.throws(() => WS4Redis(options), /No Websocket URI in options/);
  }

  assert.equal(FakeWebSocket.all.length, 0);
});

test('With new, without new and as a member of something else it is the same', () => {
  const library = { WS4Redis };
  const jQuery = () => { throw new Error('not needed'); };

  for (const make of [o => new WS4Redis(o), o => WS4Redis(o), o => library.WS4Redis(o), o => new WS4Redis(o, jQuery)]) {
    const client = make({ uri: 'ws://host/ws/chat' });

    assert.ok(client instanceof WS4Redis);
    assert.ok(client.is_connecting());
    assert.equal(FakeWebSocket.last.url, 'ws://host/ws/chat');
  }
  assert.equal(FakeWebSocket.all.length, 4);
});

test('The uri alone is enough: every callback may be missing or no function', () => {
  for (const options of [{}, { connecting: 1, connected: null, disconnected: 'x', receive_message: {}, error: [], reconnecting: 0 }]) {
    new WS4Redis({ uri: 'ws://host/ws/chat', ...options });
    FakeWebSocket.last.open();
    FakeWebSocket.last.receive('hello');
    FakeWebSocket.last.fail();
  }
});

test('Callbacks come in order, with the message and the close event', () => {
  const { calls, options } = recorder();
  new WS4Redis(options);

  FakeWebSocket.last.open();
  FakeWebSocket.last.receive('hello');
  FakeWebSocket.last.end(1001);

  assert.deepEqual(calls, [
    ['connecting'],
    ['connected'],
    ['receive_message', 'hello'],
    ['disconnected', { type: 'close', code: 1001 }],
    ['reconnecting', 0.5, 1],
  ]);
});

test('A failed attempt tells the error before the close', () => {
  const { calls, options } = recorder();
  new WS4Redis(options);

  FakeWebSocket.last.fail();

  assert.deepEqual(calls, [
    ['connecting'],
    ['error', { type: 'error' }],
    ['disconnected', { type: 'close', code: 1006 }],
    ['reconnecting', 0.5, 1],
  ]);
});

test('The options are read once, when it is made', () => {
  const { names, options } = recorder();
  new WS4Redis(options);

  options.connected = () => assert.fail('changed afterwards');
  FakeWebSocket.last.open();

  assert.deepEqual(names(), ['connecting', 'connected']);
});

test('Binary messages arrive as ArrayBuffer, untouched', () => {
  const { calls, options } = recorder({ heartbeat_msg: '--heartbeat--' });
  new WS4Redis(options);
  const bytes = new Uint8Array([0, 255]).buffer;

  FakeWebSocket.last.open();
  FakeWebSocket.last.receive(bytes);

  assert.equal(FakeWebSocket.last.binaryType, 'arraybuffer');
  assert.equal(calls.at(-1)[1], bytes);
});

test('The state follows the websocket', () => {
  const client = new WS4Redis({ uri: 'ws://host/ws/chat' });
  const states = () => [client.get_state(), client.is_connecting(), client.is_connected(), client.is_closing(), client.is_closed()];

  assert.deepEqual(states(), [0, true, false, false, false]);
  FakeWebSocket.last.open();
  assert.deepEqual(states(), [1, false, true, false, false]);
  client.close();
  assert.deepEqual(states(), [2, false, false, true, false]);
  FakeWebSocket.last.end();
  assert.deepEqual(states(), [3, false, false, false, true]);
});

test('What is sent goes out as it is; while connecting, sending throws', () => {
  const client = new WS4Redis({ uri: 'ws://host/ws/chat' });

  assert.throws(() => client.send_message('too early'), { name: 'InvalidStateError' });
  FakeWebSocket.last.open();
  client.send_message('hello');

  assert.deepEqual(FakeWebSocket.last.sent, ['hello']);
});
