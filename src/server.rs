//! The routes of the whole server, and the listener that serves them.
use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route,
    endpoint::make_sync,
    get,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
};

use url::{Host, Url};

use crate::{
    accounts::{keys, sessions, subsonic as subsonic_tokens},
    app::App,
    connections::{Bounded, Most},
    error::{Error, Result, Startup},
    graphql::{http::GraphQl, sdl},
    health::Ready,
    jobs::{self, FeedRefresh, FileRemoval, FolderScan, UploadImport},
    media::public::PublicMedia,
    oauth,
    resources::{
        CHANNELS, library::uploads, managing::Removal, people::plugins::Submission,
        publishing::mirrors,
    },
    rest::{
        document,
        door::{Door, not_found_page},
        encoding::Packed,
        live::Live,
        routes::Routes,
        service,
    },
    store::{Mark, prune, reword},
    subsonic::Subsonic,
    web::{self, Assets},
};

const HOUSEKEEPING: Duration = Duration::from_secs(30 * 60);
/// Streams of one HTTP/2 connection at once.
const STREAMS: u32 = 64;
/// For closing the database when the server stops.
const CLOSING: Duration = Duration::from_secs(5);

/// Everything that the server answers.
pub fn endpoint(app: &App) -> impl Endpoint<Output = Response> + 'static {
    let routes = Arc::new(Routes::of_api());
    let openapi = Packed::of(document(app.config()).to_string());
    let openapi = move |request: Request| openapi.answer(request.headers(), "application/json");
    let is_told = app.config().graphql_introspection;
    let schema_text = is_told.then(|| Bytes::from(sdl()));
    let schema_text = move |_| match &schema_text {
        Some(schema) => text(schema.clone()),
        None => not_found_page(),
    };
    let api = Arc::new(service(app.config()).into_endpoint());
    let inner = web::routes(Route::new())
        .at("/graphql", GraphQl::new(app.config()))
        .at("/api/v1/openapi.json", get(make_sync(openapi)))
        .at("/health/live", get(make_sync(|_| "alive")))
        .at("/health/ready", get(Ready(app.clone())))
        .at("/metrics", get(LocalMetrics(app.clone())))
        .at("/swagger", get(make_sync(|_| moved("/api/v1/docs"))))
        .at("/swagger/", get(make_sync(|_| moved("/api/v1/docs"))))
        .at("/graphql/schema.graphql", get(make_sync(schema_text)))
        .at("/assets/*file", Assets)
        .at(
            format!("{}*file", app.config().media_path()),
            PublicMedia(app.clone()),
        )
        .at("/rest/*endpoint", Subsonic)
        .at("/api/subsonic/rest/*endpoint", Subsonic)
        .at("/api/v1/activity", live(api.clone()))
        .at("/api/v1/activity/", live(api.clone()))
        .nest_no_strip("/api/", api.clone())
        .nest_no_strip("/.well-known/", api)
        .catch_error(|_: poem::error::NotFoundError| async { not_found_page() });
    Door {
        app: app.clone(),
        routes,
        inner,
    }
}

fn live<E: Endpoint>(api: Arc<E>) -> Live<E> {
    Live {
        channels: CHANNELS,
        api,
    }
}

fn moved(to: &'static str) -> Response {
    Response::builder()
        .status(StatusCode::PERMANENT_REDIRECT)
        .header("location", to)
        .finish()
}

fn text(body: Bytes) -> Response {
    Response::builder()
        .content_type("text/plain; charset=utf-8")
        .body(body)
}

/// The metrics, for this machine alone.
struct LocalMetrics(App);

impl Endpoint for LocalMetrics {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let local = match &request.remote_addr().0 {
            poem::Addr::SocketAddr(address) => address.ip().is_loopback(),
            _ => false,
        };
        // Behind a proxy on this machine everybody would seem local.
        let by_proxy = PROXIED
            .iter()
            .any(|name| request.headers().contains_key(*name));
        if !local || by_proxy || !is_for_this_machine(&request) {
            return Err(Error::Forbidden.into());
        }
        Ok(metrics(&self.0))
    }
}

/// Headers that proxies add.
const PROXIED: &[&str] = &[
    "cf-connecting-ip",
    "cf-ray",
    "cdn-loop",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-original-forwarded-for",
    "x-original-url",
    "x-real-ip",
    "x-request-start",
];

/// Whether a request names this machine by a loopback address.
fn is_for_this_machine(request: &Request) -> bool {
    let host = request
        .headers()
        .get("host")
        .and_then(|host| host.to_str().ok());
    let url = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn metrics(app: &App) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Response::builder()
        .content_type(kind)
        .body(app.metrics().text())
}

/// Serves until told to stop, then lets running requests finish. `ready` is called once the port
/// is taken, with the address that it is.
pub async fn serve(
    app: App,
    told: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Startup> {
    let config = app.config().clone();
    let acceptor = Bounded::new(listen(config.bind).await?, Most::of(&config));
    let metrics = match config.metrics_bind {
        Some(address) => Some(tokio::spawn(serve_metrics(
            app.clone(),
            address,
            listen(address).await?,
        ))),
        None => None,
    };
    if let Err(error) = app.db().mark_log().await {
        error.log();
    }
    let housekeeping = tokio::spawn(keep_house(app.clone()));
    let working = tokio::spawn(work(app.clone(), config.workers()));
    let endpoint = endpoint(&app);
    let address = acceptor
        .local_addr()
        .iter()
        .find_map(|local| local.as_socket_addr().copied());
    ready(address.unwrap_or(config.bind));
    let stopping = app.clone();
    let told = async move {
        told.await;
        stopping.stop();
    };
    let drain = Duration::from_secs(config.drain_seconds);
    let served = poem::Server::new_with_acceptor(acceptor)
        .http2_max_concurrent_streams(STREAMS)
        .run_with_graceful_shutdown(endpoint, told, Some(drain))
        .await;
    housekeeping.abort();
    // What they are at goes on after the next start.
    _ = tokio::time::timeout(CLOSING, working).await;
    if let Some(task) = metrics {
        task.abort();
    }
    // A database that does not answer does not keep the process.
    let closed = tokio::time::timeout(CLOSING, app.db().close()).await;
    if closed.is_err() {
        tracing::warn!("the database did not answer while stopping");
    }
    served.map_err(|error| Startup::caused("the server stopped", error))
}

/// Feeds that are looked at at once: most of the time is spent waiting for their servers.
const FEEDS: usize = 8;
/// Services of users that are told at once what was played.
const SUBMISSIONS: usize = 4;

/// Works on jobs of all kinds until the server stops, importing so many uploads at once.
pub async fn work(app: App, workers: usize) {
    if workers == 0 {
        return;
    }
    tokio::join!(
        jobs::work::<FolderScan>(app.clone(), 1),
        jobs::work::<FileRemoval>(app.clone(), 1),
        jobs::work::<Removal>(app.clone(), 1),
        jobs::work::<FeedRefresh>(app.clone(), FEEDS),
        jobs::work::<Submission>(app.clone(), SUBMISSIONS),
        jobs::work::<UploadImport>(app.clone(), workers),
    );
}

/// Removes what has expired, and what nobody used for long, now and then.
async fn keep_house(app: App) {
    let mut often = tokio::time::interval(HOUSEKEEPING);
    let mut pruned = None;
    loop {
        often.tick().await;
        app.limits().tidy();
        for tidied in [
            reword(app.db()).await,
            oauth::tidy(&app).await,
            sessions::tidy(&app).await,
            keys::tidy(&app).await,
            subsonic_tokens::tidy(&app).await,
            jobs::tidy(&app).await,
            uploads::tidy(&app).await,
            mirrors::due(&app).await,
            mirrors::forget(&app).await,
            app.db().optimize().await,
            app.db().mark_log().await,
            prune_changes(&app, &mut pruned).await,
        ] {
            if let Err(error) = tidied {
                error.log();
            }
        }
        match app.preferences().await {
            Ok(preferences) => {
                let minutes = preferences.transcoding_cache_minutes();
                let now = app.clock().now();
                app.media().transcoder.tidy(Some(minutes), now).await;
            }
            Err(error) => error.log(),
        }
        if let Some(copies) = app.media().storage.copies() {
            copies.tidy().await;
        }
    }
}

/// Deletes the changes that every process has read: those that were there a round ago.
async fn prune_changes(app: &App, pruned: &mut Option<Mark>) -> Result<()> {
    *pruned = Some(prune(app.db(), pruned.as_ref()).await?);
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<impl Acceptor, Startup> {
    TcpListener::bind(address)
        .into_acceptor()
        .await
        .map_err(|error| {
            let advice = match error.kind() {
                std::io::ErrorKind::AddrInUse => {
                    "; another program has that port: stop it, or choose another with --bind"
                }
                std::io::ErrorKind::PermissionDenied => {
                    "; ports below 1024 need privileges: choose another with --bind"
                }
                _ => "; choose another with --bind",
            };
            Startup::new(format!("cannot listen on {address}: {error}{advice}"))
        })
}

async fn serve_metrics(app: App, address: SocketAddr, acceptor: impl Acceptor + 'static) {
    let route = Route::new().at("/metrics", get(make_sync(move |_| metrics(&app))));
    if let Err(error) = poem::Server::new_with_acceptor(acceptor).run(route).await {
        tracing::error!(%address, %error, "the metrics listener stopped");
    }
}
