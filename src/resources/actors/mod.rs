//! Actors: who does things, here or on another pod.
use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    context::{Cx, Reader},
    graphql::ids::{Kind, global},
    load::entity,
    time::Timestamp,
};

/// An account, of this pod or of another, as the fediverse knows it.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Actor {
    /// The number of the row, unique among actors.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its ActivityPub identifier.
    pub fid: String,
    /// The address of its page.
    pub url: Option<String>,
    /// When it was first seen.
    pub creation_date: Timestamp,
    /// What it says of itself.
    pub summary: Option<String>,
    /// Its name within its domain.
    pub preferred_username: String,
    /// The name it shows.
    pub name: Option<String>,
    /// When it was last fetched.
    pub last_fetch_date: Option<Timestamp>,
    /// The domain it belongs to.
    pub domain: String,
    /// Its ActivityStreams type, such as `Person`.
    #[sqlx(rename = "type")]
    #[graphql(name = "type")]
    pub kind: String,
    /// Whether its followers must be let in by hand.
    pub manually_approves_followers: Option<bool>,
}

entity!(Actor in "actors": "id, fid, url, creation_date, summary, preferred_username, name, last_fetch_date,
    domain, type, manually_approves_followers", upon [ActorId],
    weighs [fid, url, summary, preferred_username, name, domain, kind]);

#[ComplexObject]
impl Actor {
    /// The global identifier, opaque to clients.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Actor, self.id)
    }

    /// Its name with its domain: `alice@pod.example`.
    async fn full_username(&self) -> String {
        self.address()
    }

    /// Whether it belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local_domain(&self.domain)
    }
}

impl Actor {
    fn address(&self) -> String {
        format!("{}@{}", self.preferred_username, self.domain)
    }

    pub fn body(&self, reader: &Reader) -> ActorBody {
        ActorBody {
            fid: self.fid.clone(),
            url: self.url.clone(),
            creation_date: self.creation_date,
            summary: self.summary.clone(),
            preferred_username: self.preferred_username.clone(),
            name: self.name.clone(),
            last_fetch_date: self.last_fetch_date,
            domain: self.domain.clone(),
            kind: self.kind.clone(),
            manually_approves_followers: self.manually_approves_followers,
            full_username: self.address(),
            is_local: reader.is_local_domain(&self.domain),
        }
    }
}

/// An account, of this pod or of another, as the fediverse knows it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Actor")]
pub struct ActorBody {
    /// Its ActivityPub identifier.
    fid: String,
    /// The address of its page.
    url: Option<String>,
    /// When it was first seen.
    creation_date: Timestamp,
    /// What it says of itself.
    summary: Option<String>,
    /// Its name within its domain.
    preferred_username: String,
    /// The name it shows.
    name: Option<String>,
    /// When it was last fetched.
    last_fetch_date: Option<Timestamp>,
    /// The domain it belongs to.
    domain: String,
    /// Its ActivityStreams type, such as `Person`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Whether its followers must be let in by hand.
    manually_approves_followers: Option<bool>,
    /// Its name with its domain: `alice@pod.example`.
    full_username: String,
    /// Whether it belongs to this pod.
    is_local: bool,
}
