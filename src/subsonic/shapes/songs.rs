//! Songs: the tracks of the catalogue.
use std::sync::Arc;

use serde::Serialize;

use super::{Credited, Credits, Moment, Named, credited, genres, shape, year};
use crate::{
    load::{Found, Parts},
    reading::{ReplayGain, TrackDetails},
    resources::{
        catalogue::{
            albums::Album,
            artists::Artist,
            credits::{AlbumCredits, ArtistCredit, TrackCredits},
            tags::{Tag, TrackTags},
            tracks::{DetailsOfTrack, List, Track},
        },
        library::uploads::{Upload, audible_uploads},
        listening::{
            bookmarks::{self, PositionIn},
            favorites::{self, MarkedAt},
            history::{self, Plays, TrackPlays},
            marks::{self, View, ViewOfTrack},
        },
    },
    subsonic::{Call, ids::Id, refusal::Told},
    time::Timestamp,
};

shape! {
    /// A song.
    pub struct Song {
        id: Id,
        is_dir: bool,
        title: String,
        artist: String,
        is_video: bool,
        created: Moment,
        r#type: &'static str,
        media_type: &'static str,
        music_brainz_id: String,
        sort_name: String,
        display_artist: String,
        display_album_artist: String,
        genres: Vec<Named>,
        artists: Vec<Credited>,
        album_artists: Vec<Credited>,
        contributors: Vec<Contributor>,
        moods: Vec<String>,
        isrc: Vec<String>,
    } known {
        parent: Id,
        album: String,
        album_id: Id,
        artist_id: Id,
        track: i64,
        disc_number: i64,
        year: i32,
        genre: String,
        cover_art: Id,
        size: i64,
        content_type: String,
        suffix: String,
        duration: i64,
        bit_rate: i64,
        path: String,
        starred: Moment,
        user_rating: i64,
        bookmark_position: i64,
        play_count: i64,
        played: Moment,
        bpm: i64,
        comment: String,
        display_composer: String,
        replay_gain: Gain,
        channel_count: i32,
        sampling_rate: i32,
        bit_depth: i32,
        username: String,
        minutes_ago: i64,
        player_id: i32,
        stream_id: Id,
        channel_id: Id,
        description: String,
        status: &'static str,
        publish_date: Moment,
    }
}

/// Somebody who took part in a song.
#[derive(Debug, Serialize)]
pub struct Contributor {
    role: String,
    artist: Named,
}

shape! {
    /// How much louder or softer a song is to be played, in dB, and its highest sample.
    pub struct Gain {
        fallback_gain: f64,
    } known {
        track_gain: f64,
        track_peak: f64,
        album_gain: f64,
        album_peak: f64,
    }
}

impl From<&ReplayGain> for Gain {
    fn from(gain: &ReplayGain) -> Self {
        Self {
            fallback_gain: 0.0,
            track_gain: gain.track_gain,
            track_peak: gain.track_peak,
            album_gain: gain.album_gain,
            album_peak: gain.album_peak,
        }
    }
}

/// What songs are made of, read at once for all of them.
struct Sources {
    tracks: Vec<Arc<Track>>,
    credits: Found<Arc<Vec<ArtistCredit>>>,
    albums: Parts<Album>,
    album_credits: Found<Arc<Vec<ArtistCredit>>>,
    artists: Found<Arc<Artist>>,
    tags: Found<Arc<Vec<Tag>>>,
    uploads: Found<Arc<Vec<Upload>>>,
    details: Found<Arc<Option<TrackDetails>>>,
    marked: Found<Arc<Timestamp>>,
    plays: Found<Arc<Plays>>,
    views: Found<Arc<View>>,
    bookmarks: Found<Arc<i64>>,
}

/// The songs with these numbers, in their order, also those that the caller cannot play.
pub async fn songs(call: &Call, ids: &[i64]) -> Told<Vec<Song>> {
    let sources = Sources::load(call, ids).await?;
    Ok(sources
        .tracks
        .iter()
        .map(|track| sources.song(track))
        .collect())
}

/// Those of the songs that the caller can play.
pub async fn playable_songs(call: &Call, ids: &[i64]) -> Told<Vec<Song>> {
    let mut songs = songs(call, ids).await?;
    songs.retain(|song| song.suffix.is_some());
    Ok(songs)
}

impl Sources {
    async fn load(call: &Call, ids: &[i64]) -> Told<Self> {
        let permit = call.permit::<List>().await?;
        let loaders = permit.loaders();
        let all = || ids.iter().copied();
        let named = async {
            let tracks = loaders.list::<Track>(ids).await?;
            let credits = loaders.many::<TrackCredits>(all()).await?;
            let of_albums: Vec<i64> = tracks.iter().filter_map(|track| track.album_id).collect();
            let album_credits = loaders.many::<AlbumCredits>(of_albums.clone()).await?;
            let albums = of_albums.into_iter().map(Some);
            let albums = loaders.parts::<Album>(albums).await?;
            let everybody = credited(credits.values().chain(album_credits.values()));
            let artists = loaders.many::<Artist>(everybody).await?;
            Told::Ok((tracks, credits, albums, album_credits, artists))
        };
        let heard = async {
            let tags = loaders.many::<TrackTags>(all()).await?;
            let uploads = audible_uploads(loaders, &permit, ids).await?;
            let details = loaders.many::<DetailsOfTrack>(all()).await?;
            Told::Ok((tags, uploads, details))
        };
        let own = async {
            let marked = call.own::<favorites::List, MarkedAt>(ids).await?;
            let plays = call.own::<history::List, TrackPlays>(ids).await?;
            let views = call.own::<marks::List, ViewOfTrack>(ids).await?;
            let bookmarks = call.own::<bookmarks::List, PositionIn>(ids).await?;
            Told::Ok((marked, plays, views, bookmarks))
        };
        let (named, heard, own) = tokio::try_join!(named, heard, own)?;
        let (tracks, credits, albums, album_credits, artists) = named;
        let (tags, uploads, details) = heard;
        let (marked, plays, views, bookmarks) = own;
        Ok(Self {
            tracks,
            credits,
            albums,
            album_credits,
            artists,
            tags,
            uploads,
            details,
            marked,
            plays,
            views,
            bookmarks,
        })
    }

    fn song(&self, track: &Track) -> Song {
        let credits = Credits::of(self.credits.get(&track.id), &self.artists);
        let album = self.albums.get(track.album_id);
        let of_album = track.album_id.and_then(|id| self.album_credits.get(&id));
        let of_album = Credits::of(of_album, &self.artists);
        let upload = self.uploads.get(&track.id);
        let upload = upload.and_then(|uploads| uploads.first());
        let details = self.details.get(&track.id);
        let details = details.and_then(|details| details.as_ref().as_ref());
        let described = details.map(Described::from).unwrap_or_default();
        let genres = genres(self.tags.get(&track.id));
        let plays = self.plays.get(&track.id);
        let album_id = track.album_id.map(Id::Album);
        Song {
            id: Id::Track(track.id),
            is_dir: false,
            title: track.title.clone(),
            artist: credits.together.clone(),
            is_video: false,
            created: Moment(track.creation_date),
            r#type: "music",
            media_type: "song",
            music_brainz_id: track.mbid.map(|mbid| mbid.to_string()).unwrap_or_default(),
            sort_name: described.sort_name,
            display_artist: credits.together.clone(),
            display_album_artist: of_album.together.clone(),
            genre: genres.first().map(|genre| genre.name.clone()),
            genres,
            artist_id: credits.first(),
            contributors: described.contributors,
            moods: described.moods,
            isrc: described.isrc,
            parent: album_id.clone(),
            album: album.map(|album| album.title.clone()),
            album_id,
            track: track.position,
            disc_number: Some(track.disc_number.unwrap_or(1)),
            year: year(album.and_then(|album| album.release_date)),
            cover_art: cover(track, album),
            size: upload.and_then(|upload| upload.size),
            content_type: upload.map(|upload| upload.media_type().to_owned()),
            suffix: upload.map(|upload| upload.extension().to_owned()),
            duration: upload.and_then(|upload| upload.duration),
            bit_rate: upload
                .and_then(|upload| upload.bitrate)
                .map(|rate| rate / 1000),
            path: upload.map(|upload| path(&of_album, album, track, upload)),
            starred: self.marked.get(&track.id).map(|at| Moment(**at)),
            user_rating: self.views.get(&track.id).and_then(|view| view.rating),
            bookmark_position: self.bookmarks.get(&track.id).map(|position| **position),
            play_count: plays.map(|plays| plays.count),
            played: plays.map(|plays| Moment(plays.last)),
            bpm: described.bpm,
            comment: described.comment,
            display_composer: described.composer,
            replay_gain: described.replay_gain,
            channel_count: described.channels,
            sampling_rate: described.sample_rate,
            bit_depth: described.bit_depth,
            artists: credits.artists,
            album_artists: of_album.artists,
            // Of those who play it now.
            username: None,
            minutes_ago: None,
            player_id: None,
            // Of episodes of podcasts.
            stream_id: None,
            channel_id: None,
            description: None,
            status: None,
            publish_date: None,
        }
    }
}

/// What the file of a song says of it.
#[derive(Default)]
struct Described {
    sort_name: String,
    contributors: Vec<Contributor>,
    moods: Vec<String>,
    isrc: Vec<String>,
    bpm: Option<i64>,
    comment: Option<String>,
    composer: Option<String>,
    replay_gain: Option<Gain>,
    channels: Option<i32>,
    sample_rate: Option<i32>,
    bit_depth: Option<i32>,
}

impl From<&TrackDetails> for Described {
    fn from(details: &TrackDetails) -> Self {
        let composer = details.composers.join(", ");
        Self {
            sort_name: details.title_sort.clone().unwrap_or_default(),
            contributors: contributors(details),
            moods: details.moods.clone(),
            isrc: details.isrcs.clone(),
            bpm: details.bpm.map(|bpm| bpm.round() as i64),
            comment: details.comment.clone(),
            composer: (!composer.is_empty()).then_some(composer),
            replay_gain: details.replay_gain.as_ref().map(Gain::from),
            channels: details.channels,
            sample_rate: details.sample_rate,
            bit_depth: details.bit_depth,
        }
    }
}

/// The picture of a song, or that of its album.
pub fn cover(track: &Track, album: Option<&Album>) -> Option<Id> {
    let own = track.attachment_cover_id.map(|_| Id::Track(track.id));
    own.or_else(|| {
        let album = album.filter(|album| album.attachment_cover_id.is_some())?;
        Some(Id::Album(album.id))
    })
}

fn contributors(details: &TrackDetails) -> Vec<Contributor> {
    let composers = details.composers.iter().map(|name| ("composer", name));
    let others = details.contributors.iter();
    let others = others.map(|other| (other.role.as_str(), &other.name));
    let told = composers.chain(others).map(|(role, name)| Contributor {
        role: role.to_owned(),
        artist: Named { name: name.clone() },
    });
    told.collect()
}

/// Where a song would lie if all of them lay in folders: `Artist/Album/1 - Title.mp3`.
fn path(artists: &Credits, album: Option<&Album>, track: &Track, upload: &Upload) -> String {
    let plain = |text: &str| text.replace(['/', '\\', '&', ':', '"', '<', '>', '|', '?', '*'], "_");
    let artist = artists.artists.first().map(|artist| plain(&artist.name));
    let album = album.map(|album| plain(&album.title));
    let name = match track.position {
        Some(position) => format!("{position} - {}", plain(&track.title)),
        None => plain(&track.title),
    };
    let name = format!("{name}.{}", upload.extension());
    let parts = artist.into_iter().chain(album).chain([name]);
    parts.collect::<Vec<_>>().join("/")
}
