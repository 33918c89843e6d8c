use async_graphql::{Context, ID, InputObject};

use super::{
    Library, LibraryChanges, LibraryFilter, LibraryHoldings, LibraryOrder, List, NewLibrary,
    PrivacyLevel, Retrieve, Update, retrieve,
    sql::listing,
    write::{create, delete, update},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        nested::with_lists,
        scalars::BigInt,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::{
        catalogue::{albums::AlbumsOfLibrary, artists::ArtistsOfLibrary, tracks::TracksOfLibrary},
        library::{
            follows::{self, FollowOfCaller, FollowsOfLibrary, LibraryFollow},
            uploads::UploadsOfLibrary,
        },
        people::actors::Actor,
    },
};

with_lists! {
    Library {
        /// Global ID; opaque.
        #[graphql(name = "id")]
        pub(crate) async fn global_id(&self) -> ID {
            global(Kind::Library, self.id)
        }

        /// Whether the library belongs to this pod.
        async fn is_local(&self, ctx: &Context<'_>) -> bool {
            ctx.data_unchecked::<Cx>()
                .reader()
                .is_local(Some(&self.fid))
        }

        /// Number of uploads, of any import status.
        async fn uploads_count(&self, ctx: &Context<'_>) -> Result<i64> {
            let permit = ctx.reach::<Retrieve>().await?;
            Ok(permit
                .loaders()
                .one::<LibraryHoldings>(self.id)
                .await?
                .unwrap_or_default()
                .uploads_count)
        }

        /// Total size of the uploads in bytes.
        async fn size(&self, ctx: &Context<'_>) -> Result<BigInt> {
            let permit = ctx.reach::<Retrieve>().await?;
            Ok(BigInt(
                permit
                    .loaders()
                    .one::<LibraryHoldings>(self.id)
                    .await?
                    .unwrap_or_default()
                    .size,
            ))
        }

        /// Your follow of the library; null if you did not ask for access.
        async fn follow(&self, ctx: &Context<'_>) -> Result<Option<LibraryFollow>> {
            ctx.load::<follows::Retrieve, FollowOfCaller>(self.id).await
        }

        /// Owner of the library.
        async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
            ctx.load::<Retrieve, Actor>(self.actor_id).await
        }
    }
    artists: ArtistsOfLibrary =
        "Artists of the tracks in the library, newest first, unless `orderBy` is given. Empty if you have \
         no access to the library. Artists that you have hidden are left out.";
    albums: AlbumsOfLibrary =
        "Albums with tracks in the library, newest first, unless `orderBy` is given. Empty if you have no \
         access to the library. Artists that you have hidden are left out.";
    tracks: TracksOfLibrary =
        "Tracks in the library, newest first, unless `orderBy` is given. Empty if you have no access to \
         the library. Artists that you have hidden are left out.";
    uploads: UploadsOfLibrary =
        "Uploads in the library that are your own or that you can play, newest first, unless `orderBy` is \
         given.";
    followers: FollowsOfLibrary =
        "Followers of the library, and those who asked, newest first, unless `orderBy` is given. Empty if the \
         library is not yours.";
}

fields! {
    Queries as "LibrariesQueries";
    list libraries: List(LibraryFilter, LibraryOrder) -> Library = listing;
    one library(Kind::Library) -> Library = retrieve;
}

/// What to change of a library. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateLibraryInput {
    /// Global ID of the library; its UUID and its numeric ID are accepted too.
    id: ID,
    /// Name, 1 to 100 characters.
    name: Option<String>,
    /// Description, at most 5,000 characters. An empty text deletes it.
    description: Option<String>,
    /// Who has access to the library.
    privacy_level: Option<PrivacyLevel>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateLibraryInput) -> Result<Library> {
    let key = Key::of(Kind::Library, Some(input.id), None, None)?;
    let changes = LibraryChanges {
        name: input.name,
        description: input.description,
        privacy_level: input.privacy_level,
    };
    update(permit, key, changes).await
}

mutations! {
    Mutations as "LibrariesMutations";
    delete delete_library(DeleteLibraryInput) -> DeleteLibraryPayload = delete, of Kind::Library;
    change create_library(NewLibrary) -> CreateLibraryPayload { library: Library, "The new library." } = create;
    change update_library(UpdateLibraryInput) -> UpdateLibraryPayload { library: Library, "The library after the change." } = updated;
}
