//! The endpoints, by what players do with them.
mod albums;
mod annotation;
mod bookmarks;
mod browsing;
mod directories;
mod folders;
mod info;
mod lyrics;
mod media;
mod playlists;
mod podcasts;
mod queue;
mod searching;
mod songs;
mod system;

use poem::Response;

use super::{
    Call,
    refusal::{Refusal, Told},
};

/// Endpoints that anybody may ask.
const PUBLIC: &[&str] = &["ping", "getLicense", "getOpenSubsonicExtensions"];

/// Pictures do not count: a page of covers is as many requests, and elsewhere pictures are files that count neither.
const UNCOUNTED: &[&str] = &["getCoverArt", "getAvatar"];

pub fn is_counted(name: &str) -> bool {
    !UNCOUNTED.contains(&name)
}

pub fn is_public(name: &str) -> bool {
    PUBLIC.contains(&name)
}

/// Declares the endpoints: `"getSong" => browsing::song;`, those that read many rows with `, many`.
macro_rules! endpoints {
    (@turn $call:ident) => {};
    (@turn $call:ident many) => { $call.cx.take_turn().await? };
    ($($name:literal => $answer:path $(, $many:ident)?;)+) => {
        /// Answers a request to an endpoint.
        pub async fn answer(name: &str, call: &Call) -> Told<Response> {
            match name {
                $($name => {
                    endpoints!(@turn call $($many)?);
                    Box::pin($answer(call)).await
                })+
                other => Err(Refusal::generic(format!(
                    "This server has no endpoint \"{other}\"."
                ))),
            }
        }
    };
}

endpoints! {
    "ping" => system::ping;
    "getLicense" => system::license;
    "getOpenSubsonicExtensions" => system::extensions;
    "tokenInfo" => system::token_info;
    "getUser" => system::user;
    "getUsers" => system::users;
    "getScanStatus" => system::scan_status;
    "startScan" => system::start_scan;
    "getVideos" => system::videos;
    "getShares" => system::shares;
    "getInternetRadioStations" => system::radio_stations;
    "getChatMessages" => system::chat_messages;
    "getPodcasts" => podcasts::list, many;
    "getNewestPodcasts" => podcasts::newest, many;
    "getPodcastEpisode" => podcasts::episode;
    "createPodcastChannel" => podcasts::create, many;
    "deletePodcastChannel" => podcasts::delete;
    "refreshPodcasts" => podcasts::refresh;
    "downloadPodcastEpisode" => podcasts::download_episode;
    "deletePodcastEpisode" => podcasts::delete_episode;
    "getMusicFolders" => folders::list;
    "getArtists" => browsing::artists, many;
    "getIndexes" => directories::indexes, many;
    "getMusicDirectory" => directories::directory, many;
    "getArtist" => browsing::artist, many;
    "getAlbum" => browsing::album, many;
    "getSong" => browsing::song;
    "getGenres" => browsing::genres, many;
    "getArtistInfo" => info::artist, many;
    "getArtistInfo2" => info::artist_id3, many;
    "getAlbumInfo" => info::album;
    "getAlbumInfo2" => info::album;
    "getAlbumList" => albums::folders, many;
    "getAlbumList2" => albums::id3, many;
    "getRandomSongs" => songs::random, many;
    "getSongsByGenre" => songs::by_genre, many;
    "getTopSongs" => songs::top, many;
    "getSimilarSongs" => songs::similar, many;
    "getSimilarSongs2" => songs::similar_id3, many;
    "search2" => searching::folders, many;
    "search3" => searching::id3, many;
    "getStarred" => annotation::starred, many;
    "getStarred2" => annotation::starred_id3, many;
    "star" => annotation::star, many;
    "unstar" => annotation::unstar;
    "setRating" => annotation::set_rating;
    "scrobble" => annotation::scrobble, many;
    "getNowPlaying" => queue::now_playing, many;
    "getBookmarks" => bookmarks::list, many;
    "createBookmark" => bookmarks::create;
    "deleteBookmark" => bookmarks::delete;
    "getPlayQueue" => queue::current, many;
    "savePlayQueue" => queue::save, many;
    "getPlayQueueByIndex" => queue::current_by_index, many;
    "savePlayQueueByIndex" => queue::save_by_index, many;
    "getPlaylists" => playlists::list, many;
    "getPlaylist" => playlists::one, many;
    "createPlaylist" => playlists::create;
    "updatePlaylist" => playlists::update;
    "deletePlaylist" => playlists::delete;
    "stream" => media::stream;
    "download" => media::download;
    "getCoverArt" => media::cover_art;
    "getAvatar" => media::avatar;
    "getLyrics" => lyrics::by_title, many;
    "getLyricsBySongId" => lyrics::by_id;
}
