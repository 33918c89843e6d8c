//! Lists of tracks below other objects.
use super::{
    List, Track, TrackFilter, TrackOrder,
    sql::{AlbumTracks, ArtistTracks, by_position, in_library, listing},
};
use crate::graphql::nested::nested;

nested! {
    /// Tracks that an artist is credited on, in the order they were added.
    TracksOfArtist: List(TrackFilter, TrackOrder) -> Track = listing,
        where "t.id in (select ta.track_id from track_artists ta where ta.artist_id = ?)",
        usual Vec::new(), kept ArtistTracks, including include_channels;
    /// Tracks of an album, by disc and position.
    TracksOfAlbum: List(TrackFilter, TrackOrder) -> Track = listing,
        where "t.album_id = ?", usual by_position(), kept AlbumTracks, including include_channels;
    /// Tracks with a tag.
    TracksOfTag: List(TrackFilter, TrackOrder) -> Track = listing,
        where "t.id in (select x.track_id from track_tags x where x.tag_id = ?)";
    /// Tracks that can be played in a library.
    TracksOfLibrary: List(TrackFilter, TrackOrder) -> Track = listing, within in_library, including include_channels;
}
