//! Notifications as REST shows them: the deeds of others, as ActivityPub names them.
use std::collections::HashMap;

use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    Act, List, Notification, NotificationType, Query, Retrieve, Update, listing, of_row, retrieve,
    write::{mark, read},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation},
    live::Row,
    load::{Loaders, load, sole, weigh},
    resources::people::actors::{Actor, ActorBody},
    rest::{
        action::{ActionBody, ActionRequest},
        answer::Answer,
        live::channel,
        standard::routes,
    },
    store::sql,
    time::Timestamp,
};

/// What somebody did.
#[derive(Clone, Debug, FromRow)]
pub struct Deed {
    pub id: i64,
    pub uuid: Uuid,
    pub fid: Option<String>,
    pub actor_id: i64,
    #[sqlx(rename = "type")]
    pub kind: NotificationType,
    #[sqlx(json)]
    pub payload: Value,
    pub creation_date: Timestamp,
    pub object_type: Option<String>,
    pub object_id: Option<i64>,
    pub related_object_type: Option<String>,
    pub related_object_id: Option<i64>,
}

impl Deed {
    /// The ID of the library, or of the follow, that it is about.
    pub fn about(&self, kind: &str) -> Option<i64> {
        let is = |named: &Option<String>| named.as_deref() == Some(kind);
        match (is(&self.object_type), is(&self.related_object_type)) {
            (true, _) => self.object_id,
            (_, true) => self.related_object_id,
            _ => None,
        }
    }
}

weigh!(Deed: fid, payload, object_type, related_object_type);

load!(/// What a notification is about.
    DeedOf: Deed = for_caller deeds);

async fn deeds(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Deed>> {
    let rows: Vec<Deed> = sql(
        "select id, uuid, fid, actor_id, type, payload, creation_date, object_type, object_id, related_object_type,
           related_object_id from activities where type in ('Follow', 'Accept') and id in ?*",
    )
    .bind(ids)
    .all(reader.db())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// A notification.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Notification")]
struct NotificationBody {
    /// Numeric ID of the notification.
    id: i64,
    /// How the notification was addressed to you; always `to`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    addressed: String,
    /// What somebody did.
    activity: DeedBody,
    /// Whether you have read it.
    is_read: bool,
}

/// What somebody did.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "NotificationActivity")]
struct DeedBody {
    /// UUID of the activity.
    uuid: Uuid,
    /// ActivityPub ID (URI) of the activity.
    fid: Option<String>,
    /// Who did it.
    actor: Option<ActorBody>,
    /// The activity as ActivityPub has it, in part.
    payload: Any<Value>,
    /// What it was done to: `type`, `uuid`, and `name` or `approved`.
    object: Option<Any<Value>>,
    /// Always null.
    target: Option<String>,
    /// What it was done with, as `object`.
    related_object: Option<Any<Value>>,
    /// Time at which it was done.
    creation_date: Timestamp,
    /// What was done: `Follow` or `Accept`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: NotificationType,
}

/// Libraries and follows, as activities name them, by type and ID.
type Subjects = HashMap<(&'static str, i64), Value>;

async fn subjects(reader: &Reader, deeds: &[&Deed]) -> Result<Subjects> {
    let ids =
        |kind: &str| -> Vec<i64> { deeds.iter().filter_map(|deed| deed.about(kind)).collect() };
    let libraries = sql("select id, uuid, name from libraries where id in ?*").bind(ids("library"));
    let libraries: Vec<(i64, Uuid, String)> = libraries.all(reader.db()).await?;
    let follows = sql("select id, uuid, approved from library_follows where id in ?*");
    let follows = follows.bind(ids("libraryfollow"));
    let follows: Vec<(i64, Uuid, Option<bool>)> = follows.all(reader.db()).await?;
    let libraries = libraries.into_iter().map(|(id, uuid, name)| {
        let shown = json!({ "type": "music.Library", "uuid": uuid, "name": name });
        (("library", id), shown)
    });
    let follows = follows.into_iter().map(|(id, uuid, approved)| {
        let shown =
            json!({ "type": "federation.LibraryFollow", "uuid": uuid, "approved": approved });
        (("libraryfollow", id), shown)
    });
    Ok(libraries.chain(follows).collect())
}

fn subject(subjects: &Subjects, kind: Option<&str>, id: Option<i64>) -> Option<Any<Value>> {
    let kind = ["library", "libraryfollow"]
        .into_iter()
        .find(|known| Some(*known) == kind)?;
    subjects.get(&(kind, id?)).cloned().map(Any)
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<NotificationBody>> {
    let rows = loaders.owned::<Notification>(ids).await?;
    let deeds = rows.iter().map(|row| row.activity_id);
    let deeds = loaders.many::<DeedOf>(deeds).await?;
    let all: Vec<&Deed> = deeds.values().map(|deed| &**deed).collect();
    let subjects = subjects(reader, &all).await?;
    let actors = all.iter().map(|deed| deed.actor_id);
    let actors = loaders.many::<Actor>(actors).await?;
    let body = |row: Notification| {
        let deed = deeds.get(&row.activity_id)?;
        let related = deed.related_object_type.as_deref();
        let activity = DeedBody {
            uuid: deed.uuid,
            fid: deed.fid.clone(),
            actor: actors.get(&deed.actor_id).map(|actor| actor.body(reader)),
            payload: Any(deed.payload.clone()),
            object: subject(&subjects, deed.object_type.as_deref(), deed.object_id),
            target: None,
            related_object: subject(&subjects, related, deed.related_object_id),
            creation_date: deed.creation_date,
            kind: deed.kind,
        };
        Some(NotificationBody {
            id: row.id,
            addressed: "to".to_owned(),
            activity,
            is_read: row.is_read,
        })
    };
    Ok(rows.into_iter().filter_map(body).collect())
}

async fn body<O: Operation>(permit: &Allowed<O>, id: i64) -> Result<NotificationBody> {
    sole(bodies(permit.loaders(), permit, &[id]).await?)
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<NotificationBody> {
    let row = retrieve(permit, key).await?;
    body(permit, row.id).await
}

/// What to change of a notification.
#[derive(Debug, Object)]
struct NotificationChanges {
    /// Whether you have read it.
    is_read: bool,
}

async fn updated(
    permit: &Allowed<Update>,
    key: Key,
    changes: NotificationChanges,
) -> Result<NotificationBody> {
    let row = mark(permit, key, changes.is_read).await?;
    body(permit, row.id).await
}

async fn acted(permit: &Allowed<Act>, request: ActionRequest) -> Result<ActionBody> {
    request.chosen(&[("read", ())])?;
    let updated = read(permit, request.numbered()?).await?;
    Ok(ActionBody::new("read", updated, Some(updated)))
}

/// What the web socket tells of a new notification.
#[derive(Serialize)]
struct Added {
    #[serde(rename = "type")]
    kind: &'static str,
    item: NotificationBody,
}

async fn message(permit: &Allowed<List>, row: Row) -> Result<Added> {
    let own = of_row(permit, row).await?;
    Ok(Added {
        kind: "inbox.item_added",
        item: body(permit, own.id).await?,
    })
}

channel!(List => message);

routes! {
    "/api/v1/federation/inbox" lists List(Query) -> NotificationBody = listing => bodies;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<NotificationBody> => detail;
    update: Update = patch "/:id" [id: i64] {changes: NotificationChanges} -> Answer<NotificationBody> => updated;
    replace: Update = put "/:id" [id: i64] {changes: NotificationChanges} -> Answer<NotificationBody> => updated;
}
