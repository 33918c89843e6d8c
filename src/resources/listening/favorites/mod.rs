//! Favorites: tracks that users have marked (contract section 8).
mod body;
pub mod graphql;
mod write;

use std::collections::HashMap;

pub use self::{
    body::Rest,
    graphql::FavoritesOfUser,
    write::{known, mark, unmark},
};
use super::acts::{act, by_date, by_hidden, find, visible};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, operations},
    load::load,
    resources::people::audience,
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        listing::Listing,
        sql,
        text::{WORDS, containing},
    },
    time::Timestamp,
};

operations! {
    "favorites", "Favorites: tracks that users have marked.";
    /// Lists favorites.
    ///
    /// Listed are your own, and those of users whose privacy level lets you see them; use
    /// `scope=me` for your own. Favorites of artists that you have hidden are left out. Sorted
    /// newest first by default.
    list: List = read Favorites, anonymous = Setting, throttle = List, graphql = "favorites", params = Query;
    /// Lists the tracks of all of your favorites.
    ///
    /// Sorted by the time they were marked, oldest first. The list is not cut into pages.
    all: All = read Favorites, anonymous = Never, throttle = Wildcard,
        graphql = "(REST only: `Track.isFavorite` tells it for each track)", reads = many;
    /// Adds a track to your favorites.
    ///
    /// A track that is one of your favorites stays as it is. Unknown tracks are answered with 400.
    create: Create = write Favorites, anonymous = Never, throttle = Create, graphql = "Mutation.createFavorite";
    /// Removes a track from your favorites.
    ///
    /// Tracks that are none of your favorites are answered with 400.
    remove: Remove = write Favorites, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removeFavorite";
    /// Deletes one of your favorites.
    ///
    /// Favorites of others, and unknown IDs, are answered with 404.
    delete: Delete = write Favorites, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteFavorite";
}

pub type Query = ListQuery<FavoriteFilter, FavoriteOrder>;

act!(/// A track that a user has marked as a favorite.
    Favorite in "favorites", FavoriteBody as "Favorite", at "Time at which the track was marked.");

filter! {
    /// Filter for a list of favorites. A favorite must match all conditions.
    pub struct FavoriteFilter {
        /// `true`: only tracks of artists that you have hidden. By default, they are left out.
        /// Anonymous callers: ignored.
        hidden: Option<bool>,
        /// Words, each of which must be part of the title, of the album's title or of an artist's
        /// name (not case-sensitive).
        q: Option<String>,
        /// Only favorites of these users: `me`, `all`, `actor:name@domain` or `domain:name`.
        /// Several are separated by commas; any of them may match.
        scope: Option<String>,
        /// Only favorites of the user with this numeric ID.
        user: Option<i64>,
    }
    shares hidden
}

ordering! {
    /// Sort options for favorites.
    pub struct FavoriteOrder by FavoriteOrderField {
        /// Time at which the track was marked.
        CreationDate = "creation_date",
    }
    others ignored
}

load!(/// When the caller marked a track.
    MarkedAt: Timestamp = for_caller marked);

/// When the caller marked each of these tracks.
pub async fn marked(reader: &Reader, tracks: Vec<i64>) -> Result<HashMap<i64, Timestamp>> {
    let own =
        sql("select track_id, creation_date from favorites where track_id in ?* and user_id = ?");
    let own = own.bind(tracks).bind(reader.user()?.user_id);
    let own: Vec<(i64, Timestamp)> = own.all(reader.db()).await?;
    Ok(own.into_iter().collect())
}

pub async fn listing(
    reader: &Reader,
    filter: &FavoriteFilter,
    order: &[FavoriteOrder],
) -> Result<Listing> {
    let mut from = visible(reader, sql("from favorites v"));
    from = by_hidden(reader, from, filter.hidden);
    if let Some(scope) = &filter.scope {
        from = from.and(audience::within_scope(reader, scope, "v.user_id"));
    }
    if let Some(user) = filter.user {
        from = from.then(" and v.user_id = ?").bind(user);
    }
    let words = filter.q.iter().flat_map(|q| q.split_whitespace());
    for word in words.take(WORDS) {
        let pattern = containing(word);
        let matching = sql(
            "exists (select 1 from tracks t where t.id = v.track_id and (t.title_folded like ? escape '\\'
               or exists (select 1 from albums al where al.id = t.album_id and al.title_folded like ? escape '\\')
               or exists (select 1 from track_artists h join artists a on a.id = h.artist_id
                 where h.track_id = t.id and a.name_folded like ? escape '\\')))",
        );
        from = from.and(
            matching
                .bind(pattern.clone())
                .bind(pattern.clone())
                .bind(pattern),
        );
    }
    let first = order.first();
    Ok(by_date(
        from,
        first.map(|order| order.direction.is_descending()),
    ))
}

/// A favorite that the caller may see.
pub async fn retrieve(permit: &Allowed<List>, key: Key) -> Result<Favorite> {
    find(permit, key).await
}

/// The tracks that the caller has marked, the newest first.
pub async fn own_tracks(permit: &Allowed<List>, most: i64) -> Result<Vec<i64>> {
    let own = sql(
        "select track_id from favorites where user_id = ? order by creation_date desc, id desc limit ?",
    );
    let own = own.bind(permit.user()?.user_id).bind(most);
    own.ids(permit.db()).await
}

/// The IDs of the newest favorites that the caller may see.
pub async fn newest(reader: &Reader, most: i64) -> Result<Vec<i64>> {
    let listing = listing(reader, &FavoriteFilter::default(), &[]).await?;
    listing.page(reader.db(), most, 0).await
}
