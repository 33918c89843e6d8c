//! The GraphQL fields of accounts, for administrators.
use async_graphql::{ComplexObject, Context, ID, InputObject, MaybeUndefined};
use poem_openapi::types::MaybeUndefined as Maybe;

use super::{
    List, Retrieve, Update, UserAccount, UserAccountFilter, UserAccountOrder, listing, retrieve,
    write::{AccountChanges, PermissionChanges, update},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::people::{
        actors::Actor,
        users::{PermissionsBody, User, UserById},
    },
};

#[ComplexObject]
impl UserAccount {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::UserAccount, self.id)
    }

    /// Username with the pod's hostname, such as `alice@pod.example`.
    async fn full_username(&self, ctx: &Context<'_>) -> String {
        let reader = ctx.data_unchecked::<Cx>().reader();
        format!("{}@{}", self.username, reader.config().hostname())
    }

    /// Permissions, including those that the pod gives to every user.
    #[graphql(name = "permissions")]
    async fn all_permissions(&self, ctx: &Context<'_>) -> Result<PermissionsBody> {
        let preferences = ctx.data_unchecked::<Cx>().reader().preferences().await?;
        Ok(self.permissions(preferences.default_permissions()).into())
    }

    /// ActivityPub actor of the account; null if there is none.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.actor_id).await
    }

    /// Public profile; null for accounts that were deactivated.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.load::<Retrieve, UserById>(self.id).await
    }
}

fields! {
    Queries as "UserAccountsQueries";
    list user_accounts: List(UserAccountFilter, UserAccountOrder) -> UserAccount = listing;
    one user_account(Kind::UserAccount) -> UserAccount = retrieve;
}

/// What to change of an account. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateUserAccountInput {
    /// Global ID of the account; its numeric ID is accepted too.
    id: ID,
    /// Display name, at most 255 characters.
    name: Option<String>,
    /// Whether the account can be used. Sessions and tokens of one that cannot be used are refused.
    is_active: Option<bool>,
    /// Whether the account belongs to the pod's staff.
    is_staff: Option<bool>,
    /// Whether the account is a superuser, who holds every permission.
    is_superuser: Option<bool>,
    /// Megabytes that the user can upload; null: as the pod's setting says.
    upload_quota: MaybeUndefined<i64>,
    /// Permissions of the account's own.
    permissions: Option<PermissionChanges>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateUserAccountInput) -> Result<UserAccount> {
    let key = Key::of(Kind::UserAccount, Some(input.id), None, None)?;
    let changes = AccountChanges {
        name: input.name,
        is_active: input.is_active,
        is_staff: input.is_staff,
        is_superuser: input.is_superuser,
        upload_quota: match input.upload_quota {
            MaybeUndefined::Undefined => Maybe::Undefined,
            MaybeUndefined::Null => Maybe::Null,
            MaybeUndefined::Value(quota) => Maybe::Value(quota),
        },
        permissions: input.permissions,
    };
    update(permit, key, changes).await
}

mutations! {
    Mutations as "UserAccountsMutations";
    change update_user_account(UpdateUserAccountInput) -> UpdateUserAccountPayload { account: UserAccount, "The account after the change." } = updated;
}
