//! The pod's artists, for keepers of the catalogue.
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::shared::{
    bulk::{removals, remove_one},
    parts::domain,
    search::{mbid, named, of_domain},
    stats::{ContentStats, ManagedStats, of_tracks},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind},
        standard::{fields, mutations},
    },
    guard::{Allowed, operations},
    load::{Loaders, sole},
    resources::{
        catalogue::{
            albums::ArtistAlbums,
            artists::{Artist, ArtistTracksCount, ContentCategory},
            tags::{ArtistTags, names},
        },
        library::attachments::{Attachment, AttachmentBody},
        people::actors::{Actor, ManagedActor},
        publishing::channels::{ChannelOf, channel_of},
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
    "managed_artists", "The pod's artists, for keepers of the catalogue.";
    /// Lists all artists of the pod.
    ///
    /// Also those of channels, and those that nobody can play. Newest first by default.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "managedArtists", params = Query;
    /// Returns an artist.
    ///
    /// Unknown IDs are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "(see `artist`)";
    /// Tells what hangs on an artist.
    ///
    /// With which it would go. Unknown IDs are answered with 404.
    stats: Stats = read InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "artistStats";
    /// Removes an artist.
    ///
    /// With its channel, its albums, the tracks that it is credited on first, and their uploads. Files in music
    /// folders stay, and come back with the next scan. Unknown IDs are answered with 404.
    delete: Delete = write InstanceLibraries, anonymous = Never, throttle = Destroy, graphql = "(see `removeArtists`)";
    /// Removes several artists.
    ///
    /// The action is `delete`. `objects` are numeric IDs, or `"all"`. More than 100 are removed in the background.
    act: Act = write InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removeArtists";
}

pub type Query = ListQuery<ManagedArtistFilter, ManagedArtistOrder>;

filter! {
    /// Filter for a list of artists. An artist must match all conditions.
    pub struct ManagedArtistFilter {
        /// Terms, all of which must hold: `name:word`, `tag:rock`, `category:podcast`, `mbid:..`, `domain:example.org`,
        /// or words that the name must contain.
        q: Option<String>,
        /// Exact name (case-sensitive).
        name: Option<String>,
        /// ActivityPub ID (URI).
        fid: Option<String>,
        /// MusicBrainz ID.
        mbid: Option<Uuid>,
        /// Category of the artist's content.
        content_category: Option<ContentCategory>,
    }
}

ordering! {
    /// Sort options for what a keeper lists.
    pub struct ManagedArtistOrder by ManagedArtistOrderField {
        /// Numeric ID.
        Id = "id",
        /// Name (not case-sensitive).
        Name = "name",
        /// Time at which the artist was added.
        CreationDate = "creation_date",
    }
    others ignored
}

impl ManagedArtistOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            ManagedArtistOrderField::Id => ("a.id", KeyKind::Int),
            ManagedArtistOrderField::Name => ("a.name_folded", KeyKind::Text),
            ManagedArtistOrderField::CreationDate => ("a.creation_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

async fn listing(
    reader: &Reader,
    filter: &ManagedArtistFilter,
    order: &[ManagedArtistOrder],
) -> Result<Listing> {
    let mut from = sql("from artists a where true")
        .equal("a.name", filter.name.as_deref())
        .equal("a.fid", filter.fid.as_deref())
        .equal("a.mbid", filter.mbid)
        .equal(
            "a.content_category",
            filter.content_category.map(ContentCategory::word),
        );
    let q = filter.q.as_deref().unwrap_or_default();
    for term in smart::conditions(q, |key, value| condition(reader, key, value))? {
        from = from.and(term);
    }
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "a.id", keys))
}

fn condition(reader: &Reader, key: &str, value: &str) -> Option<Sql> {
    Some(match key {
        "" | "name" => named("a.name_folded", value),
        "category" => sql("a.content_category = ?").bind(value),
        "mbid" => mbid("a.mbid", value),
        "domain" => of_domain(reader, "a.fid", value),
        "tag" => sql(
            "a.id in (select x.artist_id from artist_tags x join tags g on g.id = x.tag_id where ",
        )
        .append(sql("g.name_folded = ?").bind(value.to_lowercase()))
        .then(")"),
        _ => return None,
    })
}

/// An artist, as a keeper sees it.
#[derive(Debug, Serialize, Object)]
pub struct ManagedArtist {
    /// Numeric ID, unique among artists.
    pub id: i64,
    /// ActivityPub ID (URI) of the artist.
    fid: Option<String>,
    /// MusicBrainz ID of the artist.
    mbid: Option<Uuid>,
    /// Name of the artist.
    name: String,
    /// Time at which the artist was added.
    creation_date: Timestamp,
    /// Domain of the artist's pod.
    domain: String,
    /// Whether the artist belongs to this pod.
    is_local: bool,
    /// Number of tracks on which the artist is credited first.
    tracks_count: i64,
    /// Number of albums that the artist is credited on.
    albums_count: usize,
    /// Actor who added the artist.
    attributed_to: Option<ManagedActor>,
    /// Tags, sorted by name.
    tags: Vec<String>,
    /// Picture of the artist.
    cover: Option<AttachmentBody>,
    /// UUID of the artist's channel; null if there is none.
    channel: Option<Uuid>,
    /// Category of the artist's content.
    content_category: ContentCategory,
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ManagedArtist>> {
    let artists = loaders.owned::<Artist>(ids).await?;
    let all = || ids.iter().copied();
    let tags = loaders.many::<ArtistTags>(all()).await?;
    let tracks = loaders.many::<ArtistTracksCount>(all()).await?;
    let albums = loaders.many::<ArtistAlbums>(all()).await?;
    let channels = loaders.many::<ChannelOf>(all()).await?;
    let actors = artists.iter().map(|artist| artist.attributed_to_id);
    let actors = loaders.parts::<Actor>(actors).await?;
    let covers = artists.iter().map(|artist| artist.attachment_cover_id);
    let covers = loaders.parts::<Attachment>(covers).await?;
    let body = |artist: Artist| ManagedArtist {
        domain: domain(reader, artist.fid.as_deref()),
        is_local: reader.is_local(artist.fid.as_deref()),
        tracks_count: tracks.get(&artist.id).map_or(0, |count| **count),
        albums_count: albums.get(&artist.id).map_or(0, |albums| albums.len()),
        attributed_to: actors
            .get(artist.attributed_to_id)
            .map(|actor| actor.managed(reader)),
        tags: names(tags.get(&artist.id)),
        cover: covers
            .get(artist.attachment_cover_id)
            .map(|cover| cover.body(reader)),
        channel: channel_of(&channels, artist.id).map(|channel| channel.uuid),
        id: artist.id,
        fid: artist.fid,
        mbid: artist.mbid,
        name: artist.name,
        creation_date: artist.creation_date,
        content_category: artist.content_category,
    };
    Ok(artists.into_iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<ManagedArtist> {
    sole(bodies(permit.loaders(), permit, &[key.number()?]).await?)
}

async fn figures(permit: &Allowed<Stats>, key: Key) -> Result<ContentStats> {
    let id = sql("select id from artists where ").append(key.condition());
    let id = id.number(permit.db()).await?;
    let tracks = sql(
        "select h.track_id as id from track_artists h where h.artist_id = ? union
         select t.id from tracks t join album_artists h on h.album_id = t.album_id where h.artist_id = ?",
    );
    of_tracks(
        permit,
        tracks.bind(id).bind(id),
        (Some("artist_id"), "artist", id),
    )
    .await
}

async fn stats(permit: &Allowed<Stats>, key: Key) -> Result<ManagedStats> {
    figures(permit, key).await.map(ManagedStats::from)
}

removals!(Artists of Artist = Artists by numbered, filter ManagedArtistFilter = listing, input RemoveArtistsInput -> RemoveArtistsPayload);

fields! {
    Queries as "ManagedArtistsQueries";
    list managed_artists: List(ManagedArtistFilter, ManagedArtistOrder) -> Artist = listing;
    one artist_stats(Kind::Artist) -> ManagedStats = stats;
}

mutations! {
    Mutations as "ManagedArtistsMutations";
    act remove_artists(RemoveArtistsInput) -> RemoveArtistsPayload = removed;
}

routes! {
    "/api/v1/manage/library/artists" lists List(Query) -> ManagedArtist = listing => bodies;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<ManagedArtist> => detail;
    delete: Delete = delete "/:id" [id: i64] -> NoContent => remove_one::<Artists, Delete>;
    stats: Stats = get "/:id/stats" [id: i64] -> Answer<ContentStats> => figures;
}
