//! Feeds as text, in whatever encoding they are sent.
use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The text of a feed, without the XML declaration, which may name an encoding.
///
/// Bytes that are UTF-8 are read as such, whatever is said of them: many servers say something else by default.
pub fn text<'a>(bytes: &'a [u8], media_type: Option<&str>) -> Cow<'a, str> {
    let marked = Encoding::for_bom(bytes);
    let bytes = marked.map_or(bytes, |(_, length)| &bytes[length..]);
    let said = [
        marked.map(|(encoding, _)| encoding),
        (!is_shifted(bytes)).then_some(UTF_8),
        media_type.and_then(charset),
        declared(bytes),
        Some(UTF_8),
    ];
    let read = said
        .into_iter()
        .flatten()
        .find_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(bytes));
    let text = read.unwrap_or_else(|| nearest(bytes));
    match declaration(text.as_bytes()) {
        None => text,
        Some(length) => Cow::Owned(text[length..].to_owned()),
    }
}

/// Whether zeros or escapes make something else of bytes that are all ASCII.
fn is_shifted(bytes: &[u8]) -> bool {
    bytes.is_ascii() && bytes.iter().any(|byte| matches!(byte, 0 | 0x1b))
}

/// The text of bytes that are in no encoding that anybody names: a byte may be wrong in UTF-8.
fn nearest(bytes: &[u8]) -> Cow<'_, str> {
    let (mut whole, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        whole += chunk
            .valid()
            .chars()
            .filter(|char| !char.is_ascii())
            .count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    match whole > broken {
        true => String::from_utf8_lossy(bytes),
        false => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// The encoding that a media type names.
fn charset(media_type: &str) -> Option<&'static Encoding> {
    let mut parameters = media_type.split(';').skip(1);
    let named = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']))
    });
    Encoding::for_label(named?.as_bytes())
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let declaration = std::str::from_utf8(&bytes[..declaration(bytes)?]).ok()?;
    let (_, named) = declaration.split_once("encoding")?;
    let named = named.trim_start().strip_prefix('=')?.trim_start();
    let named = named.split(['"', '\'']).nth(1)?;
    Encoding::for_label(named.as_bytes())
}

/// How long the XML declaration is, and the blanks before it, if there is one.
fn declaration(bytes: &[u8]) -> Option<usize> {
    let blanks = bytes.len() - bytes.trim_ascii_start().len();
    let told = &bytes[blanks..];
    let end = told.windows(2).take(LONGEST).position(|two| two == b"?>");
    let length = end.filter(|_| told.starts_with(b"<?xml"))? + 2;
    Some(blanks + length)
}

/// Bytes of an XML declaration at most.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_the_encoding_that_it_is_in() {
        let utf16 = |text: &str| -> Vec<u8> {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        };
        let declared = "<?xml version='1.0' encoding='iso-8859-1'?><a>\u{e9}</a>";
        for (bytes, media_type, why) in [
            (b"<a>\xc3\xa9</a>".to_vec(), None, "UTF-8 by default"),
            (
                b"\xef\xbb\xbf<a>\xc3\xa9</a>".to_vec(),
                None,
                "UTF-8 with a mark",
            ),
            (
                declared.as_bytes().to_vec(),
                Some("text/xml; charset=iso-8859-1"),
                "UTF-8, whatever is said",
            ),
            (
                b"\n<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>".to_vec(),
                None,
                "as declared",
            ),
            (
                b"<a>\xe9</a>".to_vec(),
                Some("application/xml; Charset=\"ISO-8859-1\""),
                "as its server says",
            ),
            (
                b"<a>\xe9</a>".to_vec(),
                Some("application/xml; charset=utf-8"),
                "not as its server says",
            ),
            (
                utf16("<?xml version='1.0' encoding='utf-16'?><a>\u{e9}</a>"),
                None,
                "UTF-16",
            ),
        ] {
            let read = text(&bytes, media_type);
            assert_eq!(read.trim_end_matches('\u{1b}'), "<a>\u{e9}</a>", "{why}");
        }
        let japanese = b"<?xml version='1.0' encoding='iso-2022-jp'?><a>\x1b$B$\"\x1b(B</a>";
        assert_eq!(text(japanese, None), "<a>\u{3042}</a>");
    }

    #[test]
    fn a_wrong_byte_costs_nothing_but_itself() {
        let cut = b"<?xml version='1.0' encoding='utf-8'?><a>\xc3\xa9\xc3\xbc</a>\xc3";
        assert_eq!(text(cut, None), "<a>\u{e9}\u{fc}</a>\u{fffd}");
    }

    #[test]
    fn what_is_no_text_is_read_as_something() {
        assert_eq!(text(b"", None), "");
        assert_eq!(text(b"<?xml", None), "<?xml");
        assert_eq!(text(b"\x00\xff", Some("x; charset=none")), "\0\u{ff}");
    }
}
