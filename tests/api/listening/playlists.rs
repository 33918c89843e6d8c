//! Playlists: made, filled, put in order and seen at both doors.
use baleen::store::sql;
use futures_util::future::join_all;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Pod, on_both};

const ADDRESS: &str = "/api/v1/playlists";

async fn made(pod: &Pod, body: Value) -> i64 {
    let made = pod.post(ADDRESS, &body).by("alice").send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_i64().unwrap()
}

async fn act(pod: &Pod, id: i64, act: &str, body: Value) -> Answer {
    pod.post(&format!("{ADDRESS}/{id}/{act}"), &body)
        .by("alice")
        .send()
        .await
}

async fn add(pod: &Pod, id: i64, tracks: &[i64]) -> Answer {
    act(
        pod,
        id,
        "add",
        json!({"tracks": tracks, "allow_duplicates": true}),
    )
    .await
}

/// The tracks of a playlist; their places have no gaps.
async fn tracks(pod: &Pod, id: i64) -> Vec<i64> {
    let list = pod
        .get(&format!("{ADDRESS}/{id}/tracks"))
        .by("alice")
        .send()
        .await
        .json();
    let results = list["results"].as_array().unwrap();
    assert_eq!(list["count"], results.len());
    for (place, entry) in results.iter().enumerate() {
        assert_eq!(entry["index"], place);
    }
    results
        .iter()
        .map(|entry| entry["track"]["id"].as_i64().unwrap())
        .collect()
}

async fn names(pod: &Pod, query: &str, token: &str) -> Vec<String> {
    let list = pod
        .get(&format!("{ADDRESS}{query}"))
        .by(token)
        .send()
        .await
        .json();
    let results = list["results"]
        .as_array()
        .unwrap_or_else(|| panic!("{list}"));
    results
        .iter()
        .map(|each| each["name"].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    async fn a_playlist_is_made_filled_and_put_in_order(pod: Pod) {
        let new = pod.post(ADDRESS, &json!({"name": " Evening "})).by("alice").send().await.json();
        // Its privacy level is that of its owner.
        assert_eq!((&new["name"], &new["privacy_level"], &new["is_playable"], &new["user"]["username"]), (&json!("Evening"), &json!("instance"), &Value::Null, &json!("alice")));
        let id = new["id"].as_i64().unwrap();
        let added = add(&pod, id, &[4, 2, 1, 7]).await;
        assert_eq!((added.status, &added.json()["count"]), (StatusCode::CREATED, &json!(4)));
        let more = add(&pod, id, &[2, 3]).await.json();
        let places: Vec<_> = more["results"].as_array().unwrap().iter().map(|entry| (&entry["track"]["id"], &entry["index"])).collect();
        assert_eq!(places, [(&json!(2), &json!(4)), (&json!(3), &json!(5))]);
        assert_eq!(act(&pod, id, "move", json!({"from": 5, "to": 0})).await.status, StatusCode::NO_CONTENT);
        assert_eq!(tracks(&pod, id).await, [3, 4, 2, 1, 7, 2]);
        act(&pod, id, "move", json!({"from": 1, "to": 4})).await;
        assert_eq!(tracks(&pod, id).await, [3, 2, 1, 7, 4, 2]);
        act(&pod, id, "move", json!({"from": 2, "to": 2})).await;
        assert_eq!(act(&pod, id, "remove", json!({"index": 1})).await.status, StatusCode::NO_CONTENT);
        let removed = pod.ask(Method::DELETE, &format!("{ADDRESS}/{id}/remove")).header("content-type", "application/json").body("{\"index\": 0}");
        assert_eq!(removed.by("alice").send().await.status, StatusCode::NO_CONTENT);
        assert_eq!(tracks(&pod, id).await, [1, 7, 4, 2]);
        let place = format!("{ADDRESS}/{id}");
        let shown = pod.get(&place).by("alice").send().await.json();
        assert_eq!((&shown["tracks_count"], &shown["is_playable"]), (&json!(4), &json!(true)));
        let change = pod.ask(Method::PATCH, &place).header("content-type", "application/json").body("{\"name\": \"Night\", \"privacy_level\": \"me\"}");
        let changed = change.by("alice").send().await.json();
        assert_eq!((&changed["name"], &changed["privacy_level"], &changed["tracks_count"]), (&json!("Night"), &json!("me"), &json!(4)));
        assert_eq!(pod.ask(Method::DELETE, &format!("{place}/clear")).by("alice").send().await.status, StatusCode::NO_CONTENT);
        assert_eq!(tracks(&pod, id).await, [0; 0]);
        assert_eq!(pod.ask(Method::DELETE, &place).by("alice").send().await.status, StatusCode::NO_CONTENT);
        assert_eq!(pod.get(&place).by("alice").send().await.status, StatusCode::NOT_FOUND);
    }

    async fn graphql_changes_playlists_and_shows_them_changed(pod: Pod) {
        let ask = async |query: &str| {
            let answer = pod.graphql(query).by("alice").send().await.json();
            assert!(answer["errors"].is_null(), "{answer}");
            answer["data"].clone()
        };
        const SHOWN: &str = "playlist { tracksCount tracks { nodes { index track { databaseId } } } }";
        let tracks = |payload: &Value| -> Vec<i64> {
            let nodes = payload["playlist"]["tracks"]["nodes"].as_array().unwrap().clone();
            assert_eq!(payload["playlist"]["tracksCount"], nodes.len());
            for (place, node) in nodes.iter().enumerate() {
                assert_eq!(node["index"], place);
            }
            nodes.iter().map(|node| node["track"]["databaseId"].as_i64().unwrap()).collect()
        };
        let new = ask("mutation { createPlaylist(input: {name: \"Morning\", privacyLevel: EVERYONE}) { playlist { id name isOwn privacyLevel user { username } } } }").await;
        let playlist = &new["createPlaylist"]["playlist"];
        assert_eq!((&playlist["name"], &playlist["isOwn"], &playlist["user"]["username"]), (&json!("Morning"), &json!(true), &json!("alice")));
        let id = &playlist["id"];
        // Tracks may be named by UUID and by number, in any order.
        let dusk = "c703c9ef-5a1d-5d50-b8a6-916b813e8ba3";
        let added = ask(&format!("mutation {{ addTracksToPlaylist(input: {{id: {id}, tracks: [4, \"{dusk}\", 2]}}) {{ added {{ index track {{ databaseId }} }} {SHOWN} }} }}")).await;
        assert_eq!(tracks(&added["addTracksToPlaylist"]), [4, 1, 2]);
        assert_eq!(added["addTracksToPlaylist"]["added"][1], json!({"index": 1, "track": {"databaseId": 1}}));
        let moved = ask(&format!("mutation {{ movePlaylistTrack(input: {{id: {id}, from: 0, to: 2}}) {{ {SHOWN} }} }}")).await;
        assert_eq!(tracks(&moved["movePlaylistTrack"]), [1, 2, 4]);
        let removed = ask(&format!("mutation {{ removePlaylistTrack(input: {{id: {id}, index: 1}}) {{ {SHOWN} }} }}")).await;
        assert_eq!(tracks(&removed["removePlaylistTrack"]), [1, 4]);
        let renamed = ask(&format!("mutation {{ updatePlaylist(input: {{id: {id}, name: \"Dawn\"}}) {{ playlist {{ name privacyLevel duration isPlayable albumCovers {{ url }} }} }} }}")).await;
        assert_eq!((&renamed["updatePlaylist"]["playlist"]["name"], &renamed["updatePlaylist"]["playlist"]["privacyLevel"]), (&json!("Dawn"), &json!("EVERYONE")));
        let found = ask(&format!("{{ playlist(id: {id}) {{ tracks(last: 1) {{ nodes {{ id index }} }} }} viewer {{ playlists(filter: {{q: \"dawn\"}}) {{ totalCount }} }} }}")).await;
        let entry = &found["playlist"]["tracks"]["nodes"][0];
        assert_eq!((&entry["index"], &found["viewer"]["playlists"]["totalCount"]), (&json!(1), &json!(1)), "{found}");
        let node = ask(&format!("{{ node(id: {}) {{ ... on PlaylistTrack {{ index track {{ databaseId }} }} }} }}", entry["id"])).await;
        assert_eq!(node["node"], json!({"index": 1, "track": {"databaseId": 4}}));
        let cleared = ask(&format!("mutation {{ clearPlaylist(input: {{id: {id}}}) {{ {SHOWN} }} }}")).await;
        assert_eq!(tracks(&cleared["clearPlaylist"]), [0; 0]);
        let gone = ask(&format!("mutation {{ deletePlaylist(input: {{id: {id}}}) {{ deletedId }} }}")).await;
        assert_eq!(gone["deletePlaylist"]["deletedId"], *id);
    }

    async fn tracks_are_added_twice_only_if_that_is_wanted(pod: Pod) {
        let id = made(&pod, json!({"name": "Once"})).await;
        add(&pod, id, &[2, 4]).await;
        let refused = act(&pod, id, "add", json!({"tracks": [7, 2, 7], "allow_duplicates": false})).await;
        let told = json!({"tracks": ["Noon 2", "Fog 7"], "playlist_name": "Once", "code": "tracks_already_exist_in_playlist"});
        assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"playlist": {"non_field_errors": [told]}})));
        let unasked = act(&pod, id, "add", json!({"tracks": [7]})).await;
        assert_eq!((unasked.status, unasked.json()), (StatusCode::BAD_REQUEST, json!({"allow_duplicates": ["This field is required."]})));
        assert_eq!(tracks(&pod, id).await, [2, 4]);
        // As a form: a field for each track, and a box that is not checked.
        let address = format!("{ADDRESS}/{id}/add");
        let form = async |fields: &[(&str, &str)]| pod.ask(Method::POST, &address).form(fields).by("alice").send().await;
        assert_eq!(form(&[("tracks", "2")]).await.json()["playlist"]["non_field_errors"][0]["tracks"], json!(["Noon 2"]));
        assert_eq!(form(&[("tracks", "1"), ("tracks", "3")]).await.json()["count"], 2);
        assert_eq!(form(&[("tracks", "1"), ("allow_duplicates", "true")]).await.json()["count"], 1);
        assert_eq!(tracks(&pod, id).await, [2, 4, 1, 3, 1]);
        for _ in 0..3 {
            act(&pod, id, "remove", json!({"index": 2})).await;
        }
        let twin = format!("mutation {{ addTracksToPlaylist(input: {{id: {id}, tracks: [7, 2]}}) {{ playlist {{ id }} }} }}");
        let twin = pod.graphql(&twin).by("alice").send().await.json();
        assert_eq!((&twin["errors"][0]["message"], &twin["errors"][0]["extensions"]["code"]), (&json!("Already in the playlist: Noon 2."), &json!("INVALID")), "{twin}");
        let twin = format!("mutation {{ addTracksToPlaylist(input: {{id: {id}, tracks: [7, 2], allowDuplicates: true}}) {{ playlist {{ id }} }} }}");
        assert!(pod.graphql(&twin).by("alice").send().await.json()["errors"].is_null());
        assert_eq!(tracks(&pod, id).await, [2, 4, 7, 2]);
    }

    async fn a_playlist_has_a_limit_and_takes_all_or_nothing(pod: Pod) {
        pod.prefer("playlists", "max_tracks", "5").await;
        let id = made(&pod, json!({"name": "Short"})).await;
        add(&pod, id, &[1, 2, 3]).await;
        for tracks in [&[4, 5, 6][..], &[1, 2, 3, 4, 5, 6]] {
            let refused = add(&pod, id, tracks).await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"playlist": ["Playlist would reach the maximum of 5 tracks"]})));
        }
        let refused = add(&pod, id, &[4, 99_999]).await;
        assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"tracks": ["Invalid pk \"99999\" - object does not exist."]})));
        for (body, complaint) in [
            (json!({"tracks": ["x"], "allow_duplicates": true}), json!({"tracks": ["Incorrect type. Expected pk value, received str."]})),
            (json!({"tracks": 4, "allow_duplicates": true}), json!({"tracks": ["Expected a list of items but got type \"number\"."]})),
        ] {
            let refused = act(&pod, id, "add", body).await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaint));
        }
        assert_eq!(tracks(&pod, id).await, [1, 2, 3]);
        let none = add(&pod, id, &[]).await;
        assert_eq!((none.status, none.json()), (StatusCode::CREATED, json!({"count": 0, "results": []})));
        assert_eq!(add(&pod, id, &[4, 5]).await.status, StatusCode::CREATED);
    }

    async fn places_that_are_not_there_are_told(pod: Pod) {
        let id = made(&pod, json!({"name": "Two"})).await;
        add(&pod, id, &[1, 2]).await;
        for (what, body, status, told) in [
            ("move", json!({"to": 1}), 400, json!({"detail": "invalid from index"})),
            ("move", json!({"from": 1}), 400, json!({"detail": "invalid to index"})),
            ("move", json!({"from": 0, "to": 2}), 400, json!(["Index is not continuous"])),
            ("move", json!({"from": 0, "to": -1}), 400, json!(["Index is not continuous"])),
            ("move", json!({"from": 2, "to": 0}), 404, json!({"detail": "Not found."})),
            ("move", json!({"from": "x", "to": 0}), 400, json!({"from": ["A valid integer is required."]})),
            ("remove", json!({}), 400, json!({"index": ["This field is required."]})),
            ("remove", json!({"index": 2}), 404, json!({"detail": "Not found."})),
            ("remove", json!({"index": -1}), 404, json!({"detail": "Not found."})),
        ] {
            let refused = act(&pod, id, what, body.clone()).await;
            assert_eq!((refused.status.as_u16(), refused.json()), (status, told), "{what} {body}");
        }
        let twin = format!("mutation {{ movePlaylistTrack(input: {{id: {id}, from: 0, to: 2}}) {{ playlist {{ id }} }} }}");
        let twin = pod.graphql(&twin).by("alice").send().await.json();
        assert_eq!(twin["errors"][0]["message"], "`to`: The playlist has 2 tracks.", "{twin}");
        assert_eq!(tracks(&pod, id).await, [1, 2]);
        for (body, complaints) in [
            (json!({"name": "", "privacy_level": "x"}), json!({"name": ["This field may not be blank."], "privacy_level": ["\"x\" is not a valid choice."]})),
            (json!({"name": "é".repeat(51)}), json!({"name": ["Ensure this field has no more than 50 characters."]})),
            (json!({"name": null}), json!({"name": ["This field may not be null."]})),
        ] {
            let refused = pod.post(ADDRESS, &body).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaints), "{body}");
        }
        made(&pod, json!({"name": "é".repeat(50)})).await;
    }

    async fn ten_people_at_once_leave_no_gaps(pod: Pod) {
        let id = made(&pod, json!({"name": "Party"})).await;
        let ten: Vec<i64> = (1..=10).collect();
        add(&pod, id, &ten).await;
        let pod = &pod;
        let person = |number: i64| async move {
            let done = [
                act(pod, id, "move", json!({"from": number, "to": 9 - number})).await,
                add(pod, id, &[11 + number]).await,
                act(pod, id, "remove", json!({"index": number})).await,
            ];
            for answer in done {
                assert!(answer.status.is_success(), "{}", answer.text);
            }
        };
        join_all((0..10).map(person)).await;
        let left = tracks(pod, id).await;
        assert_eq!(left.len(), 10);
        let places = sql("select position from playlist_tracks where playlist_id = ? order by position").bind(id);
        assert_eq!(places.ids(pod.app.db()).await.unwrap(), (0..10).collect::<Vec<i64>>());
    }

    async fn a_deleted_track_leaves_no_gap(pod: Pod) {
        let id = made(&pod, json!({"name": "Holes"})).await;
        add(&pod, id, &[1, 2, 3, 4]).await;
        sql("delete from tracks where id = 2").run(pod.app.db()).await.unwrap();
        assert_eq!(tracks(&pod, id).await, [1, 3, 4]);
        let query = format!("{{ playlist(databaseId: {id}) {{ tracks {{ nodes {{ index track {{ databaseId }} }} }} }} }}");
        let found = pod.graphql(&query).by("alice").send().await.json();
        assert_eq!(found["data"]["playlist"]["tracks"]["nodes"][1], json!({"index": 1, "track": {"databaseId": 3}}), "{found}");
        act(&pod, id, "move", json!({"from": 2, "to": 0})).await;
        assert_eq!(tracks(&pod, id).await, [4, 1, 3]);
    }

    async fn the_filters_of_playlists_do_what_they_say(pod: Pod) {
        let evening = made(&pod, json!({"name": "Evening"})).await;
        add(&pod, evening, &[10, 7]).await;
        made(&pod, json!({"name": "Empty"})).await;
        assert_eq!(names(&pod, "", "alice").await, ["Mix", "Evening", "Empty"]);
        assert_eq!(names(&pod, "?ordering=name", "alice").await, ["Empty", "Evening", "Mix"]);
        assert_eq!(names(&pod, "?ordering=-id", "alice").await, ["Empty", "Evening", "Mix"]);
        assert_eq!(names(&pod, "?ordering=id", "alice").await, ["Mix", "Evening", "Empty"]);
        assert_eq!(names(&pod, "?name=Mix", "alice").await, ["Mix"]);
        assert_eq!(names(&pod, "?name=mix", "alice").await, [""; 0]);
        assert_eq!(names(&pod, "?name__icontains=MI", "alice").await, ["Mix"]);
        assert_eq!(names(&pod, "?q=eve%20alice", "alice").await, ["Evening"]);
        assert_eq!(names(&pod, "?track=10", "alice").await, ["Evening"]);
        assert_eq!(names(&pod, "?track=99999", "alice").await, [""; 0]);
        assert_eq!(names(&pod, "?artist=2", "alice").await, ["Evening"]);
        assert_eq!(names(&pod, "?playable=false", "alice").await, ["Empty"]);
        assert_eq!(names(&pod, "?playable=true&scope=me", "alice").await, ["Mix", "Evening"]);
        assert_eq!(names(&pod, "?scope=me", "bob").await, [""; 0]);
        assert_eq!(names(&pod, "?scope=actor:alice@pod.test&q=mix", "bob").await, ["Mix"]);
    }

    async fn only_its_owner_changes_a_playlist_and_only_those_who_may_see_it(pod: Pod) {
        pod.prefer("common", "api_authentication_required", "False").await;
        pod.person("dora").await;
        let id = made(&pod, json!({"name": "Mine", "privacy_level": "me"})).await;
        add(&pod, id, &[1, 2]).await;
        let place = format!("{ADDRESS}/{id}");
        for address in [place.clone(), format!("{place}/tracks")] {
            assert_eq!(pod.get(&address).send().await.status, StatusCode::NOT_FOUND);
            assert_eq!(pod.get(&address).basic("dora", PASSWORD).send().await.status, StatusCode::NOT_FOUND);
            assert_eq!(pod.get(&address).by("alice").send().await.status, StatusCode::OK);
        }
        for level in ["me", "everyone"] {
            sql("update playlists set privacy_level = ? where id = ?").bind(level).bind(id).run(pod.app.db()).await.unwrap();
            for (method, act, body) in [
                (Method::PATCH, "", json!({"name": "Yours"})),
                (Method::PUT, "", json!({"name": "Yours"})),
                (Method::DELETE, "", json!({})),
                (Method::POST, "/add", json!({"tracks": [3], "allow_duplicates": true})),
                (Method::POST, "/move", json!({"from": 0, "to": 1})),
                (Method::POST, "/remove", json!({"index": 0})),
                (Method::DELETE, "/clear", json!({})),
            ] {
                let ask = pod.ask(method, &format!("{place}{act}")).header("content-type", "application/json").body(body.to_string());
                assert_eq!(ask.basic("dora", PASSWORD).send().await.status, StatusCode::NOT_FOUND, "{act}");
            }
            let twin = format!("mutation {{ clearPlaylist(input: {{id: {id}}}) {{ playlist {{ id }} }} }}");
            assert_eq!(pod.graphql(&twin).basic("dora", PASSWORD).send().await.json()["errors"][0]["extensions"]["code"], "NOT_FOUND");
        }
        assert_eq!(tracks(&pod, id).await, [1, 2]);
        assert_eq!(pod.get(&place).send().await.json()["name"], "Mine");
        let stranger = format!("{{ playlist(databaseId: {id}) {{ isOwn tracks {{ totalCount }} }} }}");
        assert_eq!(pod.graphql(&stranger).send().await.json()["data"]["playlist"], json!({"isOwn": false, "tracks": {"totalCount": 2}}));
    }
}
