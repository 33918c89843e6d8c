//! Edits as REST shows them.
use std::collections::HashMap;

use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Edit, Kind, OfAlbum, OfArtist, OfTrack, OnKind, Proposal, ProposeAlbum, ProposeArtist,
    ProposeTrack, Target, list, propose, sql::targets,
};
use crate::{
    context::Reader,
    error::Result,
    guard::{Allowed, Writes},
    load::{Loaders, sole},
    resources::people::actors::{Actor, ActorBody},
    rest::{
        answer::{Answer, Created},
        page::{Page, PageQuery},
        standard::routes,
    },
    time::Timestamp,
};

/// An edit: a proposed change to an artist, an album or a track.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Edit")]
pub struct EditBody {
    /// ActivityPub ID (URI) of the edit.
    fid: String,
    /// UUID of the edit.
    uuid: Uuid,
    /// Type of the edit; always `update`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Time of the proposal.
    creation_date: Timestamp,
    /// Time at which the edit was applied; null until applied.
    applied_date: Option<Timestamp>,
    /// `true` if approved, `false` if rejected, null while waiting for review.
    is_approved: Option<bool>,
    /// `true` if applied, else null.
    is_applied: Option<bool>,
    /// Actor who proposed the edit.
    created_by: Option<ActorBody>,
    /// Numeric ID of the actor who approved or rejected the edit.
    approved_by: Option<i64>,
    /// Reason for the edit.
    summary: Option<String>,
    /// New values, by field.
    payload: Any<Value>,
    /// Previous values, by field, each in an object with the key `value`; null until applied.
    previous_state: Any<Option<Value>>,
    /// Object that the edit changes.
    target: EditTarget,
}

/// Object that an edit changes.
#[derive(Debug, Serialize, Object)]
pub struct EditTarget {
    /// Type of the object: `artist`, `album` or `track`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Numeric ID of the object.
    id: i64,
    /// Name or title of the object.
    repr: String,
}

/// An edit to propose.
#[derive(Debug, Object)]
struct NewEdit {
    /// Type of the edit; must be `update`.
    #[oai(rename = "type")]
    kind: String,
    /// New values, by field. For artists `name`, `tags`, `description` and `cover`; for albums
    /// `title`, `release_date`, `tags`, `cover` and `description`; for tracks `license` (code),
    /// `title`, `position`, `copyright`, `tags`, `description` and `cover`. A `cover` is the UUID
    /// of an attachment of your own, a `description` an object with `text` and `content_type`.
    /// Other fields are ignored.
    payload: Any<Value>,
    /// Reason for the edit, up to 2,000 characters.
    summary: Option<String>,
    /// `true`: approves the edit and applies it immediately. `false`: rejects it. Only for the
    /// owner of the object and for users with the permission `library`. Default: the edit waits for
    /// review.
    is_approved: Option<bool>,
}

/// The objects of edits.
async fn aims(reader: &Reader, edits: &[Edit]) -> Result<HashMap<(Kind, i64), Target>> {
    let mut all = HashMap::new();
    for kind in [Kind::Artist, Kind::Album, Kind::Track] {
        let aims = edits.iter().map(Edit::aim);
        let ids: Vec<i64> = aims.filter(|aim| aim.0 == kind).map(|aim| aim.1).collect();
        if !ids.is_empty() {
            let found: Vec<Target> = targets(kind, ids).all(reader.db()).await?;
            all.extend(found.into_iter().map(|target| ((kind, target.id), target)));
        }
    }
    Ok(all)
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<EditBody>> {
    let edits = loaders.owned::<Edit>(ids).await?;
    let aims = aims(reader, &edits).await?;
    let actors = loaders
        .parts::<Actor>(edits.iter().map(|edit| edit.created_by_id))
        .await?;
    let body = |edit: Edit| {
        let aimed = aims.get(&edit.aim())?;
        Some(EditBody {
            target: EditTarget {
                kind: edit.aim().0.word().to_owned(),
                id: aimed.id,
                repr: aimed.name.clone(),
            },
            created_by: actors
                .get(edit.created_by_id)
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
        })
    };
    Ok(edits.into_iter().filter_map(body).collect())
}

async fn proposed<O: OnKind + Writes>(
    permit: &Allowed<O>,
    id: i64,
    new: NewEdit,
) -> Result<EditBody> {
    let proposal = Proposal {
        kind: new.kind,
        payload: new.payload.0,
        summary: new.summary,
        is_approved: new.is_approved,
    };
    let edit = propose(permit, id, proposal).await?;
    sole(bodies(permit.loaders(), permit, &[edit.id]).await?)
}

routes! {
    "/api/v1";
    of_artist: OfArtist = get "/artists/:id/mutations" [id: i64] (query: PageQuery) -> Answer<Page<EditBody>> => list;
    of_album: OfAlbum = get "/albums/:id/mutations" [id: i64] (query: PageQuery) -> Answer<Page<EditBody>> => list;
    of_track: OfTrack = get "/tracks/:id/mutations" [id: i64] (query: PageQuery) -> Answer<Page<EditBody>> => list;
    propose_artist: ProposeArtist = post "/artists/:id/mutations" [id: i64] {new: NewEdit} -> Created<EditBody> => proposed;
    propose_album: ProposeAlbum = post "/albums/:id/mutations" [id: i64] {new: NewEdit} -> Created<EditBody> => proposed;
    propose_track: ProposeTrack = post "/tracks/:id/mutations" [id: i64] {new: NewEdit} -> Created<EditBody> => proposed;
}
