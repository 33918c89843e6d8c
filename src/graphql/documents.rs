//! Parsed queries, kept by their text: clients send the same few documents again and again.
use std::{collections::HashMap, sync::Arc};

use async_graphql::parser::{
    parse_query,
    types::{DocumentOperations, ExecutableDocument, OperationDefinition},
};
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

/// A parsed document.
pub struct Document {
    pub parsed: ExecutableDocument,
    /// How often each variable is used, with fragments written out.
    pub uses: HashMap<String, usize>,
}

/// The operation to execute; `None` if the name is unknown, or missing where there are several.
pub fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(only), None) => Some(only),
        (DocumentOperations::Multiple(several), Some(name)) => several.get(name),
        (DocumentOperations::Multiple(several), None) if several.len() == 1 => {
            several.values().next()
        }
        _ => None,
    };
    found.map(|operation| &operation.node)
}

/// The documents that were parsed, within the limits.
pub struct Documents(Cache<Arc<str>, Arc<Document>>);

impl Default for Documents {
    fn default() -> Self {
        let weight = |text: &Arc<str>, _: &Arc<Document>| {
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
    /// `Query` when it does not parse; `Refused` when it is nested too deeply, or has too many fields,
    /// fragments or root fields.
    pub async fn parsed(&self, text: &Arc<str>) -> Result<Arc<Document>> {
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

fn parsed(text: &str) -> Result<Document> {
    limits::check_text(text)?;
    let document = parse_query(text).map_err(|error| Fault::syntax(&error.into()))?;
    limits::check_document(&document)?;
    Ok(Document {
        uses: limits::uses(&document),
        parsed: document,
    })
}
