//! Last.fm, by its API (version 2.0), with the pod's API account.
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::Value;

use super::{Refusal, Taken, Told, form, plays, post};
use crate::{app::App, hex::hex, resources::people::plugins::values::Opened};

pub struct Lastfm<'a> {
    app: &'a App,
    key: &'a str,
    secret: &'a str,
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct Answer {
    /// Zero: none.
    #[serde(default)]
    error: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    session: Value,
}

/// Errors of Last.fm that time does not mend: parameters that are missing or not valid.
const ODD: i64 = 6;

impl<'a> Lastfm<'a> {
    /// Whether the pod has an API account.
    pub fn is_there(app: &App) -> bool {
        app.config().services.lastfm().is_some()
    }

    pub fn of(app: &'a App, told: &Opened<'_>) -> Option<Self> {
        let (key, secret) = app.config().services.lastfm()?;
        Some(Self {
            app,
            key,
            secret,
            username: told.text("username")?,
            password: told.text("password")?,
        })
    }

    pub async fn tell(&self, acts: &[Told]) -> Taken {
        let account = [
            ("username", self.username.clone()),
            ("password", self.password.clone()),
        ];
        let session = self
            .call("auth.getMobileSession", account.map(named).to_vec())
            .await?;
        let session = session.session["key"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let by = || ("sk".to_owned(), session.clone());
        let plays = plays(acts);
        if !plays.is_empty() {
            let mut fields = vec![by()];
            for (at, play) in plays.into_iter().enumerate() {
                fields.extend(
                    facts(play)
                        .into_iter()
                        .map(|(name, fact)| (format!("{name}[{at}]"), fact)),
                );
            }
            self.call("track.scrobble", fields).await?;
        }
        for act in acts.iter().filter(|act| act.kind != "played") {
            let method = if act.kind == "loved" {
                "track.love"
            } else {
                "track.unlove"
            };
            let track = [("artist", act.artist.clone()), ("track", act.title.clone())];
            let fields = track.map(named).into_iter().chain([by()]).collect();
            self.call(method, fields).await?;
        }
        Ok(())
    }

    async fn call(
        &self,
        method: &str,
        mut fields: Vec<(String, String)>,
    ) -> Result<Answer, Refusal> {
        fields.extend(
            [
                ("method", method.to_owned()),
                ("api_key", self.key.to_owned()),
            ]
            .map(named),
        );
        let signature = self.signature(&fields);
        fields.extend([("api_sig", signature), ("format", "json".to_owned())].map(named));
        let address = &self.app.config().services.lastfm_url;
        let (status, body) = post(self.app, address, form(&fields), None).await?;
        let odd = |_| Refusal::Later(format!("Last.fm answered {status}."));
        let answer: Answer = serde_json::from_slice(&body).map_err(odd)?;
        match answer.error {
            0 => Ok(answer),
            ODD => Err(Refusal::Never(format!("Last.fm: {}", answer.message))),
            _ => Err(Refusal::Later(format!("Last.fm: {}", answer.message))),
        }
    }

    /// The sum of all fields in the order of their names, and of the secret.
    fn signature(&self, fields: &[(String, String)]) -> String {
        let mut sorted: Vec<_> = fields.iter().collect();
        sorted.sort();
        let mut sum = Md5::new();
        for (name, value) in sorted {
            sum.update(name);
            sum.update(value);
        }
        sum.update(self.secret);
        hex(sum.finalize())
    }
}

fn named((name, value): (&str, String)) -> (String, String) {
    (name.to_owned(), value)
}

fn facts(play: &Told) -> Vec<(&'static str, String)> {
    let facts = [
        ("artist", Some(play.artist.clone())),
        ("track", Some(play.title.clone())),
        ("timestamp", Some(play.act_date.unix().to_string())),
        ("album", play.album.clone()),
        ("mbid", play.mbid.map(|mbid| mbid.to_string())),
        (
            "trackNumber",
            play.position.map(|position| position.to_string()),
        ),
        ("duration", play.duration.map(|seconds| seconds.to_string())),
    ];
    let given = facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)));
    given.collect()
}
