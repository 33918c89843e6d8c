//! SQL for reading uploads.
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::super::visibility::{playable, viewable, within_scope};
use super::{Upload, UploadFilter, UploadOrder, UploadOrderField, visible};
use crate::{
    context::Reader,
    error::Result,
    graphql::reference::resolved,
    load::{Entity, Found, Loaders, entity, grouped, load},
    resources::smart,
    store::{
        Reads, Sql,
        listing::{Direction, Kind as KeyKind, Listing, SortKey},
        sql,
    },
};

/// The caller's own uploads.
pub(super) async fn listing(
    reader: &Reader,
    filter: &UploadFilter,
    order: &[UploadOrder],
) -> Result<Listing> {
    let own = sql("from uploads u where u.library_id in
        (select l.id from libraries l where l.actor_id = ?)")
    .bind(reader.actor_id().unwrap_or(-1));
    narrowed(reader, own, filter, order).await
}

/// The uploads that the caller owns or can play.
pub(super) async fn visible_listing(
    reader: &Reader,
    filter: &UploadFilter,
    order: &[UploadOrder],
) -> Result<Listing> {
    let visible = sql("from uploads u where ").append(visible(reader));
    narrowed(reader, visible, filter, order).await
}

async fn narrowed(
    reader: &Reader,
    from: Sql,
    filter: &UploadFilter,
    order: &[UploadOrder],
) -> Result<Listing> {
    let from = of_library(reader, from, filter).await?;
    let mut from = of_tracks_filter(reader, from, filter)
        .await?
        .within("u.bitrate", filter.bitrate_from, filter.bitrate_to)
        .within("u.duration", filter.duration_from, filter.duration_to)
        .within(
            "u.size",
            filter.size_from.map(|size| size.0),
            filter.size_to.map(|size| size.0),
        );
    if !filter.import_status.is_empty() {
        let words = filter
            .import_status
            .iter()
            .map(|status| status.word().to_owned());
        from = from
            .then(" and u.import_status in ?*")
            .bind(words.collect::<Vec<_>>());
    }
    if let Some(reference) = &filter.import_reference {
        from = from
            .then(" and u.import_reference = ?")
            .bind(reference.as_str());
    }
    if let Some(mimetype) = &filter.mimetype {
        from = from.then(" and u.mimetype = ?").bind(mimetype.as_str());
    }
    if let Some(q) = &filter.q {
        let actor = reader.actor_id().unwrap_or(-1);
        let of_term = |key: &str, value: &str| super::smart::condition(key, value, actor);
        for condition in smart::conditions(q, of_term)? {
            from = from.and(condition);
        }
    }
    let newest = [UploadOrder {
        field: UploadOrderField::CreationDate,
        direction: Direction::Desc.into(),
    }];
    let order = if order.is_empty() { &newest } else { order };
    Ok(Listing::new(
        from,
        "u.id",
        order.iter().flat_map(|order| order.keys()),
    ))
}

async fn of_library(reader: &Reader, mut from: Sql, filter: &UploadFilter) -> Result<Sql> {
    if filter.include_channels != Some(true) && filter.channel.is_none() {
        let of_channel = "exists (select 1 from channels c where c.library_id = u.library_id)";
        from = from.then(" and not ").then(of_channel);
    }
    if let Some(library) = resolved(reader, "library", filter.library.as_ref()).await? {
        let there = "u.library_id = (select l.id from libraries l where l.uuid = ?)";
        from = from.and(sql(there).bind(library));
    }
    if let Some(channel) = resolved(reader, "channel", filter.channel.as_ref()).await? {
        let there = "u.library_id = (select c.library_id from channels c where c.uuid = ?)";
        from = from.and(sql(there).bind(channel));
    }
    if let Some(scope) = &filter.scope {
        from = from.and(within_scope(reader, scope));
    }
    Ok(match filter.playable {
        None => from,
        Some(true) => from.and(playable(reader)),
        Some(false) => from.then(" and not (").append(playable(reader)).then(")"),
    })
}

async fn of_tracks_filter(reader: &Reader, mut from: Sql, filter: &UploadFilter) -> Result<Sql> {
    if let Some(track) = resolved(reader, "track", filter.track.as_ref()).await? {
        let there = "u.track_id = (select t.id from tracks t where t.uuid = ?)";
        from = from.and(sql(there).bind(track));
    }
    if let Some(artist) = resolved(reader, "track_artist", filter.track_artist.as_ref()).await? {
        let credited =
            "u.track_id in (select ta.track_id from track_artists ta where ta.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    if let Some(artist) = resolved(reader, "album_artist", filter.album_artist.as_ref()).await? {
        let credited = "u.track_id in (select t.id from tracks t
            join album_artists aa on aa.album_id = t.album_id where aa.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    Ok(from)
}

impl UploadOrder {
    fn keys(&self) -> Vec<SortKey> {
        let down = self.direction.is_descending();
        match self.field {
            UploadOrderField::CreationDate => {
                vec![SortKey::new(sql("u.creation_date"), KeyKind::Time, down)]
            }
            UploadOrderField::ImportDate => SortKey::nullable(
                "u.import_date",
                "(u.import_date is null)",
                KeyKind::Time,
                down,
            )
            .into(),
            UploadOrderField::Size => {
                SortKey::nullable("u.size", "(u.size is null)", KeyKind::Int, down).into()
            }
            UploadOrderField::Bitrate => {
                SortKey::nullable("u.bitrate", "(u.bitrate is null)", KeyKind::Int, down).into()
            }
            UploadOrderField::Duration => {
                SortKey::nullable("u.duration", "(u.duration is null)", KeyKind::Int, down).into()
            }
        }
    }
}

entity!(Upload in "uploads": "id, uuid, fid, track_id, library_id, audio_file, source, mimetype, size, duration,
    bitrate, creation_date, import_date, import_status, import_reference, import_details, import_metadata, metadata",
    upon [UploadId],
    weighs [fid, audio_file, source, mimetype, import_reference, import_details, import_metadata, metadata]);

load!(/// Uploads of a track that have audio, oldest first, whoever may play them.
    TrackUploads: Vec<Upload> = kept of_tracks, upon [UploadTrack]);

async fn of_tracks(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<Upload>>> {
    let found = Upload::select()
        .then(" where track_id in ?* and import_status in ('finished', 'skipped') order by id");
    let rows: Vec<Upload> = found.bind(ids).all(db).await?;
    Ok(grouped(
        rows.into_iter()
            .filter_map(|row| Some((row.track_id?, row))),
    ))
}

/// The uploads of each track that the caller can play, oldest first. Skipped duplicates are
/// included: they have audio too, but the filter `playable` does not count them.
pub async fn audible_uploads(
    loaders: &Loaders,
    reader: &Reader,
    tracks: &[i64],
) -> Result<Found<Arc<Vec<Upload>>>> {
    let mut uploads = loaders.many::<TrackUploads>(tracks.iter().copied()).await?;
    let libraries = uploads.values().flat_map(|uploads| uploads.iter());
    let libraries: HashSet<i64> = libraries.map(|upload| upload.library_id).collect();
    let viewable = viewable(loaders, reader, libraries).await?;
    let is_audible = |upload: &Upload| viewable.contains(&upload.library_id);
    for uploads in uploads.values_mut() {
        if !uploads.iter().all(is_audible) {
            *uploads = Arc::new(
                uploads
                    .iter()
                    .filter(|upload| is_audible(upload))
                    .cloned()
                    .collect(),
            );
        }
    }
    Ok(uploads)
}

/// The durations of tracks in seconds, of their oldest uploads with audio, whoever may play them.
pub async fn durations(loaders: &Loaders, tracks: &[i64]) -> Result<HashMap<i64, i64>> {
    let uploads = loaders.many::<TrackUploads>(tracks.iter().copied()).await?;
    let known = uploads
        .iter()
        .filter_map(|(track, uploads)| Some((*track, duration_of(uploads)?)));
    Ok(known.collect())
}

/// The duration of a track with these uploads, in seconds.
pub fn duration_of(uploads: &[Upload]) -> Option<i64> {
    uploads.iter().find_map(|upload| upload.duration)
}

/// The uploads of one track that the caller can play, oldest first.
pub async fn audible_uploads_of(
    loaders: &Loaders,
    reader: &Reader,
    track: i64,
) -> Result<Vec<Upload>> {
    // Boxed, as in `load.rs`.
    let mut uploads = Box::pin(audible_uploads(loaders, reader, &[track])).await?;
    Ok(uploads
        .remove(&track)
        .map(Arc::unwrap_or_clone)
        .unwrap_or_default())
}
