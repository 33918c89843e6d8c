//! The standard shapes of root fields, written once.

/// Declares root fields of a resource's queries: one row for each.
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
/// `databaseId` or `uuid`. `call` takes no argument, `text` one text. The rows of a resource are in this order. Each calls the function behind `=` with the operation's permit,
/// which follows from the function's signature.
macro_rules! fields {
    (
        $object:ident as $called:literal;
        $(list $list:ident: $list_op:ident($filter:ty, $order:ty) -> $node:ty = $listing:path;)*
        $(all $all:ident -> $all_as:ty = $every:path;)*
        $(one $one:ident($one_kind:path) -> $one_as:ty = $retrieve:path;)*
        $(call $call:ident -> $call_as:ty = $called_for:path;)*
        $(text $text:ident($word:ident: $word_about:literal) -> $text_as:ty = $by_text:path;)*
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
                        let order_by = $crate::graphql::connection::ordering(order_by.0)?;
                        let listing =
                            $crate::graphql::input::listed!($listing, &permit, &*filter, &order_by);
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

            $($($by_hand)*)?
        }
    };
}
pub(crate) use fields;

/// Declares the mutations of a resource: one row for each. A mutation takes one argument, `input`, or none, and
/// returns a payload.
///
/// ```ignore
/// mutations! {
///     Mutations as "AlbumMutations";
///     delete delete_album(DeleteAlbumInput) -> DeleteAlbumPayload = delete, of Kind::Album;
///     change create_album(CreateAlbumInput) -> CreateAlbumPayload { album: Album, "The new album." } = create;
///     act sign_up(SignUpInput) -> SignUpPayload = sign_up;
///     call rotate_subsonic_token -> RotateSubsonicTokenPayload = rotate;
/// }
/// ```
///
/// `delete` deletes an object by key, `delete_named` one by name; both return its global ID, and the row declares
/// the input and the payload. `change`
/// declares a payload of one field. `act` takes an input, `call` none; both return a payload that is declared
/// elsewhere. The rows of a resource are in this order.
macro_rules! mutations {
    (
        $object:ident as $called:literal;
        $(delete $delete:ident($delete_input:ident) -> $delete_payload:ident = $gone:path, of $delete_kind:path;)*
        $(delete_named $forget:ident($forget_input:ident) -> $forget_payload:ident = $forgotten:path, of $forget_kind:path;)*
        $(change $change:ident($change_input:ty) -> $change_payload:ident { $part:ident: $part_as:ty, $part_about:literal } = $changed:path;)*
        $(act $act:ident($act_input:ty) -> $act_as:ty = $acting:path;)*
        $(call $call:ident -> $call_as:ty = $calling:path;)*
    ) => {
        $(
            /// The object to delete.
            #[derive(Debug, async_graphql::InputObject)]
            pub struct $delete_input {
                /// Global ID of the object; its UUID and its numeric ID are accepted too.
                id: async_graphql::ID,
            }

            /// The object that was deleted.
            #[derive(Debug, async_graphql::SimpleObject)]
            pub struct $delete_payload {
                /// Global ID of the deleted object.
                deleted_id: async_graphql::ID,
            }
        )*

        $(
            /// The object to delete.
            #[derive(Debug, async_graphql::InputObject)]
            pub struct $forget_input {
                /// Global ID. The client ID of an application or grant, and the numeric ID of a session, are
                /// accepted too.
                id: async_graphql::ID,
            }

            /// The object that was deleted.
            #[derive(Debug, async_graphql::SimpleObject)]
            pub struct $forget_payload {
                /// Global ID of the deleted object.
                deleted_id: async_graphql::ID,
            }
        )*

        $(
            /// Result of the mutation.
            #[derive(Debug, async_graphql::SimpleObject)]
            pub struct $change_payload {
                #[doc = $part_about]
                $part: $part_as,
            }
        )*

        #[derive(Default)]
        pub struct $object;

        #[async_graphql::Object(name = $called)]
        impl $object {
            $(
                async fn $delete(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Input of the mutation.")] input: $delete_input,
                ) -> Option<$crate::error::Result<$delete_payload>> {
                    $crate::graphql::connection::answer(async {
                        let key = $crate::graphql::ids::Key::of($delete_kind, Some(input.id), None, None);
                        let id = $gone(&$crate::guard::AllowExt::allow(ctx).await?, key?).await?;
                        let deleted_id = $crate::graphql::ids::global($delete_kind, id);
                        Ok($delete_payload { deleted_id })
                    })
                    .await
                }
            )*

            $(
                async fn $forget(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Input of the mutation.")] input: $forget_input,
                ) -> Option<$crate::error::Result<$forget_payload>> {
                    $crate::graphql::connection::answer(async {
                        let name = $crate::graphql::ids::named($forget_kind, &input.id);
                        let permit = $crate::guard::AllowExt::allow(ctx).await?;
                        let name = name?;
                        $forgotten(&permit, &name).await?;
                        let deleted_id = $crate::graphql::ids::global($forget_kind, name);
                        Ok($forget_payload { deleted_id })
                    })
                    .await
                }
            )*

            $(
                async fn $change(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Input of the mutation.")] input: $change_input,
                ) -> Option<$crate::error::Result<$change_payload>> {
                    $crate::graphql::connection::answer(async {
                        let $part = $changed(&$crate::guard::AllowExt::allow(ctx).await?, input).await?;
                        Ok($change_payload { $part })
                    })
                    .await
                }
            )*

            $(
                async fn $act(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Input of the mutation.")] input: $act_input,
                ) -> Option<$crate::error::Result<$act_as>> {
                    $crate::graphql::connection::answer(async {
                        $acting(&$crate::guard::AllowExt::allow(ctx).await?, input).await
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
                        $calling(&$crate::guard::AllowExt::allow(ctx).await?).await
                    })
                    .await
                }
            )*
        }
    };
}
pub(crate) use mutations;
