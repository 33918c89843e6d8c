//! The RSS feeds of channels, which podcast players read.
mod xml;

use std::sync::Arc;

use uuid::Uuid;

use super::{
    Channel, Rss,
    metadata::Metadata,
    sql::{named, newest_uploads},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::Allowed,
    load::Loaders,
    resources::{
        catalogue::{
            artists::Artist,
            tags::{ArtistTags, TrackTags, names},
            tracks::Track,
        },
        library::{
            attachments::Attachment, contents::Content, uploads::Upload, visibility::viewable,
        },
        people::actors::Actor,
    },
    rest::answer::Feed,
    time::Timestamp,
};

/// Episodes of a feed at most.
const MOST: i64 = 50;

/// A channel, as its feed tells it.
struct Show {
    title: String,
    /// The page of the pod: channels have none of their own.
    link: String,
    /// Address of the feed itself.
    address: String,
    guid: Uuid,
    description: String,
    author: String,
    picture: Option<String>,
    tags: Vec<String>,
    metadata: Metadata,
    episodes: Vec<Episode>,
}

/// An upload, as the feed of its channel tells it.
struct Episode {
    title: String,
    guid: Uuid,
    date: Timestamp,
    /// HTML.
    description: Option<String>,
    picture: Option<String>,
    season: Option<i64>,
    number: Option<i64>,
    /// Seconds.
    duration: Option<i64>,
    tags: Vec<String>,
    audio: Audio,
}

struct Audio {
    url: String,
    /// Bytes.
    length: i64,
    media_type: String,
}

/// The feed of a channel; of one that mirrors a feed, where that is. The address may be a secret of those who pay for
/// the podcast.
pub async fn feed(permit: &Allowed<Rss>, name: &str) -> Result<Feed> {
    let channel = named(permit, name).await?;
    if let Some(elsewhere) = &channel.feed {
        let is_secret = channel.is_external(permit) && !is_heard(permit, &channel).await?;
        return match is_secret {
            true => Err(Error::NotFound),
            false => Ok(Feed::Elsewhere(elsewhere.clone())),
        };
    }
    let show = show(permit.loaders(), permit, &channel).await?;
    Ok(Feed::Here(xml::document(&show)))
}

async fn show(loaders: &Loaders, reader: &Reader, channel: &Channel) -> Result<Show> {
    let artist = loaders.shared::<Artist>(channel.artist_id).await?;
    let artist = artist.ok_or(Error::NotFound)?;
    let text = loaders
        .maybe::<Content>(artist.description_content_id)
        .await?;
    let picture = loaders
        .maybe::<Attachment>(artist.attachment_cover_id)
        .await?;
    let tags = loaders.shared::<ArtistTags>(artist.id).await?;
    let owner = loaders.one::<Actor>(channel.attributed_to_id).await?;
    let owner = owner.map(|owner| owner.name.unwrap_or(owner.preferred_username));
    let metadata: Metadata = serde_json::from_value(channel.metadata.clone()).unwrap_or_default();
    let address = channel.rss_url(reader);
    Ok(Show {
        title: artist.name.clone(),
        link: format!("{}/", reader.names().public_url),
        guid: guid(&address),
        address,
        description: text.map_or_else(|| artist.name.clone(), |text| text.html().to_owned()),
        author: metadata.owner_name.clone().or(owner).unwrap_or_default(),
        picture: picture.map(|picture| picture.body(reader).urls.original),
        tags: names(tags.as_ref()),
        metadata,
        episodes: episodes(loaders, reader, channel).await?,
    })
}

/// The GUID of a podcast: a UUID of its address, without the scheme and the slashes at its end.
fn guid(address: &str) -> Uuid {
    const PODCASTS: Uuid = Uuid::from_u128(0xead4c236_bf58_58c6_a2c6_a6b28d128cb6);
    let bare = address.split_once("://").map_or(address, |(_, bare)| bare);
    Uuid::new_v5(&PODCASTS, bare.trim_end_matches('/').as_bytes())
}

async fn is_heard(permit: &Allowed<Rss>, channel: &Channel) -> Result<bool> {
    let heard = viewable(permit.loaders(), permit, [channel.library_id]).await?;
    Ok(!heard.is_empty())
}

/// The newest uploads of a channel.
async fn episodes(loaders: &Loaders, reader: &Reader, channel: &Channel) -> Result<Vec<Episode>> {
    if viewable(loaders, reader, [channel.library_id])
        .await?
        .is_empty()
    {
        return Ok(Vec::new());
    }
    let uploads = newest_uploads(reader, channel, MOST).await?;
    let uploads = loaders.list::<Upload>(&uploads).await?;
    let tracks = loaders
        .parts::<Track>(uploads.iter().map(|upload| upload.track_id))
        .await?;
    let told = || {
        uploads
            .iter()
            .filter_map(|upload| tracks.get(upload.track_id))
    };
    let texts = loaders
        .parts::<Content>(told().map(|track| track.description_content_id))
        .await?;
    let pictures = loaders
        .parts::<Attachment>(told().map(|track| track.attachment_cover_id))
        .await?;
    let tags = loaders
        .many::<TrackTags>(told().map(|track| track.id))
        .await?;
    let episode = |upload: &Arc<Upload>| {
        let track = tracks.get(upload.track_id)?;
        let text = texts.get(track.description_content_id);
        let picture = pictures.get(track.attachment_cover_id);
        let root = &reader.names().public_url;
        Some(Episode {
            title: track.title.clone(),
            guid: upload.uuid,
            date: upload.creation_date,
            description: text.map(|text| text.html().to_owned()),
            picture: picture.map(|picture| picture.body(reader).urls.original),
            season: track.disc_number,
            number: track.position,
            duration: upload.duration,
            tags: names(tags.get(&track.id)),
            audio: Audio {
                url: format!("{root}{}", upload.listen_url(track.uuid)),
                length: upload.size.unwrap_or_default(),
                media_type: upload.media_type().to_owned(),
            },
        })
    };
    Ok(uploads.iter().filter_map(episode).collect())
}
