//! The GraphQL fields of notifications.
use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};

use super::{
    Act, List, Notification, NotificationFilter, NotificationOrder, NotificationType, Retrieve,
    Update,
    body::{Deed, DeedOf},
    listing, of_row, retrieve,
    write::{mark, read},
};
use crate::{
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global},
        live::subscriptions,
        reference::ById,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    live::Row,
    resources::{
        library::{
            follows::{self, LibraryFollow},
            libraries::{self, Library, ViewableLibrary},
        },
        people::actors::Actor,
    },
    rest::action::Chosen,
    time::Timestamp,
};

impl Notification {
    async fn deed(&self, ctx: &Context<'_>) -> Result<Deed> {
        let deed = ctx.load::<Retrieve, DeedOf>(self.activity_id).await?;
        deed.ok_or(Error::NotFound)
    }
}

#[ComplexObject]
impl Notification {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Notification, self.id)
    }

    /// What happened.
    #[graphql(name = "type")]
    async fn kind(&self, ctx: &Context<'_>) -> Result<NotificationType> {
        Ok(self.deed(ctx).await?.kind)
    }

    /// Time at which it happened.
    async fn creation_date(&self, ctx: &Context<'_>) -> Result<Timestamp> {
        Ok(self.deed(ctx).await?.creation_date)
    }

    /// Who did it.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let deed = self.deed(ctx).await?;
        ctx.load::<Retrieve, Actor>(deed.actor_id).await
    }

    /// The library that it is about; null if you have no access to it, or if it was deleted.
    async fn library(&self, ctx: &Context<'_>) -> Result<Option<Library>> {
        let library = self.deed(ctx).await?.about("library");
        ctx.load::<libraries::Retrieve, ViewableLibrary>(library)
            .await
    }

    /// The follow that it is about; null if it was deleted.
    async fn follow(&self, ctx: &Context<'_>) -> Result<Option<LibraryFollow>> {
        let follow = self.deed(ctx).await?.about("libraryfollow");
        ctx.load::<follows::Retrieve, LibraryFollow>(follow).await
    }
}

fields! {
    Queries as "NotificationsQueries";
    list notifications: List(NotificationFilter, NotificationOrder) -> Notification = listing;
    one notification(Kind::Notification) -> Notification = retrieve;
}

/// What to change of a notification.
#[derive(Debug, InputObject)]
struct UpdateNotificationInput {
    /// Global ID of the notification; its numeric ID is accepted too.
    id: ID,
    /// Whether you have read it.
    is_read: bool,
}

async fn updated(permit: &Allowed<Update>, input: UpdateNotificationInput) -> Result<Notification> {
    let key = Key::of(Kind::Notification, Some(input.id), None, None)?;
    mark(permit, key, input.is_read).await
}

/// Notifications to mark as read. Give either `ids` or `filter`.
#[derive(Debug, InputObject)]
struct ReadNotificationsInput {
    /// Global IDs of notifications; numeric IDs are accepted too.
    ids: Option<Vec<ById<Notification>>>,
    /// All of your notifications that match, the newest 5,000 of them.
    filter: Option<NotificationFilter>,
}

/// Result of the mutation.
#[derive(Debug, SimpleObject)]
struct ReadNotificationsPayload {
    /// Number of notifications that were marked as read.
    count: u64,
}

async fn marked(
    permit: &Allowed<Act>,
    input: ReadNotificationsInput,
) -> Result<ReadNotificationsPayload> {
    let chosen = Chosen::of(permit, input.ids, input.filter).await?;
    let count = read(permit, chosen).await?;
    Ok(ReadNotificationsPayload { count })
}

/// A notification that was added.
#[derive(SimpleObject)]
pub struct NotificationAddedPayload {
    /// The notification.
    notification: Notification,
}

async fn added(permit: Allowed<List>, row: Row) -> Result<NotificationAddedPayload> {
    let notification = of_row(&permit, row).await?;
    Ok(NotificationAddedPayload { notification })
}

subscriptions! {
    Subscriptions as "NotificationsSubscriptions";
    /// Sends each of your new notifications.
    notification_added -> NotificationAddedPayload = each added;
}

mutations! {
    Mutations as "NotificationsMutations";
    change update_notification(UpdateNotificationInput) -> UpdateNotificationPayload { notification: Notification, "The notification after the change." } = updated;
    act read_notifications(ReadNotificationsInput) -> ReadNotificationsPayload = marked;
}
