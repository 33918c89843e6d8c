//! The pod itself.
use serde_json::json;

use crate::support::{Pod, on_both};

on_both! {
    async fn nodeinfo_tells_what_the_pod_holds(pod: Pod) {
        let answer = pod.get("/api/v1/instance/nodeinfo/2.0/").send().await;
        assert!(answer.header("content-type").unwrap().contains("profile=http://nodeinfo.diaspora.software/ns/schema/2.0#"));
        let body = answer.json();
        assert_eq!(body["metadata"]["nodeName"], "Test pod");
        assert_eq!(body["usage"]["users"]["total"], 2);
        assert_eq!(body["metadata"]["library"]["artists"]["total"], 5);
        assert_eq!(body["metadata"]["usage"]["favorites"]["tracks"]["total"], 2);
        let query = "{ instance { name url openRegistrations anonymousCanListen figures { users artists favorites } } }";
        let twin = pod.graphql(query).send().await.json()["data"]["instance"].clone();
        assert_eq!(twin["name"], "Test pod");
        assert_eq!(twin["url"], "http://pod.test");
        assert_eq!(twin["figures"], json!({"users": 2, "artists": 5, "favorites": 2}));
        let links = pod.get("/.well-known/nodeinfo").send().await.json();
        assert_eq!(links["links"][0]["href"], "http://pod.test/api/v1/instance/nodeinfo/2.0/");
    }

    async fn nodeinfo_21_has_a_shape_of_its_own(pod: Pod) {
        pod.prefer("instance", "location", "FR").await;
        let body = pod.get("/api/v2/instance/nodeinfo/2.1/").send().await.json();
        assert_eq!((&body["version"], &body["software"]["homepage"]), (&json!("2.1"), &json!("https://funkwhale.audio")));
        assert_eq!((&body["usage"]["localPosts"], &body["usage"]["users"]["total"]), (&json!(0), &json!(2)));
        let metadata = &body["metadata"];
        assert_eq!(metadata["location"], "FR");
        assert_eq!(metadata["languages"], json!(["en"]));
        assert_eq!(metadata["features"], json!(["channels", "podcasts", "anonymousCanListen", "federation"]));
        assert_eq!(metadata["content"]["local"]["artists"], 5);
        let tags = metadata["content"]["topMusicCategories"].as_array().unwrap();
        assert!(tags.len() <= 3 && tags.iter().all(|tag| tag["name"].is_string() && tag["count"].as_i64() > Some(0)), "{tags:?}");
        assert!(!tags.is_empty() && metadata.get("endpoints").is_none() && metadata.get("library").is_none());
        pod.prefer("instance", "nodeinfo_stats_enabled", "False").await;
        let body = pod.get("/api/v2/instance/nodeinfo/2.1").send().await.json();
        assert_eq!(body["metadata"]["content"]["topMusicCategories"], json!([]));
        assert_eq!(body["metadata"]["usage"], json!(null));
    }

    async fn figures_are_not_told_when_the_pod_keeps_them(pod: Pod) {
        pod.prefer("instance", "nodeinfo_stats_enabled", "False").await;
        let body = pod.get("/api/v1/instance/nodeinfo/2.0").send().await.json();
        assert_eq!(body["usage"], json!({"users": {"total": 0}}));
        assert!(body["metadata"]["library"].get("artists").is_none());
        let twin = pod.graphql("{ instance { figures { users } } }").send().await.json();
        assert_eq!(twin["data"]["instance"]["figures"], json!(null));
    }

    async fn the_public_settings_are_told_and_others_are_not(pod: Pod) {
        let body = pod.get("/api/v1/instance/settings").send().await.json();
        let rows = body.as_array().unwrap();
        let named = |name: &str| rows.iter().find(|row| row["identifier"] == name);
        assert_eq!(named("instance__name").unwrap()["value"], "Test pod");
        assert!(named("common__api_authentication_required").is_none());
        let query = "{ instance { settings { identifier value } } }";
        let twin = pod.graphql(query).send().await.json();
        assert_eq!(twin["data"]["instance"]["settings"].as_array().unwrap().len(), rows.len());
    }

    async fn a_page_of_the_pod_can_be_embedded(pod: Pod) {
        let address = "/api/v1/oembed/?url=http://pod.test/library/albums/1&maxwidth=320&format=json";
        let body = pod.get(address).send().await.json();
        assert_eq!(body["title"], "First by Ana Ñandú");
        assert_eq!(body["width"], 320);
        assert_eq!(body["author_url"], "http://pod.test/library/artists/1");
        assert_eq!(body["thumbnail_width"], 200);
        let other = pod.get("/api/v1/oembed/?format=xml&url=http://pod.test/library/albums/1").send().await;
        assert_eq!(other.status, 404);
    }

    async fn health_and_metrics_answer_this_machine(pod: Pod) {
        assert_eq!(pod.get("/health/live").send().await.text, "alive");
        assert_eq!(pod.get("/health/ready").send().await.text, "ready");
        pod.get("/api/v1/tags").send().await;
        let metrics = pod.get("/metrics").from("127.0.0.1").header("host", "127.0.0.1:5000").send().await;
        assert!(metrics.text.contains("baleen_http_requests_total{method=\"GET\",status=\"200\"}"), "{}", metrics.text);
        assert!(metrics.text.contains("baleen_throttle_total{scope=\"anonymous-list\",outcome=\"passed\"} 1"), "{}", metrics.text);
        assert_eq!(pod.get("/metrics").send().await.status, 403);
        for (name, value) in [("forwarded", "for=1.2.3.4"), ("via", "1.1 proxy"), ("x-real-ip", "1.2.3.4"), ("CF-Connecting-IP", "1.2.3.4"), ("x-original-url", "/metrics"), ("host", "pod.test"), ("host", "evil.test:80")] {
            let asked = pod.get("/metrics").from("127.0.0.1").header(name, value).send().await;
            assert_eq!(asked.status, 403, "{name}: {value}");
        }
        let proxied = pod.get("/metrics").from("127.0.0.1").header("x-forwarded-for", "198.51.100.1");
        assert_eq!(proxied.send().await.status, 403);
        pod.app.db().close().await;
        assert_eq!(pod.get("/health/ready").send().await.status, 503);
    }
}
