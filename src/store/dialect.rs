use std::fmt::Write;

use super::{Sql, Value, fulltext::Query, sql};

/// All differences between the two databases. New differences belong here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Renders the `?` and `in ?*` of a statement for this database. SQLite keeps `?`: it treats
    /// `$1` as a name, and sqlx would search for each name.
    pub(super) fn render(self, text: &str) -> String {
        let mut rendered = String::with_capacity(text.len() + 32);
        for (index, piece) in text.split('?').enumerate() {
            if index == 0 {
                rendered.push_str(piece);
                continue;
            }
            match piece.strip_prefix('*') {
                Some(rest) => self.list(&mut rendered, index, rest),
                None => self.value(&mut rendered, index, piece),
            }
        }
        rendered
    }

    fn value(self, rendered: &mut String, index: usize, rest: &str) {
        let written = match self {
            Self::Sqlite => write!(rendered, "?{rest}"),
            Self::Postgres => write!(rendered, "${index}{rest}"),
        };
        written.expect("a string takes all that is written");
    }

    fn list(self, rendered: &mut String, index: usize, rest: &str) {
        let written = match self {
            Self::Sqlite => write!(rendered, "(select value from json_each(?)){rest}"),
            Self::Postgres => {
                let open = rendered.trim_end().strip_suffix("in").map(str::len);
                rendered.truncate(open.expect("a list stands behind `in`"));
                write!(rendered, "= any(${index}){rest}")
            }
        };
        written.expect("a string takes all that is written");
    }

    /// The IDs of the rows of `index` whose text matches the query.
    pub fn matching(self, index: Index, query: &Query) -> Sql {
        let (sqlite, postgres) = match index {
            Index::Artists => (
                "select rowid from artist_search where artist_search match ?",
                "select id from artists where search @@ cast(? as tsquery)",
            ),
            Index::Albums => (
                "select rowid from album_search where album_search match ?",
                "select id from albums where search @@ cast(? as tsquery)",
            ),
            Index::Tracks => (
                "select rowid from track_search where track_search match ?",
                "select id from tracks where search @@ cast(? as tsquery)",
            ),
        };
        match self {
            Self::Sqlite => sql(sqlite).bind(query.fts5()),
            Self::Postgres => sql(postgres).bind(query.tsquery()),
        }
    }

    /// Sets the words and the folded text of rows that have none: `?` is a JSON list of `{id, words, folded}`. For
    /// constant names.
    pub fn set_words(self, table: &'static str, folded: &'static str) -> Sql {
        let set = format!("update {table} set words = new.words, {folded} = new.folded from");
        Sql::generated(match self {
            Self::Sqlite => format!(
                "{set} (select value ->> 'id' as id, value ->> 'words' as words,
                     value ->> 'folded' as folded from json_each(?)) as new
                 where {table}.id = new.id and {table}.words = ''"
            ),
            Self::Postgres => format!(
                "{set} json_to_recordset(cast(? as json)) as new(id bigint, words text, folded text)
                 where {table}.id = new.id and {table}.words = ''"
            ),
        })
    }

    /// The function that tells the place of a text in another, from 1; 0 where it is not there.
    pub fn place(self) -> &'static str {
        match self {
            Self::Sqlite => "instr",
            Self::Postgres => "strpos",
        }
    }

    /// Sets the sequence of a table's IDs to continue after the highest one. SQLite does this by
    /// itself.
    pub fn continue_ids(self, table: &'static str) -> Option<Sql> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(Sql::generated(format!(
                "select setval(pg_get_serial_sequence('{table}', 'id'), \
                 coalesce((select max(id) from {table}), 0) + 1, false)"
            ))),
        }
    }

    /// `insert into table (columns) values (..), (..)`, for constant names.
    pub fn insert(table: &'static str, columns: &[&'static str], rows: Vec<Vec<Value>>) -> Sql {
        let marks = format!("({})", vec!["?"; columns.len()].join(", "));
        let text = format!(
            "insert into {table} ({}) values {}",
            columns.join(", "),
            vec![marks; rows.len()].join(", ")
        );
        rows.into_iter()
            .flatten()
            .fold(Sql::generated(text), Sql::bind)
    }
}

/// The tables that have a full-text index.
#[derive(Clone, Copy, Debug)]
pub enum Index {
    Artists,
    Albums,
    Tracks,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_and_lists_are_spelled_for_each_database() {
        let text = "select 1 where a = ? and b in ?* and c = ?";
        assert_eq!(
            Dialect::Sqlite.render(text),
            "select 1 where a = ? and b in (select value from json_each(?)) and c = ?"
        );
        assert_eq!(
            Dialect::Postgres.render(text),
            "select 1 where a = $1 and b = any($2) and c = $3"
        );
    }
}
