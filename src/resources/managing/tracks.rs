//! The pod's tracks, for keepers of the catalogue.
use std::collections::HashMap;

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::shared::{
    bulk::{removals, remove_one},
    parts::{self, ManagedAlbumRef, ManagedArtistRef, domain, first},
    search::{mbid, named, of_domain},
    stats::{ContentStats, ManagedStats, of_tracks},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind},
        reference::ById,
        standard::{fields, mutations},
    },
    guard::{Allowed, operations},
    load::{Loaders, load, sole},
    resources::{
        catalogue::{
            albums::Album,
            artists::Artist,
            credits::TrackCredits,
            tags::{TrackTags, names},
            tracks::Track,
        },
        library::attachments::{Attachment, AttachmentBody},
        people::actors::{Actor, ManagedActor},
        smart,
    },
    rest::{
        action::{ActionBody, ActionRequest},
        answer::{Answer, NoContent},
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "managed_tracks", "The pod's tracks, for keepers of the catalogue.";
    /// Lists all tracks of the pod.
    ///
    /// Also those of channels, and those that nobody can play. Newest first by default.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "managedTracks", params = Query;
    /// Returns a track.
    ///
    /// Unknown IDs are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "(see `track`)";
    /// Tells what hangs on a track.
    ///
    /// With which it would go. Unknown IDs are answered with 404.
    stats: Stats = read InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "trackStats";
    /// Removes a track.
    ///
    /// With its uploads. Files in music folders stay, and come back with the next scan. Unknown IDs are answered with
    /// 404.
    delete: Delete = write InstanceLibraries, anonymous = Never, throttle = Destroy, graphql = "(see `removeTracks`)";
    /// Removes several tracks.
    ///
    /// The action is `delete`. `objects` are numeric IDs, or `"all"`. More than 100 are removed in the background.
    act: Act = write InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removeTracks";
}

pub type Query = ListQuery<ManagedTrackFilter, ManagedTrackOrder>;

filter! {
    /// Filter for a list of tracks. A track must match all conditions.
    pub struct ManagedTrackFilter {
        /// Terms, all of which must hold: `title:word`, `artist:word`, `album:word`, `artist_id:3`, `album_id:3`,
        /// `tag:rock`, `license:cc0-1.0`, `mbid:..`, `domain:example.org`, or words that the title must contain.
        q: Option<String>,
        /// Exact title (case-sensitive).
        title: Option<String>,
        /// ActivityPub ID (URI).
        fid: Option<String>,
        /// MusicBrainz ID.
        mbid: Option<Uuid>,
        /// Tracks on this album.
        album: Option<ById<Album>>,
        /// Tracks that this artist is credited on.
        artist: Option<ById<Artist>>,
        /// Tracks with this license, by its code.
        license: Option<String>,
    }
}

ordering! {
    /// Sort options for what a keeper lists.
    pub struct ManagedTrackOrder by ManagedTrackOrderField {
        /// Numeric ID.
        Id = "id",
        /// Title (not case-sensitive).
        Title = "title",
        /// Time at which the track was added.
        CreationDate = "creation_date",
    }
    others ignored
}

impl ManagedTrackOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            ManagedTrackOrderField::Id => ("t.id", KeyKind::Int),
            ManagedTrackOrderField::Title => ("t.title_folded", KeyKind::Text),
            ManagedTrackOrderField::CreationDate => ("t.creation_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

async fn listing(
    reader: &Reader,
    filter: &ManagedTrackFilter,
    order: &[ManagedTrackOrder],
) -> Result<Listing> {
    let mut from = sql("from tracks t where true")
        .equal("t.title", filter.title.as_deref())
        .equal("t.fid", filter.fid.as_deref())
        .equal("t.mbid", filter.mbid)
        .equal("t.license", filter.license.as_deref());
    if let Some(album) = &filter.album {
        from = from.equal("t.album_id", Some(album.resolve(reader, "album").await?));
    }
    if let Some(artist) = &filter.artist {
        from = from.and(credited(artist.resolve(reader, "artist").await?));
    }
    let q = filter.q.as_deref().unwrap_or_default();
    for term in smart::conditions(q, |key, value| condition(reader, key, value))? {
        from = from.and(term);
    }
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "t.id", keys))
}

fn credited(artist: i64) -> Sql {
    sql("t.id in (select h.track_id from track_artists h where h.artist_id = ?)").bind(artist)
}

fn condition(reader: &Reader, key: &str, value: &str) -> Option<Sql> {
    Some(match key {
        "" | "title" => named("t.title_folded", value),
        "artist" => sql("t.id in (select h.track_id from track_artists h join artists a on a.id = h.artist_id where ")
            .append(named("a.name_folded", value))
            .then(")"),
        "album" => sql("t.album_id in (select b.id from albums b where ")
            .append(named("b.title_folded", value))
            .then(")"),
        "artist_id" => credited(value.parse().unwrap_or(-1)),
        "album_id" => sql("t.album_id = ?").bind(value.parse::<i64>().unwrap_or(-1)),
        "license" => sql("t.license = ?").bind(value),
        "mbid" => mbid("t.mbid", value),
        "domain" => of_domain(reader, "t.fid", value),
        "tag" => sql("t.id in (select x.track_id from track_tags x join tags g on g.id = x.tag_id where ")
            .append(sql("g.name_folded = ?").bind(value.to_lowercase()))
            .then(")"),
        _ => return None,
    })
}

load!(/// Number of a track's uploads.
    UploadsCount: i64 = for_caller uploads_counts);

async fn uploads_counts(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted =
        sql("select track_id, count(*) from uploads where track_id in ?* group by track_id");
    let counted: Vec<(i64, i64)> = counted.bind(ids).all(reader.db()).await?;
    Ok(counted.into_iter().collect())
}

/// A track, as part of what a keeper manages.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ManagedTrackRef {
    /// Numeric ID, unique among tracks.
    id: i64,
    /// ActivityPub ID (URI) of the track.
    fid: Option<String>,
    /// MusicBrainz ID of the recording.
    mbid: Option<Uuid>,
    /// Title of the track.
    title: String,
    /// Time at which the track was added.
    creation_date: Timestamp,
    /// Position on the disc, from 1.
    position: Option<i64>,
    /// Number of the disc, from 1.
    disc_number: Option<i64>,
    /// Domain of the track's pod.
    domain: String,
    /// Whether the track belongs to this pod.
    is_local: bool,
    /// Copyright notice.
    copyright: Option<String>,
    /// Code of the license.
    license: Option<String>,
}

/// A track, as a keeper sees it.
#[derive(Debug, Serialize, Object)]
struct ManagedTrack {
    #[serde(flatten)]
    #[oai(flatten)]
    track: ManagedTrackRef,
    /// The artist who is credited first.
    artist: Option<ManagedArtistRef>,
    /// The album; null if the track is on none.
    album: Option<ManagedAlbumRef>,
    /// Actor who added the track.
    attributed_to: Option<ManagedActor>,
    /// Number of uploads.
    uploads_count: i64,
    /// Tags, sorted by name.
    tags: Vec<String>,
    /// Picture of the track.
    cover: Option<AttachmentBody>,
}

/// A track in short.
pub fn brief(track: &Track, reader: &Reader) -> ManagedTrackRef {
    ManagedTrackRef {
        id: track.id,
        fid: track.fid.clone(),
        mbid: track.mbid,
        title: track.title.clone(),
        creation_date: track.creation_date,
        position: track.position,
        disc_number: track.disc_number,
        domain: domain(reader, track.fid.as_deref()),
        is_local: reader.is_local(track.fid.as_deref()),
        copyright: track.copyright.clone(),
        license: track.license.clone(),
    }
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ManagedTrack>> {
    let tracks = loaders.list::<Track>(ids).await?;
    let all = || ids.iter().copied();
    let tags = loaders.many::<TrackTags>(all()).await?;
    let uploads = loaders.many::<UploadsCount>(all()).await?;
    let credits = loaders.many::<TrackCredits>(all()).await?;
    let credited = |id: &i64| first(credits.get(id).map(|credits| &**credits));
    let artists: Vec<i64> = ids.iter().filter_map(credited).collect();
    let artists = parts::artists(loaders, reader, artists).await?;
    let albums: Vec<i64> = tracks.iter().filter_map(|track| track.album_id).collect();
    let albums = parts::albums(loaders, reader, &albums).await?;
    let actors = tracks.iter().map(|track| track.attributed_to_id);
    let actors = loaders.parts::<Actor>(actors).await?;
    let covers = tracks.iter().map(|track| track.attachment_cover_id);
    let covers = loaders.parts::<Attachment>(covers).await?;
    let body = |track: &Track| ManagedTrack {
        track: brief(track, reader),
        artist: credited(&track.id).and_then(|id| artists.get(&id).cloned()),
        album: track.album_id.and_then(|id| albums.get(&id).cloned()),
        attributed_to: actors
            .get(track.attributed_to_id)
            .map(|actor| actor.managed(reader)),
        uploads_count: uploads.get(&track.id).map_or(0, |count| **count),
        tags: names(tags.get(&track.id)),
        cover: covers
            .get(track.attachment_cover_id)
            .map(|cover| cover.body(reader)),
    };
    Ok(tracks.iter().map(|track| body(track)).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<ManagedTrack> {
    sole(bodies(permit.loaders(), permit, &[key.number()?]).await?)
}

async fn figures(permit: &Allowed<Stats>, key: Key) -> Result<ContentStats> {
    let id = sql("select id from tracks where ").append(key.condition());
    let id = id.number(permit.db()).await?;
    let tracks = sql("select id from tracks where id = ?").bind(id);
    of_tracks(permit, tracks, (Some("track_id"), "track", id)).await
}

async fn stats(permit: &Allowed<Stats>, key: Key) -> Result<ManagedStats> {
    figures(permit, key).await.map(ManagedStats::from)
}

removals!(Tracks of Track = Tracks by numbered, filter ManagedTrackFilter = listing, input RemoveTracksInput -> RemoveTracksPayload);

fields! {
    Queries as "ManagedTracksQueries";
    list managed_tracks: List(ManagedTrackFilter, ManagedTrackOrder) -> Track = listing;
    one track_stats(Kind::Track) -> ManagedStats = stats;
}

mutations! {
    Mutations as "ManagedTracksMutations";
    act remove_tracks(RemoveTracksInput) -> RemoveTracksPayload = removed;
}

routes! {
    "/api/v1/manage/library/tracks" lists List(Query) -> ManagedTrack = listing => bodies;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<ManagedTrack> => detail;
    delete: Delete = delete "/:id" [id: i64] -> NoContent => remove_one::<Tracks, Delete>;
    stats: Stats = get "/:id/stats" [id: i64] -> Answer<ContentStats> => figures;
}
