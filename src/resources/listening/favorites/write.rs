//! Adding and removing favorites.
use async_graphql::InputObject;
use poem_openapi::Object;

use super::{Create, Delete, Favorite, Remove};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{ids::Key, reference::ById},
    guard::Allowed,
    load::Entity,
    resources::{
        catalogue::tracks::{self, Track},
        listening::acts::checked,
        people::plugins::{Act, told},
    },
    store::{Tx, sql},
    time::Timestamp,
};

/// A track to add to your favorites.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateFavoriteInput")]
pub struct NewFavorite {
    /// The track.
    track: ById<Track>,
    /// Time at which the track was marked; now by default.
    creation_date: Option<Timestamp>,
}

/// A track to remove from your favorites.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "RemoveFavoriteInput")]
pub struct NoFavorite {
    /// The track.
    pub track: ById<Track>,
}

pub async fn create(permit: &Allowed<Create>, new: NewFavorite) -> Result<Favorite> {
    let (track, at) = checked(permit, &new.track, new.creation_date).await?;
    let user = permit.user()?.user_id;
    let mut tx = permit.begin().await?;
    let favorite = Favorite::select().then(" where user_id = ? and track_id = ?");
    let favorite = favorite.bind(user).bind(track);
    if let Some(there) = favorite.clone().optional(&mut tx).await? {
        return Ok(there);
    }
    insert(&mut tx, user, track, at).await?;
    let favorite = favorite.one(&mut tx).await?;
    told(permit, tx, &[Act::Loved(track)]).await?;
    Ok(favorite)
}

/// Refuses tracks that do not exist.
pub async fn known(reader: &Reader, tracks: &[i64]) -> Result<()> {
    let known = tracks::existing(reader, tracks).await?;
    match tracks.iter().all(|track| known.contains(track)) {
        true => Ok(()),
        false => Err(Error::Missing("Song not found".to_owned())),
    }
}

/// Marks tracks; those that are marked stay as they are.
///
/// # Errors
/// `Missing` if one of them does not exist.
pub async fn mark(permit: &Allowed<Create>, tracks: &[i64]) -> Result<()> {
    known(permit, tracks).await?;
    let (user, now) = (permit.user()?.user_id, permit.clock().now());
    let mut acts = Vec::new();
    let mut tx = permit.begin().await?;
    for track in tracks {
        if insert(&mut tx, user, *track, now).await? {
            acts.push(Act::Loved(*track));
        }
    }
    told(permit, tx, &acts).await
}

/// Marks a track; returns whether it was not marked before.
async fn insert(tx: &mut Tx, user: i64, track: i64, at: Timestamp) -> Result<bool> {
    sql(
        "insert into favorites (user_id, track_id, creation_date) values (?, ?, ?)
         on conflict (user_id, track_id) do nothing",
    )
    .bind(user)
    .bind(track)
    .bind(at)
    .run(tx)
    .await
    .map(|count| count > 0)
}

/// Takes the mark from tracks, if they have one.
pub async fn unmark(permit: &Allowed<Remove>, tracks: Vec<i64>) -> Result<()> {
    let mut tx = permit.begin().await?;
    let gone = sql("delete from favorites where user_id = ? and track_id in ?* returning track_id");
    let gone = gone.bind(permit.user()?.user_id).bind(tracks);
    let gone = gone.ids(&mut tx).await?;
    let acts: Vec<Act> = gone.into_iter().map(Act::Unloved).collect();
    told(permit, tx, &acts).await
}

/// Removes a track; returns the IDs of the favorite and of the track.
pub async fn remove(permit: &Allowed<Remove>, old: NoFavorite) -> Result<(i64, i64)> {
    let track = tracks::known(permit, "track", &old.track).await?;
    let mut tx = permit.begin().await?;
    let gone = sql("delete from favorites where user_id = ? and track_id = ? returning id");
    let gone = gone.bind(permit.user()?.user_id).bind(track);
    let (id,) = gone
        .optional(&mut tx)
        .await?
        .ok_or_else(|| Error::field("track", "The track is not one of your favorites."))?;
    told(permit, tx, &[Act::Unloved(track)]).await?;
    Ok((id, track))
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let id = key.number()?;
    let mut tx = permit.begin().await?;
    let own = sql("delete from favorites where id = ? and user_id = ? returning track_id").bind(id);
    let own = own.bind(permit.user()?.user_id);
    let track = own.number(&mut tx).await?;
    told(permit, tx, &[Act::Unloved(track)]).await?;
    Ok(id)
}
