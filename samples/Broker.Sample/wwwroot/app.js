import { WS4Redis } from './broker.mjs';

const $ = id => document.getElementById(id);
const config = window.BROKER_CONFIG;

const me = await (await fetch('me')).json();
$('login').hidden = me.name !== null;
$('room').hidden = me.name === null;
if (me.name !== null)
  enter();

$('login').addEventListener('submit', async evt => {
  evt.preventDefault();
  await post('login', { user: $('user').value });
  location.reload();
});

function enter() {
  $('me').textContent = me.name;
  $('notify').hidden = !me.staff;

  // With echo: what the moderator made of a message is what everybody sees, its author too.
  const room = connect('room-1?subscribe-broadcast&publish-broadcast&echo', message => {
    const { from, text } = JSON.parse(message);
    show('messages', `${from}: ${text}`);
  });
  connect('notices?subscribe-user', text => show('notices', text));

  $('say').addEventListener('submit', evt => {
    evt.preventDefault();
    room.send_message($('text').value);
    $('text').value = '';
  });
  $('notify').addEventListener('submit', async evt => {
    evt.preventDefault();
    await post('notify', { user: $('to').value, text: $('notice').value });
    $('notice').value = '';
  });
  $('logout').addEventListener('click', async () => {
    await post('logout', {});
    location.reload();
  });
}

function connect(address, receive) {
  return new WS4Redis({
    uri: `${location.origin.replace('http', 'ws')}${config.websocketPath}${address}`,
    heartbeat_msg: config.heartbeat,
    receive_message: receive,
    connected: () => $('state').textContent = 'connected',
    disconnected: () => $('state').textContent = 'disconnected',
  });
}

function post(path, body) {
  return fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

function show(list, text) {
  const item = document.createElement('li');
  item.textContent = text;
  $(list).append(item);
}
