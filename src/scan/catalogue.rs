//! Finding or creating the artist, album and track of a file: by MusicBrainz ID first, then by
//! name, case-insensitively.

use chrono::Datelike;
use moka::sync::Cache;
use uuid::Uuid;

use super::{covers, find, report::Skipped, settle, traces::Traces};
use crate::{
    app::App,
    error::Result,
    reading::{AlbumTags, Credit, Read, Tags},
    resources::catalogue::tags,
    store::{Tx, sql, text::folded, words::indexed},
    time::Timestamp,
};

/// The track and album of a file.
#[derive(Clone, Debug)]
pub struct Place {
    pub track: i64,
    pub album: Option<i64>,
    /// The file is taken for a recording of another by title and length alone.
    pub doubt: Option<Skipped>,
}

/// What the files of one album have in common: title, MusicBrainz ID, artists, folder and year.
type AlbumKey = (String, Option<Uuid>, Vec<i64>, String, Option<i32>);

/// The catalogue as filled by a scan.
pub struct Catalogue<'a> {
    app: &'a App,
    actor: i64,
    /// Recently found rows, so that the files of an album query once.
    artists: Cache<(String, Option<Uuid>), i64>,
    albums: Cache<AlbumKey, i64>,
    /// Albums whose cover has been looked for.
    covered: Cache<i64, ()>,
    pub traces: Traces,
}

/// Maximum number of artists, and of albums, in the caches.
const REMEMBERED: u64 = 2_000;

impl<'a> Catalogue<'a> {
    pub fn new(app: &'a App, actor: i64) -> Self {
        Self {
            app,
            actor,
            artists: Cache::new(REMEMBERED),
            albums: Cache::new(REMEMBERED),
            covered: Cache::new(REMEMBERED),
            traces: Traces::default(),
        }
    }

    /// Clears the caches, because the rows may have been rolled back.
    pub fn forget(&mut self) {
        self.artists.invalidate_all();
        self.albums.invalidate_all();
        self.covered.invalidate_all();
    }

    pub fn now(&self) -> Timestamp {
        self.app.clock().now()
    }

    /// Finds or creates the track of a file.
    pub async fn place(&mut self, tx: &mut Tx, read: &Read) -> Result<Place> {
        let tags = &read.tags;
        let artists = self.artists(tx, &tags.artists).await?;
        let album = match &tags.album {
            Some(album) => Some(self.album(tx, album, read).await?),
            None => None,
        };
        let found = find::track(tx, read, (album, &artists), None).await?;
        let Some(same) = found else {
            let track = self.make_track(tx, tags, album, &artists).await?;
            let doubt = None;
            return Ok(Place {
                track,
                album,
                doubt,
            });
        };
        let doubt = same.doubtful.map(|other| Skipped {
            path: read.candidate.path.clone(),
            reason: format!("it is taken for the recording of {other}"),
        });
        let track = same.id;
        Ok(Place {
            track,
            album,
            doubt,
        })
    }

    /// Finds or creates the credited artists, in order.
    pub async fn artists(&mut self, tx: &mut Tx, credits: &[Credit]) -> Result<Vec<i64>> {
        let mut ids = Vec::with_capacity(credits.len());
        for credit in credits {
            let key = (folded(&credit.name), credit.mbid);
            let id = match self.artists.get(&key) {
                Some(id) => id,
                None => self.artist(tx, credit).await?,
            };
            self.artists.insert(key, id);
            ids.push(id);
        }
        Ok(ids)
    }

    async fn artist(&self, tx: &mut Tx, credit: &Credit) -> Result<i64> {
        if let Some(id) =
            find::by_mbid(tx, "select id from artists where mbid = ?", credit.mbid).await?
        {
            return Ok(id);
        }
        // Artists of channels belong to the owners of the channels.
        let named = sql("select id, mbid from artists a where name_folded = ?
             and not exists (select 1 from channels c where c.artist_id = a.id) order by id")
        .bind(folded(&credit.name));
        if let Some(id) = find::same(
            tx,
            named,
            credit.mbid,
            "update artists set mbid = ? where id = ?",
        )
        .await?
        {
            return Ok(id);
        }
        let uuid = crate::random::uuid();
        sql(
            "insert into artists (uuid, fid, mbid, name, name_folded, words, content_category,
               creation_date, modification_date, attributed_to_id)
             values (?, ?, ?, ?, ?, ?, 'music', ?, ?, ?) returning id",
        )
        .bind(uuid)
        .bind(self.fid("artists", uuid))
        .bind(credit.mbid)
        .bind(credit.name.as_str())
        .bind(folded(&credit.name))
        .bind(indexed(&credit.name))
        .bind(self.now())
        .bind(self.now())
        .bind(self.actor)
        .number(tx)
        .await
    }

    /// Finds or creates the album of a file.
    pub async fn album(&mut self, tx: &mut Tx, album: &AlbumTags, read: &Read) -> Result<i64> {
        let artists = self.artists(tx, &album.artists).await?;
        let key = (
            folded(&album.title),
            album.mbid,
            artists.clone(),
            read.home(),
            album.date.map(|date| date.year()),
        );
        if let Some(id) = self.albums.get(&key) {
            if album.by_tracks {
                self.traces.credits.insert(id);
            }
            return Ok(id);
        }
        let known = find::by_mbid(tx, "select id from albums where mbid = ?", album.mbid).await?;
        let found = match known {
            Some(id) => Some(id),
            None => find::album(tx, album, &artists, read).await?,
        };
        let id = match found {
            Some(id) => {
                self.credit_album(tx, id, album, &artists).await?;
                id
            }
            None => {
                self.make_album(tx, album, &artists, &read.tags.genres)
                    .await?
            }
        };
        self.albums.insert(key, id);
        Ok(id)
    }

    /// Credits an album that was found to the artists that a file names for it, if no file did before.
    async fn credit_album(
        &mut self,
        tx: &mut Tx,
        id: i64,
        album: &AlbumTags,
        artists: &[i64],
    ) -> Result<()> {
        if album.by_tracks {
            self.traces.credits.insert(id);
            // It may be credited to others.
            self.traces.artists.extend(artists);
            return Ok(());
        }
        let named =
            sql("update albums set artists_by_tracks = false where id = ? and artists_by_tracks");
        if named.bind(id).run(&mut *tx).await? > 0 {
            settle::set_artists(tx, self, id, &album.artists, artists).await?;
        }
        Ok(())
    }

    async fn make_album(
        &mut self,
        tx: &mut Tx,
        album: &AlbumTags,
        artists: &[i64],
        genres: &[String],
    ) -> Result<i64> {
        let uuid = crate::random::uuid();
        let id = sql(
            "insert into albums (uuid, fid, mbid, title, title_folded, words, release_date,
               release_group_id, artists_by_tracks, type, creation_date, attributed_to_id)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'album', ?, ?) returning id",
        )
        .bind(uuid)
        .bind(self.fid("albums", uuid))
        .bind(album.mbid)
        .bind(album.title.as_str())
        .bind(folded(&album.title))
        .bind(indexed(&album.title))
        .bind(album.date)
        .bind(album.release_group)
        .bind(album.by_tracks)
        .bind(self.now())
        .bind(self.actor)
        .number(&mut *tx)
        .await?;
        self.traces.made.insert(id);
        if album.by_tracks {
            self.traces.credits.insert(id);
        }
        credit(tx, CREDIT_ALBUM, id, &album.artists, artists).await?;
        self.tag(tx, TAG_ALBUM, id, genres).await?;
        Ok(id)
    }

    /// Makes a track.
    pub async fn make_track(
        &self,
        tx: &mut Tx,
        tags: &Tags,
        album: Option<i64>,
        artists: &[i64],
    ) -> Result<i64> {
        let uuid = crate::random::uuid();
        let license = find::license(tx, tags.license.as_deref()).await?;
        let id = sql(
            "insert into tracks (uuid, fid, mbid, title, title_folded, words, album_id, position,
               disc_number, license, copyright, creation_date, attributed_to_id)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        )
        .bind(uuid)
        .bind(self.fid("tracks", uuid))
        .bind(tags.mbid)
        .bind(tags.title.as_str())
        .bind(folded(&tags.title))
        .bind(indexed(&tags.title))
        .bind(album)
        .bind(tags.position)
        .bind(tags.disc)
        .bind(license)
        .bind(tags.copyright.clone())
        .bind(self.now())
        .bind(self.actor)
        .number(&mut *tx)
        .await?;
        credit(tx, CREDIT_TRACK, id, &tags.artists, artists).await?;
        self.tag(tx, TAG_TRACK, id, &tags.genres).await?;
        Ok(id)
    }

    /// Adds genres as tags.
    pub async fn tag(
        &self,
        tx: &mut Tx,
        into: &'static str,
        owner: i64,
        genres: &[String],
    ) -> Result<()> {
        for tag in tags::ensure(tx, genres, self.now()).await? {
            sql(into)
                .bind(owner)
                .bind(tag)
                .bind(self.now())
                .run(&mut *tx)
                .await?;
        }
        Ok(())
    }

    /// Gives an album without a cover that of one of its files; returns whether it did.
    pub async fn cover(&self, album: i64, tracks: Vec<String>) -> Result<bool> {
        if self.covered.contains_key(&album) {
            return Ok(false);
        }
        let is_bare = covers::is_bare(self.app, album).await?;
        let given = is_bare && covers::give(self.app, self.actor, album, tracks).await?;
        // Files that come later may have what these lack.
        if given || !is_bare {
            self.covered.insert(album, ());
        }
        Ok(given)
    }

    fn fid(&self, kind: &str, uuid: Uuid) -> String {
        let root = self.app.config().public_url();
        format!("{root}/federation/music/{kind}/{uuid}")
    }
}

pub const TAG_TRACK: &str = "insert into track_tags (track_id, tag_id, creation_date)
    values (?, ?, ?) on conflict do nothing";
pub const TAG_ALBUM: &str = "insert into album_tags (album_id, tag_id, creation_date)
    values (?, ?, ?) on conflict do nothing";
pub const CREDIT_TRACK: &str =
    "insert into track_artists (track_id, position, artist_id, credit, join_phrase)
     values (?, ?, ?, ?, ?)";
pub const CREDIT_ALBUM: &str =
    "insert into album_artists (album_id, position, artist_id, credit, join_phrase)
     values (?, ?, ?, ?, ?)";

/// Writes artist credits.
pub async fn credit(
    tx: &mut Tx,
    into: &'static str,
    owner: i64,
    credits: &[Credit],
    artists: &[i64],
) -> Result<()> {
    for (position, (credit, artist)) in (0_i64..).zip(credits.iter().zip(artists)) {
        sql(into)
            .bind(owner)
            .bind(position)
            .bind(*artist)
            .bind(credit.name.as_str())
            .bind(credit.join.as_str())
            .run(&mut *tx)
            .await?;
    }
    Ok(())
}
