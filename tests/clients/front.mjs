// Proves that Apollo Client and urql's graphcache show endless lists, and see a change everywhere, without a warning.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { buildSchema, introspectionFromSchema } from 'graphql';

const [base, token] = process.argv.slice(2);
assert.ok(token, 'usage: node front.mjs BASE TOKEN');

const step = (text) => console.log(`front: ${text}`);
const complaints = [];
for (const level of ['warn', 'error']) console[level] = (...words) => complaints.push(words.map(String).join(' '));

const uri = new URL('/graphql', base).href;
const headers = { authorization: `Bearer ${token}` };
const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

const TRACKS = gql`
  query Tracks($after: String) {
    tracks(first: 5, after: $after, orderBy: [{ field: TITLE }]) {
      edges { cursor node { id title album { id title viewerCanEdit } artist { id name } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const ALBUM = gql`
  query Album($id: ID!) {
    album(id: $id) { id title tracks(first: 20) { nodes { id title } } }
  }
`;
const EDIT = gql`
  mutation Edit($input: EditAlbumInput!) {
    editAlbum(input: $input) { album { id title } edit { id isApplied } }
  }
`;

async function apollo() {
  const cache = new InMemoryCache({ typePolicies: { Query: { fields: { tracks: relayStylePagination(['filter', 'orderBy']) } } } });
  const client = new ApolloClient({ cache, link: new HttpLink({ uri, headers }) });
  const list = client.watchQuery({ query: TRACKS });
  let shown;
  const following = list.subscribe(({ data }) => { shown = data ?? shown; });
  let { pageInfo } = (await client.query({ query: TRACKS })).data.tracks;
  while (pageInfo.hasNextPage) {
    const more = await list.fetchMore({ variables: { after: pageInfo.endCursor } });
    ({ pageInfo } = more.data.tracks);
  }
  const { edges } = client.readQuery({ query: TRACKS }).tracks;
  assert.equal(new Set(edges.map(({ node }) => node.id)).size, edges.length);
  assert.ok(edges.length > 5, `${edges.length} tracks`);
  const { album } = edges.find(({ node }) => node.album.viewerCanEdit).node;
  await client.query({ query: ALBUM, variables: { id: album.id } });
  const title = `${album.title} (Apollo)`;
  const { data } = await client.mutate({ mutation: EDIT, variables: { input: { id: album.id, title, isApproved: true } } });
  assert.deepEqual(data.editAlbum.album.title, title, JSON.stringify(data));
  // Everywhere, without asking again.
  const titles = ({ tracks }) => tracks.edges.filter(({ node }) => node.album.id === album.id).map(({ node }) => node.album.title);
  assert.deepEqual(new Set(titles(client.readQuery({ query: TRACKS }))), new Set([title]));
  assert.deepEqual(new Set(titles(shown)), new Set([title]));
  assert.equal(client.readQuery({ query: ALBUM, variables: { id: album.id } }).album.title, title);
  following.unsubscribe();
}

async function urql() {
  const exchange = cacheExchange({
    schema: introspectionFromSchema(schema),
    resolvers: { Query: { tracks: relayPagination() } },
    logger: (_level, text) => complaints.push(text),
  });
  const client = new Client({ url: uri, exchanges: [exchange, fetchExchange], fetchOptions: { headers }, preferGetMethod: false });
  const ask = async (query, variables = {}, policy = 'cache-first') => {
    const { data, error } = await client.query(query, variables, { requestPolicy: policy }).toPromise();
    assert.equal(error, undefined, String(error));
    return data;
  };
  let { tracks } = await ask(TRACKS);
  while (tracks.pageInfo.hasNextPage) ({ tracks } = await ask(TRACKS, { after: tracks.pageInfo.endCursor }));
  const all = (await ask(TRACKS, {}, 'cache-only')).tracks.edges;
  assert.ok(all.length > 5 && new Set(all.map(({ node }) => node.id)).size === all.length, `${all.length} tracks`);
  const { album } = all.find(({ node }) => node.album.viewerCanEdit).node;
  const title = `${album.title} (urql)`;
  const { data, error } = await client.mutation(EDIT, { input: { id: album.id, title, isApproved: true } }).toPromise();
  assert.equal(data?.editAlbum.album.title, title, String(error));
  const { tracks: { edges } } = await ask(TRACKS, {}, 'cache-only');
  assert.ok(edges.some(({ node }) => node.album.title === title));
  assert.ok(edges.every(({ node }) => node.album.id !== album.id || node.album.title === title));
}

await apollo();
step('Apollo Client pages, edits and sees it everywhere');
await urql();
step('urql with graphcache does too');
assert.deepEqual(complaints, []);
