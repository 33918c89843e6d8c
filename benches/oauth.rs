//! What OAuth takes: a bearer token that was seen a moment ago, codes traded for tokens, and how long
//! others wait while many sign in. Run with `cargo bench --bench oauth`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and may fail"
)]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use baleen::{
    accounts::{self, New},
    app::App,
    auth,
    config::Config,
    ledger::Ledger,
    scope::Permissions,
    server,
    store::sql,
    throttle::Ident,
    time::Clock,
    token,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{Endpoint, Request, Response, endpoint::EndpointExt, http::Method};
use serde_json::Value;
use tokio::task::JoinSet;

type Server = Arc<poem::endpoint::BoxEndpoint<'static, Response>>;

const CALLBACK: &str = "https://c.test/cb";

async fn ask(server: &Server, path: &str, fields: &[(&str, &str)], token: Option<&str>) -> Value {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = Request::builder().method(Method::POST).uri_str(path);
    let mut request = request.content_type("application/x-www-form-urlencoded");
    if let Some(token) = token {
        request = request
            .header("authorization", format!("Bearer {token}"))
            .header("x-requested-with", "XMLHttpRequest");
    }
    let mut response = server.get_response(request.body(body)).await;
    let text = response.take_body().into_string().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A pod with dora, an application, and dora's token.
async fn pod() -> (App, Server, String, Value) {
    let data = std::env::temp_dir().join(format!("baleen-bench-{}", std::process::id()));
    let settings = [
        "--data",
        data.to_str().unwrap(),
        "--throttling-enabled",
        "false",
    ];
    let app = App::build(Config::of(&settings).unwrap(), Clock::system())
        .await
        .unwrap();
    let dora = New {
        username: "dora".to_owned(),
        email: String::new(),
        password: "correct horse".to_owned(),
        permissions: Permissions::default(),
        is_superuser: false,
    };
    let user = accounts::create(&app, &dora).await.unwrap().user;
    sql(
        "insert into oauth_applications (client_id, name, user_id, scope, token_hash, client_type,
           authorization_grant_type, created, updated)
         values ('bench', 'bench', ?, 'read write', ?, 'confidential', 'authorization-code', ?, ?)",
    )
    .bind(user)
    .bind(token::token_hash("bench-token"))
    .bind(app.clock().now())
    .bind(app.clock().now())
    .run(app.db())
    .await
    .unwrap();
    let server: Server = Arc::new(server::endpoint(&app).boxed());
    let fields = [
        ("name", "Player"),
        ("scopes", "read"),
        ("redirect_uris", CALLBACK),
    ];
    let made = ask(&server, "/api/v1/oauth/apps", &fields, None).await;
    (app, server, "bench-token".to_owned(), made)
}

async fn bearer(app: &App, token: &str) {
    let request = Request::builder()
        .header("authorization", format!("Bearer {token}"))
        .finish();
    let ident = Ident::of_address([127, 0, 0, 1].into(), 64);
    let (count, started) = (500_000_u32, Instant::now());
    for _ in 0..count {
        assert!(
            auth::caller(app, &request, ident, &mut Ledger::default())
                .await
                .unwrap()
                .identity()
                .is_some()
        );
    }
    let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(count);
    println!("a bearer token seen a moment ago: {each:.2} us");
}

async fn exchanges(server: &Server, token: &str, made: &Value) {
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (id, secret) = (text("client_id"), text("client_secret"));
    let mut codes = Vec::new();
    for _ in 0..10_000 {
        let fields = [
            ("client_id", id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read"),
            ("allow", "true"),
        ];
        let granted = ask(server, "/api/v1/oauth/authorize/", &fields, Some(token)).await;
        codes.push(granted["code"].as_str().unwrap().to_owned());
    }
    let (count, codes) = (codes.len(), Arc::new(Mutex::new(codes)));
    let (started, mut tasks) = (Instant::now(), JoinSet::new());
    for _ in 0..64 {
        let (server, codes, id, secret) =
            (server.clone(), codes.clone(), id.clone(), secret.clone());
        tasks.spawn(async move {
            loop {
                let code = codes.lock().unwrap().pop();
                let Some(code) = code else { break };
                let fields = [
                    ("grant_type", "authorization_code"),
                    ("code", code.as_str()),
                    ("client_id", &id),
                    ("client_secret", &secret),
                    ("redirect_uri", CALLBACK),
                ];
                let pair = ask(&server, "/api/v1/oauth/token/", &fields, None).await;
                assert!(pair["access_token"].is_string(), "{pair}");
            }
        });
    }
    tasks.join_all().await;
    let rate = f64::from(u32::try_from(count).unwrap()) / started.elapsed().as_secs_f64();
    println!("codes traded for tokens, 64 at once: {rate:.0} a second");
}

/// The hundredth part of requests that waits longest.
async fn waits(server: &Server, token: &str, signing_in: bool) -> Duration {
    let mut tasks = JoinSet::new();
    for _ in 0..if signing_in { 50 } else { 0 } {
        let server = server.clone();
        tasks.spawn(async move {
            let pair = BASE64_STANDARD.encode("dora:wrong");
            let request = Request::builder()
                .uri_str("/api/v1/users/me")
                .header("authorization", format!("Basic {pair}"));
            assert_eq!(server.get_response(request.finish()).await.status(), 401);
        });
    }
    let mut waited = Vec::new();
    for _ in 0..400 {
        let request = Request::builder()
            .uri_str("/api/v1/tags")
            .header("authorization", format!("Bearer {token}"));
        let started = Instant::now();
        assert_eq!(server.get_response(request.finish()).await.status(), 200);
        waited.push(started.elapsed());
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    waited.sort_unstable();
    waited[waited.len() * 99 / 100]
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(8 << 20)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (app, server, token, made) = pod().await;
        bearer(&app, &token).await;
        exchanges(&server, &token, &made).await;
        for signing_in in [false, true] {
            let longest = waits(&server, &token, signing_in).await;
            println!(
                "others' p99 while {} sign in: {:.1} ms",
                if signing_in { 50 } else { 0 },
                longest.as_secs_f64() * 1e3
            );
        }
        std::fs::remove_dir_all(&app.config().data).unwrap();
    });
}
