// Rules of graphql-eslint for the schema of the server and the documents of this application.
import { fileURLToPath } from 'node:url';
import graphql from '@graphql-eslint/eslint-plugin';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const presets = (...names) => Object.assign({}, ...names.map((name) => graphql.configs[`flat/${name}`].rules));
const checked = (files, rules) => ({
  files,
  plugins: { '@graphql-eslint': graphql },
  languageOptions: {
    parser: graphql.parser,
    parserOptions: {
      graphQLConfig: { schema: here('../../schema.graphql'), documents: here('src/documents.ts') },
    },
  },
  rules,
});

export default [
  { files: ['**/documents.ts'], processor: graphql.processor },
  checked(['schema.graphql'], {
    ...presets('schema-recommended', 'schema-relay'),
    // Connections have `nodes` beside `edges`, and short lists are lists.
    '@graphql-eslint/relay-edge-types': ['error', {
      withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false,
    }],
    // Records without an identity have no `id`.
    '@graphql-eslint/strict-id-in-types': 'off',
    // `User.username` and `Content.contentType` are the usual names.
    '@graphql-eslint/no-typename-prefix': 'off',
  }),
  checked(['**/documents.ts/*.graphql'], presets('operations-recommended')),
];
