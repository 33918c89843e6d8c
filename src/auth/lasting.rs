//! The credentials behind a connection that lasts. They are checked again while it is open.
use poem::{
    Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method,
        header::{AUTHORIZATION, COOKIE, HOST, ORIGIN},
    },
};

use super::{basic, caller};
use crate::{
    app::App,
    caller::{Caller, Client, Credential},
    context::Cx,
    error::{Error, Result, TokenProblem},
    ledger::Ledger,
    proof::Proof,
};

/// The headers that authentication reads.
const READ: [HeaderName; 5] = [
    AUTHORIZATION,
    COOKIE,
    HOST,
    ORIGIN,
    HeaderName::from_static("x-csrftoken"),
];

/// Those that a client may send later. The others are the browser's to say.
const SENT: [HeaderName; 2] = [AUTHORIZATION, HeaderName::from_static("x-csrftoken")];

/// Who is at the other end of a connection, and what they showed.
#[derive(Clone)]
pub struct Lasting {
    app: App,
    client: Client,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
}

impl Lasting {
    /// The caller of a request, as it was authenticated.
    pub fn of(request: &Request) -> Self {
        let cx = Cx::of(request);
        let sent = |name: &HeaderName| Some((name.clone(), request.headers().get(name)?.clone()));
        Self {
            app: cx.app().clone(),
            client: cx.client().clone(),
            caller: cx.caller().clone(),
            method: request.method().clone(),
            headers: READ.iter().filter_map(sent).collect(),
        }
    }

    /// Authenticates with other credentials, as a request that may change something.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that is not valid.
    pub async fn authenticate(
        &mut self,
        sent: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<()> {
        for (name, value) in sent.into_iter().filter(|(name, _)| SENT.contains(name)) {
            self.headers.insert(name, value);
        }
        self.method = Method::POST;
        self.caller = self.authenticated().await?;
        self.caller.check()
    }

    /// Checks the credentials again, and how far they reach now.
    ///
    /// # Errors
    /// `Unauthenticated` if they have expired or were revoked.
    pub async fn recheck(&mut self) -> Result<()> {
        let Some(identity) = self.caller.identity() else {
            return Ok(());
        };
        let caller = match identity.credential {
            Credential::Password(stamp) => {
                let user = identity.user_id;
                basic::again(&self.app, Proof { user, stamp }).await?
            }
            _ => self.authenticated().await?,
        };
        // A request with several credentials falls back to the next one; a connection ends with its own.
        let is_same = caller.identity().is_some_and(|now| {
            (now.user_id, &now.credential) == (identity.user_id, &identity.credential)
        });
        if !is_same {
            let problem = (!identity.in_person()).then_some(TokenProblem::Invalid);
            return Err(Error::Unauthenticated(problem));
        }
        self.caller = caller;
        Ok(())
    }

    async fn authenticated(&self) -> Result<Caller> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri_str("/graphql")
            .finish();
        *request.headers_mut() = self.headers.clone();
        let address = self.app.ident(self.client.address);
        caller(&self.app, &request, address, &mut Ledger::default()).await
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// The context of one operation over the connection.
    pub fn cx(&self) -> Cx {
        Cx::new(
            self.app.clone(),
            self.caller.clone(),
            self.client.clone(),
            Ledger::default(),
        )
    }
}
