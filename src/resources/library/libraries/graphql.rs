use async_graphql::{Context, ID};

use super::{
    Library, LibraryFilter, LibraryHoldings, LibraryOrder, List, Retrieve, retrieve, sql::listing,
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        ids::{Kind, global},
        nested::with_lists,
        scalars::BigInt,
        standard::fields,
    },
    guard::AllowExt,
    resources::{
        catalogue::{albums::AlbumsOfLibrary, artists::ArtistsOfLibrary, tracks::TracksOfLibrary},
        library::uploads::UploadsOfLibrary,
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
}

fields! {
    Queries as "LibrariesQueries";
    list libraries: List(LibraryFilter, LibraryOrder) -> Library = listing;
    one library(Kind::Library) -> Library = retrieve;
}
