//! What the tags of an upload's file say.
use std::path::Path;

use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{FileMetadata, Upload, write::uploaded_name};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    media::{
        probe, staging,
        storage::{self, Audio},
    },
    reading::{AlbumTags, Credit, Reader, Tags, sentence},
    time::Date,
};

/// What the tags of an audio file say.
#[derive(Clone, Debug, Serialize, Object, SimpleObject)]
pub struct AudioFileMetadata {
    /// Title; the name of the file where no tag says it.
    title: String,
    /// Position on the album.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
    /// Number of the disc.
    #[serde(skip_serializing_if = "Option::is_none")]
    disc_number: Option<i64>,
    /// MusicBrainz ID of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    mbid: Option<Uuid>,
    /// License: a URL or a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<String>,
    /// Copyright notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    copyright: Option<String>,
    /// Genres, as tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// Album; null if no tag names one.
    album: Option<AudioFileAlbum>,
    /// Artists of the track, in order.
    artists: Vec<AudioFileArtist>,
}

/// The album that the tags of an audio file name.
#[derive(Clone, Debug, Serialize, Object, SimpleObject)]
pub struct AudioFileAlbum {
    /// Title.
    title: String,
    /// MusicBrainz ID of the release.
    mbid: Option<Uuid>,
    /// Release date.
    release_date: Option<Date>,
    /// Artists of the album, in order; empty where no tag names them.
    artists: Vec<AudioFileArtist>,
    /// Always null: covers are not read before the import.
    cover_data: Option<String>,
}

/// An artist that the tags of an audio file name.
#[derive(Clone, Debug, Serialize, Object, SimpleObject)]
pub struct AudioFileArtist {
    /// Name.
    name: String,
    /// MusicBrainz ID of the artist.
    mbid: Option<Uuid>,
}

impl From<Tags> for AudioFileMetadata {
    fn from(tags: Tags) -> Self {
        Self {
            title: tags.title,
            position: tags.position,
            disc_number: tags.disc,
            mbid: tags.mbid,
            license: tags.license,
            copyright: tags.copyright,
            tags: tags.genres,
            album: tags.album.map(Into::into),
            artists: tags.artists.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<AlbumTags> for AudioFileAlbum {
    fn from(album: AlbumTags) -> Self {
        let artists = match album.by_tracks {
            true => Vec::new(),
            false => album.artists,
        };
        Self {
            title: album.title,
            mbid: album.mbid,
            release_date: album.date.map(Date),
            artists: artists.into_iter().map(Into::into).collect(),
            cover_data: None,
        }
    }
}

impl From<Credit> for AudioFileArtist {
    fn from(credit: Credit) -> Self {
        Self {
            name: credit.name,
            mbid: credit.mbid,
        }
    }
}

/// Reads the tags of the file of one of the caller's own uploads.
///
/// # Errors
/// `NotFound` if the upload is not the caller's, or its file is not on this server; `Invalid` if it cannot be read.
pub async fn read(permit: &Allowed<FileMetadata>, uuid: Uuid) -> Result<AudioFileMetadata> {
    let upload: Upload = Upload::of_owner(permit, uuid).await?;
    of_file(permit, &upload).await?.ok_or(Error::NotFound)
}

/// Reads the tags of an upload's file; `None` if it is not on this server.
pub async fn of_file(
    permit: &Allowed<FileMetadata>,
    upload: &Upload,
) -> Result<Option<AudioFileMetadata>> {
    let storage = &permit.media().storage;
    staging::settle(storage, &upload.audio_file)
        .await
        .map_err(storage::failed)?;
    let Some(audio) = Audio::named(&upload.audio_file, upload.source.as_deref()) else {
        return Ok(None);
    };
    let path = match storage.fetched_audio(&audio).await.map_err(storage::failed) {
        Ok(path) if path.is_file() => path,
        Ok(_) | Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let name = uploaded_name(upload.source.as_deref());
    let reader = Reader {
        root: path.parent().unwrap_or(&path).into(),
        name: (!name.is_empty()).then(|| Path::new(name).into()),
        ffprobe: probe::beside(&permit.config().ffmpeg).into(),
    };
    let unreadable = |reason: String| Error::field("audio_file", sentence(&reason));
    let tags = reader.tags(&path).await.map_err(unreadable)?;
    Ok(Some(tags.into()))
}
