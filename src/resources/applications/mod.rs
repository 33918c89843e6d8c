//! Applications: what uses the API in people's names (contract section 3).
mod body;
mod write;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use sqlx::FromRow;

pub use self::{
    body::{PublicBody, Rest},
    write::{Changes, Made, NewApplication, Rotated, create, delete, rotate, update},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::connection::{answer, cost},
    guard::{AllowExt, Allowed, operations},
    oauth::clients::ClientType,
    rest::page::PageQuery,
    store::sql,
    time::Timestamp,
};

operations! {
    "oauth-apps";
    /// Lists the caller's own applications, the newest first.
    list: List = read Security, anonymous = Never, throttle = List, graphql = "oauthApps", params = PageQuery;
    /// Registers an application. Its secret is shown only now. Where the caller is signed in, it is the caller's own and has a token that acts for the caller.
    create: Create = act, anonymous = Always, throttle = OauthApp, graphql = "Mutation.createOauthApp";
    /// Shows an application.
    retrieve: Retrieve = open, anonymous = Always, throttle = Retrieve, graphql = "oauthApp";
    /// Changes an application of the caller's own.
    update: Update = write Security, anonymous = Never, throttle = Update, graphql = "Mutation.updateOauthApp";
    /// Takes an application of the caller's own away, with every token that it was given.
    delete: Delete = write Security, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteOauthApp";
    /// Makes a new token of an application of the caller's own; the old one stops at once.
    rotate: Rotate = write Security, anonymous = Never, throttle = Wildcard, graphql = "Mutation.rotateApplicationToken";
}

/// Something that uses the API in people's names.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct OauthApplication {
    #[graphql(skip)]
    pub id: i64,
    /// Its identifier (RFC 6749 section 2.2).
    pub client_id: String,
    /// What it calls itself.
    pub name: String,
    /// What it may ask for, separated by spaces.
    #[sqlx(rename = "scope")]
    pub scopes: String,
    /// Whether it can keep a secret.
    pub client_type: ClientType,
    /// When it was registered.
    pub created: Timestamp,
    /// When it was changed.
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
    /// Where it may have people sent back to; its owner alone may see it.
    async fn redirect_uris(&self, ctx: &Context<'_>) -> Option<Vec<&str>> {
        let cx = ctx.data_unchecked::<crate::context::Cx>();
        self.is_of(cx.reader())
            .then(|| self.redirect_uris.split_whitespace().collect())
    }
}

impl OauthApplication {
    /// Whether it is the caller's, seen with credentials that may know.
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

/// The caller's own applications, the newest first.
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

/// An application of the caller's own.
pub async fn own(reader: &Reader, client_id: &str) -> Result<OauthApplication> {
    let user = reader.user()?.user_id;
    let found = find(reader, client_id).await?;
    found
        .filter(|app| app.user_id == Some(user))
        .ok_or(Error::NotFound)
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "OauthApplicationsQueries")]
impl Queries {
    /// The caller's own applications, the newest first.
    #[graphql(complexity = "cost(50, child_complexity)")]
    async fn oauth_apps(&self, ctx: &Context<'_>) -> Option<Result<Vec<OauthApplication>>> {
        answer(async { list(&ctx.allow().await?).await }).await
    }

    /// The application with this identifier.
    async fn oauth_app(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The identifier of the application.")] client_id: String,
    ) -> Option<Result<OauthApplication>> {
        answer(async { retrieve(&ctx.allow().await?, &client_id).await }).await
    }
}

#[derive(Default)]
pub struct Mutations;

#[Object(name = "OauthApplicationsMutations")]
impl Mutations {
    /// Registers an application. Its secret and its token are shown only now.
    async fn create_oauth_app(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The application to be registered.")] input: NewApplication,
    ) -> Option<Result<Made>> {
        answer(async { create(&ctx.allow().await?, input).await }).await
    }

    /// Changes an application of the caller's own.
    async fn update_oauth_app(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The identifier of the application.")] client_id: String,
        #[graphql(desc = "What is to be changed.")] input: Changes,
    ) -> Option<Result<OauthApplication>> {
        answer(async {
            let permit: Allowed<Update> = ctx.allow().await?;
            update(&permit, &client_id, input).await
        })
        .await
    }

    /// Takes an application of the caller's own away, with every token that it was given; answers
    /// its identifier.
    async fn delete_oauth_app(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The identifier of the application.")] client_id: String,
    ) -> Option<Result<String>> {
        answer(async {
            delete(&ctx.allow().await?, &client_id).await?;
            Ok(client_id)
        })
        .await
    }

    /// Makes a new token of an application of the caller's own; the old one stops at once.
    async fn rotate_application_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The identifier of the application.")] client_id: String,
    ) -> Option<Result<Rotated>> {
        answer(async { rotate(&ctx.allow().await?, &client_id).await }).await
    }
}
