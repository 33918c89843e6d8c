//! The GraphQL fields of channels.
use async_graphql::{ComplexObject, Context, ID, InputObject, MaybeUndefined};
use poem_openapi::types::MaybeUndefined as Maybe;
use uuid::Uuid;

use super::{
    Channel, ChannelFilter, ChannelOrder, Delete, List, Retrieve, Update,
    metadata::{Choices, Metadata, choices},
    sql::{Downloads, FeedProblem, Subscribers, listing},
    write::{self, ChannelChanges, NewChannel, create},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        reference::ByUuid,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::{
        catalogue::artists::{self, Artist, ContentCategory},
        library::{attachments::Attachment, contents::NewContent, visibility::viewable},
        people::actors::Actor,
        publishing::subscriptions::{self, ChannelSubscription, SubscriptionOfCaller},
    },
};

#[ComplexObject]
impl Channel {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Channel, self.uuid)
    }

    /// The artist that publishes.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        ctx.load::<artists::Retrieve, Artist>(self.artist_id).await
    }

    /// Owner of the channel.
    async fn attributed_to(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.attributed_to_id).await
    }

    /// Actor of the channel; null if it mirrors a feed from elsewhere.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        if self.is_external(ctx.data_unchecked::<Cx>().reader()) {
            return Ok(None);
        }
        ctx.load::<artists::Retrieve, Actor>(self.actor_id).await
    }

    /// Whether the channel mirrors a feed from elsewhere.
    #[graphql(name = "isExternal")]
    async fn external(&self, ctx: &Context<'_>) -> bool {
        self.is_external(ctx.data_unchecked::<Cx>().reader())
    }

    /// What directories of podcasts are told.
    #[graphql(name = "metadata")]
    async fn described(&self) -> Metadata {
        // What another pod sent may be something else.
        serde_json::from_value(self.metadata.clone()).unwrap_or_default()
    }

    /// URL of the channel's RSS feed.
    #[graphql(name = "rssUrl")]
    async fn feed_url(&self, ctx: &Context<'_>) -> String {
        self.rss_url(ctx.data_unchecked::<Cx>().reader())
    }

    /// Why the feed that the channel mirrors could not be read last; null if it could, and for those who cannot hear
    /// the channel.
    async fn feed_problem(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(problem) = ctx.load::<Retrieve, FeedProblem>(self.id).await? else {
            return Ok(None);
        };
        let cx = ctx.data_unchecked::<Cx>();
        let heard = viewable(cx.loaders(), cx.reader(), [self.library_id]).await?;
        Ok((!heard.is_empty()).then_some(problem))
    }

    /// URL of the channel's page, if it has one.
    async fn url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.actor(ctx).await?.and_then(|actor| actor.url))
    }

    /// How often the channel's uploads were downloaded.
    async fn downloads_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let count = ctx.load::<Retrieve, Downloads>(self.id).await?;
        Ok(count.unwrap_or_default())
    }

    /// Number of subscribers.
    async fn subscriptions_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let count = ctx.load::<Retrieve, Subscribers>(self.id).await?;
        Ok(count.unwrap_or_default())
    }

    /// Your subscription to the channel; null if you have none.
    async fn subscription(&self, ctx: &Context<'_>) -> Result<Option<ChannelSubscription>> {
        if ctx.data_unchecked::<Cx>().reader().actor_id().is_none() {
            return Ok(None);
        }
        ctx.load::<subscriptions::Retrieve, SubscriptionOfCaller>(self.id)
            .await
    }
}

async fn seen(permit: &Allowed<Retrieve>, key: Key) -> Result<Channel> {
    super::retrieve(permit, key).await
}

fields! {
    Queries as "ChannelsQueries";
    list channels: List(ChannelFilter, ChannelOrder) -> Channel = listing;
    one channel(Kind::Channel) -> Channel = seen;
    call channel_metadata_choices -> Choices = choices;
}

/// What to change of a channel. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateChannelInput {
    /// Global ID of the channel; its UUID is accepted too.
    id: ID,
    /// Name, 1 to 200 characters.
    name: Option<String>,
    /// Description; null removes it.
    description: MaybeUndefined<NewContent>,
    /// Tags: at most 100, each of 1 to 100 letters, digits and underscores.
    tags: Option<Vec<String>>,
    /// Category of the content.
    content_category: Option<ContentCategory>,
    /// What directories of podcasts are told, as a whole. Podcasts need a category and a language.
    metadata: Option<Metadata>,
    /// The cover, which must be an attachment of your own; null removes it.
    cover: MaybeUndefined<ByUuid<Attachment>>,
}

fn maybe<T>(given: MaybeUndefined<T>) -> Maybe<T> {
    match given {
        MaybeUndefined::Undefined => Maybe::Undefined,
        MaybeUndefined::Null => Maybe::Null,
        MaybeUndefined::Value(value) => Maybe::Value(value),
    }
}

async fn updated(permit: &Allowed<Update>, input: UpdateChannelInput) -> Result<Channel> {
    let key = Key::of(Kind::Channel, Some(input.id), None, None)?;
    let channel = super::retrieve(permit, key).await?;
    let changes = ChannelChanges {
        name: input.name,
        description: maybe(input.description),
        tags: input.tags,
        content_category: input.content_category,
        metadata: input.metadata,
        cover: maybe(input.cover),
    };
    write::update(permit, channel, changes).await
}

async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<Uuid> {
    let channel = super::retrieve(permit, key).await?;
    write::delete(permit, &channel).await?;
    Ok(channel.uuid)
}

mutations! {
    Mutations as "ChannelsMutations";
    delete delete_channel(DeleteChannelInput) -> DeleteChannelPayload = delete, of Kind::Channel;
    change create_channel(NewChannel) -> CreateChannelPayload { channel: Channel, "The new channel." } = create;
    change update_channel(UpdateChannelInput) -> UpdateChannelPayload { channel: Channel, "The channel after the change." } = updated;
}
