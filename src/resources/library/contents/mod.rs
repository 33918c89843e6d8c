//! Texts written by users, such as descriptions, and their rendering to HTML.
mod render;

use std::sync::{Arc, OnceLock};

use async_graphql::{ComplexObject, SimpleObject};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

pub use self::render::{Extent, html, preview};
use crate::{
    error::{Error, Result},
    graphql::connection::LONG,
    load::entity,
    resources::checks::not_blank,
    store::{Sql, Tx, sql},
};

/// A text with markup.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Content {
    #[graphql(skip)]
    pub id: i64,
    #[graphql(skip)]
    pub text: String,
    /// Media type of the text: `text/markdown`, `text/plain` or `text/html`.
    pub content_type: String,
    #[graphql(skip)]
    #[sqlx(skip)]
    rendered: Arc<OnceLock<String>>,
}

entity!(Content in "contents": "id, text, content_type", upon [ContentId], weighs [text, text, content_type]);

#[ComplexObject]
impl Content {
    /// The text as written.
    #[graphql(complexity = "LONG")]
    async fn text(&self) -> &str {
        &self.text
    }

    /// The text rendered as sanitized HTML.
    #[graphql(name = "html", complexity = "LONG")]
    async fn safe_html(&self) -> &str {
        self.html()
    }
}

/// A text with markup.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Content")]
pub struct ContentBody {
    /// The text as written.
    text: String,
    /// Media type of the text: `text/markdown`, `text/plain` or `text/html`.
    content_type: String,
    /// The text rendered as sanitized HTML.
    html: String,
}

impl Content {
    /// The text as sanitized HTML. Rendered once for all copies of the cached row.
    pub fn html(&self) -> &str {
        let render = || html(&self.text, &self.content_type, Extent::Plain);
        self.rendered.get_or_init(render)
    }

    pub fn body(&self) -> ContentBody {
        ContentBody {
            text: self.text.clone(),
            content_type: self.content_type.clone(),
            html: self.html().to_owned(),
        }
    }
}

/// A text with markup, to store.
#[derive(Clone, Debug, PartialEq, Object, async_graphql::InputObject, Serialize, Deserialize)]
#[graphql(name = "ContentInput")]
pub struct NewContent {
    /// The text, 1 to 5,000 characters.
    pub text: String,
    /// Media type of the text: `text/markdown`, `text/plain` or `text/html`.
    pub content_type: String,
}

const TYPES: &[&str] = &["text/markdown", "text/plain", "text/html"];

impl NewContent {
    pub fn check(&self) -> Result<()> {
        self.check_as("description")
    }

    /// Errors name the field that contains the text.
    fn check_as(&self, field: &str) -> Result<()> {
        not_blank(field, &self.text, 5_000)?;
        if TYPES.contains(&self.content_type.as_str()) {
            return Ok(());
        }
        let complaint = format!("\"{}\" is not a valid choice.", self.content_type);
        Err(Error::field(field, complaint))
    }
}

pub async fn create(tx: &mut Tx, new: &NewContent) -> Result<i64> {
    create_as(tx, "description", new).await
}

/// Stores a text. Errors name `field`, the field that contains the text.
pub async fn create_as(tx: &mut Tx, field: &str, new: &NewContent) -> Result<i64> {
    new.check_as(field)?;
    sql("insert into contents (text, content_type) values (?, ?) returning id")
        .bind(new.text.as_str())
        .bind(new.content_type.as_str())
        .number(tx)
        .await
}

/// Deletes the texts of rows that are about to be deleted.
pub async fn delete_of(tx: &mut Tx, owners: Sql) -> Result<()> {
    sql("delete from contents where id in (")
        .append(owners)
        .then(")")
        .run(tx)
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_rendered_once_for_all_copies_of_its_row() {
        let row = Content {
            id: 1,
            text: "*a*".to_owned(),
            content_type: "text/markdown".to_owned(),
            rendered: Arc::default(),
        };
        let copy = row.clone();
        assert_eq!(copy.html(), "<p><em>a</em></p>");
        assert!(row.rendered.get().is_some());
    }
}
