// GraphiQL for this server's /graphql, using the scripts that the page loads before this one.
import { footer } from './footer.js';
import * as requests from './requests.js';
import * as session from './session.js';
import { shared, toolbar } from './share.js';

const { React, ReactDOM, GraphiQL, GraphiQLPluginExplorer } = window;

session.start();

const root = ReactDOM.createRoot(document.getElementById('graphiql'));
const linked = shared();
const examples = await fetch('/assets/graphiql/examples.json').then((found) => found.json()).catch(() => []);
const tabs = examples.map(({ query, variables }) => ({
  query: `${query.join('\n')}\n`,
  variables: variables && JSON.stringify(variables, null, 2),
}));

root.render(
  React.createElement(
    GraphiQL,
    {
      fetcher: requests.send,
      defaultQuery: '# A new query\n\n{\n  \n}\n',
      ...(tabs.length && { defaultTabs: tabs }),
      plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      forcedTheme: 'system',
      ...linked,
    },
    React.createElement(GraphiQL.Toolbar, null, React.createElement(toolbar)),
    React.createElement(GraphiQL.Footer, null, React.createElement(footer)),
  ),
);

mend();

/** Tells screen readers what GraphiQL does not: names of its editors, and that its tabs are buttons in a list. */
function mend() {
  const names = [
    ['.graphiql-query-editor .CodeMirror textarea', 'Query'],
    ['.graphiql-editor-tool .graphiql-editor:nth-of-type(1) textarea', 'Variables'],
    ['.graphiql-editor-tool .graphiql-editor:nth-of-type(2) textarea', 'Headers'],
    ['.result-window textarea', 'Response'],
  ];
  const set = (place, attribute, value) => {
    for (const found of document.querySelectorAll(place)) {
      if (found.getAttribute(attribute) !== value) found.setAttribute(attribute, value);
    }
  };
  const give = () => {
    for (const [place, name] of names) set(place, 'aria-label', name);
    set('.graphiql-tabs', 'role', 'group');
    set('.graphiql-tab', 'role', 'presentation');
    for (const tab of document.querySelectorAll('.graphiql-tab[aria-selected]')) {
      tab.querySelector('.graphiql-tab-button')?.setAttribute('aria-pressed', tab.getAttribute('aria-selected'));
      tab.removeAttribute('aria-selected');
    }
  };
  const place = document.getElementById('graphiql');
  new MutationObserver(give).observe(place, { childList: true, subtree: true, attributeFilter: ['aria-selected'] });
  give();
}
