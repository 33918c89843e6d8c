//! SQL for reading radios.
use super::{
    Radio, RadioFilter, RadioListFilter, RadioOrder, RadioOrderField,
    chosen::{By, condition},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{ids::Key, reference::identified},
    load::Entity,
    resources::{catalogue::tracks, library::visibility::playable, people::audience},
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
        text::{WORDS, containing, folded, starting},
    },
};

identified!(Radio in "radios");

/// Condition on a radio `r`: the caller may hear it.
fn visible(reader: &Reader) -> Sql {
    let shown = match reader.user_id() {
        Some(me) => sql("(r.is_public = true or r.user_id = ?)").bind(me),
        None => sql("r.is_public = true"),
    };
    shown.and(audience::active("r.user_id"))
}

pub(super) async fn listing(
    reader: &Reader,
    filter: &RadioListFilter,
    order: &[RadioOrder],
) -> Result<Listing> {
    let mut from = sql("from radios r where ").append(visible(reader));
    if let Some(name) = &filter.name {
        from = from.then(" and r.name = ?").bind(name.as_str());
    }
    if let Some(name) = &filter.name_equals {
        from = from.then(" and r.name_folded = ?").bind(folded(name));
    }
    if let Some(start) = &filter.name_starts_with {
        from = from.and(starting("r.name", start));
    }
    let words = filter.q.iter().flat_map(|q| q.split_whitespace());
    let parts = words.take(WORDS).chain(filter.name_contains.as_deref());
    for part in parts {
        let named = sql("r.name_folded like ? escape '\\'");
        from = from.and(named.bind(containing(part)));
    }
    if let Some(scope) = &filter.scope {
        from = from.and(audience::within_scope(reader, scope, "r.user_id"));
    }
    let is_unsorted = order.is_empty();
    let order = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "r.id", order).oldest_first_if(is_unsorted))
}

impl RadioOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            RadioOrderField::Id => ("r.id", KeyKind::Int),
            RadioOrderField::Name => ("r.name", KeyKind::Text),
            RadioOrderField::CreationDate => ("r.creation_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

/// A radio that the caller may hear.
pub async fn retrieve(reader: &Reader, key: Key) -> Result<Radio> {
    let id = key.number()?;
    let found = Radio::select().then(" r where r.id = ?").bind(id);
    found.and(visible(reader)).one(reader.db()).await
}

/// The tracks that filters choose for the caller.
pub fn listing_of(reader: &Reader, filters: &[RadioFilter]) -> Listing {
    let chosen = condition(reader, filters, "t.id", By::List);
    let from = sql("from tracks t where ").append(chosen);
    Listing::new(from.and(playing(reader, "t.id")), "t.id", [])
}

/// Condition on the ID of a track, in `key`: the caller can play the track and has not hidden its artist.
pub fn playing(reader: &Reader, key: &'static str) -> Sql {
    let can = sql("exists (select 1 from uploads u where u.track_id = ")
        .then(key)
        .then(" and ")
        .append(playable(reader))
        .then(")");
    match reader.user_id() {
        Some(me) => {
            let shown = sql(key).then(" not in (").append(tracks::hidden_from(me));
            can.then(" and ").append(shown).then(")")
        }
        None => can,
    }
}
