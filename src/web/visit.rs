//! One request of a browser, and the page that answers it.
use indexmap::IndexMap;
use minijinja::{Value, context, value::Serde};
use poem::{FromRequest, Request, RequestBody, Response, http::Method, http::StatusCode};

use super::templates;
use crate::{
    app::App,
    auth::{self, csrf},
    context::{Cx, Identity},
    error::{Error, Result},
    guard::{Allowed, Operation},
    rest::{
        cookies::{self, cookie},
        form,
        params::Pairs,
    },
};

/// One request of a browser. What it sends by a form has been shown to come from a page of ours.
pub struct Visit {
    pub cx: Cx,
    /// Where it is, with its query.
    pub address: String,
    pub query: Pairs,
    pub form: Pairs,
    /// The token of its session.
    pub session: Option<String>,
    csrf: String,
    has_csrf: bool,
}

/// A page, and what is put into it.
pub struct Page {
    pub status: StatusCode,
    pub template: &'static str,
    pub facts: Value,
    /// Where its forms may lead beside this pod, as a source of a policy (CSP).
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
    /// A request without what its form holds.
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
            has_csrf: cookie(request.headers(), csrf::COOKIE) == Some(csrf.as_str()),
            csrf,
        })
    }

    pub fn app(&self) -> &App {
        self.cx.app()
    }

    /// The user that is signed in; who is not is sent to sign in.
    pub fn user(&self) -> Result<&Identity> {
        self.cx.reader().user()
    }

    /// The permit for what a form does; it spends as the API does.
    pub async fn allow<O: Operation>(&self) -> Result<Allowed<O>> {
        self.cx.allow().await
    }

    /// The permit for what a page shows.
    pub async fn reach<O: Operation>(&self) -> Result<Allowed<O>> {
        self.cx.reach().await
    }

    /// What was typed into a field, without the space around it.
    pub fn typed(&self, name: &str) -> &str {
        self.form.last(name).unwrap_or_default().trim()
    }

    /// What was typed into a field, as it is: passwords.
    pub fn exact(&self, name: &str) -> &str {
        self.form.last(name).unwrap_or_default()
    }

    /// Where to go on to: an address of this pod, from the form or the query.
    pub fn next(&self) -> &str {
        let named = self.form.last("next").or_else(|| self.query.last("next"));
        within(named.unwrap_or_default())
    }

    /// What the pod is called.
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
            cookies::set_csrf(self.app(), &mut response, &self.csrf);
        }
        Ok(response)
    }

    /// Answers with a page that shows what was wrong, and what was typed.
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

    /// Answers with a page that says something.
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
            context! { username => identity.username.as_str() }
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
        if caller.is_some_and(|identity| identity.session_id.is_none()) {
            let why = "Pages are for browsers that are signed in. Programs use the API.";
            return Err(Error::Denied(why.to_owned()).into());
        }
        if request.method() == Method::POST {
            visit.form = form::fields(request, body).await?;
            if !csrf::is_genuine(request, visit.form.last(csrf::FIELD)) {
                let why = "This form is too old, or does not come from this pod. Go back, load the page again, and try once more.";
                return Err(Error::Denied(why.to_owned()).into());
            }
        }
        Ok(visit)
    }
}

/// An address of this pod; where it is another's, the start.
pub fn within(next: &str) -> &str {
    if is_of_this_pod(next) { next } else { "/" }
}

/// Whether an address leads nowhere but within this pod.
fn is_of_this_pod(next: &str) -> bool {
    next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
}

/// Nothing but what this server serves; pictures and audio may lie at `MEDIA_URL`.
pub fn policy(app: &App, frames: &str, leads_to: Option<&str>) -> String {
    let media = app.config().media_url();
    let leads_to = leads_to
        .map(|source| format!(" {source}"))
        .unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {media}; \
         font-src 'self' data:; connect-src 'self'; media-src 'self'; worker-src 'self'; \
         base-uri 'none'; form-action 'self'{leads_to}; frame-ancestors {frames}"
    )
}

/// Sends a browser on, which then asks with GET.
pub fn go(to: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header("location", to)
        .header("cache-control", "private, no-store")
        .finish()
}

/// An address with one parameter.
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
