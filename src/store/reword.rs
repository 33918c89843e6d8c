//! Making the words of names and titles that have none: those of before there were words, and those that
//! other programs wrote.
use serde_json::json;

use super::{Db, sql, text::folded, words::indexed};
use crate::error::Result;

/// Rows at once.
const ROWS: i64 = 2_000;

/// Tables with words, and the columns of their text.
const TEXTS: [(&str, &str, &str); 3] = [
    (
        "artists",
        "name_folded",
        "select id, name from artists where words = '' order by id limit ?",
    ),
    (
        "albums",
        "title_folded",
        "select id, title from albums where words = '' order by id limit ?",
    ),
    (
        "tracks",
        "title_folded",
        "select id, title from tracks where words = '' order by id limit ?",
    ),
];

/// Makes the words of all rows that have none.
pub async fn reword(db: &Db) -> Result<()> {
    let mut made = 0;
    for (table, folded_column, next) in TEXTS {
        loop {
            let rows: Vec<(i64, String)> = sql(next).bind(ROWS).all(db).await?;
            if rows.is_empty() {
                break;
            }
            made += rows.len();
            let new = rows.iter().map(
                |(id, text)| json!({ "id": id, "words": indexed(text), "folded": folded(text) }),
            );
            let new = serde_json::Value::Array(new.collect());
            let set = db.dialect().set_words(table, folded_column);
            set.bind(new).run(db).await?;
        }
    }
    if made > 0 {
        tracing::info!(made, "names and titles can be searched now");
    }
    Ok(())
}
