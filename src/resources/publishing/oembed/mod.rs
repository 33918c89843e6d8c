//! oEmbed: how other sites embed a page of this pod (oembed.com).
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{Object, OpenApi, registry::MetaSchema};
use serde::Serialize;
use url::Url;

use crate::{
    error::{Error, Result},
    guard::{Allowed, operations},
    resources::{
        catalogue::{
            albums::Album,
            artists::{Artist, refs},
            credits::{AlbumCredits, TrackCredits},
            tracks::Track,
        },
        library::attachments::Attachment,
    },
    rest::{
        answer::Answer,
        params::{Docs, Pairs, Param, ParamDoc},
    },
};

operations! {
    "oembed", "Players to embed in other sites.";
    /// Describes how to embed a page of this pod.
    ///
    /// For consumers of oEmbed 1.0. The pages of artists, albums and tracks, at
    /// `/library/{artists|albums|tracks}/{id}`, can be embedded; other URLs are answered with 400.
    show: Show = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "(REST only: oEmbed)", params = Query, wire = Slashed;
}

/// The page to embed, and the space for it.
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
            doc(
                "url",
                "URL of the page to embed. Required.",
                MetaSchema::new("string"),
            ),
            doc(
                "format",
                "Response format; always `json`.",
                MetaSchema::new("string"),
            ),
            doc("maxwidth", "Width in pixels; default 600.", number()),
            doc(
                "maxheight",
                "Height in pixels; default 150 for tracks, 400 for others.",
                number(),
            ),
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

/// An oEmbed description of a page.
#[derive(Serialize, Object)]
struct Embed {
    /// Version of oEmbed; always `1.0`.
    version: String,
    /// Type of the embed; always `rich`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Name of the software whose pages these are; always `Funkwhale`.
    provider_name: String,
    /// URL of the pod.
    provider_url: String,
    /// Height of the embed in pixels.
    height: i64,
    /// Width of the embed in pixels.
    width: i64,
    /// Title of the page.
    title: String,
    /// URL of the cover; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_url: Option<String>,
    /// Width of the cover in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_width: Option<i64>,
    /// Height of the cover in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_height: Option<i64>,
    /// Description of the page in one line.
    description: String,
    /// Name of the artist.
    author_name: String,
    /// URL of the artist's page.
    author_url: String,
    /// HTML to embed: an `iframe` with the player.
    html: String,
}

/// The object that a page shows.
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
    Ok(Embed {
        version: "1.0".to_owned(),
        kind: "rich".to_owned(),
        provider_name: "Funkwhale".to_owned(),
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
             src=\"{root}/embed.html?type={}&id={}\"></iframe>",
            subject.kind, subject.id
        ),
    })
}

/// The type and ID of the object that a page of this pod shows.
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
        "Not the URL of a track, album or artist on this pod.",
    )
}

async fn track(permit: &Allowed<Show>, id: i64) -> Result<Subject> {
    let loaders = permit.loaders();
    let track = loaders.one::<Track>(id).await?.ok_or_else(unknown)?;
    let credits = loaders.one::<TrackCredits>(id).await?.unwrap_or_default();
    let credit = credits.first().ok_or_else(unknown)?;
    let album = loaders.maybe::<Album>(track.album_id).await?;
    let album_title = album.as_ref().map(|album| album.title.as_str());
    let names = [
        Some(credit.credit.as_str()),
        album_title,
        Some(&track.title),
    ];
    Ok(Subject {
        kind: "track",
        id,
        description: Vec::from_iter(names.into_iter().flatten()).join(" - "),
        title: format!("{} by {}", track.title, credit.credit),
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
