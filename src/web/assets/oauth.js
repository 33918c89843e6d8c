// Signing in from a page of this pod: OAuth's authorization code flow with PKCE. The token is kept
// in this tab until the tab is closed.
const METADATA = '/.well-known/oauth-authorization-server';
const ATTEMPT = 'baleen.oauth.attempt';
const GRANT = 'baleen.oauth.grant';

/** Whether signing in is possible: browsers provide hashing only over HTTPS and on localhost. */
export const isPossible = Boolean(crypto.subtle);

/** The tab's grant, `{ token, refresh, scopes, clientId }`, or null. */
export function grant() {
  const kept = read(GRANT);
  return kept && (isCurrent(kept) || kept.refresh) ? kept : null;
}

function isCurrent({ until }) {
  return !until || Date.now() < until;
}

/** The tab's access token, refreshed if it has expired; null without one. */
export async function token() {
  const kept = grant();
  return kept && !isCurrent(kept) ? renew() : (kept?.token ?? null);
}

let renewing = null;

/** Refreshes the access token; null, and nothing is kept, if that is refused. */
export function renew() {
  renewing ??= refreshed().finally(() => { renewing = null; });
  return renewing;
}

async function refreshed() {
  const { refresh, clientId } = grant() ?? {};
  const fields = { grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId };
  const response = refresh && await post('/api/v1/oauth/token/', fields).catch(() => null);
  if (response?.ok) {
    const answer = await response.json();
    keep(answer, clientId);
    return answer.access_token;
  }
  // Too many requests, or no network: another try may succeed.
  if (!refresh || [400, 401].includes(response?.status)) forget();
  return null;
}

/** The name of the person whom a token belongs to; null if it does not tell. */
export async function person(token) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch('/api/v1/users/me', { headers, credentials: 'omit' });
  return response.ok ? (await response.json()).full_username : null;
}

export function forget() {
  sessionStorage.removeItem(GRANT);
}

/** The scopes that can be requested. */
export async function scopes() {
  return (await metadata()).scopes_supported ?? [];
}

/** Redirects to the authorization page. */
export async function signIn(clientId, wanted) {
  const verifier = random();
  const attempt = { verifier, state: random(), clientId, redirect: address() };
  sessionStorage.setItem(ATTEMPT, JSON.stringify(attempt));
  location.assign(`/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: attempt.redirect,
    scope: wanted.join(' '),
    state: attempt.state,
    code_challenge: await challenge(verifier),
    code_challenge_method: 'S256',
  })}`);
}

/** Handles the redirect back: removes the response from the address bar, exchanges the code. */
export async function comeBack() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('state') || !(answer.has('code') || answer.has('error'))) return;
  history.replaceState(null, '', location.pathname + location.hash);
  const attempt = read(ATTEMPT);
  sessionStorage.removeItem(ATTEMPT);
  if (!attempt || attempt.state !== answer.get('state')) {
    throw new Error('The response does not belong to this tab. Sign in again.');
  }
  if (answer.has('iss') && answer.get('iss') !== (await metadata()).issuer) {
    throw new Error('The response comes from another server.');
  }
  if (answer.has('error')) throw new Error(refusal(answer.get('error'), answer.get('error_description')));
  await trade(answer.get('code'), attempt);
}

/** Revokes the token, and forgets it even if that fails. */
export async function signOut() {
  const { token, clientId } = grant() ?? {};
  forget();
  if (token) await post('/api/v1/oauth/revoke/', { token, client_id: clientId });
}

async function trade(code, { verifier, redirect, clientId }) {
  const response = await post('/api/v1/oauth/token/', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirect,
    client_id: clientId,
    code_verifier: verifier,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || !answer.access_token) throw new Error(refusal(answer.error, answer.error_description));
  keep(answer, clientId);
}

function keep(answer, clientId) {
  const until = answer.expires_in ? Date.now() + answer.expires_in * 1000 : null;
  const granted = (answer.scope ?? '').split(' ').filter(Boolean);
  const kept = { token: answer.access_token, refresh: answer.refresh_token, scopes: granted, until, clientId };
  sessionStorage.setItem(GRANT, JSON.stringify(kept));
}

function refusal(error, description) {
  if (error === 'access_denied') return 'Sign-in cancelled.';
  return `Sign-in failed: ${description || error || 'the server gave no reason'}.`;
}

function post(url, fields) {
  return fetch(url, { method: 'POST', credentials: 'omit', body: new URLSearchParams(fields) });
}

async function metadata() {
  const response = await fetch(METADATA);
  if (!response.ok) throw new Error('The pod’s OAuth metadata could not be loaded.');
  return response.json();
}

function address() {
  return location.origin + location.pathname;
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
