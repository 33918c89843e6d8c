//! Lists of albums below other objects.
use super::{
    Album, AlbumFilter, AlbumOrder, List,
    sql::{ArtistAlbums, in_library, listing},
};
use crate::graphql::nested::nested;

nested! {
    /// Albums that an artist is credited on, in the order they were added.
    AlbumsOfArtist: List(AlbumFilter, AlbumOrder) -> Album = listing,
        where "al.id in (select aa.album_id from album_artists aa where aa.artist_id = ?)",
        usual Vec::new(), kept ArtistAlbums, including include_channels;
    /// Albums with a tag.
    AlbumsOfTag: List(AlbumFilter, AlbumOrder) -> Album = listing,
        where "al.id in (select x.album_id from album_tags x where x.tag_id = ?)";
    /// Albums of what can be played in a library.
    AlbumsOfLibrary: List(AlbumFilter, AlbumOrder) -> Album = listing, within in_library, including include_channels;
}
