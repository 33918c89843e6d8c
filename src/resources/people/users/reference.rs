//! Users as part of what is theirs.
use std::collections::HashMap;

use poem_openapi::Object;
use serde::Serialize;

use super::UserById;
use crate::{
    context::Reader,
    error::Result,
    load::Loaders,
    resources::{
        library::attachments::{Attachment, AttachmentBody},
        people::actors::{Actor, ActorBody},
    },
    time::Timestamp,
};

/// A user of this pod, as part of what is theirs.
#[derive(Clone, Debug, Serialize, Object)]
pub struct UserRef {
    /// Numeric ID of the user.
    id: i64,
    /// Username, used for signing in.
    username: String,
    /// Display name.
    name: String,
    /// Time at which the account was created.
    date_joined: Timestamp,
    /// Avatar picture; null if there is none.
    avatar: Option<AttachmentBody>,
}

/// Users with their actors, by the users' IDs.
pub async fn refs(
    loaders: &Loaders,
    reader: &Reader,
    ids: impl IntoIterator<Item = i64> + Send,
) -> Result<HashMap<i64, (UserRef, Option<ActorBody>)>> {
    let users = loaders.many::<UserById>(ids).await?;
    let avatars = loaders
        .parts::<Attachment>(users.values().map(|user| user.avatar_id))
        .await?;
    let actors = loaders
        .parts::<Actor>(users.values().map(|user| user.actor_id))
        .await?;
    let shown = users.values().map(|user| {
        let body = UserRef {
            id: user.id,
            username: user.username.clone(),
            name: user.name.clone(),
            date_joined: user.date_joined,
            avatar: avatars
                .get(user.avatar_id)
                .map(|picture| picture.body(reader)),
        };
        let actor = actors.get(user.actor_id).map(|actor| actor.body(reader));
        (user.id, (body, actor))
    });
    Ok(shown.collect())
}
