//! Accounts as REST shows them to administrators.
use std::collections::HashMap;

use poem_openapi::Object;
use serde::Serialize;

use super::{
    List, Query, Retrieve, Update, UserAccount, listing, retrieve,
    write::{AccountChanges, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::people::{
        actors::{Actor, ManagedActor},
        users::{PermissionsBody, UserPrivacy},
    },
    rest::{answer::Answer, standard::routes},
    time::Timestamp,
};

/// An account of the pod, in short.
#[derive(Clone, Debug, Serialize, Object)]
pub struct BriefAccount {
    /// Numeric ID of the user.
    id: i64,
    /// Username, used for signing in.
    username: String,
    /// Email address; empty if there is none.
    email: String,
    /// Display name.
    name: String,
    /// Whether the account can be used.
    is_active: bool,
    /// Whether the account belongs to the pod's staff.
    is_staff: bool,
    /// Whether the account is a superuser, who holds every permission.
    is_superuser: bool,
    /// Time at which the account was created.
    date_joined: Timestamp,
    /// Time at which the account was last used; null: never.
    last_activity: Option<Timestamp>,
    /// Who can see the user's favorites and listening history.
    privacy_level: UserPrivacy,
    /// Megabytes that the user can upload; null: as the pod's setting says.
    upload_quota: Option<i64>,
}

/// An account of the pod, as administrators see it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "UserAccount")]
pub struct AccountBody {
    /// Numeric ID of the user.
    pub id: i64,
    /// Username, used for signing in.
    username: String,
    /// ActivityPub actor of the account; null if there is none.
    actor: Option<ManagedActor>,
    /// Email address; empty if there is none.
    email: String,
    /// Display name.
    name: String,
    /// Whether the account can be used.
    is_active: bool,
    /// Whether the account belongs to the pod's staff.
    is_staff: bool,
    /// Whether the account is a superuser, who holds every permission.
    is_superuser: bool,
    /// Time at which the account was created.
    date_joined: Timestamp,
    /// Time at which the account was last used; null: never.
    last_activity: Option<Timestamp>,
    /// Permissions, including those that the pod gives to every user.
    permissions: PermissionsBody,
    /// Who can see the user's favorites and listening history.
    privacy_level: UserPrivacy,
    /// Megabytes that the user can upload; null: as the pod's setting says.
    upload_quota: Option<i64>,
    /// Username with the pod's hostname, such as `alice@pod.example`.
    full_username: String,
}

/// Accounts in short, by the users' IDs.
pub async fn brief(
    loaders: &Loaders,
    ids: impl IntoIterator<Item = i64> + Send,
) -> Result<HashMap<i64, BriefAccount>> {
    let accounts = loaders.many::<UserAccount>(ids).await?;
    let shown = accounts.values().map(|account| {
        let brief = BriefAccount {
            id: account.id,
            username: account.username.clone(),
            email: account.email.clone(),
            name: account.name.clone(),
            is_active: account.is_active,
            is_staff: account.is_staff,
            is_superuser: account.is_superuser,
            date_joined: account.date_joined,
            last_activity: account.last_activity,
            privacy_level: account.privacy_level,
            upload_quota: account.upload_quota,
        };
        (account.id, brief)
    });
    Ok(shown.collect())
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<AccountBody>> {
    let accounts = loaders.owned::<UserAccount>(ids).await?;
    let actors = loaders
        .parts::<Actor>(accounts.iter().map(|account| account.actor_id))
        .await?;
    let granted = reader.preferences().await?.default_permissions();
    let host = reader.config().hostname();
    let body = |account: UserAccount| AccountBody {
        actor: actors
            .get(account.actor_id)
            .map(|actor| actor.managed(reader)),
        permissions: account.permissions(granted).into(),
        full_username: format!("{}@{host}", account.username),
        id: account.id,
        username: account.username,
        email: account.email,
        name: account.name,
        is_active: account.is_active,
        is_staff: account.is_staff,
        is_superuser: account.is_superuser,
        date_joined: account.date_joined,
        last_activity: account.last_activity,
        privacy_level: account.privacy_level,
        upload_quota: account.upload_quota,
    };
    Ok(accounts.into_iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<AccountBody> {
    let account = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[account.id]).await?)
}

async fn updated(
    permit: &Allowed<Update>,
    key: Key,
    changes: AccountChanges,
) -> Result<AccountBody> {
    let account = update(permit, key, changes).await?;
    sole(bodies(permit.loaders(), permit, &[account.id]).await?)
}

routes! {
    "/api/v1/manage/users/users" lists List(Query) -> AccountBody = listing => bodies;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<AccountBody> => detail;
    update: Update = patch "/:id" [id: i64] {changes: AccountChanges} -> Answer<AccountBody> => updated;
    replace: Update = put "/:id" [id: i64] {changes: AccountChanges} -> Answer<AccountBody> => updated;
}
