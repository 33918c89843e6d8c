//! Albums.
use serde::Serialize;

use super::{Credited, Credits, Day, Moment, Named, credited, genres, shape, songs::Song, year};
use crate::{
    resources::{
        catalogue::{
            albums::{Album, AlbumDuration, AlbumTracksCount, List},
            artists::Artist,
            credits::AlbumCredits,
            tags::AlbumTags,
        },
        listening::{
            history::{self, AlbumPlays},
            marks::{self, ViewOfAlbum},
        },
    },
    subsonic::{Call, ids::Id, refusal::Told},
};

shape! {
    /// An album, by its tags.
    pub struct AlbumId3 {
        id: Id,
        name: String,
        // Some players look for the name that folders have.
        title: String,
        artist: String,
        song_count: i64,
        duration: i64,
        created: Moment,
        media_type: &'static str,
        music_brainz_id: String,
        sort_name: String,
        display_artist: String,
        genres: Vec<Named>,
        artists: Vec<Credited>,
    } known {
        artist_id: Id,
        cover_art: Id,
        play_count: i64,
        played: Moment,
        starred: Moment,
        user_rating: i64,
        year: i32,
        genre: String,
        release_date: Day,
        song: Vec<Song>,
    }
}

shape! {
    /// An album, as a folder of songs.
    pub struct AlbumFolder {
        id: Id,
        is_dir: bool,
        title: String,
        name: String,
        album: String,
        artist: String,
        is_video: bool,
        created: Moment,
        duration: i64,
        song_count: i64,
        media_type: &'static str,
    } known {
        parent: Id,
        artist_id: Id,
        cover_art: Id,
        year: i32,
        genre: String,
        play_count: i64,
        starred: Moment,
        user_rating: i64,
    }
}

impl From<AlbumId3> for AlbumFolder {
    fn from(album: AlbumId3) -> Self {
        Self {
            id: album.id,
            is_dir: true,
            title: album.name.clone(),
            album: album.name.clone(),
            name: album.name,
            artist: album.artist,
            is_video: false,
            created: album.created,
            duration: album.duration,
            song_count: album.song_count,
            media_type: "album",
            parent: album.artist_id.clone(),
            artist_id: album.artist_id,
            cover_art: album.cover_art,
            year: album.year,
            genre: album.genre,
            play_count: album.play_count,
            starred: album.starred,
            user_rating: album.user_rating,
        }
    }
}

/// The albums with these numbers, in their order, without their songs.
pub async fn albums(call: &Call, ids: &[i64]) -> Told<Vec<AlbumId3>> {
    let permit = call.permit::<List>().await?;
    let loaders = permit.loaders();
    let all = || ids.iter().copied();
    let rows = loaders.list::<Album>(ids).await?;
    let credits = loaders.many::<AlbumCredits>(all()).await?;
    let artists = loaders.many::<Artist>(credited(credits.values())).await?;
    let counts = loaders.many::<AlbumTracksCount>(all()).await?;
    let durations = loaders.many::<AlbumDuration>(all()).await?;
    let tags = loaders.many::<AlbumTags>(all()).await?;
    let plays = call.own::<history::List, AlbumPlays>(ids).await?;
    let views = call.own::<marks::List, ViewOfAlbum>(ids).await?;
    let shown = rows.iter().map(|album| {
        let credits = Credits::of(credits.get(&album.id), &artists);
        let genres = genres(tags.get(&album.id));
        let plays = plays.get(&album.id);
        let view = views.get(&album.id);
        AlbumId3 {
            id: Id::Album(album.id),
            name: album.title.clone(),
            title: album.title.clone(),
            artist: credits.together.clone(),
            song_count: counts.get(&album.id).map_or(0, |count| **count),
            duration: durations.get(&album.id).map_or(0, |seconds| **seconds),
            created: Moment(album.creation_date),
            media_type: "album",
            music_brainz_id: album.mbid.map(|mbid| mbid.to_string()).unwrap_or_default(),
            sort_name: String::new(),
            display_artist: credits.together.clone(),
            artist_id: credits.first(),
            artists: credits.artists,
            cover_art: album.attachment_cover_id.map(|_| Id::Album(album.id)),
            play_count: plays.map(|plays| plays.count),
            played: plays.map(|plays| Moment(plays.last)),
            starred: view.and_then(|view| view.starred_date).map(Moment),
            user_rating: view.and_then(|view| view.rating),
            year: year(album.release_date),
            genre: genres.first().map(|genre| genre.name.clone()),
            genres,
            release_date: album.release_date.map(Day::from),
            song: None,
        }
    });
    Ok(shown.collect())
}

/// A list of albums by their tags, and one of folders.
#[derive(Debug, Serialize)]
pub struct Albums<T> {
    pub album: Vec<T>,
}
