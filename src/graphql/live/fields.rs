//! The fields of `Subscription`.
use async_graphql::Context;
use futures_util::{Stream, future::Either, stream};

use crate::{
    error::{Error, Result},
    graphql::connection::answer,
    guard::{AllowExt, Allowed, Operation},
    live::Row,
};

/// Marks the execution of an event, which may be of a row. Without it a subscription is only checked.
pub struct Event(pub Option<Row>);

/// The payload of an event, once.
pub async fn event<O, T, F, P>(
    ctx: &Context<'_>,
    payload: P,
) -> impl Stream<Item = Option<Result<T>>> + use<O, T, F, P>
where
    O: Operation,
    T: Send,
    P: FnOnce(Allowed<O>) -> F + Send,
    F: Future<Output = Result<T>> + Send,
{
    if ctx.data_opt::<Event>().is_none() {
        return Either::Left(stream::empty());
    }
    let found = answer(async { payload(ctx.reach().await?).await }).await;
    Either::Right(stream::iter([found]))
}

/// The payload of an event of a row, once; nothing if the caller may not see the row, or it is gone.
pub async fn row_event<O, T, F, P>(
    ctx: &Context<'_>,
    payload: P,
) -> impl Stream<Item = Option<Result<T>>> + use<O, T, F, P>
where
    O: Operation,
    T: Send,
    P: FnOnce(Allowed<O>, Row) -> F + Send,
    F: Future<Output = Result<T>> + Send,
{
    let Some(Event(Some(row))) = ctx.data_opt::<Event>() else {
        return Either::Left(stream::empty());
    };
    match answer(async { payload(ctx.reach().await?, *row).await }).await {
        Some(Err(Error::NotFound)) | None => Either::Left(stream::empty()),
        found => Either::Right(stream::iter([found])),
    }
}

/// Declares subscriptions to what operations read: one row for each. The operation, in whose row `live`
/// names the field, follows from the function that makes the payload.
///
/// ```ignore
/// subscriptions! {
///     Subscriptions as "SessionsSubscriptions";
///     /// Sends ..
///     sessions_changed -> SessionsChangedPayload = changed;
///     /// Sends .. (for each row)
///     activity_added -> ActivityAddedPayload = each added;
/// }
/// ```
macro_rules! subscriptions {
    (@event $ctx:ident each $make:ident) => {
        $crate::graphql::live::row_event($ctx, $make).await
    };
    (@event $ctx:ident $make:ident) => {
        $crate::graphql::live::event($ctx, $make).await
    };
    (
        $object:ident as $called:literal;
        $($(#[doc = $doc:literal])+ $field:ident -> $payload:ty = $($make:ident)+;)+
    ) => {
        #[derive(Default)]
        pub struct $object;

        #[async_graphql::Subscription(name = $called)]
        impl $object {
            $(
                $(#[doc = $doc])+
                async fn $field(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> impl futures_util::Stream<Item = Option<$crate::error::Result<$payload>>> {
                    $crate::graphql::live::subscriptions!(@event ctx $($make)+)
                }
            )+
        }
    };
}
pub(crate) use subscriptions;
