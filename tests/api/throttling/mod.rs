//! Rates: what is counted, and what the headers say.
mod edges;
mod sharing;

use futures_util::future::join_all;
use poem::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Answer, Backend, Data, Pod};

async fn pod(settings: &[&str]) -> Pod {
    Pod::with(Backend::Sqlite, Data::Small, settings)
        .await
        .unwrap()
}

/// Tells one story with counts in memory and on Redis.
macro_rules! on_both_counters {
    ($(async fn $name:ident($pod:ident: Pod) with $settings:expr => $body:block)+) => { $(
        async fn $name($pod: Pod) $body

        mod $name {
            use crate::support::RedisServer;

            #[tokio::test]
            async fn in_memory() {
                super::$name(super::pod(&$settings).await).await;
            }

            #[tokio::test]
            async fn on_redis() {
                if let Some(redis) = RedisServer::start() {
                    let url = redis.url();
                    let settings = [&$settings[..], &["--cache-url", &url]].concat();
                    super::$name(super::pod(&settings).await).await;
                    let keys = redis.ask(&["keys", "*"]);
                    assert!(keys.contains("baleen:throttle:{"), "{keys}");
                }
            }
        }
    )+ };
}

fn number(answer: &Answer, name: &str) -> Option<i64> {
    answer.header(name).map(|value| value.parse().unwrap())
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
async fn throttling_can_be_off() {
    let pod = pod(&["--throttling-enabled", "false"]).await;
    let answer = pod.get("/api/v1/tags").send().await;
    assert_eq!(answer.header("x-ratelimit-limit"), None);
    assert_eq!(
        pod.get("/api/v1/rate-limit").send().await.json()["enabled"],
        false
    );
}

on_both_counters! {
    async fn a_spent_budget_is_refused_at_both_doors_until_it_comes_back(pod: Pod) with ["--throttling-rates", "anonymous-list=3/m"] => {
        for (remaining, reset) in [(2, 60), (1, 60)] {
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
            r#"{"detail":"Request was throttled. Expected available in 60 seconds."}"#
        );
        assert_eq!(number(&refused, "retry-after"), Some(60));
        assert_eq!(number(&refused, "x-ratelimit-remaining"), Some(0));

        let body = pod
            .graphql("{ tags { totalCount } instance { name } }")
            .send()
            .await;
        assert_eq!(body.status, StatusCode::OK);
        let errors = body.json()["errors"].clone();
        assert_eq!(errors[0]["extensions"]["code"], "THROTTLED");
        assert_eq!(errors[0]["extensions"]["retryAfter"], 60);
        let alone = pod.graphql("{ tags { totalCount } }").send().await;
        assert_eq!(alone.status, StatusCode::TOO_MANY_REQUESTS);

        pod.wait(60);
        assert_eq!(pod.get("/api/v1/tags").send().await.status, StatusCode::OK);
    }

    async fn a_user_has_one_budget_over_all_tokens_and_strangers_one_by_address(pod: Pod) with ["--throttling-rates", "anonymous-list=1/m,authenticated-list=2/m"] => {
        let get = |client: &'static str| pod.get("/api/v1/tags").from(client);
        assert_eq!(get("198.51.100.1").send().await.status, 200);
        assert_eq!(get("198.51.100.1").send().await.status, 429);
        assert_eq!(get("198.51.100.2").send().await.status, 200);
        assert_eq!(get("198.51.100.1").by("alice").send().await.status, 200);
        assert_eq!(get("198.51.100.3").by("app-alice").send().await.status, 200);
        assert_eq!(get("198.51.100.4").by("alice").send().await.status, 429);
    }

    async fn the_budgets_are_told_for_free(pod: Pod) with ["--throttling-rates", "anonymous-list=2/m"] => {
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
        let query = "{ rateLimit { ident { type identifier } scopes { name remaining } } }";
        let twin = pod.graphql(query).by("alice").send().await.json()["data"]["rateLimit"].clone();
        assert_eq!(
            twin["ident"],
            serde_json::json!({"type": "authenticated", "identifier": "1"})
        );
    }

    async fn counts_slide_and_come_back_as_they_were_spent(pod: Pod) with ["--throttling-rates", "anonymous-list=100/m"] => {
        let mut passed = Vec::new();
        for second in 0..150_i64 {
            for _ in 0..2 {
                let answer = pod.get("/api/v1/tags?name=none").send().await;
                if answer.status == 200 {
                    passed.push(second);
                    let used = passed.iter().filter(|then| second - **then < 60).count();
                    // Those of one sixtieth of the window leave together with their last.
                    let left = 100 - number(&answer, "x-ratelimit-remaining").unwrap();
                    assert!(i64::try_from(used).unwrap() <= left && left <= i64::try_from(used).unwrap() + 2, "{second}: {used}, {left}");
                }
            }
            pod.wait(1);
        }
        for pair in passed.windows(101) {
            assert!(pair[100] - pair[0] >= 60, "{pair:?}");
        }
        assert!(passed.len() > 240, "{}", passed.len());
    }

    async fn of_many_at_once_exactly_the_limit_pass(pod: Pod) with ["--throttling-rates", "anonymous-list=100/h"] => {
        let ask = async |_| pod.get("/api/v1/tags?name=none").send().await.status.as_u16();
        let mut passed = 0;
        for _ in 0..4 {
            let statuses = join_all((0..64).map(ask)).await;
            assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
            passed += statuses.iter().filter(|status| **status == 200).count();
        }
        assert_eq!(passed, 100);
    }

    async fn each_root_field_spends_and_the_others_still_answer(pod: Pod) with ["--throttling-rates", "anonymous-list=2/m,anonymous-wildcard=5/m"] => {
        pod.get("/api/v1/tags").send().await;
        let query = "{ a: tags { totalCount } b: tags { totalCount } instance { name } }";
        let body = pod.graphql(query).send().await;
        let (json, left) = (body.json(), body.header("ratelimit").unwrap().to_owned());
        assert!(json["data"]["a"].is_object() && json["data"]["b"].is_null() && json["data"]["instance"].is_object(), "{json}");
        assert_eq!(json["errors"][0]["extensions"]["code"], "THROTTLED");
        let rows = json["extensions"]["rateLimits"].as_array().unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (row["operation"].as_str().unwrap(), row["remaining"].as_i64().unwrap())).collect();
        assert_eq!(rows.len(), 3);
        assert!(rows.contains(&("tags.list", 0)) && rows.contains(&("instance.nodeinfo", 4)), "{rows:?}");
        assert!(left.contains("\"anonymous-list\";r=0;t=60") && left.contains("\"anonymous-wildcard\";r=4;t=60"), "{left}");
        assert!(body.header("ratelimit-policy").unwrap().contains("\"anonymous-list\";q=2;w=60"));
        assert_eq!(number(&body, "x-ratelimit-remaining"), Some(0));

        pod.wait(60);
        let skipped = "query($no: Boolean = false) { a: tags @include(if: $no) { totalCount } ...F } fragment F on Query { tags @skip(if: false) { totalCount } }";
        let body = pod.graphql(skipped).send().await.json();
        assert_eq!(body["extensions"]["rateLimits"][0]["remaining"], 1, "{body}");
    }

    async fn what_asks_for_more_than_a_rate_permits_runs_not_at_all(pod: Pod) with ["--throttling-rates", "anonymous-list=2/m"] => {
        let query = "{ a: tags { totalCount } b: tags { totalCount } c: tags { totalCount } instance { name } }";
        let body = pod.graphql(query).send().await.json();
        assert!(body["data"].is_null() && body["extensions"]["rateLimits"].is_null(), "{body}");
        assert!(body["errors"][0]["message"].as_str().unwrap().contains("asks 3 times for anonymous-list, whose limit is 2/m"));
        let answer = pod.get("/api/v1/tags").send().await;
        assert_eq!(number(&answer, "x-ratelimit-remaining"), Some(1));
    }

    async fn batches_and_persisted_queries_are_no_way_round(pod: Pod) with ["--throttling-rates", "anonymous-list=3/m"] => {
        let query = json!({"query": "{ tags { totalCount } }"});
        let batch = pod.post("/graphql", &json!([query, query])).send().await.json();
        assert!(batch[1]["data"]["tags"].is_object(), "{batch}");
        let hash = "21dd7db0bfde4b9cc0ee4a3cbc0c0a2ea0d9b4a8e5b8e0e7a5ab2d2a4bd2a2d5";
        let unknown = json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}});
        assert_eq!(pod.post("/graphql", &unknown).send().await.json()["errors"][0]["message"], "PersistedQueryNotFound");
        assert_eq!(pod.graphql("{ tags { totalCount } }").send().await.status, 200);
        assert_eq!(pod.graphql("{ tags { totalCount } }").send().await.status, 429);
    }

    async fn a_device_that_waits_as_told_spends_nothing(pod: Pod) with ["--throttling-rates", "oauth-token=5/h"] => {
        let new = json!({"name": "tv", "scopes": "read", "client_type": "public"});
        let app = pod.post("/api/v1/oauth/apps", &new).send().await.json();
        let id = app["client_id"].as_str().unwrap();
        let begun = pod.ask(Method::POST, "/api/v1/oauth/device_authorization").form(&[("client_id", id)]).send().await.json();
        let code = begun["device_code"].as_str().unwrap();
        for _ in 0..20 {
            pod.wait(5);
            let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code), ("client_id", id)];
            let poll = pod.ask(Method::POST, "/api/v1/oauth/token").form(&fields).send().await;
            assert_eq!(poll.json()["error"], "authorization_pending");
        }
    }
}

#[tokio::test]
async fn networks_of_proxies_are_believed_and_nobody_else() {
    let pod = pod(&[
        "--throttling-rates",
        "anonymous-list=1/m",
        "--trusted-proxies",
        "198.51.100.0/24, 10.0.0.0/8,fd00::/8",
    ])
    .await;
    let ask = async |peer: &str, forwarded: &str| {
        pod.get("/api/v1/tags")
            .from(peer)
            .header("x-forwarded-for", forwarded)
            .send()
            .await
            .status
            .as_u16()
    };
    assert_eq!(ask("198.51.100.1", "203.0.113.1, 10.0.0.7").await, 200);
    assert_eq!(ask("198.51.100.2", "10.9.9.9, 203.0.113.1").await, 429);
    assert_eq!(ask("198.51.100.1", "203.0.113.2").await, 200);
    // A stranger who claims to be a proxy's client is counted by its own address.
    assert_eq!(ask("203.0.113.9", "203.0.113.10").await, 200);
    assert_eq!(ask("203.0.113.9", "203.0.113.11").await, 429);
    assert_eq!(ask("198.51.100.1", "nonsense").await, 200);
}
