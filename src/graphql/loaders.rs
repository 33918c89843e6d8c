//! Data loaders: whatever asks for rows one by one gets them by the batch, at both doors.
use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};

use crate::{
    context::Reader,
    error::{Error, Result},
    resources::{
        actors::{self, Actor},
        albums::{self, Album},
        artists::{self, Artist},
        attachments::{self, Attachment},
        channels::{self, Channel},
        contents::{self, Content},
        credits::{self, ArtistCredit},
        edits::{self, Edit},
        libraries::{self, Library, LibraryStats},
        licenses::{self, License},
        tags::{self, Tag},
        tracks::{self, Track},
        uploads::{self, Upload},
    },
};

/// The loaders of one request, with its cache.
pub struct Loaders(DataLoader<Batch, HashMapCache>);

/// What the loaders read with.
pub struct Batch(Arc<Reader>);

/// What can be loaded by a key of type `K`.
pub trait Loads<K: Copy + Eq + Hash + Send + Sync + 'static>: Loader<K, Error = Error> {}

impl<K: Copy + Eq + Hash + Send + Sync + 'static, T: Loader<K, Error = Error>> Loads<K> for T {}

impl Loaders {
    pub fn new(reader: Arc<Reader>) -> Self {
        let loader = DataLoader::with_cache(Batch(reader), tokio::spawn, HashMapCache::default());
        Self(loader.delay(Duration::ZERO))
    }

    pub async fn one<K>(&self, key: K) -> Result<Option<<Batch as Loader<K>>::Value>>
    where
        K: Copy + Eq + Hash + Send + Sync + 'static,
        Batch: Loads<K>,
    {
        self.0.load_one(key).await
    }

    /// The row of a key that may be absent.
    pub async fn maybe<K>(&self, key: Option<K>) -> Result<Option<<Batch as Loader<K>>::Value>>
    where
        K: Copy + Eq + Hash + Send + Sync + 'static,
        Batch: Loads<K>,
    {
        match key {
            Some(key) => self.one(key).await,
            None => Ok(None),
        }
    }

    pub async fn many<K>(&self, keys: Vec<K>) -> Result<HashMap<K, <Batch as Loader<K>>::Value>>
    where
        K: Copy + Eq + Hash + Send + Sync + 'static,
        Batch: Loads<K>,
    {
        self.0.load_many(keys).await
    }

    /// The rows of keys, in their order; keys without a row are passed over.
    pub async fn list<K>(&self, keys: Vec<K>) -> Result<Vec<<Batch as Loader<K>>::Value>>
    where
        K: Copy + Eq + Hash + Send + Sync + 'static,
        Batch: Loads<K>,
    {
        let rows = self.many(keys.clone()).await?;
        Ok(keys
            .iter()
            .filter_map(|key| rows.get(key).cloned())
            .collect())
    }
}

/// Declares a key and how its rows are read.
macro_rules! loader {
    ($(#[doc = $doc:literal])+ $key:ident($inner:ty) => $value:ty, $read:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $key(pub $inner);

        impl Loader<$key> for Batch {
            type Value = $value;
            type Error = Error;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>> {
                let ids = keys.iter().map(|key| key.0).collect();
                let rows = $read(&self.0, ids).await?;
                Ok(rows.into_iter().map(|(id, row)| ($key(id), row)).collect())
            }
        }
    };
}

loader!(/// An actor by number.
    ActorId(i64) => Actor, actors::by_ids);
loader!(/// An attachment by number.
    AttachmentId(i64) => Attachment, attachments::by_ids);
loader!(/// A text by number.
    ContentId(i64) => Content, contents::by_ids);
loader!(/// An artist by number.
    ArtistId(i64) => Artist, artists::by_ids);
loader!(/// An album by number.
    AlbumId(i64) => Album, albums::by_ids);
loader!(/// A track by number.
    TrackId(i64) => Track, tracks::by_ids);
loader!(/// An upload by number.
    UploadId(i64) => Upload, uploads::by_ids);
loader!(/// A library by number.
    LibraryId(i64) => Library, libraries::by_ids);
loader!(/// A tag by number.
    TagId(i64) => Tag, tags::by_ids);
loader!(/// The channel of an artist.
    ChannelOf(i64) => Channel, channels::by_artists);
loader!(/// The artists that an album is credited to.
    AlbumCredits(i64) => Vec<ArtistCredit>, credits::of_albums);
loader!(/// The artists that a track is credited to.
    TrackCredits(i64) => Vec<ArtistCredit>, credits::of_tracks);
loader!(/// The tags of an artist.
    ArtistTags(i64) => Vec<Tag>, tags::of_artists);
loader!(/// The tags of an album.
    AlbumTags(i64) => Vec<Tag>, tags::of_albums);
loader!(/// The tags of a track.
    TrackTags(i64) => Vec<Tag>, tags::of_tracks);
loader!(/// How many tracks an artist has.
    ArtistTracksCount(i64) => i64, artists::tracks_counts);
loader!(/// How many tracks an album has.
    AlbumTracksCount(i64) => i64, albums::tracks_counts);
loader!(/// Whether an album has a track that the caller can play.
    AlbumPlayable(i64) => bool, albums::playable);
loader!(/// The uploads of a track that the caller can play.
    TrackUploads(i64) => Vec<Upload>, uploads::of_tracks);
loader!(/// The newest edits of an artist.
    ArtistEdits(i64) => Vec<Edit>, edits::of_artists);
loader!(/// The newest edits of an album.
    AlbumEdits(i64) => Vec<Edit>, edits::of_albums);
loader!(/// The newest edits of a track.
    TrackEdits(i64) => Vec<Edit>, edits::of_tracks);
loader!(/// The numbers of an artist's albums.
    ArtistAlbums(i64) => Vec<i64>, albums::of_artists);
loader!(/// The numbers of an album's tracks.
    AlbumTracks(i64) => Vec<i64>, tracks::of_albums);
loader!(/// The public libraries that hold something of an artist.
    ArtistLibraries(i64) => Vec<i64>, libraries::of_artists);
loader!(/// The public libraries that hold something of an album.
    AlbumLibraries(i64) => Vec<i64>, libraries::of_albums);
loader!(/// The public libraries that hold a track.
    TrackLibraries(i64) => Vec<i64>, libraries::of_tracks);
loader!(/// What a library holds.
    LibraryHoldings(i64) => LibraryStats, libraries::stats);

loader!(/// A library by number, when the caller may look into it.
    ViewableLibrary(i64) => Library, libraries::viewable_by_ids);
loader!(/// An upload by number, when it is the caller's or the caller can play it.
    VisibleUpload(i64) => Upload, uploads::visible_by_ids);

/// A license by its code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LicenseCode(pub String);

impl Loader<LicenseCode> for Batch {
    type Value = License;
    type Error = Error;

    async fn load(&self, keys: &[LicenseCode]) -> Result<HashMap<LicenseCode, License>> {
        let codes = keys.iter().map(|key| key.0.clone()).collect();
        let rows = licenses::by_codes(&self.0, codes).await?;
        Ok(rows
            .into_iter()
            .map(|row| (LicenseCode(row.code.clone()), row))
            .collect())
    }
}

impl Loaders {
    pub async fn license(&self, code: Option<&str>) -> Result<Option<License>> {
        let Some(code) = code else { return Ok(None) };
        self.0.load_one(LicenseCode(code.to_owned())).await
    }
}
