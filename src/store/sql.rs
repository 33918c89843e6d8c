use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use sqlx::{AssertSqlSafe, FromRow, postgres::PgRow, sqlite::SqliteRow};

use uuid::Uuid;

use super::{
    Connection, Db, Dialect, Pools, Reads, Tx, Value, Weigh,
    readers::collect as collect_sqlite,
    value::{postgres_arguments, sqlite_arguments},
};
use crate::error::{Error, Result};

/// A type that rows of either database can be read into.
pub trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

impl<T> Row for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

/// A statement under construction. Its text comes from string literals only; input from callers is
/// in `values`: one for each `?` of the text, and one list for each `in ?*`.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

/// Starts a statement.
pub fn sql(text: &'static str) -> Sql {
    Sql {
        text: text.to_owned(),
        values: Vec::new(),
    }
}

/// Starts `select columns from table`.
pub fn columns_of(table: &'static str, columns: &'static str) -> Sql {
    Sql::generated(format!("select {columns} from {table}"))
}

impl Sql {
    /// Binds the value for the next `?`.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Appends text.
    pub fn then(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends the text and values of another statement.
    pub fn append(mut self, other: Sql) -> Self {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
        self
    }

    /// Appends ` and ` and a condition.
    pub fn and(self, condition: Sql) -> Self {
        self.then(" and ").append(condition)
    }

    /// Appends the condition that a column has a value, if one is wanted.
    pub fn equal(self, column: &'static str, wanted: Option<impl Into<Value>>) -> Self {
        match wanted {
            Some(wanted) => self.then(" and ").then(column).then(" = ?").bind(wanted),
            None => self,
        }
    }

    /// Appends the conditions that a column is at least and at most so much.
    pub fn within(mut self, column: &'static str, from: Option<i64>, to: Option<i64>) -> Self {
        for (bound, is) in [(from, " >= ?"), (to, " <= ?")] {
            if let Some(bound) = bound {
                self = self.then(" and ").then(column).then(is).bind(bound);
            }
        }
        self
    }

    /// Appends the condition that a column is one of these UUIDs, at least one of them.
    pub fn one_of(mut self, column: &'static str, uuids: &[Uuid]) -> Self {
        // No `false or ..`, with which no index would be used.
        for (index, uuid) in uuids.iter().enumerate() {
            let link = if index == 0 { "(" } else { " or " };
            self = self.then(link).then(column).then(" = ?").bind(*uuid);
        }
        self.then(")")
    }

    /// The conditions of `from .. where ..`, whose table has no values.
    pub(super) fn conditions(self) -> Self {
        let (_, conditions) = self.text.split_once(" where ").unwrap_or(("", "true"));
        Self {
            text: conditions.to_owned(),
            values: self.values,
        }
    }

    /// A statement with text made by the program, from numbers or constant names.
    pub(super) fn generated(text: String) -> Self {
        Self {
            text,
            values: Vec::new(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Number of values.
    pub(super) fn values(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A key that is unique to this text and these values.
    pub(super) fn fingerprint(&self) -> String {
        format!("{}|{:?}", self.text, self.values)
    }

    pub async fn all<T: Row>(self, on: impl On) -> Result<Vec<T>> {
        let mut rows = Vec::<T>::new();
        on.fetch(self, &mut rows).await?;
        Ok(rows)
    }

    pub async fn optional<T: Row>(self, on: impl On) -> Result<Option<T>> {
        Ok(self.all(on).await?.into_iter().next())
    }

    /// The first row, or `NotFound`.
    pub async fn one<T: Row>(self, on: impl On) -> Result<T> {
        self.optional(on).await?.ok_or(Error::NotFound)
    }

    /// The only column of the only row, for instance a count.
    pub async fn number(self, on: impl On) -> Result<i64> {
        Ok(self.one::<(i64,)>(on).await?.0)
    }

    /// The only column of each row.
    pub async fn ids(self, on: impl On) -> Result<Vec<i64>> {
        Ok(self
            .all::<(i64,)>(on)
            .await?
            .into_iter()
            .map(|row| row.0)
            .collect())
    }

    /// The rows, cached until a table they were read from changes.
    pub async fn kept<T: Row + Weigh + Sync>(self, db: &Reads) -> Result<Arc<Vec<T>>> {
        let read = || self.clone().all(db).boxed();
        db.cache().list(db, &self, read).await
    }

    /// The only column of each row, cached until a table it was read from changes.
    pub async fn kept_ids(self, db: &Reads) -> Result<Vec<i64>> {
        let read = || self.clone().ids(db).boxed();
        let ids = db.cache().list(db, &self, read).await?;
        Ok(ids.to_vec())
    }

    /// Several rows to insert: `(?, ?)` for each, separated by commas; `bind` binds the values of one.
    pub fn rows<T>(self, row: &'static str, rows: &[T], bind: impl Fn(Self, &T) -> Self) -> Self {
        let mut all = self;
        for (index, values) in rows.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            all = bind(all.then(comma).then(row), values);
        }
        all
    }

    /// Runs a statement that returns no rows; returns the number of rows affected.
    pub async fn run(self, on: impl OnWrite) -> Result<u64> {
        on.execute(self).await
    }

    /// Rejects null characters on both databases, because PostgreSQL cannot store them.
    fn render(self, dialect: Dialect) -> Result<(AssertSqlSafe<String>, Vec<Value>)> {
        if self.values.iter().any(Value::has_null_character) {
            return Err(Error::Refused(
                "Null characters are not allowed.".to_owned(),
            ));
        }
        Ok((AssertSqlSafe(dialect.render(&self.text)), self.values))
    }
}

/// Takes the rows of a statement, one after the other. What reads them is compiled once, not for each type of row.
pub trait Rows: Send {
    fn sqlite(&mut self, row: &SqliteRow) -> sqlx::Result<()>;
    fn postgres(&mut self, row: &PgRow) -> sqlx::Result<()>;
}

impl<T: Row> Rows for Vec<T> {
    fn sqlite(&mut self, row: &SqliteRow) -> sqlx::Result<()> {
        self.push(T::from_row(row)?);
        Ok(())
    }

    fn postgres(&mut self, row: &PgRow) -> sqlx::Result<()> {
        self.push(T::from_row(row)?);
        Ok(())
    }
}

/// Where a statement reads: outside of transactions, or in one.
pub trait On: Send {
    fn fetch<'a>(self, sql: Sql, rows: &'a mut dyn Rows) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a;
}

/// Where a statement may write.
pub trait OnWrite: On {
    fn execute<'a>(self, sql: Sql) -> BoxFuture<'a, Result<u64>>
    where
        Self: 'a;
}

impl On for &Db {
    fn fetch<'a>(self, sql: Sql, rows: &'a mut dyn Rows) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        On::fetch(&**self, sql, rows)
    }
}

impl On for &Reads {
    fn fetch<'a>(self, sql: Sql, rows: &'a mut dyn Rows) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        Box::pin(self.read(sql, rows))
    }
}

impl OnWrite for &Db {
    fn execute<'a>(self, sql: Sql) -> BoxFuture<'a, Result<u64>>
    where
        Self: 'a,
    {
        Box::pin(self.write(sql))
    }
}

impl On for &mut Tx {
    fn fetch<'a>(self, sql: Sql, rows: &'a mut dyn Rows) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        Box::pin(self.read(sql, rows))
    }
}

impl OnWrite for &mut Tx {
    fn execute<'a>(self, sql: Sql) -> BoxFuture<'a, Result<u64>>
    where
        Self: 'a,
    {
        Box::pin(self.write(sql))
    }
}

impl Reads {
    async fn read(&self, sql: Sql, rows: &mut dyn Rows) -> Result<()> {
        self.count_statement();
        let (text, values) = sql.render(self.dialect())?;
        match &*self.pools {
            Pools::Sqlite { read, .. } => read.fetch(text, sqlite_arguments(values)?, rows).await?,
            Pools::Postgres(servers) => {
                servers
                    .fetch(text, postgres_arguments(values)?, rows)
                    .await?;
            }
        }
        Ok(())
    }
}

impl Db {
    async fn write(&self, sql: Sql) -> Result<u64> {
        self.count_statement();
        let _wrote = self.cache.writing();
        let (text, values) = sql.render(self.dialect())?;
        Ok(match &*self.pools {
            Pools::Sqlite { write, .. } => sqlx::query_with(text, sqlite_arguments(values)?)
                .execute(write)
                .await?
                .rows_affected(),
            Pools::Postgres(servers) => servers.execute(text, postgres_arguments(values)?).await?,
        })
    }
}

impl Tx {
    async fn read(&mut self, sql: Sql, rows: &mut dyn Rows) -> Result<()> {
        let (text, values) = sql.render(self.dialect())?;
        match &mut self.connection {
            Connection::Sqlite(tx) => {
                let arguments = sqlite_arguments(values)?;
                collect_sqlite(tx, text, arguments, rows).await?;
            }
            Connection::Postgres(tx) => tx.fetch(text, postgres_arguments(values)?, rows).await?,
        }
        Ok(())
    }

    async fn write(&mut self, sql: Sql) -> Result<u64> {
        let (text, values) = sql.render(self.dialect())?;
        Ok(match &mut self.connection {
            Connection::Sqlite(tx) => {
                let query = sqlx::query_with(text, sqlite_arguments(values)?);
                query.execute(&mut **tx).await?.rows_affected()
            }
            Connection::Postgres(tx) => tx.execute(text, postgres_arguments(values)?).await?,
        })
    }
}
