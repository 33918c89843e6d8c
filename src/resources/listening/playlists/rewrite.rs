//! Several changes of a playlist at once, as players send them: all of them or none.
use super::{
    Create, Playlist, Update,
    write::{append, close_gaps, finish, full, insert, open, tidy},
};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, Writes},
    resources::{catalogue::tracks::existing, people::users::UserPrivacy},
    store::{Tx, sql, text::folded},
};

/// What to change of a playlist.
#[derive(Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    /// Whether others can see it.
    pub is_public: Option<bool>,
    /// Its tracks are removed first.
    pub is_replaced: bool,
    /// Places to remove, from 0, as they are before anything else changes.
    pub removed: Vec<i64>,
    /// Tracks to add at the end.
    pub added: Vec<i64>,
}

/// Creates a playlist with tracks.
///
/// # Errors
/// `Missing` for a track that does not exist; `Invalid` for a name that is none, and for more tracks than the pod
/// allows.
pub async fn compose(permit: &Allowed<Create>, name: &str, tracks: Vec<i64>) -> Result<Playlist> {
    let name = tidy(name)?;
    check(permit, &tracks).await?;
    let user = permit.user()?.user_id;
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    let id = insert(&mut tx, user, (&name, None), now).await?;
    append(&mut tx, id, 0, &tracks, now).await?;
    finish(tx, id).await
}

/// Changes one of the caller's playlists.
///
/// # Errors
/// As `compose`; `NotFound` for playlists of others, `Refused` for places without a track.
pub async fn rewrite(permit: &Allowed<Update>, key: Key, change: Change) -> Result<Playlist> {
    let name = change.name.as_deref().map(tidy).transpose()?;
    let most = check(permit, &change.added).await?;
    let (mut tx, id) = open(permit, key).await?;
    if let Some(name) = name {
        sql("update playlists set name = ?, name_folded = ? where id = ?")
            .bind(name.as_str())
            .bind(folded(&name))
            .bind(id)
            .run(&mut tx)
            .await?;
    }
    if let Some(is_public) = change.is_public {
        publish(&mut tx, id, is_public).await?;
    }
    close_gaps(&mut tx, id).await?;
    let left = clear(&mut tx, id, &change).await?;
    if left + change.added.len() > most {
        return Err(full(most));
    }
    if !change.removed.is_empty() {
        close_gaps(&mut tx, id).await?;
    }
    let first = i64::try_from(left).unwrap_or(i64::MAX);
    append(&mut tx, id, first, &change.added, permit.clock().now()).await?;
    finish(tx, id).await
}

/// Shows a playlist to everyone if only its owner sees it, or to its owner alone.
async fn publish(tx: &mut Tx, id: i64, is_public: bool) -> Result<()> {
    let set = sql("update playlists set privacy_level = ? where id = ?");
    let set = match is_public {
        true => set
            .bind(UserPrivacy::Everyone)
            .bind(id)
            .then(" and privacy_level not in ('instance', 'everyone')"),
        false => set.bind(UserPrivacy::Me).bind(id),
    };
    set.run(tx).await.map(|_| ())
}

/// Removes tracks; answers how many are left.
async fn clear(tx: &mut Tx, id: i64, change: &Change) -> Result<usize> {
    let mut removed = change.removed.clone();
    removed.sort_unstable();
    removed.dedup();
    let gone = sql("delete from playlist_tracks where playlist_id = ?").bind(id);
    if change.is_replaced {
        gone.run(tx).await?;
        return Ok(0);
    }
    let wanted = removed.len();
    if wanted > 0 {
        let gone = gone.then(" and position in ?*").bind(removed);
        if gone.run(&mut *tx).await? != wanted as u64 {
            let complaint = "The playlist has no song at that place.";
            return Err(Error::Refused(complaint.to_owned()));
        }
    }
    let left = sql("select count(*) from playlist_tracks where playlist_id = ?");
    let left = left.bind(id).number(tx).await?;
    Ok(usize::try_from(left).unwrap_or(usize::MAX))
}

/// Refuses too many tracks, and tracks that do not exist; answers how many a playlist may have.
async fn check<O: Writes>(permit: &Allowed<O>, tracks: &[i64]) -> Result<usize> {
    let most = permit.preferences().await?.max_playlist_tracks();
    if tracks.len() > most {
        return Err(full(most));
    }
    let known = existing(permit, tracks).await?;
    match tracks.iter().find(|track| !known.contains(track)) {
        Some(_) => Err(Error::Missing("Song not found".to_owned())),
        None => Ok(most),
    }
}
