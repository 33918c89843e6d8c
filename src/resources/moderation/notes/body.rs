//! Notes as REST shows them.
use std::{collections::HashMap, sync::Arc};

use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Create, Delete, List, ModerationNote, Query, Retrieve, listing, retrieve,
    write::{Subject, create, delete},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::{
        moderation::{reports::Report, user_requests::UserRequest},
        people::actors::{Actor, ManagedActor},
    },
    rest::{
        answer::{Answer, Created, NoContent},
        standard::routes,
    },
    time::Timestamp,
};

/// A note of a moderator, beside what it is about.
#[derive(Clone, Debug, Serialize, Object)]
pub struct BriefNote {
    /// Numeric ID, unique among notes.
    id: i64,
    /// UUID of the note.
    uuid: Uuid,
    /// Time at which it was written.
    creation_date: Timestamp,
    /// What the moderator wrote.
    summary: String,
    /// The moderator.
    author: Option<ManagedActor>,
}

/// A note of a moderator.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ModerationNote")]
struct NoteBody {
    #[serde(flatten)]
    #[oai(flatten)]
    note: BriefNote,
    /// What it is about: `type` (`report`, `request` or `account`), and `uuid` or `full_username`.
    target: Option<Any<Value>>,
}

async fn brief(
    loaders: &Loaders,
    reader: &Reader,
    ids: &[i64],
) -> Result<Vec<(Arc<ModerationNote>, BriefNote)>> {
    let notes = loaders.list::<ModerationNote>(ids).await?;
    let authors = notes.iter().map(|note| note.author_id);
    let authors = loaders.many::<Actor>(authors.collect::<Vec<_>>()).await?;
    let body = |note: Arc<ModerationNote>| {
        let brief = BriefNote {
            id: note.id,
            uuid: note.uuid,
            creation_date: note.creation_date,
            summary: note.summary.clone(),
            author: authors
                .get(&note.author_id)
                .map(|author| author.managed(reader)),
        };
        (note, brief)
    };
    Ok(notes.into_iter().map(body).collect())
}

/// Notes by what they are about, of lists of their IDs.
pub async fn briefs(
    loaders: &Loaders,
    reader: &Reader,
    about: impl IntoIterator<Item = (i64, Arc<Vec<i64>>)>,
) -> Result<HashMap<i64, Vec<BriefNote>>> {
    let about: Vec<(i64, Arc<Vec<i64>>)> = about.into_iter().collect();
    let ids: Vec<i64> = about
        .iter()
        .flat_map(|(_, ids)| ids.iter().copied())
        .collect();
    let notes = brief(loaders, reader, &ids).await?;
    let notes: HashMap<i64, BriefNote> = notes
        .into_iter()
        .map(|(note, brief)| (note.id, brief))
        .collect();
    let shown = about.into_iter().map(|(id, ids)| {
        let notes = ids.iter().filter_map(|id| notes.get(id).cloned());
        (id, notes.collect())
    });
    Ok(shown.collect())
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<NoteBody>> {
    let notes = brief(loaders, reader, ids).await?;
    let rows = || notes.iter().map(|(note, _)| note);
    let reports = loaders
        .parts::<Report>(rows().map(|note| note.report_id))
        .await?;
    let requests = loaders
        .parts::<UserRequest>(rows().map(|note| note.user_request_id))
        .await?;
    let actors = loaders
        .parts::<Actor>(rows().map(|note| note.actor_id))
        .await?;
    let target = |note: &ModerationNote| {
        let report = reports.get(note.report_id);
        let report = report.map(|report| json!({ "type": "report", "uuid": report.uuid }));
        let request = requests.get(note.user_request_id);
        let request = request.map(|request| json!({ "type": "request", "uuid": request.uuid }));
        let account = actors.get(note.actor_id);
        let account =
            account.map(|actor| json!({ "type": "account", "full_username": actor.address() }));
        report.or(request).or(account).map(Any)
    };
    let targets: Vec<_> = rows().map(|note| target(note)).collect();
    let shown = notes.into_iter().zip(targets);
    Ok(shown
        .map(|((_, note), target)| NoteBody { note, target })
        .collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<NoteBody> {
    let note = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[note.id]).await?)
}

/// A note to write.
#[derive(Debug, Object)]
struct NewNote {
    /// What you want to note, 1 to 50,000 characters.
    summary: String,
    /// What it is about: `type` (`report`, `request` or `account`), and `uuid` or `full_username`.
    target: Any<Value>,
}

async fn created(permit: &Allowed<Create>, new: NewNote) -> Result<NoteBody> {
    let note = create(permit, &new.summary, named(&new.target.0)?).await?;
    sole(bodies(permit.loaders(), permit, &[note.id]).await?)
}

fn named(target: &Value) -> Result<Subject> {
    let wrong = |complaint: &str| Error::field("target", complaint);
    let uuid = || {
        let uuid = target["uuid"].as_str().and_then(|text| text.parse().ok());
        uuid.map(Key::Uuid)
            .ok_or_else(|| wrong("Give the `uuid` of the object."))
    };
    match target["type"].as_str() {
        Some("report") => uuid().map(Subject::Report),
        Some("request") => uuid().map(Subject::Request),
        Some("account") => {
            let address = target["full_username"].as_str();
            let address = address.ok_or_else(|| wrong("Give the account's `full_username`."))?;
            Ok(Subject::Account(address.to_owned()))
        }
        _ => Err(wrong("Invalid type")),
    }
}

routes! {
    "/api/v1/manage/moderation/notes" lists List(Query) -> NoteBody = listing => bodies;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<NoteBody> => detail;
    create: Create = post "/" {new: NewNote} -> Created<NoteBody> => created;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent;
}
