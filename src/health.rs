//! Whether the server can do its work, for whoever watches it.
use std::time::Duration;

use poem::{Endpoint, IntoResponse, Request, Response, http::StatusCode};

use crate::{app::App, config::Config, disk};

/// Whether the database answers, and there is space to write to.
pub struct Ready(pub App);

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let asked = self.0.db().ping();
        let answered = tokio::time::timeout(Duration::from_secs(2), asked).await;
        let problem = match answered {
            Ok(Ok(_)) if has_space(self.0.config()) => return Ok("ready".into_response()),
            Ok(Ok(_)) => "the disk is full",
            _ => "the database does not answer",
        };
        Ok(Response::builder()
            .status(StatusCode::SERVICE_UNAVAILABLE)
            .body(problem))
    }
}

/// Whether the disk of the database and of the media folder has space left, where the system tells.
fn has_space(config: &Config) -> bool {
    /// A few pages of the database, and one picture.
    const LEAST: u64 = 1 << 20;
    // What is not there yet is made when it is needed.
    [&config.data, &config.media_root()]
        .iter()
        .all(|folder| disk::of(folder).is_none_or(|disk| disk.free >= LEAST))
}
