// A small OpenID provider that lets people in without a click, to prove that the pod signs people in with a real one.
//
// node provider.mjs PORT REDIRECT_URI
//
// Who signs in is named by `login_hint` or `person` in the authorisation request, by the cookie
// `person`, or by the variable PERSON, in this order; erin otherwise. Anybody unknown is refused.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [port, redirectUri] = process.argv.slice(2);
assert.ok(redirectUri, 'usage: node provider.mjs PORT REDIRECT_URI');

const people = {
  erin: { email: 'erin@pod.test', email_verified: true, preferred_username: 'erin' },
  // Another mailbox, whose address looks like erin's.
  double: { email: '\uff45rin@pod.test', email_verified: true, preferred_username: 'double' },
  frank: { email: 'frank@elsewhere.test', email_verified: false, preferred_username: 'frank.o' },
};

// Its advice for production would be mixed up with what this program says.
console.info = () => {};
console.warn = () => {};

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'baleen',
      client_secret: 'pod-secret',
      redirect_uris: [redirectUri],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  responseTypes: ['code'],
  pkce: { required: () => true },
  scopes: ['openid', 'email', 'profile'],
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['preferred_username'],
  },
  extraParams: ['person'],
  findAccount: (ctx, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
  // Whoever signs in allows everything that is asked.
  async loadExistingGrant(ctx) {
    const { client, session, requestParamScopes } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope([...requestParamScopes].join(' '));
    await grant.save();
    return grant;
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  jwks: { keys: [privateKey.export({ format: 'jwk' })] },
});

function cookies(request) {
  return (request.headers.cookie ?? '').split(/;\s*/);
}

async function letIn(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const cookie = cookies(request).find((pair) => pair.startsWith('person='))?.slice('person='.length);
  const person = params.login_hint ?? params.person ?? cookie ?? process.env.PERSON ?? 'erin';
  const result = Object.hasOwn(people, person)
    ? { login: { accountId: person } }
    : { error: 'access_denied', error_description: `nobody here is called ${person}` };
  await provider.interactionFinished(request, response, result);
}

const answer = provider.callback();

const server = createServer((request, response) => {
  // Every sign-in is a new one, so that the next person need not sign out first.
  request.headers.cookie = cookies(request).filter((pair) => !pair.startsWith('_session')).join('; ');
  if (!request.url.startsWith('/interaction/')) {
    answer(request, response);
    return;
  }
  letIn(request, response).catch((error) => response.writeHead(400).end(String(error)));
});

server.listen(Number(port), '127.0.0.1', () => console.log('listening'));
