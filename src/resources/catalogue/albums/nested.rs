//! Lists of albums below other objects.
use super::{
    Album, AlbumFilter, AlbumOrder, List,
    sql::{ArtistAlbums, in_library, listing},
};
use crate::{context::Reader, error::Result, graphql::nested::nested, store::listing::Listing};

nested! {
    /// Albums that an artist is credited on, in the order they were added.
    AlbumsOfArtist: List(AlbumFilter, AlbumOrder) -> Album = with_channels,
        where "al.id in (select aa.album_id from album_artists aa where aa.artist_id = ?)",
        usual Vec::new(), kept ArtistAlbums;
    /// Albums with a tag.
    AlbumsOfTag: List(AlbumFilter, AlbumOrder) -> Album = listing,
        where "al.id in (select x.album_id from album_tags x where x.tag_id = ?)";
    /// Albums of what can be played in a library.
    AlbumsOfLibrary: List(AlbumFilter, AlbumOrder) -> Album = with_channels, within in_library;
}

/// The listing below an object that may itself belong to a channel.
async fn with_channels(
    reader: &Reader,
    filter: &AlbumFilter,
    order: &[AlbumOrder],
) -> Result<Listing> {
    let include_channels = filter.include_channels.or(Some(true));
    let filter = AlbumFilter {
        include_channels,
        ..filter.clone()
    };
    listing(reader, &filter, order).await
}
