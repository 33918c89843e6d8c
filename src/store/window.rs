//! Parts of lists by cursors (Relay's connection specification).
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;

use super::Value;
use crate::error::{Error, Result};

/// The requested part of a list, by cursors (Relay's connection specification).
#[derive(Clone, Debug, Default)]
pub struct Window {
    pub first: Option<usize>,
    pub after: Option<String>,
    pub last: Option<usize>,
    pub before: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub ids: Vec<i64>,
    pub cursors: Vec<String>,
    pub has_previous: bool,
    pub has_next: bool,
}

/// Where the row of a cursor stands in a list.
fn place(ids: &[i64], name: &str, cursor: Option<&str>) -> Result<Option<usize>> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let place = match decode::<[Value; 1]>(cursor) {
        Some([Value::Int(Some(id))]) => ids.iter().position(|known| *known == id),
        _ => None,
    };
    let unknown = || Error::field(name, "Not a cursor of this list.");
    place.map(Some).ok_or_else(unknown)
}

/// The cursor of a row, by its sort keys.
pub(super) fn encode(keys: &[Value]) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(keys).expect("plain values"))
}

/// The sort keys in a cursor.
pub(super) fn decode<T: DeserializeOwned>(cursor: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    serde_json::from_slice(&bytes).ok()
}

impl Window {
    /// The part of a list whose IDs are known, in their order; at most `most` rows, and `usual` if no size
    /// is asked for.
    ///
    /// # Errors
    /// `Invalid` for a larger size, and for a cursor of no row of the list.
    pub fn part_of(&self, ids: &[i64], usual: usize, most: usize) -> Result<Stretch> {
        let (size, backwards) = self.size(usual, most)?;
        let after = place(ids, "after", self.after.as_deref())?;
        let before = place(ids, "before", self.before.as_deref())?;
        let end = before.unwrap_or(ids.len());
        let start = after.map_or(0, |after| after + 1).min(end);
        let within = &ids[start..end];
        let more = within.len() > size;
        let size = size.min(within.len());
        let part = match backwards {
            true => &within[within.len() - size..],
            false => &within[..size],
        };
        Ok(Stretch {
            ids: part.to_vec(),
            cursors: part
                .iter()
                .map(|id| encode(&[Value::Int(Some(*id))]))
                .collect(),
            has_previous: if backwards { more } else { after.is_some() },
            has_next: if backwards { before.is_some() } else { more },
        })
    }

    pub(super) fn size(&self, usual: usize, most: usize) -> Result<(usize, bool)> {
        let (name, size, backwards) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(Error::field(
                    "last",
                    "Use either `first` or `last`, not both.",
                ));
            }
            (None, Some(last)) => ("last", last, true),
            (first, None) => ("first", first.unwrap_or(usual), false),
        };
        if size > most {
            return Err(Error::field(name, format!("Must be at most {most}.")));
        }
        Ok((size, backwards))
    }
}
