// What an application with Relay asks for: lists that grow, objects that are fetched again, edits and
// deletions that change its store.
import {graphql} from 'relay-runtime';
const artist = graphql`
  fragment App_artist on Artist @refetchable(queryName: "ArtistAlbumsQuery") @argumentDefinitions(count: {type: "Int", defaultValue: 20}, cursor: {type: "String"}) {
    name
    albums(first: $count, after: $cursor) @connection(key: "App_artist_albums") { edges { node { id title isPlayable } } }
  }`;
const user = graphql`fragment App_user on User @refetchable(queryName: "UserQuery") { username email isViewer }`;
const edit = graphql`fragment App_edit on Edit @refetchable(queryName: "EditQuery") { summary track { title } }`;
const q = graphql`query AppQuery($f: ArtistFilter) { artists(filter: $f, first: 10) { edges { node { ...App_artist } } } viewer { ...App_user } }`;
const m = graphql`mutation AppEditMutation($input: EditAlbumInput!) { editAlbum(input: $input) { album { id title } edit { ...App_edit } } }`;
const d = graphql`mutation AppDeleteMutation($input: DeleteAlbumInput!, $connections: [ID!]!) { deleteAlbum(input: $input) { deletedId @deleteEdge(connections: $connections) } }`;
const r = graphql`mutation AppRevokeMutation($input: RevokeSessionInput!) { revokeSession(input: $input) { deletedId @deleteRecord } }`;
