// Run: node --test tests/Broker.Host.Tests/js/*.test.mjs
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { FakeWebSocket, WS4Redis, passSeconds, recorder, start, stop } from './fakes.mjs';

beforeEach(() => start());
afterEach(stop);

// The delays that were announced, each one then waited for and answered with a failure.
function delaysOfFailures(count, random) {
  mock.method(Math, 'random', () => random);
  const { calls, options } = recorder();
  const client = new WS4Redis(options);
  for (let i = 0; i < count; i++) {
    FakeWebSocket.last.fail();
    passSeconds(31);
  }
  client.close();
  return calls.filter(call => call[0] === 'reconnecting').map(([, delay, attempt]) => [attempt, delay]);
}

test('The k-th reconnect waits between nothing and 2^k - 1 seconds, at most 30', () => {
  assert.deepEqual(delaysOfFailures(3, 0), [[1, 0], [2, 0], [3, 0]]);
  assert.deepEqual(delaysOfFailures(7, 1), [[1, 1], [2, 3], [3, 7], [4, 15], [5, 30], [6, 30], [7, 30]]);
});

test('It keeps trying for ever by default', () => {
  const delays = delaysOfFailures(2000, 1);

  assert.equal(delays.length, 2000);
  assert.deepEqual(delays.at(-1), [2000, 30]);
});

test('A reconnect comes when its delay is over, not before, on the same uri', () => {
  const { names, options } = recorder();
  new WS4Redis(options);

  FakeWebSocket.last.fail();
  passSeconds(0.499);
  assert.equal(FakeWebSocket.all.length, 1);
  passSeconds(0.001);

  assert.equal(FakeWebSocket.all.length, 2);
  assert.equal(FakeWebSocket.last.url, 'ws://host/ws/chat');
  assert.equal(names().at(-1), 'connecting');
});

test('An opened connection starts the counting anew', () => {
  const { calls, options } = recorder();
  new WS4Redis(options);
  for (let i = 0; i < 4; i++) {
    FakeWebSocket.last.fail();
    passSeconds(31);
  }

  FakeWebSocket.last.open();
  FakeWebSocket.last.end(1001);

  assert.deepEqual(calls.at(-1), ['reconnecting', 0.5, 1]);
});

test('Every close is followed by a reconnect, also a clean one', () => {
  for (const code of [1000, 1001, 1006, 1008, 1011, 3500]) {
    new WS4Redis({ uri: `ws://host/ws/${code}` });
    const first = FakeWebSocket.last;
    first.open();

    first.end(code);
    passSeconds(0.5);

    assert.notEqual(FakeWebSocket.last, first);
    assert.equal(FakeWebSocket.last.url, first.url);
  }
});

test('After close() the websocket stays closed', () => {
  const { names, options } = recorder();
  const client = new WS4Redis(options);
  FakeWebSocket.last.open();

  client.close();
  FakeWebSocket.last.end();
  passSeconds(100);

  assert.deepEqual(names(), ['connecting', 'connected', 'disconnected']);
  assert.equal(FakeWebSocket.all.length, 1);
});

test('close() while connecting ends the attempt', () => {
  const client = new WS4Redis({ uri: 'ws://host/ws/chat' });

  client.close();
  FakeWebSocket.last.fail();
  passSeconds(100);

  assert.equal(FakeWebSocket.all.length, 1);
  assert.equal(FakeWebSocket.last.closeCalls, 1);
});

// ws4redis.js left its timer running and connected once more after close().
test('close() cancels a reconnect that is waiting', () => {
  const client = new WS4Redis({ uri: 'ws://host/ws/chat' });
  FakeWebSocket.last.fail();

  client.close();
  passSeconds(100);

  assert.equal(FakeWebSocket.all.length, 1);
  assert.ok(client.is_closed());
});

test('close() twice is close() once', () => {
  const { names, options } = recorder();
  const client = new WS4Redis(options);
  FakeWebSocket.last.open();

  client.close();
  client.close();
  FakeWebSocket.last.end();
  client.close();
  passSeconds(100);

  assert.deepEqual(names(), ['connecting', 'connected', 'disconnected']);
  assert.equal(FakeWebSocket.all.length, 1);
});

test('close() takes effect in every callback', () => {
  for (const name of ['connecting', 'connected', 'disconnected', 'receive_message', 'error', 'reconnecting']) {
    FakeWebSocket.all = [];
    let client = null;
    client = new WS4Redis({ uri: 'ws://host/ws/chat', [name]: () => client?.close() });

    FakeWebSocket.last.open();
    FakeWebSocket.last.receive('hello');
    FakeWebSocket.last.fail();
    passSeconds(100);

    assert.equal(FakeWebSocket.all.length, 1, name);
  }
});

test('A callback that throws does not cost the reconnect', () => {
  new WS4Redis({ uri: 'ws://host/ws/chat', disconnected() { throw new Error('from the page'); } });

  assert.throws(() => FakeWebSocket.last.fail(), /from the page/);
  passSeconds(0.5);

  assert.equal(FakeWebSocket.all.length, 2);
});

// ws4redis.js took the uri from a websocket that did not exist and stopped for ever.
test('When not even the first websocket can be made, it tries again', () => {
  FakeWebSocket.refuses = true;
  const { calls, names, options } = recorder();
  const client = new WS4Redis(options);

  assert.deepEqual(names(), ['connecting', 'error', 'reconnecting']);
  assert.match(calls[1][1].message, /URL is invalid/);
  assert.ok(client.is_closed());
  assert.throws(() => client.send_message('to nobody'), /no websocket/);

  FakeWebSocket.refuses = false;
  passSeconds(0.5);
  FakeWebSocket.last.open();

  assert.equal(FakeWebSocket.last.url, options.uri);
  assert.ok(client.is_connected());
});

test('close() also ends the tries of a websocket that cannot be made', () => {
  FakeWebSocket.refuses = true;
  const { names, options } = recorder();
  const client = new WS4Redis(options);

  client.close();
  passSeconds(100);

  assert.deepEqual(names(), ['connecting', 'error', 'reconnecting']);
});

test('max_attempts bounds the tries in a row', () => {
  const { names, options } = recorder({ max_attempts: 2 });
  new WS4Redis(options);
  const failFor = times => {
    for (let i = 0; i < times; i++) {
      FakeWebSocket.last.fail();
      passSeconds(31);
    }
  };

  failFor(2);
  FakeWebSocket.last.open();
  failFor(2);
  assert.equal(FakeWebSocket.all.length, 5);
  failFor(1);

  assert.equal(FakeWebSocket.all.length, 5);
  assert.equal(names().at(-1), 'disconnected');
});
