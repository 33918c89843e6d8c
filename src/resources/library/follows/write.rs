//! Asking for access to libraries, and deciding about it.
use async_graphql::InputObject;
use poem_openapi::Object;

use super::{Accept, Create, Delete, LibraryFollow, Reject, owned};
use crate::{
    error::{Error, Result},
    graphql::{ids::Key, reference::ByUuid},
    guard::{Allowed, Operation, Writes},
    load::Entity,
    resources::{
        library::libraries::{Library, PrivacyLevel},
        people::notifications::{NotificationType, forget, tell},
    },
    store::{Tx, sql},
};

/// A library to follow.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "FollowLibraryInput")]
pub struct NewFollow {
    /// The library.
    target: ByUuid<Library>,
}

pub async fn create(permit: &Allowed<Create>, new: NewFollow) -> Result<LibraryFollow> {
    let me = permit.actor_id().ok_or(Error::Forbidden)?;
    let key = new.target.key("target")?;
    let mut tx = permit.begin().await?;
    let wanted = sql("select id, actor_id, privacy_level, (select o.domain from actors o where o.id = actor_id) =
           (select m.domain from actors m where m.id = ?) as is_near from libraries where ")
    .bind(me)
    .append(key.condition());
    let wanted: Option<(i64, i64, PrivacyLevel, bool)> = wanted.optional(&mut tx).await?;
    let missing = || Error::field("target", format!("Object with {key} does not exist."));
    let (library, owner, privacy, is_near) = wanted.ok_or_else(missing)?;
    if owner == me {
        return Err(Error::field("target", "You cannot follow your own library"));
    }
    let is_open = match privacy {
        PrivacyLevel::Everyone => true,
        PrivacyLevel::Instance => is_near,
        PrivacyLevel::Me => false,
    };
    let (uuid, now) = (crate::random::uuid(), permit.clock().now());
    let fid = format!("{}/federation/follows/{uuid}", permit.names().public_url);
    let added = sql(
        "insert into library_follows (uuid, fid, actor_id, target_library_id, approved, creation_date, modification_date)
         values (?, ?, ?, ?, ?, ?, ?) on conflict (actor_id, target_library_id) do nothing returning id",
    )
    .bind(uuid)
    .bind(fid)
    .bind(me)
    .bind(library)
    .bind(is_open.then_some(true))
    .bind(now)
    .bind(now);
    let added: Option<(i64,)> = added.optional(&mut tx).await?;
    let known = || Error::field("target", "You are already following this library");
    let (id,) = added.ok_or_else(known)?;
    let told = (NotificationType::Follow, me, owner);
    tell(permit, &mut tx, told, (id, library)).await?;
    let follow = found(&mut tx, id).await?;
    tx.commit().await?;
    Ok(follow)
}

async fn found(tx: &mut Tx, id: i64) -> Result<LibraryFollow> {
    let found = LibraryFollow::select().then(" where id = ?").bind(id);
    found.one(tx).await
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let gone = sql("delete from library_follows where ").append(key.condition());
    let own = sql("actor_id = ?").bind(permit.actor_id().unwrap_or(-1));
    let mut tx = permit.begin().await?;
    let id = gone.and(own).then(" returning id").number(&mut tx).await?;
    forget(&mut tx, id, None).await?;
    tx.commit().await?;
    Ok(id)
}

pub async fn accept(permit: &Allowed<Accept>, key: Key) -> Result<LibraryFollow> {
    decide(permit, &key, true).await
}

pub async fn reject(permit: &Allowed<Reject>, key: Key) -> Result<LibraryFollow> {
    decide(permit, &key, false).await
}

/// Decides about a follow of one of the caller's libraries.
async fn decide<O: Operation + Writes>(
    permit: &Allowed<O>,
    key: &Key,
    approved: bool,
) -> Result<LibraryFollow> {
    let mut tx = permit.begin().await?;
    let asked = sql("select f.id from library_follows f where f.")
        .append(key.condition())
        .and(owned(permit));
    let id = asked.number(&mut tx).await?;
    sql("update library_follows set approved = ?, modification_date = ? where id = ?")
        .bind(approved)
        .bind(permit.clock().now())
        .bind(id)
        .run(&mut tx)
        .await?;
    let follow = found(&mut tx, id).await?;
    forget(&mut tx, id, Some(NotificationType::Accept)).await?;
    if approved {
        let owner = permit.actor_id().ok_or(Error::Forbidden)?;
        let told = (NotificationType::Accept, owner, follow.actor_id);
        tell(permit, &mut tx, told, (id, follow.target_library_id)).await?;
    }
    tx.commit().await?;
    Ok(follow)
}
