// Swagger UI on this server's OpenAPI document.
import { person } from './oauth.js';

const { SwaggerUIBundle } = window;

const TOKEN = {
  type: 'http',
  scheme: 'bearer',
  description: 'Token of an application, or an OAuth access token.',
};

const clientId = document.querySelector('meta[name="baleen-client-id"]').content;
const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);

paint();
dark.addEventListener('change', paint);

const ui = SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: true,
  validatorUrl: null,
  oauth2RedirectUrl: `${location.origin}/api/v1/docs/oauth2-redirect`,
  requestInterceptor: introduced,
  responseInterceptor: noticed,
  plugins: [() => ({ statePlugins: { spec: { wrapActions: { updateJsonSpec: adapt } } } })],
});

if (clientId) {
  ui.initOAuth({ clientId, usePkceWithAuthorizationCodeGrant: true, scopes: 'read:libraries read:profile' });
}

/** Says whose token a request carries, when it is a new one. */
function introduced(request) {
  const sent = request.headers?.Authorization ?? '';
  const [, token] = /^Bearer (.+)$/i.exec(sent) ?? [];
  if (token !== introduced.last) {
    introduced.last = token;
    if (!token) say('');
    else person(token).then((name) => say(name ? `Signed in as ${name}` : 'A token is used'), () => say(''));
  }
  return request;
}

function noticed(response) {
  const isRefused = response.status === 401 && /invalid_token/.test(response.headers?.['www-authenticate'] ?? '');
  if (isRefused) say('The token is no longer valid: press “Authorize” to sign in again.');
  return response;
}

function say(text) {
  document.getElementById('person').textContent = text;
}

function adapt(next) {
  return (document) => next(withToken(here(document)));
}

/** The document with this page's origin as its server: the page's policy allows no other. */
function here(document) {
  const { components = {} } = document;
  const securitySchemes = mapValues(components.securitySchemes ?? {}, signingInHere);
  const servers = [{ url: location.origin, description: 'This pod' }];
  return { ...document, servers, components: { ...components, securitySchemes } };
}

/** A security scheme with its URLs at this page's origin. */
function signingInHere(scheme) {
  if (!scheme.flows) return scheme;
  const moved = (value, key) => (key.endsWith('Url') ? location.origin + new URL(value, location.origin).pathname : value);
  return { ...scheme, flows: mapValues(scheme.flows, (flow) => mapValues(flow, moved)) };
}

/** The document with a bearer token scheme added, and OAuth kept only if a client is set up. */
function withToken(document) {
  const described = Object.entries(document.components?.securitySchemes ?? {});
  const usable = described.filter(([, { type }]) => clientId || type !== 'oauth2');
  const own = usable.some(([, { scheme }]) => scheme === 'bearer') ? [] : [['token', TOKEN]];
  const schemes = Object.fromEntries([...own, ...usable]);
  const names = Object.keys(schemes).filter((name) => schemes[name].scheme === 'bearer');
  const accept = (operation) => acceptToken(operation, names, schemes);
  const paths = mapValues(document.paths ?? {}, (methods) => mapValues(methods, accept));
  return { ...document, paths, components: { ...document.components, securitySchemes: schemes } };
}

function acceptToken(operation, names, schemes) {
  const ways = operation?.security;
  if (!ways?.some((way) => Object.keys(way).length)) return operation;
  const left = ways.filter((way) => Object.keys(way).every((name) => name in schemes && !names.includes(name)));
  return { ...operation, security: [...names.map((name) => ({ [name]: [] })), ...left] };
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
