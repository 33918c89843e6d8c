//! Lists of uploads below other objects.
use super::{Retrieve, Upload, UploadFilter, UploadOrder, sql::visible_listing};
use crate::graphql::nested::nested;

nested! {
    /// Uploads in a library that the caller owns or can play.
    UploadsOfLibrary: Retrieve(UploadFilter, UploadOrder) -> Upload = visible_listing,
        where "u.library_id = ?", including include_channels;
    /// Uploads of an actor that the caller owns or can play.
    UploadsOfActor: Retrieve(UploadFilter, UploadOrder) -> Upload = visible_listing,
        where "u.library_id in (select l.id from libraries l where l.actor_id = ?)", including include_channels;
}
