//! Folders of music: that of all artists, and those that are scanned, as they lie on the disk.
use std::collections::HashMap;

use poem::Response;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    guard::Allowed,
    resources::{
        catalogue::{
            albums::Album,
            tracks::{List, Track},
        },
        library::scanned_folders::{Entry, ScannedFolder, scanned_folders},
    },
    subsonic::{
        Call,
        ids::{Id, Place, ROOT},
        refusal::{Refusal, Told},
        shapes::{
            folders::{Child, Directory, Folder},
            songs::{Song, cover, playable_songs},
        },
    },
};

/// What lies in a folder at most.
pub const MOST: i64 = 5_000;

pub async fn list(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct MusicFolder<'a> {
        id: i64,
        name: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct MusicFolders<'a> {
        music_folder: Vec<MusicFolder<'a>>,
    }
    let scanned = scanned(call).await?;
    let all = MusicFolder {
        id: ROOT,
        name: "Music",
    };
    let scanned = scanned.iter().map(|folder| MusicFolder {
        id: ROOT + folder.id,
        name: folder.name(),
    });
    let music_folder = [all].into_iter().chain(scanned).collect();
    Ok(call
        .format
        .told("musicFolders", &MusicFolders { music_folder }))
}

async fn scanned(call: &Call) -> Told<Vec<ScannedFolder>> {
    let permit: Allowed<List> = call.permit().await?;
    Ok(scanned_folders(&permit).await?)
}

fn missing() -> Refusal {
    Refusal::missing("Music folder")
}

/// The scanned folder that a request is narrowed to.
pub async fn chosen(call: &Call) -> Told<Option<ScannedFolder>> {
    let number = match call.params.parsed::<i64>("musicFolderId")? {
        None | Some(ROOT) => return Ok(None),
        Some(number) => number,
    };
    let mut scanned = scanned(call).await?.into_iter();
    let found = scanned.find(|folder| Some(folder.id) == number.checked_sub(ROOT));
    found.map(Some).ok_or_else(missing)
}

/// The library of the scanned folder that a request is narrowed to.
pub async fn library(call: &Call) -> Told<Option<Uuid>> {
    Ok(chosen(call).await?.map(|folder| folder.library))
}

/// The scanned folders, as they are told beside the artists.
pub async fn shortcuts(call: &Call) -> Told<Vec<Folder>> {
    let scanned = scanned(call).await?.into_iter();
    Ok(scanned.map(|folder| Folder::of(&folder)).collect())
}

impl Folder {
    fn of(folder: &ScannedFolder) -> Self {
        Self {
            id: Id::Directory(Place::root(folder.id)),
            name: folder.name().to_owned(),
            cover_art: None,
        }
    }
}

/// What lies in a directory: directories, and songs that the caller can play.
pub struct Contents {
    pub directories: Vec<Folder>,
    pub songs: Vec<Song>,
}

impl Contents {
    fn is_empty(&self) -> bool {
        self.directories.is_empty() && self.songs.is_empty()
    }

    pub async fn of(call: &Call, folder: &ScannedFolder, path: &str) -> Told<Self> {
        let permit: Allowed<List> = call.permit().await?;
        let place = Place {
            folder: folder.id,
            path: path.into(),
        };
        let (mut named, mut tracks) = (Vec::new(), Vec::new());
        for entry in folder.entries(&permit, path, MOST).await? {
            match entry {
                Entry::Directory { name, first } => named.push((name, first)),
                Entry::Track(track) => tracks.push(track),
            }
        }
        let firsts: Vec<i64> = named.iter().filter_map(|(_, first)| *first).collect();
        let covers = covers(&permit, &firsts).await?;
        let directories = named.into_iter().map(|(name, first)| Folder {
            id: Id::Directory(place.below(&name)),
            name,
            cover_art: first.and_then(|track| covers.get(&track).cloned()),
        });
        let directories = directories.collect();
        let mut songs = playable_songs(call, &tracks).await?;
        for song in &mut songs {
            song.parent = Some(Id::Directory(place.clone()));
        }
        Ok(Self { directories, songs })
    }
}

/// The pictures of tracks, or of their albums.
async fn covers(permit: &Allowed<List>, tracks: &[i64]) -> Told<HashMap<i64, Id>> {
    let loaders = permit.loaders();
    let tracks = loaders.list::<Track>(tracks).await?;
    let albums = tracks.iter().map(|track| track.album_id);
    let albums = loaders.parts::<Album>(albums).await?;
    let covers = tracks.iter().filter_map(|track| {
        let cover = cover(track, albums.get(track.album_id))?;
        Some((track.id, cover))
    });
    Ok(covers.collect())
}

/// A directory of a scanned folder.
pub async fn directory(call: &Call, place: Place) -> Told<Directory> {
    let mut scanned = scanned(call).await?.into_iter();
    let folder = scanned.find(|folder| folder.id == place.folder);
    let folder = folder.ok_or_else(missing)?;
    let contents = Contents::of(call, &folder, &place.path).await?;
    if contents.is_empty() && !place.path.is_empty() {
        return Err(Refusal::missing("Directory"));
    }
    let name = match place.path.rsplit('/').next() {
        None | Some("") => folder.name(),
        Some(name) => name,
    };
    let id = Id::Directory(place.clone());
    let directories = contents
        .directories
        .into_iter()
        .map(|directory| Child::Folder(directory.within(id.clone())));
    let songs = contents.songs.into_iter();
    let songs = songs.map(|song| Child::Song(Box::new(song)));
    Ok(Directory {
        id: id.clone(),
        name: name.to_owned(),
        child: directories.chain(songs).collect(),
        parent: place.above().map(Id::Directory),
    })
}
