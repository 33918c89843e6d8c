//! When what the server stands on fails: each failure is told as one that may pass, and passes.
use std::time::Duration;

use baleen::{
    app::App,
    config::Config,
    error::Error,
    server,
    store::{self, Db, Opening, sql},
    time::Clock,
};
use poem::{Endpoint, EndpointExt, Request, Response, endpoint::BoxEndpoint, http::StatusCode};
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::support::{Apart, Backend, Data, Pod, on_both};

/// A way to PostgreSQL that can fall silent, and be closed.
struct Way {
    port: u16,
    is_silent: watch::Sender<bool>,
    carrying: JoinHandle<()>,
}

impl Way {
    async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_silent, silent) = watch::channel(false);
        let server = server.to_owned();
        let carrying = tokio::spawn(async move {
            let mut carried = tokio::task::JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.unwrap();
                carried.spawn(carry(near, far, silent.clone()));
            }
        });
        Self {
            port,
            is_silent,
            carrying,
        }
    }
}

/// Carries bytes both ways, until it has to be silent.
async fn carry(mut near: TcpStream, mut far: TcpStream, mut silent: watch::Receiver<bool>) {
    tokio::select! {
        biased;
        _ = silent.wait_for(|silent| *silent) => {}
        _ = copy_bidirectional(&mut near, &mut far) => return,
    }
    // The connection stays open, and nothing comes any more.
    std::future::pending().await
}

/// A server on PostgreSQL that lies behind such a way.
async fn behind(way: &Way, database: &Apart) -> (Db, BoxEndpoint<'static, Response>) {
    let mut url = url::Url::parse(&database.url).unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(way.port)).unwrap();
    let opening = Opening {
        url: url.as_str(),
        connections: 2,
        makes: true,
        deadline: Some(Duration::from_millis(500)),
    };
    let db = store::open(opening).await.unwrap();
    sql("insert into preferences (section, name, raw_value) values ('common', 'api_authentication_required', 'False')")
        .run(&db)
        .await
        .unwrap();
    let config = Config::of(&["--cache-mb", "0"]).unwrap();
    let app = App::with_db(config, Clock::system(), db.clone()).unwrap();
    (db, server::endpoint(&app).boxed())
}

/// The database and the way to it; `None` where PostgreSQL is not there.
async fn away() -> Option<(Apart, Way)> {
    let database = Apart::new().await?;
    let url = url::Url::parse(&database.url).unwrap();
    let server = format!("{}:{}", url.host_str()?, url.port().unwrap_or(5_432));
    let way = Way::to(&server).await;
    Some((database, way))
}

async fn asked(endpoint: &BoxEndpoint<'static, Response>, path: &str) -> Response {
    let request = Request::builder().uri(path.parse().unwrap()).finish();
    let answer = timeout(Duration::from_secs(9), endpoint.get_response(request));
    answer.await.expect("it is told before patience ends")
}

const GRAPHQL: &str = "/graphql?query=%7Bartists%7BtotalCount%7D%7D";

async fn is_told(endpoint: &BoxEndpoint<'static, Response>) {
    for path in ["/api/v1/artists", GRAPHQL] {
        let answer = asked(endpoint, path).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.headers().contains_key("retry-after"), "{path}");
    }
}

#[tokio::test]
async fn a_database_that_falls_silent_is_waited_for_until_the_deadline() {
    let Some((database, way)) = away().await else {
        return;
    };
    let (db, endpoint) = behind(&way, &database).await;
    assert_eq!(asked(&endpoint, "/api/v1/artists").await.status(), 200);
    let mut open = db.begin().await.unwrap();
    way.is_silent.send_replace(true);
    is_told(&endpoint).await;
    let late = sql("select cast(1 as bigint)").number(&mut open).await;
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
    drop(open);
    way.is_silent.send_replace(false);
    for path in ["/api/v1/artists", GRAPHQL] {
        assert_eq!(asked(&endpoint, path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_at_once() {
    let Some((database, way)) = away().await else {
        return;
    };
    let (_db, endpoint) = behind(&way, &database).await;
    assert_eq!(asked(&endpoint, "/api/v1/artists").await.status(), 200);
    way.carrying.abort();
    assert!(way.carrying.await.unwrap_err().is_cancelled());
    is_told(&endpoint).await;
}

#[tokio::test]
async fn a_statement_without_end_is_ended() {
    let Some((database, way)) = away().await else {
        return;
    };
    let (db, _) = behind(&way, &database).await;
    let sleeping = sql("select cast(1 as bigint) from pg_sleep(60)");
    let ended = sleeping.number(&db).await;
    assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
    assert!(db.ping().await.is_ok());
}

on_both! {
    async fn a_full_disk_is_told_and_nothing_is_half_written(pod: Pod) with ["--throttling-enabled", "false"] => {
        let new = json!({"name": "Full", "redirect_uris": "https://full.test/", "scopes": "read"});
        let make = async || pod.post("/api/v1/oauth/apps", &new).send().await;
        let count = async || sql("select count(*) from oauth_applications").number(pod.app.db()).await.unwrap();
        if pod.app.db().dialect() == store::Dialect::Postgres {
            // Its own error for a full disk.
            sql("create function full_disk() returns trigger language plpgsql as
                 'begin raise exception using errcode = ''53100''; end'").run(pod.app.db()).await.unwrap();
            sql("create trigger full_disk before insert on oauth_applications execute function full_disk()")
                .run(pod.app.db()).await.unwrap();
        } else {
            sql("pragma max_page_count = 1").run(pod.app.db()).await.unwrap();
        }
        // What is free within the file is used up first.
        let (mut before, mut answer) = (count().await, make().await);
        while answer.status == 201 && before < 1_000 {
            (before, answer) = (count().await, make().await);
        }
        assert_eq!((answer.status.as_u16(), answer.json()), (507, json!({"detail": "The server has no disk space left: nothing was stored."})));
        assert_eq!(pod.get("/api/v1/artists").send().await.status, 200);
        assert_eq!(count().await, before);
        match pod.app.db().dialect() {
            store::Dialect::Postgres => sql("drop trigger full_disk on oauth_applications"),
            store::Dialect::Sqlite => sql("pragma max_page_count = 1000000"),
        }
        .run(pod.app.db()).await.unwrap();
        assert_eq!(make().await.status, 201);
    }
}

/// The locks that this process holds on a file.
#[cfg(target_os = "linux")]
fn locks(file: &std::path::Path) -> usize {
    use std::os::unix::fs::MetadataExt;
    let inode = format!(":{} ", std::fs::metadata(file).unwrap().ino());
    let own = format!(" {} ", std::process::id());
    let all = std::fs::read_to_string("/proc/locks").unwrap();
    let held = all
        .lines()
        .filter(|line| line.contains(&inode) && line.contains(&own));
    held.count()
}

/// Without its locks, the next program that looks into the database removes its log.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_server_does_beside_sqlite_leaves_its_locks_alone() {
    let pod = Pod::with(Backend::Sqlite, Data::Small, &[]).await.unwrap();
    let file = pod.media().parent().unwrap().join("baleen.db");
    assert!(locks(&file) > 0, "SQLite holds the file while it is open");
    pod.app.db().mark_log().await.unwrap();
    assert!(locks(&file) > 0, "marking its log gave it up");
    let _second = pod.twin().await;
    assert!(locks(&file) > 0, "opening it again gave it up");
    pod.app.db().mark_log().await.unwrap();
    assert!(locks(&file) > 0, "marking its log gave it up");
}
