// Proves that simple-oauth2 gets, uses, refreshes and revokes tokens as a confidential client, at the paths under /api/v1/oauth.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { AuthorizationCode } from 'simple-oauth2';

import { Person, register } from './person.mjs';

const [base, username, password] = process.argv.slice(2);
assert.ok(password, 'usage: node simple-oauth2.mjs BASE USERNAME PASSWORD');

const redirect_uri = 'http://127.0.0.1/callback';
const scope = 'read:profile';
const step = (text) => console.log(`simple-oauth2: ${text}`);

const app = await register(base, {
  name: 'An ordinary client',
  scopes: scope,
  redirect_uris: redirect_uri,
  client_type: 'confidential',
});
const client = new AuthorizationCode({
  client: { id: app.client_id, secret: app.client_secret },
  auth: {
    tokenHost: base,
    tokenPath: '/api/v1/oauth/token',
    revokePath: '/api/v1/oauth/revoke',
    authorizePath: '/api/v1/oauth/authorize',
  },
});
step('the client is registered');

const person = new Person();
await person.signIn(base, username, password);
step(`${username} is signed in`);

async function me({ token }) {
  return fetch(`${base}/api/v1/users/me`, { headers: { authorization: `Bearer ${token.access_token}` } });
}

const state = randomUUID();
const url = client.authorizeURL({ redirect_uri, scope, state });
const { searchParams: answer } = await person.authorise(base, url, redirect_uri);
assert.equal(answer.get('state'), state);
const first = await client.getToken({ code: answer.get('code'), redirect_uri });
assert.equal(first.expired(), false);
assert.equal((await (await me(first)).json()).username, username);
step('the client has a token');

const second = await first.refresh();
assert.notEqual(second.token.refresh_token, first.token.refresh_token);
assert.equal((await me(first)).status, 401);
assert.equal((await (await me(second)).json()).username, username);
await assert.rejects(first.refresh(), (error) => error.data.payload.error === 'invalid_grant');
step('the client has refreshed its token, once');

await second.revokeAll();
assert.equal((await me(second)).status, 401);
await assert.rejects(second.refresh(), (error) => error.data.payload.error === 'invalid_grant');
step('the client has revoked its tokens');
