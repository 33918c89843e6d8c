//! The pages and files for browsers.
use futures_util::StreamExt;
use poem::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Backend, Data, Pod};

async fn pod() -> Pod {
    Pod::with(Backend::Sqlite, Data::Small, &[]).await.unwrap()
}

#[tokio::test]
async fn pages_name_what_they_may_load_and_load_nothing_from_elsewhere() {
    let pod = pod().await;
    for (address, frames) in [
        ("/", "'none'"),
        ("/graphiql", "'none'"),
        ("/api/v1/docs", "'none'"),
        ("/api/v1/docs/oauth2-redirect", "'none'"),
        ("/front/embed.html?type=track&id=1", "*"),
        ("/embed.html?type=track&id=1", "*"),
    ] {
        let page = pod.get(address).send().await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{policy}"
        );
        assert!(
            policy.ends_with(&format!("frame-ancestors {frames}")),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(
            !page.text.contains("{{") && !page.text.contains("{%"),
            "{address} has an empty place"
        );
        for (attribute, _) in page
            .text
            .match_indices("src=\"")
            .chain(page.text.match_indices("rel=\"stylesheet\" href=\""))
        {
            let value = page.text[attribute..].split('"').nth(1).unwrap();
            let value = if value == "stylesheet" {
                page.text[attribute..].split('"').nth(3).unwrap()
            } else {
                value
            };
            assert!(value.starts_with("/assets/"), "{address}: {value}");
            assert_eq!(
                pod.get(value).send().await.status,
                StatusCode::OK,
                "{value}"
            );
        }
        assert_eq!(
            pod.ask(Method::POST, address).send().await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
    let moved = pod.get("/swagger").send().await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (StatusCode::PERMANENT_REDIRECT, Some("/api/v1/docs"))
    );
    let schema = pod.get("/graphql/schema.graphql").send().await;
    assert_eq!(
        schema.text.trim(),
        include_str!("../../schema.graphql").trim()
    );
}

#[tokio::test]
async fn the_start_page_shows_names_as_text_and_figures_where_they_are_public() {
    let pod = pod().await;
    pod.prefer("instance", "name", "<b>{{version}}</b> & co")
        .await;
    let page = pod.get("/").send().await;
    assert!(
        page.text
            .contains("<h1>&lt;b&gt;{{version}}&lt;&#x2f;b&gt; &amp; co</h1>"),
        "{}",
        page.text
    );
    assert!(page.text.contains("<dt>Tracks</dt><dd>2"), "{}", page.text);
    pod.prefer("instance", "nodeinfo_stats_enabled", "False")
        .await;
    assert!(
        pod.get("/")
            .send()
            .await
            .text
            .contains("<dt>Tracks</dt><dd>-</dd>")
    );
}

#[tokio::test]
async fn assets_are_sent_once_and_templates_never() {
    let pod = pod().await;
    let style = pod.get("/assets/baleen.css").send().await;
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    let known = pod
        .get("/assets/baleen.css")
        .header("if-none-match", style.header("etag").unwrap());
    assert_eq!(known.send().await.status, StatusCode::NOT_MODIFIED);
    for missing in [
        "/assets/pages/start.html",
        "/assets/../mod.rs",
        "/assets/",
        "/assets/nothing.js",
    ] {
        assert_eq!(
            pod.get(missing).send().await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
    let licenses = [
        "graphiql/LICENSE",
        "react/LICENSE",
        "react-dom/LICENSE",
        "swagger-ui-dist/LICENSE",
    ];
    for license in licenses {
        let file = pod.get(&format!("/assets/vendor/{license}")).send().await;
        assert_eq!(file.status, StatusCode::OK, "{license}");
        assert_eq!(
            file.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
}

#[tokio::test]
async fn the_examples_of_graphiql_are_answered() {
    let pod = pod().await;
    let examples = pod.get("/assets/graphiql/examples.json").send().await;
    let examples = examples.json();
    for example in examples.as_array().unwrap() {
        let lines = example["query"].as_array().unwrap().iter();
        let lines: Vec<_> = lines.map(|line| line.as_str().unwrap()).collect();
        let query = lines.join("\n");
        let sent = json!({"query": query, "variables": example["variables"], "extensions": {"cost": true}});
        let ask = pod.post("/graphql", &sent);
        if query.contains("\nsubscription ") {
            let ask = ask.header("accept", "text/event-stream");
            let mut events = ask.open().await;
            let first = events.next().await.unwrap().unwrap();
            assert_eq!(first.as_ref(), b":\n\n");
            continue;
        }
        let answer = ask.by("alice").send().await.json();
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        assert!(answer["data"].is_object(), "{query}: {answer}");
        let complexity = &answer["extensions"]["complexity"];
        let (cost, limit) = (complexity["cost"].as_u64(), complexity["limit"].as_u64());
        assert!(cost > Some(0) && limit > cost, "{query}: {complexity}");
    }
}
