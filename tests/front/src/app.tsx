import { useMutation, useQuery } from '@apollo/client/react';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { code, wait } from './client';
import { ALBUM, EDIT_ALBUM, SUGGESTIONS, TRACKS } from './documents';
import { session } from './session';

export function App({ isSignedIn }: { isSignedIn: boolean }) {
  const [album, show] = useState<string>();
  if (!isSignedIn) return <SignIn text="Sign in" />;
  return (
    <>
      <Search />
      <Tracks show={show} />
      {album && <Album id={album} key={album} />}
    </>
  );
}

function SignIn({ text }: { text: string }) {
  return <button className="sign-in" onClick={() => session.signinRedirect()}>{text}</button>;
}

/** What went wrong, and what to do about it. */
function Notice({ error }: { error: unknown }) {
  switch (code(error)) {
    case 'THROTTLED':
      return <p role="alert">Too many requests: wait {String(wait(error))} s.</p>;
    case 'TOKEN_EXPIRED':
    case 'TOKEN_INVALID':
    case 'UNAUTHENTICATED':
      return <SignIn text="Your sign-in has ended. Sign in again" />;
    default:
      return <p role="alert">{String(error)}</p>;
  }
}

function Search() {
  const [text, type] = useState('');
  const { data, error } = useQuery(SUGGESTIONS, { variables: { query: text }, skip: !text });
  return (
    <section id="search">
      <input aria-label="Search" value={text} onChange={({ target }) => type(target.value)} />
      {error && <Notice error={error} />}
      <ul>{data?.searchSuggestions?.map(({ text, node }) => <li key={node.id}>{text}</li>)}</ul>
    </section>
  );
}

/** An endless list: it goes on whenever its end comes into view. */
function Tracks({ show }: { show: (album: string) => void }) {
  const { data, error, fetchMore } = useQuery(TRACKS);
  const end = useRef<HTMLDivElement>(null);
  const page = data?.tracks?.pageInfo;
  useEffect(() => {
    if (!page?.hasNextPage || !end.current) return;
    const watcher = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) void fetchMore({ variables: { after: page.endCursor } });
    });
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, [page?.endCursor, page?.hasNextPage, fetchMore]);
  if (error && !data) return <Notice error={error} />;
  return (
    <section id="tracks">
      <h1>{data?.tracks?.totalCount} tracks</h1>
      <ol>
        {data?.tracks?.edges.map(({ node }) => (
          <li key={node.id} style={{ minHeight: '10rem' }}>
            {node.title}, {node.artist?.name}
            {node.album && <button onClick={() => show(node.album!.id)}>{node.album.title}</button>}
          </li>
        ))}
      </ol>
      <div ref={end}>{!page ? 'Loading' : page.hasNextPage ? 'More follow' : 'All shown'}</div>
    </section>
  );
}

function Album({ id }: { id: string }) {
  const { data, error } = useQuery(ALBUM, { variables: { id } });
  const [url, play] = useState<string>();
  if (error) return <Notice error={error} />;
  const album = data?.album;
  if (!album) return <p>Loading</p>;
  return (
    <section id="album">
      <h2>{album.title}</h2>
      {album.cover?.url && <img src={album.cover.url} alt="" />}
      {album.viewerCanEdit && <Rename id={id} key={id} />}
      <ol>
        {album.tracks?.nodes.map((track) => (
          <li key={track.id}>
            <button onClick={() => track.listenUrl && play(track.listenUrl)}>{track.title}</button>
          </li>
        ))}
      </ol>
      {url && <audio src={url} autoPlay controls />}
    </section>
  );
}

function Rename({ id }: { id: string }) {
  const [rename, { error }] = useMutation(EDIT_ALBUM);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get('title'));
    // Told by the notice.
    rename({ variables: { input: { id, title, isApproved: true } } }).catch(() => undefined);
  };
  return (
    <form onSubmit={save}>
      <input name="title" aria-label="Title" />
      <button>Rename</button>
      {error && <Notice error={error} />}
    </form>
  );
}
