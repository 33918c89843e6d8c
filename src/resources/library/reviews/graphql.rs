//! The GraphQL fields of the pod's edits.
use async_graphql::{ID, InputObject};

use super::{
    Approve, EditFilter, EditOrder, List, Reject, Retrieve, Undo,
    decide::{approve, delete, reject, undo},
    listing, retrieve,
};
use crate::{
    error::Result,
    graphql::{
        ids::{Key, Kind},
        standard::{fields, mutations},
    },
    guard::Allowed,
    resources::library::edits::Edit,
};

fields! {
    Queries as "ReviewsQueries";
    list edits: List(EditFilter, EditOrder) -> Edit = listing;
    one edit(Kind::Edit) -> Edit = retrieve::<Retrieve>;
}

/// An edit that waits for a decision.
#[derive(Debug, InputObject)]
struct ApproveEditInput {
    /// Global ID of the edit; its UUID is accepted too.
    id: ID,
}

/// An edit that waits for a decision.
#[derive(Debug, InputObject)]
struct RejectEditInput {
    /// Global ID of the edit; its UUID is accepted too.
    id: ID,
}

/// An edit that was applied.
#[derive(Debug, InputObject)]
struct UndoEditInput {
    /// Global ID of the edit; its UUID is accepted too.
    id: ID,
}

async fn approved(permit: &Allowed<Approve>, input: ApproveEditInput) -> Result<Edit> {
    approve(permit, Key::of(Kind::Edit, Some(input.id), None, None)?).await
}

async fn rejected(permit: &Allowed<Reject>, input: RejectEditInput) -> Result<Edit> {
    reject(permit, Key::of(Kind::Edit, Some(input.id), None, None)?).await
}

async fn undone(permit: &Allowed<Undo>, input: UndoEditInput) -> Result<Edit> {
    undo(permit, Key::of(Kind::Edit, Some(input.id), None, None)?).await
}

mutations! {
    Mutations as "ReviewsMutations";
    delete delete_edit(DeleteEditInput) -> DeleteEditPayload = delete, of Kind::Edit;
    change approve_edit(ApproveEditInput) -> ApproveEditPayload { edit: Edit, "The edit after the decision." } = approved;
    change reject_edit(RejectEditInput) -> RejectEditPayload { edit: Edit, "The edit after the decision." } = rejected;
    change undo_edit(UndoEditInput) -> UndoEditPayload { edit: Edit, "The edit that undoes it." } = undone;
}
