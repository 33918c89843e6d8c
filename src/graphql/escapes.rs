//! Escaped characters in the strings of a document.
use std::borrow::Cow;

/// Writes escaped surrogate pairs (`\ud83d\ude00`) in strings of a document as the character that
/// they mean (GraphQL specification, section 2.9.4), which the parser does not.
pub fn joined(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut place = Place::Outside;
    while let Some(char) = rest.chars().next() {
        let taken = match place {
            Place::Outside if rest.starts_with("\"\"\"") => {
                place = Place::Block;
                3
            }
            Place::Block if rest.starts_with("\\\"\"\"") => 4,
            Place::Block if rest.starts_with("\"\"\"") => {
                place = Place::Outside;
                3
            }
            Place::Outside if char == '"' => {
                place = Place::Text;
                1
            }
            Place::Outside if char == '#' => {
                place = Place::Comment;
                1
            }
            Place::Comment if char == '\n' || char == '\r' => {
                place = Place::Outside;
                1
            }
            Place::Text if matches!(char, '"' | '\n' | '\r') => {
                place = Place::Outside;
                1
            }
            Place::Text if char == '\\' => match pair(rest) {
                Some(meant) => {
                    out.push(meant);
                    rest = &rest[12..];
                    continue;
                }
                None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            },
            _ => char.len_utf8(),
        };
        let (done, left) = rest.split_at(taken);
        out.push_str(done);
        rest = left;
    }
    Cow::Owned(out)
}

/// Where in a document a character is.
#[derive(Clone, Copy)]
enum Place {
    Outside,
    Comment,
    Text,
    Block,
}

/// The character that `text` begins with as an escaped surrogate pair.
fn pair(text: &str) -> Option<char> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(text)?, unit(text.get(6..)?)?];
    let mut chars = char::decode_utf16(units);
    chars.next()?.ok().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogate_pairs_in_strings_are_one_character() {
        for (sent, meant) in [
            (
                r#"{ a(q: "\ud83d\ude00 \uD83D\uDE00") }"#,
                r#"{ a(q: "😀 😀") }"#,
            ),
            (
                r#"{ a(q: "\\ud83d\\ude00") }"#,
                r#"{ a(q: "\\ud83d\\ude00") }"#,
            ),
            (
                r#"{ a(q: """\ud83d\ude00""") }"#,
                r#"{ a(q: """\ud83d\ude00""") }"#,
            ),
            (
                "# \"\\ud83d\n{ a(q: \"\\ud83d\\ude00\") }",
                "# \"\\ud83d\n{ a(q: \"😀\") }",
            ),
            (
                r#"{ a(q: "\ud83d \u00e9") }"#,
                r#"{ a(q: "\ud83d \u00e9") }"#,
            ),
            (r#"{ a(q: "\ud83d"#, r#"{ a(q: "\ud83d"#),
            ("\"\\ud\\", "\"\\ud\\"),
        ] {
            assert_eq!(joined(sent), meant, "{sent}");
        }
    }
}
