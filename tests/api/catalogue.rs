//! Filters and orderings: both doors find the same rows in the same order.
use baleen::store::{reword, sql};
use serde_json::{Value, json};

use crate::support::{Pod, on_both};

/// (REST query, GraphQL arguments, the rows expected)
type Row = (&'static str, &'static str, &'static [i64]);

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn check(pod: &Pod, resource: &str, token: Option<&str>, rows: &[Row]) {
    for (query, arguments, expected) in rows {
        let ask = pod.get(&format!("/api/v1/{resource}?{query}"));
        let ask = if let Some(token) = token {
            ask.by(token)
        } else {
            ask
        };
        assert_eq!(ask.send().await.ids(), *expected, "{resource}?{query}");
        let open = if arguments.is_empty() {
            String::new()
        } else {
            format!("({arguments})")
        };
        let ask = pod.graphql(&format!(
            "{{ {resource}{open} {{ nodes {{ databaseId }} }} }}"
        ));
        let ask = if let Some(token) = token {
            ask.by(token)
        } else {
            ask
        };
        assert_eq!(
            ask.send().await.node_ids(resource),
            *expected,
            "{resource}({arguments})"
        );
    }
}

on_both! {
    async fn artists_are_filtered_and_sorted(pod: Pod) {
        check(&pod, "artists", None, &[
            ("", "", &[5, 4, 3, 2, 1]),
            ("ordering=name", "orderBy: [{field: NAME}]", &[1, 4, 5, 3, 2]),
            ("ordering=-creation_date", "orderBy: [{field: CREATION_DATE, direction: DESC}]", &[5, 4, 3, 2, 1]),
            ("name__icontains=%C3%91AND", "filter: {nameContains: \"ÑAND\"}", &[1]),
            ("name__iexact=%C3%85NGSTR%C3%96M", "filter: {nameEquals: \"ÅNGSTRÖM\"}", &[2]),
            ("name__startswith=Ze", "filter: {nameStartsWith: \"Ze\"}", &[3]),
            ("name__startswith=ze", "filter: {nameStartsWith: \"ze\"}", &[]),
            ("q=run", "filter: {q: \"run\"}", &[5]),
            ("q=band+running", "filter: {q: \"band running\"}", &[5]),
            ("q=angstrom", "filter: {q: \"angstrom\"}", &[2]),
            ("q=%22zed%7Cfar%22", "filter: {q: \"\\\"zed|far\\\"\"}", &[4, 3]),
            ("tag=rock", "filter: {tag: [\"rock\"]}", &[2, 1]),
            ("tag=ROCK&tag=jazz", "filter: {tag: [\"ROCK\", \"jazz\"]}", &[1]),
            ("tag=ROCK&tag=rock&tag=Rock", "filter: {tag: [\"ROCK\", \"rock\"]}", &[2, 1]),
            ("tag=rock&tag=nonsense", "filter: {tag: [\"rock\", \"nonsense\"]}", &[]),
            ("related=1&ordering=-related", "filter: {related: 1}, orderBy: [{field: RELATED, direction: DESC}]", &[2]),
            ("playable=true", "filter: {playable: true}", &[5, 4, 2, 1]),
            ("playable=false", "filter: {playable: false}", &[3]),
            ("has_albums=false", "filter: {hasAlbums: false}", &[5]),
            ("include_channels=true&content_category=podcast", "filter: {includeChannels: true, contentCategory: PODCAST}", &[6]),
            ("scope=domain:far.test", "filter: {scope: \"domain:far.test\"}", &[1]),
            ("scope=me", "filter: {scope: \"me\"}", &[]),
            ("scope=zzz", "filter: {scope: \"zzz\"}", &[]),
            ("playable=maybe&unknown=1", "", &[5, 4, 3, 2, 1]),
        ]).await;
    }

    async fn what_a_user_has_hidden_is_left_out(pod: Pod) {
        check(&pod, "artists", Some("bob"), &[
            ("", "", &[5, 4, 2, 1]),
            ("hidden=true", "filter: {hidden: true}", &[3]),
            ("scope=me", "filter: {scope: \"me\"}", &[1]),
            ("scope=subscribed", "filter: {scope: \"subscribed\"}", &[1]),
            ("playable=true", "filter: {playable: true}", &[5, 4, 2, 1]),
        ]).await;
        check(&pod, "albums", Some("bob"), &[("hidden=true", "filter: {hidden: true}", &[4])]).await;
    }

    async fn albums_are_filtered_and_sorted(pod: Pod) {
        check(&pod, "albums", None, &[
            ("", "", &[5, 4, 3, 2, 1]),
            ("ordering=title", "orderBy: [{field: TITLE}]", &[5, 1, 4, 2, 3]),
            ("ordering=release_date", "orderBy: [{field: RELEASE_DATE}]", &[3, 1, 5, 4, 2]),
            ("ordering=-release_date", "orderBy: [{field: RELEASE_DATE, direction: DESC}]", &[4, 2, 5, 1, 3]),
            ("ordering=title,-creation_date", "orderBy: [{field: TITLE}, {field: CREATION_DATE, direction: DESC}]", &[5, 1, 4, 2, 3]),
            ("artist=1", "filter: {artist: 1}", &[2, 1]),
            ("q=second", "filter: {q: \"second\"}", &[4, 2]),
            ("q=ana", "filter: {q: \"ana\"}", &[2, 1]),
            ("tag=ambient", "filter: {tag: [\"ambient\"]}", &[1]),
            ("related=1", "filter: {related: 1}", &[3]),
            ("playable=false", "filter: {playable: false}", &[4, 2]),
            ("include_channels=true&ordering=-creation_date", "filter: {includeChannels: true}", &[6, 5, 4, 3, 2, 1]),
        ]).await;
    }

    async fn tracks_are_filtered_and_sorted(pod: Pod) {
        check(&pod, "tracks", None, &[
            ("album=1&ordering=position", "filter: {album: 1}, orderBy: [{field: POSITION}]", &[1, 2, 3, 5, 4]),
            ("album=1&ordering=-position", "filter: {album: 1}, orderBy: [{field: POSITION, direction: DESC}]", &[4, 5, 3, 2, 1]),
            ("album=1&ordering=disc_number,position", "filter: {album: 1}, orderBy: [{field: DISC_NUMBER}, {field: POSITION}]", &[1, 3, 5, 2, 4]),
            ("artist=5", "filter: {artist: 5}", &[3]),
            ("artist=3&ordering=title", "filter: {artist: 3}, orderBy: [{field: TITLE}]", &[16, 17, 18]),
            ("id=3&id=7&ordering=title", "filter: {ids: [3, 7]}, orderBy: [{field: TITLE}]", &[7, 3]),
            ("license=cc-by-4.0&ordering=-title", "filter: {license: \"cc-by-4.0\"}, orderBy: [{field: TITLE, direction: DESC}]", &[5, 20, 10, 15]),
            ("tag=rock&tag=ambient", "filter: {tag: [\"rock\", \"ambient\"]}", &[3, 1]),
            ("related=1&ordering=-related", "filter: {related: 1}, orderBy: [{field: RELATED, direction: DESC}]", &[3, 2]),
            ("title__icontains=OG+1", "filter: {titleContains: \"OG 1\"}", &[15]),
            ("title=Dawn+1", "filter: {title: \"Dawn 1\"}", &[]),
            ("q=running", "filter: {q: \"running\"}", &[3]),
            ("album=4&playable=false", "filter: {album: 4, playable: false}", &[16]),
            ("favorites=true&album=1", "filter: {favorites: true, album: 1}", &[5, 4, 3, 2, 1]),
            ("album=1&ordering=size", "filter: {album: 1}, orderBy: [{field: SIZE}]", &[2, 3, 4, 5, 1]),
            ("album=6&include_channels=true", "filter: {album: 6, includeChannels: true}", &[22, 21]),
        ]).await;
        check(&pod, "tracks", Some("alice"), &[
            ("favorites=true", "filter: {favorites: true}", &[5, 2]),
        ]).await;
    }

    async fn libraries_are_those_that_the_caller_may_look_into(pod: Pod) {
        for (token, expected) in [
            ("", vec!["alice public"]),
            ("bob", vec!["bob private", "alice private", "alice pod", "alice public"]),
            ("alice", vec!["alice private", "alice pod", "alice public"]),
        ] {
            let names = |rows: &Value| -> Vec<String> {
                rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
            };
            let ask = pod.get("/api/v1/libraries");
            let ask = if token.is_empty() { ask } else { ask.by(token) };
            assert_eq!(names(&ask.send().await.json()["results"]), expected, "{token}");
            let ask = pod.graphql("{ libraries { nodes { name } } }");
            let ask = if token.is_empty() { ask } else { ask.by(token) };
            assert_eq!(names(&ask.send().await.json()["data"]["libraries"]["nodes"]), expected, "{token}");
        }
    }

    async fn a_private_library_is_shown_to_whoever_knows_its_uuid_but_not_by_number(pod: Pod) {
        let query = "{ library(databaseId: 3) { uuid name } }";
        let body = pod.graphql(query).by("alice").send().await.json();
        let uuid = body["data"]["library"]["uuid"].as_str().unwrap().to_owned();
        let shown = pod.get(&format!("/api/v1/libraries/{uuid}")).send().await;
        assert_eq!(shown.json()["name"], "alice private");
        let hidden = pod.graphql(query).send().await.json();
        assert_eq!(hidden["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }

    async fn where_an_upload_came_from_is_its_owners_business(pod: Pod) {
        sql("update uploads set source = 'file:///home/alice/1.mp3', import_details = '{\"a\": 1}', metadata = '{\"b\": 2}' where id = 1")
            .run(pod.app.db()).await.unwrap();
        let (uuid,): (uuid::Uuid,) = sql("select uuid from uploads where id = 1").one(pod.app.db()).await.unwrap();
        let ask = async |token: &str| pod.get(&format!("/api/v1/uploads/{uuid}")).by(token).send().await.json();
        let (own, others) = (ask("alice").await, ask("bob").await);
        assert_eq!((&own["source"], &own["import_details"]), (&json!("file:///home/alice/1.mp3"), &json!({"a": 1})));
        assert_eq!(own["metadata"], json!({"b": 2}));
        assert_eq!((&others["source"], &others["import_details"], &others["metadata"]), (&Value::Null, &json!({}), &json!({})));
    }

    async fn uploads_are_the_callers_own(pod: Pod) {
        let body = pod.get("/api/v1/uploads?import_status=pending&import_status=errored").by("alice").send().await;
        let statuses = body.json()["results"].clone();
        assert_eq!(statuses.as_array().unwrap().len(), 2);
        let query = "{ uploads(filter: {importStatus: [PENDING, ERRORED]}) { totalCount nodes { importStatus } } }";
        let twin = pod.graphql(query).by("alice").send().await.json();
        assert_eq!(twin["data"]["uploads"]["totalCount"], 2);
        let body = pod.get("/api/v1/uploads?q=status:finished+album:first").by("alice").send().await.json();
        assert_eq!(body["count"], 6);
        assert_eq!(body["results"][0]["filename"], "Ana Ñandú - First - Dusk 1.flac");
        assert_eq!(pod.get("/api/v1/uploads").send().await.status, 401);
        let body = pod.get("/api/v1/uploads").by("bob").send().await.json();
        assert_eq!(body["count"], 1);
    }

    async fn tags_are_found_without_regard_to_case(pod: Pod) {
        let names = |body: &Value| -> Vec<String> {
            body.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
        };
        let body = pod.get("/api/v1/tags").send().await.json();
        assert_eq!(names(&body["results"]), ["ambient", "Jazz", "Rock"]);
        let body = pod.get("/api/v1/tags?ordering=-length&q=a").send().await.json();
        assert_eq!(names(&body["results"]), ["ambient", "Jazz"]);
        let query = "{ tags(filter: {q: \"a\"}, orderBy: [{field: LENGTH, direction: DESC}]) { nodes { name } } \
            tag(name: \"ROCK\") { name } }";
        let data = pod.graphql(query).send().await.json()["data"].clone();
        assert_eq!(names(&data["tags"]["nodes"]), ["ambient", "Jazz"]);
        assert_eq!(data["tag"]["name"], "Rock");
    }

    async fn search_finds_all_kinds_shortest_first(pod: Pod) {
        let body = pod.get("/api/v1/search?query=r").send().await.json();
        assert_eq!(body["artists"][0]["name"], "Running Bands");
        assert_eq!(body["tracks"].as_array().unwrap().len(), 3);
        assert_eq!(body["tags"][0]["name"], "Rock");
        let query = "{ search(query: \"r\") { artists { nodes { name } } tracks(first: 3) { nodes { databaseId } } tags { nodes { name } } } }";
        let found = pod.graphql(query).send().await.json()["data"]["search"].clone();
        assert_eq!(found["artists"]["nodes"][0]["name"], "Running Bands");
        let ids = |rows: &Value, key: &str| -> Vec<Value> {
            rows.as_array().unwrap().iter().map(|row| row[key].clone()).collect()
        };
        assert_eq!(ids(&found["tracks"]["nodes"], "databaseId"), ids(&body["tracks"], "id"));
        // Whoever writes past the program gives no words; they are made at the next start.
        sql("update artists set name = 'Motörhead 東京事変', words = '' where id = 3").run(pod.app.db()).await.unwrap();
        sql("update artists set name = '!!!', words = '' where id = 4").run(pod.app.db()).await.unwrap();
        reword(pod.app.db()).await.unwrap();
        for (asked, found) in [("motorhead", 3), ("MOTÖRHEAD", 3), ("Moto\u{308}r", 3), ("京事", 3), ("変", 3), ("!!!", 4)] {
            let body = pod.get(&format!("/api/v1/search?query={}", escaped(asked))).send().await.json();
            assert_eq!(ids(&body["artists"], "id"), [json!(found)], "{asked}");
            let variables = json!({"query": "query Q($q: String!) { search(query: $q) { artists { nodes { databaseId } } } }", "variables": {"q": asked}});
            let twin = pod.post("/graphql", &variables).send().await.json();
            assert_eq!(ids(&twin["data"]["search"]["artists"]["nodes"], "databaseId"), [json!(found)], "{asked}");
            let list = pod.get(&format!("/api/v1/artists?q={}", escaped(asked))).send().await.json();
            assert_eq!(ids(&list["results"], "id"), [json!(found)], "{asked}");
        }
        let nothing = pod.get("/api/v1/artists?q=%3F%3F").send().await.json();
        assert_eq!(nothing["count"], 0, "what only consists of signs is looked for");
        for list in ["artists", "albums", "tracks", "tags"] {
            for unseen in ["\u{200b}", "\u{ad}", "\u{e0041}", "\u{2800}", "\u{200b} \u{feff}"] {
                let found = pod.get(&format!("/api/v1/{list}?q={}", escaped(unseen))).send().await.json();
                assert_eq!(found["count"], 0, "{list} {unseen:?}");
            }
            assert!(pod.get(&format!("/api/v1/{list}?q=%E3%80%80")).send().await.json()["count"].as_i64().unwrap() > 0);
        }
        // However long and odd it is, it is answered or refused in words.
        let kana = "\u{3316}".repeat(1_000);
        let title: String = ('\u{4e00}'..).take(150).collect();
        for (odd, status) in [(kana.as_str(), 200), (&title, 200), (&"!".repeat(900), 200), (&"\u{3316}".repeat(4_000), 400)] {
            let answer = pod.get(&format!("/api/v1/search?query={}", escaped(odd))).send().await;
            assert_eq!(answer.status.as_u16(), status, "{:.60}: {:.200}", odd, answer.text);
        }
        for nothing in ["", "%20", "%E2%80%8B", "%EF%BB%BF"] {
            let empty = pod.get(&format!("/api/v1/search?query={nothing}")).send().await;
            assert_eq!((empty.status.as_u16(), empty.text.as_str()), (400, r#"{"detail":"empty query"}"#), "{nothing}");
        }
    }
}
