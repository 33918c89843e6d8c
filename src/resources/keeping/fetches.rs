//! Fetches: updating objects from the pods that they come from (contract section 7). Not supported
//! yet; the operations answer as Funkwhale does for objects of this pod.
use poem_openapi::{Object, OpenApi, param::Path, types::Any};
use serde::Serialize;
use serde_json::Value;

use crate::{
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, operations},
    resources::{
        library::edits::{Kind, target},
        people::actors::ActorBody,
    },
    rest::{
        answer::Answer,
        page::{Page, PageQuery},
    },
    time::Timestamp,
};

operations! {
    "fetches", "Objects fetched from other pods.";
    /// Lists the fetches of an artist from another pod.
    ///
    /// The list is always empty, as this server does not fetch from other pods yet. Unknown IDs are
    /// answered with 404.
    of_artist: OfArtist = open, anonymous = Never, throttle = Wildcard, graphql = "(not yet: federation)", params = PageQuery;
    /// Lists the fetches of an album from another pod.
    ///
    /// The list is always empty, as this server does not fetch from other pods yet. Unknown IDs are
    /// answered with 404.
    of_album: OfAlbum = open, anonymous = Never, throttle = Wildcard, graphql = "(not yet: federation)", params = PageQuery;
    /// Lists the fetches of a track from another pod.
    ///
    /// The list is always empty, as this server does not fetch from other pods yet. Unknown IDs are
    /// answered with 404.
    of_track: OfTrack = open, anonymous = Never, throttle = Wildcard, graphql = "(not yet: federation)", params = PageQuery;
    /// Fetches an artist from another pod again.
    ///
    /// Not supported yet: artists of other pods are answered with 501, artists of this pod with
    /// 400, and unknown IDs with 404.
    artist: Artist = open, anonymous = Never, throttle = Wildcard, graphql = "(not yet: federation)";
    /// Fetches an album from another pod again.
    ///
    /// Not supported yet: albums of other pods are answered with 501, albums of this pod with 400,
    /// and unknown IDs with 404.
    album: Album = open, anonymous = Never, throttle = Wildcard, graphql = "(not yet: federation)";
    /// Fetches a track from another pod again.
    ///
    /// Not supported yet: tracks of other pods are answered with 501, tracks of this pod with 400,
    /// and unknown IDs with 404.
    track: Track = open, anonymous = Never, throttle = Wildcard, graphql = "(not yet: federation)";
}

/// A fetch of an object from another pod.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Fetch")]
struct FetchBody {
    /// Numeric ID, unique among fetches.
    id: i64,
    /// URL of the object.
    url: String,
    /// Actor who requested the fetch.
    actor: Option<ActorBody>,
    /// Status: `pending`, `errored`, `finished` or `skipped`.
    status: String,
    /// Details, such as why the fetch failed.
    detail: Any<Value>,
    /// Time of the request.
    creation_date: Timestamp,
    /// Time of the fetch; null while pending.
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
