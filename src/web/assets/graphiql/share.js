// Links to a query, and the query as other tools send it.
const { React, GraphiQL } = window;
const h = React.createElement;

/** The query and the variables of the address, for GraphiQL; empty if it has none. */
export function shared() {
  const sent = new URLSearchParams(location.search);
  if (!sent.has('query')) return {};
  return { query: sent.get('query'), variables: sent.get('variables') ?? '' };
}

/** GraphiQL's own buttons, and those for copying. */
export function toolbar() {
  const { ToolbarButton, PrettifyIcon, MergeIcon, CopyIcon, usePrettifyEditors, useMergeQuery, useCopyQuery } = GraphiQL.React;
  const own = [
    ['Prettify query (Shift-Ctrl-P)', PrettifyIcon, usePrettifyEditors()],
    ['Merge fragments into query (Shift-Ctrl-M)', MergeIcon, useMergeQuery()],
    ['Copy query (Shift-Ctrl-C)', CopyIcon, useCopyQuery()],
  ];
  const buttons = own.map(([label, icon, onClick]) => {
    const picture = h(icon, { className: 'graphiql-toolbar-icon', 'aria-hidden': true });
    return h(ToolbarButton, { key: label, label, onClick }, picture);
  });
  return h(React.Fragment, null, buttons, h(Copying));
}

const FORMATS = [
  ['Link', link],
  ['curl', curl],
  ['fetch (JavaScript)', fetchCall],
  ['gql (Python)', gql],
];

function Copying() {
  const { queryEditor, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });
  const [said, say] = React.useState('');
  const write = async (format) => {
    const query = queryEditor?.getValue() ?? '';
    const variables = variableEditor?.getValue().trim() ?? '';
    const done = navigator.clipboard?.writeText(format(query, variables)) ?? Promise.reject();
    await done.then(() => say('Copied.'), () => say('Copying needs HTTPS, and the permission of the browser.'));
  };
  const { ToolbarMenu } = GraphiQL.React;
  const items = FORMATS.map(([name, format]) => h(ToolbarMenu.Item, { key: name, onSelect: () => write(format) }, name));
  return h(React.Fragment, null,
    h(ToolbarMenu, { label: 'Copy as', button: h('span', { className: 'copy-as' }, 'Share') }, items),
    h('span', { role: 'status', className: 'sr-only' }, said));
}

const address = () => `${location.origin}/graphql`;

function link(query, variables) {
  const parameters = new URLSearchParams({ query });
  if (variables) parameters.set('variables', variables);
  return `${location.origin}${location.pathname}?${parameters}`;
}

function body(query, variables) {
  return JSON.stringify({ query, variables: parsed(variables) });
}

function parsed(variables) {
  try {
    return variables ? JSON.parse(variables) : undefined;
  } catch {
    return undefined;
  }
}

function curl(query, variables) {
  const quoted = body(query, variables).replace(/'/g, "'\\''");
  return `curl ${address()} \\\n  -H 'Content-Type: application/json' \\\n  -H 'Authorization: Bearer ACCESS_TOKEN' \\\n  -d '${quoted}'`;
}

function fetchCall(query, variables) {
  return `const response = await fetch(${JSON.stringify(address())}, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer ACCESS_TOKEN' },
  body: JSON.stringify(${body(query, variables)}),
});
const { data, errors } = await response.json();`;
}

function gql(query, variables) {
  const values = parsed(variables);
  const given = values ? `, variable_values=json.loads(${JSON.stringify(JSON.stringify(values))})` : '';
  return `import json

from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport

transport = RequestsHTTPTransport(url=${JSON.stringify(address())}, headers={"Authorization": "Bearer ACCESS_TOKEN"})
query = gql(${JSON.stringify(query)})
result = Client(transport=transport).execute(query${given})
print(json.dumps(result, indent=2))`;
}
