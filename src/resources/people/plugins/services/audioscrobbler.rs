//! Services that speak the Audioscrobbler protocol, version 1.2.1, such as Libre.fm.
use md5::{Digest, Md5};
use poem::http::Request;
use reqwest::Url;

use super::{Refusal, Taken, Told, ask, form, judged, plays, post, short};
use crate::{app::App, hex::hex, resources::people::plugins::values::Opened};

pub struct Audioscrobbler<'a> {
    app: &'a App,
    url: String,
    username: String,
    password: String,
}

/// That of Last.fm, which is meant without another.
const LASTFM: &str = "http://post.audioscrobbler.com/";

/// What a service gives whoever has an account there.
struct Session {
    id: String,
    /// Where plays are sent to.
    address: String,
}

fn md5(text: &str) -> String {
    hex(Md5::digest(text))
}

impl<'a> Audioscrobbler<'a> {
    pub fn of(app: &'a App, told: &Opened<'_>) -> Option<Self> {
        Some(Self {
            app,
            url: told.text("url").unwrap_or_else(|| LASTFM.to_owned()),
            username: told.text("username")?,
            password: told.text("password")?,
        })
    }

    pub async fn tell(&self, acts: &[Told]) -> Taken {
        let plays = plays(acts);
        if plays.is_empty() {
            return Ok(());
        }
        let session = self.session().await?;
        let mut fields = vec![("s".to_owned(), session.id)];
        for (at, play) in plays.into_iter().enumerate() {
            let number =
                |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
            let facts = [
                ("a", play.artist.clone()),
                ("t", play.title.clone()),
                ("i", play.act_date.unix().to_string()),
                // Chosen by the listener.
                ("o", "P".to_owned()),
                ("r", String::new()),
                ("l", number(play.duration)),
                ("b", play.album.clone().unwrap_or_default()),
                ("n", number(play.position)),
                (
                    "m",
                    play.mbid.map(|mbid| mbid.to_string()).unwrap_or_default(),
                ),
            ];
            fields.extend(facts.map(|(name, fact)| (format!("{name}[{at}]"), fact)));
        }
        let (status, body) = post(self.app, &session.address, form(&fields), None).await?;
        let text = String::from_utf8_lossy(&body).into_owned();
        judged((status, body))?;
        match text.trim() {
            "OK" => Ok(()),
            other => Err(Refusal::Later(format!(
                "The service answered: {}",
                short(other)
            ))),
        }
    }

    async fn session(&self) -> Result<Session, Refusal> {
        let now = self.app.clock().now().unix().to_string();
        let proof = md5(&format!("{}{now}", md5(&self.password)));
        let odd = |_| Refusal::Later("The address of the service is none.".to_owned());
        let mut url = Url::parse(&self.url).map_err(odd)?;
        url.query_pairs_mut().extend_pairs([
            ("hs", "true"),
            ("p", "1.2.1"),
            ("c", "tst"),
            ("v", "1.0"),
            ("u", self.username.as_str()),
            ("t", now.as_str()),
            ("a", proof.as_str()),
        ]);
        let request = Request::get(url.as_str()).body(Vec::new());
        let request = request.map_err(|error| Refusal::Later(error.to_string()))?;
        let (status, body) = ask(self.app, request).await?;
        let text = String::from_utf8_lossy(&body).into_owned();
        judged((status, body))?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        match lines[..] {
            ["OK", id, _, address, ..] => Ok(Session {
                id: id.to_owned(),
                address: address.to_owned(),
            }),
            ["BADAUTH", ..] => Err(Refusal::Later(
                "The service does not know the username and the password.".to_owned(),
            )),
            _ => Err(Refusal::Later(format!(
                "The service answered: {}",
                short(&text)
            ))),
        }
    }
}
