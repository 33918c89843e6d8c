//! Scanning a folder of the music directory as a job.
use std::num::NonZero;

use serde_json::{Value, json};

use super::{Order, scan};
use crate::{
    app::App,
    jobs::{Failure, FolderScan, Perform, Running},
    media::directory,
    resources::library::libraries::PrivacyLevel,
};

impl Perform for FolderScan {
    async fn perform(self, app: &App, mut running: Running) -> Result<Value, Failure> {
        let root = app.config().music_directory();
        let folder = directory::within(&root, &self.path);
        let gone = || Failure::Final(format!("The folder {} is not there any more.", self.path));
        let processors = std::thread::available_parallelism().map_or(2, NonZero::get);
        let order = Order {
            folder: folder.ok_or_else(gone)?,
            library: self.library.to_string(),
            user: self.username,
            privacy: PrivacyLevel::Me,
            // Others want to be served meanwhile.
            readers: (processors / 2).max(1),
            full: false,
        };
        let stop = running.stop.clone();
        match scan(app, &order, &stop, &mut running).await {
            Ok(report) => Ok(json!(report)),
            Err(error) => {
                tracing::error!(%error, "a folder is not imported");
                let told = "The import failed; the log of the server says why.";
                Err(Failure::ForNow(told.to_owned()))
            }
        }
    }
}
