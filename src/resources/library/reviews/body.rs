//! Edits of the whole pod as REST shows them.
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Approve, Delete, List, Query, Reject, Retrieve, Undo,
    decide::{approve, delete, reject, undo},
    listing, retrieve,
};
use crate::{
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::sole,
    resources::library::edits::{EditBody, bodies},
    rest::{
        answer::{Answer, Created, NoContent},
        standard::routes,
    },
};

/// A decision about an edit, without any fields.
#[derive(Debug, Serialize, Object)]
struct Decision {}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<EditBody> {
    let edit = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[edit.id]).await?)
}

async fn approved(permit: &Allowed<Approve>, key: Key) -> Result<Decision> {
    approve(permit, key).await.map(|_| Decision {})
}

async fn rejected(permit: &Allowed<Reject>, key: Key) -> Result<Decision> {
    reject(permit, key).await.map(|_| Decision {})
}

async fn undone(permit: &Allowed<Undo>, key: Key) -> Result<EditBody> {
    let edit = undo(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[edit.id]).await?)
}

routes! {
    "/api/v1/mutations" lists List(Query) -> EditBody = listing => bodies;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<EditBody> => detail;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent;
    approve: Approve = post "/:uuid/approve" [uuid: Uuid] -> Answer<Decision> => approved;
    reject: Reject = post "/:uuid/reject" [uuid: Uuid] -> Answer<Decision> => rejected;
    undo: Undo = post "/:uuid/undo" [uuid: Uuid] -> Created<EditBody> => undone;
}
