use async_graphql::{ComplexObject, Context, ID, Object};
use uuid::Uuid;

use super::{Library, LibraryFilter, LibraryHoldings, LibraryOrder, Retrieve, browse, retrieve};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, answer, cost, pages, window},
        ids::{Key, Kind, global},
        scalars::BigInt,
    },
    guard::AllowExt,
    resources::actors::Actor,
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
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "LibrariesQueries")]
impl Queries {
    #[graphql(complexity = "cost(pages(first, last), child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn libraries(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: LibraryFilter,
        #[graphql(default)] order_by: Vec<LibraryOrder>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Library>>> {
        let window = window(first, after, last, before);
        answer(async { browse(&ctx.allow().await?, &filter, &order_by, window).await }).await
    }

    async fn library(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<Library>> {
        let key = Key::of(Kind::Library, id, database_id, uuid);
        answer(async { retrieve(&ctx.allow().await?, key?).await }).await
    }
}
