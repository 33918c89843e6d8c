//! Favorites: marked, found and removed at both doors, by whom they may be seen.
use baleen::store::sql;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Pod, on_both};

const ADDRESS: &str = "/api/v1/favorites/tracks";

async fn add(pod: &Pod, track: i64) -> Value {
    let added = pod
        .post(ADDRESS, &json!({ "track": track }))
        .by("alice")
        .send()
        .await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    added.json()
}

/// The tracks of a list of favorites.
async fn tracks(pod: &Pod, query: &str, token: &str) -> Vec<i64> {
    let list = pod
        .get(&format!("{ADDRESS}{query}"))
        .by(token)
        .send()
        .await
        .json();
    let results = list["results"].as_array().unwrap();
    assert_eq!(list["count"], results.len());
    results
        .iter()
        .map(|each| each["track"]["id"].as_i64().unwrap())
        .collect()
}

on_both! {
    async fn a_track_becomes_a_favorite_and_is_none_again(pod: Pod) {
        let first = add(&pod, 7).await;
        assert_eq!(first["track"], 7);
        assert_eq!(add(&pod, 7).await, first);
        let list = pod.get(&format!("{ADDRESS}?scope=me&page_size=1")).by("alice").send().await.json();
        let shown = &list["results"][0];
        assert_eq!((&list["count"], &shown["id"], &shown["creation_date"]), (&json!(3), &first["id"], &first["creation_date"]));
        assert_eq!((&shown["user"]["username"], &shown["actor"]["full_username"], &shown["track"]["title"]), (&json!("alice"), &json!("alice@pod.test"), &json!("Fog 7")));
        let all = pod.get(&format!("{ADDRESS}/all")).by("alice").send().await.json();
        assert_eq!((&all["count"], &all["results"][2]), (&json!(3), &json!({"id": first["id"], "track": 7})));
        for method in [Method::POST, Method::DELETE] {
            let gone = pod.ask(method, &format!("{ADDRESS}/remove")).header("content-type", "application/json").body("{\"track\": 7}");
            assert_eq!(gone.by("alice").send().await.status, StatusCode::NO_CONTENT);
            let absent = pod.post(&format!("{ADDRESS}/remove"), &json!({"track": 7})).by("alice").send().await;
            assert_eq!((absent.status, absent.json()), (StatusCode::BAD_REQUEST, json!({"track": ["The track is not one of your favorites."]})));
            add(&pod, 7).await;
        }
        let id = add(&pod, 7).await["id"].as_i64().unwrap();
        pod.person("dora").await;
        let place = format!("{ADDRESS}/{id}");
        assert_eq!(pod.ask(Method::DELETE, &place).basic("dora", PASSWORD).send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(pod.ask(Method::DELETE, &place).by("alice").send().await.status, StatusCode::NO_CONTENT);
        assert_eq!(tracks(&pod, "?scope=me", "alice").await, [5, 2]);
    }

    async fn graphql_marks_tracks_and_tells_what_changed(pod: Pod) {
        let add = "mutation { createFavorite(input: {track: 7}) { favorite { id databaseId user { username } track { databaseId isFavorite } } } }";
        let added = pod.graphql(add).by("alice").send().await.json();
        let favorite = &added["data"]["createFavorite"]["favorite"];
        assert_eq!((&favorite["user"]["username"], &favorite["track"]), (&json!("alice"), &json!({"databaseId": 7, "isFavorite": true})), "{added}");
        let id = &favorite["id"];
        let found = format!("{{ node(id: {id}) {{ ... on Favorite {{ databaseId }} }} favorites(filter: {{scope: \"me\"}}, first: 2) {{ totalCount nodes {{ id }} }} viewer {{ favorites {{ totalCount }} }} }}");
        let found = pod.graphql(&found).by("alice").send().await.json();
        let data = &found["data"];
        assert_eq!((&data["node"]["databaseId"], &data["favorites"]["nodes"][0]["id"]), (&favorite["databaseId"], id), "{found}");
        assert_eq!((&data["favorites"]["totalCount"], &data["viewer"]["favorites"]["totalCount"]), (&json!(3), &json!(3)), "{found}");
        let remove = "mutation { removeFavorite(input: {track: 7}) { deletedId track { databaseId isFavorite } } }";
        let removed = pod.graphql(remove).by("alice").send().await.json();
        assert_eq!(removed["data"]["removeFavorite"], json!({"deletedId": id, "track": {"databaseId": 7, "isFavorite": false}}), "{removed}");
        let again = pod.graphql(remove).by("alice").send().await.json();
        assert_eq!(again["errors"][0]["extensions"]["fields"], json!({"track": ["The track is not one of your favorites."]}), "{again}");
        let gone = format!("mutation {{ deleteFavorite(input: {{id: {id}}}) {{ deletedId }} }}");
        assert_eq!(pod.graphql(&gone).by("alice").send().await.json()["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }

    async fn the_filters_of_favorites_do_what_they_say(pod: Pod) {
        for track in [16, 10, 7] {
            add(&pod, track).await;
        }
        assert_eq!(tracks(&pod, "", "alice").await, [7, 10, 16, 5, 2]);
        assert_eq!(tracks(&pod, "?ordering=creation_date", "alice").await, [2, 5, 16, 10, 7]);
        // By title, by album, by artist, whatever the case; every word must match.
        assert_eq!(tracks(&pod, "?q=NOON", "alice").await, [10, 2]);
        assert_eq!(tracks(&pod, "?q=%C3%85NGSTR", "alice").await, [10]);
        assert_eq!(tracks(&pod, "?q=ana%20fog", "alice").await, [7]);
        assert_eq!(tracks(&pod, "?q=nothing", "alice").await, [0; 0]);
        // bob has hidden the artist of track 16.
        assert_eq!(tracks(&pod, "", "bob").await, [7, 10, 5, 2]);
        assert_eq!(tracks(&pod, "?hidden=true", "bob").await, [16]);
        assert_eq!(tracks(&pod, "?scope=me", "bob").await, [0; 0]);
        assert_eq!(tracks(&pod, "?scope=actor:alice@pod.test&q=noon", "bob").await, [10, 2]);
        assert_eq!(tracks(&pod, "?scope=domain:pod.test&q=snow", "bob").await, [5]);
        assert_eq!(tracks(&pod, "?user=1&q=snow", "bob").await, [5]);
        assert_eq!(tracks(&pod, "?user=2", "bob").await, [0; 0]);
        for nobody in ["actor:carol@pod.test", "domain:far.test", "subscribed", "nonsense"] {
            assert_eq!(tracks(&pod, &format!("?scope={nobody}"), "bob").await, [0; 0], "{nobody}");
        }
        let both = "{ favorites(filter: {or: [{q: \"fog\"}, {q: \"ångstr\"}]}) { nodes { track { databaseId } } } }";
        let both = pod.graphql(both).by("alice").send().await.json();
        assert_eq!(both["data"]["favorites"]["nodes"], json!([{"track": {"databaseId": 7}}, {"track": {"databaseId": 10}}]), "{both}");
    }

    async fn favorites_are_seen_by_whom_their_user_lets(pod: Pod) {
        pod.prefer("common", "api_authentication_required", "False").await;
        pod.person("dora").await;
        let level = |level: &'static str| sql("update users set privacy_level = ? where id = 1").bind(level).run(pod.app.db());
        let seen = async |ask: crate::support::Ask<'_>| ask.send().await.json()["count"].as_i64().unwrap();
        let counts = async || [
            seen(pod.get(ADDRESS)).await,
            seen(pod.get(ADDRESS).basic("dora", PASSWORD)).await,
            seen(pod.get(ADDRESS).by("alice")).await,
        ];
        for (word, expected) in [("everyone", [2, 2, 2]), ("instance", [0, 2, 2]), ("followers", [0, 0, 2]), ("me", [0, 0, 2])] {
            level(word).await.unwrap();
            assert_eq!(counts().await, expected, "{word}");
        }
        // An approved follower.
        level("followers").await.unwrap();
        let follow = sql("insert into follows (uuid, actor_id, target_actor_id, approved, creation_date, modification_date)
             values (?, (select actor_id from users where username = 'dora'), (select actor_id from users where id = 1), ?, ?, ?)");
        let now = pod.app.clock().now();
        follow.bind(uuid::Uuid::from_u128(1)).bind(true).bind(now).bind(now).run(pod.app.db()).await.unwrap();
        assert_eq!(counts().await, [0, 2, 2]);
        let hers = pod.graphql("{ user(username: \"alice\") { favorites { totalCount } } }");
        assert_eq!(hers.basic("dora", PASSWORD).send().await.json()["data"]["user"]["favorites"]["totalCount"], 2);
        level("me").await.unwrap();
        let node = pod.graphql("{ favorites(filter: {scope: \"me\"}, first: 1) { nodes { id } } }").by("alice").send().await.json();
        let node = format!("{{ node(id: {}) {{ id }} }}", node["data"]["favorites"]["nodes"][0]["id"]);
        assert_eq!(pod.graphql(&node).basic("dora", PASSWORD).send().await.json()["data"]["node"], Value::Null);
    }

    async fn what_cannot_be_a_favorite_is_told_by_field(pod: Pod) {
        for (body, complaint) in [
            (json!({}), json!({"track": ["This field is required."]})),
            (json!({"track": "x"}), json!({"track": ["Incorrect type. Expected pk value, received str."]})),
            (json!({"track": 99_999}), json!({"track": ["Invalid pk \"99999\" - object does not exist."]})),
            (json!({"track": 7, "creation_date": "yesterday"}), json!({"creation_date": ["Not a date and time as in RFC 3339, such as 2022-01-01T05:50:00Z."]})),
            (json!({"track": 7, "creation_date": "2099-01-01T00:00:00Z"}), json!({"creation_date": ["The date must not be in the future."]})),
        ] {
            let refused = pod.post(ADDRESS, &body).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaint), "{body}");
        }
        let refused = pod.graphql("mutation { createFavorite(input: {track: 99999}) { favorite { id } } }").by("alice").send().await.json();
        assert_eq!(refused["errors"][0]["extensions"]["fields"], json!({"track": ["Invalid pk \"99999\" - object does not exist."]}));
        assert_eq!(tracks(&pod, "", "alice").await, [5, 2]);
    }
}
