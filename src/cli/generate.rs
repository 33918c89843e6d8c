use std::path::PathBuf;

use clap::Args;

use crate::{
    error::Startup,
    generate::{ACCESS_TOKEN, CLIENT_ID, HOST, PASSWORD, Plan, REFRESH_TOKEN, write},
};

/// The data set to generate.
#[derive(Args)]
pub struct Order {
    /// Folder for the .jsonl files; created if it does not exist
    folder: PathBuf,
    /// Number of tracks, 200 to 100,000,000; each album has 10 tracks, each artist 12 albums
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(200..=100_000_000))]
    tracks: u64,
    /// Seed for random names and numbers; the same seed gives the same data set
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn run(order: Order) -> Result<(), Startup> {
    let Order {
        folder,
        tracks,
        seed,
    } = order;
    let rows = write(Plan { tracks, seed }, &folder)?;
    super::say(&format!(
        "{rows} rows in {folder}\n\n  \
         Import them    baleen import funkwhale {folder}\n  \
         Serve them     FUNKWHALE_HOSTNAME={HOST} baleen\n  \
         Access token   {ACCESS_TOKEN} (user1, scopes read write)\n  \
         Refresh token  {REFRESH_TOKEN} (client_id {CLIENT_ID})\n  \
         Passwords      {PASSWORD}\n",
        folder = folder.display()
    ))
}
