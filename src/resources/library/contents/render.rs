use std::collections::HashSet;

use ammonia::Builder;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream};

/// How much markup is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Paragraphs, emphasis, lists, code and links.
    Plain,
    /// Also headings, pictures and tables.
    Permissive,
}

const PLAIN: &[&str] = &[
    "p",
    "a",
    "abbr",
    "acronym",
    "b",
    "blockquote",
    "br",
    "code",
    "em",
    "i",
    "li",
    "ol",
    "pre",
    "strong",
    "ul",
];
const MORE: &[&str] = &[
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "div", "section", "article", "span", "del", "img",
    "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd",
];

/// Renders Markdown as sanitized HTML in one line, in which only links that are written as such are
/// links, as text previews are.
pub fn preview(text: &str, extent: Extent) -> String {
    let mut rendered = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut rendered, parsed(text));
    clean(&rendered, extent).replace('\n', "")
}

/// Renders a text as sanitized HTML in one line. URLs in the text become links.
pub fn html(text: &str, content_type: &str, extent: Extent) -> String {
    let rendered = match content_type {
        "text/html" => in_one_line(text),
        "text/plain" => plain(text),
        _ => markdown(text),
    };
    clean(&rendered, extent).replace('\n', "")
}

/// HTML whose words stay apart when line breaks are left out.
fn in_one_line(html: &str) -> String {
    let mut line = String::with_capacity(html.len());
    for part in html.split_inclusive('\n') {
        let part = part.trim_end_matches(['\r', '\n']);
        let is_between_tags = line.is_empty() || (line.ends_with('>') && part.starts_with('<'));
        if !is_between_tags {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

/// Levels of Markdown within each other at most.
const LEVELS: usize = 32;

/// What Markdown says; levels that are too deep are left out, and what is in them stays.
fn parsed(text: &str) -> impl Iterator<Item = Event<'_>> {
    let mut depth = 0;
    let parser = Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH);
    let kept = parser.filter(move |event| match event {
        Event::Start(_) => {
            depth += 1;
            depth <= LEVELS
        }
        Event::End(_) => {
            depth -= 1;
            depth < LEVELS
        }
        _ => true,
    });
    // People who write a line break mean one.
    kept.map(|event| match event {
        Event::SoftBreak => Event::HardBreak,
        event => event,
    })
}

fn markdown(text: &str) -> String {
    let mut in_link = false;
    let events = TextMergeStream::new(parsed(text)).flat_map(|event| {
        match &event {
            Event::Start(Tag::Link { .. } | Tag::CodeBlock(_)) => in_link = true,
            Event::End(TagEnd::Link | TagEnd::CodeBlock) => in_link = false,
            _ => {}
        }
        match event {
            Event::Text(text) if !in_link => linked(&text),
            event => vec![event],
        }
    });
    let mut rendered = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut rendered, events);
    rendered
}

fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let mut rendered = String::new();
        pulldown_cmark::html::push_html(&mut rendered, linked(line).into_iter());
        rendered
    });
    lines.collect::<Vec<_>>().join("<br>")
}

/// Splits text into events in which URLs are links.
fn linked(text: &str) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    let mut rest = text;
    while let Some(start) = rest
        .find("https://")
        .into_iter()
        .chain(rest.find("http://"))
        .min()
    {
        let address = address_at(&rest[start..]);
        events.push(Event::Text(rest[..start].to_owned().into()));
        let target = CowStr::from(address.to_owned());
        events.push(Event::Start(Tag::Link {
            link_type: LinkType::Autolink,
            dest_url: target.clone(),
            title: CowStr::Borrowed(""),
            id: CowStr::Borrowed(""),
        }));
        events.push(Event::Text(target));
        events.push(Event::End(TagEnd::Link));
        rest = &rest[start + address.len()..];
    }
    events.push(Event::Text(rest.to_owned().into()));
    events
}

/// The URL at the beginning of a text, up to white space, without trailing punctuation.
fn address_at(text: &str) -> &str {
    let end = text.find(|char: char| char.is_whitespace() || "<>\"'".contains(char));
    let word = &text[..end.unwrap_or(text.len())];
    word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']'])
}

fn clean(html: &str, extent: Extent) -> String {
    let more: &[&str] = if extent == Extent::Permissive {
        MORE
    } else {
        &[]
    };
    let tags: HashSet<_> = PLAIN.iter().chain(more).copied().collect();
    Builder::new()
        .tags(tags)
        .clean_content_tags(HashSet::new())
        .link_rel(None)
        .clean(html)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_safe_html_in_one_line() {
        let text = "hello *world* <script>x</script> https://a.example";
        assert_eq!(
            html(text, "text/markdown", Extent::Plain),
            "<p>hello <em>world</em> x <a href=\"https://a.example\">https://a.example</a></p>"
        );
        assert_eq!(
            html("# T\n<b>x</b>", "text/markdown", Extent::Permissive),
            "<h1>T</h1><p><b>x</b></p>"
        );
        assert_eq!(
            html("a\nb\n\nc", "text/markdown", Extent::Plain),
            "<p>a<br>b</p><p>c</p>"
        );
        let evil = "[a](javascript:alert(1)) <img src=x onerror=alert(1)>";
        assert_eq!(
            html(evil, "text/markdown", Extent::Plain),
            "<p><a>a</a> </p>"
        );
    }

    #[test]
    fn plain_text_keeps_its_lines() {
        assert_eq!(
            html("a < b\nc", "text/plain", Extent::Plain),
            "a &lt; b<br>c"
        );
    }

    #[test]
    fn what_is_nested_without_end_is_shown_flat() {
        let text = format!("{}a", "> ".repeat(2_400));
        for shown in [
            html(&text, "text/markdown", Extent::Plain),
            preview(&text, Extent::Permissive),
        ] {
            assert_eq!(shown.matches("<blockquote>").count(), LEVELS, "{shown}");
            assert!(shown.contains('a'), "{shown}");
        }
    }
}
