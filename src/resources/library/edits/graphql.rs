use async_graphql::{ComplexObject, Context, InputObject, Json};
use serde_json::Value;

use super::{Edit, OnKind, Proposal, ProposeAlbum, ProposeArtist, ProposeTrack, propose};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{LONG, answer},
        standard::fields,
    },
    guard::{AllowExt, Allowed, Writes},
    resources::people::actors::Actor,
};

/// An edit to propose.
#[derive(Debug, InputObject)]
struct EditInput {
    /// New values, by field, named as in REST. For artists `name`, `tags`, `description` and
    /// `cover`; for albums `title`, `release_date`, `tags`, `cover` and `description`; for tracks
    /// `license` (code), `title`, `position`, `copyright`, `tags`, `description` and `cover`. A
    /// `cover` is the UUID of an attachment of your own, a `description` an object with `text` and
    /// `content_type`. Other fields are ignored.
    payload: Json<Value>,
    /// Reason for the edit, up to 2,000 characters.
    summary: Option<String>,
    /// `true`: approves the edit and applies it immediately. `false`: rejects it. Only for the
    /// owner of the object and for users with the permission `library`. Default: the edit waits for
    /// review.
    is_approved: Option<bool>,
}

impl From<EditInput> for Proposal {
    fn from(input: EditInput) -> Self {
        Self {
            kind: "update".to_owned(),
            payload: input.payload.0,
            summary: input.summary,
            is_approved: input.is_approved,
        }
    }
}

#[ComplexObject]
impl Edit {
    /// New values, by field.
    #[graphql(complexity = "LONG")]
    async fn payload(&self) -> Json<&Value> {
        Json(&self.payload)
    }

    /// Previous values, by field, each in an object with the key `value`; null until applied.
    #[graphql(complexity = "LONG")]
    async fn previous_state(&self) -> Option<Json<&Value>> {
        self.previous_state.as_ref().map(Json)
    }

    /// Actor who proposed the edit.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let loaders = ctx.data_unchecked::<Cx>().loaders();
        loaders.maybe::<Actor>(self.created_by_id).await
    }

    /// Actor who approved or rejected the edit.
    async fn approved_by(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let loaders = ctx.data_unchecked::<Cx>().loaders();
        loaders.maybe::<Actor>(self.approved_by_id).await
    }
}

async fn edited<O: OnKind + Writes>(
    permit: Result<Allowed<O>>,
    id: i64,
    input: EditInput,
) -> Option<Result<Edit>> {
    answer(async { propose(&permit?, id, input.into()).await }).await
}

fields! {
    Mutations as "EditMutations";
    {
        async fn edit_artist(
            &self,
            ctx: &Context<'_>,
            database_id: i64,
            #[graphql(desc = "Edit to propose.")] input: EditInput,
        ) -> Option<Result<Edit>> {
            edited(ctx.allow::<ProposeArtist>().await, database_id, input).await
        }

        async fn edit_album(
            &self,
            ctx: &Context<'_>,
            database_id: i64,
            #[graphql(desc = "Edit to propose.")] input: EditInput,
        ) -> Option<Result<Edit>> {
            edited(ctx.allow::<ProposeAlbum>().await, database_id, input).await
        }

        async fn edit_track(
            &self,
            ctx: &Context<'_>,
            database_id: i64,
            #[graphql(desc = "Edit to propose.")] input: EditInput,
        ) -> Option<Result<Edit>> {
            edited(ctx.allow::<ProposeTrack>().await, database_id, input).await
        }
    }
}
