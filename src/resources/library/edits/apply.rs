//! Applying an edit, and recording the previous values.
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Kind,
    changes::{Change, Changes, Field},
};
use crate::{
    error::Result,
    resources::{
        catalogue::tags,
        library::contents::{self, Content},
    },
    store::{
        Sql, Tx, Value as Bound, sql,
        text::{clean, folded},
        words::indexed,
    },
    time::Timestamp,
};

/// Changes the object; returns the previous values of the fields.
pub async fn apply(
    tx: &mut Tx,
    (kind, id): (Kind, i64),
    changes: &Changes,
    now: Timestamp,
) -> Result<Value> {
    lock(tx, (kind, id)).await?;
    let mut before = Map::new();
    for (field, change) in &changes.all {
        let held = match change {
            Change::Words(words) => retag(tx, (kind, id), words, now).await?,
            Change::Content(new) => describe(tx, (kind, id), new.as_ref()).await?,
            Change::Text(text) => rename(tx, (kind, id), text).await?,
            Change::Day(day) => {
                let held = sql("select cast(release_date as text) from albums where id = ?");
                let held = text_of(tx, held.bind(id)).await?;
                let set = sql("update albums set release_date = ? where id = ?");
                set.bind(day.map(|day| day.0))
                    .bind(id)
                    .run(&mut *tx)
                    .await?;
                held
            }
            Change::Number(number) => {
                let held = sql("select cast(position as text) from tracks where id = ?");
                let held = text_of(tx, held.bind(id)).await?;
                let set = sql("update tracks set position = ? where id = ?");
                set.bind(*number).bind(id).run(&mut *tx).await?;
                json!(held.as_str().and_then(|text| text.parse::<i64>().ok()))
            }
            Change::Maybe(text) => plain(tx, *field, id, text.clone()).await?,
            Change::Picture(picture) => cover(tx, (kind, id), *picture).await?,
        };
        before.insert(field.word().to_owned(), json!({ "value": held }));
    }
    if kind == Kind::Artist {
        let set = sql("update artists set modification_date = ? where id = ?");
        set.bind(now).bind(id).run(tx).await?;
    }
    Ok(Value::Object(before))
}

/// Keeps the object as it is until the end of the transaction, so that what was before is known.
pub async fn lock(tx: &mut Tx, (kind, id): (Kind, i64)) -> Result<()> {
    let object = sql(match kind {
        Kind::Artist => "select id from artists where id = ?",
        Kind::Album => "select id from albums where id = ?",
        Kind::Track => "select id from tracks where id = ?",
    });
    tx.lock(object.bind(id)).await
}

async fn text_of(tx: &mut Tx, held: Sql) -> Result<Value> {
    let (text,): (Option<String>,) = held.one(tx).await?;
    Ok(json!(text))
}

async fn rename(tx: &mut Tx, (kind, id): (Kind, i64), name: &str) -> Result<Value> {
    let (held, set) = match kind {
        Kind::Artist => (
            "select name from artists where id = ?",
            "update artists set name = ?, name_folded = ?, words = ? where id = ?",
        ),
        Kind::Album => (
            "select title from albums where id = ?",
            "update albums set title = ?, title_folded = ?, words = ? where id = ?",
        ),
        Kind::Track => (
            "select title from tracks where id = ?",
            "update tracks set title = ?, title_folded = ?, words = ? where id = ?",
        ),
    };
    let held = text_of(tx, sql(held).bind(id)).await?;
    let name = clean(name);
    sql(set)
        .bind(name.as_str())
        .bind(folded(&name))
        .bind(indexed(&name))
        .bind(id)
        .run(tx)
        .await?;
    Ok(held)
}

/// Changes a track's license or copyright.
async fn plain(tx: &mut Tx, field: Field, id: i64, text: Option<String>) -> Result<Value> {
    let (held, set) = match field {
        Field::License => (
            "select license from tracks where id = ?",
            "update tracks set license = ? where id = ?",
        ),
        _ => (
            "select copyright from tracks where id = ?",
            "update tracks set copyright = ? where id = ?",
        ),
    };
    let held = text_of(tx, sql(held).bind(id)).await?;
    sql(set).bind(text).bind(id).run(tx).await?;
    Ok(held)
}

async fn retag(
    tx: &mut Tx,
    (kind, id): (Kind, i64),
    words: &[String],
    now: Timestamp,
) -> Result<Value> {
    let (held, clear, add) = match kind {
        Kind::Artist => (
            "select g.name from artist_tags x join tags g on g.id = x.tag_id where x.artist_id = ? order by g.name",
            "delete from artist_tags where artist_id = ?",
            "insert into artist_tags (artist_id, tag_id, creation_date) values (?, ?, ?)",
        ),
        Kind::Album => (
            "select g.name from album_tags x join tags g on g.id = x.tag_id where x.album_id = ? order by g.name",
            "delete from album_tags where album_id = ?",
            "insert into album_tags (album_id, tag_id, creation_date) values (?, ?, ?)",
        ),
        Kind::Track => (
            "select g.name from track_tags x join tags g on g.id = x.tag_id where x.track_id = ? order by g.name",
            "delete from track_tags where track_id = ?",
            "insert into track_tags (track_id, tag_id, creation_date) values (?, ?, ?)",
        ),
    };
    let held: Vec<(String,)> = sql(held).bind(id).all(&mut *tx).await?;
    sql(clear).bind(id).run(&mut *tx).await?;
    for tag in tags::ensure(tx, words, now).await? {
        sql(add).bind(id).bind(tag).bind(now).run(&mut *tx).await?;
    }
    Ok(held.into_iter().map(|(name,)| name).collect())
}

async fn describe(
    tx: &mut Tx,
    (kind, id): (Kind, i64),
    new: Option<&contents::NewContent>,
) -> Result<Value> {
    let (held, set) = match kind {
        Kind::Artist => (
            "select c.id, c.text, c.content_type from contents c join artists o on o.description_content_id = c.id where o.id = ?",
            "update artists set description_content_id = ? where id = ?",
        ),
        Kind::Album => (
            "select c.id, c.text, c.content_type from contents c join albums o on o.description_content_id = c.id where o.id = ?",
            "update albums set description_content_id = ? where id = ?",
        ),
        Kind::Track => (
            "select c.id, c.text, c.content_type from contents c join tracks o on o.description_content_id = c.id where o.id = ?",
            "update tracks set description_content_id = ? where id = ?",
        ),
    };
    let held: Option<Content> = sql(held).bind(id).optional(&mut *tx).await?;
    let content = match new {
        Some(new) => Some(contents::create(tx, new).await?),
        None => None,
    };
    sql(set).bind(content).bind(id).run(&mut *tx).await?;
    let Some(held) = held else {
        return Ok(Value::Null);
    };
    contents::delete_of(tx, sql("select cast(? as bigint)").bind(held.id)).await?;
    Ok(json!({ "text": held.text, "content_type": held.content_type }))
}

async fn cover(tx: &mut Tx, (kind, id): (Kind, i64), picture: Option<i64>) -> Result<Value> {
    let (held, set) = match kind {
        Kind::Artist => (
            "select a.uuid from attachments a join artists o on o.attachment_cover_id = a.id where o.id = ?",
            "update artists set attachment_cover_id = ? where id = ?",
        ),
        Kind::Album => (
            "select a.uuid from attachments a join albums o on o.attachment_cover_id = a.id where o.id = ?",
            "update albums set attachment_cover_id = ? where id = ?",
        ),
        Kind::Track => (
            "select a.uuid from attachments a join tracks o on o.attachment_cover_id = a.id where o.id = ?",
            "update tracks set attachment_cover_id = ? where id = ?",
        ),
    };
    let held: Option<(Uuid,)> = sql(held).bind(id).optional(&mut *tx).await?;
    let set = sql(set).bind(Bound::Int(picture)).bind(id);
    set.run(tx).await?;
    Ok(json!(held.map(|(uuid,)| uuid)))
}
