//! Reading users from the database.
use std::collections::HashMap;

use super::{Retrieve, User, Viewer};
use crate::{
    accounts::is_named,
    context::Reader,
    error::{Error, Result},
    guard::Allowed,
    load::{Loaders, load, weigh},
    resources::library::contents::Content,
    store::{On, sql},
};

const VIEWER: &str = "select u.id, u.username, u.name, u.email, u.email_verified, u.is_staff,
    u.is_superuser, u.date_joined, u.privacy_level, u.instance_support_message_display_date,
    u.funkwhale_support_message_display_date, a.attachment_icon_id as avatar_id,
    a.summary_content_id as summary_id, u.actor_id, u.secret_key, u.upload_quota, u.subsonic_api_token,
    u.settings from users u left join actors a on a.id = u.actor_id ";

/// Returns the caller's account.
pub async fn viewer(reader: &Reader, on: impl On) -> Result<Viewer> {
    let found = sql(VIEWER).then("where u.id = ?");
    let mut viewer: Viewer = found.bind(reader.user()?.user_id).one(on).await?;
    let sealed = viewer.subsonic_api_token.take();
    viewer.subsonic_api_token = sealed.and_then(|sealed| reader.opened(&sealed));
    Ok(viewer)
}

/// Returns the user's description of themselves.
pub async fn summary(loaders: &Loaders, viewer: &Viewer) -> Result<Option<Content>> {
    loaders.maybe::<Content>(viewer.summary_id).await
}

const USER: &str =
    "select u.id, u.username, u.name, u.date_joined, a.attachment_icon_id as avatar_id,
    a.summary_content_id as summary_id, u.actor_id
    from users u left join actors a on a.id = u.actor_id where ";

load!(/// A user. Not kept: a user holds the account once its owner has asked for it.
    UserById: User = for_caller by_ids);

weigh!(User: username, name);

async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, User>> {
    let found = sql(USER)
        .then("u.is_active = true and u.id in ?*")
        .bind(ids);
    let users: Vec<User> = found.all(reader.db()).await?;
    Ok(users.into_iter().map(|user| (user.id, user)).collect())
}

/// Returns the public profile of an active user.
pub async fn retrieve(permit: &Allowed<Retrieve>, username: &str) -> Result<User> {
    let found = sql(USER).then("u.is_active = true and u.");
    let found = found.append(is_named(username));
    found.optional(permit.db()).await?.ok_or(Error::NotFound)
}
