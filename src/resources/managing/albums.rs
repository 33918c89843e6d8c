//! The pod's albums, for keepers of the catalogue.
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::shared::{
    bulk::{removals, remove_one},
    parts::{self, ManagedAlbumRef},
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
    load::{Loaders, sole},
    resources::{
        catalogue::{
            albums::Album,
            artists::Artist,
            tags::{AlbumTags, names},
        },
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
};

operations! {
    "managed_albums", "The pod's albums, for keepers of the catalogue.";
    /// Lists all albums of the pod.
    ///
    /// Also those of channels, and those that nobody can play. Newest first by default.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "managedAlbums", params = Query;
    /// Returns an album.
    ///
    /// Unknown IDs are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "(see `album`)";
    /// Tells what hangs on an album.
    ///
    /// With which it would go. Unknown IDs are answered with 404.
    stats: Stats = read InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "albumStats";
    /// Removes an album.
    ///
    /// With its tracks and their uploads. Files in music folders stay, and come back with the next scan. Unknown IDs
    /// are answered with 404.
    delete: Delete = write InstanceLibraries, anonymous = Never, throttle = Destroy, graphql = "(see `removeAlbums`)";
    /// Removes several albums.
    ///
    /// The action is `delete`. `objects` are numeric IDs, or `"all"`. More than 100 are removed in the background.
    act: Act = write InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removeAlbums";
}

pub type Query = ListQuery<ManagedAlbumFilter, ManagedAlbumOrder>;

filter! {
    /// Filter for a list of albums. An album must match all conditions.
    pub struct ManagedAlbumFilter {
        /// Terms, all of which must hold: `title:word`, `artist:word`, `artist_id:3`, `tag:rock`, `mbid:..`,
        /// `domain:example.org`, or words that the title must contain.
        q: Option<String>,
        /// Exact title (case-sensitive).
        title: Option<String>,
        /// ActivityPub ID (URI).
        fid: Option<String>,
        /// MusicBrainz ID.
        mbid: Option<Uuid>,
        /// Albums that this artist is credited on.
        artist: Option<ById<Artist>>,
    }
}

ordering! {
    /// Sort options for what a keeper lists.
    pub struct ManagedAlbumOrder by ManagedAlbumOrderField {
        /// Numeric ID.
        Id = "id",
        /// Title (not case-sensitive).
        Title = "title",
        /// Time at which the album was added.
        CreationDate = "creation_date",
    }
    others ignored
}

impl ManagedAlbumOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            ManagedAlbumOrderField::Id => ("b.id", KeyKind::Int),
            ManagedAlbumOrderField::Title => ("b.title_folded", KeyKind::Text),
            ManagedAlbumOrderField::CreationDate => ("b.creation_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

async fn listing(
    reader: &Reader,
    filter: &ManagedAlbumFilter,
    order: &[ManagedAlbumOrder],
) -> Result<Listing> {
    let mut from = sql("from albums b where true")
        .equal("b.title", filter.title.as_deref())
        .equal("b.fid", filter.fid.as_deref())
        .equal("b.mbid", filter.mbid);
    if let Some(artist) = &filter.artist {
        from = from.and(credited(artist.resolve(reader, "artist").await?));
    }
    let q = filter.q.as_deref().unwrap_or_default();
    for term in smart::conditions(q, |key, value| condition(reader, key, value))? {
        from = from.and(term);
    }
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "b.id", keys))
}

fn credited(artist: i64) -> Sql {
    sql("b.id in (select h.album_id from album_artists h where h.artist_id = ?)").bind(artist)
}

fn condition(reader: &Reader, key: &str, value: &str) -> Option<Sql> {
    Some(match key {
        "" | "title" => named("b.title_folded", value),
        "artist" => sql("b.id in (select h.album_id from album_artists h join artists a on a.id = h.artist_id where ")
            .append(named("a.name_folded", value))
            .then(")"),
        "artist_id" => credited(value.parse().unwrap_or(-1)),
        "mbid" => mbid("b.mbid", value),
        "domain" => of_domain(reader, "b.fid", value),
        "tag" => sql("b.id in (select x.album_id from album_tags x join tags g on g.id = x.tag_id where ")
            .append(sql("g.name_folded = ?").bind(value.to_lowercase()))
            .then(")"),
        _ => return None,
    })
}

/// An album, as a keeper sees it.
#[derive(Debug, Serialize, Object)]
struct ManagedAlbum {
    #[serde(flatten)]
    #[oai(flatten)]
    album: ManagedAlbumRef,
    /// Actor who added the album.
    attributed_to: Option<ManagedActor>,
    /// Tags, sorted by name.
    tags: Vec<String>,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ManagedAlbum>> {
    let albums = loaders.list::<Album>(ids).await?;
    let mut shown = parts::albums(loaders, reader, ids).await?;
    let tags = loaders.many::<AlbumTags>(ids.iter().copied()).await?;
    let actors = albums.iter().map(|album| album.attributed_to_id);
    let actors = loaders.parts::<Actor>(actors).await?;
    // What goes meanwhile is left out.
    let bodies = albums.iter().filter_map(|album| {
        Some(ManagedAlbum {
            album: shown.remove(&album.id)?,
            attributed_to: actors
                .get(album.attributed_to_id)
                .map(|actor| actor.managed(reader)),
            tags: names(tags.get(&album.id)),
        })
    });
    Ok(bodies.collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<ManagedAlbum> {
    sole(bodies(permit.loaders(), permit, &[key.number()?]).await?)
}

async fn figures(permit: &Allowed<Stats>, key: Key) -> Result<ContentStats> {
    let id = sql("select id from albums where ").append(key.condition());
    let id = id.number(permit.db()).await?;
    let tracks = sql("select id from tracks where album_id = ?").bind(id);
    of_tracks(permit, tracks, (Some("album_id"), "album", id)).await
}

async fn stats(permit: &Allowed<Stats>, key: Key) -> Result<ManagedStats> {
    figures(permit, key).await.map(ManagedStats::from)
}

removals!(Albums of Album = Albums by numbered, filter ManagedAlbumFilter = listing, input RemoveAlbumsInput -> RemoveAlbumsPayload);

fields! {
    Queries as "ManagedAlbumsQueries";
    list managed_albums: List(ManagedAlbumFilter, ManagedAlbumOrder) -> Album = listing;
    one album_stats(Kind::Album) -> ManagedStats = stats;
}

mutations! {
    Mutations as "ManagedAlbumsMutations";
    act remove_albums(RemoveAlbumsInput) -> RemoveAlbumsPayload = removed;
}

routes! {
    "/api/v1/manage/library/albums" lists List(Query) -> ManagedAlbum = listing => bodies;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<ManagedAlbum> => detail;
    delete: Delete = delete "/:id" [id: i64] -> NoContent => remove_one::<Albums, Delete>;
    stats: Stats = get "/:id/stats" [id: i64] -> Answer<ContentStats> => figures;
}
