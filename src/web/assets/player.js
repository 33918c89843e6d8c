// The list of tracks and its player, on the start page and in the embedded player.

/** Creates an element: `element('p', { className: 'hint' }, 'text', child)`. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Requests a path of the API: resolves to the JSON, or rejects with an error that has `status`. */
export async function ask(path) {
  const answer = await fetch(path, {
    credentials: 'same-origin',
    headers: { Accept: 'application/json' },
  });
  if (!answer.ok) throw Object.assign(new Error(`${path}: ${answer.status}`), { status: answer.status });
  return answer.json();
}

/** A list of tracks with one player for all of them, as children of `root`. */
export function player(root, tracks) {
  const audio = element('audio', { controls: true, preload: 'none' });
  const now = element('p', { className: 'now' });
  now.setAttribute('aria-live', 'polite');
  const buttons = tracks.map((track, at) => row(track, () => choose(at)));
  const list = element('ol', { className: 'tracks' }, ...buttons.map((button) => element('li', {}, button)));
  list.setAttribute('role', 'list');
  let current = -1;

  function load(at) {
    const track = tracks[at];
    current = at;
    audio.src = address(track);
    audio.setAttribute('aria-label', `Player: ${spoken(track)}`);
    now.classList.remove('error');
    now.replaceChildren(element('strong', {}, track.title), ` ${credit(track)}`);
    buttons.forEach((button, place) => {
      if (place === at) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    });
    announce(track);
  }

  function play(at) {
    if (!tracks[at]) return;
    load(at);
    start();
  }

  function choose(at) {
    if (at !== current || audio.error) play(at);
    else if (audio.paused) start();
    else audio.pause();
  }

  // Failures to load are reported by the `error` event; other rejections mean a newer choice.
  function start() {
    audio.play().catch(() => {});
  }

  function refuse() {
    now.classList.add('error');
    now.textContent = `“${tracks[current].title}” could not be played.`;
  }

  function mark() {
    buttons[current]?.classList.toggle('playing', !audio.paused);
    buttons.forEach((button, at) => at !== current && button.classList.remove('playing'));
  }

  audio.addEventListener('ended', () => play(current + 1));
  audio.addEventListener('error', refuse);
  for (const event of ['play', 'pause', 'emptied']) audio.addEventListener(event, mark);
  navigator.mediaSession?.setActionHandler('nexttrack', () => play(current + 1));
  navigator.mediaSession?.setActionHandler('previoustrack', () => play(current - 1));

  root.append(list, element('div', { className: 'player' }, now, audio));
  load(0);
}

/** The URL of a track's audio, for playing instead of downloading. */
function address({ listen_url: url }) {
  return `${url}${url.includes('?') ? '&' : '?'}download=false`;
}

function row(track, choose) {
  const text = element(
    'span',
    { className: 'what' },
    element('span', { className: 'title' }, track.title),
    element('span', { className: 'credit' }, credit(track)),
  );
  const seconds = track.uploads?.[0]?.duration;
  const length = element('span', { className: 'length' }, seconds == null ? '' : clock(seconds));
  const button = element('button', { type: 'button', className: 'track', onclick: choose }, cover(track), text, length);
  button.setAttribute('aria-label', ['Play', spoken(track), seconds == null ? '' : clock(seconds)].join(' ').trim());
  return button;
}

/** The cover in a box, which stays empty if there is none or it fails to load. */
function cover(track) {
  const box = element('span', { className: 'cover' });
  const url = picture(track);
  if (url) {
    const image = element('img', { alt: '', loading: 'lazy', decoding: 'async', width: 48, height: 48 });
    image.addEventListener('error', () => image.remove());
    image.src = url;
    box.append(image);
  }
  return box;
}

function picture({ cover, album }) {
  return cover?.urls?.medium_square_crop ?? album?.cover?.urls?.medium_square_crop;
}

function credit({ artist, album }) {
  return [artist?.name, album?.title].filter(Boolean).join(' · ');
}

function spoken({ title, artist, album }) {
  return [title, artist && `by ${artist.name}`, album && `from ${album.title}`].filter(Boolean).join(' ');
}

function clock(seconds) {
  const whole = Math.round(seconds);
  const pad = (number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

function announce(track) {
  if (!navigator.mediaSession) return;
  const src = picture(track);
  navigator.mediaSession.metadata = new MediaMetadata({
    title: track.title,
    artist: track.artist?.name ?? '',
    album: track.album?.title ?? '',
    artwork: src ? [{ src: new URL(src, location.href).href }] : [],
  });
}
