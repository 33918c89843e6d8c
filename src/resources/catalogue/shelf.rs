//! Filters and orderings that artists, albums and tracks have in common (contract section 7).
use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    context::Reader,
    error::{Error, Result},
    resources::library::visibility::{playable, withheld, within_scope},
    store::{
        Sql,
        listing::{Kind as KeyKind, SortKey},
        sql,
        text::folded,
    },
    time::Timestamp,
};

/// The SQL fragments that differ between the three kinds. Each uses a fixed alias for the row.
pub struct Shelf {
    /// `id in`, to be followed by a list of IDs.
    pub among: &'static str,
    /// Condition: the row has a tag whose name is such, to be followed by how it compares.
    pub tagged: &'static str,
    /// Condition: the row shares a tag with the row ?, and is not that row.
    pub related: &'static str,
    /// Number of tags shared with the row ?.
    pub kinship: &'static str,
    /// Select of IDs by uploads `u`; needs a `where`.
    pub uploaded: &'static str,
    /// Condition: the row has an upload `u` such that ..; needs a condition and a closing
    /// parenthesis.
    pub has_upload: &'static str,
    /// Select of the IDs of the rows of which the user ? has hidden an artist.
    pub hidden: &'static str,
    /// Number of placeholders in `hidden`.
    pub hidden_values: usize,
    /// Condition: the row belongs to a channel.
    pub of_channel: &'static str,
    /// The time at which the row was added.
    pub added: &'static str,
    /// Condition: the MusicBrainz ID is ?.
    pub mbid: &'static str,
    /// A pseudorandom number, from the seed ? (twice).
    pub shuffled: &'static str,
    /// Whether `playable: false` means that an upload is withheld from the caller, instead of that
    /// none is playable.
    pub unplayable_is_withheld: bool,
}

/// The filters that all three kinds have in common.
#[derive(Default)]
pub struct Narrowing<'a> {
    pub hidden: Option<bool>,
    pub include_channels: Option<bool>,
    pub library: Option<Uuid>,
    pub channel: Option<Uuid>,
    pub mbid: Option<Uuid>,
    pub playable: Option<bool>,
    pub related: Option<i64>,
    pub scope: Option<&'a str>,
    pub tag: &'a [String],
    pub any_tag: &'a [String],
    /// From this time on, and before that.
    pub added: (Option<Timestamp>, Option<Timestamp>),
}

impl Shelf {
    /// Adds the common filters to `from`.
    pub fn narrowed(&self, reader: &Reader, from: Sql, wanted: &Narrowing) -> Sql {
        let mut from = from;
        if let Some(user) = reader.user_id() {
            let not = if wanted.hidden == Some(true) {
                " and "
            } else {
                " and not "
            };
            from = from.then(not).append(self.among(self.hidden_from(user)));
        }
        if wanted.include_channels != Some(true) {
            from = from.then(" and not ").then(self.of_channel);
        }
        if let Some(mbid) = wanted.mbid {
            from = from.and(sql(self.mbid).bind(mbid));
        }
        if !wanted.tag.is_empty() {
            from = from.and(self.with_tags(wanted.tag));
        }
        if !wanted.any_tag.is_empty() {
            let tags: Vec<String> = wanted.any_tag.iter().map(|tag| folded(tag)).collect();
            from = from.and(sql(self.tagged).then(" in ?*)").bind(tags));
        }
        let (since, before) = wanted.added;
        if let Some(since) = since {
            from = from
                .then(" and ")
                .then(self.added)
                .then(" >= ?")
                .bind(since);
        }
        if let Some(before) = before {
            from = from
                .then(" and ")
                .then(self.added)
                .then(" < ?")
                .bind(before);
        }
        if let Some(id) = wanted.related {
            from = from.and(sql(self.related).bind(id).bind(id));
        }
        if let Some(scope) = wanted.scope {
            from = from.and(self.uploaded_where(within_scope(reader, scope)));
        }
        if let Some(library) = wanted.library {
            let there = sql("u.library_id = (select l.id from libraries l where l.uuid = ?) and ");
            from = from.and(self.uploaded_where(there.bind(library).append(playable(reader))));
        }
        if let Some(channel) = wanted.channel {
            let there =
                sql("u.library_id = (select c.library_id from channels c where c.uuid = ?) and ");
            from = from.and(self.uploaded_where(there.bind(channel).append(playable(reader))));
        }
        match wanted.playable {
            None => from,
            Some(true) => from.and(self.playable(reader)),
            Some(false) if self.unplayable_is_withheld => {
                from.and(self.upload_such_that(withheld(reader)))
            }
            Some(false) => from.then(" and not ").append(self.playable(reader)),
        }
    }

    /// Condition: has all of these tags. One condition for several, since each would be another join
    /// to plan.
    fn with_tags(&self, tags: &[String]) -> Sql {
        let tags: BTreeSet<String> = tags.iter().map(|tag| folded(tag)).collect();
        let count = i64::try_from(tags.len()).unwrap_or(i64::MAX);
        match Vec::from_iter(tags).as_mut_slice() {
            [one] => sql(self.tagged).then(" = ?)").bind(std::mem::take(one)),
            several => sql(self.tagged)
                .then(" in ?* group by 1 having count(distinct g.name_folded) = ?)")
                .bind(several.to_vec())
                .bind(count),
        }
    }

    /// Condition: the caller can play something of the row in this library.
    pub fn in_library(&self, reader: &Reader, library: i64) -> Sql {
        let there = sql("u.library_id = ? and ").bind(library);
        self.uploaded_where(there.append(playable(reader)))
    }

    /// Condition: the caller can play something of the row.
    pub fn playable(&self, reader: &Reader) -> Sql {
        self.upload_such_that(playable(reader))
    }

    fn uploaded_where(&self, condition: Sql) -> Sql {
        self.among(sql(self.uploaded).then(" where ").append(condition))
    }

    /// Condition: the row is one of those that are selected.
    fn among(&self, select: Sql) -> Sql {
        sql(self.among).then(" (").append(select).then(")")
    }

    /// Select of the IDs of the rows of which a user has hidden an artist.
    pub fn hidden_from(&self, user: i64) -> Sql {
        (0..self.hidden_values).fold(sql(self.hidden), |hidden, _| hidden.bind(user))
    }

    fn upload_such_that(&self, condition: Sql) -> Sql {
        sql(self.has_upload).append(condition).then(")")
    }

    /// A random order. The same seed gives the same order.
    pub fn random(&self, seed: i64, descending: bool) -> SortKey {
        SortKey::new(
            sql(self.shuffled).bind(seed).bind(seed),
            KeyKind::Int,
            descending,
        )
    }

    /// Sorts by the number of shared tags; no sort key without the filter `related`.
    pub fn relatedness(&self, to: Option<i64>, descending: bool) -> Option<SortKey> {
        to.map(|id| SortKey::new(sql(self.kinship).bind(id), KeyKind::Int, descending))
    }
}

/// Refuses a filter by a row that does not exist.
pub async fn exists(reader: &Reader, field: &str, found: Sql) -> Result<()> {
    match found.optional::<(i64,)>(reader.db()).await? {
        Some(_) => Ok(()),
        None => Err(Error::field(
            field,
            "Select a valid choice. That choice is not one of the available choices.",
        )),
    }
}
