use async_graphql::{ComplexObject, Context, ID};

use super::{
    Library, LibraryFilter, LibraryHoldings, LibraryOrder, List, Retrieve, retrieve, sql::listing,
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, nested_cost},
        ids::{Kind, global},
        nested::{Asked, nest},
        scalars::BigInt,
        standard::fields,
    },
    guard::AllowExt,
    resources::{
        catalogue::{
            albums::{Album, AlbumFilter, AlbumOrder, AlbumsOfLibrary},
            artists::{Artist, ArtistFilter, ArtistOrder, ArtistsOfLibrary},
            tracks::{Track, TrackFilter, TrackOrder, TracksOfLibrary},
        },
        library::uploads::{Upload, UploadFilter, UploadOrder, UploadsOfLibrary},
        people::actors::Actor,
    },
};

#[ComplexObject]
impl Library {
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

    /// Artists of the tracks in the library, newest first, unless `orderBy` is given. Empty if you have no access
    /// to the library. Artists that you have
    /// hidden are left out.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn artists(
        &self,
        ctx: &Context<'_>,
        filter: Option<ArtistFilter>,
        order_by: Option<Vec<ArtistOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Artist>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<ArtistsOfLibrary>(ctx, self.id, asked).await
    }

    /// Albums with tracks in the library, newest first, unless `orderBy` is given. Empty if you have no access
    /// to the library. Artists that you have
    /// hidden are left out.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn albums(
        &self,
        ctx: &Context<'_>,
        filter: Option<AlbumFilter>,
        order_by: Option<Vec<AlbumOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Album>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<AlbumsOfLibrary>(ctx, self.id, asked).await
    }

    /// Tracks in the library, newest first, unless `orderBy` is given. Empty if you have no access to the
    /// library. Artists that you have
    /// hidden are left out.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn tracks(
        &self,
        ctx: &Context<'_>,
        filter: Option<TrackFilter>,
        order_by: Option<Vec<TrackOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Track>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<TracksOfLibrary>(ctx, self.id, asked).await
    }

    /// Uploads in the library that are your own or that you can play, newest first, unless `orderBy` is given.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn uploads(
        &self,
        ctx: &Context<'_>,
        filter: Option<UploadFilter>,
        order_by: Option<Vec<UploadOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Upload>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<UploadsOfLibrary>(ctx, self.id, asked).await
    }
}

fields! {
    Queries as "LibrariesQueries";
    list libraries: List(LibraryFilter, LibraryOrder) -> Library = listing;
    one library(Kind::Library) -> Library = retrieve;
}
