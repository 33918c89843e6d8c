//! GraphQL over HTTP.
mod conformance;
mod filters;
mod identity;
mod limits;
mod lists;
mod live;

use poem::http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Pod, on_both};

const MODERN: &str = "application/graphql-response+json";

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap_or_default()
}

on_both! {
    async fn a_token_that_does_not_hold_any_more_is_told(pod: Pod) {
        for (token, code, error) in [
            ("expired", "TOKEN_EXPIRED", "has expired"),
            ("nonsense", "TOKEN_INVALID", "is invalid"),
        ] {
            let answer = pod.graphql("{ tags { totalCount } }").by(token).send().await;
            let body = answer.json();
            assert_eq!((answer.status.as_u16(), &body["errors"][0]["extensions"]["code"]), (401, &json!(code)), "{body}");
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(error), "{challenge}");
            assert!(answer.header("x-ratelimit-remaining").is_some());
            // REST lets them read as strangers, as the original does.
            assert_eq!(pod.get("/api/v1/tags").by(token).send().await.status, 200);
        }
    }

    async fn answers_to_get_can_be_kept_by_caches_and_those_of_users_by_nobody(pod: Pod) {
        let address = "/graphql?query={artist(databaseId:1){name}}";
        let first = pod.get(address).send().await;
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(first.header("cache-control"), Some("no-cache"));
        let vary: Vec<_> = first.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase()).collect();
        assert!(["accept", "cookie", "origin"].iter().all(|name| vary.join(", ").contains(name)), "{vary:?}");
        let again = pod.get(address).header("if-none-match", &tag).send().await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
        assert!(again.header("x-ratelimit-remaining").is_some());
        baleen::store::sql("update artists set name = 'New' where id = 1").run(pod.app.db()).await.unwrap();
        let changed = pod.get(address).header("if-none-match", &tag).send().await;
        assert_eq!((changed.status.as_u16(), &changed.json()["data"]["artist"]["name"]), (200, &json!("New")));
        let own = pod.get(address).by("alice").send().await;
        assert_eq!((own.header("etag"), own.header("cache-control")), (None, Some("private, no-store")));
        let posted = pod.graphql("{ artist(databaseId: 1) { name } }").by("alice").send().await;
        assert_eq!(posted.header("cache-control"), Some("private, no-store"));
        // What failed may work the next time.
        let failed = pod.get("/graphql?query={artist(databaseId:99){name}}").send().await;
        assert_eq!(failed.header("etag"), None);
    }

    async fn head_answers_as_get(pod: Pod) {
        let address = "/graphql?query={instance{name}}";
        let (get, head) = (pod.get(address).send().await, pod.ask(Method::HEAD, address).send().await);
        assert_eq!((get.status, get.header("content-type")), (head.status, head.header("content-type")));
        assert_eq!(head.status, 200);
    }

    async fn queries_come_by_post_and_by_get(pod: Pod) {
        let address = "/graphql?query=query+A($id:Int){artist(databaseId:$id){name}}&variables=%7B%22id%22:2%7D&operationName=A";
        let body = pod.get(address).send().await.json();
        assert_eq!(body["data"]["artist"]["name"], "ångström");
        let body = pod.post("/graphql", &json!({
            "query": "query A($id: Int) { artist(databaseId: $id) { name } }", "variables": {"id": 2},
        })).send().await.json();
        assert_eq!(body["data"]["artist"]["name"], "ångström");
        let answer = pod.get("/graphql?query=mutation%7Bx%7D").send().await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("GET, HEAD, POST")));
        assert_eq!(pod.ask(Method::DELETE, "/graphql").send().await.status, 405);
    }

    async fn the_media_type_decides_the_status(pod: Pod) {
        for (accept, query, status) in [
            (MODERN, "{", 400),
            (MODERN, "{ nonsense }", 400),
            (MODERN, "{ artist(databaseId: 99) { name } }", 203),
            (MODERN, "{ artist(databaseId: 1) { name } }", 200),
            ("application/json", "{ artist(databaseId: 99) { name } }", 200),
            ("application/json", "{", 200),
            ("application/json", "{ nonsense }", 200),
            ("text/html, */*", "{ nonsense }", 200),
            ("image/png", "{ nonsense }", 406),
        ] {
            let answer = pod.graphql(query).header("accept", accept).send().await;
            assert_eq!(answer.status.as_u16(), status, "{accept} {query}");
            if accept == MODERN {
                assert!(answer.header("content-type").unwrap().starts_with(MODERN));
            }
        }
        let answer = pod.ask(Method::POST, "/graphql").header("content-type", "text/plain").body("{}").send().await;
        assert_eq!(answer.status, 415);
        let answer = pod.post("/graphql", &json!({"query": 7})).send().await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["errors"][0]["extensions"]["fields"]["query"].is_array(), "{}", answer.text);
        assert_eq!(pod.post("/graphql", &json!({})).send().await.status, 400);
    }

    async fn batches_are_bounded(pod: Pod) {
        let query = json!({"query": "{ artist(databaseId: 1) { name } }"});
        let body = pod.post("/graphql", &json!([query, query])).send().await.json();
        assert_eq!(body.as_array().unwrap().len(), 2);
        assert_eq!(body[1]["data"]["artist"]["name"], "Ana Ñandú");
        for size in [0, 11] {
            let answer = pod.post("/graphql", &json!(vec![&query; size])).send().await;
            assert_eq!(answer.status, 400, "{size}");
            assert_eq!(message(&answer.json()), "A batch must have 1 to 10 queries.");
        }
    }

    async fn a_query_is_remembered_by_its_hash(pod: Pod) {
        let query = "{ artist(databaseId: 1) { name } }";
        let hash: String = Sha256::digest(query).iter().map(|byte| format!("{byte:02x}")).collect();
        let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": hash}});
        let by_hash = json!({"extensions": extensions});
        let unknown = pod.post("/graphql", &by_hash).send().await.json();
        assert_eq!(message(&unknown), "PersistedQueryNotFound");
        assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
        let wrong = json!({"query": "{ instance { name } }", "extensions": extensions});
        assert_eq!(message(&pod.post("/graphql", &wrong).send().await.json()), "The hash does not match the query.");
        pod.post("/graphql", &json!({"query": query, "extensions": extensions})).send().await;
        let known = pod.post("/graphql", &by_hash).send().await.json();
        assert_eq!(known["data"]["artist"]["name"], "Ana Ñandú");
    }

    async fn the_schema_can_be_kept_to_oneself(pod: Pod) {
        let query = "{ __schema { queryType { name } } }";
        assert_eq!(pod.graphql(query).send().await.json()["data"]["__schema"]["queryType"]["name"], "Query");
        let closed = Pod::with(pod.backend(), crate::support::Data::Nothing, &["--graphql-introspection", "false"]).await.unwrap();
        let body = closed.graphql(query).send().await.json();
        assert_eq!(message(&body), "Introspection is disabled on this pod.");
        assert_eq!((&body["errors"][0]["extensions"]["code"], body.get("data")), (&json!("GRAPHQL_VALIDATION_FAILED"), None));
        assert!(closed.graphql("{ __typename instance { __typename } }").send().await.json().get("errors").is_none());
        assert_eq!(closed.get("/graphql/schema.graphql").send().await.status, 404);
        assert_eq!(pod.get("/graphql/schema.graphql").send().await.status, 200);
    }
}
