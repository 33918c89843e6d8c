//! Parsed queries, kept by their text: clients send the same few documents again and again.
use std::sync::Arc;

use async_graphql::parser::{parse_query, types::ExecutableDocument};
use moka::sync::Cache;

use super::limits;
use crate::error::{Error, Fault, Result};

/// Bytes of documents that are kept at most.
const CAPACITY: u64 = 16 << 20;
/// A parsed document takes about so many times the bytes of its text.
const GROWTH: usize = 20;

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
    /// The document of a text.
    ///
    /// # Errors
    /// `Query` when it does not parse; `Refused` when it is nested too deeply, or has too many fields, fragments or root fields.
    pub fn parsed(&self, text: &Arc<str>) -> Result<Arc<ExecutableDocument>> {
        if let Some(known) = self.0.get(text) {
            return Ok(known);
        }
        limits::check_text(text)?;
        let document = parse_query(text.as_ref())
            .map_err(|error| Error::Query(Box::new(Fault::unparsed(&error.into()))))?;
        limits::check_document(&document)?;
        let document = Arc::new(document);
        self.0.insert(text.clone(), document.clone());
        Ok(document)
    }
}
