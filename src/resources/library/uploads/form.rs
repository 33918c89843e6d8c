//! Uploads as REST clients send them: a form, whose fields may come before and behind the file.
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::{
    Create, Upload,
    metadata::UploadMetadata,
    receive::receive,
    write::{NewUpload, Submission, store},
};
use crate::{
    error::{Error, Result},
    graphql::reference::ByUuid,
    guard::Allowed,
    rest::{
        params::Scalar,
        parts::{MISSING, Part, Parts, SentFilePart, UNWANTED},
    },
};

/// Creates an upload from a form. What its fields ask for is checked before the file is read, as far as they come first.
pub async fn create(permit: &Allowed<Create>, mut form: Parts) -> Result<Upload> {
    let mut new = NewUpload::default();
    let missing = || Error::field("audio_file", MISSING);
    let file = new.read(&mut form).await?.ok_or_else(missing)?;
    new.precheck(permit).await?;
    let received = receive(permit, file).await?;
    let rest = timeout(REST, async {
        while let Some(file) = new.read(&mut form).await? {
            file.pass(UNWANTED).await?;
        }
        Ok::<_, Error>(())
    });
    rest.await.map_err(|_| Error::Late)??;
    store(permit, new, received).await
}

/// For what comes behind the file.
const REST: Duration = Duration::from_secs(60);

impl NewUpload {
    /// Reads fields up to the audio file.
    async fn read(&mut self, form: &mut Parts) -> Result<Option<SentFilePart>> {
        while let Some(part) = form.next().await? {
            match part {
                Part::Text { name, value } => self.set(&name, value)?,
                Part::File(file) if file.name == "audio_file" => return Ok(Some(file)),
                Part::File(file) => file.pass(UNWANTED).await?,
            }
        }
        Ok(None)
    }

    fn set(&mut self, name: &str, value: String) -> Result<()> {
        let some = Some(value.clone()).filter(|text| !text.trim().is_empty());
        match name {
            "library" => self.library = referred("library", some)?,
            "channel" => self.channel = referred("channel", some)?,
            "import_reference" => self.import_reference = some,
            "source" => self.source = some,
            "import_status" => {
                let wrong = |_| {
                    let complaint = format!("\"{value}\" is not a valid choice.");
                    Error::field("import_status", complaint)
                };
                self.import_status = Submission::read(&value).map_err(wrong)?;
            }
            "import_metadata" => {
                self.metadata = Some(UploadMetadata::read(&Value::String(value))?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The object that a field of a form refers to.
fn referred<T: 'static>(field: &str, sent: Option<String>) -> Result<Option<ByUuid<T>>>
where
    ByUuid<T>: Scalar,
{
    let Some(sent) = sent else { return Ok(None) };
    ByUuid::read(&sent).map_err(|complaint| Error::field(field, complaint))
}
