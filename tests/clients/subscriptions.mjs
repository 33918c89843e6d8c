// Proves that graphql-ws and graphql-sse subscribe, query and are refused as their protocols say.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import WebSocket from 'ws';

import { Person } from './person.mjs';

const [base, username, password] = process.argv.slice(2);
assert.ok(password, 'usage: node subscriptions.mjs BASE USERNAME PASSWORD');

const url = new URL('/graphql', base).href;
const socket = url.replace(/^http/, 'ws');
const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
const SESSIONS = 'subscription { sessionsChanged { sessions { id userAgent } } }';
const step = (text) => console.log(`subscriptions: ${text}`);

const signIn = () => new Person().signIn(base, username, password);

async function collect(client, payload) {
  const found = [];
  for await (const result of client.iterate(payload)) found.push(result);
  return found;
}

// Subscribes, signs in until that is told, and ends the subscription.
async function followsSessions(client) {
  const events = client.iterate({ query: SESSIONS });
  let isTold = false;
  const next = events.next().finally(() => { isTold = true; });
  for (let turn = 0; turn < 20 && !isTold; turn += 1) await signIn();
  const { value } = await next;
  assert.ok(value.data.sessionsChanged.sessions.length > 0, JSON.stringify(value));
  await events.return();
}

const overWs = createWs({ url: socket, webSocketImpl: WebSocket, connectionParams: { Authorization: authorization } });
await followsSessions(overWs);
step('graphql-ws follows sessions');

const [me] = await collect(overWs, { query: '{ viewer { username } }' });
assert.deepEqual(me, { data: { viewer: { username } } });
const [renamed] = await collect(overWs, { query: 'mutation { updateSettings(input: { settings: { a: 1 } }) { settings } }' });
assert.deepEqual(renamed.data.updateSettings.settings, { a: 1 });
await assert.rejects(collect(overWs, { query: '{ nothing }' }), (errors) => errors[0].extensions.code === 'GRAPHQL_VALIDATION_FAILED');
await overWs.dispose();
step('graphql-ws queries and mutates');

const overSse = createSse({ url, headers: { authorization }, retryAttempts: 0 });
await followsSessions(overSse);
assert.deepEqual(await collect(overSse, { query: '{ viewer { username } }' }), [{ data: { viewer: { username } } }]);
overSse.dispose();
step('graphql-sse follows sessions and queries');

const INIT = { type: 'connection_init' };
const QUERY = { query: '{ instance { name } }' };
const subscribe = (id, payload) => ({ id, type: 'subscribe', payload });

// Sends messages over a connection of its own; answers what came back, and the code of its close. `until`: a
// number of messages, or the type of the last one.
function converse(messages, { until = Infinity, headers } = {}) {
  return new Promise((resolve, reject) => {
    const connection = new WebSocket(socket, 'graphql-transport-ws', { headers });
    const received = [];
    const done = (code, reason) => resolve({ received, code, reason: String(reason) });
    connection.on('open', () => messages.forEach((message) => connection.send(typeof message === 'string' ? message : JSON.stringify(message))));
    connection.on('message', (data) => {
      received.push(JSON.parse(data));
      if (received.length >= until || received.at(-1).type === until) connection.close(1000, 'done');
    });
    connection.on('close', done);
    connection.on('error', reject);
  });
}

const closings = [
  [4400, ['no JSON']],
  [4400, [INIT, { type: 'nothing' }]],
  [4400, [INIT, { type: 'subscribe', id: '1' }]],
  [4400, [INIT, subscribe('x'.repeat(200), QUERY)]],
  [4401, [subscribe('1', QUERY)]],
  [4403, [{ ...INIT, payload: { Authorization: 'Bearer unknown' } }]],
  [4403, [{ ...INIT, payload: { headers: { authorization: 'Bearer unknown' } } }]],
  [4408, []],
  [4409, [INIT, subscribe('1', { query: 'subscription { rateLimitReached { reached { name } } }' }), subscribe('1', QUERY)]],
  [4429, [INIT, INIT]],
];
await Promise.all(closings.map(async ([code, messages]) => {
  assert.equal((await converse(messages)).code, code, JSON.stringify(messages));
}));
step('connections are closed with the codes of the protocol');

const pinged = await converse([INIT, { type: 'ping', payload: { a: 1 } }, { type: 'pong' }, { type: 'ping' }], { until: 3 });
assert.equal(pinged.code, 1000);
assert.deepEqual(pinged.received, [{ type: 'connection_ack' }, { type: 'pong', payload: { a: 1 } }, { type: 'pong' }]);

const asked = await converse([INIT, subscribe('q', QUERY)], { until: 3 });
assert.deepEqual(asked.received.map(({ type }) => type), ['connection_ack', 'next', 'complete']);
assert.ok(asked.received[1].payload.data.instance);

const refused = await converse([INIT, subscribe('s', { query: SESSIONS })], { until: 2 });
assert.equal(refused.received[1].type, 'error');
assert.equal(refused.received[1].payload[0].extensions.code, 'UNAUTHENTICATED');

// The cookies of a browser need their token against forged requests, and count from this pod's pages only.
const person = new Person();
await person.signIn(base, username, password);
const headers = { cookie: person.cookies, origin: new URL(base).origin };
assert.equal((await converse([INIT], { headers })).code, 4403);
const own = [{ ...INIT, payload: { 'X-CSRFToken': person.csrf } }, subscribe('q', { query: '{ viewer { username } }' })];
assert.equal((await converse(own, { headers, until: 3 })).received[1].payload.data.viewer.username, username);
const foreign = await converse([INIT, subscribe('q', { query: '{ viewer { username } }' })], { headers: { ...headers, origin: 'https://evil.test' }, until: 3 });
assert.equal(foreign.received[1].payload.data.viewer, null);
step('cookies count from pages of the pod');

// An ID serves again as soon as its operation was ended.
const again = Array.from({ length: 30 }, () => [subscribe('r', { query: '{ nothing }' }), { id: 'r', type: 'complete' }]).flat();
// Errors that were sent before their operation was ended may come first.
const reused = await converse([INIT, ...again, subscribe('r', QUERY)], { until: 'complete' });
assert.deepEqual(reused.received.slice(-2).map(({ type }) => type), ['next', 'complete'], JSON.stringify(reused.received));

// A message has a length.
const large = await converse([INIT, subscribe('q', { query: `{ instance { name } } #${'x'.repeat(70_000)}` })], { until: 2 });
assert.ok([1006, 1009].includes(large.code), `${large.code}`);
assert.ok(large.received.every(({ type }) => type !== 'next'));

// What is no handshake is answered, and opens nothing.
for (const protocol of ['graphql-transport-ws', 'graphql-ws']) {
  const handshake = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-protocol': protocol };
  const status = await new Promise((resolve, reject) => {
    const sent = request(url, { headers: handshake }, (answer) => { answer.resume(); resolve(answer.statusCode); });
    sent.on('upgrade', () => resolve(101)).on('error', reject).end();
  });
  assert.equal(status, 400, protocol);
}
step('all is well');
