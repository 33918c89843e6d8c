//! Maloja, by its own API (`mlj_1`).
use serde_json::json;

use super::{Taken, Told, json as body, judged, plays, post};
use crate::{app::App, resources::people::plugins::values::Opened};

pub struct Maloja<'a> {
    app: &'a App,
    server: String,
    key: String,
    nofix: bool,
}

impl<'a> Maloja<'a> {
    pub fn of(app: &'a App, told: &Opened<'_>) -> Option<Self> {
        Some(Self {
            app,
            server: told.text("server_url")?,
            key: told.text("api_key")?,
            nofix: told.truth("nofix"),
        })
    }

    /// It takes one play at a time.
    pub async fn tell(&self, acts: &[Told]) -> Taken {
        let address = format!(
            "{}/apis/mlj_1/newscrobble",
            self.server.trim_end_matches('/')
        );
        for act in plays(acts) {
            let mut told = json!({
                "artists": act.artists,
                "title": act.title,
                "time": act.act_date.unix(),
                "key": self.key,
            });
            if let Some(album) = &act.album {
                told["album"] = json!(album);
            }
            if let Some(seconds) = act.duration {
                told["length"] = json!(seconds);
            }
            if self.nofix {
                told["nofix"] = json!(true);
            }
            judged(post(self.app, &address, body(&told), None).await?)?;
        }
        Ok(())
    }
}
