// Proves that oauth4webapi gets, uses, refreshes, inspects and revokes tokens, as a public client, a confidential one and a device.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';

import { Person, register } from './person.mjs';

const [base, username, password] = process.argv.slice(2);
assert.ok(password, 'usage: node oauth4webapi.mjs BASE USERNAME PASSWORD');

const redirectUri = 'http://127.0.0.1/callback';
const scope = 'read:profile';
const http = { [oauth.allowInsecureRequests]: base.startsWith('http:') };
const step = (text) => console.log(`oauth4webapi: ${text}`);

const issuer = new URL(base);
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http });
const server = await oauth.processDiscoveryResponse(issuer, found);
step(`found ${server.issuer}`);

const person = new Person();
await person.signIn(base, username, password);
step(`${username} is signed in`);

async function me(token) {
  const url = new URL('/api/v1/users/me', base);
  const response = await oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, http);
  assert.equal(response.status, 200);
  assert.equal((await response.json()).username, username);
}

async function isShutOut(token) {
  await assert.rejects(me(token), (error) => {
    assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, String(error));
    assert.equal(error.status, 401);
    const challenge = error.cause.find(({ scheme }) => scheme === 'bearer');
    assert.equal(challenge?.parameters.error, 'invalid_token');
    return true;
  });
}

async function authorised(client, auth) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const back = await person.authorise(base, url, redirectUri);
  const params = oauth.validateAuthResponse(server, client, back, state);
  assert.equal(params.get('iss'), server.issuer);
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, auth, params, redirectUri, verifier, http,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
  assert.equal(tokens.scope, scope);
  return tokens;
}

async function refreshed(client, auth, token) {
  const response = await oauth.refreshTokenGrantRequest(server, client, auth, token, http);
  return oauth.processRefreshTokenResponse(server, client, response);
}

async function refreshing(client, auth, old) {
  const tokens = await refreshed(client, auth, old.refresh_token);
  assert.notEqual(tokens.refresh_token, old.refresh_token);
  await isShutOut(old.access_token);
  await assert.rejects(refreshed(client, auth, old.refresh_token), { error: 'invalid_grant' });
  await me(tokens.access_token);
  return tokens;
}

async function revoke(client, auth, token) {
  const response = await oauth.revocationRequest(server, client, auth, token, http);
  await oauth.processRevocationResponse(response);
}

async function inspect(client, auth, token) {
  const response = await oauth.introspectionRequest(server, client, auth, token, http);
  return oauth.processIntrospectionResponse(server, client, response);
}

const registration = { scopes: scope, redirect_uris: redirectUri };

{
  const app = await register(base, { ...registration, name: 'A public client', client_type: 'public' });
  const client = { client_id: app.client_id };
  const auth = oauth.None();
  step('a public client is registered');

  const first = await authorised(client, auth);
  await me(first.access_token);
  step('it has a token by code and PKCE');

  const second = await refreshing(client, auth, first);
  step('it has refreshed its token, once');

  await revoke(client, auth, second.refresh_token);
  await isShutOut(second.access_token);
  await assert.rejects(refreshed(client, auth, second.refresh_token), { error: 'invalid_grant' });
  step('it has revoked its tokens');
}

{
  const asked = await oauth.dynamicClientRegistrationRequest(server, {
    client_name: 'A client that registered itself',
    redirect_uris: [redirectUri],
    scope,
    token_endpoint_auth_method: 'none',
  }, http);
  const client = await oauth.processDynamicClientRegistrationResponse(asked);
  const tokens = await authorised(client, oauth.None());
  await me(tokens.access_token);
  step('a client that registered itself has a token');
}

const app = await register(base, { ...registration, name: 'A confidential client', client_type: 'confidential' });
const client = { client_id: app.client_id };
const auth = oauth.ClientSecretBasic(app.client_secret);
step('a confidential client is registered');

{
  const first = await authorised(client, auth);
  await me(first.access_token);
  step('it has a token by code and PKCE');

  const second = await refreshing(client, auth, first);
  step('it has refreshed its token, once');

  const told = await inspect(client, auth, second.access_token);
  assert.equal(told.active, true);
  assert.equal(told.client_id, client.client_id);
  assert.equal(told.username, username);
  assert.equal(told.scope, scope);
  step('it has inspected its token');

  await revoke(client, auth, second.access_token);
  await isShutOut(second.access_token);
  assert.deepEqual(await inspect(client, auth, second.access_token), { active: false });
  // The whole authorization ends with one of its tokens.
  assert.deepEqual(await inspect(client, auth, second.refresh_token), { active: false });
  step('it has revoked its tokens');
}

{
  const asked = await oauth.deviceAuthorizationRequest(server, client, auth, { scope }, http);
  const device = await oauth.processDeviceAuthorizationResponse(server, client, asked);
  step(`a device shows ${device.user_code}`);

  await person.connectDevice(base, device.verification_uri_complete);
  const poll = () => oauth.deviceCodeGrantRequest(server, client, auth, device.device_code, http);
  const tokens = await oauth.processDeviceCodeResponse(server, client, await poll());
  await me(tokens.access_token);
  step('the device has a token');

  const again = poll().then((response) => oauth.processDeviceCodeResponse(server, client, response));
  await assert.rejects(again, { error: 'invalid_grant' });
  await revoke(client, auth, tokens.refresh_token);
  await isShutOut(tokens.access_token);
  step('the device has revoked its tokens');
}
