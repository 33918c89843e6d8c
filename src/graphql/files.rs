//! Files in requests (GraphQL multipart request specification): a form of which the field `operations` holds the request,
//! `map` says where each file belongs, and the files follow. They are read by the mutation that takes them, so that
//! none is read for a caller who may not send it.
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use indexmap::IndexMap;
use serde_json::Value as Json;
use tokio::sync::Mutex;

use crate::{
    error::{Error, Result},
    rest::parts::{MISSING, Part, Parts, SentFilePart},
};

/// A file of a multipart request; see <https://github.com/jaydenseric/graphql-multipart-request-spec>. As a variable, it is
/// null in the request, and set by the field `map` of the form.
#[derive(Clone, Debug)]
pub struct File(String);

/// A file of a multipart request; see <https://github.com/jaydenseric/graphql-multipart-request-spec>. As a variable, it is
/// null in the request, and set by the field `map` of the form.
#[Scalar(name = "File")]
impl ScalarType for File {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(name) => Ok(Self(name)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// The files of a request that have not been read yet.
#[derive(Default)]
pub struct Files(Mutex<Option<Parts>>);

impl Files {
    pub fn new(form: Parts) -> Self {
        Self(Mutex::new(Some(form)))
    }

    /// A file that comes in. Files come in the order in which mutations use them.
    ///
    /// # Errors
    /// `Invalid` if it does not come.
    pub async fn open(&self, file: &File) -> Result<SentFilePart> {
        let mut form = self.0.lock().await;
        let Some(parts) = form.as_mut() else {
            return Err(absent());
        };
        while let Some(part) = parts.next().await? {
            match part {
                Part::File(sent) if sent.name == file.0 => return Ok(sent),
                // The mutation that was to take it has failed, or comes later: too late.
                Part::File(sent) => sent.pass(usize::MAX).await?,
                Part::Text { .. } => {}
            }
        }
        Err(absent())
    }
}

fn absent() -> Error {
    let complaint = format!(
        "{MISSING} Send a multipart request, with the files in the order in which the mutations use them."
    );
    Error::field("audio_file", complaint)
}

/// Files of a request at most.
const MOST: usize = 10;
/// Bytes of the name of a file's part.
const NAME: usize = 100;

/// Reads the request from a form, as far as the files; these are left in the form.
///
/// # Errors
/// `Refused` if the form is not as specified.
pub async fn request(form: &mut Parts) -> Result<Json> {
    let mut operations = operations(form).await?;
    let map = field(form, "map").await?;
    let map: IndexMap<String, Vec<String>> =
        serde_json::from_str(&map).map_err(|error| Error::field("map", error.to_string()))?;
    if map.len() > MOST || map.values().map(Vec::len).sum::<usize>() > MOST {
        let complaint = format!("At most {MOST} files are allowed.");
        return Err(Error::field("map", complaint));
    }
    if map.keys().any(|name| name.len() > NAME) {
        let complaint = format!("Names may have at most {NAME} bytes.");
        return Err(Error::field("map", complaint));
    }
    for (name, paths) in &map {
        for path in paths {
            let wrong = || Error::field("map", format!("There is no null at `{path}`."));
            let pointer = format!("/{}", path.replace('.', "/"));
            let place = operations.pointer_mut(&pointer);
            let place = place.filter(|place| place.is_null()).ok_or_else(wrong)?;
            *place = Json::String(name.clone());
        }
    }
    Ok(operations)
}

async fn operations(form: &mut Parts) -> Result<Json> {
    let text = field(form, "operations").await?;
    let request: Json = serde_json::from_str(&text)
        .map_err(|error| Error::field("operations", error.to_string()))?;
    match request.is_array() {
        true => Err(Error::field("operations", "A batch cannot have files.")),
        false => Ok(request),
    }
}

/// The next field, which has to be this one.
async fn field(form: &mut Parts, wanted: &str) -> Result<String> {
    match form.next().await? {
        Some(Part::Text { name, value }) if name == wanted => Ok(value),
        _ => Err(Error::field(
            wanted,
            "The fields `operations` and `map` must come first, in this order.",
        )),
    }
}
