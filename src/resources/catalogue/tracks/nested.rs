//! Lists of tracks below other objects.
use super::{
    List, Track, TrackFilter, TrackOrder,
    sql::{AlbumTracks, ArtistTracks, by_position, in_library, listing},
};
use crate::{context::Reader, error::Result, graphql::nested::nested, store::listing::Listing};

nested! {
    /// Tracks that an artist is credited on, in the order they were added.
    TracksOfArtist: List(TrackFilter, TrackOrder) -> Track = with_channels,
        where "t.id in (select ta.track_id from track_artists ta where ta.artist_id = ?)",
        usual Vec::new(), kept ArtistTracks;
    /// Tracks of an album, by disc and position.
    TracksOfAlbum: List(TrackFilter, TrackOrder) -> Track = with_channels,
        where "t.album_id = ?", usual by_position(), kept AlbumTracks;
    /// Tracks with a tag.
    TracksOfTag: List(TrackFilter, TrackOrder) -> Track = listing,
        where "t.id in (select x.track_id from track_tags x where x.tag_id = ?)";
    /// Tracks that can be played in a library.
    TracksOfLibrary: List(TrackFilter, TrackOrder) -> Track = with_channels, within in_library;
}

/// The listing below an object that may itself belong to a channel.
async fn with_channels(
    reader: &Reader,
    filter: &TrackFilter,
    order: &[TrackOrder],
) -> Result<Listing> {
    let include_channels = filter.include_channels.or(Some(true));
    let filter = TrackFilter {
        include_channels,
        ..filter.clone()
    };
    listing(reader, &filter, order).await
}
