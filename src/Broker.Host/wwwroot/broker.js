// Classic script: <script src="/broker.js"></script> gives the global WS4Redis.
// ES module:      import { WS4Redis } from '/broker.mjs' (which loads this file). Types: broker.d.ts, broker.d.mts.
(function () {
  'use strict';

  const defaults = {
    heartbeat_msg: null,
    heartbeat_interval: 5,
    max_attempts: Infinity,
  };

  const missed_heartbeats_allowed = 3;
  const longest_delay = 30;

  // A websocket that comes back by itself; options and methods are described in broker.d.ts.
  function WS4Redis(options) {
    if (!(this instanceof WS4Redis))
      return new WS4Redis(options);

    if (!options || !options.uri)
      throw new Error('No Websocket URI in options');

    const opts = Object.assign({}, defaults, options);
    let ws = null;
    let attempts = 1;
    let must_reconnect = true;
    let reconnect_timer = null;
    let heartbeat_timer = null;
    let missed_heartbeats = 0;

    this.send_message = message => {
      if (!ws)
        throw new Error('There is no websocket to send on');
      ws.send(message);
    };
    this.get_state = () => ws ? ws.readyState : WebSocket.CLOSED;
    this.is_connecting = () => this.get_state() === WebSocket.CONNECTING;
    this.is_connected = () => this.get_state() === WebSocket.OPEN;
    this.is_closing = () => this.get_state() === WebSocket.CLOSING;
    this.is_closed = () => this.get_state() === WebSocket.CLOSED;
    this.close = () => {
      must_reconnect = false;
      clearTimeout(reconnect_timer);
      reconnect_timer = null;
      stop_heartbeat();
      if (ws)
        ws.close();
    };

    connect();

    function connect() {
      notify('connecting');
      // The callback may have called close().
      if (!must_reconnect)
        return;

      try {
        ws = new WebSocket(opts.uri);
      } catch (err) {
        ws = null;
        try {
          notify('error', err);
        } finally {
          reconnect_later();
        }
        return;
      }

      ws.binaryType = 'arraybuffer';
      ws.onopen = on_open;
      ws.onclose = on_close;
      ws.onerror = evt => notify('error', evt);
      ws.onmessage = on_message;
    }

    function on_open() {
      attempts = 1;
      start_heartbeat();
      notify('connected');
    }

    function on_close(evt) {
      stop_heartbeat();
      // A callback that throws must not cost the reconnect.
      try {
        notify('disconnected', evt);
      } finally {
        reconnect_later();
      }
    }

    function on_message(evt) {
      if (!opts.heartbeat_msg || evt.data !== opts.heartbeat_msg) {
        notify('receive_message', evt.data);
        return;
      }

      missed_heartbeats = 0;
      notify('heartbeat');
    }

    // Every close counts, also a clean one and a refusal at the handshake (which browsers show as 1006).
    function reconnect_later() {
      if (!must_reconnect || attempts > opts.max_attempts)
        return;

      // Random from zero on: after a restart of the server its clients spread themselves over the whole time.
      const delay = Math.random() * Math.min(2 ** attempts - 1, longest_delay);
      reconnect_timer = setTimeout(() => {
        reconnect_timer = null;
        attempts++;
        connect();
      }, delay * 1000);
      notify('reconnecting', delay, attempts);
    }

    function start_heartbeat() {
      if (!opts.heartbeat_msg)
        return;
      missed_heartbeats = 0;
      heartbeat_timer = setInterval(send_heartbeat, opts.heartbeat_interval * 1000);
    }

    function stop_heartbeat() {
      clearInterval(heartbeat_timer);
      heartbeat_timer = null;
    }

    function send_heartbeat() {
      missed_heartbeats++;
      if (missed_heartbeats <= missed_heartbeats_allowed) {
        ws.send(opts.heartbeat_msg);
        return;
      }

      stop_heartbeat();
      ws.close();
    }

    function notify(name, ...args) {
      if (typeof opts[name] === 'function')
        opts[name](...args);
    }
  }

  globalThis.WS4Redis = WS4Redis;
})();
