//! Channels as REST shows them.
use std::{collections::HashMap, sync::Arc};

use poem::Request;
use poem_openapi::{Object, param::Path, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Channel, Create, Delete, List, MetadataChoices, Query, Retrieve, Rss, Update,
    feed::feed,
    metadata::{Choices, choices},
    opml::{self, Listed},
    sql::{Downloads, Subscribers, listing, named},
    write::{ChannelChanges, NewChannel, create, delete, update},
};
use crate::{
    context::Reader,
    error::Result,
    guard::{Allowed, Operation},
    load::{Loaders, sole},
    resources::{
        catalogue::{
            artists::{Artist, ArtistTracksCount, ContentCategory},
            tags::{ArtistTags, names},
        },
        library::{
            attachments::{Attachment, AttachmentBody},
            contents::{Content, ContentBody},
        },
        people::actors::{Actor, ActorBody},
    },
    rest::{
        answer::{Answer, Created, Feed, NoContent},
        standard::routes,
    },
    time::Timestamp,
};

/// A channel: an artist that publishes with an actor of its own, such as a podcast.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Channel")]
pub struct ChannelBody {
    /// UUID of the channel.
    pub uuid: Uuid,
    /// The artist that publishes.
    artist: ChannelArtist,
    /// Owner of the channel.
    attributed_to: Option<ActorBody>,
    /// Actor of the channel; null if it mirrors a feed from elsewhere.
    actor: Option<ActorBody>,
    /// Time at which the channel was created.
    creation_date: Timestamp,
    /// What directories of podcasts are told: `itunes_category`, `itunes_subcategory`, `language`, `copyright`,
    /// `owner_name`, `owner_email` and `explicit`. May be empty.
    metadata: Any<Value>,
    /// URL of the channel's RSS feed.
    rss_url: String,
    /// URL of the channel's page, if it has one.
    url: Option<String>,
    /// How often its uploads were downloaded.
    downloads_count: i64,
}

/// A channel, with the number of subscribers.
#[derive(Debug, Serialize, Object)]
struct ChannelDetail {
    #[serde(flatten)]
    #[oai(flatten)]
    channel: ChannelBody,
    /// Number of subscribers.
    subscriptions_count: i64,
}

/// The artist of a channel.
#[derive(Debug, Serialize, Object)]
struct ChannelArtist {
    /// Numeric ID, unique among artists.
    id: i64,
    /// ActivityPub ID (URI) of the artist.
    fid: Option<String>,
    /// MusicBrainz ID of the artist.
    mbid: Option<Uuid>,
    /// Name of the artist.
    name: String,
    /// Time at which the artist was added.
    creation_date: Timestamp,
    /// Time of the last change.
    modification_date: Timestamp,
    /// Whether the artist belongs to this pod.
    is_local: bool,
    /// Category of the artist's content.
    content_category: ContentCategory,
    /// Description.
    description: Option<ContentBody>,
    /// Picture of the artist.
    cover: Option<AttachmentBody>,
    /// `Channel object (ID)`, with the numeric ID of the channel.
    channel: String,
    /// Number of tracks on which the artist is credited first.
    tracks_count: i64,
    /// Tags, sorted by name.
    tags: Vec<String>,
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ChannelBody>> {
    let channels = loaders.list::<Channel>(ids).await?;
    let mut artists = artists(loaders, reader, &channels).await?;
    let actors = channels
        .iter()
        .flat_map(|channel| [channel.actor_id, channel.attributed_to_id]);
    let actors = loaders.many::<Actor>(actors).await?;
    let downloads = loaders.many::<Downloads>(ids.iter().copied()).await?;
    // What goes meanwhile is left out.
    let shown = channels.iter().filter_map(|channel| {
        let artist = artists.remove(&channel.artist_id)?;
        let actor = actors.get(&channel.actor_id);
        let actor = actor.filter(|_| !channel.is_external(reader));
        let owner = actors.get(&channel.attributed_to_id);
        Some(ChannelBody {
            uuid: channel.uuid,
            artist,
            attributed_to: owner.map(|owner| owner.body(reader)),
            actor: actor.map(|actor| actor.body(reader)),
            creation_date: channel.creation_date,
            metadata: Any(channel.metadata.clone()),
            rss_url: channel.rss_url(reader),
            url: actor.and_then(|actor| actor.url.clone()),
            downloads_count: downloads.get(&channel.id).map_or(0, |count| **count),
        })
    });
    Ok(shown.collect())
}

/// The artists of channels, by ID.
async fn artists(
    loaders: &Loaders,
    reader: &Reader,
    channels: &[Arc<Channel>],
) -> Result<HashMap<i64, ChannelArtist>> {
    let ids: Vec<i64> = channels.iter().map(|channel| channel.artist_id).collect();
    let artists = loaders.list::<Artist>(&ids).await?;
    let tags = loaders.many::<ArtistTags>(ids.iter().copied()).await?;
    let counts = loaders
        .many::<ArtistTracksCount>(ids.iter().copied())
        .await?;
    let texts = loaders
        .parts::<Content>(artists.iter().map(|artist| artist.description_content_id))
        .await?;
    let covers = loaders
        .parts::<Attachment>(artists.iter().map(|artist| artist.attachment_cover_id))
        .await?;
    let channels: HashMap<_, _> = channels
        .iter()
        .map(|channel| (channel.artist_id, channel))
        .collect();
    let shown = artists.iter().filter_map(|artist| {
        let channel = channels.get(&artist.id)?;
        let text = texts.get(artist.description_content_id);
        let cover = covers.get(artist.attachment_cover_id);
        let shown = ChannelArtist {
            id: artist.id,
            fid: artist.fid.clone(),
            mbid: artist.mbid,
            name: artist.name.clone(),
            creation_date: artist.creation_date,
            modification_date: artist.modification_date,
            is_local: reader.is_local(artist.fid.as_deref()),
            content_category: artist.content_category,
            description: text.map(|text| text.body()),
            cover: cover.map(|cover| cover.body(reader)),
            channel: channel.label(),
            tracks_count: counts.get(&artist.id).map_or(0, |count| **count),
            tags: names(tags.get(&artist.id)),
        };
        Some((artist.id, shown))
    });
    Ok(shown.collect())
}

async fn shown<O: Operation>(permit: &Allowed<O>, channel: i64) -> Result<ChannelDetail> {
    let loaders = permit.loaders();
    let subscribers = loaders.one::<Subscribers>(channel).await?;
    Ok(ChannelDetail {
        channel: sole(bodies(loaders, permit, &[channel]).await?)?,
        subscriptions_count: subscribers.unwrap_or_default(),
    })
}

async fn detail(permit: &Allowed<Retrieve>, name: &str) -> Result<ChannelDetail> {
    let channel = named(permit, name).await?;
    shown(permit, channel.id).await
}

async fn created(permit: &Allowed<Create>, new: NewChannel) -> Result<ChannelDetail> {
    let channel = create(permit, new).await?;
    shown(permit, channel.id).await
}

async fn updated(
    permit: &Allowed<Update>,
    name: &str,
    changes: ChannelChanges,
) -> Result<ChannelDetail> {
    let channel = named(permit, name).await?;
    let channel = update(permit, channel, changes).await?;
    shown(permit, channel.id).await
}

async fn deleted(permit: &Allowed<Delete>, name: &str) -> Result<()> {
    let channel = named(permit, name).await?;
    delete(permit, &channel).await
}

routes! {
    "/api/v1/channels";
    metadata_choices: MetadataChoices = get "/metadata-choices" -> Answer<Choices> => choices;
    retrieve: Retrieve = get "/:name" <name> -> Answer<ChannelDetail> => detail;
    create: Create = post "/" {new: NewChannel} -> Created<ChannelDetail> => created;
    update: Update = patch "/:name" <name> {changes: ChannelChanges} -> Answer<ChannelDetail> => updated;
    replace: Update = put "/:name" <name> {changes: ChannelChanges} -> Answer<ChannelDetail> => updated;
    delete: Delete = delete "/:name" <name> -> NoContent => deleted;
    {
        #[oai(path = "/", method = "get")]
        async fn list(&self, permit: Allowed<List>, query: Query, request: &Request) -> Result<Listed> {
            let listing = listing(&permit, &query.filter, &query.order).await?;
            if opml::is_wanted(request) {
                let ids = listing.page(permit.db(), opml::MOST, 0).await?;
                let text = opml::document(permit.loaders(), &permit, &ids).await?;
                return Ok(Listed::Opml(text));
            }
            let (frame, ids) = query.page.read_ids(&permit, &listing).await?;
            let bodies = bodies(permit.loaders(), &permit, &ids).await?;
            Ok(Listed::Page(Answer(frame.around(bodies))))
        }

        #[oai(path = "/:name/rss", method = "get")]
        async fn rss(&self, permit: Allowed<Rss>, name: Path<String>) -> Result<Feed> {
            feed(&permit, &name.0).await
        }
    }
}
