// The player frame: ?type=track|album|artist&id=<number>.
import { ask, element, player } from './player.js';

const LISTS = ['album', 'artist'];

const root = document.getElementById('player');
show(new URLSearchParams(location.search));

async function show(query) {
  const type = query.get('type');
  const id = query.get('id');
  const known = type === 'track' || LISTS.includes(type);
  if (!known || !/^\d+$/.test(id)) return say('This link is not valid: there is nothing to play.');
  try {
    const tracks = type === 'track' ? [await ask(`/api/v1/tracks/${id}`)] : await list(type, id);
    if (!tracks.length) return say('There is nothing to play here.');
    document.title = heading(type, tracks[0]);
    document.getElementById('title').textContent = document.title;
    player(root, tracks);
  } catch (error) {
    say(reason(error.status));
  }
}

async function list(filter, id) {
  const order = 'ordering=disc_number,position&page_size=100';
  return (await ask(`/api/v1/tracks?${filter}=${id}&playable=true&${order}`)).results;
}

function heading(type, { title, artist, album }) {
  if (type === 'artist') return artist.name;
  const name = type === 'album' ? album.title : title;
  return artist ? `${name} – ${artist.name}` : name;
}

function reason(status) {
  if (status === 401 || status === 403) return 'This pod requires you to sign in.';
  // Lists answer 400 to an unknown album or artist ID.
  if (status === 404 || status === 400) return 'This music is no longer available.';
  return 'The pod is not responding. Try again later.';
}

function say(text) {
  root.append(element('p', { className: 'notice' }, text));
}
