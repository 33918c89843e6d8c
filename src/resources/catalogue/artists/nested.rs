//! Lists of artists below other objects.
use super::{
    Artist, ArtistFilter, ArtistOrder, List,
    sql::{in_library, listing},
};
use crate::graphql::nested::nested;

nested! {
    /// Artists with a tag.
    ArtistsOfTag: List(ArtistFilter, ArtistOrder) -> Artist = listing,
        where "a.id in (select x.artist_id from artist_tags x where x.tag_id = ?)";
    /// Artists of what can be played in a library.
    ArtistsOfLibrary: List(ArtistFilter, ArtistOrder) -> Artist = listing, within in_library, including include_channels;
}
