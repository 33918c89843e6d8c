//! oEmbed: how other sites show a page of this pod (oembed.com).
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{Object, OpenApi, registry::MetaSchema};
use serde::Serialize;
use url::Url;

use super::{
    albums::Album,
    artists::{Artist, refs},
    attachments::Attachment,
    credits::{AlbumCredits, TrackCredits},
    tracks::Track,
};
use crate::{
    error::{Error, Result},
    guard::{Allowed, operations},
    rest::{
        answer::Answer,
        params::{Docs, Pairs, Param, ParamDoc},
    },
};

operations! {
    "oembed";
    /// Tells other sites how to embed a page of this pod.
    show: Show = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "(oEmbed consumers speak REST)", params = Query;
}

/// What to embed, and the room there is.
struct Query {
    url: String,
    width: Option<i64>,
    height: Option<i64>,
}

impl Docs for Query {
    fn docs() -> Vec<ParamDoc> {
        let number = || MetaSchema::new_with_format("integer", "int64");
        let doc = |name, about, schema| ParamDoc {
            name,
            about,
            schema,
        };
        vec![
            doc("url", "The page to embed.", MetaSchema::new("string")),
            doc("format", "Always `json`.", MetaSchema::new("string")),
            doc("maxwidth", "The width there is, in pixels.", number()),
            doc("maxheight", "The height there is, in pixels.", number()),
        ]
    }
}

impl<'a> FromRequest<'a> for Query {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
        let required = || Error::field("url", "This field is required.");
        let size = |name: &str| {
            let read = <Option<i64> as Param>::read(&pairs.all(name));
            read.map_err(|_| Error::field(name, "A valid integer is required."))
        };
        Ok(Self {
            url: pairs
                .last("url")
                .filter(|url| !url.is_empty())
                .ok_or_else(required)?
                .to_owned(),
            width: size("maxwidth")?,
            height: size("maxheight")?,
        })
    }
}

/// How to embed a page.
#[derive(Serialize, Object)]
struct Embed {
    /// The version of oEmbed.
    version: String,
    /// Always `rich`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// The name of this pod.
    provider_name: String,
    /// The address of this pod.
    provider_url: String,
    /// The height it wants, in pixels.
    height: i64,
    /// The width it wants, in pixels.
    width: i64,
    /// What it is.
    title: String,
    /// A picture of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_url: Option<String>,
    /// The picture's width, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_width: Option<i64>,
    /// The picture's height, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_height: Option<i64>,
    /// What it is, in a line.
    description: String,
    /// Whose it is.
    author_name: String,
    /// The page of whose it is.
    author_url: String,
    /// The frame to put into a page.
    html: String,
}

/// What a page is about.
struct Subject {
    kind: &'static str,
    id: i64,
    title: String,
    description: String,
    artist: i64,
    cover: Option<i64>,
    height: i64,
}

async fn show(permit: &Allowed<Show>, query: &Query) -> Result<Embed> {
    let config = permit.config();
    let root = config.public_url();
    let (kind, id) = page(&root, &query.url).ok_or_else(unknown)?;
    let subject = match kind.as_str() {
        "tracks" => track(permit, id).await?,
        "albums" => album(permit, id).await?,
        "artists" => artist(permit, id).await?,
        _ => return Err(unknown()),
    };
    let authors = refs(permit.loaders(), permit, [subject.artist]).await?;
    let author = authors
        .get(&subject.artist)
        .map_or(String::new(), |artist| artist.name.clone());
    let cover: Option<Attachment> = permit.loaders().maybe::<Attachment>(subject.cover).await?;
    let side = cover.is_some().then_some(200);
    let (width, height) = (
        query.width.unwrap_or(600),
        query.height.unwrap_or(subject.height),
    );
    let name = permit.preferences().await?.get("instance__name");
    Ok(Embed {
        version: "1.0".to_owned(),
        kind: "rich".to_owned(),
        provider_name: name.as_str().unwrap_or_default().to_owned(),
        provider_url: root.clone(),
        height,
        width,
        title: subject.title,
        thumbnail_url: cover.map(|cover| cover.medium_square_crop(permit)),
        thumbnail_width: side,
        thumbnail_height: side,
        description: subject.description,
        author_name: author,
        author_url: format!("{root}/library/artists/{}", subject.artist),
        html: format!(
            "<iframe width=\"{width}\" height=\"{height}\" scrolling=\"no\" frameborder=\"no\" \
             src=\"{root}/front/embed.html?type={}&id={}\"></iframe>",
            subject.kind, subject.id
        ),
    })
}

/// The kind and number that a page of this pod is about.
fn page(root: &str, address: &str) -> Option<(String, i64)> {
    let (address, root) = (Url::parse(address).ok()?, Url::parse(root).ok()?);
    if address.origin() != root.origin() {
        return None;
    }
    let mut parts = address.path_segments()?;
    let ("library", kind, id) = (parts.next()?, parts.next()?, parts.next()?) else {
        return None;
    };
    Some((kind.to_owned(), id.parse().ok()?))
}

fn unknown() -> Error {
    Error::field(
        "url",
        "This is not the address of a track, an album or an artist of this pod.",
    )
}

async fn track(permit: &Allowed<Show>, id: i64) -> Result<Subject> {
    let loaders = permit.loaders();
    let track = loaders.one::<Track>(id).await?.ok_or_else(unknown)?;
    let credits = loaders.one::<TrackCredits>(id).await?.unwrap_or_default();
    let credit = credits.first().ok_or_else(unknown)?;
    let album = loaders.maybe::<Album>(track.album_id).await?;
    let title = format!("{} by {}", track.title, credit.credit);
    Ok(Subject {
        kind: "track",
        id,
        description: title.clone(),
        title,
        artist: credit.artist_id,
        cover: track
            .attachment_cover_id
            .or(album.and_then(|album| album.attachment_cover_id)),
        height: 150,
    })
}

async fn album(permit: &Allowed<Show>, id: i64) -> Result<Subject> {
    let album = permit
        .loaders()
        .one::<Album>(id)
        .await?
        .ok_or_else(unknown)?;
    let credits = permit
        .loaders()
        .one::<AlbumCredits>(id)
        .await?
        .unwrap_or_default();
    let credit = credits.first().ok_or_else(unknown)?;
    let title = format!("{} by {}", album.title, credit.credit);
    Ok(Subject {
        kind: "album",
        id,
        description: title.clone(),
        title,
        artist: credit.artist_id,
        cover: album.attachment_cover_id,
        height: 400,
    })
}

async fn artist(permit: &Allowed<Show>, id: i64) -> Result<Subject> {
    let artist = permit
        .loaders()
        .one::<Artist>(id)
        .await?
        .ok_or_else(unknown)?;
    Ok(Subject {
        kind: "artist",
        id,
        description: artist.name.clone(),
        title: artist.name,
        artist: id,
        cover: artist.attachment_cover_id,
        height: 400,
    })
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1")]
impl Rest {
    #[oai(path = "/oembed", method = "get")]
    async fn show(&self, permit: Allowed<Show>, query: Query) -> Result<Answer<Embed>> {
        show(&permit, &query).await.map(Answer)
    }
}
