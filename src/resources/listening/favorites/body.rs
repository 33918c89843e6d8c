//! The REST endpoints of favorites.
use poem_openapi::Object;
use serde::Serialize;

use super::{
    All, Create, Delete, Favorite, FavoriteBody, List, Query, Remove, bodies, listing,
    write::{NewFavorite, NoFavorite, create, delete, remove},
};
use crate::{
    error::Result,
    guard::Allowed,
    rest::{
        answer::{Answer, Created, NoContent},
        standard::routes,
    },
    store::sql,
    time::Timestamp,
};

/// A track that was added to your favorites.
#[derive(Debug, Serialize, Object)]
struct AddedFavorite {
    /// Numeric ID of the favorite.
    id: i64,
    /// Numeric ID of the track.
    track: i64,
    /// Time at which the track was marked.
    creation_date: Timestamp,
}

impl From<Favorite> for AddedFavorite {
    fn from(favorite: Favorite) -> Self {
        Self {
            id: favorite.id,
            track: favorite.track_id,
            creation_date: favorite.creation_date,
        }
    }
}

/// A favorite, in short.
#[derive(Debug, Serialize, Object)]
struct BriefFavorite {
    /// Numeric ID of the favorite.
    id: i64,
    /// Numeric ID of the track.
    track: i64,
}

/// All of your favorites.
#[derive(Debug, Serialize, Object)]
struct AllFavorites {
    /// The favorites, oldest first.
    results: Vec<BriefFavorite>,
    /// Number of favorites.
    count: usize,
}

async fn all(permit: &Allowed<All>) -> Result<AllFavorites> {
    let own = sql("select id, track_id from favorites where user_id = ? order by id");
    let own = own.bind(permit.user()?.user_id);
    let own: Vec<(i64, i64)> = own.all(permit.db()).await?;
    let brief = |(id, track)| BriefFavorite { id, track };
    let results: Vec<_> = own.into_iter().map(brief).collect();
    Ok(AllFavorites {
        count: results.len(),
        results,
    })
}

async fn removed(permit: &Allowed<Remove>, old: NoFavorite) -> Result<()> {
    remove(permit, old).await.map(|_| ())
}

routes! {
    "/api/v1/favorites/tracks" lists List(Query) -> FavoriteBody = listing => bodies;
    all: All = get "/all" -> Answer<AllFavorites>;
    create: Create = post "/" {new: NewFavorite} -> Created<AddedFavorite>;
    remove: Remove = post "/remove" {old: NoFavorite} -> NoContent => removed;
    remove_too: Remove = delete "/remove" {old: NoFavorite} -> NoContent => removed;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
}
