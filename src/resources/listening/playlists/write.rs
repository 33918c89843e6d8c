//! Creating, changing and deleting playlists, and the order of their tracks.
use std::collections::HashSet;

use async_graphql::InputObject;
use poem_openapi::Object;
use serde_json::json;

use super::{Add, Clear, Create, Delete, Move, Playlist, Remove, Update};
use crate::{
    error::{Error, Result},
    graphql::{ids::Key, reference::ById},
    guard::{Allowed, Writes},
    load::Entity,
    resources::{
        catalogue::tracks::{Track, all_known},
        checks::not_blank,
        people::users::UserPrivacy,
    },
    store::{
        Tx, sql,
        text::{clean, folded},
    },
    time::Timestamp,
};

/// Maximum number of characters of a name.
const NAME: usize = 50;

/// A playlist to create.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreatePlaylistInput")]
pub struct NewPlaylist {
    /// Name, 1 to 50 characters.
    #[oai(validator(min_length = 1, max_length = 50))]
    name: String,
    /// Who can see the playlist. Default: your own privacy level.
    privacy_level: Option<UserPrivacy>,
}

/// What to change of a playlist. Fields that are not given keep their values.
#[derive(Debug, Default, Object)]
pub struct PlaylistChanges {
    /// Name, 1 to 50 characters.
    #[oai(validator(min_length = 1, max_length = 50))]
    pub name: Option<String>,
    /// Who can see the playlist.
    pub privacy_level: Option<UserPrivacy>,
}

pub async fn create(permit: &Allowed<Create>, new: NewPlaylist) -> Result<Playlist> {
    let name = tidy(&new.name)?;
    let level = new.privacy_level.map(UserPrivacy::word);
    let mut tx = permit.begin().await?;
    let user = permit.user()?.user_id;
    let id = insert(&mut tx, user, (&name, level), permit.clock().now()).await?;
    finish(tx, id).await
}

/// Inserts a playlist; returns its ID. Without a privacy level, it has that of its owner.
pub async fn insert(
    tx: &mut Tx,
    user: i64,
    (name, level): (&str, Option<&str>),
    now: Timestamp,
) -> Result<i64> {
    sql(
        "insert into playlists (name, name_folded, user_id, privacy_level, creation_date, modification_date)
         values (?, ?, ?, coalesce(?, (select u.privacy_level from users u where u.id = ?)), ?, ?) returning id",
    )
    .bind(name)
    .bind(folded(name))
    .bind(user)
    .bind(level.map(str::to_owned))
    .bind(user)
    .bind(now)
    .bind(now)
    .number(tx)
    .await
}

pub async fn update(
    permit: &Allowed<Update>,
    key: Key,
    changes: PlaylistChanges,
) -> Result<Playlist> {
    let name = changes.name.as_deref().map(tidy).transpose()?;
    let (mut tx, id) = open(permit, key).await?;
    sql(
        "update playlists set name = coalesce(?, name), name_folded = coalesce(?, name_folded),
           privacy_level = coalesce(?, privacy_level) where id = ?",
    )
    .bind(name.clone())
    .bind(name.as_deref().map(folded))
    .bind(changes.privacy_level.map(|level| level.word().to_owned()))
    .bind(id)
    .run(&mut tx)
    .await?;
    finish(tx, id).await
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let (mut tx, id) = open(permit, key).await?;
    let gone = sql("delete from playlists where id = ?").bind(id);
    gone.run(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}

/// Tracks to add to a playlist.
pub struct Addition<'a> {
    pub tracks: &'a [ById<Track>],
    /// Whether a track may be there twice.
    pub allow_duplicates: bool,
}

/// Tracks that were added to a playlist.
pub struct Added {
    pub playlist: Playlist,
    /// The place of the first one, from 0.
    pub first: i64,
    /// IDs of the new entries, in their order.
    pub entries: Vec<i64>,
}

/// Adds tracks at the end.
pub async fn add(permit: &Allowed<Add>, key: Key, new: Addition<'_>) -> Result<Added> {
    let most = permit.preferences().await?.max_playlist_tracks();
    if new.tracks.len() > most {
        return Err(full(most));
    }
    let tracks = all_known(permit, "tracks", new.tracks).await?;
    let (mut tx, id) = open(permit, key).await?;
    let there = sql("select track_id from playlist_tracks where playlist_id = ?");
    let there = there.bind(id).ids(&mut tx).await?;
    if there.len() + tracks.len() > most {
        return Err(full(most));
    }
    if !new.allow_duplicates {
        let playlist = sql("select name from playlists where id = ?").bind(id);
        let (name,): (String,) = playlist.one(&mut tx).await?;
        unlike(&there, &tracks, &name)?;
    }
    close_gaps(&mut tx, id).await?;
    let first = i64::try_from(there.len()).unwrap_or(i64::MAX);
    let ids: Vec<i64> = tracks.iter().map(|(id, _)| *id).collect();
    let entries = append(&mut tx, id, first, &ids, permit.clock().now()).await?;
    Ok(Added {
        playlist: finish(tx, id).await?,
        first,
        entries,
    })
}

pub(super) fn full(most: usize) -> Error {
    let complaint = format!("Playlist would reach the maximum of {most} tracks");
    Error::field("playlist", complaint)
}

/// Refuses tracks that are there already, or twice among the new ones.
fn unlike(there: &[i64], new: &[(i64, String)], playlist: &str) -> Result<()> {
    let mut seen: HashSet<i64> = there.iter().copied().collect();
    let again = new.iter().filter(|(track, _)| !seen.insert(*track));
    let again: Vec<&str> = again.map(|(_, title)| title.as_str()).collect();
    if again.is_empty() {
        return Ok(());
    }
    let told = json!({
        "tracks": again,
        "playlist_name": playlist,
        "code": "tracks_already_exist_in_playlist",
    });
    Err(Error::Shaped {
        sentence: format!("Already in the playlist: {}.", again.join(", ")),
        body: json!({ "playlist": { "non_field_errors": [told] } }).into(),
    })
}

/// How many entries one statement inserts.
const AT_ONCE: usize = 500;

/// Inserts tracks from a place on; returns the IDs of the entries, in their order.
pub async fn append(
    tx: &mut Tx,
    playlist: i64,
    first: i64,
    tracks: &[i64],
    now: Timestamp,
) -> Result<Vec<i64>> {
    let mut entries = Vec::with_capacity(tracks.len());
    let placed = Vec::from_iter((first..).zip(tracks.iter().copied()));
    for part in placed.chunks(AT_ONCE) {
        let into = sql(
            "insert into playlist_tracks (playlist_id, track_id, position, creation_date) values ",
        );
        let rows = into.rows("(?, ?, ?, ?)", part, |row, (place, track)| {
            row.bind(playlist).bind(*track).bind(*place).bind(now)
        });
        entries.extend(rows.then(" returning id").ids(&mut *tx).await?);
    }
    entries.sort_unstable();
    Ok(entries)
}

/// Moves the track at one place, from 0, to another.
pub async fn shift(permit: &Allowed<Move>, key: Key, from: i64, to: i64) -> Result<Playlist> {
    let (mut tx, id) = open(permit, key).await?;
    close_gaps(&mut tx, id).await?;
    let count = sql("select count(*) from playlist_tracks where playlist_id = ?");
    let count = count.bind(id).number(&mut tx).await?;
    if !(0..count).contains(&from) {
        return Err(Error::NotFound);
    }
    if !(0..count).contains(&to) {
        return Err(Error::Shaped {
            sentence: format!("`to`: The playlist has {count} tracks."),
            body: json!(["Index is not continuous"]).into(),
        });
    }
    let by = if from < to { -1 } else { 1 };
    sql(
        "update playlist_tracks set position = case when position = ? then ? else position + ? end
         where playlist_id = ? and position between ? and ?",
    )
    .bind(from)
    .bind(to)
    .bind(by)
    .bind(id)
    .bind(from.min(to))
    .bind(from.max(to))
    .run(&mut tx)
    .await?;
    finish(tx, id).await
}

/// Removes the track at a place, from 0.
pub async fn remove(permit: &Allowed<Remove>, key: Key, index: i64) -> Result<Playlist> {
    let (mut tx, id) = open(permit, key).await?;
    close_gaps(&mut tx, id).await?;
    let gone = sql("delete from playlist_tracks where playlist_id = ? and position = ?").bind(id);
    if gone.bind(index).run(&mut tx).await? == 0 {
        return Err(Error::NotFound);
    }
    close_gaps(&mut tx, id).await?;
    finish(tx, id).await
}

pub async fn clear(permit: &Allowed<Clear>, key: Key) -> Result<Playlist> {
    let (mut tx, id) = open(permit, key).await?;
    let gone = sql("delete from playlist_tracks where playlist_id = ?").bind(id);
    gone.run(&mut tx).await?;
    finish(tx, id).await
}

pub(super) fn tidy(name: &str) -> Result<String> {
    not_blank("name", name, NAME)?;
    Ok(clean(name).trim().to_owned())
}

/// A name from elsewhere as it is stored, cut to the length of a name; `None` where nothing is left of it.
pub fn tidied(name: &str) -> Option<String> {
    let name: String = clean(name).trim().chars().take(NAME).collect();
    (!name.is_empty()).then(|| name.trim_end().to_owned())
}

/// Begins a change of one of the caller's playlists; no other change of it runs meanwhile.
pub(super) async fn open<O: Writes>(permit: &Allowed<O>, key: Key) -> Result<(Tx, i64)> {
    let id = key.number()?;
    let own = sql("select id from playlists where id = ? and user_id = ?");
    let own = own.bind(id).bind(permit.user()?.user_id);
    let mut tx = permit.begin().await?;
    tx.lock(own.clone()).await?;
    let now = permit.clock().now();
    let id = own.number(&mut tx).await?;
    let touched = sql("update playlists set modification_date = ? where id = ?");
    touched.bind(now).bind(id).run(&mut tx).await?;
    Ok((tx, id))
}

pub(super) async fn finish(mut tx: Tx, id: i64) -> Result<Playlist> {
    let playlist = Playlist::select().then(" where id = ?").bind(id);
    let playlist = playlist.one(&mut tx).await?;
    tx.commit().await?;
    Ok(playlist)
}

/// Numbers the tracks from 0 without gaps; deleted tracks leave some.
pub(super) async fn close_gaps(tx: &mut Tx, playlist: i64) -> Result<()> {
    sql("update playlist_tracks set position = places.place from
           (select id, row_number() over (order by position, id) - 1 as place
            from playlist_tracks where playlist_id = ?) places
         where places.id = playlist_tracks.id and playlist_tracks.position <> places.place")
    .bind(playlist)
    .run(tx)
    .await
    .map(|_| ())
}
