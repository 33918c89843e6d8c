//! SQL for playing tracks.
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    context::Reader,
    error::Result,
    resources::library::uploads::{self, Upload},
    store::{Tx, sql},
    time::Timestamp,
};

/// The parts of a track's file name.
#[derive(FromRow)]
pub struct Track {
    pub id: i64,
    title: String,
    artist: Option<String>,
    album: Option<String>,
}

impl Track {
    pub fn file_name(&self, extension: &str) -> String {
        uploads::file_name(
            self.artist.as_deref(),
            self.album.as_deref(),
            &self.title,
            extension,
        )
    }
}

pub async fn track(reader: &Reader, uuid: Uuid) -> Result<Track> {
    sql("select t.id, t.title, (select a.name from track_artists h
             join artists a on a.id = h.artist_id where h.track_id = t.id and h.position = 0) as artist,
           (select al.title from albums al where al.id = t.album_id) as album
         from tracks t where t.uuid = ?")
    .bind(uuid)
    .one(reader.db())
    .await
}

/// Counts a download of an upload and of its track.
pub async fn count_download(tx: &mut Tx, upload: &Upload, now: Timestamp) -> Result<()> {
    sql("update tracks set downloads_count = downloads_count + 1 where id = ?")
        .bind(upload.track_id)
        .run(&mut *tx)
        .await?;
    sql(
        "update uploads set downloads_count = downloads_count + 1, accessed_date = ?
         where id = ?",
    )
    .bind(now)
    .bind(upload.id)
    .run(tx)
    .await
    .map(|_| ())
}

/// Those of these libraries that hold podcasts from elsewhere.
pub async fn podcasts(reader: &Reader, libraries: Vec<i64>) -> Result<Vec<i64>> {
    if libraries.is_empty() {
        return Ok(libraries);
    }
    let podcasts = sql(
        "select c.library_id from channels c join actors o on o.id = c.actor_id
         where c.library_id in ?* and c.rss_url is not null and o.domain = ?",
    );
    let host = reader.names().host.as_str();
    podcasts.bind(libraries).bind(host).ids(reader.db()).await
}
