//! What goes with a channel, whether its owner deletes the channel or the account.
use crate::{
    error::Result,
    resources::{
        catalogue::removal::rows,
        library::{attachments, uploads::release},
    },
    store::{Sql, Tx, sql},
    time::Timestamp,
};

/// Tracks that are credited to one of these artists first, and those on their albums.
const TRACKS: &str =
    "select h.track_id from track_artists h where h.position = 0 and h.artist_id in ?*
    union select t.id from tracks t join album_artists h on h.album_id = t.album_id
    where h.position = 0 and h.artist_id in ?*";

/// Deletes channels with what they published; returns the files of pictures that nothing shows any more, which are to be
/// removed once the transaction is committed. Their usernames stay taken, so that nobody takes their place with those
/// who follow them or read their feeds. What others have uploaded of the same tracks stays, with the artist.
pub async fn remove(tx: &mut Tx, channels: &Sql, now: Timestamp) -> Result<Vec<String>> {
    let of = |column: &'static str| {
        let of = sql("select ")
            .then(column)
            .then(" from channels where id in (");
        of.append(channels.clone()).then(")")
    };
    let going = sql("select u.id from uploads u where u.library_id in (")
        .append(of("library_id"))
        .then(")");
    release(tx, &going, now).await?;
    let artists = of("artist_id").ids(&mut *tx).await?;
    let actors = of("actor_id").ids(&mut *tx).await?;
    let libraries = of("library_id").ids(&mut *tx).await?;
    sql("delete from libraries where id in ?*")
        .bind(libraries)
        .run(&mut *tx)
        .await?;
    let tracks = sql("select x.track_id from (")
        .then(TRACKS)
        .bind(artists.clone())
        .bind(artists.clone())
        .then(") x where not exists (select 1 from uploads u where u.track_id = x.track_id)")
        .ids(&mut *tx)
        .await?;
    let mut pictures = rows(tx, "tracks", tracks).await?;
    let albums = sql(
        "select h.album_id from album_artists h where h.position = 0 and h.artist_id in ?*
        and not exists (select 1 from tracks t where t.album_id = h.album_id)",
    );
    let albums = albums.bind(artists.clone()).ids(&mut *tx).await?;
    pictures.extend(rows(tx, "albums", albums).await?);
    sql("delete from channels where artist_id in ?*")
        .bind(artists.clone())
        .run(&mut *tx)
        .await?;
    let artists = sql("select a.id from artists a where a.id in ?*
        and not exists (select 1 from track_artists h where h.artist_id = a.id)
        and not exists (select 1 from album_artists h where h.artist_id = a.id)")
    .bind(artists)
    .ids(&mut *tx)
    .await?;
    pictures.extend(rows(tx, "artists", artists).await?);
    bury(tx, actors).await?;
    attachments::discard(tx, pictures).await
}

/// Reduces actors to tombstones that nobody follows.
async fn bury(tx: &mut Tx, actors: Vec<i64>) -> Result<()> {
    sql("delete from follows where target_actor_id in ?*")
        .bind(actors.clone())
        .run(&mut *tx)
        .await?;
    sql("update actors set type = 'Tombstone', name = null, summary = null where id in ?*")
        .bind(actors)
        .run(tx)
        .await
        .map(|_| ())
}
