//! Lists that are paged by number (REST) or by cursor (GraphQL).
mod deep;
mod keys;
mod nested;

use std::{collections::HashSet, sync::Arc};

use async_graphql::Enum;
use futures_util::FutureExt;

use self::keys::Keyed;
pub use self::keys::Kind;
use super::{
    Reads, Sql, Value, sql,
    window::{Stretch, Window, decode, encode},
};
use crate::error::{Error, Result};

/// An order by chance: an expression of an ID and, twice, a seed.
macro_rules! shuffled {
    ($id:literal) => {
        concat!(
            "((",
            $id,
            " * 48271 + ?) % 2147483647) * ((",
            $id,
            " * 69621 + ?) % 65537) % 2147483647"
        )
    };
}
pub(crate) use shuffled;

/// Sort direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum Direction {
    /// Ascending: smallest or earliest first.
    #[default]
    Asc,
    /// Descending: largest or latest first.
    Desc,
}

impl Direction {
    pub fn of(descending: bool) -> Self {
        if descending { Self::Desc } else { Self::Asc }
    }

    pub fn is_descending(self) -> bool {
        self == Self::Desc
    }
}

/// One term of an ordering.
#[derive(Clone, Debug)]
pub struct SortKey {
    expression: Sql,
    kind: Kind,
    descending: bool,
}

impl SortKey {
    pub fn new(expression: Sql, kind: Kind, descending: bool) -> Self {
        Self {
            expression,
            kind,
            descending,
        }
    }

    /// The key as selected. Integers are cast, because PostgreSQL has several sizes.
    fn value(&self) -> Sql {
        match self.kind {
            Kind::Int => sql("cast(")
                .append(self.expression.clone())
                .then(" as bigint)"),
            _ => self.expression.clone(),
        }
    }

    /// A nullable column: nulls sort last ascending and first descending, on both databases.
    pub fn nullable(
        column: &'static str,
        is_null: &'static str,
        kind: Kind,
        descending: bool,
    ) -> [Self; 2] {
        [
            Self::new(sql(is_null), Kind::Bool, descending),
            Self::new(sql(column), kind, descending),
        ]
    }
}

/// Matching rows and their order. The last key is unique.
#[derive(Clone, Debug)]
pub struct Listing {
    /// `from .. where ..`
    from: Sql,
    id: &'static str,
    keys: Vec<SortKey>,
}

/// A window of a list, its cursors read.
struct Cut {
    size: usize,
    backwards: bool,
    after: Option<Vec<Value>>,
    before: Option<Vec<Value>>,
}

impl Cut {
    /// The part, from its rows and one more if there is one.
    fn stretch(&self, mut rows: Vec<Keyed>) -> Stretch {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        if self.backwards {
            rows.reverse();
        }
        Stretch {
            ids: rows.iter().map(|row| row.id).collect(),
            cursors: rows.iter().map(|row| encode(&row.keys)).collect(),
            has_previous: if self.backwards {
                more
            } else {
                self.after.is_some()
            },
            has_next: if self.backwards {
                self.before.is_some()
            } else {
                more
            },
        }
    }
}

impl Listing {
    /// `id` names the unique column that breaks ties, newest first.
    pub fn new(from: Sql, id: &'static str, keys: impl IntoIterator<Item = SortKey>) -> Self {
        let mut known = HashSet::new();
        let mut keys: Vec<_> = keys.into_iter().collect();
        // Sorting again by the same expression has no effect.
        keys.retain(|key| known.insert(key.expression.fingerprint()));
        keys.push(SortKey::new(sql(id), Kind::Int, true));
        Self { from, id, keys }
    }

    /// Breaks ties oldest first, if asked to.
    pub fn oldest_first_if(mut self, wanted: bool) -> Self {
        if let Some(last) = self.keys.last_mut().filter(|_| wanted) {
            last.descending = false;
        }
        self
    }

    /// The number of rows. Slow counts are cached for half a minute, though rows change meanwhile.
    pub async fn count(&self, db: &Reads) -> Result<i64> {
        let count = sql("select count(*) ").append(self.from.clone());
        if let Some(known) = db.cache().listed(db, &count).await? {
            return Ok(*known);
        }
        let key = count.fingerprint();
        if let Some(recent) = db.counts().recent(&key) {
            db.note_more();
            return Ok(recent);
        }
        let counting = || db.counts().timed(key, count.clone().number(db)).boxed();
        let counted = db.cache().list(db, &count, counting).await?;
        Ok(*counted)
    }

    pub async fn page(&self, db: &Reads, limit: i64, offset: i64) -> Result<Vec<i64>> {
        if offset >= deep::FROM {
            return self.deep_page(db, limit, offset).await;
        }
        let select = sql("select ")
            .then(self.id)
            .then(" ")
            .append(self.from.clone());
        let ordered = select.then(" order by ").append(self.order(false));
        let page = ordered.then(" limit ? offset ?").bind(limit).bind(offset);
        page.kept_ids(db).await
    }

    /// Keeps the rows that match at least one of these lists of the same table, if there are any.
    pub fn any_of(mut self, alternatives: Option<Vec<Self>>) -> Self {
        if let Some(alternatives) = alternatives {
            let none = self.from.then(" and (false");
            let either = alternatives.into_iter().fold(none, |from, alternative| {
                let conditions = alternative.from.conditions();
                from.then(" or (").append(conditions).then(")")
            });
            self.from = either.then(")");
        }
        self
    }

    /// Only the rows that match this condition too.
    pub fn and(mut self, condition: Sql) -> Self {
        self.from = self.from.and(condition);
        self
    }

    /// In another order.
    pub fn ordered(self, keys: impl IntoIterator<Item = SortKey>) -> Self {
        Self::new(self.from, self.id, keys)
    }

    /// The part that `window` requests: at most `most` rows, and `usual` if no size is asked for.
    pub async fn stretch(
        &self,
        db: &Reads,
        window: &Window,
        (usual, most): (usize, usize),
    ) -> Result<Stretch> {
        let cut = self.cut(window, usual, most)?;
        let select = self.part(&cut);
        let read = || select.clone().all::<Keyed>(db).boxed();
        let rows = db.cache().list(db, &select, read).await?;
        Ok(cut.stretch(Arc::unwrap_or_clone(rows)))
    }

    /// Reads a window: at most `most` rows, and `usual` if no size is asked for.
    fn cut(&self, window: &Window, usual: usize, most: usize) -> Result<Cut> {
        let (size, backwards) = window.size(usual, most)?;
        let cursor = |name, text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| self.cursor(name, text)).transpose()
        };
        Ok(Cut {
            size,
            backwards,
            after: cursor("after", &window.after)?,
            before: cursor("before", &window.before)?,
        })
    }

    /// Selects the rows of a part, and one more.
    fn part(&self, cut: &Cut) -> Sql {
        let mut select = self.keyed();
        if let Some(values) = &cut.after {
            select = select.and(self.beyond(values, false));
        }
        if let Some(values) = &cut.before {
            select = select.and(self.beyond(values, true));
        }
        let ordered = select.then(" order by ").append(self.order(cut.backwards));
        let limit = i64::try_from(cut.size + 1).expect("a page size is small");
        ordered.then(" limit ?").bind(limit)
    }

    /// Selects rows with their sort keys.
    fn keyed(&self) -> Sql {
        let mut select = sql("select ").then(self.id).then(" as id");
        for (index, key) in self.keys.iter().enumerate() {
            let alias = format!(" as k{index}_{}", key.kind.name());
            select = select
                .then(", ")
                .append(key.value())
                .append(Sql::generated(alias));
        }
        select.then(" ").append(self.from.clone())
    }

    fn order(&self, reversed: bool) -> Sql {
        let mut order = Sql::default();
        for key in &self.keys {
            let separated = if order.is_empty() {
                order
            } else {
                order.then(", ")
            };
            let direction = if key.descending == reversed {
                " asc"
            } else {
                " desc"
            };
            order = separated.append(key.expression.clone()).then(direction);
        }
        order
    }

    /// The rows after (or before) the one whose keys are `values`: a later first key, or the same
    /// first key and a later second one, and so on.
    fn beyond(&self, values: &[Value], reversed: bool) -> Sql {
        let mut alternatives = Sql::default();
        for (index, (key, value)) in self.keys.iter().zip(values).enumerate() {
            if value.is_null() {
                continue;
            }
            let mut all = sql("(");
            for (same, value) in self.keys.iter().zip(values).take(index) {
                if !value.is_null() {
                    all = all
                        .append(same.expression.clone())
                        .then(" = ? and ")
                        .bind(value.clone());
                }
            }
            let comparison = if key.descending == reversed {
                " > ?)"
            } else {
                " < ?)"
            };
            all = all
                .append(key.expression.clone())
                .then(comparison)
                .bind(value.clone());
            let separated = if alternatives.is_empty() {
                alternatives
            } else {
                alternatives.then(" or ")
            };
            alternatives = separated.append(all);
        }
        // The bound on the first key is implied; stating it lets an index start at the cursor.
        let bound = match (self.keys.first(), values.first()) {
            (Some(key), Some(value)) if !value.is_null() => {
                let comparison = if key.descending == reversed {
                    " >= ?"
                } else {
                    " <= ?"
                };
                key.expression
                    .clone()
                    .then(comparison)
                    .bind(value.clone())
                    .then(" and ")
            }
            _ => Sql::default(),
        };
        bound.then("(").append(alternatives).then(")")
    }

    fn cursor(&self, name: &str, text: &str) -> Result<Vec<Value>> {
        let values: Option<Vec<Value>> = decode(text);
        let fits = |values: &Vec<Value>| {
            values.len() == self.keys.len()
                && values
                    .iter()
                    .zip(&self.keys)
                    .all(|(value, key)| key.kind.holds(value))
                && nulls_are_announced(values)
        };
        values
            .filter(fits)
            .ok_or_else(|| Error::field(name, "Not a cursor of this list in this ordering."))
    }
}

/// Whether each null key follows a key that says it is null.
fn nulls_are_announced(values: &[Value]) -> bool {
    let announced = |index: usize| index > 0 && values[index - 1] == Value::Bool(Some(true));
    let mut nulls = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_null());
    nulls.all(|(index, _)| announced(index))
}
