//! Hidden artists, and the activity of the pod without them.
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Pod, on_both};

const ADDRESS: &str = "/api/v1/moderation/content-filters";

on_both! {
    async fn an_artist_is_hidden_and_shown_again(pod: Pod) {
        let target = json!({"target": {"type": "artist", "id": 2}});
        let artists = async || {
            let list = pod.get("/api/v1/artists?ordering=id").by("alice").send().await.json();
            let results = list["results"].as_array().unwrap().clone();
            results.iter().map(|artist| artist["id"].as_i64().unwrap()).collect::<Vec<i64>>()
        };
        assert!(artists().await.contains(&2));
        let hidden = pod.post(ADDRESS, &target).by("alice").send().await;
        assert_eq!(hidden.status, StatusCode::CREATED, "{}", hidden.text);
        let hidden = hidden.json();
        assert_eq!(hidden["target"], json!({"id": 2, "name": "ångström", "type": "artist"}));
        assert!(!artists().await.contains(&2));
        let again = pod.post(ADDRESS, &target).by("alice").send().await;
        assert_eq!((again.status, again.json()), (StatusCode::BAD_REQUEST, json!({"detail": "A content filter already exists for this object"})));
        let place = format!("{ADDRESS}/{}", hidden["uuid"].as_str().unwrap());
        assert_eq!(pod.get(&place).by("alice").send().await.json(), hidden);
        assert_eq!(pod.get(ADDRESS).by("alice").send().await.json()["results"], json!([hidden]));
        assert_eq!(pod.get(&place).by("bob").send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(pod.get(ADDRESS).by("bob").send().await.json()["results"][0]["target"]["id"], 3);
        assert_eq!(pod.ask(Method::DELETE, &place).by("alice").send().await.status, StatusCode::NO_CONTENT);
        assert!(artists().await.contains(&2));

        let twin = "mutation { createContentFilter(input: {artist: 2}) { contentFilter { id uuid artist { name isHidden } } } }";
        let twin = pod.graphql(twin).by("alice").send().await.json();
        let filter = &twin["data"]["createContentFilter"]["contentFilter"];
        assert_eq!(filter["artist"], json!({"name": "ångström", "isHidden": true}), "{twin}");
        let found = format!("{{ contentFilters {{ totalCount }} contentFilter(uuid: {}) {{ id }} node(id: {}) {{ id }} }}", filter["uuid"], filter["id"]);
        let found = pod.graphql(&found).by("alice").send().await.json();
        assert_eq!(found["data"], json!({"contentFilters": {"totalCount": 1}, "contentFilter": {"id": filter["id"]}, "node": {"id": filter["id"]}}), "{found}");
        let gone = format!("mutation {{ deleteContentFilter(input: {{id: {}}}) {{ deletedId }} }}", filter["id"]);
        assert_eq!(pod.graphql(&gone).by("bob").send().await.json()["data"]["deleteContentFilter"], Value::Null);
        let gone = pod.graphql(&gone).by("alice").send().await.json();
        assert_eq!(gone["data"]["deleteContentFilter"]["deletedId"], filter["id"], "{gone}");
    }

    async fn what_cannot_be_hidden_is_told(pod: Pod) {
        for (body, complaint) in [
            (json!({}), json!({"target": ["This field is required."]})),
            (json!({"target": {"type": "album", "id": 1}}), json!({"target": ["type: \"album\" is not a valid choice."]})),
            (json!({"target": {"type": "artist"}}), json!({"target": ["id: This field is required."]})),
            (json!({"target": {"type": "artist", "id": 99}}), json!({"target": ["Invalid pk \"99\" - object does not exist."]})),
        ] {
            let refused = pod.post(ADDRESS, &body).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaint), "{body}");
        }
    }

    async fn the_activity_of_the_pod_is_what_its_users_show(pod: Pod) {
        pod.prefer("common", "api_authentication_required", "False").await;
        let shown = async |token: &str| {
            let ask = pod.get("/api/v1/activity");
            let ask = if token.is_empty() { ask } else { ask.by(token) };
            let list = ask.send().await.json();
            let results = list["results"].as_array().unwrap().clone();
            results.iter().map(|each| (each["type"].as_str().unwrap().to_owned(), each["object"]["local_id"].as_i64().unwrap())).collect::<Vec<_>>()
        };
        let of = |list: &[(&str, i64)]| list.iter().map(|(kind, id)| ((*kind).to_owned(), *id)).collect::<Vec<_>>();
        assert_eq!(shown("").await, of(&[("Listen", 1)]));
        assert_eq!(shown("bob").await, of(&[("Listen", 1), ("Like", 5), ("Like", 2), ("Listen", 2)]));
        let first = pod.get("/api/v1/activity").send().await.json()["results"][0].clone();
        assert_eq!((&first["id"], &first["actor"]["id"], &first["object"]["type"], &first["object"]["artist"]), (&json!("http://pod.test/@bob/listenings/tracks/2"), &json!("http://pod.test/@bob"), &json!("Audio"), &json!("Ana Ñandú")));
        // bob has hidden the artist of track 16.
        for _ in 0..21 {
            pod.post("/api/v1/history/listenings", &json!({"track": 16})).by("alice").send().await;
        }
        assert_eq!(shown("alice").await.len(), 20);
        assert_eq!(shown("bob").await.len(), 4);
        let twin = "{ activity { __typename ... on Listening { user { username } track { databaseId } } ... on Favorite { track { databaseId } } } }";
        let twin = pod.graphql(twin).by("bob").send().await.json();
        assert_eq!(twin["data"]["activity"][0], json!({"__typename": "Listening", "user": {"username": "bob"}, "track": {"databaseId": 1}}), "{twin}");
        assert_eq!(twin["data"]["activity"][1], json!({"__typename": "Favorite", "track": {"databaseId": 5}}), "{twin}");
    }
}
