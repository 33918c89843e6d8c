//! The GraphQL fields of invitations.
use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};

use super::{
    Act, Create, Invitation, InvitationFilter, InvitationOrder, List, Update, listing, retrieve,
    write::{Wanted, create, delete, update},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        reference::{ById, identified},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::keeping::user_accounts::{self, UserAccount},
    rest::action::Chosen,
    time::Timestamp,
};

identified!(Invitation in "invitations");

#[ComplexObject]
impl Invitation {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Invitation, self.id)
    }

    /// Whether it can be used: it has neither been used nor expired.
    async fn is_open(&self, ctx: &Context<'_>) -> bool {
        let now = ctx.data_unchecked::<Cx>().reader().clock().now();
        self.invited_user_id.is_none() && self.expiration_date > now
    }

    /// Whoever made it.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<UserAccount>> {
        ctx.load::<user_accounts::Retrieve, UserAccount>(self.owner_id)
            .await
    }

    /// Who signed up with it; null if nobody has.
    async fn invited_user(&self, ctx: &Context<'_>) -> Result<Option<UserAccount>> {
        ctx.load::<user_accounts::Retrieve, UserAccount>(self.invited_user_id)
            .await
    }
}

fields! {
    Queries as "InvitationsQueries";
    list invitations: List(InvitationFilter, InvitationOrder) -> Invitation = listing;
    one invitation(Kind::Invitation) -> Invitation = retrieve;
}

/// An invitation to create.
#[derive(Debug, InputObject)]
struct CreateInvitationInput {
    /// The code: 6 to 50 letters, digits, `-` or `_`. By default one is made up.
    code: Option<String>,
    /// Time until which it is valid. By default 14 days from now.
    expiration_date: Option<Timestamp>,
}

async fn created(permit: &Allowed<Create>, input: CreateInvitationInput) -> Result<Invitation> {
    let wanted = Wanted {
        code: input.code,
        expiration_date: input.expiration_date,
    };
    create(permit, wanted).await
}

/// What to change of an invitation. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateInvitationInput {
    /// Global ID of the invitation; its numeric ID is accepted too.
    id: ID,
    /// The code: 6 to 50 letters, digits, `-` or `_`.
    code: Option<String>,
    /// Time until which it is valid.
    expiration_date: Option<Timestamp>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateInvitationInput) -> Result<Invitation> {
    let key = Key::of(Kind::Invitation, Some(input.id), None, None)?;
    let wanted = Wanted {
        code: input.code,
        expiration_date: input.expiration_date,
    };
    update(permit, key, wanted).await
}

/// Invitations to delete. Give either `ids` or `filter`. Those that were used are passed over.
#[derive(Debug, InputObject)]
struct DeleteInvitationsInput {
    /// Global IDs of invitations; numeric IDs are accepted too.
    ids: Option<Vec<ById<Invitation>>>,
    /// All that match, the newest 5,000 of them.
    filter: Option<InvitationFilter>,
}

/// Invitations that were deleted.
#[derive(Debug, SimpleObject)]
struct DeleteInvitationsPayload {
    /// Global IDs of the deleted invitations.
    deleted_ids: Vec<ID>,
}

async fn deleted(
    permit: &Allowed<Act>,
    input: DeleteInvitationsInput,
) -> Result<DeleteInvitationsPayload> {
    let chosen = Chosen::of(permit, input.ids, input.filter).await?;
    let gone = delete(permit, chosen).await?;
    let deleted_ids = gone.into_iter().map(|id| global(Kind::Invitation, id));
    Ok(DeleteInvitationsPayload {
        deleted_ids: deleted_ids.collect(),
    })
}

mutations! {
    Mutations as "InvitationsMutations";
    change create_invitation(CreateInvitationInput) -> CreateInvitationPayload { invitation: Invitation, "The new invitation." } = created;
    change update_invitation(UpdateInvitationInput) -> UpdateInvitationPayload { invitation: Invitation, "The invitation after the change." } = updated;
    act delete_invitations(DeleteInvitationsInput) -> DeleteInvitationsPayload = deleted;
}
