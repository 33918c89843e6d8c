//! What a text or a list that comes in must be like.
use crate::{
    error::{Error, Result},
    store::text::is_hidden,
};

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

/// Refuses a name with characters that are not seen or that turn others around.
pub fn plain(field: &str, text: &str) -> Result<()> {
    match text.chars().find(|char| is_hidden(*char)) {
        None => Ok(()),
        Some(char) => {
            let code = u32::from(char);
            let complaint =
                format!("The character U+{code:04X} is invisible and not allowed here.");
            Err(Error::field(field, complaint))
        }
    }
}

/// A name from other servers as people may see it: without hidden characters.
pub fn visible(text: &str) -> String {
    text.chars().filter(|char| !is_hidden(*char)).collect()
}
