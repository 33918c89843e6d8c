//! Updating and deleting accounts.
use async_graphql::InputObject;
use poem_openapi::Object;
use serde_json::{Map, Value};
use sqlx::FromRow;

use super::{
    Delete, DeleteSubsonicToken, Email, RotateSubsonicToken, Settings, SubsonicToken, Update,
    UserPrivacy, Viewer, sql::viewer,
};
use crate::{
    accounts::{farewell, recovery, sign_in::prove},
    context::Reader,
    error::{Error, Result},
    graphql::{ids::Key, reference::ByUuid},
    guard::Allowed,
    resources::{
        checks::shorter,
        library::{
            attachments::{self, Attachment},
            contents::{self, NewContent},
        },
    },
    store::{Tx, sql},
    time::Timestamp,
};

/// Fields of a profile to update. Fields that are not given keep their values.
#[derive(Debug, Default, Object, InputObject)]
#[graphql(name = "UpdateUserInput")]
#[oai(rename = "UserChanges")]
pub struct Changes {
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// Who can see the user's favorites and listening history.
    pub privacy_level: Option<UserPrivacy>,
    /// The avatar picture, which must be an attachment of the user's own.
    pub avatar: Option<ByUuid<Attachment>>,
    /// When clients may next ask the user to support the pod.
    pub instance_support_message_display_date: Option<Timestamp>,
    /// When clients may next ask the user to support the Funkwhale project.
    pub funkwhale_support_message_display_date: Option<Timestamp>,
    /// The user's description of themselves. An empty text deletes it.
    pub summary: Option<NewContent>,
}

/// Updates the caller's profile.
pub async fn update(permit: &Allowed<Update>, changes: Changes) -> Result<Viewer> {
    let mut tx = permit.begin().await?;
    let changed = change(&mut tx, permit, changes).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Changes the caller's profile within a transaction.
pub async fn change(tx: &mut Tx, reader: &Reader, changes: Changes) -> Result<Viewer> {
    if let Some(name) = &changes.name {
        shorter("name", name, 255)?;
    }
    let known = viewer(reader, &mut *tx).await?;
    if let Some(avatar) = &changes.avatar {
        set_avatar(tx, reader, avatar.key("avatar")?).await?;
    }
    if let Some(text) = &changes.summary {
        set_summary(tx, reader, text).await?;
    }
    sql(
        "update users set name = ?, privacy_level = ?, instance_support_message_display_date = ?,
           funkwhale_support_message_display_date = ? where id = ?",
    )
    .bind(changes.name.unwrap_or(known.name))
    .bind(changes.privacy_level.unwrap_or(known.privacy_level))
    .bind(
        changes
            .instance_support_message_display_date
            .or(known.instance_support_message_display_date),
    )
    .bind(
        changes
            .funkwhale_support_message_display_date
            .or(known.funkwhale_support_message_display_date),
    )
    .bind(known.id)
    .run(&mut *tx)
    .await?;
    viewer(reader, tx).await
}

/// Sets the avatar of the caller's actor; only the caller's own attachments are accepted.
async fn set_avatar(tx: &mut Tx, reader: &Reader, key: &Key) -> Result<()> {
    let picture = attachments::own(&mut *tx, reader.actor_id(), ("avatar", key)).await?;
    sql("update actors set attachment_icon_id = ? where id = ?")
        .bind(picture.id)
        .bind(reader.actor_id())
        .run(tx)
        .await
        .map(|_| ())
}

async fn set_summary(tx: &mut Tx, reader: &Reader, text: &NewContent) -> Result<()> {
    let actor = reader.actor_id();
    let old = sql("select summary_content_id from actors where id = ?").bind(actor);
    contents::delete_of(tx, old).await?;
    let new = match text.text.trim().is_empty() {
        true => None,
        false => Some(contents::create_as(tx, "summary", text).await?),
    };
    sql("update actors set summary_content_id = ? where id = ?")
        .bind(new)
        .bind(actor)
        .run(tx)
        .await
        .map(|_| ())
}

/// Maximum size of a user's settings, in bytes of JSON.
const ROOM: usize = 64 << 10;

/// Merges keys into the caller's settings and returns all of them.
pub async fn store_settings(permit: &Allowed<Settings>, new: Map<String, Value>) -> Result<Value> {
    let mut tx = permit.begin().await?;
    let user = permit.user()?.user_id;
    // Lock the row first, so that concurrent updates do not overwrite each other's keys.
    sql("update users set settings = settings where id = ?")
        .bind(user)
        .run(&mut tx)
        .await?;
    let mut all = match viewer(permit, &mut tx).await?.settings {
        Some(Value::Object(known)) => known,
        _ => Map::new(),
    };
    all.extend(new);
    let all = Value::Object(all);
    if all.to_string().len() > ROOM {
        let complaint = format!("Settings may have up to {ROOM} bytes.");
        return Err(Error::field("non_field_errors", complaint));
    }
    sql("update users set settings = ? where id = ?")
        .bind(all.clone())
        .bind(user)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(all)
}

#[derive(FromRow)]
struct Named {
    id: i64,
    username: String,
}

/// Refuses the path of another user.
pub fn is_own(reader: &Reader, username: &str) -> Result<()> {
    match reader.user()?.username == username {
        true => Ok(()),
        false => Err(Error::Forbidden),
    }
}

/// The caller's token.
pub async fn subsonic_token(permit: &Allowed<SubsonicToken>) -> Result<Option<String>> {
    Ok(viewer(permit, permit.db()).await?.subsonic_api_token)
}

/// Replaces the caller's token.
pub async fn rotate_subsonic_token(permit: &Allowed<RotateSubsonicToken>) -> Result<String> {
    let token = crate::random::token();
    let mut tx = permit.begin().await?;
    let sealed = permit.app().seal().sealed(&token);
    set_subsonic_token(&mut tx, permit, Some(sealed)).await?;
    tx.commit().await?;
    permit.app().credentials().forget_all();
    Ok(token)
}

/// Deletes the caller's token.
pub async fn delete_subsonic_token(permit: &Allowed<DeleteSubsonicToken>) -> Result<()> {
    let mut tx = permit.begin().await?;
    set_subsonic_token(&mut tx, permit, None).await?;
    tx.commit().await?;
    permit.app().credentials().forget_all();
    Ok(())
}

async fn set_subsonic_token(tx: &mut Tx, reader: &Reader, token: Option<String>) -> Result<()> {
    sql("update users set subsonic_api_token = ? where id = ?")
        .bind(token)
        .bind(reader.user()?.user_id)
        .run(tx)
        .await
        .map(|_| ())
}

/// New email address and current password.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "ChangeEmailInput")]
pub struct ChangeEmail {
    /// Current password.
    pub password: String,
    /// New email address.
    pub email: String,
}

pub async fn change_email(permit: &Allowed<Email>, new: ChangeEmail) -> Result<()> {
    recovery::change_email(permit.app(), permit.user()?, &new.password, &new.email).await
}

/// Current password and explicit confirmation.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "DeleteAccountInput")]
pub struct DeleteAccount {
    /// Current password.
    pub password: String,
    /// Must be `true`.
    pub confirm: bool,
}

pub async fn delete(permit: &Allowed<Delete>, sure: DeleteAccount) -> Result<()> {
    let user = permit.user()?.user_id;
    if !sure.confirm {
        let complaint = "Set `confirm` to true to delete the account.";
        return Err(Error::field("confirm", complaint));
    }
    let refused = || Error::field("password", "Invalid password");
    let proof = prove(permit.app(), user, &sure.password).await?;
    let proof = proof.ok_or_else(refused)?;
    let named: Named = sql("select id, username from users where id = ?")
        .bind(user)
        .one(permit.db())
        .await?;
    tracing::info!(
        user = named.id,
        username = named.username,
        "an account is deleted"
    );
    let mut tx = permit.begin().await?;
    if !proof.is_valid(&mut tx).await? {
        return Err(refused());
    }
    farewell::delete(permit.app(), tx, user).await
}
