//! Browsing by tags: artists, albums, songs and genres.
use poem::Response;
use serde::Serialize;

use super::folders::library;
use crate::{
    context::Reader,
    graphql::reference::ByUuid,
    load::Loaders,
    resources::catalogue::{
        albums::{self, AlbumSounds, ArtistAlbums},
        artists::{self, ArtistFilter, ArtistOrder, ArtistOrderField},
        tags,
        tracks::AlbumTracks,
    },
    store::listing::Direction,
    subsonic::{
        Call,
        ids::Kind,
        refusal::Told,
        shapes::{
            albums::{AlbumId3, albums as shown_albums},
            artists::{ArtistId3, Index, artists as shown_artists, ignored_articles, index},
            songs::{playable_songs, songs},
        },
    },
};

/// The filter of what players see: what the caller can play, also in channels.
pub fn artist_filter() -> ArtistFilter {
    ArtistFilter {
        playable: Some(true),
        include_channels: Some(true),
        ..ArtistFilter::default()
    }
}

/// Artists of an answer at most: players ask for all of them at once.
const ALL: i64 = 1_000_000;

/// All artists of whom the caller can play something, in the folder that they chose.
pub async fn all_artists(call: &Call) -> Told<Vec<Index<ArtistId3>>> {
    let permit = call.permit::<artists::List>().await?;
    let order = [ArtistOrder {
        field: ArtistOrderField::Name,
        direction: Direction::Asc.into(),
        seed: None,
    }];
    let filter = ArtistFilter {
        library: library(call).await?.map(ByUuid::from),
        ..artist_filter()
    };
    let listing = artists::listing(&permit, &filter, &order).await?;
    let ids = listing.page(permit.db(), ALL, 0).await?;
    Ok(index(shown_artists(call, &ids).await?))
}

pub async fn artists(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Artists {
        ignored_articles: String,
        index: Vec<Index<ArtistId3>>,
    }
    let artists = Artists {
        ignored_articles: ignored_articles(),
        index: all_artists(call).await?,
    };
    Ok(call.format.told("artists", &artists))
}

/// The albums of an artist of which the caller can play something.
pub async fn albums_of(loaders: &Loaders, reader: &Reader, artist: i64) -> Told<Vec<i64>> {
    let all = loaders
        .one::<ArtistAlbums>(artist)
        .await?
        .unwrap_or_default();
    let playable = albums::playable::<AlbumSounds>(loaders, reader, &all).await?;
    Ok(all
        .into_iter()
        .filter(|album| playable.contains(album))
        .collect())
}

/// An artist, with the albums.
pub async fn artist_with_albums(call: &Call, id: i64) -> Told<(ArtistId3, Vec<AlbumId3>)> {
    let permit = call.permit::<artists::Retrieve>().await?;
    let artist = shown_artists(call, &[id]).await?.pop();
    let artist = artist.ok_or_else(|| Kind::Artist.missing())?;
    let albums = albums_of(permit.loaders(), &permit, id).await?;
    let mut albums = shown_albums(call, &albums).await?;
    albums.sort_by(|one, other| (one.year, &one.name).cmp(&(other.year, &other.name)));
    Ok((artist, albums))
}

pub async fn artist(call: &Call) -> Told<Response> {
    let id = call.params.id("id", Kind::Artist)?;
    let (mut artist, albums) = artist_with_albums(call, id).await?;
    artist.album_count = albums.len();
    artist.album = Some(albums);
    Ok(call.format.told("artist", &artist))
}

/// An album, with the songs that the caller can play.
pub async fn album_with_songs(call: &Call, id: i64) -> Told<AlbumId3> {
    let permit = call.permit::<albums::Retrieve>().await?;
    let album = shown_albums(call, &[id]).await?.pop();
    let mut album = album.ok_or_else(|| Kind::Album.missing())?;
    let tracks = permit.loaders().one::<AlbumTracks>(id).await?;
    let songs = playable_songs(call, &tracks.unwrap_or_default()).await?;
    album.song_count = i64::try_from(songs.len()).unwrap_or(i64::MAX);
    album.duration = songs.iter().filter_map(|song| song.duration).sum();
    album.song = Some(songs);
    Ok(album)
}

pub async fn album(call: &Call) -> Told<Response> {
    let id = call.params.id("id", Kind::Album)?;
    let album = album_with_songs(call, id).await?;
    Ok(call.format.told("album", &album))
}

pub async fn song(call: &Call) -> Told<Response> {
    let id = call.params.id("id", Kind::Track)?;
    let song = songs(call, &[id]).await?.pop();
    let song = song.ok_or_else(|| Kind::Track.missing())?;
    Ok(call.format.told("song", &song))
}

pub async fn genres(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Genre {
        song_count: i64,
        album_count: i64,
        value: String,
    }
    #[derive(Serialize)]
    struct Genres {
        genre: Vec<Genre>,
    }
    let used = tags::in_use(&call.permit().await?).await?;
    let genre = used
        .into_iter()
        .map(|(tag, song_count, album_count)| Genre {
            song_count,
            album_count,
            value: tag.name,
        });
    let genre = genre.collect();
    Ok(call.format.told("genres", &Genres { genre }))
}
