//! Rates: what is counted, and what the headers say.
use poem::http::StatusCode;

use crate::support::{Answer, Backend, Data, Pod};

async fn pod(settings: &[&str]) -> Pod {
    Pod::with(Backend::Sqlite, Data::Small, settings)
        .await
        .unwrap()
}

fn number(answer: &Answer, name: &str) -> Option<i64> {
    answer.header(name).map(|value| value.parse().unwrap())
}

#[tokio::test]
async fn a_spent_budget_is_refused_at_both_doors_until_it_comes_back() {
    let pod = pod(&["--throttling-rates", "anonymous-list=3/m"]).await;
    for (remaining, reset) in [(2, 61), (1, 61)] {
        let answer = pod.get("/api/v1/tags").send().await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("x-ratelimit-scope"), Some("anonymous-list"));
        assert_eq!(number(&answer, "x-ratelimit-limit"), Some(3));
        assert_eq!(number(&answer, "x-ratelimit-duration"), Some(60));
        assert_eq!(number(&answer, "x-ratelimit-remaining"), Some(remaining));
        assert_eq!(number(&answer, "x-ratelimit-resetseconds"), Some(reset));
    }
    assert_eq!(
        pod.graphql("{ tags { totalCount } }").send().await.status,
        StatusCode::OK
    );

    let refused = pod.get("/api/v1/artists").send().await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        refused.text,
        r#"{"detail":"Request was throttled. Expected available in 61 seconds."}"#
    );
    assert_eq!(number(&refused, "retry-after"), Some(61));
    assert_eq!(number(&refused, "x-ratelimit-remaining"), Some(0));

    let body = pod
        .graphql("{ tags { totalCount } instance { name } }")
        .send()
        .await;
    assert_eq!(body.status, StatusCode::OK);
    let errors = body.json()["errors"].clone();
    assert_eq!(errors[0]["extensions"]["code"], "THROTTLED");
    assert_eq!(errors[0]["extensions"]["retryAfter"], 61);
    let alone = pod.graphql("{ tags { totalCount } }").send().await;
    assert_eq!(alone.status, StatusCode::TOO_MANY_REQUESTS);

    pod.wait(61);
    assert_eq!(pod.get("/api/v1/tags").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_user_has_one_budget_over_all_tokens_and_strangers_one_by_address() {
    let pod = pod(&[
        "--throttling-rates",
        "anonymous-list=1/m,authenticated-list=2/m",
    ])
    .await;
    let get = |client: &'static str| pod.get("/api/v1/tags").from(client);
    assert_eq!(get("198.51.100.1").send().await.status, 200);
    assert_eq!(get("198.51.100.1").send().await.status, 429);
    assert_eq!(get("198.51.100.2").send().await.status, 200);
    assert_eq!(get("198.51.100.1").by("alice").send().await.status, 200);
    assert_eq!(get("198.51.100.3").by("app-alice").send().await.status, 200);
    assert_eq!(get("198.51.100.4").by("alice").send().await.status, 429);
}

#[tokio::test]
async fn a_forged_forwarded_address_buys_nothing() {
    let bare = pod(&["--throttling-rates", "anonymous-list=1/m"]).await;
    let forged = |pod, address| Pod::get(pod, "/api/v1/tags").header("x-forwarded-for", address);
    assert_eq!(forged(&bare, "203.0.113.1").send().await.status, 200);
    assert_eq!(forged(&bare, "203.0.113.2").send().await.status, 429);

    let proxied = pod(&[
        "--throttling-rates",
        "anonymous-list=1/m",
        "--num-proxies",
        "1",
    ])
    .await;
    assert_eq!(
        forged(&proxied, "10.0.0.1, 203.0.113.1")
            .send()
            .await
            .status,
        200
    );
    assert_eq!(
        forged(&proxied, "10.9.9.9, 203.0.113.1")
            .send()
            .await
            .status,
        429
    );
    let twice = forged(&proxied, "10.8.8.8").header("x-forwarded-for", "203.0.113.1:4711");
    assert_eq!(twice.send().await.status, 429);
    assert_eq!(forged(&proxied, "203.0.113.2").send().await.status, 200);
}

#[tokio::test]
async fn refusals_by_the_permit_cost_nothing_and_wrong_input_does() {
    let pod = pod(&[]).await;
    let refused = pod.get("/api/v1/uploads").send().await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-ratelimit-scope")),
        (401, None)
    );
    let forbidden = pod.get("/api/v1/artists").by("narrow").send().await;
    assert_eq!(
        (
            forbidden.status.as_u16(),
            forbidden.header("x-ratelimit-scope")
        ),
        (403, None)
    );
    for address in ["/api/v1/artists?mbid=x", "/api/v1/artists?page=99"] {
        let answer = pod.get(address).send().await;
        assert_eq!(
            answer.header("x-ratelimit-scope"),
            Some("anonymous-list"),
            "{address}"
        );
    }
}

#[tokio::test]
async fn the_budgets_are_told_for_free() {
    let pod = pod(&["--throttling-rates", "anonymous-list=2/m"]).await;
    pod.get("/api/v1/tags").send().await;
    let body = pod.get("/api/v1/rate-limit").send().await;
    assert_eq!(body.header("x-ratelimit-scope"), None);
    let body = body.json();
    assert_eq!(
        body["ident"],
        serde_json::json!({"type": "anonymous", "id": "198.51.100.7"})
    );
    let scopes = body["scopes"].as_array().unwrap();
    assert_eq!(scopes.len(), 27);
    let list = scopes
        .iter()
        .find(|scope| scope["id"] == "anonymous-list")
        .unwrap();
    assert_eq!(
        (&list["rate"], &list["remaining"], &list["available"]),
        (&"2/m".into(), &1.into(), &serde_json::Value::Null)
    );
    let query = "{ rateLimit { ident { type id } scopes { id remaining } } }";
    let twin = pod.graphql(query).by("alice").send().await.json()["data"]["rateLimit"].clone();
    assert_eq!(
        twin["ident"],
        serde_json::json!({"type": "authenticated", "id": "1"})
    );
}

#[tokio::test]
async fn throttling_can_be_off() {
    let pod = pod(&["--throttling-enabled", "false"]).await;
    let answer = pod.get("/api/v1/tags").send().await;
    assert_eq!(answer.header("x-ratelimit-limit"), None);
    assert_eq!(
        pod.get("/api/v1/rate-limit").send().await.json()["enabled"],
        false
    );
}
