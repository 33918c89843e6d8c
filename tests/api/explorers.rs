//! The explorers in a real browser: what they weigh, what they teach, and whether everybody can use them.
use std::fs;

use serde_json::Value;

use crate::{
    clients::{folder, node},
    support::{Browser, PASSWORD, served},
};

/// What an expression about the query editor says.
const QUERY: &str =
    "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()";
const RESPONSE: &str = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()";

#[tokio::test(flavor = "multi_thread")]
async fn first_visits_are_light() {
    let server = served("light", &[]).await;
    for (path, there, most) in [
        ("/graphiql", "document.querySelector('.badge')", 600_000),
        (
            "/api/v1/docs",
            "document.querySelector('[data-tag=tags]')",
            600_000,
        ),
    ] {
        let Some(mut browser) = Browser::start(&format!("light{}", path.len())) else {
            return;
        };
        let address = format!("{}{path}", server.base);
        let bytes = tokio::task::spawn_blocking(move || {
            browser.open(&address);
            browser.wait(there);
            browser.bytes()
        });
        let bytes = bytes.await.unwrap();
        assert!((100_000..most).contains(&bytes), "{path}: {bytes}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn graphiql_has_examples_links_and_subscriptions() {
    let Some(mut browser) = Browser::start("graphiql") else {
        return;
    };
    let server = served("graphiql", &[]).await;
    let browsing = tokio::task::spawn_blocking(move || {
        let page = format!("{}/graphiql", server.base);
        // A link brings its query and its variables.
        let query = "query Linked($n: Int) { artists(first: $n) { totalCount } }";
        let link =
            url::Url::parse_with_params(&page, [("query", query), ("variables", "{\"n\": 3}")]);
        browser.open(link.unwrap().as_str());
        browser.wait(&format!("{QUERY}.includes('Linked')"));
        run(&mut browser);
        browser.wait(&format!("{RESPONSE}.includes('UNAUTHENTICATED')"));
        // What it cost, and, once the schema is there, which scope it needs.
        browser.wait("document.querySelector('.below').innerText.includes('Cost ')");
        let badges = "[...document.querySelectorAll('.badge')].map((badge) => badge.textContent)";
        browser.wait(&format!("{badges}.join() === 'read:libraries'"));

        browser.eval("localStorage.clear()");
        browser.open(&page);
        let tabs = "[...document.querySelectorAll('.graphiql-tab-button')]";
        browser.wait(&format!("{tabs}.length === 6"));
        browser.show_in(800, 700, "light");
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.eval(fits), true);
        browser.eval(&format!("{tabs}.at(-1).click()"));
        browser.wait(&format!("{QUERY}.includes('subscription')"));
        run(&mut browser);
        browser.wait(
            "document.querySelector('.graphiql-execute-button').ariaLabel.startsWith('Stop')",
        );
        // GraphiQL passes over a press before it has the subscription.
        let button = "document.querySelector('.graphiql-execute-button')";
        browser.wait(&format!(
            "{button}.ariaLabel.startsWith('Execute') || ({button}.click(), false)"
        ));
        assert_eq!(browser.complaints(), [""; 0]);
    });
    browsing.await.unwrap();
}

fn run(browser: &mut Browser) {
    browser.eval("document.querySelector('.graphiql-execute-button').click()");
}

/// Finds what keeps people from using the page; of what GraphiQL's editors do, that they scroll by keys of
/// their own is not known to axe.
const AUDIT: &str = "axe.run({ rules: { 'scrollable-region-focusable': { enabled: false } } }).then(({ violations }) =>
    violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`))";

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_the_pages() {
    let (Some(mut browser), Some(_)) = (Browser::start("axe"), node()) else {
        return;
    };
    let server = served("axe", &[]).await;
    let appointed = baleen::store::sql(
        "update users set permission_library = true, permission_moderation = true, permission_settings = true",
    );
    appointed.run(server.app.db()).await.unwrap();
    let browsing = tokio::task::spawn_blocking(move || {
        let axe = fs::read_to_string(folder().join("node_modules/axe-core/axe.min.js")).unwrap();
        let base = server.base.clone();
        let audit = |browser: &mut Browser, path: &str, there: &str| {
            for (width, height) in [(1280, 900), (390, 800)] {
                for scheme in ["light", "dark"] {
                    browser.show_in(width, height, scheme);
                    browser.open(&format!("{base}{path}"));
                    browser.wait(there);
                    browser.eval(&format!("{axe}; true"));
                    let found = browser.eval(AUDIT);
                    assert_eq!(found, Value::Array(Vec::new()), "{path} {width} {scheme}");
                }
            }
        };
        let heading = "document.querySelector('h1')";
        for path in [
            "/",
            "/login",
            "/signup",
            "/password/reset",
            "/api/v1/nothing",
        ] {
            audit(&mut browser, path, heading);
        }
        audit(
            &mut browser,
            "/graphiql",
            "document.querySelector('.badge')",
        );
        audit(
            &mut browser,
            "/api/v1/docs",
            "document.querySelector('[data-tag=tags]')",
        );
        browser.open(&format!("{base}/login?next=/settings"));
        browser.fill("#username", "dora");
        browser.fill("#password", PASSWORD);
        browser.submit("Sign in", "location.pathname === '/settings'");
        let explorer = format!(
            "/authorize?response_type=code&client_id=baleen-explorer&scope=read+write&redirect_uri={base}/graphiql\
            &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
        for path in [
            "/settings",
            "/manage",
            "/manage/settings",
            "/manage/server",
            "/device",
            "/settings/applications",
            "/settings/applications/new",
            &explorer,
        ] {
            audit(&mut browser, path, heading);
        }
    });
    browsing.await.unwrap();
}
