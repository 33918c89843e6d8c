//! Importing a Funkwhale pod, all or nothing.
mod funkwhale;
mod media;
mod row;
mod source;
mod tables;

use std::path::{Path, PathBuf};

use self::{
    row::{Memory, values},
    source::{Found, Source},
    tables::{TABLES, Table},
};
use crate::{
    app::App,
    error::{Error, Startup},
    store::{Dialect, Paused, Tx, Value, sql},
};

/// Options of an import.
pub struct Order {
    /// A folder of `.jsonl` files, or `postgres://..`.
    pub from: String,
    /// The media folder of the pod, to import files from.
    pub media: Option<PathBuf>,
    /// Check everything and write nothing.
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
}

/// Receives the progress of every stage.
pub trait Watch {
    fn stage(&mut self, name: &str, steps: u64);
    fn done(&mut self, steps: u64);
}

/// Imports a pod into an empty database.
pub async fn import(app: &App, order: &Order, watch: &mut dyn Watch) -> Result<Report, Startup> {
    let mut source = Source::open(&order.from).await?;
    let mut tx = app.db().begin().await?;
    refuse_unless_empty(&mut tx).await?;
    let paused = Paused::begin(&mut tx).await?;
    let mut rows = Vec::new();
    let mut memory = Memory::default();
    for kind in kinds() {
        watch.stage(kind, source.count(kind).await?);
        rows.push((
            kind,
            import_kind(&mut tx, &mut source, kind, &mut memory, watch).await?,
        ));
    }
    paused.end(&mut tx).await?;
    continue_ids(&mut tx).await?;
    let hosts = hosts(&mut tx).await?;
    let files = media::named(&mut tx).await?;
    let moved = match &order.media {
        Some(from) if !order.dry_run => Some(bring_media(app, from, &files, watch)?),
        _ => None,
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
    })
}

/// Each kind of row once, in the order of the tables.
fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<_> = TABLES.iter().map(|table| table.kind).collect();
    kinds.dedup();
    kinds
}

async fn refuse_unless_empty(tx: &mut Tx) -> Result<(), Startup> {
    let counts: Vec<(i64, i64, i64)> = sql("select (select count(*) from users),
           (select count(*) from actors), (select count(*) from artists)")
    .all(tx)
    .await?;
    match counts[..] {
        [(0, 0, 0)] => Ok(()),
        [(users, actors, artists)] => Err(Startup::new(format!(
            "the database is not empty: it has {users} users, {actors} accounts and {artists} \
             artists, and an import would mix two pods. Name a new one by --data or DATABASE_URL"
        ))),
        _ => unreachable!("it is one row"),
    }
}

async fn import_kind(
    tx: &mut Tx,
    source: &mut Source,
    kind: &'static str,
    memory: &mut Memory,
    watch: &mut dyn Watch,
) -> Result<u64, Startup> {
    let mut cursor = source.read(kind).await?;
    let mut total = 0;
    loop {
        let batch = source.next(&mut cursor).await?;
        if batch.is_empty() {
            return Ok(total);
        }
        for table in TABLES.iter().filter(|table| table.kind == kind) {
            insert(tx, table, &batch, memory).await?;
        }
        for found in &batch {
            memory.remember(kind, &found.row);
        }
        total += batch.len() as u64;
        watch.done(batch.len() as u64);
    }
}

async fn insert(
    tx: &mut Tx,
    table: &Table,
    batch: &[Found],
    memory: &Memory,
) -> Result<(), Startup> {
    let mut rows: Vec<(&str, Vec<Value>)> = Vec::with_capacity(batch.len());
    for found in batch {
        let read = values(table, &found.row, memory);
        let read =
            read.map_err(|complaint| Startup::new(format!("{}: {complaint}", found.place)))?;
        rows.extend(read.map(|values| (found.place.as_str(), values)));
    }
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
            find_broken(tx, table, rows).await
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

/// Retries a failed batch row by row, to find the bad row.
async fn find_broken(
    tx: &mut Tx,
    table: &Table,
    rows: Vec<(&str, Vec<Value>)>,
) -> Result<(), Startup> {
    for (place, values) in rows {
        if let Err(error) = insert_rows(tx, table, vec![values]).await {
            let reason = Startup::from(error);
            return Err(Startup::new(format!(
                "{place}: {} does not take it: {reason}",
                table.name
            )));
        }
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

fn bring_media(
    app: &App,
    from: &Path,
    files: &[String],
    watch: &mut dyn Watch,
) -> Result<media::Moved, Startup> {
    if !from.is_dir() {
        return Err(Startup::new(format!(
            "{} is not a folder of media",
            from.display()
        )));
    }
    watch.stage("media", files.len() as u64);
    media::move_along(files, from, &app.config().media_root(), || watch.done(1))
}
