use poem::{Endpoint, IntoResponse, Request, Response};

use super::assets::page;
use crate::{
    app::App,
    error::{Error, Result},
};

/// A page of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Start,
    GraphiQl,
    Docs,
    SignedIn,
    Embed,
}

/// Serves one page.
pub struct Page {
    app: App,
    kind: Kind,
    template: String,
}

impl Page {
    fn new(app: &App, kind: Kind, name: &str) -> Self {
        Self {
            app: app.clone(),
            kind,
            template: page(name),
        }
    }

    /// What this pod is, its figures, and where to go.
    pub fn start(app: &App) -> Self {
        Self::new(app, Kind::Start, "start")
    }

    /// The explorer of the GraphQL API.
    pub fn graphiql(app: &App) -> Self {
        Self::new(app, Kind::GraphiQl, "graphiql")
    }

    /// The explorer of the REST API.
    pub fn docs(app: &App) -> Self {
        Self::new(app, Kind::Docs, "docs")
    }

    /// Where signing in to the explorer of the REST API leads back to.
    pub fn signed_in(app: &App) -> Self {
        Self::new(app, Kind::SignedIn, "oauth2-redirect")
    }

    /// A player within the pages of other sites, as oEmbed tells them.
    pub fn embed(app: &App) -> Self {
        Self::new(app, Kind::Embed, "embed")
    }

    async fn html(&self) -> Result<String> {
        Ok(match self.kind {
            Kind::Start => filled(&self.template, &facts(&self.app).await?),
            Kind::Docs => filled(&self.template, &[("client_id", String::new())]),
            Kind::GraphiQl | Kind::SignedIn | Kind::Embed => self.template.clone(),
        })
    }

    async fn answer(&self) -> Result<Response> {
        let html = self.html().await?;
        // Browsers that know this rule pay no heed to `X-Frame-Options` beside it.
        let frames = match self.kind {
            Kind::Embed => "*",
            _ => "'none'",
        };
        let builder = Response::builder()
            .content_type("text/html; charset=utf-8")
            .header("content-security-policy", self.policy(frames));
        Ok(builder.body(html))
    }

    /// Nothing but what this server serves; pictures and audio may lie at `MEDIA_URL`.
    fn policy(&self, frames: &str) -> String {
        let media = self.app.config().media_url();
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; \
             img-src 'self' data: {media}; font-src 'self' data:; connect-src 'self'; \
             media-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors {frames}"
        )
    }
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let method = request.method();
        if !matches!(method.as_str(), "GET" | "HEAD") {
            return Ok(Error::MethodNotAllowed(method.to_string()).into_response());
        }
        Ok(self
            .answer()
            .await
            .unwrap_or_else(IntoResponse::into_response))
    }
}

/// What the start page tells.
async fn facts(app: &App) -> Result<Vec<(&'static str, String)>> {
    let preferences = app.preferences().await?;
    let figures = app.figures().await?;
    let told = preferences.statistics_enabled();
    let figure = |value: i64| match told {
        true => value.to_string(),
        false => "-".to_owned(),
    };
    let name = match preferences.text("instance__name") {
        name if name.is_empty() => app.config().hostname(),
        name => name,
    };
    Ok(vec![
        ("name", name),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        (
            "short_description",
            preferences.text("instance__short_description"),
        ),
        ("artists", figure(figures.artists)),
        ("albums", figure(figures.albums)),
        ("tracks", figure(figures.tracks)),
        ("hours", figure(figures.seconds / 3600)),
        ("users", figure(figures.users)),
        ("public_url", app.config().public_url()),
    ])
}

/// Puts texts into the places `{{name}}` of a template, as text.
fn filled(template: &str, facts: &[(&str, String)]) -> String {
    let put = |page: String, (name, text): &(&str, String)| {
        page.replace(&format!("{{{{{name}}}}}"), &escaped(text))
    };
    facts.iter().fold(template.to_owned(), put)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
        .replace('{', "&#123;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_text() {
        let facts = [
            ("name", "<script>{{version}}".to_owned()),
            ("version", "1".to_owned()),
        ];
        let page = filled("<p title=\"{{name}}\">{{version}}", &facts);
        assert_eq!(page, "<p title=\"&lt;script&gt;&#123;&#123;version}}\">1");
    }
}
