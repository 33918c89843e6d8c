//! What the text of a query is checked for before it is parsed.
use crate::error::{Error, Result};

/// Brackets within brackets at most: the parser recurses.
pub const NESTING: usize = 64;
/// Characters of a name at most: unknown ones are compared with those that there are.
const NAME: usize = 100;

/// Names, numbers, strings and signs at most: parsing takes long and much memory for each.
const TOKENS: usize = 20_000;

/// Refuses a text that would make the parser recurse too deeply or take too long, and names that are
/// too long.
pub fn check_text(query: &str) -> Result<()> {
    let (mut rest, mut depth, mut name) = (query.as_bytes(), 0_usize, 0_usize);
    let mut tokens = 0_usize;
    while let [first, after @ ..] = rest {
        name = match first.is_ascii_alphanumeric() || *first == b'_' {
            true => name + 1,
            false => 0,
        };
        let is_blank = first.is_ascii_whitespace() || *first == b',';
        tokens += usize::from(name == 1 || (name == 0 && !is_blank));
        if tokens > TOKENS {
            let complaint = format!(
                "The query has more than {TOKENS} names, values and signs. Send values as variables."
            );
            return Err(Error::Refused(complaint));
        }
        if name > NAME {
            let complaint = format!("A name in the query has more than {NAME} characters.");
            return Err(Error::Refused(complaint));
        }
        rest = match first {
            b'"' if rest.starts_with(b"\"\"\"") => {
                behind_block_string(&rest[3..]).ok_or_else(endless)?
            }
            b'"' => behind_string(after),
            b'#' => behind_comment(after),
            _ => after,
        };
        match first {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING {
            let complaint = format!("The query is nested more than {NESTING} levels deep.");
            return Err(Error::Refused(complaint));
        }
    }
    Ok(())
}

/// The parser takes a block string without an end for an empty one, and what follows for brackets.
fn endless() -> Error {
    Error::Refused("A block string in the query has no end.".to_owned())
}

fn behind_string(mut rest: &[u8]) -> &[u8] {
    while let [first, after @ ..] = rest {
        rest = match first {
            b'\\' => after.get(1..).unwrap_or_default(),
            b'"' | b'\n' | b'\r' => return after,
            _ => after,
        };
    }
    rest
}

fn behind_block_string(mut rest: &[u8]) -> Option<&[u8]> {
    while let [_, after @ ..] = rest {
        rest = if rest.starts_with(b"\\\"\"\"") {
            &rest[4..]
        } else if rest.starts_with(b"\"\"\"") {
            return Some(&rest[3..]);
        } else {
            after
        };
    }
    None
}

fn behind_comment(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[], |end| &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_string_without_an_end_hides_no_brackets() {
        let deep = format!("{{ a(b: [\"\"\"x\"{}", "[".repeat(10_000));
        assert!(check_text(&deep).is_err());
        assert!(check_text("{ a(b: \"\"\"[[[ \\\"\"\" [\"\"\") }").is_ok());
    }

    #[test]
    fn a_text_has_so_many_parts() {
        for part in ["{a}", "a ", "[]", "{...a}", "\"\" ", "-", "$a "] {
            assert!(check_text(&part.repeat(TOKENS + 1)).is_err(), "{part}");
        }
        let long = format!(
            "{{ a(b: \"{}\") }} # {}",
            "a ".repeat(100_000),
            "a ".repeat(100_000)
        );
        assert!(check_text(&long).is_ok());
    }

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert!(check_text(&"{a".repeat(65)).is_err());
        assert!(check_text(&format!("{{ a(b: \"{}\") }}", "{".repeat(500))).is_ok());
    }

    #[test]
    fn no_string_or_comment_hides_nesting() {
        let lists = "[".repeat(70);
        for hidden in [
            r#"{ a(b: """ " """, c: "#,
            r#"{ a(b: """ \""" " """, c: "#,
            r#"{ a(b: "\"", c: "#,
            r#"{ a(b: "", c: "#,
            "{ # \"\r a(c: ",
            "{ a(b: \"\\\\\", c: ",
        ] {
            assert!(check_text(&format!("{hidden}{lists}")).is_err(), "{hidden}");
            assert!(check_text(hidden).is_ok(), "{hidden}");
        }
    }

    #[test]
    fn a_name_has_a_length_and_a_text_may_be_longer() {
        let long = format!("{{ {} }}", "a".repeat(101));
        assert!(check_text(&long).is_err());
        let text = format!(
            "{{ a(b: \"{0}\", c: \"\"\"{0}\"\"\") }} # {0}",
            "a".repeat(500)
        );
        assert!(check_text(&text).is_ok());
    }
}
