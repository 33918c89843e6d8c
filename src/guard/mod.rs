//! The permit: what an operation asks of its caller, and the proof that the caller passed.
mod openapi;
mod texts;

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use async_graphql::Context;
use futures_util::future::BoxFuture;
use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;

pub use self::openapi::{Guarded, Table};
use crate::{
    app::App,
    audit::Deed,
    caller::Anonymous,
    context::{Cx, Plan, Reader},
    error::Result,
    graphql::files::Files,
    load::{Load, Loaders},
    proof::recheck,
    rest::params::ParamDoc,
    scope::Scope,
    store::{Change, Tx},
    throttle::{Ident, Quota, Throttle},
};

/// One row of the table of operations: the only home of these facts.
#[derive(Debug)]
pub struct Info {
    /// `artists.list`; also the `operationId` of the OpenAPI document.
    pub name: &'static str,
    /// What the operations of its resource are about.
    pub about: &'static str,
    /// What it does: a sentence, an empty line, and what callers need to know.
    pub text: &'static str,
    /// What a token must reach; `None` where any caller that is let in will do.
    pub scope: Option<Scope>,
    pub anonymous: Anonymous,
    pub throttle: Throttle,
    /// The GraphQL field that does the same: `artists`, or below a root field `Artist.libraries`.
    /// In parentheses: why there is none.
    pub graphql: &'static str,
    /// The subscription to what it reads.
    pub live: Option<Live>,
    /// The query parameters of its REST form.
    pub params: fn() -> Vec<ParamDoc>,
    /// How REST serves it.
    pub wire: Wire,
    /// Whether it reads many rows though it is no list.
    pub searches: bool,
    /// Whether it changes something.
    pub writes: bool,
    /// Whether it takes a file, which comes in slowly.
    pub takes_file: bool,
}

/// A subscription: it needs and spends what its operation does.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// The field of `Subscription`.
    pub field: &'static str,
    pub upon: Upon,
}

/// When a subscription sends an event.
#[derive(Clone, Copy, Debug)]
pub enum Upon {
    /// When rows with the user's ID in one of these columns change.
    UserRows(&'static [Change]),
    /// For each row that is told of in one of these ways, if the caller may see it.
    EachRow(&'static [Change]),
    /// When a rate limit of the caller is used up.
    RateLimit,
}

/// How REST serves an operation (contract section 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// JSON; the path may end with a slash.
    #[default]
    Json,
    /// JSON; without the slash, a redirect to the path with it.
    Slashed,
    /// JSON; the path does not end with a slash.
    Slashless,
    /// A view of the original that is not of its API's framework: it takes any `Accept` and does
    /// not tell its methods.
    Plain,
    /// RSS, whatever the client accepts: players of podcasts name few types, and not all of them this one.
    Feed,
    /// Audio of any type.
    Audio,
    /// Audio of the type that a stream has.
    Mpeg,
}

impl Wire {
    /// Whether only clients are served that accept its media type.
    pub fn is_negotiated(self) -> bool {
        !matches!(self, Self::Plain | Self::Feed)
    }

    pub fn is_audio(self) -> bool {
        matches!(self, Self::Audio | Self::Mpeg)
    }

    /// The media type of a refusal; that of audio is the audio's, as in the original.
    pub fn media_of_errors(self) -> &'static str {
        match self.is_audio() {
            true => self.media(),
            false => "application/json",
        }
    }

    /// The media type of a successful answer.
    pub fn media(self) -> &'static str {
        match self {
            Self::Feed => "application/rss+xml",
            Self::Audio => "audio/*",
            Self::Mpeg => "audio/mpeg",
            _ => "application/json",
        }
    }
}

impl Info {
    /// Whether it reads many rows, so that it has to wait for its turn.
    pub fn reads_many(&self) -> bool {
        self.searches || self.throttle == Throttle::List
    }
}

/// A kind of thing that callers do; a type, so that permits for different ones cannot be mixed up.
pub trait Operation: Send + Sync + 'static {
    const INFO: &'static Info;
}

/// An operation that changes something. Only its permit opens the database for writing: a permit
/// for anything else reads.
pub trait Writes: Operation {}

/// Declares the operations of one resource, what they are about, and their table `OPERATIONS`:
/// `action: Name = read Libraries, anonymous = Setting, throttle = List, graphql = "..";`
///
/// `live = "..", upon = ..` declares the subscription to what the operation reads. Where they differ from the
/// rest, `wire = ..` tells how REST serves it, and `reads = many` that it
/// is as dear as a list; `takes = file`, that it reads a file which the request sends.
///
/// `read` and `write` name the scope that is needed. `open` needs none and reads. `act` writes and needs none, or that
/// of reading where an area is named: what it writes serves to read.
macro_rules! operations {
    (@scope open) => { None };
    (@scope act) => { None };
    (@scope act $area:ident) => { $crate::guard::operations!(@scope read $area) };
    (@scope read $area:ident) => {
        Some($crate::scope::Scope($crate::scope::Access::Read, $crate::scope::Area::$area))
    };
    (@scope write $area:ident) => {
        Some($crate::scope::Scope($crate::scope::Access::Write, $crate::scope::Area::$area))
    };
    (@writes write $op:ident) => { impl $crate::guard::Writes for $op {} };
    (@writes act $op:ident) => { impl $crate::guard::Writes for $op {} };
    (@writes $verb:ident $op:ident) => {};
    (@changes write) => { true };
    (@changes act) => { true };
    (@changes $verb:ident) => { false };
    (@wire) => { $crate::guard::Wire::Json };
    (@wire $wire:ident) => { $crate::guard::Wire::$wire };
    (@live) => { None };
    (@live $field:literal $upon:expr) => {
        Some($crate::guard::Live { field: $field, upon: $upon })
    };
    (@is) => { false };
    (@is $kind:ident) => { true };
    (@params) => { Vec::new };
    (@params $params:ty) => { <$params as $crate::rest::params::Docs>::docs };
    ($resource:literal, $about:literal; $(
        $(#[doc = $doc:literal])+
        $action:ident: $op:ident = $verb:ident $($area:ident)?, anonymous = $anonymous:ident,
        throttle = $throttle:ident, graphql = $graphql:literal
        $(, live = $live:literal, upon = $upon:expr)? $(, params = $params:ty)?
        $(, wire = $wire:ident)? $(, reads = $many:ident)? $(, takes = $file:ident)?;
    )+) => {
        $(
            $(#[doc = $doc])+
            pub struct $op;

            impl $crate::guard::Operation for $op {
                const INFO: &'static $crate::guard::Info = &$crate::guard::Info {
                    name: concat!($resource, ".", stringify!($action)),
                    about: $about,
                    text: concat!($($doc, "\n"),+),
                    scope: $crate::guard::operations!(@scope $verb $($area)?),
                    anonymous: $crate::caller::Anonymous::$anonymous,
                    throttle: $crate::throttle::Throttle::$throttle,
                    graphql: $graphql,
                    live: $crate::guard::operations!(@live $($live $upon)?),
                    params: $crate::guard::operations!(@params $($params)?),
                    wire: $crate::guard::operations!(@wire $($wire)?),
                    searches: $crate::guard::operations!(@is $($many)?),
                    takes_file: $crate::guard::operations!(@is $($file)?),
                    writes: $crate::guard::operations!(@changes $verb),
                };
            }

            $crate::guard::operations!(@writes $verb $op);
        )+

        /// The operations of this resource.
        pub const OPERATIONS: &[&$crate::guard::Info] =
            &[$(<$op as $crate::guard::Operation>::INFO,)+];
    };
}
pub(crate) use operations;

/// Proof that the caller may perform `O`. The only thing that opens the store.
pub struct Allowed<O> {
    cx: Cx,
    operation: PhantomData<O>,
}

impl<O: Operation> Allowed<O> {
    /// Only `Cx` hands out permits, after it checked.
    pub(crate) fn granted(cx: Cx) -> Self {
        Self {
            cx,
            operation: PhantomData,
        }
    }

    /// Whose budget this request spends.
    pub fn ident(&self) -> Ident {
        self.db().note_more();
        self.cx.ident()
    }

    /// The data loaders of this request.
    pub fn loaders(&self) -> &Loaders {
        self.cx.loaders()
    }

    /// What is left of every budget of the caller.
    pub async fn budgets(&self) -> Result<&[Quota]> {
        self.db().note_more();
        self.cx.budgets().await
    }
}

impl<O: Writes> Allowed<O> {
    /// Starts a transaction. What changes the pod as a whole is entered in the audit log.
    ///
    /// # Errors
    /// `Unauthenticated` when the caller's credential has ended since the permit was given.
    pub fn begin(&self) -> BoxFuture<'_, Result<Tx>> {
        match O::INFO.scope.is_some_and(|scope| scope.1.is_of_instance()) {
            true => self.begin_deed("", Value::Null),
            false => Box::pin(begin(&self.cx)),
        }
    }

    /// Starts a transaction, and enters in the audit log what it does to which object.
    pub fn begin_deed<'a>(&'a self, target: &'a str, details: Value) -> BoxFuture<'a, Result<Tx>> {
        Box::pin(begin_deed(&self.cx, O::INFO.name, target, details))
    }

    /// Waits for the turn that was put off until the request's file is there.
    pub async fn take_turn_put_off(&self) -> Result<()> {
        self.cx.take_turn_put_off().await
    }

    /// The files that come with a GraphQL request.
    pub fn files(&self) -> &Files {
        self.cx.files()
    }

    /// The whole server, whose parts write.
    pub fn app(&self) -> &App {
        self.cx.app()
    }
}

/// Starts a transaction of a caller whose credential has not ended.
async fn begin(cx: &Cx) -> Result<Tx> {
    let mut tx = cx.app().db().begin().await?;
    if let Some(identity) = cx.caller().identity() {
        recheck(&mut tx, identity, cx.app().clock().now()).await?;
    }
    Ok(tx)
}

async fn begin_deed(cx: &Cx, operation: &'static str, target: &str, details: Value) -> Result<Tx> {
    let mut tx = begin(cx).await?;
    let user = cx.reader().user()?;
    let deed = Deed {
        operation,
        user_id: Some(user.user_id),
        username: &user.username,
        address: Some(cx.client().address.to_string()),
        target,
        details,
    };
    deed.enter(&mut tx, cx.app().clock().now()).await?;
    Ok(tx)
}

impl<O> Deref for Allowed<O> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        self.cx.reader()
    }
}

impl<'a, O: Operation> ApiExtractor<'a> for Allowed<O> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        vec![O::INFO.name]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let cx = Cx::of(request);
        cx.admit_request(O::INFO).await?;
        Ok(Self::granted(cx.clone()))
    }
}

/// Permits in resolvers; which operation is meant follows from the function that is called with it.
pub trait AllowExt {
    /// For root fields: checks the scope and spends the operation's budget.
    fn allow<O: Operation>(&self) -> impl Future<Output = Result<Allowed<O>>> + Send;
    /// For fields below a root field: checks the scope; the query's limits bound the cost.
    fn reach<O: Operation>(&self) -> impl Future<Output = Result<Allowed<O>>> + Send;

    /// For fields below a root field: a row, after the scope of `O` was checked.
    fn load<O: Operation, K: Load>(
        &self,
        id: impl Into<Option<i64>>,
    ) -> impl Future<Output = Result<Option<K::Value>>> + Send {
        let (permit, id) = (self.reach::<O>(), id.into());
        async move { permit.await?.loaders().maybe::<K>(id).await }
    }

    /// For fields below a root field: what belongs to a row, after the scope of `O` was checked.
    fn load_all<O: Operation, K: Load<Value: Default>>(
        &self,
        id: i64,
    ) -> impl Future<Output = Result<K::Value>> + Send {
        let permit = self.reach::<O>();
        async move {
            let found = permit.await?.loaders().one::<K>(id).await?;
            Ok(found.unwrap_or_default())
        }
    }

    /// For fields below a root field: rows in the order of their ids, after the scope of `O` was
    /// checked.
    fn load_list<O: Operation, K: Load>(
        &self,
        ids: impl IntoIterator<Item = i64>,
    ) -> impl Future<Output = Result<Vec<K::Value>>> + Send {
        let (permit, ids) = (self.reach::<O>(), Vec::from_iter(ids));
        async move { permit.await?.loaders().owned::<K>(&ids).await }
    }
}

impl AllowExt for Context<'_> {
    async fn allow<O: Operation>(&self) -> Result<Allowed<O>> {
        let cx = self.data_unchecked::<Cx>();
        self.data_unchecked::<Arc<Plan>>().admit(cx).await?;
        cx.allow().await
    }

    fn reach<O: Operation>(&self) -> impl Future<Output = Result<Allowed<O>>> + Send {
        self.data_unchecked::<Cx>().reach()
    }
}
