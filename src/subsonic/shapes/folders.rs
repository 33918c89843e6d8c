//! Folders, and what is in them.
use serde::Serialize;

use super::{
    albums::AlbumFolder,
    artists::{ArtistId3, Named},
    shape,
    songs::Song,
};
use crate::subsonic::ids::Id;

shape! {
    /// A folder, and what is in it.
    pub struct Directory {
        id: Id,
        name: String,
        child: Vec<Child>,
    } known {
        parent: Id,
    }
}

/// Something in a folder.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Child {
    Folder(ChildFolder),
    Album(Box<AlbumFolder>),
    Song(Box<Song>),
}

shape! {
    /// A folder in an index.
    pub struct Folder {
        id: Id,
        name: String,
    } known {
        cover_art: Id,
    }
}

shape! {
    /// A folder in another.
    pub struct ChildFolder {
        id: Id,
        is_dir: bool,
        title: String,
        parent: Id,
    } known {
        cover_art: Id,
    }
}

impl Named for Folder {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Folder {
    /// The same, as it is in another folder.
    pub fn within(self, parent: Id) -> ChildFolder {
        ChildFolder {
            id: self.id,
            is_dir: true,
            title: self.name,
            parent,
            cover_art: self.cover_art,
        }
    }
}

impl From<ArtistId3> for Folder {
    fn from(artist: ArtistId3) -> Self {
        Self {
            id: artist.id,
            name: artist.name,
            cover_art: artist.cover_art,
        }
    }
}
