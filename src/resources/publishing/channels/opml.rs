//! Lists of channels as OPML 2.0, which podcast players import.
use std::io;

use poem::{IntoResponse, Request, Response};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponses, MetaSchema, Registry},
    types::Type,
};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{Channel, Query, body::ChannelBody};
use crate::{
    context::Reader,
    error::Result,
    load::Loaders,
    resources::{catalogue::artists::Artist, library::visibility::viewable},
    rest::{
        answer::Answer,
        page::Page,
        params::{Docs, Pairs, ParamDoc},
    },
    xml::writable,
};

/// Channels of a list at most.
pub const MOST: i64 = 10_000;

/// The parameters of a list, and its form.
pub struct Parameters;

impl Docs for Parameters {
    fn docs() -> Vec<ParamDoc> {
        let mut docs = Query::docs();
        docs.push(ParamDoc {
            name: "output",
            about: "`opml`: the whole list in OPML 2.0, which podcast players import; up to 10,000 channels.",
            schema: MetaSchema::new("string"),
        });
        docs
    }
}

/// Whether a list is wanted as OPML.
pub fn is_wanted(request: &Request) -> bool {
    let query = Pairs::parse(request.uri().query().unwrap_or_default());
    query.is_ok_and(|query| query.last("output") == Some("opml"))
}

/// A list of channels, in one form or the other.
pub enum Listed {
    Page(Answer<Page<ChannelBody>>),
    Opml(String),
}

const XML: &str = "application/xml";

impl IntoResponse for Listed {
    fn into_response(self) -> Response {
        match self {
            Self::Page(page) => page.into_response(),
            Self::Opml(text) => Response::builder().content_type(XML).body(text),
        }
    }
}

impl ApiResponse for Listed {
    fn meta() -> MetaResponses {
        let mut meta = Answer::<Page<ChannelBody>>::meta();
        let opml = MetaMediaType {
            content_type: XML,
            schema: String::schema_ref(),
        };
        meta.responses[0].content.push(opml);
        meta
    }

    fn register(registry: &mut Registry) {
        Answer::<Page<ChannelBody>>::register(registry);
    }
}

/// Name and feed of a channel.
type Outline = (String, String);

/// The text of a list.
pub async fn document(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<String> {
    let channels = loaders.list::<Channel>(ids).await?;
    let artists = channels.iter().map(|channel| channel.artist_id);
    let artists = loaders.many::<Artist>(artists).await?;
    let libraries = channels.iter().map(|channel| channel.library_id);
    let heard = viewable(loaders, reader, libraries).await?;
    let outlines = channels.iter().filter_map(|channel| {
        let name = &artists.get(&channel.artist_id)?.name;
        let is_heard = heard.contains(&channel.library_id);
        let address = match &channel.feed {
            // Players are no callers of this pod, and cannot be sent on by it.
            Some(feed) if is_heard => feed.clone(),
            // Where it is may be a secret.
            Some(_) if channel.is_external(reader) => return None,
            _ => channel.rss_url(reader),
        };
        Some((writable(name), address))
    });
    let title = format!("Channels of {}", reader.names().host);
    Ok(text(&title, &Vec::from_iter(outlines)))
}

fn text(title: &str, outlines: &[Outline]) -> String {
    let mut xml = Writer::new(Vec::new());
    written(&mut xml, title, outlines).expect("memory takes all that is written");
    String::from_utf8(xml.into_inner()).expect("what is written is text")
}

fn written(xml: &mut Writer<Vec<u8>>, title: &str, outlines: &[Outline]) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let opml = xml
        .create_element("opml")
        .with_attribute(("version", "2.0"));
    opml.write_inner_content(|xml| {
        xml.create_element("head").write_inner_content(|xml| {
            let named = xml.create_element("title");
            named.write_text_content(BytesText::new(title))?;
            Ok(())
        })?;
        xml.create_element("body").write_inner_content(|xml| {
            outlines.iter().try_for_each(|(name, feed)| {
                let outline = xml.create_element("outline");
                let outline = outline.with_attributes([
                    ("type", "rss"),
                    ("text", name.as_str()),
                    ("title", name),
                    ("xmlUrl", feed),
                ]);
                outline.write_empty().map(|_| ())
            })
        })?;
        Ok(())
    })?;
    Ok(())
}
