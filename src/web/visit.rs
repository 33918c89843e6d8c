//! A request from a browser, and the page it is answered with.
use indexmap::IndexMap;
use minijinja::{Value, context, value::Serde};
use poem::{
    FromRequest, Request, RequestBody, Response,
    http::{Method, StatusCode},
};

use super::templates;
use crate::{
    app::App,
    auth::{self, browser, csrf},
    caller::Identity,
    context::Cx,
    error::{Error, Result},
    guard::{Allowed, Operation},
    media::bucket::web_address,
    rest::{cookies::cookie, form, params::Pairs},
};

/// A request from a browser. Its form has passed the CSRF check.
pub struct Visit {
    pub cx: Cx,
    /// The path, with its query.
    pub address: String,
    pub query: Pairs,
    pub form: Pairs,
    /// The session token.
    pub session: Option<String>,
    /// The cookie of a browser that was used before.
    pub known_browser: Option<String>,
    csrf: String,
    has_csrf: bool,
}

/// A template and its values.
pub struct Page {
    pub status: StatusCode,
    pub template: &'static str,
    pub facts: Value,
    /// An additional `form-action` source for the content security policy.
    pub leads_to: Option<String>,
}

impl Page {
    pub fn new(template: &'static str, facts: Value) -> Self {
        Self {
            status: StatusCode::OK,
            template,
            facts,
            leads_to: None,
        }
    }
}

impl Visit {
    /// A request, without the content of its form.
    pub fn of(request: &Request) -> Result<Self> {
        let csrf = csrf::token(request);
        Ok(Self {
            cx: Cx::of(request).clone(),
            address: request
                .uri()
                .path_and_query()
                .map_or("/", |whole| whole.as_str())
                .to_owned(),
            query: Pairs::parse(request.uri().query().unwrap_or_default())?,
            form: Pairs::default(),
            session: auth::session(request).map(str::to_owned),
            known_browser: cookie(request.headers(), auth::known_browser::COOKIE)
                .map(str::to_owned),
            has_csrf: cookie(request.headers(), csrf::COOKIE) == Some(csrf.as_str()),
            csrf,
        })
    }

    pub fn app(&self) -> &App {
        self.cx.app()
    }

    /// The signed-in user. The error redirects to the sign-in page.
    pub fn user(&self) -> Result<&Identity> {
        self.cx.reader().user()
    }

    /// The permit for a form's action; counts against the rate limit as the API does.
    pub async fn allow<O: Operation>(&self) -> Result<Allowed<O>> {
        self.cx.allow().await
    }

    /// The permit for the content of a page.
    pub async fn reach<O: Operation>(&self) -> Result<Allowed<O>> {
        self.cx.reach().await
    }

    /// The value of a form field, trimmed.
    pub fn typed(&self, name: &str) -> &str {
        self.form.last(name).unwrap_or_default().trim()
    }

    /// The value of a form field, untrimmed: for passwords.
    pub fn exact(&self, name: &str) -> &str {
        self.form.last(name).unwrap_or_default()
    }

    /// Where to redirect next: a path of this pod, from the form or the query.
    pub fn next(&self) -> &str {
        let named = self.form.last("next").or_else(|| self.query.last("next"));
        within(named.unwrap_or_default())
    }

    /// The name of the pod.
    pub async fn pod_name(&self) -> Result<String> {
        let preferences = self.app().preferences().await?;
        Ok(match preferences.text("instance__name") {
            name if name.is_empty() => self.app().config().hostname(),
            name => name,
        })
    }

    /// Answers with a page.
    pub async fn show(&self, page: Page) -> Result<Response> {
        let html = self.html(page.template, page.facts).await?;
        let mut response = Response::builder()
            .status(page.status)
            .content_type("text/html; charset=utf-8")
            .header(
                "content-security-policy",
                policy(self.app(), "'none'", page.leads_to.as_deref()),
            )
            .header("cache-control", "private, no-store")
            .body(html);
        if !self.has_csrf {
            browser::set_csrf(self.app(), &mut response, &self.csrf);
        }
        Ok(response)
    }

    /// Answers with the form's page, showing the errors and the submitted values.
    pub async fn complain(&self, page: Page, error: Error) -> Result<Response> {
        let Error::Invalid(errors) = error else {
            return Err(error);
        };
        let values: IndexMap<&str, &str> = self.form.iter().collect();
        let (errors, values) = (Serde(errors), Serde(values));
        let facts = context! { errors, values, ..page.facts };
        let status = StatusCode::BAD_REQUEST;
        self.show(Page {
            status,
            facts,
            ..page
        })
        .await
    }

    /// Answers with a page that shows a message.
    pub async fn say(&self, status: StatusCode, title: &str, text: &str) -> Result<Response> {
        let facts = context! { title, text };
        self.show(Page {
            status,
            ..Page::new("message.html", facts)
        })
        .await
    }

    pub async fn html(&self, template: &str, facts: Value) -> Result<String> {
        let user = self.cx.caller().identity().map(|identity| {
            let held = identity.permissions;
            let keeps_people = held.moderation || held.settings;
            context! {
                username => identity.username.as_str(),
                keeps_people,
                keeps_settings => held.settings,
                keeps_server => held.library || held.settings,
            }
        });
        let frame = context! {
            name => self.pod_name().await?,
            user,
            csrf => self.csrf.as_str(),
            errors => context! {},
            values => context! {},
        };
        templates::render(template, context! { ..facts, ..frame })
    }
}

impl<'a> FromRequest<'a> for Visit {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let mut visit = Self::of(request)?;
        if let Some(refusal) = visit.cx.caller().refusal() {
            return Err(refusal.clone().into());
        }
        let caller = visit.cx.caller().identity();
        if caller.is_some_and(|identity| identity.session_id().is_none()) {
            let why = "Web pages require a browser session. Use the API with this token.";
            return Err(Error::Denied(why.to_owned()).into());
        }
        if request.method() == Method::POST {
            visit.form = form::fields(request, body).await?;
            if !csrf::is_genuine(request, visit.form.last(csrf::FIELD)) {
                let why = "This form has expired or does not come from this pod. Go back, reload the page, and try again.";
                return Err(Error::Denied(why.to_owned()).into());
            }
        }
        Ok(visit)
    }
}

/// The path if it is on this pod, otherwise the start page.
pub fn within(next: &str) -> &str {
    if is_of_this_pod(next) { next } else { "/" }
}

/// Whether a redirect target is a path of this pod.
fn is_of_this_pod(next: &str) -> bool {
    next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
}

/// The content security policy: only this server, `MEDIA_URL` for pictures, and the store to which listeners are sent.
pub fn policy(app: &App, frames: &str, leads_to: Option<&str>) -> String {
    let media = app.config().media_url();
    let s3 = &app.config().s3;
    let sends_audio = s3.bucket().filter(|_| !s3.proxy_media);
    let store = sends_audio.map(|bucket| match s3.endpoint().and_then(web_address) {
        Some(endpoint) => format!(" {}", endpoint.origin().ascii_serialization()),
        None => format!(
            " https://s3.{0}.amazonaws.com https://{bucket}.s3.{0}.amazonaws.com",
            s3.s3_region
        ),
    });
    let store = store.unwrap_or_default();
    let leads_to = leads_to
        .map(|source| format!(" {source}"))
        .unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {media}; \
         font-src 'self' data:; connect-src 'self'; media-src 'self'{store}; worker-src 'self'; \
         base-uri 'none'; form-action 'self'{leads_to}; frame-ancestors {frames}"
    )
}

/// Redirects a browser to a path, which it then requests with GET.
pub fn go(to: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header("location", to)
        .header("cache-control", "private, no-store")
        .finish()
}

/// A path with one query parameter.
pub fn with(path: &str, name: &str, value: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_on_to_another_host() {
        for good in [
            "/",
            "/settings",
            "/authorize?redirect_uri=https://c.example/",
        ] {
            assert!(is_of_this_pod(good), "{good}");
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:x",
            "/\t/evil.example",
            "evil",
        ] {
            assert!(!is_of_this_pod(bad), "{bad}");
        }
    }
}
