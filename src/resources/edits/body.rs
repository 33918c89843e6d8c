use poem_openapi::{Object, OpenApi, param::Path, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Edit, Kind, OfAlbum, OfArtist, OfTrack, Proposal, ProposeAlbum, ProposeArtist, ProposeTrack,
    Proposes, list, propose, target,
};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::Allowed,
    load::Loaders,
    resources::actors::{Actor, ActorBody},
    rest::{
        answer::{Answer, Created},
        body::Body,
        page::{Page, PageQuery},
    },
    time::Timestamp,
};

/// A change that somebody proposed.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Edit")]
pub struct EditBody {
    /// Its ActivityPub identifier.
    fid: String,
    /// Its UUID.
    uuid: Uuid,
    /// What kind of change it is: `update`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// When it was proposed.
    creation_date: Timestamp,
    /// When it was carried out.
    applied_date: Option<Timestamp>,
    /// Whether it was approved; null until somebody decides.
    is_approved: Option<bool>,
    /// Whether it was carried out.
    is_applied: Option<bool>,
    /// Who proposed it.
    created_by: Option<ActorBody>,
    /// The number of the account that approved it.
    approved_by: Option<i64>,
    /// Why it was proposed.
    summary: Option<String>,
    /// The new values, by field.
    payload: Any<Value>,
    /// The old values, by field, once it was carried out.
    previous_state: Any<Option<Value>>,
    /// What it changes.
    target: EditTarget,
}

/// What an edit changes.
#[derive(Debug, Serialize, Object)]
pub struct EditTarget {
    /// `artist`, `album` or `track`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Its number.
    id: i64,
    /// Its name or title.
    repr: String,
}

/// A change to be proposed.
#[derive(Debug, Object)]
struct NewEdit {
    /// What kind of change it is: `update`.
    #[oai(rename = "type")]
    kind: String,
    /// The new values, by field. Artists have `name`, `tags`, `description`, `cover`; albums `title`, `release_date`, `tags`, `cover`, `description`; tracks `license`, `title`, `position`, `copyright`, `tags`, `description`, `cover`.
    payload: Any<Value>,
    /// Why it is proposed, up to 2,000 characters.
    summary: Option<String>,
    /// Carries it out at once; only for those who may approve it.
    is_approved: Option<bool>,
}

impl Edit {
    fn aim(&self) -> (Kind, i64) {
        match (self.artist_id, self.album_id, self.track_id) {
            (Some(id), ..) => (Kind::Artist, id),
            (_, Some(id), _) => (Kind::Album, id),
            (.., id) => (Kind::Track, id.unwrap_or_default()),
        }
    }
}

/// The bodies of edits of one object.
pub async fn bodies(reader: &Reader, loaders: &Loaders, edits: Vec<Edit>) -> Result<Vec<EditBody>> {
    let Some(aim) = edits.first().map(Edit::aim) else {
        return Ok(Vec::new());
    };
    let aimed = target(reader, aim.0, aim.1).await?;
    let actors = edits.iter().filter_map(|edit| edit.created_by_id);
    let actors = loaders.many::<Actor>(actors).await?;
    let body = |edit: Edit| EditBody {
        created_by: edit
            .created_by_id
            .and_then(|id| actors.get(&id))
            .map(|actor| actor.body(reader)),
        fid: edit.fid,
        uuid: edit.uuid,
        kind: edit.kind,
        creation_date: edit.creation_date,
        applied_date: edit.applied_date,
        is_approved: edit.is_approved,
        is_applied: edit.is_applied,
        approved_by: edit.approved_by_id,
        summary: edit.summary,
        payload: Any(edit.payload),
        previous_state: Any(edit.previous_state),
        target: EditTarget {
            kind: aim.0.word().to_owned(),
            id: aimed.id,
            repr: aimed.name.clone(),
        },
    };
    Ok(edits.into_iter().map(body).collect())
}

async fn proposed<O: Proposes>(
    permit: &Allowed<O>,
    id: i64,
    new: NewEdit,
) -> Result<Created<EditBody>> {
    let proposal = Proposal {
        kind: new.kind,
        payload: new.payload.0,
        summary: new.summary,
        is_approved: new.is_approved,
    };
    let edit = propose(permit, id, proposal).await?;
    let body = bodies(permit, permit.loaders(), vec![edit]).await?.pop();
    body.map(Created).ok_or(Error::NotFound)
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1")]
impl Rest {
    #[oai(path = "/artists/:id/mutations", method = "get")]
    async fn of_artist(
        &self,
        permit: Allowed<OfArtist>,
        id: Path<i64>,
        query: PageQuery,
    ) -> Result<Answer<Page<EditBody>>> {
        let aim = (Kind::Artist, id.0);
        list(&permit, permit.loaders(), aim, &query)
            .await
            .map(Answer)
    }

    #[oai(path = "/albums/:id/mutations", method = "get")]
    async fn of_album(
        &self,
        permit: Allowed<OfAlbum>,
        id: Path<i64>,
        query: PageQuery,
    ) -> Result<Answer<Page<EditBody>>> {
        let aim = (Kind::Album, id.0);
        list(&permit, permit.loaders(), aim, &query)
            .await
            .map(Answer)
    }

    #[oai(path = "/tracks/:id/mutations", method = "get")]
    async fn of_track(
        &self,
        permit: Allowed<OfTrack>,
        id: Path<i64>,
        query: PageQuery,
    ) -> Result<Answer<Page<EditBody>>> {
        let aim = (Kind::Track, id.0);
        list(&permit, permit.loaders(), aim, &query)
            .await
            .map(Answer)
    }

    #[oai(path = "/artists/:id/mutations", method = "post")]
    async fn propose_artist(
        &self,
        permit: Allowed<ProposeArtist>,
        id: Path<i64>,
        new: Body<NewEdit>,
    ) -> Result<Created<EditBody>> {
        proposed(&permit, id.0, new.0).await
    }

    #[oai(path = "/albums/:id/mutations", method = "post")]
    async fn propose_album(
        &self,
        permit: Allowed<ProposeAlbum>,
        id: Path<i64>,
        new: Body<NewEdit>,
    ) -> Result<Created<EditBody>> {
        proposed(&permit, id.0, new.0).await
    }

    #[oai(path = "/tracks/:id/mutations", method = "post")]
    async fn propose_track(
        &self,
        permit: Allowed<ProposeTrack>,
        id: Path<i64>,
        new: Body<NewEdit>,
    ) -> Result<Created<EditBody>> {
        proposed(&permit, id.0, new.0).await
    }
}
