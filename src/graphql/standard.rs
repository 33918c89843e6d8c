//! The standard shapes of root fields, written once.

/// Declares root fields of a resource: one row for each.
///
/// ```ignore
/// fields! {
///     Queries as "TracksQueries";
///     list tracks: List(TrackFilter, TrackOrder) -> Track = listing;
///     one track(Kind::Track) -> Track = retrieve;
///     { fields of another shape }
/// }
/// ```
///
/// `list` is a Relay connection over what `listing` finds, `all` a short list as a whole. `one` finds an object by `id`,
/// `databaseId` or `uuid`, and `delete` deletes one and returns its global ID. `call`
/// takes no argument, `text` one text, `input` one value; `done` takes one value and returns `true`.
/// The rows of a resource are in this order. Each calls the function behind `=` with the operation's permit,
/// which follows from the function's signature.
macro_rules! fields {
    (
        $object:ident as $called:literal;
        $(list $list:ident: $list_op:ident($filter:ty, $order:ty) -> $node:ty = $listing:path;)*
        $(all $all:ident -> $all_as:ty = $every:path;)*
        $(one $one:ident($one_kind:path) -> $one_as:ty = $retrieve:path;)*
        $(delete $delete:ident($delete_kind:path) = $gone:path;)*
        $(call $call:ident -> $call_as:ty = $called_for:path;)*
        $(text $text:ident($word:ident: $word_about:literal) -> $text_as:ty = $by_text:path;)*
        $(input $input:ident($value:ident: $value_as:ty, $value_about:literal) -> $input_as:ty = $taken:path;)*
        $(done $done:ident($needed:ident: $needed_as:ty, $needed_about:literal) = $doing:path;)*
        $({ $($by_hand:tt)* })?
    ) => {
        #[derive(Default)]
        pub struct $object;

        #[async_graphql::Object(name = $called)]
        impl $object {
            $(
                #[graphql(complexity = "crate::graphql::connection::cost(crate::graphql::connection::pages(first, last), child_complexity)")]
                #[expect(
                    clippy::too_many_arguments,
                    reason = "the arguments of a Relay connection"
                )]
                async fn $list(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    filter: $crate::graphql::input::Defaulted<$filter>,
                    order_by: $crate::graphql::input::Defaulted<Vec<$order>>,
                    first: Option<i32>,
                    after: Option<String>,
                    last: Option<i32>,
                    before: Option<String>,
                ) -> Option<$crate::error::Result<$crate::graphql::connection::Connection<$node>>> {
                    let window = $crate::graphql::connection::window(first, after, last, before);
                    $crate::graphql::connection::answer(async {
                        let permit = $crate::guard::AllowExt::allow::<$list_op>(ctx).await?;
                        let listing = $listing(&permit, &filter, &order_by).await?;
                        $crate::graphql::connection::connect(&permit, listing, window?).await
                    })
                    .await
                }
            )*

            $(
                #[graphql(complexity = "crate::graphql::connection::cost(100, child_complexity)")]
                async fn $all(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Option<$crate::error::Result<Vec<$all_as>>> {
                    $crate::graphql::connection::answer(async {
                        $every(&$crate::guard::AllowExt::allow(ctx).await?).await
                    })
                    .await
                }
            )*

            $(
                async fn $one(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    id: Option<async_graphql::ID>,
                    database_id: Option<i64>,
                    uuid: Option<uuid::Uuid>,
                ) -> Option<$crate::error::Result<$one_as>> {
                    let key = $crate::graphql::ids::Key::of($one_kind, id, database_id, uuid);
                    $crate::graphql::connection::answer(async {
                        $retrieve(&$crate::guard::AllowExt::allow(ctx).await?, key?).await
                    })
                    .await
                }
            )*

            $(
                async fn $delete(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    id: Option<async_graphql::ID>,
                    database_id: Option<i64>,
                    uuid: Option<uuid::Uuid>,
                ) -> Option<$crate::error::Result<async_graphql::ID>> {
                    let key = $crate::graphql::ids::Key::of($delete_kind, id, database_id, uuid);
                    $crate::graphql::connection::answer(async {
                        let id = $gone(&$crate::guard::AllowExt::allow(ctx).await?, key?).await?;
                        Ok($crate::graphql::ids::global($delete_kind, id))
                    })
                    .await
                }
            )*

            $(
                async fn $call(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Option<$crate::error::Result<$call_as>> {
                    $crate::graphql::connection::answer(async {
                        $called_for(&$crate::guard::AllowExt::allow(ctx).await?).await
                    })
                    .await
                }
            )*

            $(
                async fn $text(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = $word_about)] $word: String,
                ) -> Option<$crate::error::Result<$text_as>> {
                    $crate::graphql::connection::answer(async {
                        $by_text(&$crate::guard::AllowExt::allow(ctx).await?, &$word).await
                    })
                    .await
                }
            )*

            $(
                async fn $input(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = $value_about)] $value: $value_as,
                ) -> Option<$crate::error::Result<$input_as>> {
                    $crate::graphql::connection::answer(async {
                        $taken(&$crate::guard::AllowExt::allow(ctx).await?, $value).await
                    })
                    .await
                }
            )*

            $(
                async fn $done(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = $needed_about)] $needed: $needed_as,
                ) -> Option<$crate::error::Result<bool>> {
                    $crate::graphql::connection::answer(async {
                        $doing(&$crate::guard::AllowExt::allow(ctx).await?, $needed).await?;
                        Ok(true)
                    })
                    .await
                }
            )*

            $($($by_hand)*)?
        }
    };
}
pub(crate) use fields;
