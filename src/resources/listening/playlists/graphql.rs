//! The GraphQL fields of playlists.
use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};

use super::{
    Add, Clear, List, Move, Playlist, PlaylistFilter, PlaylistOrder, PlaylistTrack, Remove,
    Retrieve, Tracks, Update,
    entries::{
        self, Contents, Place, PlaylistTrackFilter, PlaylistTrackOrder, TracksOfPlaylist, contents,
    },
    retrieve,
    sql::listing,
    write::{self, Addition, NewPlaylist, PlaylistChanges, add, create, delete, remove, shift},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::cost,
        ids::{Key, Kind, global},
        input::Defaulted,
        nested::{nested, with_lists},
        reference::ById,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::{
        catalogue::tracks::{self, Track},
        library::attachments::Attachment,
        people::users::{self, User, UserById},
    },
};

nested! {
    /// Playlists of a user that the caller may see.
    PlaylistsOfUser: List(PlaylistFilter, PlaylistOrder) -> Playlist = listing,
        where "p.user_id = ?";
    /// Tracks of a playlist, in their order.
    EntriesOfPlaylist: Tracks(PlaylistTrackFilter, PlaylistTrackOrder) -> PlaylistTrack = entries::listing,
        where "x.playlist_id = ?", usual vec![entries::place(false)];
}

impl Playlist {
    /// What its tracks make it. Playlists that are asked together are read together.
    async fn contents(&self, ctx: &Context<'_>) -> Result<Contents> {
        let permit = ctx.reach::<Retrieve>().await?;
        let mut found = contents(permit.loaders(), &permit, &[self.id]).await?;
        Ok(found.remove(&self.id).unwrap_or_default())
    }
}

with_lists! {
    Playlist {
        /// Global ID; opaque.
        #[graphql(name = "id")]
        pub(crate) async fn global_id(&self) -> ID {
            global(Kind::Playlist, self.id)
        }

        /// Whether the playlist is yours.
        async fn is_own(&self, ctx: &Context<'_>) -> bool {
            ctx.data_unchecked::<Cx>().reader().user_id() == Some(self.user_id)
        }

        /// Owner of the playlist.
        async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
            ctx.load::<users::Retrieve, UserById>(self.user_id).await
        }

        /// Number of tracks.
        async fn tracks_count(&self, ctx: &Context<'_>) -> Result<i64> {
            let tracks = ctx.load_all::<Retrieve, TracksOfPlaylist>(self.id).await?;
            Ok(i64::try_from(tracks.len()).unwrap_or(i64::MAX))
        }

        /// Duration of all tracks in seconds.
        #[graphql(complexity = 100)]
        async fn duration(&self, ctx: &Context<'_>) -> Result<i64> {
            Ok(self.contents(ctx).await?.duration)
        }

        /// Whether you can play any of the tracks.
        #[graphql(complexity = 100)]
        async fn is_playable(&self, ctx: &Context<'_>) -> Result<bool> {
            Ok(self.contents(ctx).await?.is_playable)
        }

        /// Covers of the first albums, each once; at most 5.
        #[graphql(complexity = 100)]
        async fn album_covers(&self, ctx: &Context<'_>) -> Result<Vec<Attachment>> {
            Ok(self.contents(ctx).await?.covers)
        }
    }
    tracks: EntriesOfPlaylist = "Tracks in their order, unless `orderBy` is given.";
}

#[ComplexObject]
impl PlaylistTrack {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::PlaylistTrack, self.id)
    }

    /// Place in the playlist, from 0.
    async fn index(&self, ctx: &Context<'_>) -> Result<i64> {
        let place = ctx.load::<Tracks, Place>(self.id).await?;
        Ok(place.unwrap_or_default())
    }

    /// The track.
    async fn track(&self, ctx: &Context<'_>) -> Result<Option<Track>> {
        ctx.load::<tracks::Retrieve, Track>(self.track_id).await
    }
}

fields! {
    Queries as "PlaylistsQueries";
    list playlists: List(PlaylistFilter, PlaylistOrder) -> Playlist = listing;
    one playlist(Kind::Playlist) -> Playlist = seen;
}

async fn seen(permit: &Allowed<Retrieve>, key: Key) -> Result<Playlist> {
    retrieve(permit, key).await
}

fn key(id: ID) -> Result<Key> {
    Key::of(Kind::Playlist, Some(id), None, None)
}

/// What to change of a playlist. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdatePlaylistInput {
    /// Global ID of the playlist; its numeric ID is accepted too.
    id: ID,
    /// Name, 1 to 50 characters.
    name: Option<String>,
    /// Who can see the playlist.
    privacy_level: Option<users::UserPrivacy>,
}

async fn updated(permit: &Allowed<Update>, input: UpdatePlaylistInput) -> Result<Playlist> {
    let changes = PlaylistChanges {
        name: input.name,
        privacy_level: input.privacy_level,
    };
    write::update(permit, key(input.id)?, changes).await
}

/// Tracks to add to the end of a playlist.
#[derive(Debug, InputObject)]
struct AddTracksToPlaylistInput {
    /// Global ID of the playlist; its numeric ID is accepted too.
    id: ID,
    /// The tracks, in the order in which they are added.
    tracks: Vec<ById<Track>>,
    /// `true`: tracks may be in the playlist twice. By default, nothing is added if one would be.
    allow_duplicates: Defaulted<bool>,
}

/// A playlist to which tracks were added.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
struct AddTracksToPlaylistPayload {
    /// The playlist after the change.
    playlist: Playlist,
    #[graphql(skip)]
    added: Vec<PlaylistTrack>,
}

#[ComplexObject]
impl AddTracksToPlaylistPayload {
    /// The tracks that were added, in their order.
    #[graphql(complexity = "cost(250, child_complexity)")]
    async fn added(&self) -> &[PlaylistTrack] {
        &self.added
    }
}

async fn added(
    permit: &Allowed<Add>,
    input: AddTracksToPlaylistInput,
) -> Result<AddTracksToPlaylistPayload> {
    let addition = Addition {
        tracks: &input.tracks,
        allow_duplicates: *input.allow_duplicates,
    };
    let added = add(permit, key(input.id)?, addition).await?;
    Ok(AddTracksToPlaylistPayload {
        playlist: added.playlist,
        added: permit
            .loaders()
            .owned::<PlaylistTrack>(&added.entries)
            .await?,
    })
}

/// A track to move within a playlist.
#[derive(Debug, InputObject)]
struct MovePlaylistTrackInput {
    /// Global ID of the playlist; its numeric ID is accepted too.
    id: ID,
    /// Place of the track, from 0.
    from: i64,
    /// New place of the track, from 0.
    to: i64,
}

async fn moved(permit: &Allowed<Move>, input: MovePlaylistTrackInput) -> Result<Playlist> {
    shift(permit, key(input.id)?, input.from, input.to).await
}

/// A track to remove from a playlist.
#[derive(Debug, InputObject)]
struct RemovePlaylistTrackInput {
    /// Global ID of the playlist; its numeric ID is accepted too.
    id: ID,
    /// Place of the track, from 0.
    index: i64,
}

async fn removed(permit: &Allowed<Remove>, input: RemovePlaylistTrackInput) -> Result<Playlist> {
    remove(permit, key(input.id)?, input.index).await
}

/// A playlist to clear.
#[derive(Debug, InputObject)]
struct ClearPlaylistInput {
    /// Global ID of the playlist; its numeric ID is accepted too.
    id: ID,
}

async fn cleared(permit: &Allowed<Clear>, input: ClearPlaylistInput) -> Result<Playlist> {
    write::clear(permit, key(input.id)?).await
}

mutations! {
    Mutations as "PlaylistsMutations";
    delete delete_playlist(DeletePlaylistInput) -> DeletePlaylistPayload = delete, of Kind::Playlist;
    change create_playlist(NewPlaylist) -> CreatePlaylistPayload { playlist: Playlist, "The new playlist." } = create;
    change update_playlist(UpdatePlaylistInput) -> UpdatePlaylistPayload { playlist: Playlist, "The playlist after the change." } = updated;
    change move_playlist_track(MovePlaylistTrackInput) -> MovePlaylistTrackPayload { playlist: Playlist, "The playlist after the change." } = moved;
    change remove_playlist_track(RemovePlaylistTrackInput) -> RemovePlaylistTrackPayload { playlist: Playlist, "The playlist after the change." } = removed;
    change clear_playlist(ClearPlaylistInput) -> ClearPlaylistPayload { playlist: Playlist, "The playlist, which is empty now." } = cleared;
    act add_tracks_to_playlist(AddTracksToPlaylistInput) -> AddTracksToPlaylistPayload = added;
}
