use std::{collections::HashMap, sync::Arc};

use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Act, Create, Delete, FileMetadata, ImportStatus, List, Query, Retrieve, Update, Upload,
    actions,
    file_metadata::{self, AudioFileMetadata},
    form, of_row, retrieve,
    sql::listing,
    write::{self, UploadChanges},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation},
    live::Row,
    load::{Loaders, sole},
    resources::{
        catalogue::{
            artists::Depth,
            tracks::{TrackBody, shown},
        },
        library::libraries::{Library, LibraryBody, LibraryStats},
        people::actors::Actor,
    },
    rest::{
        action::{ActionBody, ActionRequest},
        answer::{Answer, Created, NoContent},
        live::channel,
        parts::{FormFields, SentForm},
        standard::routes,
    },
    time::Timestamp,
};

/// An upload, as part of a track.
#[derive(Clone, Debug, Serialize, Object)]
pub struct UploadRef {
    /// UUID of the upload.
    uuid: Uuid,
    /// Path of the upload's audio on this server.
    listen_url: String,
    /// Size in bytes.
    size: Option<i64>,
    /// Duration in seconds.
    duration: Option<i64>,
    /// Bitrate in bits per second.
    bitrate: Option<i64>,
    /// Media type, such as `audio/mpeg`.
    mimetype: Option<String>,
    /// File extension, such as `mp3`; empty if unknown.
    extension: String,
    /// Whether the upload belongs to this pod.
    is_local: bool,
}

/// An upload, with its track and library.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Upload")]
pub struct UploadBody {
    /// UUID of the upload.
    uuid: Uuid,
    /// File name to save the audio as; absent if the upload has no track.
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<String>,
    /// Time of the upload.
    creation_date: Timestamp,
    /// Media type, such as `audio/mpeg`.
    mimetype: Option<String>,
    /// Track of the upload; null until imported.
    track: Option<TrackBody>,
    /// Library of the upload. Its `uploads_count` and `size` are 0 here.
    library: Option<LibraryBody>,
    /// Duration in seconds.
    duration: Option<i64>,
    /// Bitrate in bits per second.
    bitrate: Option<i64>,
    /// Size in bytes.
    size: Option<i64>,
    /// Time at which the import ended; null until then.
    import_date: Option<Timestamp>,
    /// Import status.
    import_status: ImportStatus,
    /// Details of the import, such as why it failed; empty for uploads of others.
    import_details: Any<Value>,
    /// Metadata given by the uploader; empty for uploads of others.
    import_metadata: Any<Value>,
    /// Name that the uploader gave to the import.
    import_reference: String,
    /// Metadata read from the file; empty for uploads of others.
    metadata: Any<Value>,
    /// Source of the file, such as a URL; null for uploads of others.
    source: Option<String>,
}

/// Path of a track's audio.
pub fn listen_url(track: Uuid) -> String {
    format!("/api/v1/listen/{track}/")
}

impl Upload {
    pub fn reference(&self, reader: &Reader, track: Uuid) -> UploadRef {
        UploadRef {
            uuid: self.uuid,
            listen_url: self.listen_url(track),
            size: self.size,
            duration: self.duration,
            bitrate: self.bitrate,
            mimetype: self.mimetype.clone(),
            extension: self.extension().to_owned(),
            is_local: reader.is_local(self.fid.as_deref()),
        }
    }

    pub fn listen_url(&self, track: Uuid) -> String {
        format!("{}?upload={}", listen_url(track), self.uuid)
    }

    /// The media type; of old uploads without one, that of most.
    pub fn media_type(&self) -> &str {
        self.mimetype.as_deref().unwrap_or("audio/mpeg")
    }

    /// File extension by media type; for unknown types, the extension of the file name.
    pub fn extension(&self) -> &str {
        match self.mimetype.as_deref().unwrap_or_default() {
            "audio/mpeg" | "audio/mp3" => "mp3",
            "audio/ogg" | "video/ogg" => "ogg",
            "audio/opus" => "opus",
            "audio/flac" | "audio/x-flac" => "flac",
            "audio/mp4" | "audio/x-m4a" | "audio/m4a" => "m4a",
            "audio/aac" | "audio/x-aac" => "aac",
            "audio/aiff" | "audio/x-aiff" => "aiff",
            "audio/wav" | "audio/x-wav" | "audio/vnd.wave" => "wav",
            "audio/webm" => "webm",
            "audio/x-ms-wma" => "wma",
            _ => {
                let source = self.source.as_deref().unwrap_or_default();
                let file = if self.audio_file.is_empty() {
                    source
                } else {
                    &self.audio_file
                };
                file.rsplit_once('.').map_or("", |(_, extension)| extension)
            }
        }
    }

    /// `artist - album - title.extension`.
    fn file_name(&self, track: &TrackBody) -> String {
        let artist = track.artist.as_ref().map(|artist| artist.name.as_str());
        let album = track.album.as_ref().map(|album| album.title.as_str());
        file_name(artist, album, &track.title, self.extension())
    }
}

/// File name to save audio as: `artist - album - title.extension`.
pub fn file_name(
    artist: Option<&str>,
    album: Option<&str>,
    title: &str,
    extension: &str,
) -> String {
    let parts: Vec<&str> = artist.into_iter().chain(album).chain([title]).collect();
    format!("{}.{extension}", parts.join(" - "))
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<UploadBody>> {
    let uploads = loaders.list::<Upload>(ids).await?;
    let tracks: Vec<i64> = uploads
        .iter()
        .filter_map(|upload| upload.track_id)
        .collect();
    let tracks = shown(loaders, reader, &tracks, Depth::Shallow).await?;
    let tracks: HashMap<i64, TrackBody> = tracks
        .into_iter()
        .map(|track| (track.id(), track))
        .collect();
    let libraries = uploads.iter().map(|upload| upload.library_id);
    let libraries = loaders.many::<Library>(libraries).await?;
    let owners = libraries.values().map(|library| library.actor_id);
    let owners = loaders.many::<Actor>(owners).await?;
    let body = |upload: &Arc<Upload>| {
        let library = libraries.get(&upload.library_id);
        let is_own = library.is_some_and(|library| reader.actor_id() == Some(library.actor_id));
        // Where a file came from, and how its import went, is its owner's business.
        let own = |value: &Value| {
            Any(if is_own {
                value.clone()
            } else {
                Value::Object(Map::new())
            })
        };
        let library = library.map(|library| {
            let actor = owners
                .get(&library.actor_id)
                .map(|actor| actor.body(reader));
            // Funkwhale sends no figures here.
            library.body(LibraryStats::default(), actor)
        });
        let track = upload.track_id.and_then(|id| tracks.get(&id).cloned());
        UploadBody {
            uuid: upload.uuid,
            filename: track.as_ref().map(|track| upload.file_name(track)),
            creation_date: upload.creation_date,
            mimetype: upload.mimetype.clone(),
            track,
            library,
            duration: upload.duration,
            bitrate: upload.bitrate,
            size: upload.size,
            import_date: upload.import_date,
            import_status: upload.import_status,
            import_details: own(&upload.import_details),
            import_metadata: own(&upload.import_metadata),
            import_reference: upload.import_reference.clone(),
            metadata: own(&upload.metadata),
            source: upload.source.clone().filter(|_| is_own),
        }
    };
    Ok(uploads.iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, uuid: Uuid) -> Result<UploadBody> {
    let upload = retrieve(permit, Key::Uuid(uuid)).await?;
    body(permit, upload.id).await
}

async fn updated(permit: &Allowed<Update>, key: Key, changes: UploadChanges) -> Result<UploadBody> {
    let upload = write::update(permit, key, changes).await?;
    body(permit, upload.id).await
}

async fn body<O: Operation>(permit: &Allowed<O>, id: i64) -> Result<UploadBody> {
    sole(bodies(permit.loaders(), permit, &[id]).await?)
}

/// What the web socket tells of an import that has ended.
#[derive(Serialize)]
struct Imported {
    #[serde(rename = "type")]
    kind: &'static str,
    upload: UploadBody,
    old_status: ImportStatus,
    new_status: ImportStatus,
}

async fn message(permit: &Allowed<List>, row: Row) -> Result<Imported> {
    let upload = of_row(permit, row).await?;
    Ok(Imported {
        kind: "import.status_updated",
        old_status: ImportStatus::Pending,
        new_status: upload.import_status,
        upload: body(permit, upload.id).await?,
    })
}

channel!(List => message);

routes! {
    "/api/v1/uploads" lists List(Query) -> UploadBody = listing => bodies;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<UploadBody> => detail;
    update: Update = patch "/:uuid" [uuid: Uuid] {changes: UploadChanges} -> Answer<UploadBody> => updated;
    replace: Update = put "/:uuid" [uuid: Uuid] {changes: UploadChanges} -> Answer<UploadBody> => updated;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent => actions::delete;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => actions::named;
    file_metadata: FileMetadata = get "/:uuid/audio-file-metadata" [uuid: Uuid] -> Answer<AudioFileMetadata> => file_metadata::read;
    {
        #[oai(path = "/", method = "post")]
        async fn create(
            &self,
            permit: Allowed<Create>,
            form: SentForm<UploadForm>,
        ) -> Result<Created<UploadBody>> {
            let upload = form::create(&permit, form.parts).await?;
            body(&permit, upload.id).await.map(Created)
        }
    }
}

/// The form of an upload.
struct UploadForm;

impl FormFields for UploadForm {
    const FIELDS: &'static [(&'static str, bool, &'static str)] = &[
        (
            "library",
            false,
            "UUID of one of your own libraries. Required unless `channel` is given.",
        ),
        (
            "channel",
            false,
            "UUID of one of your own channels. Required unless `library` is given.",
        ),
        (
            "import_status",
            false,
            "`pending` (default) submits the upload for import; `draft` does not yet.",
        ),
        (
            "import_reference",
            false,
            "A name for the import, up to 50 characters; a new UUID unless given.",
        ),
        (
            "import_metadata",
            false,
            "JSON object: metadata that take precedence over the tags of the file; see the operation that changes uploads.",
        ),
        (
            "source",
            false,
            "Where the file comes from, up to 500 characters; `upload://` and its name unless given.",
        ),
        ("audio_file", true, "The audio file."),
    ];
}
