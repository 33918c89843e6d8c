//! Giving and taking stars and ratings.
use super::{Mark, Subject, SubjectType, Update};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    load::Entity,
    store::{Tx, sql},
    time::Timestamp,
};

/// What to change of a mark; what is not given keeps its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opinion {
    /// From 1 to 5; 0 for none.
    pub rating: Option<i64>,
    pub is_starred: Option<bool>,
}

/// Changes the caller's mark; nothing is left of one without a star and a rating.
///
/// # Errors
/// `Invalid` for an unknown object, another rating, and the star of a track.
pub async fn change(
    permit: &Allowed<Update>,
    subject: Subject,
    opinion: Opinion,
) -> Result<Option<Mark>> {
    if opinion
        .rating
        .is_some_and(|rating| !(0..=5).contains(&rating))
    {
        return Err(Error::field("rating", "Must be from 0 to 5."));
    }
    if opinion.is_starred.is_some() && subject.kind == SubjectType::Track {
        let complaint = "The stars of tracks are favorites.";
        return Err(Error::field("is_starred", complaint));
    }
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    let mark = write(&mut tx, permit.user()?.user_id, subject, opinion, now).await?;
    tx.commit().await?;
    Ok(mark)
}

/// Gives stars to artists and albums, or takes them; all of them or none.
///
/// # Errors
/// `Missing` if one of them does not exist.
pub async fn star(permit: &Allowed<Update>, subjects: &[Subject], is_starred: bool) -> Result<()> {
    let (user, now) = (permit.user()?.user_id, permit.clock().now());
    let mut tx = permit.begin().await?;
    for kind in [SubjectType::Artist, SubjectType::Album] {
        let mut ids = Vec::from_iter(subjects.iter().filter_map(|subject| subject.of(kind)));
        ids.sort_unstable();
        ids.dedup();
        match is_starred {
            _ if ids.is_empty() => {}
            true => give(&mut tx, (user, now), kind, ids).await?,
            false => take(&mut tx, (user, now), kind, ids).await?,
        }
    }
    tx.commit().await
}

async fn give(
    tx: &mut Tx,
    (user, now): (i64, Timestamp),
    kind: SubjectType,
    ids: Vec<i64>,
) -> Result<()> {
    let wanted = ids.len() as u64;
    let column = kind.column();
    let given = sql("insert into marks (user_id, ")
        .then(column)
        .then(", starred_date, modification_date) select ?, o.id, ?, ? from ")
        .bind(user)
        .bind(now)
        .bind(now)
        .then(kind.table())
        .then(" o where o.id in ?* on conflict (")
        .bind(ids)
        .then(column)
        .then(", user_id) where ")
        .then(column)
        .then(
            " is not null do update set starred_date = coalesce(marks.starred_date, excluded.starred_date),
               modification_date = excluded.modification_date",
        );
    match given.run(tx).await? == wanted {
        true => Ok(()),
        false => Err(Error::Missing(
            "What is to be starred was not found".to_owned(),
        )),
    }
}

async fn take(
    tx: &mut Tx,
    (user, now): (i64, Timestamp),
    kind: SubjectType,
    ids: Vec<i64>,
) -> Result<()> {
    let own = || {
        let own = sql(" where user_id = ? and ")
            .bind(user)
            .then(kind.column());
        own.then(" in ?*").bind(ids.clone())
    };
    let empty = sql("delete from marks")
        .append(own())
        .then(" and rating is null");
    empty.run(&mut *tx).await?;
    let rated = sql("update marks set starred_date = null, modification_date = ?").bind(now);
    rated.append(own()).run(tx).await.map(|_| ())
}

/// The transaction has the user's row, so that the user's marks change one after the other.
async fn write(
    tx: &mut Tx,
    user: i64,
    subject: Subject,
    opinion: Opinion,
    now: Timestamp,
) -> Result<Option<Mark>> {
    let column = subject.kind.column();
    let known = sql("select id from ")
        .then(subject.kind.table())
        .then(" where id = ?");
    let known = known.bind(subject.id).optional::<(i64,)>(&mut *tx).await?;
    known.ok_or_else(|| Error::field("id", "Object does not exist."))?;
    let own = Mark::select()
        .then(" where user_id = ? and ")
        .then(column)
        .then(" = ?");
    let own = own.bind(user).bind(subject.id);
    let old: Option<Mark> = own.clone().optional(&mut *tx).await?;
    let rating = match opinion.rating {
        Some(rating) => (rating > 0).then_some(rating),
        None => old.as_ref().and_then(|old| old.rating),
    };
    let starred = old.as_ref().and_then(|old| old.starred_date);
    let starred = match opinion.is_starred {
        Some(true) => starred.or(Some(now)),
        Some(false) => None,
        None => starred,
    };
    if let Some(old) = &old {
        let gone = sql("delete from marks where id = ?").bind(old.id);
        gone.run(&mut *tx).await?;
    }
    if rating.is_none() && starred.is_none() {
        return Ok(None);
    }
    let new = sql("insert into marks (user_id, ").then(column);
    new.then(", rating, starred_date, modification_date) values (?, ?, ?, ?, ?)")
        .bind(user)
        .bind(subject.id)
        .bind(rating)
        .bind(starred)
        .bind(now)
        .run(&mut *tx)
        .await?;
    own.one(tx).await.map(Some)
}
