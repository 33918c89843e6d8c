//! Fetches: asking other pods anew for what came from them (contract section 7). What is of this
//! pod is never fetched, and so far nothing else is.
use poem_openapi::{Object, OpenApi, param::Path, types::Any};
use serde::Serialize;
use serde_json::Value;

use super::{
    actors::ActorBody,
    edits::{Kind, target},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, operations},
    rest::{
        answer::Answer,
        page::{Page, PageQuery},
    },
    time::Timestamp,
};

operations! {
    "fetches";
    /// Lists when an artist of another pod was asked for anew.
    of_artist: OfArtist = open, anonymous = Never, throttle = Wildcard, graphql = "(comes with federation)", params = PageQuery;
    /// Lists when an album of another pod was asked for anew.
    of_album: OfAlbum = open, anonymous = Never, throttle = Wildcard, graphql = "(comes with federation)", params = PageQuery;
    /// Lists when a track of another pod was asked for anew.
    of_track: OfTrack = open, anonymous = Never, throttle = Wildcard, graphql = "(comes with federation)", params = PageQuery;
    /// Asks another pod for its artist anew. Not possible yet.
    artist: Artist = open, anonymous = Never, throttle = Wildcard, graphql = "(comes with federation)";
    /// Asks another pod for its album anew. Not possible yet.
    album: Album = open, anonymous = Never, throttle = Wildcard, graphql = "(comes with federation)";
    /// Asks another pod for its track anew. Not possible yet.
    track: Track = open, anonymous = Never, throttle = Wildcard, graphql = "(comes with federation)";
}

/// How asking another pod went.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Fetch")]
struct FetchBody {
    /// Its number.
    id: i64,
    /// What was asked for.
    url: String,
    /// Who asked.
    actor: Option<ActorBody>,
    /// How far it is: `pending`, `errored`, `finished` or `skipped`.
    status: String,
    /// What there is to tell, such as why it failed.
    detail: Any<Value>,
    /// When it was wanted.
    creation_date: Timestamp,
    /// When it was done.
    fetch_date: Option<Timestamp>,
}

async fn list(
    reader: &Reader,
    (kind, id): (Kind, i64),
    query: &PageQuery,
) -> Result<Answer<Page<FetchBody>>> {
    target(reader, kind, id).await?;
    let (frame, none) = query.0.cut(Vec::new())?;
    Ok(Answer(frame.around(none)))
}

async fn fetch(reader: &Reader, kind: Kind, id: i64) -> Result<Answer<FetchBody>> {
    let target = target(reader, kind, id).await?;
    Err(match reader.is_local(target.fid.as_deref()) {
        true => Error::Refused("Cannot fetch a local object".to_owned()),
        false => {
            Error::NotImplemented("This server does not fetch from other pods yet.".to_owned())
        }
    })
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1")]
impl Rest {
    #[oai(path = "/artists/:id/fetches", method = "get")]
    async fn of_artist(
        &self,
        permit: Allowed<OfArtist>,
        id: Path<i64>,
        query: PageQuery,
    ) -> Result<Answer<Page<FetchBody>>> {
        list(&permit, (Kind::Artist, id.0), &query).await
    }

    #[oai(path = "/albums/:id/fetches", method = "get")]
    async fn of_album(
        &self,
        permit: Allowed<OfAlbum>,
        id: Path<i64>,
        query: PageQuery,
    ) -> Result<Answer<Page<FetchBody>>> {
        list(&permit, (Kind::Album, id.0), &query).await
    }

    #[oai(path = "/tracks/:id/fetches", method = "get")]
    async fn of_track(
        &self,
        permit: Allowed<OfTrack>,
        id: Path<i64>,
        query: PageQuery,
    ) -> Result<Answer<Page<FetchBody>>> {
        list(&permit, (Kind::Track, id.0), &query).await
    }

    #[oai(path = "/artists/:id/fetches", method = "post")]
    async fn artist(&self, permit: Allowed<Artist>, id: Path<i64>) -> Result<Answer<FetchBody>> {
        fetch(&permit, Kind::Artist, id.0).await
    }

    #[oai(path = "/albums/:id/fetches", method = "post")]
    async fn album(&self, permit: Allowed<Album>, id: Path<i64>) -> Result<Answer<FetchBody>> {
        fetch(&permit, Kind::Album, id.0).await
    }

    #[oai(path = "/tracks/:id/fetches", method = "post")]
    async fn track(&self, permit: Allowed<Track>, id: Path<i64>) -> Result<Answer<FetchBody>> {
        fetch(&permit, Kind::Track, id.0).await
    }
}
