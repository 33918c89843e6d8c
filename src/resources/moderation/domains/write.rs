//! Making domains known, and the allow-list.
use async_graphql::InputObject;
use poem_openapi::Object;
use serde_json::json;

use super::{Act as Action, Create, Domain, Update, named};
use crate::{
    error::{Error, Result},
    guard::{Allowed, Writes},
    rest::action::nothing,
    store::sql,
};

/// A domain to make known.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateDomainInput")]
pub struct NewDomain {
    /// The domain, such as `pod.example`, with a port if it has one.
    name: String,
    /// Whether it is on the allow-list.
    allowed: Option<bool>,
}

/// What to change of a domain. Fields that are not sent keep their values.
#[derive(Debug, Object)]
pub struct DomainChanges {
    /// Whether it is on the allow-list.
    pub allowed: Option<bool>,
}

/// What can be done with several domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Purge,
    Allow,
    Disallow,
}

impl Act {
    pub const ALL: &[(&'static str, Self)] = &[
        ("purge", Self::Purge),
        ("allow_list_add", Self::Allow),
        ("allow_list_remove", Self::Disallow),
    ];
}

/// Characters of a domain at most (RFC 1035), and of its port.
const LONGEST: usize = 253 + 6;

/// A domain as it is kept: in lower case, and in ASCII.
pub fn checked(name: &str) -> Result<String> {
    let invalid = || Error::field("name", "Enter a domain, such as pod.example.");
    let address = format!("https://{}/", name.trim());
    let url = reqwest::Url::parse(&address).map_err(|_| invalid())?;
    let host = url.host_str().ok_or_else(invalid)?.trim_end_matches('.');
    let kept = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let is_plain = url.path() == "/" && url.username().is_empty() && url.query().is_none();
    let is_domain = is_plain && url.fragment().is_none() && kept.len() <= LONGEST;
    is_domain.then_some(kept).ok_or_else(invalid)
}

pub async fn create(permit: &Allowed<Create>, new: NewDomain) -> Result<Domain> {
    let name = checked(&new.name)?;
    let target = format!("domain {name}");
    let mut tx = permit
        .begin_deed(&target, json!({ "allowed": new.allowed }))
        .await?;
    let made = sql(
        "insert into domains (name, creation_date, allowed) values (?, ?, ?) on conflict do nothing",
    );
    let made = made
        .bind(name.as_str())
        .bind(permit.clock().now())
        .bind(new.allowed);
    if made.run(&mut tx).await? == 0 {
        return Err(Error::field("name", "This domain is known already."));
    }
    tx.commit().await?;
    named(permit, &name).await
}

pub async fn update(
    permit: &Allowed<Update>,
    domain: &Domain,
    changes: &DomainChanges,
) -> Result<()> {
    if changes.allowed.is_none() {
        return Ok(());
    }
    allowed(permit, vec![domain.id], changes.allowed)
        .await
        .map(|_| ())
}

/// Puts domains on the allow-list, or takes them off it; returns how many.
pub async fn allow(permit: &Allowed<Action>, ids: Vec<i64>, is_allowed: bool) -> Result<u64> {
    match ids.is_empty() {
        true => Err(nothing()),
        false => allowed(permit, ids, Some(is_allowed)).await,
    }
}

async fn allowed<O: Writes>(
    permit: &Allowed<O>,
    ids: Vec<i64>,
    is_allowed: Option<bool>,
) -> Result<u64> {
    let names: Vec<(String,)> = sql("select name from domains where id in ?* order by id")
        .bind(ids.clone())
        .all(permit.db())
        .await?;
    let names: Vec<String> = names.into_iter().map(|(name,)| name).collect();
    let target = match &names[..] {
        [name] => format!("domain {name}"),
        _ => "domains".to_owned(),
    };
    let told = json!({ "allowed": is_allowed, "objects": names });
    let mut tx = permit.begin_deed(&target, told).await?;
    let set = sql("update domains set allowed = ? where id in ?*");
    let count = set.bind(is_allowed).bind(ids).run(&mut tx).await?;
    tx.commit().await?;
    Ok(count)
}
