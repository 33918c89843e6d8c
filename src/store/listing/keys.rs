//! Sort keys in rows and cursors.
use sqlx::{ColumnIndex, Database, Decode, FromRow, Type};

use crate::{
    store::{Value, Weigh},
    time::{Date, Timestamp, is_common},
};

/// The type of a sort key, so that a cursor can hold it.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Int,
    Text,
    Time,
    Date,
    Bool,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Text => "text",
            Self::Time => "time",
            Self::Date => "date",
            Self::Bool => "bool",
        }
    }

    pub fn holds(self, value: &Value) -> bool {
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
pub struct Keyed {
    pub id: i64,
    pub keys: Vec<Value>,
}

impl Weigh for Keyed {
    fn heap(&self) -> usize {
        self.keys.capacity() * size_of::<Value>() + self.keys.iter().map(Value::heap).sum::<usize>()
    }
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Keyed
where
    usize: ColumnIndex<R>,
    &'static str: ColumnIndex<R>,
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
        let keys = row.columns().iter().enumerate();
        let keys = keys.filter(|(_, column)| is_key(sqlx::Column::name(*column)));
        Ok(Self {
            id: row.try_get("id")?,
            keys: keys.map(key).collect::<sqlx::Result<_>>()?,
        })
    }
}

/// Whether a column is a sort key: `k0_int`, `k1_text` and so on.
fn is_key(column: &str) -> bool {
    column.starts_with('k')
}
