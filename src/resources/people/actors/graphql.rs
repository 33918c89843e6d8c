//! The GraphQL fields of actors.
use async_graphql::{ComplexObject, Context, ID};

use super::Actor;
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, nested_cost},
        ids::{Kind, global},
        nested::{Asked, nest},
    },
    resources::library::{
        libraries::{LibrariesOfActor, Library, LibraryFilter, LibraryOrder},
        uploads::{Upload, UploadFilter, UploadOrder, UploadsOfActor},
    },
};

#[ComplexObject]
impl Actor {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Actor, self.address())
    }

    /// Username with the domain, such as `alice@pod.example`.
    async fn full_username(&self) -> String {
        self.address()
    }

    /// Whether the actor belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local_domain(&self.domain)
    }

    /// Libraries of the actor that you have access to, newest first, unless `orderBy` is given.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn libraries(
        &self,
        ctx: &Context<'_>,
        filter: Option<LibraryFilter>,
        order_by: Option<Vec<LibraryOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Library>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<LibrariesOfActor>(ctx, self.id, asked).await
    }

    /// Uploads of the actor that are your own or that you can play, newest first, unless `orderBy` is given.
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
        nest::<UploadsOfActor>(ctx, self.id, asked).await
    }
}
