// Proves that graphql-codegen makes types of queries (client preset), and that they are those of the schema.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generate } from '@graphql-codegen/cli';
import { preset } from '@graphql-codegen/client-preset';

const [base] = process.argv.slice(2);
assert.ok(base, 'usage: node codegen.mjs BASE');

const folder = mkdtempSync(path.join(tmpdir(), 'baleen-codegen-'));
writeFileSync(path.join(folder, 'query.graphql'), `
  query Page($filter: AlbumFilter, $after: String) {
    albums(first: 10, after: $after, filter: $filter) {
      totalCount
      nodes { id title releaseDate artist { ...Name } tracks { nodes { id duration } } }
    }
  }
  fragment Name on Artist { id name }
  subscription Sessions { sessionsChanged { sessions { id } } }
  mutation Edit($input: EditAlbumInput!) { editAlbum(input: $input) { album { id } } }
`);
await generate({
  cwd: folder,
  silent: true,
  generates: {
    [`${folder}/out/`]: { preset, schema: new URL('/graphql', base).href, documents: `${folder}/query.graphql` },
  },
}, true);
const types = readFileSync(path.join(folder, 'out', 'graphql.ts'), 'utf8');
for (const name of ['PageQuery', 'EditMutation', 'SessionsSubscription', 'NameFragment']) assert.match(types, new RegExp(`export type ${name} `));
rmSync(folder, { recursive: true });
console.log('codegen: the types are there');
