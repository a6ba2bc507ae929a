// Run: node --test tests/Broker.Host.Tests/js/*.test.mjs
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeWebSocket, WS4Redis, passSeconds, recorder, start, stop } from './fakes.mjs';

const heartbeat_msg = '--heartbeat--';

beforeEach(() => start());
afterEach(stop);

function opened(more = {}) {
  const record = recorder({ heartbeat_msg, ...more });
  const client = new WS4Redis(record.options);
  FakeWebSocket.last.open();
  return { client, ...record };
}

test('Without heartbeat_msg nothing is sent, nothing is swallowed, nothing is missed', () => {
  const { calls, options } = recorder();
  const client = new WS4Redis(options);
  FakeWebSocket.last.open();

  FakeWebSocket.last.receive(heartbeat_msg);
  passSeconds(300);

  assert.deepEqual(calls.at(-1), ['receive_message', heartbeat_msg]);
  assert.deepEqual(FakeWebSocket.last.sent, []);
  assert.ok(client.is_connected());
});

test('The heartbeat is sent every 5 seconds from the opening on', () => {
  opened();

  passSeconds(4.999);
  assert.deepEqual(FakeWebSocket.last.sent, []);
  passSeconds(0.001);
  assert.deepEqual(FakeWebSocket.last.sent, [heartbeat_msg]);
  passSeconds(5);
  assert.deepEqual(FakeWebSocket.last.sent, [heartbeat_msg, heartbeat_msg]);
});

test('The interval can be chosen', () => {
  opened({ heartbeat_interval: 2 });

  passSeconds(6);

  assert.equal(FakeWebSocket.last.sent.length, 3);
});

test('Heartbeats of the server are swallowed', () => {
  const { names } = opened();

  FakeWebSocket.last.receive(heartbeat_msg);
  FakeWebSocket.last.receive('a message');
  FakeWebSocket.last.receive(heartbeat_msg + ' ');

  assert.deepEqual(names(), ['connecting', 'connected', 'heartbeat', 'receive_message', 'receive_message']);
});

test('When more than three are missed the websocket is closed, 20 seconds after the opening', () => {
  const { client } = opened();
  const socket = FakeWebSocket.last;

  passSeconds(19.999);
  assert.ok(client.is_connected());
  passSeconds(0.001);

  assert.ok(client.is_closing());
  assert.equal(socket.sent.length, 3);
  passSeconds(60);
  assert.equal(socket.closeCalls, 1);
});

test('A websocket closed for missed heartbeats comes back', () => {
  const { names } = opened();

  passSeconds(20);
  FakeWebSocket.last.end(1006);
  passSeconds(0.5);

  assert.deepEqual(names(), ['connecting', 'connected', 'disconnected', 'reconnecting', 'connecting']);
});

test('Every heartbeat of the server starts the counting anew', () => {
  const { client } = opened();

  for (let i = 0; i < 20; i++) {
    passSeconds(15);
    FakeWebSocket.last.receive(heartbeat_msg);
  }

  assert.ok(client.is_connected());
});

test('Only heartbeats count as a sign of life', () => {
  const { client } = opened();

  for (let i = 0; i < 20; i++) {
    passSeconds(1);
    FakeWebSocket.last.receive('busy');
  }

  assert.ok(client.is_closing());
});

// ws4redis.js let the interval run on; its next tick threw on the connecting websocket and closed it.
test('When the server closes, the heartbeat stops until the next opening', () => {
  opened();
  passSeconds(4);
  FakeWebSocket.last.end(1001);
  passSeconds(0.5);
  const second = FakeWebSocket.last;

  passSeconds(60);
  assert.ok(second.readyState === FakeWebSocket.CONNECTING && second.closeCalls === 0);
  second.open();
  passSeconds(4.999);
  assert.deepEqual(second.sent, []);
  passSeconds(0.001);

  assert.deepEqual(second.sent, [heartbeat_msg]);
});

// ws4redis.js kept the count over a reconnect.
test('A new opening has missed none', () => {
  const { client } = opened();
  passSeconds(15);
  FakeWebSocket.last.end(1001);
  passSeconds(0.5);
  FakeWebSocket.last.open();

  passSeconds(19.999);
  assert.ok(client.is_connected());
  passSeconds(0.001);

  assert.ok(client.is_closing());
});

test('After close() no heartbeat is sent', () => {
  const { client } = opened();

  client.close();
  passSeconds(60);

  assert.deepEqual(FakeWebSocket.last.sent, []);
  assert.equal(FakeWebSocket.last.closeCalls, 1);
});
