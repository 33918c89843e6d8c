//! Parsed queries, kept by their text: clients send the same few documents again and again.
use std::sync::Arc;

use async_graphql::parser::{parse_query, types::ExecutableDocument};
use moka::sync::Cache;
use tokio::task::spawn_blocking;

use super::limits;
use crate::error::{Error, Fault, Result};

/// Bytes of documents that are kept at most.
const CAPACITY: u64 = 16 << 20;
/// A parsed document takes about so many times the bytes of its text.
const GROWTH: usize = 20;

/// Bytes of a text that is parsed apart from what answers requests.
const LARGE: usize = 8 << 10;

/// The documents that were parsed, within the limits.
pub struct Documents(Cache<Arc<str>, Arc<ExecutableDocument>>);

impl Default for Documents {
    fn default() -> Self {
        let weight = |text: &Arc<str>, _: &Arc<ExecutableDocument>| {
            u32::try_from(text.len() * GROWTH).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().weigher(weight).max_capacity(CAPACITY);
        Self(cache.build())
    }
}

impl Documents {
    /// Whether a text has yet to be parsed, and that takes long.
    pub fn takes_long(&self, text: &str) -> bool {
        Self::is_large(text) && !self.0.contains_key(text)
    }

    fn is_large(text: &str) -> bool {
        text.len() > LARGE
    }

    /// The document of a text.
    ///
    /// # Errors
    /// `Query` when it does not parse; `Refused` when it is nested too deeply, or has too many fields, fragments or root fields.
    pub async fn parsed(&self, text: &Arc<str>) -> Result<Arc<ExecutableDocument>> {
        if let Some(known) = self.0.get(text) {
            return Ok(known);
        }
        let document = match Self::is_large(text) {
            false => parsed(text)?,
            true => {
                let text = text.clone();
                let parsing = spawn_blocking(move || parsed(&text));
                parsing.await.map_err(Error::internal)??
            }
        };
        let document = Arc::new(document);
        self.0.insert(text.clone(), document.clone());
        Ok(document)
    }
}

fn parsed(text: &str) -> Result<ExecutableDocument> {
    limits::check_text(text)?;
    let document =
        parse_query(text).map_err(|error| Error::Query(Box::new(Fault::syntax(&error.into()))))?;
    limits::check_document(&document)?;
    Ok(document)
}
