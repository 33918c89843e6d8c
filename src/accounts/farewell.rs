//! Deleting an account with everything that belongs to it.
use sqlx::FromRow;

use crate::{
    app::App,
    error::Result,
    oauth::delete_of_user,
    resources::{
        library::{contents, uploads::release},
        publishing::channels,
    },
    store::{Tx, sql},
    time::Timestamp,
};

#[derive(FromRow)]
struct Leaving {
    actor_id: Option<i64>,
}

/// Deletes an account. The catalogue stays, except for what its channels published. The username
/// stays taken, so that nobody can impersonate the account on other pods.
pub async fn delete(app: &App, mut tx: Tx, user: i64) -> Result<()> {
    let leaving: Leaving = sql("select actor_id from users where id = ?")
        .bind(user)
        .one(&mut tx)
        .await?;
    // First: see `delete_grants`.
    delete_of_user(&mut tx, user).await?;
    let mut orphans = None;
    if let Some(actor) = leaving.actor_id {
        orphans = Some(disown(&mut tx, actor, app.clock().now()).await?);
        bury(&mut tx, actor).await?;
    }
    sql("delete from users where id = ?")
        .bind(user)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    app.add_jobs();
    app.credentials().forget_all();
    if let Some(orphans) = orphans {
        for file in &orphans {
            app.media().pictures.remove(file).await;
        }
    }
    Ok(())
}

/// Pictures of the actor that are no cover of an artist, album or track.
const OWN_PICTURES: &str = " from attachments where actor_id = ?
    and not exists (select 1 from artists a where a.attachment_cover_id = attachments.id)
    and not exists (select 1 from albums a where a.attachment_cover_id = attachments.id)
    and not exists (select 1 from tracks t where t.attachment_cover_id = attachments.id)";

/// Deletes what an actor owns; returns the files of its pictures.
pub async fn disown(tx: &mut Tx, actor: i64, now: Timestamp) -> Result<Vec<String>> {
    let channels = sql("select id from channels where attributed_to_id = ?").bind(actor);
    let mut files = channels::remove(tx, &channels, now).await?;
    let going = sql(
        "select u.id from uploads u join libraries l on l.id = u.library_id where l.actor_id = ?",
    );
    release(tx, &going.bind(actor), now).await?;
    sql("delete from libraries where actor_id = ?")
        .bind(actor)
        .run(&mut *tx)
        .await?;
    let pictures: Vec<(String,)> = sql("select file")
        .then(OWN_PICTURES)
        .then(" and file <> ''")
        .bind(actor)
        .all(&mut *tx)
        .await?;
    sql("delete").then(OWN_PICTURES).bind(actor).run(tx).await?;
    files.extend(pictures.into_iter().map(|(file,)| file));
    Ok(files)
}

/// Reduces an actor to a tombstone, which tells other pods that it was deleted.
async fn bury(tx: &mut Tx, actor: i64) -> Result<()> {
    for gone in [
        sql("delete from library_follows where actor_id = ?"),
        sql("delete from follows where actor_id = ?"),
        sql("delete from follows where target_actor_id = ?"),
        sql("delete from inbox_items where actor_id = ?"),
        sql("delete from activities where actor_id = ?"),
        sql("delete from user_requests where submitter_id = ?"),
    ] {
        gone.bind(actor).run(&mut *tx).await?;
    }
    let summary = sql("select summary_content_id from actors where id = ?").bind(actor);
    contents::delete_of(tx, summary).await?;
    sql(
        "update actors set type = 'Tombstone', name = null, summary = null,
           attachment_icon_id = null where id = ?",
    )
    .bind(actor)
    .run(tx)
    .await
    .map(|_| ())
}
