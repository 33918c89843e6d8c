//! The OAuth provider.
mod applications;
mod authorisation;
mod rights;
mod tokens;

use poem::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Pod, Visitor};

const CALLBACK: &str = "https://c.test/cb";
const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application that was registered by nobody in particular.
struct App {
    id: String,
    secret: String,
}

async fn register(pod: &Pod, more: Value) -> App {
    let mut new = json!({"name": "Player", "scopes": "read write:playlists", "redirect_uris": format!("{CALLBACK} {OOB}")});
    new.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = pod.post("/api/v1/oauth/apps", &new).send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    App {
        id: made["client_id"].as_str().unwrap().to_owned(),
        secret: made["client_secret"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

impl App {
    fn request<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("client_id", self.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "read write:playlists"),
            ("state", "st"),
        ];
        for (name, value) in more {
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some(field) => field.1 = value,
                None => fields.push((name, value)),
            }
        }
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    fn address(&self, more: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.request(more))
            .finish();
        format!("/authorize?{query}")
    }

    /// A code, as scripts get it for alice.
    async fn code(&self, pod: &Pod, more: &[(&str, &str)]) -> String {
        let mut fields = self.request(more);
        fields.push(("allow", "true"));
        let answer = pod
            .ask(Method::POST, "/api/v1/oauth/authorize/")
            .form(&fields)
            .header("x-requested-with", "XMLHttpRequest")
            .by("alice")
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["code"].as_str().unwrap().to_owned()
    }

    async fn token(&self, pod: &Pod, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("client_id", self.id.as_str()),
            ("client_secret", self.secret.as_str()),
            ("redirect_uri", CALLBACK),
        ];
        fields.retain(|(name, value)| {
            !value.is_empty() && !more.iter().any(|(other, _)| other == name)
        });
        fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        pod.ask(Method::POST, "/api/v1/oauth/token/")
            .form(&fields)
            .send()
            .await
    }

    async fn exchange(&self, pod: &Pod, code: &str) -> Answer {
        self.token(pod, &[("grant_type", "authorization_code"), ("code", code)])
            .await
    }

    async fn refresh(&self, pod: &Pod, token: &str) -> Answer {
        self.token(
            pod,
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
        .await
    }

    /// Access token and refresh token.
    async fn pair(&self, pod: &Pod) -> (String, String) {
        let code = self.code(pod, &[]).await;
        pair(&self.exchange(pod, &code).await)
    }
}

/// What the consent page says that it shows.
fn shown(page: &Answer) -> String {
    page.between("name=\"shown\" value=\"", "\"")
}

/// Reads the consent page and approves.
async fn approve(visitor: &mut Visitor<'_>, app: &App, more: &[(&str, &str)]) -> Answer {
    let asking = [more, &[("prompt", "consent")]].concat();
    let page = visitor.get(&app.address(&asking)).await;
    let shown = shown(&page);
    let fields = [more, &[("allow", "true"), ("shown", &shown)]].concat();
    visitor.submit("/authorize", &app.request(&fields)).await
}

fn pair(answer: &Answer) -> (String, String) {
    let body = answer.json();
    let token = |name: &str| {
        body[name]
            .as_str()
            .unwrap_or_else(|| panic!("{body}"))
            .to_owned()
    };
    (token("access_token"), token("refresh_token"))
}

/// Whether a token is taken.
async fn works(pod: &Pod, token: &str) -> bool {
    match pod
        .get("/api/v1/users/me")
        .by(token)
        .send()
        .await
        .status
        .as_u16()
    {
        200 => true,
        401 => false,
        status => panic!("{status}"),
    }
}

fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]),
        (status, &json!(error)),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
