//! Listening history: what users have played (contract section 8).
mod body;
pub mod graphql;
mod plays;
mod write;

pub use self::{
    body::Rest,
    graphql::ListeningsOfUser,
    plays::{AlbumPlays, Plays, TrackPlays},
    write::record,
};
use super::acts::{act, by_date, by_hidden, find, visible};
use crate::{
    accounts::is_named,
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, operations},
    resources::people::audience,
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{listing::Listing, sql},
    time::Timestamp,
};

operations! {
    "history", "Listening history: the tracks that users have played.";
    /// Lists listenings.
    ///
    /// Listed are your own, and those of users whose privacy level lets you see them; use
    /// `scope=me` for your own. Tracks of artists that you have hidden are left out. Sorted newest
    /// first by default.
    list: List = read Listenings, anonymous = Setting, throttle = List, graphql = "listenings", params = Query;
    /// Returns a listening.
    ///
    /// Listenings that you may not see, and unknown IDs, are answered with 404.
    retrieve: Retrieve = read Listenings, anonymous = Setting, throttle = Retrieve, graphql = "listening";
    /// Records that you have played a track.
    ///
    /// Each call adds a listening, also for a track that was played before. Unknown tracks and
    /// times in the future are answered with 400.
    create: Create = write Listenings, anonymous = Never, throttle = Create, graphql = "Mutation.createListening";
}

pub type Query = ListQuery<ListeningFilter, ListeningOrder>;

act!(/// A track that a user has played.
    Listening in "listenings", ListeningBody as "Listening", at "Time at which the track was played.");

filter! {
    /// Filter for a list of listenings. A listening must match all conditions.
    pub struct ListeningFilter {
        /// Only listenings of users of this domain. All users are of this pod's domain.
        domain: Option<String>,
        /// `true`: only tracks of artists that you have hidden. By default, they are left out.
        /// Anonymous callers: ignored.
        hidden: Option<bool>,
        /// Only listenings of these users: `me`, `all`, `actor:name@domain` or `domain:name`.
        /// Several are separated by commas; any of them may match.
        scope: Option<String>,
        /// Only listenings of the user with this username (not case-sensitive).
        username: Option<String>,
    }
    shares hidden
}

ordering! {
    /// Sort options for listenings.
    pub struct ListeningOrder by ListeningOrderField {
        /// Time at which the track was played.
        CreationDate = "creation_date",
    }
    others ignored
}

async fn listing(
    reader: &Reader,
    filter: &ListeningFilter,
    order: &[ListeningOrder],
) -> Result<Listing> {
    let mut from = visible(reader, sql("from listenings v"));
    from = by_hidden(reader, from, filter.hidden);
    if let Some(scope) = &filter.scope {
        from = from.and(audience::within_scope(reader, scope, "v.user_id"));
    }
    if let Some(domain) = &filter.domain
        && !reader.is_local_domain(domain)
    {
        from = from.then(" and 1 = 0");
    }
    if let Some(username) = &filter.username {
        let named =
            sql("v.user_id = (select n.id from users n where n.").append(is_named(username));
        from = from.and(named.then(")"));
    }
    let first = order.first();
    Ok(by_date(
        from,
        first.map(|order| order.direction.is_descending()),
    ))
}

/// A listening that the caller may see.
pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Listening> {
    find(permit, key).await
}

/// The newest listening of each user since a time, as far as the caller may see them, the newest first.
pub async fn newest_of_each(permit: &Allowed<List>, since: Timestamp) -> Result<Vec<i64>> {
    const MOST: i64 = 100;
    let now = permit.clock().now();
    let later = "not exists (select 1 from listenings n where n.user_id = v.user_id
        and (n.creation_date > v.creation_date or (n.creation_date = v.creation_date and n.id > v.id))
        and n.creation_date <= ?)";
    let fresh = sql("v.creation_date > ? and v.creation_date <= ?")
        .bind(since)
        .bind(now);
    let listing = listing(permit, &ListeningFilter::default(), &[]).await?;
    let newest = listing.and(fresh).and(sql(later).bind(now));
    newest.page(permit.db(), MOST, 0).await
}

/// The IDs of the newest listenings that the caller may see.
pub async fn newest(reader: &Reader, most: i64) -> Result<Vec<i64>> {
    let listing = listing(reader, &ListeningFilter::default(), &[]).await?;
    listing.page(reader.db(), most, 0).await
}
