use async_graphql::{ComplexObject, Context, InputObject, Json, Object};
use serde_json::Value;

use super::{Edit, Proposal, ProposeAlbum, ProposeArtist, ProposeTrack, propose};
use crate::{
    context::Cx,
    error::Result,
    graphql::connection::answer,
    guard::{AllowExt, Allowed},
    resources::actors::Actor,
};

/// A change to be proposed.
#[derive(Debug, InputObject)]
struct EditInput {
    /// The new values, by field, named as in REST. Artists have `name`, `tags`, `description`, `cover`; albums `title`, `release_date`, `tags`, `cover`, `description`; tracks `license`, `title`, `position`, `copyright`, `tags`, `description`, `cover`.
    payload: Json<Value>,
    /// Why it is proposed, up to 2,000 characters.
    summary: Option<String>,
    /// Carries it out at once; only for those who may approve it.
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
    /// The new values, by field.
    async fn payload(&self) -> Json<&Value> {
        Json(&self.payload)
    }

    /// The old values, by field, once it was carried out.
    async fn previous_state(&self) -> Option<Json<&Value>> {
        self.previous_state.as_ref().map(Json)
    }

    /// Who proposed it.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let loaders = ctx.data_unchecked::<Cx>().loaders();
        loaders.maybe::<Actor>(self.created_by_id).await
    }

    /// Who approved or refused it.
    async fn approved_by(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let loaders = ctx.data_unchecked::<Cx>().loaders();
        loaders.maybe::<Actor>(self.approved_by_id).await
    }
}

#[derive(Default)]
pub struct Mutations;

#[Object(name = "EditMutations")]
impl Mutations {
    /// Proposes to change the artist of this number.
    async fn edit_artist(
        &self,
        ctx: &Context<'_>,
        database_id: i64,
        #[graphql(desc = "The change.")] input: EditInput,
    ) -> Option<Result<Edit>> {
        answer(async {
            let permit: Allowed<ProposeArtist> = ctx.allow().await?;
            propose(&permit, database_id, input.into()).await
        })
        .await
    }

    /// Proposes to change the album of this number.
    async fn edit_album(
        &self,
        ctx: &Context<'_>,
        database_id: i64,
        #[graphql(desc = "The change.")] input: EditInput,
    ) -> Option<Result<Edit>> {
        answer(async {
            let permit: Allowed<ProposeAlbum> = ctx.allow().await?;
            propose(&permit, database_id, input.into()).await
        })
        .await
    }

    /// Proposes to change the track of this number.
    async fn edit_track(
        &self,
        ctx: &Context<'_>,
        database_id: i64,
        #[graphql(desc = "The change.")] input: EditInput,
    ) -> Option<Result<Edit>> {
        answer(async {
            let permit: Allowed<ProposeTrack> = ctx.allow().await?;
            propose(&permit, database_id, input.into()).await
        })
        .await
    }
}
