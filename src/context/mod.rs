//! One request: who asks, what it may open, and what it has spent so far.
mod plan;
mod reader;

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::BoxFuture;
use poem::{Request, http::HeaderMap};
use tokio::sync::OnceCell;

pub use self::{plan::Plan, reader::Reader};
use crate::{
    app::App,
    caller::{Anonymous, Caller, Client},
    error::{Error, Result},
    graphql::files::Files,
    guard::{Allowed, Info, Operation},
    kept::Kept,
    ledger::{Entry, Ledger},
    load::Loaders,
    overload::Turn,
    throttle::{Ident, Quota, Throttle, Verdict},
};

/// The context of one request. Cheap to clone.
#[derive(Clone)]
pub struct Cx(Arc<Inner>);

struct Inner {
    reader: Arc<Reader>,
    ident: Ident,
    client: Client,
    ledger: Mutex<Ledger>,
    budgets: OnceCell<Vec<Quota>>,
    turn: OnceCell<Turn>,
    owes_turn: AtomicBool,
    loaders: OnceLock<Loaders>,
    files: OnceLock<Files>,
}

impl Cx {
    /// `ledger` may hold the budget that kept from finding out who asks.
    pub fn new(app: App, caller: Caller, client: Client, ledger: Ledger) -> Self {
        let ident = match caller.identity() {
            Some(identity) => Ident::User(identity.user_id),
            None => app.ident(client.address),
        };
        let reader = Arc::new(Reader::new(app, caller));
        Self(Arc::new(Inner {
            reader,
            ident,
            client,
            ledger: Mutex::new(ledger),
            budgets: OnceCell::new(),
            turn: OnceCell::new(),
            owes_turn: AtomicBool::new(false),
            loaders: OnceLock::new(),
            files: OnceLock::new(),
        }))
    }

    /// The context that the middleware attached.
    pub fn of(request: &Request) -> &Self {
        request
            .data::<Self>()
            .expect("the context middleware wraps every route")
    }

    /// The files that come with the request.
    pub fn files(&self) -> &Files {
        self.0.files.get_or_init(Files::default)
    }

    /// Tells of files that come with the request.
    pub fn bring(&self, files: Files) {
        _ = self.0.files.set(files);
    }

    pub fn caller(&self) -> &Caller {
        self.0.reader.caller()
    }

    pub fn ident(&self) -> Ident {
        self.0.ident
    }

    /// Where the request comes from.
    pub fn client(&self) -> &Client {
        self.reader().db().note_more();
        &self.0.client
    }

    /// The way to the store for root fields and REST handlers: scope first, then throttle.
    pub async fn allow<O: Operation>(&self) -> Result<Allowed<O>> {
        self.admit(O::INFO).await?;
        Ok(Allowed::granted(self.clone()))
    }

    /// Checks and counts an operation, without a permit for it.
    pub fn admit(&self, info: &'static Info) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.check(info).await?;
            self.spend(info.name, info.throttle).await
        })
    }

    /// The same for a request over REST, which waits for its turn if it reads many rows.
    pub fn admit_request(&self, info: &'static Info) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.admit(info).await?;
            match info.reads_many() {
                true => self.take_turn().await,
                false => Ok(()),
            }
        })
    }

    /// The way to the store for nested fields: scope only.
    pub async fn reach<O: Operation>(&self) -> Result<Allowed<O>> {
        self.check(O::INFO).await?;
        Ok(Allowed::granted(self.clone()))
    }

    async fn check(&self, info: &Info) -> Result<()> {
        let closed = self.is_closed(info.anonymous).await?;
        self.caller().may(info.anonymous, closed, info.scope)
    }

    /// Whether the pod lets no strangers in here; asked only where it matters.
    pub(crate) async fn is_closed(&self, anonymous: Anonymous) -> Result<bool> {
        Ok(anonymous == Anonymous::Setting
            && self.caller().identity().is_none()
            && self.server().preferences().await?.closed_to_strangers())
    }

    /// A request that reaches no operation of its path: a wrong method, or `OPTIONS`.
    pub async fn allow_other(&self, path: &Info, unsafe_method: bool) -> Result<()> {
        let strangers = if unsafe_method {
            Anonymous::Never
        } else {
            path.anonymous
        };
        let closed = self.is_closed(strangers).await?;
        self.caller().may(strangers, closed, None)?;
        self.spend(path.name, Throttle::Wildcard).await
    }

    pub(super) async fn spend(&self, operation: &'static str, throttle: Throttle) -> Result<()> {
        let Some(scope) = throttle.scope(&self.0.ident) else {
            return Ok(());
        };
        let reserved = self.ledger().take(operation);
        let verdict = match reserved {
            Some(verdict) => Some(verdict),
            None => {
                let payer = self.payer(throttle);
                self.server().spend(payer, &[scope]).await?.pop()
            }
        };
        let Some(Verdict { passes, quota }) = verdict else {
            return Ok(());
        };
        let wait = quota.retry_after.unwrap_or(1);
        self.ledger().enter(Entry { operation, quota });
        if passes {
            Ok(())
        } else {
            Err(Error::Throttled(wait))
        }
    }

    /// Counts a request of a Subsonic player.
    pub async fn spend_player(&self) -> Result<()> {
        self.spend("subsonic", Throttle::Subsonic).await
    }

    /// Counts a GraphQL document that spent nothing else as a request.
    pub async fn spend_document(&self) -> Result<()> {
        self.spend("graphql.document", Throttle::Wildcard).await
    }

    /// Gives back what `spend_document` spent.
    pub async fn give_back_document(&self) -> Result<()> {
        match Throttle::Wildcard.scope(&self.0.ident) {
            Some(scope) => self.server().limits().give_back(self.0.ident, scope).await,
            None => Ok(()),
        }
    }

    /// Refuses a document that takes long to read when not even a refusal could be paid.
    pub async fn may_send_document(&self) -> Result<()> {
        let scope = Throttle::Wildcard.scope(&self.0.ident);
        let limits = self.server().limits();
        let left = limits.look(self.0.ident, self.address()).await?;
        let spent = left
            .iter()
            .find(|quota| Some(quota.scope) == scope && quota.remaining == 0);
        match spent.filter(|_| limits.are_enabled()) {
            None => Ok(()),
            Some(quota) => Err(Error::Throttled(quota.retry_after.unwrap_or(1))),
        }
    }

    /// Spends for several operations at once, before any of them runs: each finds its verdict when
    /// it asks for its permit. Those that the caller may not perform spend nothing. What asks more
    /// often than a rate ever permits is refused as a whole.
    pub async fn reserve(&self, operations: &[&'static Info]) -> Result<()> {
        let wanted = self.counted(operations).await;
        let by_address = |wanted: &&(&Info, _)| wanted.0.throttle.is_by_address();
        let (theirs, own): (Vec<_>, Vec<_>) = wanted.iter().partition(by_address);
        self.reserve_from(self.address(), &theirs).await?;
        self.reserve_from(self.0.ident, &own).await
    }

    /// Refuses operations that ask more often than a rate ever permits.
    pub fn check_rates(&self, operations: &[&'static Info]) -> Result<()> {
        let scopes = operations
            .iter()
            .filter_map(|info| info.throttle.scope(&self.0.ident));
        self.within_limits(&Vec::from_iter(scopes))
    }

    /// The operations that the caller may perform and that are counted, with their scopes.
    async fn counted(&self, operations: &[&'static Info]) -> Vec<(&'static Info, &'static str)> {
        let mut counted = Vec::with_capacity(operations.len());
        for info in operations {
            let scope = info.throttle.scope(&self.0.ident);
            if let Some(scope) = scope
                && self.check(info).await.is_ok()
            {
                counted.push((*info, scope));
            }
        }
        counted
    }

    async fn reserve_from(
        &self,
        payer: Ident,
        wanted: &[&(&'static Info, &'static str)],
    ) -> Result<()> {
        let scopes: Vec<_> = wanted.iter().map(|(_, scope)| *scope).collect();
        let verdicts = self.server().spend(payer, &scopes).await?;
        let named = wanted.iter().map(|(info, _)| info.name).zip(verdicts);
        self.ledger().reserve(named);
        Ok(())
    }

    /// Takes the permits of operations that were reserved for, without performing them. Takes none and returns false if
    /// one of them is refused.
    pub async fn take_reserved(&self, operations: &[&'static Info]) -> Result<bool> {
        for info in operations {
            if self.check(info).await.is_err() {
                return Ok(false);
            }
        }
        let all_pass = self.ledger().all_pass();
        if all_pass {
            self.settle()?;
        }
        Ok(all_pass)
    }

    /// Whose budget an operation spends.
    fn payer(&self, throttle: Throttle) -> Ident {
        if throttle.is_by_address() {
            self.address()
        } else {
            self.0.ident
        }
    }

    fn address(&self) -> Ident {
        self.server().ident(self.0.client.address)
    }

    /// Enters what was spent for operations that did not come to ask.
    ///
    /// # Errors
    /// `Throttled` when there was not enough for them.
    pub fn settle(&self) -> Result<()> {
        let wait = self.ledger().settle();
        wait.map_or(Ok(()), |wait| Err(Error::Throttled(wait)))
    }

    /// Waits for the turn of a request that reads many rows; the request keeps it until it is answered.
    pub async fn take_turn(&self) -> Result<()> {
        let take = || self.server().turns().take(self.0.ident);
        let taken = self.0.turn.get_or_try_init(take);
        taken.await.map(|_| ())
    }

    /// Notes that the turn is to be taken later.
    pub fn put_off_turn(&self) {
        self.0.owes_turn.store(true, Ordering::Relaxed);
    }

    /// Waits for the turn that was put off, if one was.
    pub async fn take_turn_put_off(&self) -> Result<()> {
        match self.0.owes_turn.load(Ordering::Relaxed) {
            true => self.take_turn().await,
            false => Ok(()),
        }
    }

    /// What is left of every budget; looked at once a request, however often it is asked.
    pub async fn budgets(&self) -> Result<&[Quota]> {
        let looked = self.0.budgets.get_or_try_init(|| self.look());
        looked.await.map(Vec::as_slice)
    }

    async fn look(&self) -> Result<Vec<Quota>> {
        let (ident, address) = self.payers();
        self.server().limits().look(ident, address).await
    }

    /// Whose budgets the request spends: the caller's, and those counted by address.
    pub fn payers(&self) -> (Ident, Ident) {
        (self.0.ident, self.address())
    }

    fn within_limits(&self, scopes: &[&'static str]) -> Result<()> {
        let limits = self.server().limits();
        for (scope, rate, _) in limits.rates().iter().filter(|_| limits.are_enabled()) {
            let asked = scopes.iter().filter(|asked| **asked == scope).count();
            if u32::try_from(asked).is_ok_and(|asked| asked > rate.limit) {
                let complaint = format!(
                    "This query asks {asked} times for {scope}, whose limit is {}.",
                    rate.text
                );
                return Err(Error::Refused(complaint));
            }
        }
        Ok(())
    }

    /// The whole server: for the doors, and for permits to write.
    pub(crate) fn app(&self) -> &App {
        self.0.reader.app()
    }

    /// Whole answers.
    pub(crate) fn kept(&self) -> &Kept {
        self.server().kept()
    }

    fn server(&self) -> &App {
        self.0.reader.server()
    }

    /// Every budget that this request asked, in order.
    pub fn spent(&self) -> Vec<Entry> {
        self.ledger().entries().to_vec()
    }

    /// Writes the headers of what was spent.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        self.ledger().stamp(headers, self.server().clock().now());
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.0.reader
    }

    /// The data loaders of this request.
    pub(crate) fn loaders(&self) -> &Loaders {
        self.0
            .loaders
            .get_or_init(|| Loaders::new(self.0.reader.clone()))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // A panic elsewhere cannot leave the ledger half-written: entering and taking is all.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
