import { graphql } from './graphql';

export const TRACKS = graphql(`
  query Tracks($after: String) {
    tracks(first: 5, after: $after, orderBy: [{ field: TITLE }]) {
      totalCount
      edges { cursor node { id title artist { id name } album { id title } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const ALBUM = graphql(`
  query Album($id: ID!) {
    album(id: $id) {
      id
      title
      viewerCanEdit
      cover { id url(size: MEDIUM) }
      tracks(first: 20) { nodes { id title listenUrl(signed: true) } }
    }
  }
`);

export const SUGGESTIONS = graphql(`
  query Suggestions($query: String!) {
    searchSuggestions(query: $query, first: 5) { text node { id } }
  }
`);

export const EDIT_ALBUM = graphql(`
  mutation EditAlbum($input: EditAlbumInput!) {
    editAlbum(input: $input) { album { id title } edit { id isApplied } }
  }
`);
