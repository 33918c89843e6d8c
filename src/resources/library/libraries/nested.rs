//! Lists of libraries below other objects.
use super::{Library, LibraryFilter, LibraryOrder, List, sql::listing};
use crate::graphql::nested::nested;

nested! {
    /// Libraries of an actor that the caller has access to.
    LibrariesOfActor: List(LibraryFilter, LibraryOrder) -> Library = listing,
        where "l.actor_id = ?";
}
