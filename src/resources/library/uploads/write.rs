//! Creating and changing uploads.
use poem_openapi::{Object, types::Any};
use serde_json::Value;

use super::{
    Create, Update, Upload,
    metadata::{self, UploadMetadata},
    receive::{Received, recheck},
};
use crate::{
    error::{Error, Result},
    graphql::{ids::Key, reference::ByUuid},
    guard::{Allowed, Operation},
    jobs::{self, UploadImport},
    media::{staging, storage},
    resources::{
        checks::shorter,
        library::libraries::{Library, named_own},
        publishing::channels::Channel,
    },
    rest::params::choices,
    store::{On, Tx, sql},
};

choices! {
    /// Whether an upload is submitted for import.
    pub enum Submission {
        /// Not submitted yet: it can be changed, and is not heard.
        Draft = "draft",
        /// Submitted.
        Pending = "pending",
    }
}

/// Where an upload goes, and what is said of it.
#[derive(Debug, Default)]
pub struct NewUpload {
    pub library: Option<ByUuid<Library>>,
    pub channel: Option<ByUuid<Channel>>,
    pub import_reference: Option<String>,
    pub import_status: Option<Submission>,
    pub source: Option<String>,
    pub metadata: Option<UploadMetadata>,
}

/// What to change of an upload that is a draft. Fields that are not given keep their values.
#[derive(Debug, Default, Object)]
pub struct UploadChanges {
    /// The library, which must be your own.
    pub library: Option<ByUuid<Library>>,
    /// Metadata that take precedence over the tags of the file: `title` (required), `mbid`, `position`, `tags`, `license`,
    /// `copyright`, `description`; for uploads in channels also `album` and `cover`.
    pub import_metadata: Option<Any<Value>>,
    /// A name for the import, up to 50 characters.
    pub import_reference: Option<String>,
    /// `pending` submits the upload for import.
    pub import_status: Option<Submission>,
    /// Where the file comes from, up to 500 characters.
    pub source: Option<String>,
}

const REFERENCE: usize = 50;
const SOURCE: usize = 500;

impl NewUpload {
    /// Checks what is known before the file is read.
    pub async fn precheck(&self, permit: &Allowed<Create>) -> Result<()> {
        self.check()?;
        match (&self.library, &self.channel) {
            // It may come behind the file.
            (None, None) => Ok(()),
            _ => self.library_id(permit, permit.db()).await.map(|_| ()),
        }
    }

    fn check(&self) -> Result<()> {
        let reference = self.import_reference.as_deref().unwrap_or_default();
        shorter("import_reference", reference, REFERENCE)?;
        check_source(self.source.as_deref())
    }

    async fn library_id(&self, permit: &Allowed<Create>, on: impl On) -> Result<i64> {
        let refused = |complaint: &str| Error::field("non_field_errors", complaint);
        match (&self.library, &self.channel) {
            (Some(_), Some(_)) => Err(refused("You may specify a channel or a library, not both")),
            (None, None) => Err(refused("You need to specify a channel or a library")),
            (Some(library), None) => {
                let wanted = ("library", library);
                Ok(named_own(on, permit.actor_id(), wanted).await?.0)
            }
            (None, Some(channel)) => own_channel(permit, on, channel).await,
        }
    }
}

/// Refuses a source that is too long, or names a file of the server: such are played in place.
fn check_source(source: Option<&str>) -> Result<()> {
    let source = source.unwrap_or_default();
    if source
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("file:")
    {
        return Err(Error::field("source", "Must not be a file of the server."));
    }
    shorter("source", source, SOURCE)
}

/// The ID of the library of one of the caller's channels.
async fn own_channel(
    permit: &Allowed<Create>,
    on: impl On,
    channel: &ByUuid<Channel>,
) -> Result<i64> {
    let key = channel.key("channel")?;
    let own = sql("select library_id from channels where ")
        .append(key.condition())
        .then(" and attributed_to_id = ?");
    let own: Option<(i64,)> = own
        .bind(permit.actor_id().unwrap_or(-1))
        .optional(on)
        .await?;
    let missing = || Error::field("channel", format!("Object with {key} does not exist."));
    own.map(|(id,)| id).ok_or_else(missing)
}

/// Writes the row of a file that has come in. The file comes to its place afterwards: see `media/staging.rs`.
pub async fn store(
    permit: &Allowed<Create>,
    new: NewUpload,
    mut received: Received,
) -> Result<Upload> {
    new.check()?;
    new.library_id(permit, permit.db()).await?;
    let storage = &permit.media().storage;
    received
        .file
        .offer(storage)
        .await
        .map_err(storage::failed)?;
    let mut tx = permit.begin().await?;
    let id = match write(permit, &mut tx, &new, &received).await {
        Ok(id) => id,
        Err(error) => {
            drop(tx);
            received.file.discard(storage).await;
            return Err(error);
        }
    };
    let place = received.file.place();
    // From here on the row decides, also if nobody learns whether it was committed.
    received.file.keep();
    tx.commit().await?;
    if let Err(error) = staging::settle(storage, &place).await {
        tracing::error!(%error, file = place, "a file is not in its place yet");
    }
    permit.app().add_jobs();
    loaded(permit, id).await
}

/// Writes the row of an upload, and the job that imports it.
async fn write(
    permit: &Allowed<Create>,
    tx: &mut Tx,
    new: &NewUpload,
    received: &Received,
) -> Result<i64> {
    let library = new.library_id(permit, &mut *tx).await?;
    let named = (library, new.metadata.as_ref());
    check_references(permit, tx, named).await?;
    recheck(permit, tx, received).await?;
    let id = insert(permit, tx, new, library, received).await?;
    if new.import_status != Some(Submission::Draft) {
        let import = UploadImport { upload: id };
        jobs::enqueue(tx, &import, permit.clock().now()).await?;
    }
    Ok(id)
}

async fn insert(
    permit: &Allowed<Create>,
    tx: &mut Tx,
    new: &NewUpload,
    library: i64,
    received: &Received,
) -> Result<i64> {
    let now = permit.clock().now();
    let fid = format!(
        "{}/federation/music/uploads/{}",
        permit.names().public_url,
        received.uuid
    );
    let reference = || crate::random::uuid().to_string();
    let metadata = serde_json::to_value(&new.metadata).map_err(Error::internal)?;
    sql(
        "insert into uploads (uuid, fid, library_id, audio_file, source, mimetype, size, duration, bitrate,
           creation_date, modification_date, import_status, import_reference, import_metadata, file_name)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(received.uuid)
    .bind(fid)
    .bind(library)
    .bind(received.file.place())
    .bind(new.source.clone().unwrap_or_else(|| source(&received.name)))
    .bind(received.mimetype.as_str())
    .bind(received.file.size())
    .bind(received.duration)
    .bind(received.bitrate)
    .bind(now)
    .bind(now)
    .bind(new.import_status.unwrap_or(Submission::Pending))
    .bind(new.import_reference.clone().unwrap_or_else(reference))
    .bind(match metadata {
        Value::Null => Value::Object(serde_json::Map::new()),
        metadata => metadata,
    })
    .bind(received.name.as_str())
    .number(tx)
    .await
}

/// The source of a file that was uploaded under this name.
fn source(name: &str) -> String {
    format!("{UPLOADED}{name}")
}

/// The name of the file that was uploaded; empty if its source is another.
pub fn uploaded_name(source: Option<&str>) -> &str {
    let name = source.and_then(|source| source.strip_prefix(UPLOADED));
    name.unwrap_or_default().trim_start_matches('/')
}

const UPLOADED: &str = "upload://";

/// Refuses metadata that name what is not there, or not the caller's.
async fn check_references<O: Operation>(
    permit: &Allowed<O>,
    tx: &mut Tx,
    (library, metadata): (i64, Option<&UploadMetadata>),
) -> Result<()> {
    let Some(metadata) = metadata else {
        return Ok(());
    };
    if let Some(cover) = metadata.cover {
        let own = sql("select id from attachments where uuid = ? and actor_id = ?");
        let own = own.bind(cover).bind(permit.actor_id().unwrap_or(-1));
        if own.ids(&mut *tx).await?.is_empty() {
            return Err(metadata::told(
                "cover",
                &format!("Object with uuid={cover} does not exist."),
            ));
        }
    }
    if let Some(license) = &metadata.license {
        let known = sql("select count(*) from licenses where code = ?").bind(license.as_str());
        if known.number(&mut *tx).await? == 0 {
            return Err(metadata::told(
                "license",
                &format!("Object with code={license} does not exist."),
            ));
        }
    }
    if let Some(album) = metadata.album {
        // In a library, the file says what its album is.
        let known = sql(
            "select count(*) from channels c join album_artists h on h.artist_id = c.artist_id
             where c.library_id = ? and h.album_id = ?",
        );
        if known.bind(library).bind(album).number(tx).await? == 0 {
            return Err(metadata::told(
                "album",
                &format!("Invalid pk \"{album}\" - object does not exist."),
            ));
        }
    }
    Ok(())
}

/// Changes a draft. What has been submitted stays as it is.
///
/// # Errors
/// `NotFound` unless it is a draft of the caller.
pub async fn update(permit: &Allowed<Update>, key: Key, changes: UploadChanges) -> Result<Upload> {
    let metadata = match &changes.import_metadata {
        Some(Any(sent)) => Some(UploadMetadata::read(sent)?),
        None => None,
    };
    change(permit, key, changes, metadata).await
}

/// As [`update`], with metadata that were read already.
pub async fn change(
    permit: &Allowed<Update>,
    key: Key,
    changes: UploadChanges,
    metadata: Option<UploadMetadata>,
) -> Result<Upload> {
    let reference = changes.import_reference.as_deref().unwrap_or_default();
    shorter("import_reference", reference, REFERENCE)?;
    check_source(changes.source.as_deref())?;
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    let draft = sql(
        "select u.id, u.library_id from uploads u join libraries l on l.id = u.library_id
         where u.import_status = 'draft' and u.audio_file <> '' and l.actor_id = ? and u.",
    )
    .bind(permit.actor_id().unwrap_or(-1))
    .append(key.condition());
    let (id, there): (i64, i64) = draft.one(&mut tx).await?;
    tx.lock(sql("select id from uploads where id = ?").bind(id))
        .await?;
    let library = match &changes.library {
        Some(library) => {
            let wanted = ("library", library);
            Some(named_own(&mut tx, permit.actor_id(), wanted).await?.0)
        }
        None => None,
    };
    let named = (library.unwrap_or(there), metadata.as_ref());
    check_references(permit, &mut tx, named).await?;
    let metadata = metadata.map(serde_json::to_value).transpose();
    let changed = sql(
        "update uploads set library_id = coalesce(?, library_id), import_metadata = coalesce(?, import_metadata),
           import_reference = coalesce(?, import_reference), import_status = coalesce(?, import_status),
           source = coalesce(?, source), modification_date = ? where id = ? and import_status = 'draft'",
    )
    .bind(library)
    .bind(metadata.map_err(Error::internal)?)
    .bind(changes.import_reference)
    .bind(changes.import_status.map(|status| status.word().to_owned()))
    .bind(changes.source)
    .bind(now)
    .bind(id)
    .run(&mut tx)
    .await?;
    if changed == 0 {
        return Err(Error::NotFound);
    }
    if changes.import_status == Some(Submission::Pending) {
        jobs::enqueue(&mut tx, &UploadImport { upload: id }, now).await?;
    }
    tx.commit().await?;
    permit.app().add_jobs();
    loaded(permit, id).await
}

async fn loaded<O: Operation>(permit: &Allowed<O>, id: i64) -> Result<Upload> {
    let row = permit.loaders().one::<Upload>(id).await?;
    row.ok_or(Error::NotFound)
}
