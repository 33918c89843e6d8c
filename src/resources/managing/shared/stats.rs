//! What hangs on objects: figures that keepers look at before they remove something.
use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    context::Reader,
    error::Result,
    graphql::scalars::BigInt,
    store::{Sql, sql},
};

/// What hangs on an artist, album, track or channel.
#[derive(Clone, Copy, Debug, FromRow, Serialize, Object)]
pub struct ContentStats {
    /// Number of listenings.
    pub listenings: i64,
    /// Number of edits of the object itself.
    pub mutations: i64,
    /// Number of playlists with one of its tracks.
    pub playlists: i64,
    /// Number of favorites among its tracks.
    pub track_favorites: i64,
    /// Number of libraries with one of its tracks.
    pub libraries: i64,
    /// Number of channels with one of its tracks.
    pub channels: i64,
    /// Number of uploads of its tracks.
    pub uploads: i64,
    /// Number of reports about the object itself.
    pub reports: i64,
    /// Size of the uploads in bytes.
    pub media_total_size: i64,
    /// Size of those uploads in bytes whose file is on this pod.
    pub media_downloaded_size: i64,
}

/// What hangs on a library.
#[derive(Clone, Copy, Debug, FromRow, Serialize, Object)]
pub struct LibraryFigures {
    /// Number of uploads.
    pub uploads: i64,
    /// Number of followers.
    pub followers: i64,
    /// Number of tracks.
    pub tracks: i64,
    /// Number of albums.
    pub albums: i64,
    /// Number of artists of the tracks.
    pub artists: i64,
    /// Number of reports.
    pub reports: i64,
    /// Size of the uploads in bytes.
    pub media_total_size: i64,
    /// Size of those uploads in bytes whose file is on this pod.
    pub media_downloaded_size: i64,
}

/// What hangs on an object, with which it would go.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ManagedStats {
    /// Number of uploads.
    uploads: i64,
    /// Number of reports about the object itself.
    reports: i64,
    /// Number of listenings; null for libraries.
    listenings: Option<i64>,
    /// Number of edits of the object itself; null for libraries.
    edits: Option<i64>,
    /// Number of playlists with one of its tracks; null for libraries.
    playlists: Option<i64>,
    /// Number of favorites among its tracks; null for libraries.
    favorites: Option<i64>,
    /// Number of libraries with one of its tracks; null for libraries.
    libraries: Option<i64>,
    /// Number of channels with one of its tracks; null for libraries.
    channels: Option<i64>,
    /// Number of followers; for libraries only.
    followers: Option<i64>,
    /// Number of tracks; for libraries only.
    tracks: Option<i64>,
    /// Number of albums; for libraries only.
    albums: Option<i64>,
    /// Number of artists; for libraries only.
    artists: Option<i64>,
    /// Size of the uploads in bytes.
    media_total_size: BigInt,
    /// Size of those uploads in bytes whose file is on this pod.
    media_downloaded_size: BigInt,
}

impl From<ContentStats> for ManagedStats {
    fn from(stats: ContentStats) -> Self {
        Self {
            uploads: stats.uploads,
            reports: stats.reports,
            listenings: Some(stats.listenings),
            edits: Some(stats.mutations),
            playlists: Some(stats.playlists),
            favorites: Some(stats.track_favorites),
            libraries: Some(stats.libraries),
            channels: Some(stats.channels),
            followers: None,
            tracks: None,
            albums: None,
            artists: None,
            media_total_size: BigInt(stats.media_total_size),
            media_downloaded_size: BigInt(stats.media_downloaded_size),
        }
    }
}

impl From<LibraryFigures> for ManagedStats {
    fn from(stats: LibraryFigures) -> Self {
        Self {
            uploads: stats.uploads,
            reports: stats.reports,
            listenings: None,
            edits: None,
            playlists: None,
            favorites: None,
            libraries: None,
            channels: None,
            followers: Some(stats.followers),
            tracks: Some(stats.tracks),
            albums: Some(stats.albums),
            artists: Some(stats.artists),
            media_total_size: BigInt(stats.media_total_size),
            media_downloaded_size: BigInt(stats.media_downloaded_size),
        }
    }
}

const SIZES: &str = "(select cast(coalesce(sum(u.size), 0) as bigint) from u) as media_total_size,
    (select cast(coalesce(sum(u.size), 0) as bigint) from u where u.audio_file <> '' or u.source like 'file://%')
      as media_downloaded_size";

/// What hangs on tracks, whose IDs `tracks` selects, and on what they belong to: the column of its edits, its type in
/// reports, and its number.
pub async fn of_tracks(
    reader: &Reader,
    tracks: Sql,
    (edits, kind, id): (Option<&'static str>, &'static str, i64),
) -> Result<ContentStats> {
    let edits = match edits {
        Some(column) => sql("(select count(*) from mutations m where m.")
            .then(column)
            .then(" = ?)")
            .bind(id),
        None => sql("cast(0 as bigint)"),
    };
    sql("with t as (")
        .append(tracks)
        .then(
            "), u as (select x.id, x.library_id, x.size, x.audio_file, x.source from uploads x
               where x.track_id in (select t.id from t))
             select (select count(*) from listenings l where l.track_id in (select t.id from t)) as listenings, ",
        )
        .append(edits)
        .then(
            " as mutations,
             (select count(distinct p.playlist_id) from playlist_tracks p where p.track_id in (select t.id from t))
               as playlists,
             (select count(*) from favorites f where f.track_id in (select t.id from t)) as track_favorites,
             (select count(distinct u.library_id) from u
               where u.library_id not in (select c.library_id from channels c)) as libraries,
             (select count(distinct u.library_id) from u
               where u.library_id in (select c.library_id from channels c)) as channels,
             (select count(*) from u) as uploads,
             (select count(*) from reports r where r.target_type = ? and r.target_id = ?) as reports, ",
        )
        .bind(kind)
        .bind(id)
        .then(SIZES)
        .one(reader.db())
        .await
}

/// What hangs on a library.
pub async fn of_library(reader: &Reader, id: i64) -> Result<LibraryFigures> {
    sql("with u as (select x.id, x.track_id, x.size, x.audio_file, x.source from uploads x where x.library_id = ?)
         select (select count(*) from u) as uploads,
           (select count(*) from library_follows f where f.target_library_id = ? and f.approved = true) as followers,
           (select count(distinct u.track_id) from u) as tracks,
           (select count(distinct t.album_id) from u join tracks t on t.id = u.track_id) as albums,
           (select count(distinct h.artist_id) from u join track_artists h on h.track_id = u.track_id
             where h.position = 0) as artists,
           (select count(*) from reports r where r.target_type = 'library' and r.target_id = ?) as reports, ")
        .bind(id)
        .bind(id)
        .bind(id)
        .then(SIZES)
        .one(reader.db())
        .await
}
