//! What was played: recorded and found at both doors.
use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Pod, on_both};

const ADDRESS: &str = "/api/v1/history/listenings";

async fn play(pod: &Pod, body: Value) -> Value {
    let added = pod.post(ADDRESS, &body).by("alice").send().await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    added.json()
}

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
    async fn a_song_that_is_played_twice_counts_twice(pod: Pod) {
        let first = play(&pod, json!({"track": 7})).await;
        assert_eq!((&first["user"], &first["track"]), (&json!(1), &json!(7)));
        let second = play(&pod, json!({"track": 7})).await;
        assert_ne!(first["id"], second["id"]);
        // A player that was offline tells when it was.
        let earlier = play(&pod, json!({"track": 4, "creation_date": "2024-01-07T12:00:00Z"})).await;
        assert_eq!(earlier["creation_date"], "2024-01-07T12:00:00Z");
        assert_eq!(tracks(&pod, "?scope=me", "alice").await, [7, 7, 4, 2]);
        let one = pod.get(&format!("{ADDRESS}/{}", second["id"])).by("alice").send().await.json();
        assert_eq!((&one["track"]["title"], &one["user"]["username"], &one["creation_date"]), (&json!("Fog 7"), &json!("alice"), &second["creation_date"]));

        let third = "mutation { createListening(input: {track: 7}) { listening { id databaseId user { username } track { title } } } }";
        let third = pod.graphql(third).by("alice").send().await.json();
        let listening = &third["data"]["createListening"]["listening"];
        assert_eq!((&listening["user"]["username"], &listening["track"]["title"]), (&json!("alice"), &json!("Fog 7")), "{third}");
        let found = format!("{{ listening(id: {0}) {{ id }} node(id: {0}) {{ id }} listenings(first: 1) {{ totalCount nodes {{ id }} }} viewer {{ listenings(first: 1) {{ totalCount }} }} }}", listening["id"]);
        let found = pod.graphql(&found).by("alice").send().await.json()["data"].take();
        assert_eq!((&found["listening"], &found["node"]), (&json!({"id": listening["id"]}), &json!({"id": listening["id"]})), "{found}");
        assert_eq!((&found["listenings"]["totalCount"], &found["viewer"]["listenings"]["totalCount"]), (&json!(6), &json!(5)), "{found}");
    }

    async fn the_filters_of_listenings_do_what_they_say(pod: Pod) {
        for track in [16, 10] {
            play(&pod, json!({"track": track})).await;
        }
        assert_eq!(tracks(&pod, "", "alice").await, [10, 16, 1, 2]);
        assert_eq!(tracks(&pod, "?ordering=creation_date", "alice").await, [2, 1, 16, 10]);
        assert_eq!(tracks(&pod, "?username=ALICE", "bob").await, [10, 2]);
        assert_eq!(tracks(&pod, "?username=bob", "alice").await, [1]);
        // carol's account is deactivated.
        assert_eq!(tracks(&pod, "?username=carol", "alice").await, [0; 0]);
        assert_eq!(tracks(&pod, "?username=nobody", "bob").await, [0; 0]);
        assert_eq!(tracks(&pod, "?hidden=true", "bob").await, [16]);
        assert_eq!(tracks(&pod, "?scope=me", "bob").await, [1]);
        assert_eq!(tracks(&pod, "?scope=me,actor:bob@pod.test", "alice").await, [10, 16, 1, 2]);
        assert_eq!(tracks(&pod, "?domain=pod.test", "alice").await, [10, 16, 1, 2]);
        assert_eq!(tracks(&pod, "?domain=far.test", "alice").await, [0; 0]);
    }

    async fn what_others_play_is_seen_as_they_let(pod: Pod) {
        pod.prefer("common", "api_authentication_required", "False").await;
        pod.person("dora").await;
        let mine = play(&pod, json!({"track": 7})).await;
        let place = format!("{ADDRESS}/{}", mine["id"]);
        // bob shows his to everyone, alice to the users of the pod.
        let strangers = pod.get(ADDRESS).send().await.json();
        assert_eq!((&strangers["count"], &strangers["results"][0]["user"]["username"]), (&json!(1), &json!("bob")));
        assert_eq!(pod.get(&place).send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(pod.get(&place).basic("dora", PASSWORD).send().await.status, StatusCode::OK);
        let query = format!("{{ listening(databaseId: {}) {{ id }} }}", mine["id"]);
        assert_eq!(pod.graphql(&query).send().await.json()["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }

    async fn what_was_not_played_is_not_recorded(pod: Pod) {
        for (body, complaint) in [
            (json!({}), json!({"track": ["This field is required."]})),
            (json!({"track": "x"}), json!({"track": ["Incorrect type. Expected pk value, received str."]})),
            (json!({"track": 99_999}), json!({"track": ["Invalid pk \"99999\" - object does not exist."]})),
            (json!({"track": 7, "creation_date": "2099-01-01T00:00:00Z"}), json!({"creation_date": ["The date must not be in the future."]})),
        ] {
            let refused = pod.post(ADDRESS, &body).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaint), "{body}");
        }
        assert_eq!(tracks(&pod, "?scope=me", "alice").await, [2]);
        assert_eq!(pod.post(ADDRESS, &json!({"track": 7})).by("bob").send().await.status, StatusCode::FORBIDDEN);
    }
}
