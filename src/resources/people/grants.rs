//! Grants: the applications that the caller has authorized (contract section 3).
use async_graphql::{ComplexObject, ID, SimpleObject};
use sqlx::FromRow;

use super::applications::{OauthApplication, PublicBody};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Kind, global},
        live::subscriptions,
        standard::{fields, mutations},
    },
    guard::{Allowed, Upon, operations},
    load::grouped,
    oauth::revoke_all,
    rest::{
        answer::{Answer, NoContent},
        standard::routes,
    },
    scope::ScopeSet,
    store::{Change, sql},
    time::Timestamp,
};

operations! {
    "grants", "Applications that you have authorized.";
    /// Lists the applications that you have authorized.
    ///
    /// Includes applications that hold a valid authorization code, access token or refresh token of
    /// yours, and those whose access you approved before. Sorted by registration date of the
    /// application, newest first.
    list: List = read Security, anonymous = Never, throttle = List, graphql = "grants",
        live = "grantsChanged", upon = Upon::UserRows(&[Change::OauthConsentUser, Change::OauthFamilyUser]);
    /// Returns an application that you have authorized.
    ///
    /// Applications without a grant of yours are answered with 404.
    retrieve: Retrieve = read Security, anonymous = Never, throttle = Retrieve, graphql = "grant";
    /// Revokes an application's access to your account.
    ///
    /// Its codes and tokens stop working immediately, and it must ask for your consent again.
    /// Applications without a grant of yours are answered with 404.
    delete: Delete = write Security, anonymous = Never, throttle = Destroy, graphql = "Mutation.revokeGrant";
}

/// An application that you have authorized.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Grant {
    /// The authorized application.
    pub application: OauthApplication,
    /// Scopes granted, separated by spaces.
    pub scopes: String,
    /// Time of the oldest valid code, token or consent; null if unknown (imported data).
    pub since: Option<Timestamp>,
}

#[ComplexObject]
impl Grant {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Grant, &self.application.client_id)
    }
}

#[derive(FromRow)]
struct Allowance {
    application_id: i64,
    scope: String,
    created: Option<Timestamp>,
}

/// Returns the caller's grants: what valid codes, tokens and remembered consents add up to.
async fn granted_by_caller(reader: &Reader) -> Result<Vec<Grant>> {
    let (user, now) = (reader.user()?.user_id, reader.clock().now());
    let allowed: Vec<Allowance> = sql("select application_id, scope, created from oauth_codes
         where user_id = ? and used is null and expires > ? union ")
    .bind(user)
    .bind(now)
    .then(
        "select application_id, scope, created from oauth_access_tokens
         where user_id = ? and expires > ? union ",
    )
    .bind(user)
    .bind(now)
    .then(
        "select application_id, coalesce(scope, ''), created from oauth_refresh_tokens
         where user_id = ? and revoked is null and (expires is null or expires > ?) union ",
    )
    .bind(user)
    .bind(now)
    // A remembered consent is granted again without asking, so it counts as a grant.
    .then("select application_id, scope, updated from oauth_consents where user_id = ?")
    .bind(user)
    .all(reader.db())
    .await?;
    let held = grouped(allowed.into_iter().map(|row| (row.application_id, row)));
    let applications = super::applications::by_ids(reader, held.keys().copied().collect()).await?;
    Ok(applications
        .into_iter()
        .map(|application| granted(&held[&application.id], application))
        .collect())
}

fn granted(held: &[Allowance], application: OauthApplication) -> Grant {
    let scopes = held.iter().map(|row| ScopeSet::parse(&row.scope));
    Grant {
        scopes: scopes.fold(ScopeSet::NONE, ScopeSet::union).to_string(),
        since: held.iter().filter_map(|row| row.created).min(),
        application,
    }
}

pub async fn list(permit: &Allowed<List>) -> Result<Vec<Grant>> {
    granted_by_caller(permit).await
}

async fn bodies(permit: &Allowed<List>) -> Result<Vec<PublicBody>> {
    let grants = list(permit).await?;
    Ok(grants.into_iter().map(PublicBody::from).collect())
}

impl From<Grant> for PublicBody {
    fn from(grant: Grant) -> Self {
        grant.application.into()
    }
}

pub async fn retrieve(permit: &Allowed<Retrieve>, client_id: &str) -> Result<Grant> {
    let all = granted_by_caller(permit).await?;
    all.into_iter()
        .find(|grant| grant.application.client_id == client_id)
        .ok_or(Error::NotFound)
}

pub async fn delete(permit: &Allowed<Delete>, client_id: &str) -> Result<()> {
    let user = permit.user()?.user_id;
    let application = super::applications::find(permit, client_id).await?;
    let application = application.ok_or(Error::NotFound)?;
    let mut tx = permit.begin().await?;
    if !revoke_all(&mut tx, user, application.id, permit.clock().now()).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    permit.app().credentials().forget_all();
    Ok(())
}

routes! {
    "/api/v1/oauth/grants";
    list: List = get "/" -> Answer<Vec<PublicBody>> => bodies;
    retrieve: Retrieve = get "/:client_id" <client_id> -> Answer<PublicBody>;
    delete: Delete = delete "/:client_id" <client_id> -> NoContent;
}

fields! {
    Queries as "GrantsQueries";
    all grants -> Grant = list;
    text grant(client_id: "Client ID of the application.") -> Grant = retrieve;
}

/// The applications that you have authorized, after a change.
#[derive(SimpleObject)]
pub struct GrantsChangedPayload {
    /// Your grants, newest application first.
    grants: Vec<Grant>,
}

async fn changed(permit: Allowed<List>) -> Result<GrantsChangedPayload> {
    let grants = list(&permit).await?;
    Ok(GrantsChangedPayload { grants })
}

subscriptions! {
    Subscriptions as "GrantsSubscriptions";
    /// Sends the applications that you have authorized whenever you authorize one or its access ends.
    grants_changed -> GrantsChangedPayload = changed;
}

mutations! {
    Mutations as "GrantsMutations";
    delete_named revoke_grant(RevokeGrantInput) -> RevokeGrantPayload = delete, of Kind::Grant;
}
