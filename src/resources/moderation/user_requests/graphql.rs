//! The GraphQL fields of sign-up requests.
use async_graphql::{ComplexObject, Context, ID, InputObject, Json, MaybeUndefined, SimpleObject};
use serde_json::Value;

use super::{
    List, Retrieve, Update, UserRequest, UserRequestFilter, UserRequestOrder, UserRequestStatus,
    listing, of_row, retrieve,
    update::{Changes, update},
};
use crate::{
    error::Result,
    graphql::{
        connection::cost,
        ids::{Key, Kind, global},
        live::subscriptions,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    live::Row,
    resources::{
        moderation::{
            assignee::Assignee,
            notes::{self, ModerationNote, NotesOfRequest},
        },
        people::actors::Actor,
    },
};

#[ComplexObject]
impl UserRequest {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::UserRequest, self.id)
    }

    /// Who asked.
    async fn submitter(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.submitter_id).await
    }

    /// The moderator who takes care of it.
    async fn assigned_to(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.assigned_to_id).await
    }

    /// Answers to the questions of the sign-up form, by question: a JSON object.
    async fn metadata(&self) -> Option<Json<Value>> {
        self.metadata.clone().map(Json)
    }

    /// Notes of the moderators, oldest first, up to 100.
    #[graphql(complexity = "cost(100, child_complexity)")]
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<ModerationNote>> {
        let ids = ctx.load_all::<notes::List, NotesOfRequest>(self.id).await?;
        ctx.load_list::<notes::List, ModerationNote>(ids).await
    }
}

fields! {
    Queries as "UserRequestsQueries";
    list user_requests: List(UserRequestFilter, UserRequestOrder) -> UserRequest = listing;
    one user_request(Kind::UserRequest) -> UserRequest = retrieve::<Retrieve>;
}

/// What to change of a sign-up request. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateUserRequestInput {
    /// Global ID of the request; its UUID and its numeric ID are accepted too.
    id: ID,
    /// What is decided.
    status: Option<UserRequestStatus>,
    /// Global ID or username of the moderator who takes care of it; null: nobody.
    assigned_to: MaybeUndefined<ID>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateUserRequestInput) -> Result<UserRequest> {
    let key = Key::of(Kind::UserRequest, Some(input.id), None, None)?;
    let changes = Changes {
        status: input.status,
        assigned_to: Assignee::named(&input.assigned_to)?,
    };
    update(permit, key, changes).await
}

mutations! {
    Mutations as "UserRequestsMutations";
    change update_user_request(UpdateUserRequestInput) -> UpdateUserRequestPayload { request: UserRequest, "The request after the change." } = updated;
}

/// A sign-up request that was made.
#[derive(SimpleObject)]
pub struct UserRequestCreatedPayload {
    /// The request.
    request: UserRequest,
}

async fn told(permit: Allowed<List>, row: Row) -> Result<UserRequestCreatedPayload> {
    let request = of_row(&permit, row).await?;
    Ok(UserRequestCreatedPayload { request })
}

subscriptions! {
    Subscriptions as "UserRequestsSubscriptions";
    /// Sends each new sign-up request, to moderators.
    user_request_created -> UserRequestCreatedPayload = each told;
}
