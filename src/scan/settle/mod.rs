//! What follows from a scan once all files have been read: which uploads are one recording, which albums go on under
//! another name, and what nothing holds any more.
mod albums;
mod duplicates;
mod leftovers;

pub use self::{
    albums::{credit_by_tracks, set_artists},
    duplicates::part,
};
use super::{Report, catalogue::Catalogue};
use crate::{app::App, error::Result};

/// Number of rows per transaction.
const BATCH: usize = 64;

/// Settles what a scan has touched.
pub async fn settle(app: &App, catalogue: &mut Catalogue<'_>, report: &mut Report) -> Result<()> {
    duplicates::settle(app, catalogue, report).await?;
    albums::succeed(app, catalogue).await?;
    leftovers::remove(app, catalogue).await
}
