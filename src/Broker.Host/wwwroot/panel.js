// One audience of one facility on the page: its own connection, its messages, its input.
// A ws4redis frame is only a payload, so what must be told apart needs a connection each.
import { WS4Redis } from './broker.mjs';

const messages_kept = 200;

export class Panel {
  #audience;
  #root;
  #client = null;
  #echo = false;
  #wasOpen = false;
  #state = 'connecting';
  #shown = [];
  #replaysExpected = 0;
  #attempt = 0;
  #retryAt = 0;
  #closeCode = null;
  #beatAt = null;

  /**
   * @param audience { word, title, about, refusal, channels }: refusal says why the identity has no such channel, or is null
   * @param config window.BROKER_CONFIG
   * @param onState called whenever `state` has changed
   */
  constructor(audience, config, onState) {
    this.#audience = audience;
    this.config = config;
    this.onState = onState;
    this.#root = this.#build();
  }

  get element() { return this.#root; }

  /** connecting, connected, reconnecting, closed, or refused (then it never connects) */
  get state() { return this.#state; }

  /** Connects anew. Messages stay if it is the same facility. */
  open(facility, echo, keepMessages) {
    this.close();
    if (!keepMessages)
      this.#clear();
    if (this.#audience.refusal) {
      this.#setState('refused');
      return;
    }

    this.#echo = echo;
    this.#wasOpen = false;
    this.#attempt = 0;
    this.#closeCode = null;
    const client = new WS4Redis({
      uri: this.#uri(facility, echo),
      heartbeat_msg: this.config.heartbeat,
      connecting: () => this.#setState('connecting'),
      connected: () => this.#onConnected(),
      // The client that close() has let go still tells its end.
      disconnected: evt => client === this.#client && this.#onDisconnected(evt),
      reconnecting: (delay, attempt) => this.#onReconnecting(delay, attempt),
      receive_message: data => client === this.#client && this.#onMessage(data),
      heartbeat: () => this.#onHeartbeat(),
    });
    this.#client = client;
  }

  close() {
    const client = this.#client;
    this.#client = null;
    client?.close();
  }

  /** Writes the parts of the status that time changes. */
  tick() {
    const text = this.#statusText();
    const element = this.#find('.status-text');
    if (element.textContent !== text)
      element.textContent = text;
  }

  #uri(facility, echo) {
    const words = [`subscribe-${this.#audience.word}`, `publish-${this.#audience.word}`];
    if (echo)
      words.push('echo');
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    return `${scheme}//${location.host}${this.config.websocketPath}${facilityPath(facility)}?${words.join('&')}`;
  }

  #onConnected() {
    this.#wasOpen = true;
    this.#attempt = 0;
    this.#beatAt = null;
    this.#replaysExpected = this.#audience.channels;
    this.#setState('connected');
    this.#complain('');
  }

  #onDisconnected(evt) {
    this.#closeCode = evt.code;
    this.#setState('closed');
    if (!this.#wasOpen)
      this.#complain(this.#whyNever());
  }

  #onReconnecting(delay, attempt) {
    this.#attempt = attempt;
    this.#retryAt = Date.now() + delay * 1000;
    this.#setState('reconnecting');
  }

  #onHeartbeat() {
    this.#beatAt = Date.now();
    const beat = this.#find('.beat');
    beat.classList.remove('now');
    // Reading a size makes the browser notice the removal; otherwise the animation would not start again.
    void beat.offsetWidth;
    beat.classList.add('now');
    this.tick();
  }

  #onMessage(data) {
    const text = typeof data === 'string' ? data : describeBytes(data);
    if (this.#markReplay(text))
      return;
    this.#show(text, 'received');
  }

  // The server sends the last message of each channel after every connect. If it is here already, it is no new message.
  #markReplay(text) {
    if (this.#replaysExpected === 0)
      return false;

    this.#replaysExpected--;
    // A panel of several channels cannot know whose last message this is.
    const candidates = this.#audience.channels > 1 ? this.#shown : this.#shown.slice(-1);
    const known = candidates.findLast(message => message.text === text);
    if (!known)
      return false;

    known.replays++;
    known.note.textContent = known.replays === 1 ? 'replayed' : `replayed ${known.replays} times`;
    known.element.dataset.replays = known.replays;
    return true;
  }

  #onSubmit(evt) {
    evt.preventDefault();
    const input = this.#find('input');
    const text = input.value;
    if (text === '')
      return;
    if (text === this.config.heartbeat) {
      this.#complain('This is the heartbeat text; the server would not publish it.');
      return;
    }
    if (!this.#client?.is_connected()) {
      this.#complain('Not connected: nothing was sent. Your text is still there.');
      return;
    }

    this.#client.send_message(text);
    input.value = '';
    this.#complain('');
    // With echo it comes back from the server, which says more.
    if (!this.#echo)
      this.#show(text, 'sent');
  }

  #show(text, kind) {
    const element = document.createElement('li');
    element.dataset.kind = kind;
    const body = document.createElement('span');
    body.className = 'text';
    body.textContent = text;
    const meta = document.createElement('span');
    meta.className = 'meta';
    const time = document.createElement('time');
    const now = new Date();
    time.dateTime = now.toISOString();
    time.textContent = now.toLocaleTimeString();
    const note = document.createElement('span');
    note.className = 'note';
    meta.append(kind === 'sent' ? 'you, ' : '', time, ' ', note);
    element.append(body, ' ', meta);

    const log = this.#find('.log');
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    this.#find('.messages').append(element);
    this.#find('.empty').hidden = true;
    this.#shown.push({ text, element, note, replays: 0 });
    if (this.#shown.length > messages_kept)
      this.#shown.shift().element.remove();
    if (atEnd)
      log.scrollTop = log.scrollHeight;
  }

  #clear() {
    this.#shown = [];
    this.#find('.messages').replaceChildren();
    this.#find('.empty').hidden = false;
    this.#complain('');
  }

  #complain(text) {
    this.#find('.problem').textContent = text;
  }

  #setState(state) {
    this.#state = state;
    this.#root.dataset.state = state;
    this.tick();
    this.onState();
  }

  #statusText() {
    const attempt = this.#attempt > 0 ? `, attempt ${this.#attempt}` : '';
    const cause = this.#closeCode === null ? '' : ` (closed with code ${this.#closeCode})`;
    switch (this.#state) {
      case 'connecting': return `connecting${attempt}…`;
      case 'connected': return `connected, ${this.#heartbeatText()}`;
      case 'reconnecting': return `reconnecting in ${this.#secondsLeft()} s${attempt}${cause}`;
      case 'refused': return 'not allowed';
      default: return `closed${cause}`;
    }
  }

  // A browser does not tell a page why a handshake failed.
  #whyNever() {
    return this.config.user === null && !this.config.development
      ? 'The server cannot be reached, or refuses anonymous clients (broker.access).'
      : 'The server cannot be reached, or refuses this connection.';
  }

  #secondsLeft() {
    return Math.max(0, Math.ceil((this.#retryAt - Date.now()) / 1000));
  }

  #heartbeatText() {
    if (!this.config.heartbeat)
      return 'heartbeat off';
    if (this.#beatAt === null)
      return 'no heartbeat yet';
    return `heartbeat ${Math.floor((Date.now() - this.#beatAt) / 1000)} s ago`;
  }

  #build() {
    const { word, title, about, refusal } = this.#audience;
    const root = document.getElementById('panel').content.firstElementChild.cloneNode(true);
    root.dataset.audience = word;
    root.dataset.testid = `panel-${word}`;

    const heading = root.querySelector('h2');
    heading.id = `${word}-title`;
    heading.textContent = title;
    root.setAttribute('aria-labelledby', heading.id);
    root.querySelector('.log').setAttribute('aria-label', `${title} messages`);
    root.querySelector('.about').textContent = refusal ?? about;

    const input = root.querySelector('input');
    const label = root.querySelector('label');
    input.id = `${word}-input`;
    label.htmlFor = input.id;
    label.textContent = `Message to ${title.toLowerCase()}`;
    const form = root.querySelector('form');
    form.addEventListener('submit', evt => this.#onSubmit(evt));
    if (refusal) {
      input.disabled = true;
      form.querySelector('button').disabled = true;
      root.querySelector('.log').hidden = true;
    }
    return root;
  }

  #find(selector) { return this.#root.querySelector(selector); }
}

/** A facility as part of a URL; its slashes are slashes there too. */
export function facilityPath(facility) {
  return facility.split('/').map(encodeURIComponent).join('/').replaceAll("'", '%27');
}

function describeBytes(buffer) {
  const bytes = new Uint8Array(buffer);
  const shown = [...bytes.subarray(0, 32)].map(byte => byte.toString(16).padStart(2, '0')).join(' ');
  return `${bytes.length} bytes: ${shown}${bytes.length > 32 ? ' …' : ''}`;
}
