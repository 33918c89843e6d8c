//! A pod to try things on: people, libraries, and music that it makes itself.
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
    scan::{Order, Stop, scan},
    store::sql,
};

/// Whether there is nobody on the pod yet.
pub async fn is_empty(app: &App) -> Result<bool, Startup> {
    let users = sql("select count(*) from users").number(app.db()).await?;
    let artists = sql("select count(*) from artists").number(app.db()).await?;
    Ok(users + artists == 0)
}

/// How the demo is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where its music is written.
    pub folder: PathBuf,
    /// Seconds that each piece is long.
    pub seconds: u32,
    /// Pieces that are written at the same time.
    pub writers: usize,
}

/// Fills an empty pod; answers who can sign in.
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
