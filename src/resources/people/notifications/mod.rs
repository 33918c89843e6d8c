//! Notifications: what others did that concerns the caller (contract section 10).
mod body;
pub mod graphql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;

pub use self::{
    body::{CHANNEL, Rest},
    write::{forget, tell},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{ids::Key, reference::identified},
    guard::{Allowed, Upon, operations},
    live::Row,
    load::{Entity, entity, sole},
    rest::{
        page::ListQuery,
        params::{choices, filter, ordering},
    },
    store::{
        Change,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
};

operations! {
    "notifications", "Notifications: what others did that concerns you.";
    /// Lists your notifications.
    ///
    /// You are notified when somebody follows one of your libraries, or asks to, and when an owner gives
    /// you access to a library. Sorted newest first by default.
    list: List = read Notifications, anonymous = Never, throttle = List, graphql = "notifications",
        live = "notificationAdded", upon = Upon::EachRow(&[Change::InboxItemId]), params = Query;
    /// Returns one of your notifications.
    ///
    /// Notifications of others, and unknown IDs, are answered with 404.
    retrieve: Retrieve = read Notifications, anonymous = Never, throttle = Retrieve, graphql = "notification";
    /// Marks one of your notifications as read or unread.
    ///
    /// Notifications of others, and unknown IDs, are answered with 404.
    update: Update = write Notifications, anonymous = Never, throttle = Update, graphql = "Mutation.updateNotification";
    /// Marks several of your notifications as read.
    act: Act = write Notifications, anonymous = Never, throttle = Wildcard, graphql = "Mutation.readNotifications";
}

pub type Query = ListQuery<NotificationFilter, NotificationOrder>;

choices! {
    /// What happened.
    pub enum NotificationType {
        /// Somebody follows one of your libraries, or asks to.
        Follow = "Follow",
        /// An owner gave you access to a library.
        Accept = "Accept",
    }
}

/// A notification: what somebody did that concerns you.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Notification {
    /// Numeric ID, unique among notifications.
    #[graphql(name = "databaseId")]
    pub id: i64,
    #[graphql(skip)]
    pub activity_id: i64,
    /// Whether you have read it.
    pub is_read: bool,
}

identified!(Notification in "inbox_items");

entity!(Notification in "inbox_items": "id, activity_id, is_read", upon [], weighs []);

filter! {
    /// Filter for a list of notifications. A notification must match all conditions.
    pub struct NotificationFilter {
        /// Only what the actor with this numeric ID did.
        actor: Option<i64> = "activity__actor",
        /// What happened.
        kind: Option<NotificationType> = "activity__type",
        /// Only notifications with a numeric ID below this one.
        before: Option<i64>,
        /// `true`: those that you have read. `false`: the others.
        is_read: Option<bool>,
    }
}

ordering! {
    /// Sort options for notifications.
    pub struct NotificationOrder by NotificationOrderField {
        /// Time of the notification.
        CreationDate = "creation_date",
    }
    others ignored
}

async fn listing(
    reader: &Reader,
    filter: &NotificationFilter,
    order: &[NotificationOrder],
) -> Result<Listing> {
    let mut from = sql(
        "from inbox_items i join activities a on a.id = i.activity_id
         where i.actor_id = ? and a.type in ('Follow', 'Accept')",
    )
    .bind(reader.actor_id().unwrap_or(-1));
    if let Some(actor) = filter.actor {
        from = from.then(" and a.actor_id = ?").bind(actor);
    }
    if let Some(kind) = filter.kind {
        from = from.then(" and a.type = ?").bind(kind);
    }
    if let Some(before) = filter.before {
        from = from.then(" and i.id < ?").bind(before);
    }
    if let Some(is_read) = filter.is_read {
        from = from.then(" and i.is_read = ?").bind(is_read);
    }
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let newest = SortKey::new(sql("i.id"), KeyKind::Int, down);
    Ok(Listing::new(from, "i.id", [newest]).oldest_first_if(!down))
}

/// One of the caller's notifications.
pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Notification> {
    Notification::select()
        .then(" where id = ? and actor_id = ?")
        .bind(key.number()?)
        .bind(permit.actor_id().unwrap_or(-1))
        .one(permit.db())
        .await
}

/// A new notification, if it is the caller's.
async fn of_row(permit: &Allowed<List>, (_, id): Row) -> Result<Notification> {
    let own = listing(permit, &NotificationFilter::default(), &[]).await?;
    let own = own.and(sql("i.id = ?").bind(id));
    let own = own.page(permit.db(), 1, 0).await?;
    sole(permit.loaders().owned::<Notification>(&own).await?)
}
