//! Previews of Markdown.
use async_graphql::Context;
use poem_openapi::OpenApi;
use serde::Serialize;

use super::contents::{self, Extent};
use crate::{
    error::{Error, Result},
    graphql::connection::answer,
    guard::{AllowExt, Allowed, operations},
    rest::{answer::Answer, body::Body},
};

operations! {
    "text", "Rendering of Markdown.";
    /// Renders Markdown as sanitized HTML.
    ///
    /// Shows how a description will look. A missing text, and a text of more than 5,000 characters,
    /// are answered with 400.
    preview: Preview = open, anonymous = Always, throttle = Wildcard, graphql = "textPreview";
}

/// Maximum characters of a text.
const MOST: usize = 5_000;

/// Markdown to preview.
#[derive(poem_openapi::Object)]
struct TextPreviewRequest {
    /// Markdown to render, up to 5,000 characters. Required.
    text: Option<String>,
    /// Whether to allow headings, pictures and tables; default `false`.
    permissive: Option<bool>,
}

/// A rendered preview.
#[derive(Serialize, poem_openapi::Object)]
struct TextPreview {
    /// Sanitized HTML.
    rendered: String,
}

fn render(_: &Allowed<Preview>, text: &str, permissive: bool) -> Result<String> {
    if text.chars().nth(MOST).is_some() {
        let complaint = format!("Ensure this field has no more than {MOST} characters.");
        return Err(Error::field("text", complaint));
    }
    let extent = if permissive {
        Extent::Permissive
    } else {
        Extent::Plain
    };
    Ok(contents::preview(text, extent))
}

fn preview(permit: &Allowed<Preview>, request: &TextPreviewRequest) -> Result<TextPreview> {
    let text = request
        .text
        .as_ref()
        .ok_or_else(|| Error::Refused("Invalid input".to_owned()))?;
    let rendered = render(permit, text, request.permissive.unwrap_or_default())?;
    Ok(TextPreview { rendered })
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1")]
impl Rest {
    #[oai(path = "/text-preview", method = "post")]
    async fn preview(
        &self,
        permit: Allowed<Preview>,
        request: Body<TextPreviewRequest>,
    ) -> Result<Answer<TextPreview>> {
        preview(&permit, &request.0).map(Answer)
    }
}

#[derive(Default)]
pub struct Queries;

#[async_graphql::Object(name = "TextQueries")]
impl Queries {
    #[graphql(complexity = 1_000)]
    async fn text_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Markdown to render, up to 5,000 characters.")] text: String,
        #[graphql(desc = "Whether to allow headings, pictures and tables; not, unless given.")]
        permissive: Option<bool>,
    ) -> Option<Result<String>> {
        answer(async { render(&ctx.allow().await?, &text, permissive.unwrap_or_default()) }).await
    }
}
