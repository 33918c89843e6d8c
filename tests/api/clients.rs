//! Clients as they are: OAuth libraries of three languages, and a real OpenID provider.
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use baleen::store::sql;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    DeviceAuthorizationUrl, IntrospectionUrl, PkceCodeChallenge, RedirectUrl, Scope,
    TokenIntrospectionResponse, TokenResponse, TokenUrl, basic::BasicClient,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{PASSWORD, Served, demo_pod, free_port, served};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Whether a program has what it needs; required where `BALEEN_TEST_REQUIRE_CLIENTS` is set.
pub fn is_there(what: &str, found: bool) -> bool {
    let required = std::env::var_os("BALEEN_TEST_REQUIRE_CLIENTS").is_some();
    assert!(found || !required, "{what} is required and not found");
    if !found {
        eprintln!("{what} not found, its clients are not tried");
    }
    found
}

pub fn node() -> Option<Command> {
    let found = [
        "oauth4webapi",
        "@redocly/cli",
        "graphql-ws",
        "axe-core",
        "@apollo/client",
        "subsonic-api",
    ]
    .iter()
    .all(|name| folder().join("node_modules").join(name).exists())
        && Command::new("node").arg("--version").output().is_ok();
    is_there("Node.js with the packages of tests/clients", found).then(|| Command::new("node"))
}

pub fn python() -> Option<Command> {
    let program = std::env::var("BALEEN_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&program)
        .args([
            "-c",
            "import authlib, requests, schemathesis, gql, sgqlc, libsonic, libopensonic, lxml",
        ])
        .output();
    let found = found.is_ok_and(|output| output.status.success());
    is_there("Python with Authlib", found).then(|| Command::new(program))
}

/// Runs a script to its end; answers what it printed.
pub async fn script(mut command: Command, script: &str, arguments: &[&str]) -> String {
    command.arg(folder().join(script));
    run(command, arguments).await
}

/// Runs a program to its end; answers what it printed.
pub async fn run(mut command: Command, arguments: &[&str]) -> String {
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn libraries_for_javascript_get_along() {
    if node().is_none() {
        return;
    }
    let server = served("javascript", &[]).await;
    for name in ["oauth4webapi.mjs", "simple-oauth2.mjs"] {
        script(node().unwrap(), name, &[&server.base, "dora", PASSWORD]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn front_ends_get_along() {
    let (Some(_), Some(python)) = (node(), python()) else {
        return;
    };
    let (server, alice) = demo_pod("caches", &[]).await;
    let base = &server.base;
    script(node().unwrap(), "front.mjs", &[base, &alice.token]).await;
    script(node().unwrap(), "codegen.mjs", &[base]).await;
    script(python, "front.py", &[base, &alice.token]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_subscriptions_get_along() {
    if let Some(node) = node() {
        let server = served("subscriptions", &[]).await;
        script(node, "subscriptions.mjs", &[&server.base, "dora", PASSWORD]).await;
        // A connection does not keep the server from stopping: it is closed with 1001.
        let mut socket = TcpStream::connect(server.base.strip_prefix("http://").unwrap())
            .await
            .unwrap();
        let handshake = "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
        socket.write_all(handshake.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"\x89\x00") {
            assert!(
                socket.read_buf(&mut read).await.unwrap() > 0,
                "{}",
                String::from_utf8_lossy(&read)
            );
        }
        assert!(read.starts_with(b"HTTP/1.1 101 "));
        server.app.stop();
        socket.read_to_end(&mut read).await.unwrap();
        let is_closing = |frame: &[u8]| frame[0] == 0x88 && frame[2..] == 1001_u16.to_be_bytes();
        assert!(read.windows(4).any(is_closing));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_for_python_gets_along() {
    if let Some(python) = python() {
        let server = served("python", &[]).await;
        script(python, "authlib_flow.py", &[&server.base, "dora", PASSWORD]).await;
    }
}

/// Asks as a browser would that is signed in.
struct Browser {
    client: reqwest::Client,
    base: String,
    cookies: String,
    csrf: String,
}

/// What a page says that it shows.
fn shown(page: &str) -> &str {
    let rest = page.split_once("name=\"shown\" value=\"").unwrap().1;
    rest.split_once('"').unwrap().0
}

impl Browser {
    async fn signed_in(base: &str) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let mut browser = Self {
            client,
            base: base.to_owned(),
            cookies: String::new(),
            csrf: String::new(),
        };
        let page = browser
            .client
            .get(format!("{base}/login"))
            .send()
            .await
            .unwrap();
        browser.keep(page.headers());
        let answer = browser
            .submit("/login", &[("username", "dora"), ("password", PASSWORD)])
            .await;
        browser.keep(answer.headers());
        browser
    }

    fn keep(&mut self, headers: &reqwest::header::HeaderMap) {
        let set = headers.get_all("set-cookie").iter();
        let pairs: Vec<_> = set
            .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap())
            .collect();
        let csrf = pairs
            .iter()
            .find_map(|pair| pair.strip_prefix("csrftoken="));
        self.csrf = csrf.unwrap().to_owned();
        self.cookies = pairs.join("; ");
    }

    async fn read(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.base));
        let page = request.header("cookie", &self.cookies).send().await;
        page.unwrap().text().await.unwrap()
    }

    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let fields = [fields, &[("csrfmiddlewaretoken", self.csrf.as_str())]].concat();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("cookie", &self.cookies);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oauth2_crate_gets_along() {
    let server = served("rust", &[]).await;
    let base = &server.base;
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let new =
        json!({"name": "crate", "scopes": "read:profile", "redirect_uris": "http://127.0.0.1/cb"});
    let app = http
        .post(format!("{base}/api/v1/oauth/apps"))
        .header("content-type", "application/json")
        .body(new.to_string());
    let app: Value =
        serde_json::from_slice(&app.send().await.unwrap().bytes().await.unwrap()).unwrap();
    let text = |name: &str| app[name].as_str().unwrap().to_owned();
    let endpoint = |name: &str| format!("{base}/api/v1/oauth/{name}");
    let client = BasicClient::new(ClientId::new(text("client_id")))
        .set_client_secret(ClientSecret::new(text("client_secret")))
        .set_auth_type(AuthType::BasicAuth)
        .set_auth_uri(AuthUrl::new(format!("{base}/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(endpoint("token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(endpoint("introspect")).unwrap())
        .set_device_authorization_url(
            DeviceAuthorizationUrl::new(endpoint("device_authorization")).unwrap(),
        )
        .set_redirect_uri(RedirectUrl::new("http://127.0.0.1/cb".to_owned()).unwrap());
    let send = |request: oauth2::HttpRequest| {
        let http = http.clone();
        async move {
            let response = http.execute(request.try_into()?).await?;
            let mut answer = poem::http::Response::new(Vec::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            *answer.body_mut() = response.bytes().await?.to_vec();
            Ok::<_, reqwest::Error>(answer)
        }
    };

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let scope = Scope::new("read:profile".to_owned());
    let (address, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(scope.clone())
        .set_pkce_challenge(challenge)
        .url();
    let dora = Browser::signed_in(base).await;
    let fields: Vec<_> = address.query_pairs().collect();
    let mut fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let path = address.as_str().strip_prefix(base).unwrap();
    let page = dora.read(path).await;
    fields.push(("shown", shown(&page)));
    fields.push(("allow", "true"));
    let answer = dora.submit("/authorize", &fields).await;
    let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let given = |name: &str| {
        back.query_pairs()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .into_owned()
    };
    assert_eq!(
        (given("state"), given("iss")),
        (state.secret().clone(), base.clone())
    );
    let code = AuthorizationCode::new(given("code"));
    let tokens = client
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request_async(&send)
        .await
        .unwrap();
    assert_eq!(tokens.scopes(), Some(&vec![scope.clone()]));

    let refresh = tokens.refresh_token().unwrap();
    let newer = client
        .exchange_refresh_token(refresh)
        .request_async(&send)
        .await
        .unwrap();
    let known = client
        .introspect(newer.access_token())
        .request_async(&send)
        .await
        .unwrap();
    assert!(known.active() && known.username() == Some("dora"));
    let old = client
        .introspect(tokens.access_token())
        .request_async(&send)
        .await
        .unwrap();
    assert!(!old.active());
    // The crate revokes over TLS only.
    let form = format!("token={}", newer.access_token().secret());
    let revoke = http
        .post(endpoint("revoke"))
        .basic_auth(text("client_id"), Some(text("client_secret")))
        .body(form);
    let revoked = revoke
        .header("content-type", "application/x-www-form-urlencoded")
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 200);
    assert!(
        !client
            .introspect(newer.access_token())
            .request_async(&send)
            .await
            .unwrap()
            .active()
    );

    let details: oauth2::StandardDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scope(scope)
        .request_async(&send)
        .await
        .unwrap();
    let code = details.user_code().secret().as_str();
    let page = dora.read(&format!("/device?user_code={code}")).await;
    let typed = [
        ("user_code", code),
        ("shown", shown(&page)),
        ("allow", "true"),
    ];
    assert_eq!(dora.submit("/device", &typed).await.status(), 200);
    let waiting = client
        .exchange_device_access_token(&details)
        .request_async(&send, tokio::time::sleep, None)
        .await;
    assert_eq!(waiting.unwrap().scopes().unwrap().len(), 1);
}

/// A provider of another server, which ends with the test.
struct Provider(Child);

impl Provider {
    fn start(port: u16, back: &str) -> Option<Self> {
        let mut node = node()?;
        node.arg(folder().join("provider.mjs"))
            .args([&port.to_string(), back]);
        let mut child = node
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line.trim(), "listening");
        Some(Self(child))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_through_an_openid_provider() {
    let port = free_port();
    let issuer = format!("http://127.0.0.1:{port}");
    let settings = [
        "--openid-issuer",
        &issuer,
        "--openid-client-id",
        "baleen",
        "--openid-client-secret",
        "pod-secret",
    ];
    let served = |name: &'static str, more: &'static [&'static str]| {
        let settings: Vec<String> = settings
            .iter()
            .chain(more)
            .map(|text| (*text).to_owned())
            .collect();
        async move {
            let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
            served(name, &settings).await
        }
    };
    let closed = served("openid-closed", &[]).await;
    // The provider knows one address to lead back to: each server has its own provider.
    let Some(provider) = Provider::start(port, &format!("{}/login/openid/callback", closed.base))
    else {
        return;
    };
    let arrive = async |server: &Served, person: &str| -> Value {
        let printed = script(node().unwrap(), "openid.mjs", &[&server.base, person]).await;
        serde_json::from_str(&printed).unwrap()
    };
    let page = arrive(&closed, "erin").await;
    assert_eq!(page["status"], 403);
    assert!(
        page["text"]
            .as_str()
            .unwrap()
            .contains("Nobody here belongs to that account yet"),
        "{page}"
    );
    let page = arrive(&closed, "nobody").await;
    assert_eq!(
        (&page["status"], &page["title"]),
        (&json!(403), &json!("Not signed in"))
    );
    drop(provider);

    let open = served("openid-open", &["--openid-signup", "true"]).await;
    let provider = Provider::start(port, &format!("{}/login/openid/callback", open.base)).unwrap();
    for _ in 0..2 {
        let page = arrive(&open, "erin").await;
        assert_eq!(
            (&page["path"], &page["username"], &page["email"]),
            (&json!("/settings"), &json!("erin"), &json!("erin@pod.test"))
        );
    }
    // An address that the provider has not confirmed is nobody's.
    let page = arrive(&open, "frank").await;
    assert_eq!(
        (&page["username"], &page["email"]),
        (&json!("frank_o"), &json!(""))
    );
    drop(provider);

    let linking = served("openid-linking", &["--openid-link-by-email", "true"]).await;
    let _provider =
        Provider::start(port, &format!("{}/login/openid/callback", linking.base)).unwrap();
    sql("update users set email = 'erin@pod.test', email_folded = 'erin@pod.test'")
        .run(linking.app.db())
        .await
        .unwrap();
    assert_eq!(arrive(&linking, "erin").await["status"], 403);
    sql("update users set email_verified = true")
        .run(linking.app.db())
        .await
        .unwrap();
    // An address that is only spelled alike is another mailbox.
    assert_eq!(arrive(&linking, "double").await["status"], 403);
    assert_eq!(arrive(&linking, "erin").await["username"], "dora");
}
