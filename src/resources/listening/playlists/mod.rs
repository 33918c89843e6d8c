//! Playlists: tracks in an order that their owner chose (contract section 8).
mod body;
mod entries;
pub mod graphql;
mod rewrite;
mod sql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;

pub use self::{
    body::Rest,
    entries::{Contents, PlaylistTrack, TracksOfPlaylist, contents, entry},
    graphql::PlaylistsOfUser,
    rewrite::{Change, compose, rewrite},
    sql::{listing, retrieve},
    write::{append, delete, insert, tidied},
};
use crate::{
    graphql::reference::ById,
    guard::operations,
    load::entity,
    resources::{
        catalogue::{albums::Album, artists::Artist, tracks::Track},
        people::users::UserPrivacy,
    },
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    time::Timestamp,
};

operations! {
    "playlists", "Playlists: tracks in an order that their owner chose.";
    /// Lists playlists.
    ///
    /// Listed are your own, and those of others whose privacy level lets you see them; use
    /// `scope=me` for your own. Sorted by ID by default, oldest first.
    list: List = read Playlists, anonymous = Setting, throttle = List, graphql = "playlists", params = Query;
    /// Returns a playlist.
    ///
    /// Playlists that you may not see, and unknown IDs, are answered with 404.
    retrieve: Retrieve = read Playlists, anonymous = Setting, throttle = Retrieve, graphql = "playlist";
    /// Creates a playlist.
    ///
    /// Invalid values are answered with 400.
    create: Create = write Playlists, anonymous = Never, throttle = Create, graphql = "Mutation.createPlaylist";
    /// Changes one of your playlists.
    ///
    /// Fields that are not sent keep their values. Playlists of others and unknown IDs are answered
    /// with 404, invalid values with 400.
    update: Update = write Playlists, anonymous = Never, throttle = Update, graphql = "Mutation.updatePlaylist";
    /// Deletes one of your playlists.
    ///
    /// Playlists of others and unknown IDs are answered with 404.
    delete: Delete = write Playlists, anonymous = Never, throttle = Destroy, graphql = "Mutation.deletePlaylist";
    /// Lists the tracks of a playlist in their order.
    ///
    /// The list is not cut into pages. Playlists that you may not see, and unknown IDs, are
    /// answered with 404.
    tracks: Tracks = read Playlists, anonymous = Setting, throttle = Wildcard, graphql = "Playlist.tracks", reads = many;
    /// Adds tracks to the end of one of your playlists.
    ///
    /// Nothing is added, and the answer is 400, if a track does not exist, if the playlist would
    /// have more tracks than the pod allows, or if a track would be there twice and
    /// `allow_duplicates` is false. Playlists of others and unknown IDs are answered with 404.
    add: Add = write Playlists, anonymous = Never, throttle = Wildcard, graphql = "Mutation.addTracksToPlaylist";
    /// Moves a track within one of your playlists.
    ///
    /// The tracks between the two places move by one. Playlists of others, unknown IDs and places
    /// without a track are answered with 404, a new place beyond the end with 400.
    move: Move = write Playlists, anonymous = Never, throttle = Wildcard, graphql = "Mutation.movePlaylistTrack";
    /// Removes a track from one of your playlists.
    ///
    /// Later tracks move up. Playlists of others, unknown IDs and places without a track are
    /// answered with 404.
    remove: Remove = write Playlists, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removePlaylistTrack";
    /// Removes all tracks from one of your playlists.
    ///
    /// The playlist itself stays. Playlists of others and unknown IDs are answered with 404.
    clear: Clear = write Playlists, anonymous = Never, throttle = Wildcard, graphql = "Mutation.clearPlaylist";
}

pub type Query = ListQuery<PlaylistFilter, PlaylistOrder>;

/// A playlist: tracks in an order that its owner chose.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Playlist {
    /// Numeric ID, unique among playlists.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Name of the playlist.
    pub name: String,
    #[graphql(skip)]
    pub user_id: i64,
    /// Who can see the playlist.
    pub privacy_level: UserPrivacy,
    /// Time at which the playlist was created.
    pub creation_date: Timestamp,
    /// Time of the last change of the playlist or of its tracks.
    pub modification_date: Timestamp,
}

entity!(Playlist in "playlists": "id, name, user_id, privacy_level, creation_date, modification_date",
    upon [PlaylistId], weighs [name]);

filter! {
    /// Filter for a list of playlists. A playlist must match all conditions.
    pub struct PlaylistFilter {
        /// Playlists with a track on this album.
        album: Option<ById<Album>>,
        /// Playlists with a track that is credited to this artist.
        artist: Option<ById<Artist>>,
        /// Exact name.
        name: Option<String>,
        /// Part of the name (not case-sensitive).
        name_contains: Option<String> = "name__icontains",
        /// `true`: only playlists with tracks. `false`: only empty ones.
        playable: Option<bool>,
        /// Words, each of which must be part of the name or of the owner's username (not
        /// case-sensitive).
        q: Option<String>,
        /// Only playlists of these users: `me`, `all`, `actor:name@domain` or `domain:name`.
        /// Several are separated by commas; any of them may match.
        scope: Option<String>,
        /// Playlists with this track.
        track: Option<ById<Track>>,
    }
}

ordering! {
    /// Sort options for playlists.
    pub struct PlaylistOrder by PlaylistOrderField {
        /// Numeric ID.
        Id = "id",
        /// Name.
        Name = "name",
        /// Time at which the playlist was created.
        CreationDate = "creation_date",
        /// Time of the last change.
        ModificationDate = "modification_date",
    }
    others ignored
}
