//! The GraphQL fields of users.
use std::{borrow::Cow, collections::BTreeMap};

use async_graphql::{
    Context, ContextSelectionSet, ID, InputObject, Json, OutputType, Positioned, ServerResult,
    SimpleObject, parser::types::Field, registry::Registry,
};
use serde_json::Value;

use super::{
    ChangeEmail, Changes, Delete, DeleteAccount, DeleteSubsonicToken, Email, Me, PermissionsBody,
    QuotaStatus, RotateSubsonicToken, Settings, SubsonicToken, Update, User, UserPrivacy, Viewer,
    change_email, delete, delete_subsonic_token, quota, retrieve, rotate_subsonic_token, sql,
    store_settings, update,
};
use crate::{
    accounts::sessions::Session,
    auth::listening,
    context::Cx,
    error::Result,
    graphql::{
        connection::answer,
        ids::{Kind, global},
        nested::with_lists,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, Operation},
    resources::{
        library::{attachments::Attachment, contents::Content},
        listening::{
            favorites::FavoritesOfUser, history::ListeningsOfUser, playlists::PlaylistsOfUser,
        },
        people::{
            actors::Actor,
            applications::{self, OauthApplication},
            grants::{self, Grant},
            sessions,
        },
    },
    time::Timestamp,
};

impl User {
    /// Reads what only the owner of the account may see; `None` for others.
    ///
    /// # Errors
    /// `OutOfScope` without `read:profile`.
    async fn own<T>(
        &self,
        ctx: &Context<'_>,
        read: impl FnOnce(&Viewer) -> T,
    ) -> Result<Option<T>> {
        if let Some(account) = self.account.get() {
            return Ok(Some(read(account)));
        }
        let caller = ctx.data_unchecked::<Cx>().reader().user_id();
        if caller != Some(self.id) {
            return Ok(None);
        }
        let permit: Allowed<Me> = ctx.reach().await?;
        let account = self
            .account
            .get_or_try_init(|| sql::viewer(&permit, permit.db()))
            .await?;
        Ok(Some(read(account)))
    }

    /// Lists what belongs to the account, with the permit of that operation; `None` for others.
    async fn owned<O: Operation, T>(
        &self,
        ctx: &Context<'_>,
        list: impl AsyncFnOnce(&Allowed<O>) -> Result<Vec<T>>,
    ) -> Result<Option<Vec<T>>> {
        let caller = ctx.data_unchecked::<Cx>().reader().user_id();
        if caller != Some(self.id) {
            return Ok(None);
        }
        list(&ctx.reach().await?).await.map(Some)
    }
}

with_lists! {
    User {
        /// Global ID; opaque.
        #[graphql(name = "id")]
        pub(crate) async fn global_id(&self) -> ID {
            global(Kind::User, &self.username)
        }

        /// Whether this is your own account.
        async fn is_viewer(&self, ctx: &Context<'_>) -> bool {
            ctx.data_unchecked::<Cx>().reader().user_id() == Some(self.id)
        }

        /// Username with the pod's hostname, such as `alice@pod.example`.
        async fn full_username(&self, ctx: &Context<'_>) -> String {
            let reader = ctx.data_unchecked::<Cx>().reader();
            format!("{}@{}", self.username, reader.config().hostname())
        }

        /// Avatar picture; null if there is none.
        async fn avatar(&self, ctx: &Context<'_>) -> Result<Option<Attachment>> {
            let loaders = ctx.data_unchecked::<Cx>().loaders();
            loaders.maybe::<Attachment>(self.avatar_id).await
        }

        /// The user's description of themselves; null if there is none.
        async fn summary(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
            let loaders = ctx.data_unchecked::<Cx>().loaders();
            loaders.maybe::<Content>(self.summary_id).await
        }

        /// ActivityPub actor of the account, which owns its libraries; null if there is none.
        async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
            let loaders = ctx.data_unchecked::<Cx>().loaders();
            loaders.maybe::<Actor>(self.actor_id).await
        }

        /// Your email address; empty if the account has none.
        async fn email(&self, ctx: &Context<'_>) -> Option<Result<Option<String>>> {
            answer(self.own(ctx, |account| account.email.clone())).await
        }

        /// Whether your email address is confirmed.
        async fn email_verified(&self, ctx: &Context<'_>) -> Option<Result<Option<bool>>> {
            answer(self.own(ctx, |account| account.email_verified)).await
        }

        /// Whether your account belongs to the pod's staff.
        async fn is_staff(&self, ctx: &Context<'_>) -> Option<Result<Option<bool>>> {
            answer(self.own(ctx, |account| account.is_staff)).await
        }

        /// Whether your account is a superuser, who holds every permission.
        async fn is_superuser(&self, ctx: &Context<'_>) -> Option<Result<Option<bool>>> {
            answer(self.own(ctx, |account| account.is_superuser)).await
        }

        /// Who can see your favorites and listening history.
        async fn privacy_level(&self, ctx: &Context<'_>) -> Option<Result<Option<UserPrivacy>>> {
            answer(self.own(ctx, |account| account.privacy_level)).await
        }

        /// When clients may next ask you to support the pod; null: never, or not your account.
        async fn instance_support_message_display_date(
            &self,
            ctx: &Context<'_>,
        ) -> Option<Result<Option<Timestamp>>> {
            answer(async {
                let date = self.own(ctx, |account| account.instance_support_message_display_date);
                Ok(date.await?.flatten())
            })
            .await
        }

        /// When clients may next ask you to support the Funkwhale project; null: never, or not your account.
        async fn funkwhale_support_message_display_date(
            &self,
            ctx: &Context<'_>,
        ) -> Option<Result<Option<Timestamp>>> {
            answer(async {
                let date = self.own(ctx, |account| {
                    account.funkwhale_support_message_display_date
                });
                Ok(date.await?.flatten())
            })
            .await
        }

        /// Your staff permissions, including those that the pod gives to every user.
        async fn permissions(&self, ctx: &Context<'_>) -> Option<Result<Option<PermissionsBody>>> {
            answer(async {
                let user = ctx.data_unchecked::<Cx>().reader().user();
                let own = self.own(ctx, |_| user.map(|user| user.permissions.into()));
                own.await?.transpose()
            })
            .await
        }

        /// Your upload quota and its use.
        #[graphql(complexity = 50)]
        async fn quota_status(&self, ctx: &Context<'_>) -> Option<Result<Option<QuotaStatus>>> {
            answer(async {
                match self.own(ctx, Clone::clone).await? {
                    Some(account) => {
                        let reader = ctx.data_unchecked::<Cx>().reader();
                        quota::status(reader, &account).await.map(Some)
                    }
                    None => Ok(None),
                }
            })
            .await
        }

        /// Your client settings: a JSON object; null if nothing was stored, or if it is not your account.
        #[graphql(complexity = 500)]
        async fn settings(&self, ctx: &Context<'_>) -> Option<Result<Option<Json<Value>>>> {
            answer(async {
                let settings = self.own(ctx, |account| account.settings.clone());
                Ok(settings.await?.flatten().map(Json))
            })
            .await
        }

        /// Token for the `token` query parameter of audio URLs. Valid for three days, or until
        /// your password changes or the credential that asked for it ends. Gives access to audio only, if
        /// that credential has `read:libraries`.
        async fn listen_token(&self, ctx: &Context<'_>) -> Option<Result<Option<String>>> {
            answer(async {
                let reader = ctx.data_unchecked::<Cx>().reader();
                match self.own(ctx, |account| account.secret_key).await? {
                    Some(key) => {
                        let now = reader.clock().now();
                        Ok(Some(listening::sign(reader.user()?, key, now)))
                    }
                    None => Ok(None),
                }
            })
            .await
        }

        /// Your Subsonic API token; null if there is none, or if it is not your account. Requires
        /// `read:security`.
        async fn subsonic_token(&self, ctx: &Context<'_>) -> Option<Result<Option<String>>> {
            answer(async {
                let token = self.own(ctx, |account| account.subsonic_api_token.clone());
                match token.await? {
                    Some(token) => {
                        let _permit: Allowed<SubsonicToken> = ctx.reach().await?;
                        Ok(token)
                    }
                    None => Ok(None),
                }
            })
            .await
        }
    }
    [
        oauth_apps: OauthApplication = owned(applications::list),
            "Applications that you have registered, newest first; null if it is not your account. Requires \
             `read:security`.";
        grants: Grant = owned(grants::list),
            "Applications that you have authorized, newest first; null if it is not your account. Requires \
             `read:security`.";
        sessions: Session = owned(sessions::list),
            "Your browser sessions, newest first; null if it is not your account. Requires `read:security`.";
    ]
    favorites: FavoritesOfUser =
        "Favorites of the user that you may see, newest first, unless `orderBy` is given. Requires \
         `read:favorites`.";
    listenings: ListeningsOfUser =
        "What the user has played, as far as you may see it, newest first, unless `orderBy` is given. Requires \
         `read:listenings`.";
    playlists: PlaylistsOfUser =
        "Playlists of the user that you may see, oldest first, unless `orderBy` is given. Requires `read:playlists`.";
}

async fn own(permit: &Allowed<Me>) -> Result<User> {
    let account = sql::viewer(permit, permit.db()).await?;
    Ok(User::whole(permit, account))
}

/// The caller in a payload. Read only if it is asked for, after the mutation: if that fails, the field is
/// null, and what was done is told.
#[derive(Debug)]
pub struct CallersUser;

impl OutputType for CallersUser {
    fn type_name() -> Cow<'static, str> {
        <User as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        Self::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        User::create_type_info(registry);
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<async_graphql::Value> {
        let reader = ctx.data_unchecked::<Cx>().reader();
        match sql::viewer(reader, reader.db()).await {
            Ok(account) => OutputType::resolve(&User::profile(&account), ctx, field).await,
            Err(error) => {
                let error = async_graphql::Error::from(error).into_server_error(field.pos);
                ctx.add_error(ctx.set_error_path(error));
                Ok(async_graphql::Value::Null)
            }
        }
    }
}

async fn updated(permit: &Allowed<Update>, changes: Changes) -> Result<CallersUser> {
    update(permit, changes).await?;
    Ok(CallersUser)
}

async fn mailed(permit: &Allowed<Email>, new: ChangeEmail) -> Result<String> {
    let email = new.email.clone();
    change_email(permit, new).await?;
    Ok(email)
}

async fn deleted(permit: &Allowed<Delete>, sure: DeleteAccount) -> Result<ID> {
    let id = global(Kind::User, &permit.user()?.username);
    delete(permit, sure).await?;
    Ok(id)
}

/// Client settings to add or replace.
#[derive(Debug, InputObject)]
struct UpdateSettingsInput {
    /// JSON object whose top-level keys are added or replaced; the others stay.
    settings: BTreeMap<String, Value>,
}

/// Your client settings after a change.
#[derive(Debug, SimpleObject)]
struct UpdateSettingsPayload {
    /// All settings.
    settings: Json<Value>,
    /// You.
    viewer: CallersUser,
}

async fn set(
    permit: &Allowed<Settings>,
    input: UpdateSettingsInput,
) -> Result<UpdateSettingsPayload> {
    Ok(UpdateSettingsPayload {
        settings: Json(store_settings(permit, input.settings.into_iter().collect()).await?),
        viewer: CallersUser,
    })
}

/// Your new Subsonic API token.
#[derive(Debug, SimpleObject)]
struct RotateSubsonicTokenPayload {
    /// The new token.
    subsonic_token: String,
    /// You.
    viewer: CallersUser,
}

async fn rotate(permit: &Allowed<RotateSubsonicToken>) -> Result<RotateSubsonicTokenPayload> {
    Ok(RotateSubsonicTokenPayload {
        subsonic_token: rotate_subsonic_token(permit).await?,
        viewer: CallersUser,
    })
}

/// Your account without a Subsonic API token.
#[derive(Debug, SimpleObject)]
struct DeleteSubsonicTokenPayload {
    /// You.
    viewer: CallersUser,
}

async fn drop_token(permit: &Allowed<DeleteSubsonicToken>) -> Result<DeleteSubsonicTokenPayload> {
    delete_subsonic_token(permit).await?;
    let viewer = CallersUser;
    Ok(DeleteSubsonicTokenPayload { viewer })
}

fields! {
    Queries as "UsersQueries";
    call viewer -> User = own;
    text user(username: "Username without the hostname; not case-sensitive.") -> User = retrieve;
}

mutations! {
    Mutations as "UsersMutations";
    change update_user(Changes) -> UpdateUserPayload { viewer: CallersUser, "You, after the change." } = updated;
    change change_email(ChangeEmail) -> ChangeEmailPayload { email: String, "The address that a confirmation link was sent to." } = mailed;
    change delete_account(DeleteAccount) -> DeleteAccountPayload { deleted_id: ID, "Global ID of the deleted user." } = deleted;
    act update_settings(UpdateSettingsInput) -> UpdateSettingsPayload = set;
    call rotate_subsonic_token -> RotateSubsonicTokenPayload = rotate;
    call delete_subsonic_token -> DeleteSubsonicTokenPayload = drop_token;
}
