// Proves that the client that web players are built on does its work.
import assert from 'node:assert/strict';
import { SubsonicAPI } from 'subsonic-api';

const [base, username, password] = process.argv.slice(2);
const player = new SubsonicAPI({ url: base, auth: { username, password } });
assert.equal((await player.ping()).status, 'ok');
const { artists } = await player.getArtists();
assert.ok(artists.index.length > 0);
const { albumList2 } = await player.getAlbumList2({ type: 'alphabeticalByArtist', size: 500 });
const { album } = await player.getAlbum({ id: albumList2.album[0].id });
assert.ok(album.song.length > 0);
const audio = await player.stream({ id: album.song[0].id, format: 'raw' });
assert.equal(audio.status, 200);
assert.ok((await audio.arrayBuffer()).byteLength > 100);
const { searchResult3 } = await player.search3({ query: '' });
assert.ok(searchResult3.song.length > 0);
const { randomSongs } = await player.getRandomSongs({ size: 5 });
assert.equal(new Set(randomSongs.song.map(({ id }) => id)).size, 5);
await player.star({ id: album.song[0].id });
const { starred2 } = await player.getStarred2();
assert.ok(starred2.song.some(({ id }) => id === album.song[0].id));
console.log('subsonic: subsonic-api browses and plays');
