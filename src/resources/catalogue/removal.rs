//! Deleting rows of the catalogue.
use crate::{
    error::Result,
    resources::library::contents,
    store::{Tx, sql},
};

/// Deletes artists, albums or tracks with their descriptions; returns the IDs of their covers.
pub async fn rows(tx: &mut Tx, table: &'static str, ids: Vec<i64>) -> Result<Vec<i64>> {
    let these = || sql(table).then(" where id in ?*").bind(ids.clone());
    let covers = sql("select attachment_cover_id from ").append(these());
    let covers = covers
        .then(" and attachment_cover_id is not null")
        .ids(&mut *tx)
        .await?;
    let texts = sql("select description_content_id from ").append(these());
    contents::delete_of(tx, texts).await?;
    sql("delete from ").append(these()).run(tx).await?;
    Ok(covers)
}
