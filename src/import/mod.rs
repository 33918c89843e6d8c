//! Importing a Funkwhale pod, all or nothing.
mod broken;
mod funkwhale;
mod media;
mod row;
mod source;
mod tables;

use std::path::{Path, PathBuf};

use self::{
    broken::Broken,
    row::{Memory, values},
    source::{Found, Source},
    tables::{TABLES, Table},
};
use crate::{
    app::App,
    error::{Error, Startup},
    store::{Dialect, Paused, Population, Tx, Value, sql},
};

/// Options of an import.
pub struct Order {
    /// A folder of `.jsonl` files, or `postgres://..`.
    pub from: String,
    /// The media folder of the pod, to import files from.
    pub media: Option<PathBuf>,
    /// Import the rows of files that are not in the media folder, too.
    pub allow_missing: bool,
    /// Check everything and keep nothing.
    pub dry_run: bool,
}

/// What was imported.
#[derive(Debug)]
pub struct Report {
    /// (kind, rows), in the order of their import.
    pub rows: Vec<(&'static str, u64)>,
    /// Imported files, if requested.
    pub media: Option<media::Moved>,
    /// The host names of the users' accounts.
    pub hosts: Vec<String>,
    /// What is not as it was, each in a sentence.
    pub notes: Vec<String>,
}

/// Receives the progress of every stage.
pub trait Watch: Send {
    fn stage(&mut self, name: &str, steps: u64);
    fn done(&mut self, steps: u64);
}

/// Imports a pod into an empty database.
pub async fn import(app: &App, order: &Order, watch: &mut dyn Watch) -> Result<Report, Startup> {
    if order.media.is_some() && app.config().s3.bucket().is_some() {
        return Err(Startup::new(
            "the files of this pod are in a bucket: copy them there with a tool of your store, under the names that \
             they have in the media folder, and import without --media",
        ));
    }
    let mut source = Source::open(&order.from).await?;
    let mut tx = app.db().begin().await?;
    let held: Population = sql(Population::SELECT).one(&mut tx).await?;
    held.check_empty()?;
    // Those that every new pod knows; the other server has its own.
    sql("delete from licenses").run(&mut tx).await?;
    let paused = Paused::begin(&mut tx).await?;
    let mut rows = Vec::new();
    let mut memory = Memory::new(app.seal());
    let mut broken = Broken::default();
    for kind in kinds() {
        watch.stage(kind, source.count(kind).await?);
        let state = (&mut memory, &mut broken);
        rows.push((
            kind,
            import_kind(&mut tx, &mut source, kind, state, watch).await?,
        ));
    }
    broken.check()?;
    paused.end(&mut tx).await?;
    continue_ids(&mut tx).await?;
    let hosts = hosts(&mut tx).await?;
    let files = media::named(&mut tx).await?;
    let moved = match &order.media {
        Some(from) => bring_media(app, (order, from), &files, watch)?,
        None => None,
    };
    if !order.dry_run {
        if let Err(error) = tx.commit().await {
            moved.iter().for_each(media::Moved::take_back);
            return Err(error.into());
        }
        app.db().analyze().await?;
    }
    Ok(Report {
        rows,
        media: moved,
        hosts,
        notes: memory.notes(),
    })
}

/// Each kind of row once, in the order of the tables.
fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<_> = TABLES.iter().map(|table| table.kind).collect();
    kinds.dedup();
    kinds
}

async fn import_kind(
    tx: &mut Tx,
    source: &mut Source,
    kind: &'static str,
    (memory, broken): (&mut Memory, &mut Broken),
    watch: &mut dyn Watch,
) -> Result<u64, Startup> {
    let mut cursor = source.read(kind).await?;
    let mut total = 0;
    memory.are_missing = !broken.is_empty();
    let are_whole = broken.is_empty();
    loop {
        let batch = source.next(&mut cursor).await?;
        if batch.is_empty() {
            return Ok(total);
        }
        for table in TABLES.iter().filter(|table| table.kind == kind) {
            let rows = read(table, &batch, memory, broken);
            if are_whole {
                insert(tx, table, rows, broken).await?;
            }
        }
        for found in &batch {
            memory.remember(kind, &found.row);
        }
        total += batch.len() as u64;
        watch.done(batch.len() as u64);
    }
}

/// The rows of a table, each with its name in messages.
fn read<'a>(
    table: &Table,
    batch: &'a [Found],
    memory: &mut Memory,
    broken: &mut Broken,
) -> Vec<(&'a str, Vec<Value>)> {
    let mut rows = Vec::with_capacity(batch.len());
    for found in batch {
        match values(table, &found.row, memory) {
            Ok(read) => rows.extend(read.map(|values| (found.place.as_str(), values))),
            Err(complaint) => broken.tell(format!("{}: {complaint}", found.place)),
        }
    }
    rows
}

async fn insert(
    tx: &mut Tx,
    table: &Table,
    rows: Vec<(&str, Vec<Value>)>,
    broken: &mut Broken,
) -> Result<(), Startup> {
    if rows.is_empty() {
        return Ok(());
    }
    sql("savepoint batch").run(&mut *tx).await?;
    let all = rows.iter().map(|(_, values)| values.clone()).collect();
    match insert_rows(tx, table, all).await {
        Ok(()) => {
            sql("release savepoint batch").run(tx).await?;
            Ok(())
        }
        Err(_) => {
            sql("rollback to savepoint batch").run(&mut *tx).await?;
            find_broken(tx, table, rows, broken).await
        }
    }
}

async fn insert_rows(tx: &mut Tx, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    Dialect::insert(table.name, &columns, rows)
        .run(tx)
        .await
        .map(|_| ())
}

/// Retries a failed batch row by row, to find the bad rows.
async fn find_broken(
    tx: &mut Tx,
    table: &Table,
    rows: Vec<(&str, Vec<Value>)>,
    broken: &mut Broken,
) -> Result<(), Startup> {
    for (place, values) in rows {
        sql("savepoint row_alone").run(&mut *tx).await?;
        if let Err(error) = insert_rows(tx, table, vec![values]).await {
            let reason = Startup::from(error);
            broken.tell(format!(
                "{place}: {} does not take it: {reason}",
                table.name
            ));
            sql("rollback to savepoint row_alone").run(&mut *tx).await?;
        }
        sql("release savepoint row_alone").run(&mut *tx).await?;
    }
    Ok(())
}

/// Lets new IDs continue after the highest imported one.
async fn continue_ids(tx: &mut Tx) -> Result<(), Startup> {
    for table in TABLES.iter().filter(|table| table.columns[0].name == "id") {
        if let Some(set) = tx.dialect().continue_ids(table.name) {
            set.number(&mut *tx).await?;
        }
    }
    Ok(())
}

async fn hosts(tx: &mut Tx) -> Result<Vec<String>, Startup> {
    let rows: Vec<(String,)> = sql("select distinct a.domain from users u
         join actors a on a.id = u.actor_id order by 1")
    .all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Brings the files along, or only looks for them.
fn bring_media(
    app: &App,
    (order, from): (&Order, &Path),
    files: &[String],
    watch: &mut dyn Watch,
) -> Result<Option<media::Moved>, Startup> {
    let missing = media::missing(files, from)?;
    if !missing.is_empty() && !order.allow_missing {
        let mut broken = Broken::default();
        missing
            .iter()
            .for_each(|file| broken.tell(format!("  {file}")));
        return Err(Startup::new(format!(
            "{} of {} files are not in {}; import without them by --allow-missing:\n{broken}",
            missing.len(),
            files.len(),
            from.display(),
        )));
    }
    if order.dry_run {
        return Ok(None);
    }
    watch.stage("media", files.len() as u64);
    let to = app.config().media_root();
    media::move_along(files, (from, &to), missing, || watch.done(1)).map(Some)
}
