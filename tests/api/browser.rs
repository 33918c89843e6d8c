//! The pages in a real browser, with the network watched.
use baleen::store::sql;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::{Browser, PASSWORD, demo_pod, served};

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_work_and_no_request_leaves_the_host() {
    let Some(mut browser) = Browser::start("pages") else {
        return;
    };
    let (server, _) = demo_pod("browser", &[]).await;
    let browsing = tokio::task::spawn_blocking(move || {
        let pod = server.base.clone();
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
    let button = format!("{operation}.querySelector('button.execute')");
    browser.wait(&format!(
        "getComputedStyle({button}).visibility === 'visible'"
    ));
    browser.eval(&format!("{button}.click()"));
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
    browser.open(&format!("{pod}/embed.html?type=album&id=1"));
    browser.wait("document.querySelectorAll('ol.tracks button').length > 1 && document.querySelector('audio').src");
    browser.picture("embed");
}

/// What a program does beside the browser: the status, and the body.
fn api(runtime: &Handle, request: reqwest::RequestBuilder) -> (u16, Value) {
    runtime.block_on(async {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    })
}

struct Program {
    runtime: Handle,
    http: reqwest::Client,
    base: String,
    id: String,
    secret: String,
}

impl Program {
    fn me(&self, token: &str) -> (u16, Value) {
        let request = self
            .http
            .get(format!("{}/api/v1/users/me", self.base))
            .bearer_auth(token);
        api(&self.runtime, request)
    }

    fn ask(&self, endpoint: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .http
            .post(format!("{}/api/v1/oauth/{endpoint}", self.base));
        let request = request.basic_auth(&self.id, Some(&self.secret));
        api(
            &self.runtime,
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_from_signing_up_to_tokens_and_back() {
    let Some(mut browser) = Browser::start("account") else {
        return;
    };
    let server = served("browser", &[]).await;
    let open = sql(
        "insert into preferences (section, name, raw_value) values ('users', 'registration_enabled', 'True')",
    );
    open.run(server.app.db()).await.unwrap();
    server.app.forget_preferences();
    let runtime = Handle::current();
    let browsing = tokio::task::spawn_blocking(move || {
        let base = server.base.clone();
        sign_up(&mut browser, &base);
        let program = make_an_application(&mut browser, &base, runtime);
        let pair = authorise(&mut browser, &program);
        revoke(&mut browser, &program, &pair);
        connect_a_device(&mut browser, &program);
        sign_in_to_graphiql(&mut browser, &base);
        browser.open(&format!("{base}/settings"));
        browser.picture("settings");
        let outside: Vec<_> = browser
            .asked()
            .into_iter()
            .filter(|url| !url.starts_with(&base) && url != "about:blank")
            .collect();
        assert!(outside.is_empty(), "{outside:?}");
        // Two tokens and a refresh token that had ended.
        let statuses = browser.complaints().into_iter().map(|complaint| {
            let (_, status) = complaint
                .split_once("status of ")
                .unwrap_or(("", &complaint));
            status.chars().take(3).collect::<String>()
        });
        assert_eq!(statuses.collect::<Vec<_>>(), ["401", "401", "400"]);
    });
    browsing.await.unwrap();
}

fn sign_up(browser: &mut Browser, base: &str) {
    browser.open(&format!(
        "{base}/signup?next=%2Fsettings%2Fapplications%2Fnew"
    ));
    browser.picture("signup");
    for (field, text) in [
        ("#username", "ada"),
        ("#email", "ada@people.test"),
        ("#password1", PASSWORD),
        ("#password2", PASSWORD),
    ] {
        browser.fill(field, text);
    }
    browser.submit(
        "Create account",
        "document.querySelector('h1').textContent === 'New application'",
    );
}

/// An application of one's own: its token works, and its secret is taken along.
fn make_an_application(browser: &mut Browser, base: &str, runtime: Handle) -> Program {
    browser.fill("#name", "Pocket player");
    browser.fill("#redirect_uris", "urn:ietf:wg:oauth:2.0:oob");
    browser.submit("Create application", "document.querySelector('#token')");
    browser.picture("application");
    let text =
        |browser: &mut Browser, place: &str| browser.eval(place).as_str().unwrap().to_owned();
    let token = text(browser, "document.querySelector('#token').value");
    let program = Program {
        runtime,
        http: reqwest::Client::new(),
        base: base.to_owned(),
        id: text(browser, "document.querySelector('.facts code').textContent"),
        secret: text(browser, "document.querySelector('#secret').value"),
    };
    assert_eq!(program.me(&token).1["username"], "ada");
    browser.submit(
        "Create a new token",
        "document.querySelector('#token') && !document.querySelector('#secret')",
    );
    let newer = text(browser, "document.querySelector('#token').value");
    assert_eq!((program.me(&token).0, program.me(&newer).0), (401, 200));
    program
}

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";

/// The code that the page shows becomes a pair of tokens, and that another.
fn authorise(browser: &mut Browser, program: &Program) -> (String, String) {
    let (base, id) = (&program.base, &program.id);
    browser.open(&format!(
        "{base}/authorize?response_type=code&client_id={id}&redirect_uri={OOB}&scope=read&state=s"
    ));
    browser.picture("authorize");
    browser.submit("Authorize", "document.querySelector('#code')");
    browser.picture("code");
    let code = browser.eval("document.querySelector('#code').value");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str().unwrap()),
        ("redirect_uri", OOB),
    ];
    let (status, first) = program.ask("token", &fields);
    assert_eq!(status, 200, "{first}");
    let refresh = first["refresh_token"].as_str().unwrap();
    let (status, second) = program.ask(
        "token",
        &[("grant_type", "refresh_token"), ("refresh_token", refresh)],
    );
    assert_eq!(status, 200, "{second}");
    let text = |name: &str| second[name].as_str().unwrap().to_owned();
    assert_eq!(
        (
            program.me(first["access_token"].as_str().unwrap()).0,
            program.me(&text("access_token")).0
        ),
        (401, 200)
    );
    (text("access_token"), text("refresh_token"))
}

fn revoke(browser: &mut Browser, program: &Program, (access, refresh): &(String, String)) {
    browser.open(&format!("{}/settings", program.base));
    browser.submit("Revoke", "location.search === '?done=grant'");
    assert_eq!(program.me(access).0, 401);
    assert_eq!(
        program
            .ask(
                "token",
                &[("grant_type", "refresh_token"), ("refresh_token", refresh)]
            )
            .0,
        400
    );
}

fn connect_a_device(browser: &mut Browser, program: &Program) {
    let (status, begun) = program.ask("device_authorization", &[("scope", "read")]);
    assert_eq!(status, 200, "{begun}");
    browser.open(begun["verification_uri"].as_str().unwrap());
    browser.fill("#user_code", begun["user_code"].as_str().unwrap());
    browser.submit("Continue", "document.querySelector('.code-shown')");
    browser.picture("device");
    browser.submit(
        "Connect",
        "document.querySelector('h1').textContent === 'The device is connected'",
    );
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let (status, pair) = program.ask(
        "token",
        &[
            ("grant_type", grant),
            ("device_code", begun["device_code"].as_str().unwrap()),
        ],
    );
    assert_eq!(
        (status, program.me(pair["access_token"].as_str().unwrap()).0),
        (200, 200)
    );
}

fn sign_in_to_graphiql(browser: &mut Browser, base: &str) {
    browser.open(&format!("{base}/graphiql"));
    browser.wait("document.querySelector('#session .sign-in summary')");
    browser.eval("document.querySelector('#session .sign-in summary').click()");
    browser.wait("document.querySelector('#session tbody tr')");
    browser.picture("graphiql-scopes");
    browser.eval("document.querySelector('#session .sign-in form').requestSubmit()");
    browser.wait("location.pathname === '/authorize' && document.querySelector('main form')");
    browser.submit("Authorize", "location.pathname === '/graphiql' && document.querySelector('#session .signed-in:not([hidden])')");
    browser.wait("document.querySelector('.graphiql-query-editor .CodeMirror')");
    browser.eval("document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue('query Welcome { viewer { email } }')");
    browser.eval("document.querySelector('.graphiql-execute-button').click()");
    browser.wait("document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes('ada@people.test')");
    browser.wait("document.querySelector('#session .signed-in summary').textContent.startsWith('Signed in as ada@')");
    browser.picture("graphiql-signed-in");
    // A token that has ended is refreshed without a word; a grant that has ended is told.
    let run = "document.querySelector('.graphiql-execute-button').click()";
    let kept = "JSON.parse(sessionStorage.getItem('baleen.oauth.grant'))";
    let change = |what: &str| {
        format!(
            "sessionStorage.setItem('baleen.oauth.grant', JSON.stringify({{...{kept}, {what}}}))"
        )
    };
    browser.eval(&change("token: 'ended'"));
    browser.eval(run);
    browser.wait(&format!("{kept}.token !== 'ended'"));
    browser.wait("document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes('ada@people.test')");
    browser.eval(&change("token: 'ended', refresh: 'ended'"));
    browser.eval(run);
    browser.wait(
        "document.querySelector('#session [role=status]').textContent.includes('Sign in again')",
    );
    browser.wait("document.querySelector('#session .signed-in').hidden");
}
