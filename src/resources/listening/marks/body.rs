//! The REST endpoints of marks.
use std::sync::Arc;

use poem_openapi::Object;
use serde::Serialize;

use super::{List, Mark, Opinion, Query, Subject, SubjectType, Update, listing, write::change};
use crate::{
    context::Reader,
    error::Result,
    guard::Allowed,
    load::Loaders,
    rest::{answer::Answer, standard::routes},
    time::Timestamp,
};

/// Your mark of an artist, an album or a track: a star, a rating or both.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Mark")]
struct MarkBody {
    /// Type of the object.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: SubjectType,
    /// Numeric ID of the object.
    id: i64,
    /// Rating, from 1 to 5; null if there is none.
    rating: Option<i64>,
    /// Time at which the star was given; null if there is none.
    starred_date: Option<Timestamp>,
    /// Time of the last change; null if there is no mark.
    modification_date: Option<Timestamp>,
}

/// What to change of your mark of an object. What is not sent keeps its value.
#[derive(Debug, Object)]
struct MarkChanges {
    /// Type of the object.
    #[oai(rename = "type")]
    kind: SubjectType,
    /// Numeric ID of the object.
    id: i64,
    /// Rating, from 1 to 5; 0 for none.
    rating: Option<i64>,
    /// Whether it has a star.
    is_starred: Option<bool>,
}

impl MarkBody {
    fn of(subject: Subject, mark: Option<&Mark>) -> Self {
        Self {
            kind: subject.kind,
            id: subject.id,
            rating: mark.and_then(|mark| mark.rating),
            starred_date: mark.and_then(|mark| mark.starred_date),
            modification_date: mark.map(|mark| mark.modification_date),
        }
    }
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<MarkBody>> {
    let marks = loaders.list::<Mark>(ids).await?;
    let body = |mark: &Arc<Mark>| Some(MarkBody::of(mark.subject()?, Some(mark)));
    Ok(marks.iter().filter_map(body).collect())
}

async fn changed(permit: &Allowed<Update>, changes: MarkChanges) -> Result<MarkBody> {
    let subject = Subject::new(changes.kind, changes.id);
    let opinion = Opinion {
        rating: changes.rating,
        is_starred: changes.is_starred,
    };
    let mark = change(permit, subject, opinion).await?;
    Ok(MarkBody::of(subject, mark.as_ref()))
}

routes! {
    "/api/v1/marks" lists List(Query) -> MarkBody = listing => bodies;
    update: Update = put "/" {changes: MarkChanges} -> Answer<MarkBody> => changed;
}
