//! A front end of another origin in a browser: it signs in, lists, searches, plays and edits, and it copes with
//! rate limits and with tokens that have ended (`tests/front`).
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use baleen::store::sql;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::{
    clients::{is_there, run},
    support::{Browser, Served, demo_pod, free_port},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/front")
}

/// A tool of the front end's own.
fn tool(name: &str) -> Option<Command> {
    let path = folder().join("node_modules/.bin").join(name);
    is_there("The front end's packages", path.exists()).then(|| {
        let mut command = Command::new(path);
        // What it prints is read, and a CI would have it in colours.
        command.current_dir(folder()).env("NO_COLOR", "1");
        command
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn its_documents_have_the_types_of_the_schema() {
    if tool("vite").is_some() {
        let mut npm = Command::new("npm");
        npm.current_dir(folder());
        run(npm, &["run", "--silent", "check"]).await;
    }
}

/// The front end, built for a pod and served until this is dropped.
struct Front {
    server: Child,
    base: String,
}

impl Front {
    async fn start(pod: &Served) -> Option<Self> {
        let (mut build, mut preview) = (tool("vite")?, tool("vite")?);
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        build
            .env("VITE_POD", &pod.base)
            .env("VITE_CLIENT_ID", register(pod, &base).await);
        run(build, &["build", "--logLevel", "warn"]).await;
        preview.args(["preview", "--host", "127.0.0.1", "--strictPort", "--port"]);
        let mut server = preview
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains(&base)));
        Some(Self { server, base })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Registers a public client that is led back to this address.
async fn register(pod: &Served, base: &str) -> String {
    let client = json!({
        "client_name": "Front", "redirect_uris": [format!("{base}/")],
        "token_endpoint_auth_method": "none", "scope": "read write",
    });
    let request = reqwest::Client::new()
        .post(format!("{}/api/v1/oauth/register", pod.base))
        .header("content-type", "application/json")
        .body(client.to_string());
    let answer = request.send().await.unwrap().bytes().await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    answer["client_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_end_of_another_origin_does_its_work() {
    let Some(mut browser) = Browser::start("front") else {
        return;
    };
    let rates = "authenticated-wildcard=6/h";
    let (pod, alice) = demo_pod("front", &["--throttling-rates", rates]).await;
    let Some(front) = Front::start(&pod).await else {
        return;
    };
    let runtime = Handle::current();
    let browsing = tokio::task::spawn_blocking(move || {
        sign_in(&mut browser, &front, &alice.password);
        scroll_to_the_end(&mut browser);
        rename_an_album(&mut browser);
        play_a_track(&mut browser);
        outlive_a_token(&mut browser, &front, &runtime, &pod);
        search_until_throttled(&mut browser);
        lose_the_access(&mut browser, &front, &runtime, &pod);
        // Refusals are errors to a browser; nothing else is one.
        let complaints = browser.complaints();
        let is_refusal = |text: &String| {
            text.contains(" 401 ") || text.contains(" 429 ") || text.contains(" 400 ")
        };
        assert!(complaints.iter().all(is_refusal), "{complaints:?}");
    });
    browsing.await.unwrap();
}

const LISTED: &str = "[...document.querySelectorAll('#tracks li')]";

fn sign_in(browser: &mut Browser, front: &Front, password: &str) {
    browser.open(&front.base);
    browser.wait("document.querySelector('.sign-in')");
    browser.eval("document.querySelector('.sign-in').click()");
    browser.wait("document.querySelector('#username')");
    browser.fill("#username", "alice");
    browser.fill("#password", password);
    let allow = "document.querySelector('[name=allow][value=true]')";
    browser.submit("Sign in", allow);
    browser.eval(&format!("{allow}.click()"));
    browser.wait(&format!("{LISTED}.length >= 5"));
    assert_eq!(browser.eval("location.search"), "");
}

fn scroll_to_the_end(browser: &mut Browser) {
    browser.wait(
        "(scrollTo(0, document.body.scrollHeight), document.querySelector('#tracks > div').textContent === 'All shown')",
    );
    let listed = browser.eval(&format!("`${{{LISTED}.length}} tracks`"));
    assert_eq!(
        browser.eval("document.querySelector('h1').textContent"),
        listed
    );
    browser.picture("front-list");
}

/// The new title is seen in the list and in the album, and nothing else is asked for.
fn rename_an_album(browser: &mut Browser) {
    browser.eval("document.querySelector('#tracks li button').click()");
    browser.wait("document.querySelector('#album form')");
    let old = browser.eval("document.querySelector('#album h2').textContent");
    let asked = browser.asked().len();
    browser.fill("[name=title]", "Renamed");
    browser.eval("document.querySelector('#album form button').click()");
    browser.wait("document.querySelector('#album h2').textContent === 'Renamed'");
    let titles = browser.eval(&format!(
        "{LISTED}.map((item) => item.querySelector('button')?.textContent)"
    ));
    assert!(!titles.as_array().unwrap().contains(&old), "{titles}");
    assert!(titles.as_array().unwrap().contains(&json!("Renamed")));
    let asked = browser.asked().split_off(asked);
    assert!(
        asked.len() <= 2 && asked.iter().all(|url| url.ends_with("/graphql")),
        "{asked:?}"
    );
}

fn play_a_track(browser: &mut Browser) {
    browser.eval("document.querySelector('#album li button').click()");
    browser.wait("document.querySelector('audio').currentTime > 0");
    browser.picture("front-album");
}

/// Opens the front end anew until it shows something: another process may believe in a token for a second longer.
fn open_until(browser: &mut Browser, front: &Front, shown: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        browser.open(&front.base);
        browser.wait(&format!(
            "{LISTED}.length >= 5 || document.querySelector('.sign-in')"
        ));
        if browser.eval(&format!("Boolean({shown})")) == json!(true) {
            return;
        }
        assert!(Instant::now() < end, "{shown}");
    }
}

/// An access token that has expired is renewed, and the request is sent again.
fn outlive_a_token(browser: &mut Browser, front: &Front, runtime: &Handle, pod: &Served) {
    let expire = sql("update oauth_access_tokens set expires = '2026-01-01T00:00:00.000000Z'");
    runtime.block_on(expire.run(pod.app.db())).unwrap();
    open_until(
        browser,
        front,
        "performance.getEntriesByType('resource').some((asked) => asked.responseStatus === 401)",
    );
    browser.wait(&format!("{LISTED}.length >= 5"));
}

fn search_until_throttled(browser: &mut Browser) {
    let typed = |text: &str| {
        format!(
            "(() => {{ const input = document.querySelector('#search input');
               Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, {text:?});
               input.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
        )
    };
    browser.eval(&typed("a"));
    browser.wait("document.querySelectorAll('#search li').length > 1");
    // What is typed on aborts the search before it, which the pod may never see: each is waited for.
    let answered = "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/graphql')).length";
    for text in ["ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"] {
        let before = browser.eval(answered);
        browser.eval(&typed(text));
        browser.wait(&format!("{answered} > {before}"));
    }
    browser
        .wait("/wait [0-9]+ s/.test(document.querySelector('#search [role=alert]').textContent)");
    browser.picture("front-throttled");
}

/// Who takes an application's access away is asked to sign in again.
fn lose_the_access(browser: &mut Browser, front: &Front, runtime: &Handle, pod: &Served) {
    for remove in [
        sql("delete from oauth_refresh_tokens"),
        sql("delete from oauth_access_tokens"),
    ] {
        runtime.block_on(remove.run(pod.app.db())).unwrap();
    }
    open_until(
        browser,
        front,
        "document.querySelector('.sign-in')?.textContent.startsWith('Your sign-in has ended')",
    );
    browser.picture("front-ended");
}
