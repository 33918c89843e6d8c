//! What a domain says of itself: its NodeInfo, found as the protocol says (FEP-f1d5).
use poem_openapi::{Object, types::Any};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Domain, Nodeinfo};
use crate::{
    error::Result,
    guard::{Allowed, Writes},
    store::sql,
};

/// Bytes of a document at most.
const MOST: usize = 100_000;
/// What comes before the version in the relation of a link.
const SCHEMA: &str = "http://nodeinfo.diaspora.software/ns/schema/";

/// It is remembered.
impl Writes for Nodeinfo {}

/// What came of asking a domain.
#[derive(Debug, Serialize, Object)]
pub struct NodeinfoBody {
    /// `ok` or `error`.
    status: String,
    /// The NodeInfo; null if it could not be had.
    payload: Option<Any<Value>>,
    /// Why it could not be had; null if it could.
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct Links {
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: String,
}

/// Asks a domain for its NodeInfo, and remembers it.
pub async fn fetch(permit: &Allowed<Nodeinfo>, domain: &Domain) -> Result<NodeinfoBody> {
    let (status, payload, error) = match told(permit, &domain.name).await {
        Ok(told) => {
            let set = sql("update domains set nodeinfo = ?, nodeinfo_fetch_date = ? where id = ?")
                .bind(told.clone())
                .bind(permit.clock().now())
                .bind(domain.id);
            let mut tx = permit
                .begin_deed(&format!("domain {}", domain.name), Value::Null)
                .await?;
            set.run(&mut tx).await?;
            tx.commit().await?;
            ("ok", Some(Any(told)), None)
        }
        Err(why) => ("error", None, Some(why)),
    };
    Ok(NodeinfoBody {
        status: status.to_owned(),
        payload,
        error,
    })
}

/// The NodeInfo of a domain, in the newest version that it has, or why there is none.
async fn told(permit: &Allowed<Nodeinfo>, domain: &str) -> Result<Value, String> {
    let known = format!("https://{domain}/.well-known/nodeinfo");
    let links: Links = page(permit, &known).await?;
    let mut links: Vec<Link> = links
        .links
        .into_iter()
        .filter(|link| link.rel.starts_with(SCHEMA))
        .collect();
    links.sort_by(|one, other| one.rel.cmp(&other.rel));
    let newest = links.pop().ok_or("it has no NodeInfo")?;
    page(permit, &newest.href).await
}

async fn page<T: serde::de::DeserializeOwned>(
    permit: &Allowed<Nodeinfo>,
    address: &str,
) -> Result<T, String> {
    let bytes = permit.app().fetcher().bytes(address, MOST).await;
    let bytes = bytes.map_err(|error| error.plain())?;
    serde_json::from_slice(&bytes).map_err(|_| "what it sent is no NodeInfo".to_owned())
}
