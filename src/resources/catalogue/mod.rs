//! The catalogue: artists, albums and tracks, and how they are found.
pub mod albums;
pub mod artists;
pub mod credits;
mod editing;
pub mod licenses;
pub mod musicbrainz;
pub mod removal;
pub mod search;
mod shelf;
pub mod tags;
pub mod tracks;
mod viewer;

use async_graphql::MergedObject;
use poem_openapi::OpenApi;

use super::library::libraries::{HolderBody, holder_page};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, Info, Operation},
    load::{Entity, Load},
    rest::page::{Page, PageQuery},
    store::{Sql, sql},
};

pub const OPERATIONS: &[&[&Info]] = &[
    artists::OPERATIONS,
    albums::OPERATIONS,
    tracks::OPERATIONS,
    tags::OPERATIONS,
    licenses::OPERATIONS,
    search::OPERATIONS,
    musicbrainz::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        artists::Rest,
        albums::Rest,
        tracks::Rest,
        tags::Rest,
        licenses::Rest,
        search::Rest,
        musicbrainz::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "CatalogueQueries")]
pub struct Queries(
    artists::graphql::Queries,
    albums::graphql::Queries,
    tracks::graphql::Queries,
    tags::graphql::Queries,
    licenses::Queries,
    search::Queries,
    musicbrainz::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "CatalogueMutations")]
pub struct Mutations(
    albums::graphql::Mutations,
    tracks::graphql::Mutations,
    editing::Mutations,
);

/// Finds an artist, an album or a track.
pub async fn found<T: Entity>(permit: &Allowed<impl Operation>, key: Key) -> Result<T> {
    match key {
        Key::Id(id) => permit.loaders().one::<T>(id).await?.ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            let named = T::select().then(" where uuid = ?").bind(uuid);
            named.one(permit.db()).await
        }
    }
}

/// A page of the libraries `L` of an artist, an album or a track.
pub async fn libraries_of<T: Entity, L: Load<Value = Vec<i64>>>(
    permit: &Allowed<impl Operation>,
    id: i64,
    query: &PageQuery,
) -> Result<Page<HolderBody>> {
    let loaders = permit.loaders();
    loaders.one::<T>(id).await?.ok_or(Error::NotFound)?;
    let ids = loaders.one::<L>(id).await?.unwrap_or_default();
    holder_page(loaders, permit, &query.0, ids).await
}

/// Condition: an artist is credited whose channel the caller owns. `credited` selects artist
/// credits `h` and ends with an open `where`.
pub fn owned_by_channel(reader: &Reader, credited: &'static str) -> Sql {
    sql(credited)
        .then("h.artist_id in (select c.artist_id from channels c where c.attributed_to_id = ?))")
        .bind(reader.actor_id().unwrap_or(-1))
}
