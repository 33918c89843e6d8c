//! The GraphQL fields of favorites.
use async_graphql::{ComplexObject, Context, ID, SimpleObject};

use super::{
    Favorite, FavoriteFilter, FavoriteOrder, List, Remove, listing,
    write::{NewFavorite, NoFavorite, create, delete, remove},
};
use crate::{
    error::Result,
    graphql::{
        ids::{Kind, global},
        nested::nested,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::catalogue::tracks::{self, Track},
};

nested! {
    /// Favorites of a user that the caller may see.
    FavoritesOfUser: List(FavoriteFilter, FavoriteOrder) -> Favorite = listing,
        where "v.user_id = ?";
}

fields! {
    Queries as "FavoritesQueries";
    list favorites: List(FavoriteFilter, FavoriteOrder) -> Favorite = listing;
}

/// A track that is no longer one of your favorites.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct RemoveFavoritePayload {
    /// Global ID of the deleted favorite.
    deleted_id: ID,
    #[graphql(skip)]
    track_id: i64,
}

#[ComplexObject]
impl RemoveFavoritePayload {
    /// The track, after the change.
    async fn track(&self, ctx: &Context<'_>) -> Result<Option<Track>> {
        ctx.load::<tracks::Retrieve, Track>(self.track_id).await
    }
}

async fn removed(permit: &Allowed<Remove>, old: NoFavorite) -> Result<RemoveFavoritePayload> {
    let (id, track_id) = remove(permit, old).await?;
    let deleted_id = global(Kind::Favorite, id);
    Ok(RemoveFavoritePayload {
        deleted_id,
        track_id,
    })
}

mutations! {
    Mutations as "FavoritesMutations";
    delete delete_favorite(DeleteFavoriteInput) -> DeleteFavoritePayload = delete, of Kind::Favorite;
    change create_favorite(NewFavorite) -> CreateFavoritePayload { favorite: Favorite, "The favorite." } = create;
    act remove_favorite(NoFavorite) -> RemoveFavoritePayload = removed;
}
