//! The credentials behind a connection that lasts. They are checked again while it is open.
use poem::{
    Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method,
        header::{AUTHORIZATION, COOKIE, HOST, ORIGIN},
    },
};

use super::caller;
use crate::{
    app::App,
    caller::{Caller, Client, Credential},
    context::Cx,
    error::{Error, Result, TokenProblem},
    ledger::Ledger,
    store::sql,
};

/// The headers that authentication reads.
const READ: [HeaderName; 5] = [
    AUTHORIZATION,
    COOKIE,
    HOST,
    ORIGIN,
    HeaderName::from_static("x-csrftoken"),
];

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

    /// Authenticates with further headers, as a request that may change something.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that is not valid.
    pub async fn show(
        &mut self,
        shown: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<()> {
        let known = shown.into_iter().filter(|(name, _)| READ.contains(name));
        self.headers.extend(known);
        self.method = Method::POST;
        self.caller = self.authenticated().await?;
        Ok(())
    }

    /// Checks the credentials again.
    ///
    /// # Errors
    /// `Unauthenticated` if they have expired or were revoked.
    pub async fn recheck(&mut self) -> Result<()> {
        let Some(identity) = self.caller.identity() else {
            return Ok(());
        };
        if let Credential::Password(stamp) = &identity.credential {
            let text = "select cast(1 as bigint) from users
                 where id = ? and secret_key = ? and is_active = true";
            let row = sql(text).bind(identity.user_id).bind(*stamp);
            let found: Option<(i64,)> = row.optional(self.app.db()).await?;
            return found.map(|_| ()).ok_or(Error::Unauthenticated(None));
        }
        match self.authenticated().await? {
            caller @ Caller::User(_) => {
                self.caller = caller;
                Ok(())
            }
            _ => Err(Error::Unauthenticated(None)),
        }
    }

    async fn authenticated(&self) -> Result<Caller> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri_str("/graphql")
            .finish();
        request.headers_mut().extend(self.headers.clone());
        let address = self.app.ident(self.client.address);
        match caller(&self.app, &request, address, &mut Ledger::default()).await? {
            Caller::Refused(error) => Err(error),
            Caller::Rejected(problem @ (TokenProblem::Invalid | TokenProblem::Expired)) => {
                Err(Error::Unauthenticated(Some(problem)))
            }
            caller => Ok(caller),
        }
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
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
