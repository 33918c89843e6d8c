//! The demo pod: accounts, libraries, and generated music.
mod cover;
mod people;
mod pieces;
mod synth;
mod write;

use std::path::{Path, PathBuf};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::spawn_blocking;

pub use self::people::Person;
use self::pieces::{PIECES, Piece};
use crate::{
    app::App,
    error::Startup,
    import::Watch,
    scan::{Order, scan},
    stop::Stop,
    store::sql,
};

/// Whether the pod has neither accounts nor artists.
pub async fn is_empty(app: &App) -> Result<bool, Startup> {
    let users = sql("select count(*) from users").number(app.db()).await?;
    let artists = sql("select count(*) from artists").number(app.db()).await?;
    Ok(users + artists == 0)
}

/// Options for making the demo pod.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Folder to write the music to.
    pub folder: PathBuf,
    /// Length of each piece in seconds.
    pub seconds: u32,
    /// Number of pieces written concurrently.
    pub writers: usize,
}

/// Fills an empty pod; returns its accounts.
pub async fn fill(app: &App, plan: &Plan, watch: &mut dyn Watch) -> Result<Vec<Person>, Startup> {
    watch.stage("composing", PIECES.len() as u64);
    let mut written = stream::iter(PIECES)
        .map(|piece| write_piece(piece, &plan.folder, plan.seconds))
        .buffer_unordered(plan.writers.max(1));
    while written.try_next().await?.is_some() {
        watch.done(1);
    }
    drop(written);
    let people = people::create(app).await?;
    people::license(app).await?;
    for person in &people {
        let order = Order {
            folder: plan.folder.join(person.library),
            library: person.library.to_owned(),
            user: person.username.to_owned(),
            privacy: person.privacy,
            readers: plan.writers,
            full: false,
        };
        scan(app, &order, &Stop::default(), watch).await?;
    }
    people::live(app, &people).await?;
    Ok(people)
}

async fn write_piece(piece: &'static Piece, folder: &Path, seconds: u32) -> Result<(), Startup> {
    let folder = folder.to_owned();
    spawn_blocking(move || write::write(piece, &folder, seconds))
        .await
        .map_err(|error| Startup::caused("cannot compose", error))?
}
