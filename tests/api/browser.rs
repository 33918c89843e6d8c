//! The pages in a real browser, with the network watched.
use std::{net::TcpListener, path::PathBuf};

use baleen::{
    app::App,
    config::Config,
    demo::{self, Plan},
    server,
    time::Clock,
};
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::{Browser, Nobody};

/// A demo pod with short pieces, on a port of its own.
async fn demo_pod() -> (String, oneshot::Sender<()>) {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser-pod");
    let _ = std::fs::remove_dir_all(&data);
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let port = port.to_string();
    let arguments = [
        "--data",
        data.to_str().unwrap(),
        "--bind",
        &port,
        "--funkwhale-hostname",
        &port,
        "--funkwhale-protocol",
        "http",
    ];
    let config = Config::of(&arguments).unwrap();
    let app = App::build(config, Clock::system()).await.unwrap();
    let plan = Plan {
        folder: data.join("music"),
        seconds: 8,
        writers: 2,
    };
    demo::fill(&app, &plan, &mut Nobody).await.unwrap();
    let (stop, told) = oneshot::channel();
    let (ready, is_ready) = oneshot::channel();
    let told = async { told.await.unwrap_or(()) };
    tokio::spawn(server::serve(app, told, move |_| ready.send(()).unwrap()));
    is_ready.await.unwrap();
    (format!("http://{port}"), stop)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_work_and_no_request_leaves_the_host() {
    let Some(mut browser) = Browser::start("pages") else {
        return;
    };
    let (pod, _stop) = demo_pod().await;
    let browsing = tokio::task::spawn_blocking(move || {
        hear_a_track(&mut browser, &pod);
        call_an_endpoint(&mut browser, &pod);
        run_a_query(&mut browser, &pod);
        play_in_a_frame(&mut browser, &pod);
        let inside = |url: &String| {
            url.starts_with(&pod) || url.starts_with("data:") || url == "about:blank"
        };
        let outside: Vec<_> = browser
            .asked()
            .into_iter()
            .filter(|url| !inside(url))
            .collect();
        assert!(outside.is_empty(), "{outside:?}");
        assert_eq!(browser.complaints(), [""; 0]);
    });
    browsing.await.unwrap();
}

fn hear_a_track(browser: &mut Browser, pod: &str) {
    browser.open(&format!("{pod}/"));
    assert_eq!(
        browser.eval("document.querySelector('h1').textContent"),
        "Demo pod"
    );
    assert_eq!(
        browser.eval("document.querySelector('.figures dd').textContent"),
        "4"
    );
    browser.wait("document.querySelectorAll('ol.tracks button').length > 5");
    browser.wait("[...document.images].every((image) => image.complete && image.naturalWidth)");
    browser.picture("start");
    // By keyboard alone: to the first track, and on.
    browser.eval("document.querySelector('ol.tracks button').focus()");
    browser.press("Enter", "Enter", 0, 13);
    browser.wait("document.querySelector('audio').currentTime > 0.2");
    let length = browser.eval("document.querySelector('audio').duration");
    assert_eq!(length, json!(8));
    let seeking = "new Promise((done) => { const audio = document.querySelector('audio');
        audio.addEventListener('seeked', () => done(audio.currentTime), {once: true}); audio.currentTime = 6; })";
    let sought = browser.eval(seeking).as_f64().unwrap();
    assert!((6.0..6.5).contains(&sought), "{sought}");
    let first = browser.eval("document.querySelector('audio').currentSrc");
    browser.wait(&format!("document.querySelector('audio').currentSrc !== {first} && document.querySelector('audio').currentTime > 0"));
    browser.eval("document.querySelector('audio').pause()");
    let played = browser.answers();
    assert!(
        played
            .iter()
            .any(|(url, status)| url.contains("/api/v1/listen/") && *status == 206),
        "{played:?}"
    );
}

fn call_an_endpoint(browser: &mut Browser, pod: &str) {
    browser.open(&format!("{pod}/api/v1/docs"));
    browser.wait("document.querySelector('[data-tag=tags]')");
    browser.picture("docs");
    browser.eval("document.querySelector('[data-tag=tags]').click()");
    let operation = "document.querySelector('.opblock[id*=list]')";
    browser.wait(operation);
    browser.eval(&format!(
        "{operation}.querySelector('.opblock-summary-control, button').click()"
    ));
    browser.wait(&format!("{operation}.querySelector('button.execute')"));
    browser.eval(&format!(
        "{operation}.querySelector('button.execute').click()"
    ));
    browser.wait(&format!(
        "{operation}.querySelector('.live-responses-table')"
    ));
    let status = browser.eval(&format!(
        "{operation}.querySelector('.live-responses-table .response .response-col_status').textContent"
    ));
    assert!(status.as_str().unwrap().starts_with("200"), "{status}");
    let body = browser.eval(&format!(
        "{operation}.querySelector('.live-responses-table').textContent"
    ));
    assert!(body.as_str().unwrap().contains("Chiptune"), "{body}");
}

fn run_a_query(browser: &mut Browser, pod: &str) {
    browser.open(&format!("{pod}/graphiql"));
    browser.wait("document.querySelector('.graphiql-execute-button')");
    browser.wait("document.querySelector('.graphiql-query-editor .CodeMirror')");
    browser.eval("document.querySelector('.graphiql-execute-button').click()");
    browser.wait("document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes('Demo pod')");
    browser.picture("graphiql");
}

fn play_in_a_frame(browser: &mut Browser, pod: &str) {
    browser.open(&format!("{pod}/front/embed.html?type=album&id=1"));
    browser.wait("document.querySelectorAll('ol.tracks button').length > 1 && document.querySelector('audio').src");
    browser.picture("embed");
}
