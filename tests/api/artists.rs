//! What is told of one artist, album and track.
use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Data, PASSWORD, Pod, on_both};

on_both! {
    async fn an_artist_is_shown_with_its_albums_and_texts(pod: Pod) {
        let body = pod.get("/api/v1/artists/1").send().await.json();
        assert_eq!(body["name"], "Ana Ñandú");
        assert_eq!(body["albums"][0]["title"], "First");
        assert_eq!(body["albums"][0]["tracks_count"], 5);
        assert_eq!(body["tags"], json!(["Jazz", "Rock"]));
        assert_eq!(body["description"]["html"], "<p>About <strong>Ana</strong></p>");
        assert_eq!(body["cover"]["urls"]["original"], "http://pod.test/media/attachments/aa/cover.jpg");

        let query = "{ artist(databaseId: 1) { name tracksCount isLocal tags { name } \
            description { html } cover { urls { original } } albums { totalCount nodes { title tracksCount } } } }";
        let artist = pod.graphql(query).send().await.json()["data"]["artist"].clone();
        assert_eq!(artist["name"], body["name"]);
        assert_eq!(artist["tracksCount"], body["tracks_count"]);
        assert_eq!(artist["isLocal"], true);
        assert_eq!(artist["tags"], json!([{"name": "Jazz"}, {"name": "Rock"}]));
        assert_eq!(artist["description"]["html"], body["description"]["html"]);
        assert_eq!(artist["cover"]["urls"]["original"], body["cover"]["urls"]["original"]);
        assert_eq!(artist["albums"]["nodes"][0], json!({"title": "First", "tracksCount": 5}));
        assert_eq!(artist["albums"]["totalCount"], json!(body["albums"].as_array().unwrap().len()));
    }

    async fn lists_below_an_object_are_read_page_by_page(pod: Pod) with ["--throttling-enabled", "false"] => {
        for (root, list, name) in [("artist", "albums", "title"), ("artist", "tracks", "title"), ("album", "tracks", "title")] {
            let page = async |arguments: &str| {
                let query = format!("{{ {root}(databaseId: 1) {{ {list}{arguments} {{ totalCount edges {{ cursor node {{ {name} }} }} \
                    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}");
                pod.graphql(&query).send().await.json()
            };
            let whole = page("(first: 100)").await["data"][root][list].clone();
            let edges = whole["edges"].as_array().unwrap().clone();
            assert_eq!(whole["totalCount"], json!(edges.len()), "{list}");
            assert_eq!((&whole["pageInfo"]["hasNextPage"], &whole["pageInfo"]["hasPreviousPage"]), (&json!(false), &json!(false)));
            let (mut read, mut after) = (Vec::new(), Value::Null);
            loop {
                let next = page(&format!("(first: 2, after: {after})")).await["data"][root][list].clone();
                read.extend(next["edges"].as_array().unwrap().clone());
                after = next["pageInfo"]["endCursor"].clone();
                assert_eq!(next["totalCount"], whole["totalCount"]);
                if next["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(read, edges, "{root}.{list} forwards");
            let (mut read, mut before) = (Vec::new(), Value::Null);
            loop {
                let next = page(&format!("(last: 2, before: {before})")).await["data"][root][list].clone();
                read = [next["edges"].as_array().unwrap().clone(), read].concat();
                before = next["pageInfo"]["startCursor"].clone();
                if next["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
            }
            assert_eq!(read, edges, "{root}.{list} backwards");
            for (arguments, field) in [
                ("(first: 101)", "first"), ("(last: 101)", "last"), ("(first: -1)", "first"), ("(first: 1, last: 1)", "last"),
                ("(after: \"x\")", "after"), ("(before: \"WzldCg\")", "before"),
            ] {
                let refused = page(arguments).await;
                assert!(refused["data"][root][list].is_null(), "{refused}");
                assert!(refused["errors"][0]["extensions"]["fields"][field].is_array(), "{arguments}: {refused}");
            }
            assert_eq!(page("(first: 0)").await["data"][root][list]["edges"], json!([]));
        }
    }

    async fn a_remote_picture_is_reached_through_this_pod(pod: Pod) {
        let body = pod.get("/api/v1/artists/4").send().await.json();
        let original = body["cover"]["urls"]["original"].as_str().unwrap();
        assert!(original.starts_with("http://pod.test/api/v1/attachments/"), "{original}");
        assert!(original.ends_with("/proxy?next=original"), "{original}");
        assert_eq!(body["is_local"], false);
    }

    async fn one_object_is_found_by_each_of_its_identifiers(pod: Pod) {
        let names = "id uuid databaseId";
        let first = pod.graphql(&format!("{{ album(databaseId: 3) {{ {names} }} }}")).send().await;
        let album = first.json()["data"]["album"].clone();
        for (name, value) in [("id", &album["id"]), ("uuid", &album["uuid"])] {
            let query = format!("{{ album({name}: {value}) {{ {names} }} }}");
            assert_eq!(pod.graphql(&query).send().await.json()["data"]["album"], album, "{name}");
        }
        let node = format!("{{ node(id: {}) {{ __typename id ... on Album {{ uuid }} }} }}", album["id"]);
        let node = pod.graphql(&node).send().await.json()["data"]["node"].clone();
        assert_eq!(node["__typename"], "Album");
        assert_eq!(node["uuid"], album["uuid"]);
    }

    async fn several_objects_are_found_at_once_and_strangers_to_the_pod_are_null(pod: Pod) {
        let query = "{ artist(databaseId: 1) { id } track(databaseId: 2) { id } }";
        let found = pod.graphql(query).send().await.json()["data"].clone();
        let gone = "QXJ0aXN0Ojk5OTk";
        let query = format!(
            "{{ nodes(ids: [{}, {}, \"{gone}\"]) {{ __typename }} }}",
            found["artist"]["id"], found["track"]["id"]
        );
        let nodes = pod.graphql(&query).send().await.json()["data"]["nodes"].clone();
        assert_eq!(nodes, json!([{"__typename": "Artist"}, {"__typename": "Track"}, null]));
    }

    async fn what_is_not_there_is_not_found_at_both_doors(pod: Pod) {
        for path in ["artists/99", "artists/abc", "albums/99", "tracks/99", "tags/zzz", "licenses/zzz"] {
            let answer = pod.get(&format!("/api/v1/{path}")).send().await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.text, r#"{"detail":"Not found."}"#, "{path}");
        }
        let answer = pod.graphql("{ artist(databaseId: 99) { name } }").send().await.json();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
        assert_eq!(answer["data"]["artist"], json!(null));
    }

    async fn a_track_tells_what_the_caller_can_play_of_it(pod: Pod) {
        for (token, count) in [("", 1), ("bob", 2), ("alice", 2)] {
            let ask = pod.get("/api/v1/tracks/1");
            let ask = if token.is_empty() { ask } else { ask.by(token) };
            let body = ask.send().await.json();
            assert_eq!(body["uploads"].as_array().unwrap().len(), count, "{token}");
            assert_eq!(body["is_playable"], true);
            let ask = pod.graphql("{ track(databaseId: 1) { isPlayable uploads { listenUrl } } }");
            let ask = if token.is_empty() { ask } else { ask.by(token) };
            let track = ask.send().await.json()["data"]["track"].clone();
            let urls: Vec<_> = body["uploads"].as_array().unwrap().iter().map(|row| format!("http://pod.test{}", row["listen_url"].as_str().unwrap())).collect();
            let twins: Vec<_> = track["uploads"].as_array().unwrap().iter().map(|row| row["listenUrl"].as_str().unwrap().to_owned()).collect();
            assert_eq!(urls, twins, "{token}");
        }
    }

    async fn an_artist_credit_names_whom_a_track_is_by(pod: Pod) {
        let query = "{ track(databaseId: 3) { artist { name } album { artist { name } } \
            artistCredit { credit joinPhrase position artist { databaseId } } } }";
        let track = pod.graphql(query).send().await.json()["data"]["track"].clone();
        assert_eq!(track["artist"]["name"], "Running Bands");
        assert_eq!(track["album"]["artist"]["name"], "Ana Ñandú");
        let credit = json!([{"credit": "Running Bands", "joinPhrase": "", "position": 0, "artist": {"databaseId": 5}}]);
        assert_eq!(track["artistCredit"], credit);
    }

    async fn the_libraries_that_hold_something_are_listed_for_each_caller(pod: Pod) {
        for (path, field) in [("artists/1", "artist"), ("albums/1", "album"), ("tracks/1", "track")] {
            for caller in ["", "alice"] {
                let ask = pod.get(&format!("/api/v1/{path}/libraries"));
                let body = if caller.is_empty() { ask } else { ask.by(caller) }.send().await.json();
                let names: Vec<_> = body["results"].as_array().unwrap().iter().map(|library| library["name"].clone()).collect();
                let last = if caller.is_empty() { "alice public" } else { "alice private" };
                assert_eq!((&names[0], &names[names.len() - 1]), (&json!("alice public"), &json!(last)), "{path} for {caller:?}");
                let keys: Vec<_> = body["results"][0].as_object().unwrap().keys().cloned().collect();
                assert_eq!(keys, ["fid", "uuid", "actor", "name", "description", "creation_date", "uploads_count", "privacy_level", "follow", "latest_scan"]);
                let query = pod.graphql(&format!("{{ {field}(databaseId: 1) {{ libraries {{ name }} }} }}"));
                let twin = if caller.is_empty() { query } else { query.by(caller) }.send().await.json();
                let found: Vec<_> = twin["data"][field]["libraries"].as_array().unwrap().iter().map(|library| library["name"].clone()).collect();
                assert_eq!(found, names, "{path} for {caller:?}");
            }
        }
    }

    async fn the_codes_of_licenses_become_names(pod: Pod) {
        let body = pod.get("/api/v1/licenses/cc-by-nc-sa-2.5-scotland").send().await.json();
        assert_eq!(body["name"], "Creative commons - Attribution-NonCommercial-ShareAlike 2.5 SCOTLAND");
        let query = "{ license(code: \"cc-by-4.0\") { name identifier url } licenses { code } }";
        let data = pod.graphql(query).send().await.json()["data"].clone();
        assert_eq!(data["license"]["name"], "Creative commons - Attribution 4.0");
        assert_eq!(data["license"]["identifier"], "http://creativecommons.org/licenses/by/4.0/");
        assert_eq!(data["licenses"].as_array().unwrap().len(), 2);
        // A new pod knows those that people use.
        let new = Pod::with(pod.backend(), Data::Nothing, &[]).await.unwrap();
        new.person("dora").await;
        let known = new.get("/api/v1/licenses").basic("dora", PASSWORD).send().await.json();
        assert_eq!(known["count"], 350, "{known}");
        for (code, url) in [("cc-by-nc-sa-2.5-scotland", "https://creativecommons.org/licenses/by-nc-sa/2.5/scotland/"), ("cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/")] {
            let one = new.get(&format!("/api/v1/licenses/{code}")).basic("dora", PASSWORD).send().await.json();
            assert_eq!(one["url"], url, "{one}");
        }
    }
}
