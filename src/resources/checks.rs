//! What a text or a list that comes in must be like.
use unicode_normalization::char::is_combining_mark;

use crate::{
    error::{Error, Result},
    store::text::{is_blank, is_hidden},
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

/// Refuses a name with characters that are not seen, that turn others around, or that cover them.
pub fn plain(field: &str, text: &str) -> Result<()> {
    if has_piled_marks(text) {
        let complaint = format!("At most {MARKS} combining marks may follow a character.");
        return Err(Error::field(field, complaint));
    }
    match invisible(text) {
        None => Ok(()),
        Some(char) => {
            let code = u32::from(char);
            let complaint =
                format!("The character U+{code:04X} is invisible and not allowed here.");
            Err(Error::field(field, complaint))
        }
    }
}

/// The first character that nobody sees. Joiners, and the mark that makes a sign an emoji, may stand
/// after what they change: scripts and emoji need them, Latin letters do not.
fn invisible(text: &str) -> Option<char> {
    let chars: Vec<char> = text.trim().chars().collect();
    let is_at_home = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        let is_last = at + 1 == chars.len();
        match chars[at] {
            '\u{200c}' | '\u{200d}' => !is_last && before.is_some_and(|char| !is_latin(*char)),
            '\u{fe0f}' if chars.get(at + 1) == Some(&'\u{20e3}') => true,
            '\u{fe0f}' => before.is_some_and(|char| !is_latin(*char)),
            _ => false,
        }
    };
    let unseen = |at: &usize| is_hidden(chars[*at]) || (is_blank(chars[*at]) && !is_at_home(*at));
    (0..chars.len()).find(unseen).map(|at| chars[at])
}

/// Whether a character is a Latin letter, or one that is not seen: neither is changed by what follows.
fn is_latin(char: char) -> bool {
    char < '\u{250}' && !matches!(char, '\u{a9}' | '\u{ae}')
        || matches!(char, '\u{200c}' | '\u{200d}')
}

/// Maximum number of combining marks on a character; scripts need no more than four.
const MARKS: usize = 4;

fn has_piled_marks(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|char| {
        marks = if is_combining_mark(char) {
            marks + 1
        } else {
            0
        };
        marks > MARKS
    })
}

/// A name from other servers as people may see it: without hidden characters.
pub fn visible(text: &str) -> String {
    text.chars().filter(|char| !is_hidden(*char)).collect()
}
