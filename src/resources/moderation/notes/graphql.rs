//! The GraphQL fields of notes.
use async_graphql::{ComplexObject, Context, ID, InputObject, Union};

use super::{
    Create, List, ModerationNote, ModerationNoteFilter, ModerationNoteOrder, Retrieve, listing,
    retrieve,
    write::{Subject, create, delete},
};
use crate::{
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global, parse},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::{
        moderation::{
            reports::{self, Report},
            user_requests::{self, UserRequest},
        },
        people::actors::Actor,
    },
};

/// What a note is about.
#[derive(Union)]
pub enum ModerationNoteTarget {
    Report(Report),
    UserRequest(UserRequest),
    Actor(Actor),
}

#[ComplexObject]
impl ModerationNote {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::ModerationNote, self.id)
    }

    /// The moderator.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.author_id).await
    }

    /// What it is about.
    async fn target(&self, ctx: &Context<'_>) -> Result<Option<ModerationNoteTarget>> {
        if let Some(id) = self.report_id {
            let report = ctx.load::<reports::Retrieve, Report>(id).await?;
            return Ok(report.map(ModerationNoteTarget::Report));
        }
        if let Some(id) = self.user_request_id {
            let request = ctx.load::<user_requests::Retrieve, UserRequest>(id).await?;
            return Ok(request.map(ModerationNoteTarget::UserRequest));
        }
        let actor = ctx.load::<Retrieve, Actor>(self.actor_id).await?;
        Ok(actor.map(ModerationNoteTarget::Actor))
    }
}

fields! {
    Queries as "ModerationNotesQueries";
    list moderation_notes: List(ModerationNoteFilter, ModerationNoteOrder) -> ModerationNote = listing;
    one moderation_note(Kind::ModerationNote) -> ModerationNote = retrieve::<Retrieve>;
}

/// A note to write.
#[derive(Debug, InputObject)]
struct CreateModerationNoteInput {
    /// What you want to note, 1 to 50,000 characters.
    summary: String,
    /// Global ID of what it is about: a report, a user request or an actor.
    target: ID,
}

async fn created(
    permit: &Allowed<Create>,
    input: CreateModerationNoteInput,
) -> Result<ModerationNote> {
    let wrong = || {
        let complaint = "Expected the ID of a report, user request or actor.";
        Error::field("target", complaint)
    };
    let (kind, name) = parse(&input.target).map_err(|_| wrong())?;
    let key = || Key::read(kind, &input.target).map_err(|_| wrong());
    let subject = match kind {
        Kind::Report => Subject::Report(key()?),
        Kind::UserRequest => Subject::Request(key()?),
        Kind::Actor => Subject::Account(name),
        _ => return Err(wrong()),
    };
    create(permit, &input.summary, subject).await
}

mutations! {
    Mutations as "ModerationNotesMutations";
    delete delete_moderation_note(DeleteModerationNoteInput) -> DeleteModerationNotePayload = delete, of Kind::ModerationNote;
    change create_moderation_note(CreateModerationNoteInput) -> CreateModerationNotePayload { note: ModerationNote, "The new note." } = created;
}
