//! Whole answers are sent again for as long as nothing changes that they were made of, and to nobody else.
use baleen::store::sql;
use serde_json::{Value, json};

use crate::support::{Answer, Ask, Pod, on_both};

const ARTISTS: &str = "/api/v1/artists?page_size=3";
const QUERY: &str = "{ artists(first: 3) { nodes { name albums { nodes { title } } } } }";

/// How many answers were sent again.
async fn count(pod: &Pod) -> u64 {
    let metrics = pod
        .get("/metrics")
        .from("127.0.0.1")
        .header("host", "127.0.0.1:5000");
    let text = metrics.send().await.text;
    let mut lines = text.lines();
    let told = lines.find_map(|line| line.strip_prefix("baleen_kept_answers_total "));
    told.expect("it is counted").parse().unwrap()
}

/// The answer, and whether it was sent again.
async fn asked(pod: &Pod, ask: Ask<'_>) -> (Answer, bool) {
    let before = count(pod).await;
    let answer = ask.send().await;
    (answer, count(pod).await > before)
}

/// What is the same whenever it is asked.
fn told(answer: &Answer) -> Value {
    let mut told = answer.json();
    if let Some(answer) = told.as_object_mut() {
        answer.remove("extensions");
    }
    told
}

fn remaining(answer: &Answer) -> i64 {
    answer
        .header("x-ratelimit-remaining")
        .unwrap()
        .parse()
        .unwrap()
}

on_both! {
    async fn an_answer_is_sent_again_until_something_changes_that_it_was_made_of(pod: Pod) with ["--cache-mb", "16"] => {
        let asks = [
            pod.get(ARTISTS), pod.get("/api/v1/tracks/1"), pod.get("/api/v1/tracks?page_size=2"), pod.get("/api/v1/search?query=a"),
            pod.get("/api/v1/tracks.json?page_size=2"), pod.get(ARTISTS).by("bob"), pod.graphql(QUERY), pod.graphql(QUERY).by("bob"),
            pod.get("/graphql?query={tracks(first:2){nodes{title}}}"), pod.graphql("{ __schema { types { name } } }"),
        ];
        for ask in asks {
            // The first may have made the list's rows known, the second is made of them.
            let first = ask.clone().send().await;
            ask.clone().send().await;
            let (third, again) = asked(&pod, ask.clone()).await;
            let (fourth, _) = asked(&pod, ask.clone()).await;
            assert!(again, "{}", ask.address());
            assert_eq!(told(&third), told(&first), "{}", ask.address());
            assert_eq!(remaining(&fourth), remaining(&third) - 1, "{}", ask.address());
            for name in ["content-type", "etag", "allow", "vary", "cache-control"] {
                assert_eq!(third.header(name), first.header(name), "{name} of {}", ask.address());
            }
            let (packed, again) = asked(&pod, ask.clone().header("accept-encoding", "gzip")).await;
            assert!(again && (packed.header("content-encoding") == Some("gzip") || first.text.len() < 1_024), "{}", ask.address());
        }
        let tag = pod.get(ARTISTS).send().await.header("etag").unwrap().to_owned();
        let (known, again) = asked(&pod, pod.get(ARTISTS).header("if-none-match", &tag)).await;
        assert!(again && known.status == 304 && known.text.is_empty());

        // A favorite is no part of the list of artists; an artist's name is.
        let liked = pod.post("/api/v1/favorites/tracks", &json!({"track": 4})).by("alice").send().await;
        assert_eq!(liked.status, 201);
        assert!(asked(&pod, pod.get(ARTISTS)).await.1);
        let renamed = sql("update artists set name = 'Renamed' where name = 'Running Bands'");
        renamed.run(pod.app.db()).await.unwrap();
        for ask in [pod.get("/api/v1/artists"), pod.get("/api/v1/artists?page_size=50"), pod.graphql("{ artists { nodes { name } } }")] {
            let (answer, again) = asked(&pod, ask.clone()).await;
            assert!(!again && answer.text.contains("Renamed"), "{}", answer.text);
            ask.clone().send().await;
            sql("update artists set name = 'Again' where name = 'Renamed'").run(pod.app.db()).await.unwrap();
            let (answer, again) = asked(&pod, ask).await;
            assert!(!again && answer.text.contains("Again"), "{}", answer.text);
            sql("update artists set name = 'Renamed' where name = 'Again'").run(pod.app.db()).await.unwrap();
        }
    }

    async fn what_is_kept_is_sent_to_nobody_else(pod: Pod) with ["--cache-mb", "16"] => {
        for ask in [pod.get(ARTISTS), pod.graphql(QUERY)] {
            for _ in 0..3 {
                assert_eq!(ask.clone().send().await.status, 200);
                assert_eq!(ask.clone().by("bob").send().await.status, 200);
            }
            // The same user with another token, who has the scope; and with one who has not.
            let (other, again) = asked(&pod, ask.clone().by("narrow")).await;
            assert!(!again && (other.status == 403 || other.text.contains("FORBIDDEN")), "{}", other.text);
            let (expired, again) = asked(&pod, ask.clone().by("expired")).await;
            assert!(!again && (expired.status == 200 || expired.status == 401));
        }
        // A filter hides an artist from one listener.
        let hidden = pod.get(ARTISTS).by("alice").send().await.json()["results"][0]["id"].clone();
        let filter = json!({"target": {"type": "artist", "id": hidden}});
        assert_eq!(pod.post("/api/v1/moderation/content-filters", &filter).by("alice").send().await.status, 201);
        for _ in 0..3 {
            assert_ne!(pod.get(ARTISTS).by("alice").send().await.json()["results"][0]["id"], hidden);
            assert_eq!(pod.get(ARTISTS).by("bob").send().await.json()["results"][0]["id"], hidden);
        }
        pod.prefer("common", "api_authentication_required", "True").await;
        pod.wait(2);
        assert_eq!(pod.get(ARTISTS).send().await.status, 401);
        let closed = pod.graphql(QUERY).send().await;
        assert_eq!(closed.json()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{}", closed.text);
        assert_eq!(pod.get(ARTISTS).by("bob").send().await.status, 200);
    }

    async fn what_is_kept_counts_and_is_refused_like_the_rest(pod: Pod) with ["--cache-mb", "16", "--throttling-rates", "anonymous-list=6/m"] => {
        for left in (3..6).rev() {
            assert_eq!(remaining(&pod.get(ARTISTS).send().await), left);
        }
        let both = "{ artists(first: 3) { nodes { name } } artist(databaseId: 1) { name } }";
        for left in (0..3).rev() {
            let answer = pod.graphql(both).send().await;
            assert_eq!(remaining(&answer), left);
            assert_eq!(answer.json()["extensions"]["rateLimits"].as_array().unwrap().len(), 2, "{}", answer.text);
        }
        assert_eq!(pod.get(ARTISTS).send().await.status, 429);
        let partly = pod.graphql(both).send().await.json();
        assert_eq!(partly["data"]["artists"], Value::Null);
        assert!(partly["data"]["artist"]["name"].is_string(), "{partly}");
        assert_eq!(partly["errors"][0]["extensions"]["code"], "THROTTLED");
        pod.wait(60);
        assert_eq!(pod.get(ARTISTS).send().await.status, 200);
    }

    async fn what_depends_on_more_than_the_catalogue_is_made_anew(pod: Pod) with ["--cache-mb", "16"] => {
        let asks = [
            pod.get("/api/v1/rate-limit"), pod.get("/api/v1/users/me").by("alice"), pod.get("/api/v1/instance/settings"),
            pod.get("/api/v1/instance/nodeinfo/2.0"), pod.get("/api/v1/artists?ordering=random"),
            pod.graphql("{ rateLimits { scopes { remaining } } }"), pod.graphql("mutation { __typename }"),
        ];
        for ask in asks {
            for _ in 0..3 {
                let (answer, again) = asked(&pod, ask.clone()).await;
                assert!(!again, "{}: {}", ask.address(), answer.text);
            }
        }
    }
}
