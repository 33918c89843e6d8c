//! Bad input: a clear refusal, and the server lives on.
use std::sync::Arc;

use baleen::rest::{door::Door, routes::Routes};
use poem::{
    Endpoint, Request,
    endpoint::make_sync,
    http::{Method, StatusCode},
};
use serde_json::json;

use crate::support::{Backend, Pod, on_both};

on_both! {
    async fn a_request_for_two_hosts_is_for_none(pod: Pod) {
        for address in ["/api/v1/tags", "/graphql?query={tags{totalCount}}", "/login"] {
            let refused = pod.get(address).header("host", "pod.test").header("host", "evil.test").send().await;
            assert_eq!(refused.status, 400, "{address}");
            assert_eq!(pod.get(address).header("host", "pod.test").send().await.status, 200, "{address}");
        }
    }

    async fn a_bad_parameter_is_named(pod: Pod) {
        let choice = "Select a valid choice. nope is not one of the available choices.";
        let none = "Select a valid choice. That choice is not one of the available choices.";
        for (address, field, complaint) in [
            ("artists?ordering=nope", "ordering", choice),
            ("tracks?ordering=title,nope", "ordering", choice),
            ("artists?mbid=nope", "mbid", "Enter a valid UUID."),
            ("artists?content_category=nope", "content_category", choice),
            ("artists?related=x", "related", "Enter a number."),
            ("albums?artist=99", "artist", none),
            ("tracks?album=99", "album", none),
            ("tracks?license=zzz", "license", none),
            ("tracks?library=1", "library", "Enter a valid UUID."),
            ("tracks?title=a%00b", "title", "Null characters are not allowed."),
            ("oembed/", "url", "This field is required."),
            ("oembed/?url=http://elsewhere.test/library/tracks/1", "url",
                "Not the URL of a track, album or artist on this pod."),
        ] {
            let answer = pod.get(&format!("/api/v1/{address}")).send().await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{address}: {}", answer.text);
            assert_eq!(answer.json(), json!({field: [complaint]}), "{address}");
        }
        let answer = pod.graphql("{ albums(filter: {artist: 99}) { totalCount } }").send().await.json();
        assert_eq!(answer["errors"][0]["extensions"]["fields"], json!({"artist": [none]}));
        let both = pod.get("/api/v1/artists?ordering=nope&mbid=x").send().await.json();
        assert_eq!(both.as_object().unwrap().len(), 2);
    }

    async fn a_search_that_makes_no_sense_is_refused(pod: Pod) {
        for q in ["%22a%20%26%26%20b%22", "%22(%22", "%22%22"] {
            let answer = pod.get(&format!("/api/v1/artists?q={q}")).send().await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (400, r#"{"detail":"Invalid query"}"#), "{q}");
        }
        for q in ["'", "%25", "%5C", "a'%20or%201=1--", "%F0%9F%8E%B5", "*", "%22a:*%22", "NOT", "AND%20OR", "-"] {
            for place in ["artists", "albums", "tracks", "tags", "libraries"] {
                let answer = pod.get(&format!("/api/v1/{place}?q={q}")).send().await;
                assert_eq!(answer.status, StatusCode::OK, "{place} {q}: {}", answer.text);
            }
        }
    }

    async fn bytes_that_are_not_text_are_refused(pod: Pod) {
        let answer = pod.get("/api/v1/artists?q=%FF%FE").send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["detail"], "The query string is not valid UTF-8.");
        assert_eq!(pod.get("/api/v1/tags/a%00b").send().await.status, 404);
        let null = pod.graphql("{ tag(name: \"a\\u0000b\") { name } }").send().await.json();
        assert_eq!(null["errors"][0]["message"], "Null characters are not allowed.");
        let answer = pod.get("/api/v1/tags/%FF").send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }

    async fn a_body_that_makes_no_sense_is_refused(pod: Pod) {
        let ask = |kind: &str, body: Vec<u8>| {
            pod.ask(Method::POST, "/api/v1/text-preview").header("content-type", kind).body(body).send()
        };
        let json = "application/json";
        let deep = format!("{{\"text\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        for (kind, body, status, detail) in [
            (json, "{bad".to_owned(), 400, "JSON parse error - "),
            (json, deep, 400, "JSON parse error - "),
            ("text/csv", "a,b".to_owned(), 415, "Unsupported media type \"text/csv\" in request."),
            (json, "{}".to_owned(), 400, "Invalid input"),
            (json, format!("{{\"text\": \"{}\"}}", "a".repeat(2 << 20)), 413, "The request is larger than"),
        ] {
            let answer = ask(kind, body.into_bytes()).await;
            assert_eq!(answer.status.as_u16(), status, "{:.200}", answer.text);
            let told = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(told.starts_with(detail), "{told}");
        }
        for (body, field, complaint) in [
            ("[1]", "non_field_errors", "Invalid data. Expected a dictionary, but got list."),
            ("{\"text\": [7]}", "text", "Not a valid string."),
            ("{\"text\": \"a\", \"permissive\": \"x\"}", "permissive", "Must be a valid boolean."),
        ] {
            let answer = ask(json, body.into()).await;
            assert_eq!((answer.status.as_u16(), answer.json()), (400, json!({field: [complaint]})), "{body}");
        }
    }

    async fn forms_are_bodies_too(pod: Pod) {
        let form = "application/x-www-form-urlencoded";
        let ask = pod.ask(Method::POST, "/api/v1/text-preview/").header("content-type", form);
        let body = ask.body("text=%23+T%0A%3Cb%3Ex%3C/b%3E&permissive=true").send().await.json();
        assert_eq!(body, json!({"rendered": "<h1>T</h1><p><b>x</b></p>"}));
        let parts = "--x\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\n# T\r\n--x\r\n\
            content-disposition: form-data; name=\"permissive\"\r\n\r\ntrue\r\n--x--\r\n";
        let ask = pod.ask(Method::POST, "/api/v1/text-preview/").header("content-type", "multipart/form-data; boundary=x");
        assert_eq!(ask.body(parts).send().await.json(), json!({"rendered": "<h1>T</h1>"}));
        let twin = pod.graphql("{ textPreview(text: \"*a*\", permissive: true) }").send().await.json();
        assert_eq!(twin["data"]["textPreview"], "<p><em>a</em></p>");
    }

    async fn methods_slashes_and_media_types_are_those_of_the_contract(pod: Pod) {
        let answer = pod.ask(Method::DELETE, "/api/v1/artists/1").by("alice").send().await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (405, r#"{"detail":"Method \"DELETE\" not allowed."}"#));
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(answer.header("x-ratelimit-scope"), Some("authenticated-wildcard"));
        assert_eq!(pod.ask(Method::DELETE, "/api/v1/artists/1").send().await.status, 401);

        let answer = pod.ask(Method::HEAD, "/api/v1/artists/1").send().await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        assert!(answer.header("content-length").unwrap().parse::<u32>().unwrap() > 100);

        let answer = pod.get("/api/v1/artists").header("accept", "text/html").send().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-scope")), (406, None));
        let answer = pod.get("/api/v1/oembed?url=x").send().await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (301, Some("/api/v1/oembed/?url=x")));
        for address in ["/api/v1/search/?q=a", "/api/v1/zzz", "/api/v1/artists//", "/api/v1", "/nothing"] {
            let answer = pod.get(address).send().await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
            assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{address}");
        }
    }

    async fn other_origins_may_ask(pod: Pod) {
        let origin = "https://app.example";
        let answer = pod.get("/api/v1/tags").header("origin", origin).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        let preflight = pod.ask(Method::OPTIONS, "/api/v1/artists").header("origin", origin)
            .header("access-control-request-method", "GET").send().await;
        assert_eq!(preflight.status, StatusCode::OK);
        assert_eq!(preflight.header("access-control-allow-methods"), Some("DELETE, GET, OPTIONS, PATCH, POST, PUT"));
        assert_eq!(preflight.header("x-ratelimit-scope"), None);
        let graphql = pod.ask(Method::OPTIONS, "/graphql").header("origin", origin)
            .header("access-control-request-method", "POST").send().await;
        assert_eq!(graphql.header("access-control-allow-origin"), Some(origin));
        assert!(graphql.header("access-control-allow-headers").unwrap().contains("authorization"));
        assert_eq!(preflight.header("access-control-max-age"), Some("86400"));
        // What libraries add by themselves is allowed, wherever others may read.
        let sent = "apollographql-client-name,traceparent,baggage,range,if-range";
        for path in ["/graphql", "/api/v1/listen/x", "/media/attachments/x.jpg", "/assets/baleen.css", "/health/live"] {
            let asked = pod.ask(Method::OPTIONS, path).header("origin", origin)
                .header("access-control-request-method", "GET").header("access-control-request-headers", sent).send().await;
            assert_eq!((asked.status.as_u16(), asked.header("access-control-allow-headers")), (200, Some(sent)), "{path}");
            assert_eq!(asked.header("access-control-allow-origin"), Some(origin), "{path}");
        }
        let exposed = answer.header("access-control-expose-headers").unwrap();
        for name in ["Content-Range", "Accept-Ranges", "ETag", "Link", "Retry-After", "X-RateLimit-Limit", "RateLimit"] {
            assert!(exposed.split(", ").any(|known| known == name), "{name}: {exposed}");
        }
        let odd = pod.ask(Method::OPTIONS, "/graphql").header("origin", origin)
            .header("access-control-request-method", "GET").header("access-control-request-headers", "a b, <x>").send().await;
        assert!(!odd.header("access-control-allow-headers").unwrap().contains("<x>"));
        // A window that an application opened for signing in is not cut off from it.
        for (path, opener) in [("/login", "unsafe-none"), ("/authorize?client_id=x", "unsafe-none"), ("/settings", "same-origin"), ("/api/v1/tags", "same-origin")] {
            assert_eq!(pod.get(path).send().await.header("cross-origin-opener-policy"), Some(opener), "{path}");
        }
    }

    async fn an_internal_error_says_nothing_of_the_inside(pod: Pod) {
        baleen::store::sql("drop table artist_tags").run(pod.app.db()).await.unwrap();
        let answer = pod.get("/api/v1/artists/1").send().await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (500, r#"{"detail":"Internal server error."}"#));
        assert!(answer.header("x-request-id").is_some());
        let body = pod.graphql("{ artist(databaseId: 1) { name tags { name } } }").send().await.json();
        assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL");
        assert!(!body.to_string().contains("artist_tags"), "{body}");
        assert_eq!(pod.get("/api/v1/tags").send().await.status, StatusCode::OK);
    }

    async fn every_answer_has_a_request_id_and_keeps_a_sane_one(pod: Pod) {
        let answer = pod.get("/api/v1/tags").header("x-request-id", "proxy-12345678").send().await;
        assert_eq!(answer.header("x-request-id"), Some("proxy-12345678"));
        let answer = pod.get("/nothing").header("x-request-id", "a\"b").send().await;
        assert_eq!(answer.header("x-request-id").unwrap().len(), 32);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }

    async fn a_megabyte_of_query_is_survived(pod: Pod) {
        let (long, many) = ("a".repeat(60_000), "a+".repeat(30_000));
        for address in [
            format!("artists?q={long}"), format!("tracks?q={many}"), format!("search?q={many}"),
            format!("albums?q=%22{}a%22", "a%7C".repeat(10_000)),
        ] {
            let answer = pod.get(&format!("/api/v1/{address}")).send().await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{:.300}", answer.text);
            assert_eq!(answer.json(), json!({"q": ["At most 1000 characters are allowed."]}));
        }
        for q in ["a".repeat(900), "a+".repeat(400), format!("%22{}a%22", "a%7C".repeat(40))] {
            let answer = pod.get(&format!("/api/v1/artists?q={q}")).send().await;
            assert_eq!(answer.json(), json!({"q": ["At most 32 words of at most 200 characters are allowed."]}));
        }
        for address in [
            format!("tracks?title__icontains={long}"), format!("artists?scope={}", "all,".repeat(10_000)),
            format!("libraries?q={many}"), format!("tags?q={many}"), format!("libraries?scope={}", "all,".repeat(10_000)),
            format!("tracks?ordering={}title", "size,-title,".repeat(4_000)),
        ] {
            let answer = pod.get(&format!("/api/v1/{address}")).send().await;
            assert_eq!(answer.status, StatusCode::OK, "{address:.40}: {:.300}", answer.text);
        }
        let tags: String = (0..5_000).map(|index| format!("&tag=t{index}")).collect();
        let answer = pod.get(&format!("/api/v1/artists?x=1{tags}")).send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{:.300}", answer.text);
        assert_eq!(answer.json()["tag"], json!(["At most 100 values are allowed."]));
    }

    async fn a_database_that_is_away_is_told_with_the_time_to_try_again(pod: Pod) {
        pod.app.db().close().await;
        let answer = pod.get("/api/v1/tracks/1").by("alice").send().await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), Some("1"));
        let detail = "The database is busy or unavailable. Try again in a moment.";
        assert_eq!(answer.json(), json!({ "detail": detail }));
        let twin = pod.graphql("{ track(databaseId: 1) { title } }").by("alice").send().await;
        assert_eq!(twin.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(twin.header("retry-after"), Some("1"));
    }
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_with_its_request_id() {
    let pod = Pod::new(Backend::Sqlite).await.unwrap();
    let door = Door {
        app: pod.app.clone(),
        routes: Arc::new(Routes::of_api()),
        inner: make_sync(|_| -> &'static str { panic!("on purpose") }),
    };
    let mut response = door.get_response(Request::default()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = response.take_body().into_string().await.unwrap();
    assert_eq!(
        body,
        json!({"detail": "Internal server error.", "request_id": id}).to_string()
    );
    assert_eq!(pod.get("/api/v1/tags").send().await.status, StatusCode::OK);
}
