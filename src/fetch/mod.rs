//! Fetching what other servers have, and never from this machine's own network.
mod public;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use poem::http::{self, HeaderMap, HeaderName, StatusCode, header};
use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response, Url,
    redirect::{Attempt, Policy},
};
use tokio::{sync::Semaphore, time::timeout};

use self::public::{Public, may_ask};
use crate::{shares::Shares, throttle::Ident};

/// A client for addresses that other people name.
pub struct Fetcher {
    private: bool,
    /// So many servers are asked at once.
    asked: Semaphore,
    /// So much of what is read whole is in memory at once.
    turns: Semaphore,
    shares: Shares,
    streaming: OnceLock<Option<Client>>,
    asking: OnceLock<Option<Client>>,
    trusted: OnceLock<Option<Client>>,
}

/// What a server said of a page, so that it need not send the same again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// A page that was asked for.
#[derive(Debug)]
pub struct Page {
    /// Where it was at last.
    pub address: String,
    /// Where it is to be asked for from now on, if its server says that it has moved for good.
    pub moved: Option<String>,
    /// `None`: it is as it was.
    pub content: Option<Content>,
}

/// What lies at an address.
#[derive(Debug)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub media_type: Option<String>,
    pub known: Known,
}

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum Unfetched {
    #[error("the address is not one of http or https with a public host")]
    Address,
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the server answered {0}")]
    Status(u16),
    #[error("its server did not answer in time")]
    Slow,
    #[error(transparent)]
    Failed(#[from] reqwest::Error),
    #[error("the system's certificates cannot be read")]
    NoClient,
}

impl Unfetched {
    /// In words for people who know the address.
    pub fn plain(&self) -> String {
        match self {
            Self::Failed(error) if error.is_timeout() => Self::Slow.to_string(),
            Self::Failed(_) => "its server cannot be reached".to_owned(),
            why => why.to_string(),
        }
    }

    /// Whether its server says that there is nothing.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Status(404 | 410))
    }
}

const REDIRECTS: usize = 4;

/// How many servers are asked at once for what is read whole.
const ASKED: usize = 64;
/// How much is read whole at once.
const TURNS: usize = 8;
/// Pages that a caller waits for at once.
const EACH: usize = 2;
/// For a whole answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// For the next bytes of a stream.
const SILENCE: Duration = Duration::from_secs(30);

impl Fetcher {
    /// With `private`, private and loopback addresses are fetched from too.
    pub fn new(private: bool) -> Self {
        Self {
            private,
            asked: Semaphore::new(ASKED),
            turns: Semaphore::new(TURNS),
            shares: Shares::of_size(EACH),
            streaming: OnceLock::new(),
            asking: OnceLock::new(),
            trusted: OnceLock::new(),
        }
    }

    /// The share of a caller in the pages that callers wait for.
    pub fn share(&self, who: Ident) -> Arc<Semaphore> {
        self.shares.of(who)
    }

    /// What lies at an address, so many bytes at most.
    pub async fn bytes(&self, address: &str, most: usize) -> Result<Vec<u8>, Unfetched> {
        let page = self.page(address, &Known::default(), most).await?;
        let unasked = Unfetched::Status(StatusCode::NOT_MODIFIED.as_u16());
        page.content.map(|content| content.bytes).ok_or(unasked)
    }

    /// The same, unless it is as it was when it was fetched last.
    pub async fn page(&self, address: &str, known: &Known, most: usize) -> Result<Page, Unfetched> {
        let _asked = self.asked.acquire().await;
        let page = timeout(PATIENCE, self.page_at_last(address, known, most)).await;
        page.map_err(|_| Unfetched::Slow)?
    }

    async fn page_at_last(
        &self,
        address: &str,
        known: &Known,
        most: usize,
    ) -> Result<Page, Unfetched> {
        let (response, moved) = self.followed(address, known).await?;
        let address = response.url().to_string();
        let content = match response.status() {
            StatusCode::NOT_MODIFIED => None,
            status if status.is_success() => {
                // Servers that do not answer keep nobody from the others.
                let _turn = self.turns.acquire().await;
                Some(Content::of(response, most).await?)
            }
            status => return Err(Unfetched::Status(status.as_u16())),
        };
        Ok(Page {
            address,
            moved,
            content,
        })
    }

    /// The answer where redirects lead, and the address up to which the page has moved for good.
    async fn followed(
        &self,
        address: &str,
        known: &Known,
    ) -> Result<(Response, Option<String>), Unfetched> {
        let (mut address, mut moved) = (address.to_owned(), None);
        let mut is_for_good = true;
        for _ in 0..REDIRECTS {
            let response = self.once(&address, known).await?;
            let Some(next) = next(&response) else {
                return Ok((response, moved));
            };
            address = next;
            is_for_good &= matches!(
                response.status(),
                StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
            );
            if is_for_good {
                moved = Some(address.clone());
            }
        }
        Ok((self.once(&address, known).await?, moved))
    }

    async fn once(&self, address: &str, known: &Known) -> Result<Response, Unfetched> {
        let mut request = self.getting(self.asking(), address)?;
        for (name, value) in [
            (header::IF_NONE_MATCH, &known.etag),
            (header::IF_MODIFIED_SINCE, &known.last_modified),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        Ok(request.send().await?)
    }

    /// The client that follows no redirect.
    fn asking(&self) -> &Option<Client> {
        self.asking
            .get_or_init(|| client(self.private, 0, in_whole))
    }

    /// An answer whose bytes are passed on as they come. A failure of the other server is one here, but for a range
    /// that cannot be satisfied.
    pub async fn stream(
        &self,
        address: &str,
        headers: impl IntoIterator<Item = (HeaderName, &str)>,
    ) -> Result<Response, Unfetched> {
        let streaming = self
            .streaming
            .get_or_init(|| client(self.private, REDIRECTS, as_it_comes));
        let mut request = self.getting(streaming, address)?;
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await?;
        let status = response.status();
        match status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            true => Ok(response),
            false => Err(Unfetched::Status(status.as_u16())),
        }
    }

    fn getting(&self, client: &Option<Client>, address: &str) -> Result<RequestBuilder, Unfetched> {
        let url = Url::parse(address).map_err(|_| Unfetched::Address)?;
        match may_ask(&url, self.private) {
            true => Ok(client.as_ref().ok_or(Unfetched::NoClient)?.get(url)),
            false => Err(Unfetched::Address),
        }
    }

    /// Asks a server that other people name, in their name. It is not followed elsewhere.
    pub async fn ask(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, Unfetched> {
        let request: reqwest::Request = request.try_into()?;
        if !may_ask(request.url(), self.private) {
            return Err(Unfetched::Address);
        }
        answer(self.asking(), request, ANSWER).await
    }

    /// Asks a server that the settings name, which may be of a private network, for so many bytes at most. It is not
    /// followed elsewhere.
    pub async fn trusted(
        &self,
        request: http::Request<Vec<u8>>,
        most: usize,
    ) -> Result<http::Response<Vec<u8>>, Unfetched> {
        let client = self.trusted.get_or_init(|| client(true, 0, in_whole));
        answer(client, request.try_into()?, most).await
    }
}

/// Bytes of the answer to what was asked at most.
pub const ANSWER: usize = 1 << 20;

async fn answer(
    client: &Option<Client>,
    request: reqwest::Request,
    most: usize,
) -> Result<http::Response<Vec<u8>>, Unfetched> {
    let client = client.as_ref().ok_or(Unfetched::NoClient)?;
    let response = client.execute(request).await?;
    let mut answer = http::Response::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = whole_body(response, most).await?;
    Ok(answer)
}

async fn whole_body(mut response: Response, most: usize) -> Result<Vec<u8>, Unfetched> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > most {
            return Err(Unfetched::TooLarge(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl Content {
    async fn of(response: Response, most: usize) -> Result<Self, Unfetched> {
        let known = Known::of(response.headers());
        let media_type = response.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        Ok(Self {
            media_type: media_type.map(str::to_owned),
            known,
            bytes: whole_body(response, most).await?,
        })
    }
}

/// Where an answer sends whoever asked.
fn next(response: &Response) -> Option<String> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(header::LOCATION)?;
    // Some are not ASCII.
    let location = std::str::from_utf8(location.as_bytes()).ok()?;
    let next = response.url().join(location).ok()?;
    is_redirect.then(|| next.into())
}

impl Known {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name| {
            let value: &http::HeaderValue = headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        Self {
            etag: text(header::ETAG),
            last_modified: text(header::LAST_MODIFIED),
        }
    }
}

fn in_whole(client: ClientBuilder) -> ClientBuilder {
    client.timeout(PATIENCE)
}

fn as_it_comes(client: ClientBuilder) -> ClientBuilder {
    client.read_timeout(SILENCE)
}

fn client(
    private: bool,
    redirects: usize,
    patience: fn(ClientBuilder) -> ClientBuilder,
) -> Option<Client> {
    // Already chosen is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let follow = move |attempt: Attempt<'_>| {
        if attempt.previous().len() > redirects || !may_ask(attempt.url(), private) {
            attempt.stop()
        } else {
            attempt.follow()
        }
    };
    patience(Client::builder())
        .user_agent(concat!("baleen/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .redirect(Policy::custom(follow))
        .dns_resolver(Public(private))
        .referer(false)
        .no_proxy()
        .build()
        .inspect_err(|error| tracing::error!(%error, "cannot fetch from other servers"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_resolved() {
        let fetched = Fetcher::new(false).bytes("http://localhost:9/", 10).await;
        assert!(matches!(fetched, Err(Unfetched::Failed(_))), "{fetched:?}");
    }
}
