//! The fields of `Subscription`.
use async_graphql::Context;
use futures_util::{Stream, future::Either, stream};

use crate::{
    error::Result,
    graphql::connection::answer,
    guard::{AllowExt, Allowed, Operation},
};

/// Marks the execution of an event. Without it a subscription is only checked.
pub struct Event;

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

/// Declares subscriptions to what operations read: one row for each. The operation, in whose row `live`
/// names the field, follows from the function that makes the payload.
///
/// ```ignore
/// subscriptions! {
///     Subscriptions as "SessionsSubscriptions";
///     /// Sends ..
///     sessions_changed -> SessionsChangedPayload = changed;
/// }
/// ```
macro_rules! subscriptions {
    (
        $object:ident as $called:literal;
        $($(#[doc = $doc:literal])+ $field:ident -> $payload:ty = $make:path;)+
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
                    $crate::graphql::live::event(ctx, $make).await
                }
            )+
        }
    };
}
pub(crate) use subscriptions;
