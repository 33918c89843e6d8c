//! What crashes and other servers have left. Files on their way come to their place where a row names them, the others
//! go; uploads that wait for an import which nobody has asked for, such as those of an imported pod, are imported.
use crate::{
    app::App,
    error::Result,
    jobs::{self, Task, UploadImport},
    media::staging,
    store::sql,
};

/// Settles what earlier processes have left.
pub async fn tidy(app: &App) -> Result<()> {
    let storage = &app.media().storage;
    for left in staging::left(storage).await {
        let named = sql("select id from uploads where uuid = ? and audio_file = ?");
        let named = named.bind(left.uuid).bind(left.place.as_str());
        match named.optional::<(i64,)>(app.db()).await? {
            Some(_) => {
                if let Err(error) = staging::settle(storage, &left.place).await {
                    tracing::error!(%error, file = left.place, "a file does not come to its place");
                }
            }
            None => {
                if let Err(error) = staging::remove(storage, &left.place).await {
                    tracing::error!(%error, file = left.place, "a file that nobody owns stays");
                }
            }
        }
    }
    import_forgotten(app).await
}

/// Uploads that are taken up at once.
const BATCH: i64 = 1_000;

async fn import_forgotten(app: &App) -> Result<()> {
    let forgotten = sql(
        "select u.id from uploads u where u.import_status = 'pending' and u.audio_file <> '' and not exists
           (select 1 from jobs j where j.subject = cast(u.id as text) and j.kind = ? and j.subject <> '')
         order by u.id limit ?",
    )
    .bind(UploadImport::KIND)
    .bind(BATCH);
    // Nobody waits for a writer that finds nothing to do.
    if forgotten.clone().ids(app.db()).await?.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().begin().await?;
    for upload in forgotten.ids(&mut tx).await? {
        jobs::enqueue(&mut tx, &UploadImport { upload }, app.clock().now()).await?;
    }
    tx.commit().await?;
    app.add_jobs();
    Ok(())
}
