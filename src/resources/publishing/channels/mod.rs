//! Channels: artists that publish on this pod with an actor of their own, such as podcasts (contract section 10).
pub mod body;
mod feed;
pub mod graphql;
mod inline;
mod metadata;
mod opml;
mod removal;
mod sql;
mod write;

use async_graphql::SimpleObject;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    inline::{InlineChannel, channel_of},
    metadata::Metadata,
    removal::remove,
    sql::{
        ChannelOf, EpisodeOf, FeedProblem, episode, heard, named, newest_of_all, newest_of_each,
        open, retrieve,
    },
    write::{New, insert},
};
use crate::{
    context::Reader,
    graphql::{input::Defaulted, reference::identified},
    guard::operations,
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    time::Timestamp,
};

operations! {
    "channels", "Channels: artists that publish on this pod, such as podcasts.";
    /// Lists channels.
    ///
    /// Sorted newest first by default. Invalid filter values are answered with 400. A pod can be without channels: then
    /// all of these operations are answered with 405.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "channels", params = opml::Parameters;
    /// Returns a channel.
    ///
    /// REST takes the UUID, the username, or the username with the domain, such as `podcast@pod.example`. Unknown ones are
    /// answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "channel";
    /// Creates a channel of your own.
    ///
    /// It gets an artist, to which its albums and tracks are credited, and a library for its uploads. Podcasts need
    /// `metadata` with a category and a language. Invalid values, usernames that are taken, and more channels than
    /// the pod allows are answered with 400.
    create: Create = write Libraries, anonymous = Never, throttle = Create, graphql = "Mutation.createChannel";
    /// Changes one of your channels.
    ///
    /// Fields that are not sent keep their values. Channels of others are answered with 403, unknown ones with 404,
    /// invalid values with 400.
    update: Update = write Libraries, anonymous = Never, throttle = Update, graphql = "Mutation.updateChannel";
    /// Deletes one of your channels, with its artist and all that it published.
    ///
    /// Channels of others are answered with 403, unknown ones with 404.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteChannel";
    /// Returns the RSS feed of a channel, with its 50 newest uploads.
    ///
    /// By UUID, by username, or by username with the domain. Podcast players read it: it is RSS 2.0, with the elements of
    /// Apple Podcasts and of Podcasting 2.0. For a channel that mirrors a feed, the answer is a redirect to that feed;
    /// whoever cannot hear the channel gets 404, since the address can be a secret. Unknown channels are answered with 404.
    rss: Rss = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "(REST only: RSS; see `Channel.rssUrl`)", wire = Feed;
    /// Lists the languages and categories that the metadata of a podcast can have.
    ///
    /// Languages are those of ISO 639-1; the categories are those of Apple Podcasts.
    metadata_choices: MetadataChoices = open, anonymous = Always, throttle = Wildcard, graphql = "channelMetadataChoices";
}

pub type Query = ListQuery<ChannelFilter, ChannelOrder>;

/// A channel: an artist that publishes with an actor of its own, such as a podcast.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Channel {
    /// Numeric ID, unique among channels.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the channel.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub artist_id: i64,
    #[graphql(skip)]
    pub attributed_to_id: i64,
    #[graphql(skip)]
    pub actor_id: i64,
    #[graphql(skip)]
    pub library_id: i64,
    #[graphql(skip)]
    pub preferred_username: String,
    #[graphql(skip)]
    pub domain: String,
    #[graphql(skip)]
    pub feed: Option<String>,
    #[graphql(skip)]
    #[sqlx(json)]
    pub metadata: Value,
    /// Time at which the channel was created.
    pub creation_date: Timestamp,
}

identified!(Channel in "channels");

impl Channel {
    /// Whether the channel mirrors a feed from elsewhere, which nobody publishes here.
    pub fn is_external(&self, reader: &Reader) -> bool {
        self.feed.is_some() && reader.is_local_domain(&self.domain)
    }

    /// Address of the channel's feed.
    pub fn rss_url(&self, reader: &Reader) -> String {
        let elsewhere = self.feed.clone();
        let elsewhere = elsewhere.filter(|_| !reader.is_local_domain(&self.domain));
        elsewhere.unwrap_or_else(|| {
            let root = &reader.names().public_url;
            let name = match reader.is_local_domain(&self.domain) {
                true => self.preferred_username.clone(),
                false => format!("{}@{}", self.preferred_username, self.domain),
            };
            format!("{root}/api/v1/channels/{name}/rss")
        })
    }
}

filter! {
    /// Filter for a list of channels. A channel must match all conditions.
    pub struct ChannelFilter {
        /// `true`: only channels that mirror a feed from elsewhere. `false`: only others.
        external: Option<bool>,
        /// `true`: only channels that you have hidden. By default, they are left out. Anonymous callers: ignored.
        hidden: Option<bool>,
        /// Full-text search: every word must begin a word of the name. A query entirely in double quotes may use `&`,
        /// `|`, `!` and parentheses. At most 32 words.
        q: Option<String>,
        /// Only these channels: `me` (your own), `subscribed` (those that you subscribe to), `all`,
        /// `actor:name@domain` (of this owner) or `domain:name`. Several are separated by commas; any of them may match.
        scope: Option<String>,
        /// `true`: only channels that you subscribe to. `false`: only others. Anonymous callers: ignored.
        subscribed: Option<bool>,
        /// Channels with all of these tags (not case-sensitive). At most 100.
        tag: Defaulted<Vec<String>>,
    }
    shares hidden
}

ordering! {
    /// Sort options for channels.
    pub struct ChannelOrder by ChannelOrderField {
        /// Time at which the channel was created.
        CreationDate = "creation_date",
        /// Time of the last change of its artist.
        ModificationDate = "modification_date",
        /// Random order, another one for every request.
        Random = "random",
    }
    shuffled by seed
}
