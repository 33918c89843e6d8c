//! The services, each in its own language.
mod audioscrobbler;
mod lastfm;
mod listenbrainz;
mod maloja;

use poem::http::{Request, StatusCode};
use reqwest::Url;
use serde_json::Value;

use self::{
    audioscrobbler::Audioscrobbler, lastfm::Lastfm, listenbrainz::ListenBrainz, maloja::Maloja,
};
use super::{
    known::{LISTENBRAINZ, MALOJA, SCROBBLER},
    submit::Told,
    values::Opened,
};
use crate::app::App;

/// Why a service did not take what it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It will not take it another time either.
    Never(String),
    /// It may take it later, or once it is told something else.
    Later(String),
}

type Taken = std::result::Result<(), Refusal>;

/// A service of somebody's, who has an account there.
pub enum Service<'a> {
    Audioscrobbler(Audioscrobbler<'a>),
    Lastfm(Lastfm<'a>),
    ListenBrainz(ListenBrainz<'a>),
    Maloja(Maloja<'a>),
}

impl<'a> Service<'a> {
    /// The service that somebody told a plugin about; `None` while it does not know what it needs.
    pub fn of(app: &'a App, told: &Opened<'_>) -> Option<Self> {
        match told.plugin.name {
            LISTENBRAINZ => ListenBrainz::of(app, told).map(Self::ListenBrainz),
            MALOJA => Maloja::of(app, told).map(Self::Maloja),
            SCROBBLER => {
                let url = told.text("url").unwrap_or_default();
                match is_lastfm(&url) && Lastfm::is_there(app) {
                    true => Lastfm::of(app, told).map(Self::Lastfm),
                    false => Audioscrobbler::of(app, told).map(Self::Audioscrobbler),
                }
            }
            _ => None,
        }
    }

    /// Acts that it is told at once at most. Of several, it takes all or none.
    pub fn most(&self) -> usize {
        match self {
            Self::Maloja(_) => 1,
            _ => 50,
        }
    }

    pub async fn tell(&self, acts: &[Told]) -> Taken {
        match self {
            Self::Audioscrobbler(service) => service.tell(acts).await,
            Self::Lastfm(service) => service.tell(acts).await,
            Self::ListenBrainz(service) => service.tell(acts).await,
            Self::Maloja(service) => service.tell(acts).await,
        }
    }
}

/// Whether an address is that of Last.fm, which is meant without one too.
fn is_lastfm(url: &str) -> bool {
    let host = Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    url.is_empty()
        || ["audioscrobbler.com", "last.fm"]
            .iter()
            .any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

/// Those acts that are plays.
fn plays(acts: &[Told]) -> Vec<&Told> {
    acts.iter().filter(|act| act.kind == "played").collect()
}

/// Asks a service; returns its answer.
async fn ask(
    app: &App,
    request: Request<Vec<u8>>,
) -> std::result::Result<(StatusCode, Vec<u8>), Refusal> {
    let answer = app.fetcher().ask(request).await;
    let answer =
        answer.map_err(|error| Refusal::Later(format!("The service: {}.", error.plain())))?;
    Ok((answer.status(), answer.into_body()))
}

/// Posts a form, or JSON; returns the answer.
async fn post(
    app: &App,
    address: &str,
    (media_type, body): (&str, Vec<u8>),
    authorization: Option<&str>,
) -> std::result::Result<(StatusCode, Vec<u8>), Refusal> {
    let mut request = Request::post(address).header("content-type", media_type);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let request = request
        .body(body)
        .map_err(|error| Refusal::Later(error.to_string()))?;
    ask(app, request).await
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn form(fields: &[(String, String)]) -> (&'static str, Vec<u8>) {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(fields);
    (FORM, text.finish().into_bytes())
}

fn json(value: &Value) -> (&'static str, Vec<u8>) {
    (JSON, value.to_string().into_bytes())
}

/// What a status of HTTP means: requests that make no sense are not made again.
fn judged((status, body): (StatusCode, Vec<u8>)) -> Taken {
    let told = || {
        let text = String::from_utf8_lossy(&body);
        format!("The service answered {status}: {}", short(&text))
    };
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Err(Refusal::Never(told())),
        _ => Err(Refusal::Later(told())),
    }
}

/// As much of an answer as a person reads.
fn short(text: &str) -> String {
    text.trim().chars().take(200).collect()
}
