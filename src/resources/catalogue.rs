//! What artists, albums and tracks are narrowed and sorted by alike (contract section 7).
use uuid::Uuid;

use super::visibility::{folded, playable, withheld, within_scope};
use crate::{
    context::Reader,
    error::{Error, Result},
    store::{
        Sql,
        listing::{Kind as KeyKind, SortKey},
        sql,
    },
};

/// The SQL that differs between the three kinds. Each names its row by a fixed alias.
pub struct Shelf {
    /// `id in`, for a list of ids.
    pub among: &'static str,
    /// It has the tag ?.
    pub tagged: &'static str,
    /// It shares a tag with ? and is not ? itself.
    pub related: &'static str,
    /// How many tags it shares with ?.
    pub kinship: &'static str,
    /// Its ids by the uploads `u` that follow a `where`.
    pub uploaded: &'static str,
    /// There is an upload `u` of it such that; open, to be closed by a parenthesis.
    pub has_upload: &'static str,
    /// User ? has hidden an artist of it.
    pub hidden: &'static str,
    /// How often `hidden` names the user.
    pub hidden_values: usize,
    /// It is of a channel.
    pub of_channel: &'static str,
    /// Its MusicBrainz identifier is ?.
    pub mbid: &'static str,
    /// A number that seems random, by ? twice.
    pub shuffled: &'static str,
    /// Whether `playable: false` means an upload that is withheld, instead of none that plays.
    pub unplayable_is_withheld: bool,
}

/// The filters that all three kinds have.
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
}

impl Shelf {
    /// The rows that pass the common filters, of those that `from` names.
    pub fn narrowed(&self, reader: &Reader, from: Sql, wanted: &Narrowing) -> Sql {
        let mut from = from;
        if let Some(user) = reader.user_id() {
            let not = if wanted.hidden == Some(true) {
                " and "
            } else {
                " and not "
            };
            from = from.then(not).then(self.hidden);
            from = (0..self.hidden_values).fold(from, |from, _| from.bind(user));
        }
        if wanted.include_channels != Some(true) {
            from = from.then(" and not ").then(self.of_channel);
        }
        if let Some(mbid) = wanted.mbid {
            from = from.and(sql(self.mbid).bind(mbid));
        }
        for tag in wanted.tag {
            from = from.and(sql(self.tagged).bind(folded(tag)));
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
            Some(true) => from.and(self.upload_such_that(playable(reader))),
            Some(false) if self.unplayable_is_withheld => {
                from.and(self.upload_such_that(withheld(reader)))
            }
            Some(false) => from
                .then(" and not ")
                .append(self.upload_such_that(playable(reader))),
        }
    }

    fn uploaded_where(&self, condition: Sql) -> Sql {
        sql(self.among)
            .then(" (")
            .then(self.uploaded)
            .then(" where ")
            .append(condition)
            .then(")")
    }

    fn upload_such_that(&self, condition: Sql) -> Sql {
        sql(self.has_upload).append(condition).then(")")
    }

    /// A random order; the same seed gives the same one.
    pub fn random(&self, seed: i64, descending: bool) -> SortKey {
        SortKey::new(
            sql(self.shuffled).bind(seed).bind(seed),
            KeyKind::Int,
            descending,
        )
    }

    /// Most related first when descending; nothing to sort by where nothing is to be related to.
    pub fn relatedness(&self, to: Option<i64>, descending: bool) -> Option<SortKey> {
        to.map(|id| SortKey::new(sql(self.kinship).bind(id), KeyKind::Int, descending))
    }
}

/// A filter by a row that is none is refused, as a choice that is not offered.
pub async fn exists(reader: &Reader, field: &str, found: Sql) -> Result<()> {
    match found.optional::<(i64,)>(reader.db()).await? {
        Some(_) => Ok(()),
        None => Err(Error::field(
            field,
            "Select a valid choice. That choice is not one of the available choices.",
        )),
    }
}

/// A text that must say something, up to so many characters.
pub fn not_blank(field: &str, text: &str, most: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::field(field, "This field may not be blank."));
    }
    shorter(field, text, most)
}

/// Refuses a text that is too long.
pub fn shorter(field: &str, text: &str, most: usize) -> Result<()> {
    if text.chars().count() > most {
        let complaint = format!("Ensure this field has no more than {most} characters.");
        return Err(Error::field(field, complaint));
    }
    Ok(())
}

/// A condition that a row of artist credits `h`, whose `where` is left open, is of a channel that
/// is the caller's.
pub fn owned_by_channel(reader: &Reader, credited: &'static str) -> Sql {
    sql(credited)
        .then("h.artist_id in (select c.artist_id from channels c where c.attributed_to_id = ?))")
        .bind(reader.actor_id().unwrap_or(-1))
}

/// Values of one filter at most.
const VALUES: usize = 100;

/// Refuses a filter with too many values.
pub fn bounded<T>(field: &str, values: &[T]) -> Result<()> {
    if values.len() > VALUES {
        return Err(Error::field(
            field,
            format!("Give at most {VALUES} values."),
        ));
    }
    Ok(())
}
