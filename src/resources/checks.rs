//! What a text or a list that comes in must be like.
use crate::error::{Error, Result};

/// Refuses a text that is blank or too long.
pub fn not_blank(field: &str, text: &str, most: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::field(field, "This field may not be blank."));
    }
    shorter(field, text, most)
}

/// Refuses a text that is too long.
pub fn shorter(field: &str, text: &str, most: usize) -> Result<()> {
    if text.chars().count() > most {
        let complaint = format!("Ensure this field has no more than {most} characters.");
        return Err(Error::field(field, complaint));
    }
    Ok(())
}

/// Maximum number of values of one filter.
const VALUES: usize = 100;

/// Refuses a filter with too many values.
pub fn bounded<T>(field: &str, values: &[T]) -> Result<()> {
    if values.len() > VALUES {
        return Err(Error::field(
            field,
            format!("At most {VALUES} values are allowed."),
        ));
    }
    Ok(())
}
