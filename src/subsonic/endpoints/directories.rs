//! Browsing by folders, for players that know nothing else: those that are scanned, and artists as folders of albums,
//! albums as folders of songs.
use poem::Response;
use serde::Serialize;

use super::{
    browsing::{album_with_songs, all_artists, artist_with_albums},
    folders::{self, Contents, MOST, chosen, shortcuts},
    songs::playable,
};
use crate::{
    graphql::{ids::Key, reference::ById},
    guard::Allowed,
    resources::catalogue::tracks::{self, TrackFilter, on_no_album},
    subsonic::{
        Call,
        ids::Id,
        refusal::{Refusal, Told},
        shapes::{
            albums::AlbumFolder,
            artists::{Index, ignored_articles, index},
            folders::{Child, Directory, Folder},
            songs::{Song, playable_songs},
        },
    },
};

/// When something was last added to the catalogue, in milliseconds since 1970.
async fn last_modified(call: &Call) -> Told<i64> {
    let permit = call.permit::<tracks::List>().await?;
    Ok(tracks::last_added(&permit)
        .await?
        .map_or(0, |time| time.unix_millis()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Indexes<T> {
    last_modified: i64,
    ignored_articles: String,
    /// Folders that are scanned.
    shortcut: Vec<Folder>,
    index: Vec<Index<T>>,
    /// Songs beside the folders.
    child: Vec<Song>,
}

pub async fn indexes(call: &Call) -> Told<Response> {
    // `ifModifiedSince` is passed over: what a player may see changes without anything being added.
    let last_modified = last_modified(call).await?;
    let ignored_articles = ignored_articles();
    let Some(folder) = chosen(call).await? else {
        let indexes = Indexes {
            last_modified,
            ignored_articles,
            shortcut: shortcuts(call).await?,
            index: all_artists(call).await?,
            child: Vec::new(),
        };
        return Ok(call.format.told("indexes", &indexes));
    };
    let Contents { directories, songs } = Contents::of(call, &folder, "").await?;
    let indexes = Indexes {
        last_modified,
        ignored_articles,
        shortcut: Vec::new(),
        index: index(directories),
        child: songs,
    };
    Ok(call.format.told("indexes", &indexes))
}

pub async fn directory(call: &Call) -> Told<Response> {
    let directory = match Id::read(call.params.required("id")?)? {
        Id::Root => root(call).await?,
        Id::Artist(id) => of_artist(call, id).await?,
        Id::Album(id) => of_album(call, id).await?,
        Id::Directory(place) => folders::directory(call, place).await?,
        _ => return Err(Refusal::missing("Directory")),
    };
    Ok(call.format.told("directory", &directory))
}

async fn root(call: &Call) -> Told<Directory> {
    let artists = all_artists(call).await?.into_iter();
    let artists = artists.flat_map(|index| index.artist);
    Ok(Directory {
        id: Id::Root,
        name: "Music".to_owned(),
        child: artists
            .map(|artist| Child::Folder(Folder::from(artist).within(Id::Root)))
            .collect(),
        parent: None,
    })
}

async fn of_artist(call: &Call, id: i64) -> Told<Directory> {
    let (artist, albums) = artist_with_albums(call, id).await?;
    let albums = albums.into_iter().map(|album| {
        let folder = AlbumFolder {
            parent: Some(artist.id.clone()),
            ..album.into()
        };
        Child::Album(Box::new(folder))
    });
    let mut child: Vec<_> = albums.collect();
    let songs = playable_songs(call, &without_album(call, id).await?).await?;
    child.extend(songs.into_iter().map(|song| {
        Child::Song(Box::new(Song {
            parent: Some(artist.id.clone()),
            ..song
        }))
    }));
    Ok(Directory {
        id: artist.id,
        child,
        name: artist.name,
        parent: Some(Id::Root),
    })
}

/// The songs of an artist that are on no album.
async fn without_album(call: &Call, artist: i64) -> Told<Vec<i64>> {
    let permit: Allowed<tracks::List> = call.permit().await?;
    let filter = TrackFilter {
        artist: Some(ById::keyed(Key::Id(artist))),
        include_channels: Some(true),
        ..playable()
    };
    let listing = on_no_album(tracks::listing(&permit, &filter, &[]).await?);
    Ok(listing.page(permit.db(), MOST, 0).await?)
}

async fn of_album(call: &Call, id: i64) -> Told<Directory> {
    let album = album_with_songs(call, id).await?;
    let songs = album.song.unwrap_or_default().into_iter();
    Ok(Directory {
        id: album.id,
        name: album.name,
        child: songs.map(|song| Child::Song(Box::new(song))).collect(),
        parent: Some(album.artist_id.unwrap_or(Id::Root)),
    })
}
