//! Sign-up requests as REST shows them.
use poem_openapi::{
    Object,
    types::{Any, MaybeUndefined},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    List, Query, Retrieve, Update, UserRequest, UserRequestStatus, UserRequestType, listing,
    of_row, open_count, retrieve,
    update::{Changes, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    live::Row,
    load::{Loaders, sole},
    resources::{
        moderation::{
            assignee::Assignee,
            notes::{BriefNote, NotesOfRequest, briefs},
        },
        people::actors::{Actor, ManagedActor},
    },
    rest::{answer::Answer, live::channel, standard::routes},
    time::Timestamp,
};

/// A request of somebody who wants an account.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "UserRequest")]
struct RequestBody {
    /// Numeric ID, unique among requests.
    id: i64,
    /// UUID of the request.
    uuid: Uuid,
    /// Time of the request.
    creation_date: Timestamp,
    /// Time of the decision.
    handled_date: Option<Timestamp>,
    /// Kind of the request.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: UserRequestType,
    /// What was decided.
    status: UserRequestStatus,
    /// The moderator who takes care of it.
    assigned_to: Option<ManagedActor>,
    /// Who asked.
    submitter: Option<ManagedActor>,
    /// Notes of the moderators, oldest first.
    notes: Vec<BriefNote>,
    /// Answers to the questions of the sign-up form, by question.
    metadata: Option<Any<Value>>,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<RequestBody>> {
    let requests = loaders.owned::<UserRequest>(ids).await?;
    let parties = |request: &UserRequest| [request.assigned_to_id, Some(request.submitter_id)];
    let actors = loaders
        .parts::<Actor>(requests.iter().flat_map(parties))
        .await?;
    let notes = loaders.many::<NotesOfRequest>(ids.iter().copied()).await?;
    let notes = briefs(loaders, reader, notes).await?;
    let actor = |id| actors.get(id).map(|actor| actor.managed(reader));
    let body = |request: UserRequest| RequestBody {
        assigned_to: actor(request.assigned_to_id),
        submitter: actor(Some(request.submitter_id)),
        notes: notes.get(&request.id).cloned().unwrap_or_default(),
        metadata: request.metadata.map(Any),
        id: request.id,
        uuid: request.uuid,
        creation_date: request.creation_date,
        handled_date: request.handled_date,
        kind: request.kind,
        status: request.status,
    };
    Ok(requests.into_iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<RequestBody> {
    let request = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[request.id]).await?)
}

/// What to change of a sign-up request. Fields that are not given keep their values.
#[derive(Debug, Object)]
#[oai(rename = "UserRequestChanges")]
struct RequestChanges {
    /// What is decided.
    status: Option<UserRequestStatus>,
    /// The moderator who takes care of it, by username, or as an actor; null: nobody.
    assigned_to: MaybeUndefined<Any<Value>>,
}

async fn updated(
    permit: &Allowed<Update>,
    key: Key,
    changes: RequestChanges,
) -> Result<RequestBody> {
    let changes = Changes {
        status: changes.status,
        assigned_to: Assignee::of(changes.assigned_to)?,
    };
    let request = update(permit, key, changes).await?;
    sole(bodies(permit.loaders(), permit, &[request.id]).await?)
}

/// What the web socket tells moderators of a new request.
#[derive(Serialize)]
struct Asked {
    #[serde(rename = "type")]
    kind: &'static str,
    user_request: RequestBody,
    pending_count: i64,
}

async fn message(permit: &Allowed<List>, row: Row) -> Result<Asked> {
    let request = of_row(permit, row).await?;
    Ok(Asked {
        kind: "user_request.created",
        user_request: sole(bodies(permit.loaders(), permit, &[request.id]).await?)?,
        pending_count: open_count(permit).await?,
    })
}

channel!(List => message);

routes! {
    "/api/v1/manage/moderation/requests" lists List(Query) -> RequestBody = listing => bodies;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<RequestBody> => detail;
    update: Update = patch "/:uuid" [uuid: Uuid] {changes: RequestChanges} -> Answer<RequestBody> => updated;
    replace: Update = put "/:uuid" [uuid: Uuid] {changes: RequestChanges} -> Answer<RequestBody> => updated;
}
