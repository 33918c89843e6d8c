//! Artists, one by one and in an index.
use serde::Serialize;

use super::{Moment, albums::AlbumId3, shape};
use crate::{
    resources::{
        catalogue::{
            albums::ArtistAlbums,
            artists::{Artist, List},
        },
        listening::marks::{self, ViewOfArtist},
    },
    subsonic::{Call, ids::Id, refusal::Told},
};

shape! {
    /// An artist.
    pub struct ArtistId3 {
        id: Id,
        name: String,
        album_count: usize,
        media_type: &'static str,
        music_brainz_id: String,
        sort_name: String,
    } known {
        cover_art: Id,
        starred: Moment,
        user_rating: i64,
        album: Vec<AlbumId3>,
    }
}

/// The artists with these numbers, in their order, without their albums.
pub async fn artists(call: &Call, ids: &[i64]) -> Told<Vec<ArtistId3>> {
    let permit = call.permit::<List>().await?;
    let loaders = permit.loaders();
    let rows = loaders.list::<Artist>(ids).await?;
    let albums = loaders.many::<ArtistAlbums>(ids.iter().copied()).await?;
    let views = call.own::<marks::List, ViewOfArtist>(ids).await?;
    let view = |id| views.get(&id);
    let shown = rows.iter().map(|artist| ArtistId3 {
        id: Id::Artist(artist.id),
        name: artist.name.clone(),
        album_count: albums.get(&artist.id).map_or(0, |albums| albums.len()),
        media_type: "artist",
        music_brainz_id: artist.mbid.map(|mbid| mbid.to_string()).unwrap_or_default(),
        sort_name: String::new(),
        cover_art: artist.attachment_cover_id.map(|_| Id::Artist(artist.id)),
        starred: view(artist.id)
            .and_then(|view| view.starred_date)
            .map(Moment),
        user_rating: view(artist.id).and_then(|view| view.rating),
        album: None,
    });
    Ok(shown.collect())
}

/// What has a name that it is found by.
pub trait Named {
    fn name(&self) -> &str;
}

impl Named for ArtistId3 {
    fn name(&self) -> &str {
        &self.name
    }
}

/// The artists, or folders, under a letter.
#[derive(Debug, Serialize)]
pub struct Index<T> {
    name: String,
    pub artist: Vec<T>,
}

/// Articles that do not count in the index.
const ARTICLES: &[&str] = &["The", "El", "La", "Los", "Las", "Le", "Les", "Die", "Das"];

/// The articles, as answers tell them.
pub fn ignored_articles() -> String {
    ARTICLES.join(" ")
}

/// A name without its article.
fn indexed(name: &str) -> &str {
    let without = ARTICLES.iter().find_map(|article| {
        let rest = name.get(article.len()..)?;
        let named = name.get(..article.len())?.eq_ignore_ascii_case(article);
        let rest = rest.strip_prefix(' ').filter(|rest| !rest.is_empty())?;
        named.then_some(rest)
    });
    without.unwrap_or(name)
}

/// Artists, or folders, by the first letter of their names; what begins with something else is under `#`.
pub fn index<T: Named>(artists: Vec<T>) -> Vec<Index<T>> {
    let mut keyed: Vec<(String, T)> = artists
        .into_iter()
        .map(|artist| (indexed(artist.name()).to_lowercase(), artist))
        .collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut indexes: Vec<Index<T>> = Vec::new();
    let mut rest = Vec::new();
    for (key, artist) in keyed {
        let letter = key.chars().next().filter(|char| char.is_alphabetic());
        let Some(letter) = letter.map(|letter| letter.to_uppercase().to_string()) else {
            rest.push(artist);
            continue;
        };
        match indexes.last_mut().filter(|index| index.name == letter) {
            Some(index) => index.artist.push(artist),
            None => indexes.push(Index {
                name: letter,
                artist: vec![artist],
            }),
        }
    }
    if !rest.is_empty() {
        let name = "#".to_owned();
        indexes.insert(0, Index { name, artist: rest });
    }
    indexes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_do_not_count_in_the_index() {
        for (name, expected) in [
            ("The Beatles", "Beatles"),
            ("the beatles", "beatles"),
            ("Them", "Them"),
            ("The", "The"),
            ("The ", "The "),
            ("Låt", "Låt"),
        ] {
            assert_eq!(indexed(name), expected);
        }
    }
}
