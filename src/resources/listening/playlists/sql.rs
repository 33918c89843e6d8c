//! SQL for reading playlists.
use super::{Playlist, PlaylistFilter, PlaylistOrder, PlaylistOrderField};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::Key,
        reference::{identified, resolved},
    },
    load::Entity,
    resources::people::audience,
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
        text::{WORDS, containing},
    },
};

identified!(Playlist in "playlists");

/// Condition on a playlist `p`: the caller may see it.
fn visible(reader: &Reader) -> Sql {
    audience::shows(reader, "p.privacy_level", "p.user_id").and(audience::active("p.user_id"))
}

pub async fn listing(
    reader: &Reader,
    filter: &PlaylistFilter,
    order: &[PlaylistOrder],
) -> Result<Listing> {
    let mut from = sql("from playlists p where ").append(visible(reader));
    if let Some(album) = resolved(reader, "album", filter.album.as_ref()).await? {
        from = from.and(with_track("t.album_id = ?").bind(album).then(")"));
    }
    if let Some(artist) = resolved(reader, "artist", filter.artist.as_ref()).await? {
        let credited = "t.id in (select h.track_id from track_artists h where h.artist_id = ?)";
        from = from.and(with_track(credited).bind(artist).then(")"));
    }
    if let Some(track) = resolved(reader, "track", filter.track.as_ref()).await? {
        from = from.and(with_track("t.id = ?").bind(track).then(")"));
    }
    if let Some(playable) = filter.playable {
        let not = if playable { " and " } else { " and not " };
        from = from
            .then(not)
            .then("exists (select 1 from playlist_tracks x where x.playlist_id = p.id)");
    }
    if let Some(scope) = &filter.scope {
        from = from.and(audience::within_scope(reader, scope, "p.user_id"));
    }
    let order: Vec<_> = order.iter().map(|order| order.key()).collect();
    let is_unsorted = order.is_empty();
    Ok(Listing::new(named(from, filter), "p.id", order).oldest_first_if(is_unsorted))
}

/// The filters by name.
fn named(mut from: Sql, filter: &PlaylistFilter) -> Sql {
    if let Some(name) = &filter.name {
        from = from.then(" and p.name = ?").bind(name.as_str());
    }
    if let Some(part) = &filter.name_contains {
        from = from.then(" and p.name_folded like ? escape '\\'");
        from = from.bind(containing(part));
    }
    let words = filter.q.iter().flat_map(|q| q.split_whitespace());
    for word in words.take(WORDS) {
        let found = sql("(p.name_folded like ? escape '\\' or p.user_id in
            (select w.id from users w where w.username_folded like ? escape '\\'))");
        from = from.and(found.bind(containing(word)).bind(containing(word)));
    }
    from
}

/// Condition: the playlist has a track `t` such that ..; needs a closing parenthesis.
fn with_track(condition: &'static str) -> Sql {
    sql("p.id in (select x.playlist_id from tracks t join playlist_tracks x on x.track_id = t.id where ")
        .then(condition)
}

impl PlaylistOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            PlaylistOrderField::Id => ("p.id", KeyKind::Int),
            PlaylistOrderField::Name => ("p.name", KeyKind::Text),
            PlaylistOrderField::CreationDate => ("p.creation_date", KeyKind::Time),
            PlaylistOrderField::ModificationDate => ("p.modification_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

/// A playlist that the caller may see.
pub async fn retrieve(reader: &Reader, key: Key) -> Result<Playlist> {
    let id = key.number()?;
    let found = Playlist::select().then(" p where p.id = ?").bind(id);
    found.and(visible(reader)).one(reader.db()).await
}
