//! Texts that people write: descriptions and summaries, and their rendering.
mod render;

use std::collections::HashMap;

use async_graphql::{ComplexObject, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

pub use self::render::{Extent, html};
use crate::{context::Reader, error::Result, store::sql};

/// A text with its markup.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Content {
    #[graphql(skip)]
    pub id: i64,
    /// The text as it was written.
    pub text: String,
    /// `text/markdown`, `text/plain` or `text/html`.
    pub content_type: String,
}

#[ComplexObject]
impl Content {
    /// The text as safe HTML.
    async fn html(&self) -> String {
        html(&self.text, &self.content_type, Extent::Plain)
    }
}

/// A text with its markup.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Content")]
pub struct ContentBody {
    /// The text as it was written.
    text: String,
    /// `text/markdown`, `text/plain` or `text/html`.
    content_type: String,
    /// The text as safe HTML.
    html: String,
}

impl Content {
    pub fn body(&self) -> ContentBody {
        ContentBody {
            text: self.text.clone(),
            content_type: self.content_type.clone(),
            html: html(&self.text, &self.content_type, Extent::Plain),
        }
    }
}

pub async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Content>> {
    let rows: Vec<Content> = sql("select id, text, content_type from contents where id in ?*")
        .bind(ids)
        .all(reader.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
