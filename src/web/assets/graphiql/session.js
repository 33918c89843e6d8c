// The sign-in control in GraphiQL's top bar, and requests with its token.
import * as oauth from '../oauth.js';

// Read scopes selected by default: enough to browse one's own music.
const AT_FIRST = ['profile', 'libraries', 'favorites', 'listenings', 'playlists', 'follows', 'radios'];

const clientId = document.querySelector('meta[name="baleen-client-id"]').content;
const box = document.getElementById('session');
const status = box.querySelector('[role="status"]');
const before = box.querySelector('.sign-in');
const after = box.querySelector('.signed-in');

// Requests wait until a code in the URL has been exchanged for a token.
let ready = Promise.resolve();

/** Sets up the control and shows its state. */
export function start() {
  if (!clientId || !oauth.isPossible) return;
  box.hidden = false;
  before.addEventListener('toggle', offerScopes);
  before.querySelector('form').addEventListener('submit', signIn);
  after.querySelector('button').addEventListener('click', signOut);
  document.addEventListener('keydown', ({ key }) => key === 'Escape' && close());
  document.addEventListener('click', ({ target }) => box.contains(target) || close());
  ready = oauth.comeBack().then(() => say(''), (error) => say(error.message)).finally(show);
  show();
}

/**
 * `fetch` with the token, which is refreshed if it has expired. An `Authorization` under "Headers"
 * takes precedence.
 */
export async function send(url, options = {}) {
  await ready;
  const isOwn = new Headers(options.headers).has('authorization');
  const hadGrant = Boolean(oauth.grant());
  const token = isOwn ? null : await oauth.token();
  const response = await ask(url, options, token);
  const isRefused = token && response.status === 401;
  const renewed = isRefused ? await oauth.renew() : null;
  if (renewed) return ask(url, options, renewed);
  if (isRefused || (hadGrant && !oauth.grant())) end();
  return response;
}

function ask(url, options, token) {
  const headers = new Headers(options.headers);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return fetch(url, { ...options, headers, credentials: 'omit' });
}

function end() {
  oauth.forget();
  show();
  say('Your sign-in has expired. Sign in again.');
}

function show() {
  const grant = oauth.grant();
  before.hidden = Boolean(grant);
  after.hidden = !grant;
  const granted = (grant?.scopes ?? []).map((scope) => entry('li', entry('code', scope)));
  after.querySelector('ul').replaceChildren(...granted);
  if (grant) name(grant);
}

/** Says who is signed in, if the scopes tell. */
async function name({ scopes }) {
  const summary = after.querySelector('summary');
  const tells = scopes.includes('read') || scopes.includes('read:profile');
  const token = tells ? await oauth.token() : null;
  const person = token ? await oauth.person(token).catch(() => null) : null;
  summary.textContent = person ? `Signed in as ${person}` : 'Signed in';
}

function say(text) {
  status.textContent = text;
}

function close() {
  before.open = false;
  after.open = false;
}

async function signOut() {
  close();
  const done = oauth.signOut().then(() => 'Signed out.', () => 'Signed out here, but the token could not be revoked.');
  show();
  say(await done);
  before.querySelector('summary').focus();
}

async function signIn(event) {
  event.preventDefault();
  const ticked = before.querySelectorAll(':checked');
  if (!ticked.length) return say('Select at least one scope.');
  await oauth.signIn(clientId, Array.from(ticked, ({ value }) => value)).catch((error) => say(error.message));
}

async function offerScopes() {
  const rows = before.querySelector('tbody');
  if (!before.open || rows.children.length) return;
  try {
    rows.replaceChildren(...(await areas()).map(row));
  } catch (error) {
    say(error.message);
  }
}

/** The areas of scopes, each with its scopes: `{ read, write }`. */
async function areas() {
  const found = new Map();
  for (const word of await oauth.scopes()) {
    const [, access, area] = /^(read|write):(.+)$/.exec(word) ?? [];
    if (area) found.set(area, { ...found.get(area), [access]: word });
  }
  return [...found];
}

function row([area, words]) {
  const name = entry('th', area.replace(/:/g, ': ').replace(/^./, (first) => first.toUpperCase()));
  name.scope = 'row';
  return entry('tr', name, cell('Read', area, words.read), cell('Write', area, words.write));
}

function cell(title, area, word) {
  if (!word) return entry('td');
  const tick = document.createElement('input');
  tick.type = 'checkbox';
  tick.value = word;
  tick.checked = title === 'Read' && AT_FIRST.includes(area);
  tick.setAttribute('aria-label', `${title}: ${area}`);
  tick.title = word;
  return entry('td', tick);
}

function entry(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}
