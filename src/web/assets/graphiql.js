// GraphiQL for this server's /graphql, using the scripts that the page loads before this one.
import * as session from './session.js';

const { React, ReactDOM, GraphiQL, GraphiQLPluginExplorer } = window;

const WELCOME = `# The GraphQL API of this pod.
#
# Ctrl-Enter sends the query, Ctrl-Space completes.
#
# On the left: the schema documentation, the history
# of your queries, and an explorer to build a query
# by selecting its fields.
#
# Account data requires a token. Sign in at the top,
# or enter a token under "Headers" below:
#
#   { "Authorization": "Bearer <token>" }

query Welcome {
  instance {
    name
    softwareVersion
    figures {
      artists
      albums
      tracks
    }
  }
  artists(first: 5) {
    totalCount
    nodes {
      name
      tracksCount
    }
  }
}
`;

session.start();

const fetcher = GraphiQL.createFetcher({
  url: '/graphql',
  fetch: session.send,
  enableIncrementalDelivery: false,
});

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: WELCOME,
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    forcedTheme: 'system',
  }),
);
