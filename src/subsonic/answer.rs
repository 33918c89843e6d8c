//! The envelope of an answer, in the format that the player asks for.
use poem::{Response, http::StatusCode};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    refusal::{Refusal, Told},
    xml,
};

/// The version of Subsonic's API that this is.
const VERSION: &str = "1.16.1";
const NAMESPACE: &str = "http://subsonic.org/restapi";
const ROOT: &str = "subsonic-response";

/// How an answer is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Xml,
    Json,
    /// JSON as the argument of a function of this name.
    Jsonp(String),
}

impl Format {
    /// The format that the parameters `f` and `callback` ask for, or the nearest that there is.
    pub fn nearest(name: Option<&str>, callback: Option<&str>) -> Self {
        match (name, callback) {
            (Some("json"), _) => Self::Json,
            (Some("jsonp"), Some(callback)) if is_name(callback) => {
                Self::Jsonp(callback.to_owned())
            }
            (Some("jsonp"), _) => Self::Json,
            _ => Self::Xml,
        }
    }

    /// Refuses what asks for no format.
    pub fn check(name: Option<&str>, callback: Option<&str>) -> Told<()> {
        match (name, callback) {
            (None | Some("xml" | "json"), _) => Ok(()),
            (Some("jsonp"), None) => Err(Refusal::parameter("callback")),
            (Some("jsonp"), Some(callback)) if is_name(callback) => Ok(()),
            (Some("jsonp"), Some(_)) => Err(Refusal::generic(
                "'callback' must be the name of a function",
            )),
            (Some(other), _) => Err(Refusal::generic(format!(
                "'f': \"{other}\" is not xml, json or jsonp"
            ))),
        }
    }

    /// An answer with something in it.
    pub fn told<T: Serialize>(&self, name: &'static str, content: &T) -> Response {
        self.written(StatusCode::OK, "ok", Some((name, content)))
    }

    /// An answer that says no more than that it worked.
    pub fn done(&self) -> Response {
        self.written(StatusCode::OK, "ok", None::<(_, &())>)
    }

    pub fn refused(&self, refusal: &Refusal) -> Response {
        let content = Some(("error", &refusal.body()));
        let mut response = self.written(refusal.status, "failed", content);
        if let Some(wait) = refusal.retry_after {
            response.headers_mut().insert("retry-after", wait.into());
        }
        response
    }

    fn written<T: Serialize>(
        &self,
        code: StatusCode,
        status: &'static str,
        content: Option<(&'static str, &T)>,
    ) -> Response {
        let envelope = Envelope { status, content };
        let (kind, text) = match self {
            Self::Xml => (
                "text/xml; charset=utf-8",
                xml::document(ROOT, NAMESPACE, &envelope).map_err(|error| error.to_string()),
            ),
            Self::Json => ("application/json", json(&envelope)),
            Self::Jsonp(name) => (
                "application/javascript; charset=utf-8",
                json(&envelope).map(|json| format!("{name}({json});")),
            ),
        };
        let builder = Response::builder()
            .status(code)
            .header("cache-control", "private, no-store");
        match text {
            Ok(text) => builder.content_type(kind).body(text),
            Err(error) => {
                tracing::error!(error, "an answer could not be written");
                builder.status(StatusCode::INTERNAL_SERVER_ERROR).finish()
            }
        }
    }
}

/// Whether a text is the name of a function; none of an object, so that an answer calls nothing that a page has of its own.
fn is_name(text: &str) -> bool {
    let fits = |char: char| char.is_ascii_alphanumeric() || "_$".contains(char);
    (1..=200).contains(&text.len())
        && text.chars().all(fits)
        && !text.starts_with(|char: char| char.is_ascii_digit())
}

fn json<T: Serialize>(envelope: &Envelope<'_, T>) -> Result<String, String> {
    #[derive(Serialize)]
    struct Root<'a, T: Serialize> {
        #[serde(rename = "subsonic-response")]
        response: &'a Envelope<'a, T>,
    }
    let root = Root { response: envelope };
    serde_json::to_string(&root).map_err(|error| error.to_string())
}

/// What every answer says, and its content.
struct Envelope<'a, T> {
    status: &'static str,
    content: Option<(&'static str, &'a T)>,
}

impl<T: Serialize> Serialize for Envelope<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct(ROOT, 6)?;
        fields.serialize_field("status", self.status)?;
        fields.serialize_field("version", VERSION)?;
        fields.serialize_field("type", env!("CARGO_PKG_NAME"))?;
        fields.serialize_field("serverVersion", env!("CARGO_PKG_VERSION"))?;
        fields.serialize_field("openSubsonic", &true)?;
        if let Some((name, content)) = self.content {
            fields.serialize_field(name, content)?;
        }
        fields.end()
    }
}
