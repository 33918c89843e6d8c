//! How uploads are read.
use std::collections::HashMap;

use super::super::visibility::{audible, playable, within_scope};
use super::{Upload, UploadFilter, UploadOrder, UploadOrderField};
use crate::{
    context::Reader,
    error::Result,
    graphql::connection::Direction,
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
};

pub(super) fn listing(reader: &Reader, filter: &UploadFilter, order: &[UploadOrder]) -> Listing {
    let from = sql("from uploads u where u.library_id in
        (select l.id from libraries l where l.actor_id = ?)")
    .bind(reader.actor_id().unwrap_or(-1));
    let mut from = of_tracks_filter(of_library(reader, from, filter), filter);
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
    for condition in filter.q.iter().flat_map(|q| super::smart::conditions(q)) {
        from = from.and(condition);
    }
    let newest = [UploadOrder {
        field: UploadOrderField::CreationDate,
        direction: Direction::Desc,
    }];
    let order = if order.is_empty() { &newest } else { order };
    Listing::new(from, "u.id", order.iter().flat_map(|order| order.keys()))
}

fn of_library(reader: &Reader, mut from: Sql, filter: &UploadFilter) -> Sql {
    if filter.include_channels != Some(true) && filter.channel.is_none() {
        let of_channel = "exists (select 1 from channels c where c.library_id = u.library_id)";
        from = from.then(" and not ").then(of_channel);
    }
    if let Some(library) = filter.library {
        let there = "u.library_id = (select l.id from libraries l where l.uuid = ?)";
        from = from.and(sql(there).bind(library));
    }
    if let Some(channel) = filter.channel {
        let there = "u.library_id = (select c.library_id from channels c where c.uuid = ?)";
        from = from.and(sql(there).bind(channel));
    }
    if let Some(scope) = &filter.scope {
        from = from.and(within_scope(reader, scope));
    }
    match filter.playable {
        None => from,
        Some(true) => from.and(playable(reader)),
        Some(false) => from.then(" and not (").append(playable(reader)).then(")"),
    }
}

fn of_tracks_filter(mut from: Sql, filter: &UploadFilter) -> Sql {
    if let Some(track) = filter.track {
        let there = "u.track_id = (select t.id from tracks t where t.uuid = ?)";
        from = from.and(sql(there).bind(track));
    }
    if let Some(artist) = filter.track_artist {
        let credited =
            "u.track_id in (select ta.track_id from track_artists ta where ta.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    if let Some(artist) = filter.album_artist {
        let credited = "u.track_id in (select t.id from tracks t
            join album_artists aa on aa.album_id = t.album_id where aa.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    from
}

impl UploadOrder {
    fn keys(&self) -> Vec<SortKey> {
        let down = self.direction == Direction::Desc;
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

pub(super) const SELECT: &str =
    "select u.id, u.uuid, u.fid, u.track_id, u.library_id, u.audio_file, u.source,
    u.mimetype, u.size, u.duration, u.bitrate, u.creation_date, u.import_date, u.import_status,
    u.import_reference, u.import_details, u.import_metadata, u.metadata from uploads u ";

pub async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Upload>> {
    let rows: Vec<Upload> = sql(SELECT)
        .then("where u.id in ?*")
        .bind(ids)
        .all(reader.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The uploads of each track that the caller can play, oldest first.
pub async fn of_tracks(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<Upload>>> {
    let found = sql(SELECT)
        .then("where u.track_id in ?* and ")
        .bind(ids)
        .append(audible(reader));
    let rows: Vec<Upload> = found.then(" order by u.id").all(reader.db()).await?;
    let owned = rows
        .into_iter()
        .filter_map(|row| Some((row.track_id?, row)));
    Ok(super::super::grouped(owned))
}
