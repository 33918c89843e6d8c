//! ListenBrainz, by its API (version 1).
use serde_json::{Value, json};

use super::{Taken, Told, json as body, judged, plays, post};
use crate::{app::App, resources::people::plugins::values::Opened};

pub struct ListenBrainz<'a> {
    app: &'a App,
    token: String,
    listenings: bool,
    favorites: bool,
}

impl<'a> ListenBrainz<'a> {
    pub fn of(app: &'a App, told: &Opened<'_>) -> Option<Self> {
        Some(Self {
            app,
            token: told.text("user_token")?,
            listenings: told.truth("submit_listenings"),
            favorites: told.truth("submit_favorites"),
        })
    }

    pub async fn tell(&self, acts: &[Told]) -> Taken {
        let plays: Vec<Value> = plays(acts).into_iter().map(listen).collect();
        if self.listenings && !plays.is_empty() {
            let kind = if plays.len() == 1 { "single" } else { "import" };
            let told = json!({ "listen_type": kind, "payload": plays });
            self.post("submit-listens", &told).await?;
        }
        let marks = acts.iter().filter(|act| act.kind != "played");
        for act in marks.filter(|_| self.favorites) {
            // It knows recordings of MusicBrainz only.
            if let Some(mbid) = act.mbid {
                let score = i32::from(act.kind == "loved");
                let told = json!({ "recording_mbid": mbid, "score": score });
                self.post("feedback/recording-feedback", &told).await?;
            }
        }
        Ok(())
    }

    async fn post(&self, path: &str, told: &Value) -> Taken {
        let address = format!(
            "{}/1/{path}",
            self.app
                .config()
                .services
                .listenbrainz_url
                .trim_end_matches('/')
        );
        let token = format!("Token {}", self.token);
        judged(post(self.app, &address, body(told), Some(&token)).await?)
    }
}

fn listen(act: &Told) -> Value {
    let mut more = json!({
        "media_player": "baleen",
        "submission_client": "baleen",
        "submission_client_version": env!("CARGO_PKG_VERSION"),
        "artist_names": act.artists,
        "artist_mbids": act.artist_mbids,
    });
    let facts = [
        ("recording_mbid", act.mbid.map(|mbid| json!(mbid))),
        ("release_mbid", act.album_mbid.map(|mbid| json!(mbid))),
        ("tracknumber", act.position.map(|position| json!(position))),
        ("duration", act.duration.map(|seconds| json!(seconds))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            more[name] = value;
        }
    }
    let mut track = json!({
        "artist_name": act.artist,
        "track_name": act.title,
        "additional_info": more,
    });
    if let Some(album) = &act.album {
        track["release_name"] = json!(album);
    }
    json!({ "listened_at": act.act_date.unix(), "track_metadata": track })
}
