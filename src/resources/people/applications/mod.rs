//! Applications: clients that use the API for their users (contract section 3).
mod body;
mod write;

use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};
use sqlx::FromRow;

pub use self::{
    body::{PublicBody, Rest},
    write::{Changes, Made, NewApplication, Rotated, create, delete, register, rotate, update},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Kind, global, named},
        standard::{fields, mutations},
    },
    guard::{Allowed, operations},
    oauth::clients::ClientType,
    rest::page::PageQuery,
    store::{On, sql},
    time::Timestamp,
};

operations! {
    "oauth-apps", "Applications that you have registered.";
    /// Lists your own applications.
    ///
    /// Sorted by registration date, newest first. Secrets and tokens are not included.
    list: List = read Security, anonymous = Never, throttle = List, graphql = "oauthApps", params = PageQuery;
    /// Registers an application.
    ///
    /// The client secret and the application token are returned only now. Callers that hold
    /// `write:security` own the application (at most 200 each) and get an application token, which
    /// acts for them within the application's scopes. Other callers, also anonymous ones, get an
    /// application without an owner and without a token. Unknown scopes and redirect URIs that are
    /// not allowed are answered with 400.
    create: Create = act, anonymous = Always, throttle = OauthApp, graphql = "Mutation.createOauthApp";
    /// Returns an application.
    ///
    /// Its owner, with `read:security`, also sees the redirect URIs. Secrets and tokens are not
    /// included. Unknown client IDs are answered with 404.
    retrieve: Retrieve = open, anonymous = Always, throttle = Retrieve, graphql = "oauthApp";
    /// Updates one of your own applications.
    ///
    /// Fields that are not sent keep their values. Existing tokens never exceed the new scopes.
    /// Applications that are not yours are answered with 404, invalid values with 400.
    update: Update = write Security, anonymous = Never, throttle = Update, graphql = "Mutation.updateOauthApp";
    /// Deletes one of your own applications.
    ///
    /// All its tokens, codes and grants are deleted with it, those of other users too. Applications
    /// that are not yours are answered with 404.
    delete: Delete = write Security, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteOauthApp";
    /// Replaces the token of one of your own applications.
    ///
    /// The new application token is returned only now; the old one stops working immediately. An
    /// application token cannot replace a token whose scopes exceed its own: the answer is 400.
    /// Applications that are not yours are answered with 404.
    rotate: Rotate = write Security, anonymous = Never, throttle = Wildcard, graphql = "Mutation.rotateApplicationToken";
}

/// An application (OAuth client): a program that uses the API for its users.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct OauthApplication {
    #[graphql(skip)]
    pub id: i64,
    /// Client ID (RFC 6749 section 2.2).
    pub client_id: String,
    /// Name of the application.
    pub name: String,
    /// Scopes that the application may request, separated by spaces.
    #[sqlx(rename = "scope")]
    pub scopes: String,
    /// Whether the application can keep a client secret.
    pub client_type: ClientType,
    /// Time of registration.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
    #[graphql(skip)]
    pub user_id: Option<i64>,
    #[graphql(skip)]
    pub redirect_uris: String,
    #[graphql(skip)]
    pub has_token: bool,
}

#[ComplexObject]
impl OauthApplication {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::OauthApplication, &self.client_id)
    }

    /// Redirect URIs; null unless you own the application and hold `read:security`.
    async fn redirect_uris(&self, ctx: &Context<'_>) -> Option<Vec<&str>> {
        let cx = ctx.data_unchecked::<crate::context::Cx>();
        self.is_of(cx.reader())
            .then(|| self.redirect_uris.split_whitespace().collect())
    }
}

impl OauthApplication {
    /// Whether the caller owns the application and holds `read:security`.
    pub fn is_of(&self, reader: &Reader) -> bool {
        use crate::scope::{Access, Area, Scope};
        let knows =
            |scopes: crate::scope::ScopeSet| scopes.contains(Scope(Access::Read, Area::Security));
        reader.caller().identity().is_some_and(|identity| {
            self.user_id == Some(identity.user_id) && knows(identity.scopes)
        })
    }
}

const SELECT: &str = "select id, client_id, name, scope, client_type, created, updated, user_id,
    redirect_uris, token_hash is not null as has_token from oauth_applications ";

/// Returns the caller's own applications, newest first.
pub async fn list(permit: &Allowed<List>) -> Result<Vec<OauthApplication>> {
    sql(SELECT)
        .then("where user_id = ? order by created desc, id desc")
        .bind(permit.user()?.user_id)
        .all(permit.db())
        .await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, client_id: &str) -> Result<OauthApplication> {
    find(permit, client_id).await?.ok_or(Error::NotFound)
}

pub async fn find(reader: &Reader, client_id: &str) -> Result<Option<OauthApplication>> {
    sql(SELECT)
        .then("where client_id = ?")
        .bind(client_id)
        .optional(reader.db())
        .await
}

pub async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<Vec<OauthApplication>> {
    sql(SELECT)
        .then("where id in ?* order by created desc, id desc")
        .bind(ids)
        .all(reader.db())
        .await
}

/// Returns one of the caller's own applications. Who will change it reads it in the same transaction.
pub async fn own(reader: &Reader, on: impl On, client_id: &str) -> Result<OauthApplication> {
    sql(SELECT)
        .then("where client_id = ? and user_id = ?")
        .bind(client_id)
        .bind(reader.user()?.user_id)
        .one(on)
        .await
}

fields! {
    Queries as "OauthApplicationsQueries";
    all oauth_apps -> OauthApplication = list;
    text oauth_app(client_id: "Client ID of the application.") -> OauthApplication = retrieve;
}

/// Fields of an application to update. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateOauthAppInput {
    /// Global ID of the application; its client ID is accepted too.
    id: ID,
    /// Name of the application, at most 255 characters.
    name: Option<String>,
    /// Scopes that the application may request, separated by spaces.
    scopes: Option<String>,
    /// Redirect URIs, separated by spaces; at most 20.
    redirect_uris: Option<String>,
}

/// The application whose token to replace.
#[derive(Debug, InputObject)]
struct RotateApplicationTokenInput {
    /// Global ID of the application; its client ID is accepted too.
    id: ID,
}

async fn updated(permit: &Allowed<Update>, input: UpdateOauthAppInput) -> Result<OauthApplication> {
    let changes = Changes {
        name: input.name,
        scopes: input.scopes,
        redirect_uris: input.redirect_uris,
    };
    update(permit, &named(Kind::OauthApplication, &input.id)?, changes).await
}

async fn rotated(permit: &Allowed<Rotate>, input: RotateApplicationTokenInput) -> Result<Rotated> {
    rotate(permit, &named(Kind::OauthApplication, &input.id)?).await
}

mutations! {
    Mutations as "OauthApplicationsMutations";
    delete_named delete_oauth_app(DeleteOauthAppInput) -> DeleteOauthAppPayload = delete, of Kind::OauthApplication;
    change update_oauth_app(UpdateOauthAppInput) -> UpdateOauthAppPayload { application: OauthApplication, "The application, after the change." } = updated;
    act create_oauth_app(NewApplication) -> Made = create;
    act rotate_application_token(RotateApplicationTokenInput) -> Rotated = rotated;
}
