//! Lists that are paged by number (REST) or by cursor (GraphQL).
use std::{collections::HashSet, sync::Arc};

use sqlx::{ColumnIndex, Database, Decode, FromRow, Type};

use super::{
    Reads, Sql, Value, Weigh, sql,
    window::{Stretch, Window, decode, encode},
};
use crate::{
    error::{Error, Result},
    time::{Date, Timestamp, is_common},
};
use async_graphql::Enum;

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

/// The type of a sort key, so that a cursor can hold it.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Int,
    Text,
    Time,
    Date,
    Bool,
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

    /// The number of rows. Slow counts are cached for half a minute.
    pub async fn count(&self, db: &Reads) -> Result<i64> {
        let count = sql("select count(*) ").append(self.from.clone());
        let counted = async {
            let counting = count.clone().number(db);
            db.counts().get(count.fingerprint(), counting).await
        };
        db.cache()
            .list(db, &count, counted)
            .await
            .map(|count| *count)
    }

    pub async fn page(&self, db: &Reads, limit: i64, offset: i64) -> Result<Vec<i64>> {
        let select = sql("select ")
            .then(self.id)
            .then(" ")
            .append(self.from.clone());
        let ordered = select.then(" order by ").append(self.order(false));
        let page = ordered.then(" limit ? offset ?").bind(limit).bind(offset);
        page.kept_ids(db).await
    }

    /// The part that `window` requests; at most `most` rows, which is also the default.
    pub async fn stretch(&self, db: &Reads, window: &Window, most: usize) -> Result<Stretch> {
        let (size, backwards) = window.size(most, most)?;
        let after = window
            .after
            .as_deref()
            .map(|text| self.cursor("after", text))
            .transpose()?;
        let before = window
            .before
            .as_deref()
            .map(|text| self.cursor("before", text))
            .transpose()?;
        let mut select = sql("select ").then(self.id);
        for (index, key) in self.keys.iter().enumerate() {
            let alias = format!(" as k{index}_{}", key.kind.name());
            select = select
                .then(", ")
                .append(key.value())
                .append(Sql::generated(alias));
        }
        select = select.then(" ").append(self.from.clone());
        if let Some(values) = &after {
            select = select.and(self.beyond(values, false));
        }
        if let Some(values) = &before {
            select = select.and(self.beyond(values, true));
        }
        select = select.then(" order by ").append(self.order(backwards));
        let limit = i64::try_from(size + 1).expect("a page size is small");
        let select = select.then(" limit ?").bind(limit);
        let rows = db
            .cache()
            .list(db, &select, select.clone().all::<Keyed>(db))
            .await?;
        let mut rows = Arc::unwrap_or_clone(rows);
        let more = rows.len() > size;
        rows.truncate(size);
        if backwards {
            rows.reverse();
        }
        Ok(Stretch {
            ids: rows.iter().map(|row| row.id).collect(),
            cursors: rows.iter().map(|row| encode(&row.keys)).collect(),
            has_previous: if backwards { more } else { after.is_some() },
            has_next: if backwards { before.is_some() } else { more },
        })
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

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Text => "text",
            Self::Time => "time",
            Self::Date => "date",
            Self::Bool => "bool",
        }
    }

    fn holds(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Int, Value::Int(_))
                | (Self::Text, Value::Text(_))
                | (Self::Bool, Value::Bool(_))
                | (Self::Time, Value::Time(None))
                | (Self::Date, Value::Date(None))
        ) || match (self, value) {
            (Self::Time, Value::Time(Some(time))) => is_common(time.0.date_naive()),
            (Self::Date, Value::Date(Some(date))) => is_common(*date),
            _ => false,
        }
    }
}

/// A row's ID and sort keys; the type of a key is in its column's name.
#[derive(Clone)]
struct Keyed {
    id: i64,
    keys: Vec<Value>,
}

impl Weigh for Keyed {
    fn heap(&self) -> usize {
        self.keys.capacity() * size_of::<Value>() + self.keys.iter().map(Value::heap).sum::<usize>()
    }
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Keyed
where
    usize: ColumnIndex<R>,
    i64: Type<R::Database> + Decode<'r, R::Database>,
    bool: Type<R::Database> + Decode<'r, R::Database>,
    String: Type<R::Database> + Decode<'r, R::Database>,
    Timestamp: Type<R::Database> + Decode<'r, R::Database>,
    Date: Type<R::Database> + Decode<'r, R::Database>,
    R::Database: Database,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let key = |(index, column): (usize, &<R::Database as Database>::Column)| {
            use sqlx::Column as _;
            let kind = column.name().rsplit('_').next().unwrap_or_default();
            Ok(match kind {
                "int" => Value::Int(row.try_get(index)?),
                "text" => Value::Text(row.try_get(index)?),
                "time" => Value::Time(row.try_get(index)?),
                "date" => Value::Date(row.try_get::<Option<Date>, _>(index)?.map(|date| date.0)),
                _ => Value::Bool(row.try_get(index)?),
            })
        };
        let keys = row
            .columns()
            .iter()
            .enumerate()
            .skip(1)
            .map(key)
            .collect::<sqlx::Result<_>>()?;
        Ok(Self {
            id: row.try_get(0)?,
            keys,
        })
    }
}
