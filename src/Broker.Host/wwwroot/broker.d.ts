// Types of broker.js as a classic script, where WS4Redis is a global. For the ES module see broker.d.mts.

/** What a {@link WS4Redis} connection needs to know, and whom it tells what happens. */
interface WS4RedisOptions {
  /**
   * Where to connect, e.g. `ws://localhost:8000/ws/chat?subscribe-broadcast&publish-broadcast`. Required.
   * The words after `?` choose audiences: `subscribe-` or `publish-` with `broadcast`, `user`, `group` or `session`;
   * `echo` asks for one's own messages too.
   */
  uri: string | URL;

  /** Before each try to connect, the first one included (that is, while the constructor runs). */
  connecting?(): void;

  /** The websocket is open. The server replays the last message of each subscribed channel after this. */
  connected?(): void;

  /** The websocket has closed, or could not be opened. A reconnect follows unless `close()` was called. */
  disconnected?(evt: CloseEvent): void;

  /** A message has arrived: text as a string, anything that is not UTF-8 as an `ArrayBuffer`. Never a heartbeat. */
  receive_message?(data: string | ArrayBuffer): void;

  /**
   * The server's heartbeat text (`broker.websocket.heartbeat`), or null for none, the default. The client sends this text
   * every `heartbeat_interval`; after three without any heartbeat from the server it closes, so as to reconnect, when
   * the next one is due. Only heartbeats count as a sign of life, and `receive_message` never sees them.
   */
  heartbeat_msg?: string | null;

  /** Seconds between two heartbeats of the client. Default 5. (Not in ws4redis.) */
  heartbeat_interval?: number;

  /** How many reconnects to try in a row before giving up; each opened connection starts anew. Default Infinity. (Not in ws4redis.) */
  max_attempts?: number;

  /** A heartbeat of the server has arrived. (Not in ws4redis.) */
  heartbeat?(): void;

  /** The websocket failed (an Event, `disconnected` follows), or could not even be made, e.g. for a bad uri (an exception). (Not in ws4redis.) */
  error?(reason: Event | Error): void;

  /**
   * A reconnect will be tried. (Not in ws4redis.)
   * @param delaySeconds how long from now: random between 0 and 2^attempt - 1, at most 30
   * @param attempt 1 for the first reconnect after an opened connection
   */
  reconnecting?(delaySeconds: number, attempt: number): void;
}

/** A websocket to Broker, or to a ws4redis server, that reconnects by itself after every close but its own. */
interface WS4Redis {
  /**
   * Publishes on the channels of the `publish-` words.
   * @throws while the websocket is connecting. There is no queue: once it is closing or closed, the message is lost.
   */
  send_message(message: string | ArrayBuffer | ArrayBufferView | Blob): void;

  /** The `readyState` of the websocket: 0 connecting, 1 open, 2 closing, 3 closed. */
  get_state(): number;

  /** Closes for good: no reconnect follows, a waiting one is cancelled. May be called more than once. */
  close(): void;

  is_connecting(): boolean;
  is_connected(): boolean;
  is_closing(): boolean;

  /** True also while waiting for the next reconnect. */
  is_closed(): boolean;
}

/** Connects at once. Works with and without `new`; a second argument (jQuery, in ws4redis) is ignored. */
interface WS4RedisConstructor {
  new (options: WS4RedisOptions, $?: unknown): WS4Redis;

  /** @throws Error if `options.uri` is missing */
  (options: WS4RedisOptions, $?: unknown): WS4Redis;
}

declare var WS4Redis: WS4RedisConstructor;
