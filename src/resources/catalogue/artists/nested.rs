//! Lists of artists below other objects.
use super::{
    Artist, ArtistFilter, ArtistOrder, List,
    sql::{in_library, listing},
};
use crate::{context::Reader, error::Result, graphql::nested::nested, store::listing::Listing};

nested! {
    /// Artists with a tag.
    ArtistsOfTag: List(ArtistFilter, ArtistOrder) -> Artist = listing,
        where "a.id in (select x.artist_id from artist_tags x where x.tag_id = ?)";
    /// Artists of what can be played in a library.
    ArtistsOfLibrary: List(ArtistFilter, ArtistOrder) -> Artist = with_channels, within in_library;
}

/// The listing below a library that may itself belong to a channel.
async fn with_channels(
    reader: &Reader,
    filter: &ArtistFilter,
    order: &[ArtistOrder],
) -> Result<Listing> {
    let include_channels = filter.include_channels.or(Some(true));
    let filter = ArtistFilter {
        include_channels,
        ..filter.clone()
    };
    listing(reader, &filter, order).await
}
