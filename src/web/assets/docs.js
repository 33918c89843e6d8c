// Swagger UI on this server's OpenAPI document.
const { SwaggerUIBundle } = window;

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
  plugins: [() => ({ statePlugins: { spec: { wrapActions: { updateJsonSpec: adapt } } } })],
});

if (clientId) {
  ui.initOAuth({ clientId, usePkceWithAuthorizationCodeGrant: true, scopes: 'read' });
}

function adapt(next) {
  return (document) => next(withToken(here(document)));
}

/** The document for the address this page came from: the only one its policy lets it call. */
function here(document) {
  return { ...document, servers: [{ url: location.origin, description: 'This pod' }] };
}

/** The document with a second way in, beside OAuth: a token to paste. */
function withToken(document) {
  const schemes = { ...document.components?.securitySchemes };
  if (Object.values(schemes).some(({ scheme }) => scheme === 'bearer')) return document;
  schemes.token = {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of an application, or one that OAuth gave out.',
  };
  const paths = mapValues(document.paths ?? {}, (methods) => mapValues(methods, acceptToken));
  return { ...document, paths, components: { ...document.components, securitySchemes: schemes } };
}

function acceptToken(operation) {
  if (!operation?.security?.some((way) => Object.keys(way).length)) return operation;
  return { ...operation, security: [{ token: [] }, ...operation.security] };
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
