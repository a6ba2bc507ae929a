// The page as a whole: who you are, which facility is open, and one panel for each audience.
import { Panel, facilityPath } from './panel.js';

const config = {
  websocketPath: '/ws/', heartbeat: null, user: null, groups: [], development: false, users: [], ...window.BROKER_CONFIG,
};
// Every demo user has a session; a server that knows better says so.
const hasSession = config.session ?? config.user !== null;

const $ = id => document.getElementById(id);
const panels = audiences().map(audience => new Panel(audience, config, showState));
let opened = null;

$('panels').append(...panels.map(panel => panel.element));
showIdentity();
$('facility').value = new URLSearchParams(location.search).get('facility') || 'chat';
openFacility();

$('settings').addEventListener('submit', evt => {
  evt.preventDefault();
  openFacility();
});
$('facility').addEventListener('change', openFacility);
$('facility').addEventListener('input', () => $('facility').setCustomValidity(''));
$('echo').addEventListener('change', () => panels.forEach(panel => panel.open(opened, $('echo').checked, true)));
$('login-form').addEventListener('submit', evt => {
  evt.preventDefault();
  changeIdentity('demo/login', { user: $('user').value });
});
$('logout').addEventListener('click', () => changeIdentity('demo/logout', {}));
setInterval(() => panels.forEach(panel => panel.tick()), 500);

// The session cookie belongs to all tabs: when one changes it, the others must not go on as who they were.
const identityChanges = new BroadcastChannel('broker-identity');
identityChanges.onmessage = () => location.reload();

function audiences() {
  const { user, groups } = config;
  const logInFirst = what => `Not allowed: an anonymous client has no ${what}. ${config.users.length > 0 ? 'Log in above.' : 'Log in first.'}`;
  return [
    {
      word: 'broadcast',
      title: 'Broadcast',
      about: 'Everybody who has this facility open.',
      refusal: null,
      channels: 1,
    },
    {
      word: 'user',
      title: 'User',
      about: `Every tab and device of ${user}.`,
      refusal: user === null ? logInFirst('user channel') : null,
      channels: 1,
    },
    {
      word: 'group',
      title: 'Group',
      about: `Every member of ${groups.join(', ')}.`,
      refusal: user === null ? logInFirst('groups')
        : groups.length === 0 ? `Not allowed: ${user} is in no group.`
        : null,
      channels: groups.length,
    },
    {
      word: 'session',
      title: 'Session',
      about: 'This browser, until you log out.',
      refusal: hasSession ? null : logInFirst('session'),
      channels: 1,
    },
  ];
}

function showIdentity() {
  $('whoami').textContent = config.user ?? 'anonymous';
  if (config.groups.length > 0)
    $('memberships').textContent = `, in ${config.groups.join(', ')}`;

  $('login-form').hidden = config.users.length === 0;
  $('logout').hidden = config.user === null;
  for (const name of config.users)
    $('user').append(new Option(name, name, false, name === config.user));

  if (!window.BROKER_CONFIG)
    $('login-problem').textContent = 'broker-config.js could not be read; going on with the defaults.';
}

async function changeIdentity(path, body) {
  $('login-problem').textContent = '';
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok)
      throw new Error(`the server answered ${answer.status}`);
  } catch (err) {
    $('login-problem').textContent = `That did not work: ${err.message}.`;
    return;
  }

  identityChanges.postMessage('changed');
  location.reload();
}

function openFacility() {
  const facility = $('facility').value.trim();
  if (facility === opened)
    return;
  // A browser resolves such segments before it sends the path.
  const unreachable = facility.split('/').some(segment => segment === '.' || segment === '..');
  $('facility').setCustomValidity(unreachable ? 'No part of the name can be . or ..' : '');
  if (!$('facility').reportValidity())
    return;

  opened = facility;
  history.replaceState(null, '', `?${new URLSearchParams({ facility })}`);
  document.title = `${facility} - Broker`;
  $('curl').textContent = `curl -d hello '${new URL('publish/', location.href)}${facilityPath(facility)}?publish-broadcast'`;
  panels.forEach(panel => panel.open(facility, $('echo').checked, false));
}

// The state of the page is that of its worst panel; panels that are not allowed do not count.
function showState() {
  const states = panels.map(panel => panel.state);
  const state = ['reconnecting', 'closed', 'connecting', 'connected'].find(candidate => states.includes(candidate));
  const element = $('state');
  if (element.dataset.state === state && element.textContent.startsWith(state))
    return;
  element.dataset.state = state;
  element.textContent = state === 'connected' ? 'connected' : `${state}…`;
}
