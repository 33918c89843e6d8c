//! What clients send: a query, or several at once.
use poem::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    files::{self, Files},
    outcome::LEGACY,
};
use crate::{
    context::Cx,
    error::{Error, Result},
    rest::{
        incoming::{essence, limited},
        params::Pairs,
        parts::{PARTS, Parts},
    },
};

/// Queries in one request at most.
const BATCH: usize = 10;

/// What a request asks for (section "Request Parameters").
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    #[serde(default)]
    pub query: Option<String>,
    #[serde(default)]
    pub operation_name: Option<String>,
    #[serde(default)]
    pub variables: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    pub extensions: Option<Extensions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
    pub persisted_query: Option<PersistedQuery>,
    /// Whether the answer is to tell the complexity of the query.
    #[serde(default)]
    pub cost: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistedQuery {
    pub sha256_hash: String,
}

/// One query, or several in one request.
pub enum Sent {
    One(Parameters),
    Batch(Vec<Parameters>),
}

/// What the address of a `GET` asks for.
pub fn from_url(query: &str) -> Result<Parameters> {
    let pairs = Pairs::parse(query)?;
    let json = |name: &str| match pairs.last(name).filter(|text| !text.is_empty()) {
        None => Ok(Value::Null),
        Some(text) => serde_json::from_str(text)
            .map_err(|error| Error::field(name, format!("This is not JSON: {error}"))),
    };
    parameters(json!({
        "query": pairs.last("query"),
        "operationName": pairs.last("operationName"),
        "variables": json("variables")?,
        "extensions": json("extensions")?,
    }))
}

/// What the body of a `POST` asks for. Files stay in the form until they are read.
pub async fn from_body(cx: &Cx, mut request: Request) -> Result<Sent> {
    let content_type = request.content_type().unwrap_or_default().to_owned();
    let kind = essence(&content_type);
    if kind.eq_ignore_ascii_case(PARTS) {
        let body = request.take_body();
        let form = Parts::of(&request, body, Vec::new()).await?;
        let mut form = form.ok_or(Error::UnsupportedMediaType(content_type))?;
        let asked = parameters(files::request(&mut form).await?)?;
        cx.bring(Files::new(form));
        return Ok(Sent::One(asked));
    }
    if !kind.eq_ignore_ascii_case(LEGACY) {
        return Err(Error::UnsupportedMediaType(content_type));
    }
    let (_, mut body) = request.split();
    let bytes = limited(&mut body).await?;
    let value =
        serde_json::from_slice(&bytes).map_err(|error| Error::Malformed(error.to_string()))?;
    match value {
        Value::Array(batch) if batch.is_empty() || batch.len() > BATCH => Err(Error::Refused(
            format!("A batch must have 1 to {BATCH} queries."),
        )),
        Value::Array(batch) => batch
            .into_iter()
            .map(parameters)
            .collect::<Result<_>>()
            .map(Sent::Batch),
        value => parameters(value).map(Sent::One),
    }
}

/// Reads one query.
pub fn parameters(value: Value) -> Result<Parameters> {
    let Value::Object(fields) = &value else {
        return Err(Error::Refused(
            "Expected a JSON object or a list of JSON objects.".to_owned(),
        ));
    };
    for (name, fits, kind) in [
        ("query", Value::is_string as fn(&Value) -> bool, "a string"),
        ("operationName", Value::is_string, "a string"),
        ("variables", Value::is_object, "an object"),
        ("extensions", Value::is_object, "an object"),
    ] {
        let value = fields.get(name).unwrap_or(&Value::Null);
        if !value.is_null() && !fits(value) {
            return Err(Error::field(name, format!("Must be {kind}.")));
        }
    }
    let mut parameters: Parameters =
        serde_json::from_value(value).map_err(|error| Error::Refused(error.to_string()))?;
    // Some clients send an empty name for none.
    parameters.operation_name.take_if(|name| name.is_empty());
    Ok(parameters)
}
