//! Radios: filters under a name, and sessions that draw each track once.
use std::collections::BTreeSet;

use baleen::store::sql;
use futures_util::future::join_all;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Ask, PASSWORD, Pod, on_both};

const RADIOS: &str = "/api/v1/radios/radios";
const SESSIONS: &str = "/api/v1/radios/sessions";

async fn radio(pod: &Pod, config: Value) -> i64 {
    let made = pod
        .post(RADIOS, &json!({"name": "R", "config": config}))
        .by("alice")
        .send()
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_i64().unwrap()
}

/// The tracks that a radio chooses from.
async fn choice(pod: &Pod, id: i64, token: &str) -> BTreeSet<i64> {
    let list = pod
        .get(&format!("{RADIOS}/{id}/tracks"))
        .by(token)
        .send()
        .await
        .json();
    let results = list["results"]
        .as_array()
        .unwrap_or_else(|| panic!("{list}"));
    results
        .iter()
        .map(|track| track["id"].as_i64().unwrap())
        .collect()
}

async fn session(ask: Ask<'_>) -> i64 {
    let made = ask.send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_i64().unwrap()
}

/// Draws until the session has no more; each track comes once, the places are counted.
async fn all<'a>(next: impl Fn() -> Ask<'a>) -> BTreeSet<i64> {
    let mut drawn = BTreeSet::new();
    loop {
        let answer = next().send().await;
        if answer.status == StatusCode::NOT_FOUND {
            assert_eq!(answer.json(), json!("Radio doesn't have more candidates"));
            return drawn;
        }
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let answer = answer.json();
        assert!(
            drawn.insert(answer["track"]["id"].as_i64().unwrap()),
            "{answer}"
        );
        assert_eq!(answer["position"], drawn.len());
    }
}

/// What alice hears in a session.
async fn heard(pod: &Pod, body: Value) -> BTreeSet<i64> {
    let id = session(pod.post(SESSIONS, &body).by("alice")).await;
    all(|| {
        pod.post("/api/v1/radios/tracks", &json!({"session": id}))
            .by("alice")
    })
    .await
}

fn ids<const N: usize>(ids: [i64; N]) -> BTreeSet<i64> {
    ids.into()
}

on_both! {
    async fn a_radio_is_made_changed_and_deleted(pod: Pod) {
        let new = json!({"name": " Mine ", "description": "D", "config": [{"type": "artist", "ids": [2, 1]}, {"type": "tag", "names": ["Jazz"], "not": true}]});
        let made = pod.post(RADIOS, &new).by("alice").send().await.json();
        assert_eq!((&made["name"], &made["description"], &made["is_public"], &made["user"]["username"]), (&json!("Mine"), &json!("D"), &json!(false), &json!("alice")));
        assert_eq!(made["config"], json!([{"type": "artist", "ids": [1, 2], "names": ["Ana Ñandú", "ångström"]}, {"type": "tag", "names": ["Jazz"], "not": true}]));
        let place = format!("{RADIOS}/{}", made["id"]);
        assert_eq!(pod.get(&place).by("bob").send().await.status, StatusCode::NOT_FOUND);
        // As a form: the filters are JSON.
        let form = pod.ask(Method::POST, RADIOS).form(&[("name", "Form"), ("config", "[{\"type\": \"artist\", \"ids\": [2]}]")]);
        let form = form.by("alice").send().await;
        assert_eq!((form.status, &form.json()["config"][0]["ids"]), (StatusCode::CREATED, &json!([2])), "{}", form.text);
        let change = pod.ask(Method::PATCH, &place).header("content-type", "application/json").body("{\"is_public\": true, \"config\": [{\"type\": \"tag\", \"names\": [\"Rock\"]}]}");
        let changed = change.by("alice").send().await.json();
        assert_eq!((&changed["name"], &changed["is_public"], &changed["config"]), (&json!("Mine"), &json!(true), &json!([{"type": "tag", "names": ["Rock"]}])));
        assert_eq!(pod.get(&place).by("bob").send().await.json()["name"], "Mine");
        pod.person("dora").await;
        for method in [Method::PATCH, Method::PUT, Method::DELETE] {
            let ask = pod.ask(method, &place).header("content-type", "application/json").body("{\"name\": \"Yours\"}");
            assert_eq!(ask.basic("dora", PASSWORD).send().await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(pod.ask(Method::DELETE, &place).by("alice").send().await.status, StatusCode::NO_CONTENT);

        let twin = "mutation { createRadio(input: {name: \"Twin\", isPublic: true, config: [{type: ARTIST, ids: [2]}]}) { radio { id config { type ids names not } user { username } tracks { nodes { databaseId } } } } }";
        let twin = pod.graphql(twin).by("alice").send().await.json();
        let radio = &twin["data"]["createRadio"]["radio"];
        assert_eq!((&radio["config"], &radio["user"]["username"]), (&json!([{"type": "ARTIST", "ids": [2], "names": ["ångström"], "not": null}]), &json!("alice")), "{twin}");
        assert_eq!(radio["tracks"]["nodes"], json!([{"databaseId": 11}, {"databaseId": 10}]), "{twin}");
        let id = &radio["id"];
        let change = format!("mutation {{ updateRadio(input: {{id: {id}, name: \"Other\"}}) {{ radio {{ name isPublic }} }} deleteRadio(input: {{id: {id}}}) {{ deletedId }} }}");
        let change = pod.graphql(&change).by("alice").send().await.json();
        assert_eq!(change["data"], json!({"updateRadio": {"radio": {"name": "Other", "isPublic": true}}, "deleteRadio": {"deletedId": id}}), "{change}");
    }

    async fn filters_choose_what_they_say(pod: Pod) {
        let chosen = async |config: Value| choice(&pod, radio(&pod, config).await, "alice").await;
        let tag = |name: &str| json!({"type": "tag", "names": [name]});
        let artist = |id: i64| json!({"type": "artist", "ids": [id]});
        // Only what can be played: 1 to 5, 10, 11, 16 and 19; 21 and 22 are a channel's.
        assert_eq!(chosen(json!([artist(2)])).await, ids([10, 11]));
        assert_eq!(chosen(json!([{"type": "artist", "ids": [2, 4]}])).await, ids([10, 11, 19]));
        // Tags of tracks, albums and artists, whatever their case.
        let rock = chosen(json!([tag("ROCK")])).await;
        assert!(rock.is_superset(&ids([1, 2, 3, 10, 11])), "{rock:?}");
        // What is excluded does not play, though it is its artist who has the tag.
        let jazz = chosen(json!([tag("Jazz")])).await;
        assert!(jazz.contains(&2) && !jazz.contains(&10), "{jazz:?}");
        let without = chosen(json!([tag("Rock"), {"type": "tag", "names": ["Jazz"], "not": true}])).await;
        assert_eq!(without, rock.difference(&jazz).copied().collect());
        let both = chosen(json!([artist(2), {"type": "artist", "ids": [4], "operator": "or"}])).await;
        assert_eq!(both, ids([10, 11, 19]));
        assert_eq!(chosen(json!([artist(2), artist(4)])).await, ids([]));
        assert!(chosen(json!([])).await.is_superset(&ids([1, 2, 3, 4, 5, 10, 11, 16, 19])));
        let group = json!({"type": "group", "filters": [artist(2), {"type": "artist", "ids": [4], "operator": "or"}], "not": true});
        assert_eq!(chosen(json!([tag("Rock"), group])).await, rock.difference(&ids([10, 11, 19])).copied().collect());
        // A playlist of one's own, and one that others do not see.
        let playlist = sql("update playlists set privacy_level = 'me' where id = 1");
        playlist.run(pod.app.db()).await.unwrap();
        let id = radio(&pod, json!([{"type": "playlist", "ids": [1]}])).await;
        assert_eq!(choice(&pod, id, "alice").await, ids([1]));
        sql("update radios set is_public = true").run(pod.app.db()).await.unwrap();
        assert_eq!(choice(&pod, id, "bob").await, ids([]));
        // bob has hidden the artist of track 16.
        let id = radio(&pod, json!([{"type": "artist", "ids": [2, 3]}])).await;
        sql("update radios set is_public = true").run(pod.app.db()).await.unwrap();
        sql("update libraries set privacy_level = 'everyone'").run(pod.app.db()).await.unwrap();
        assert_eq!(choice(&pod, id, "alice").await, ids([10, 11, 16]));
        assert_eq!(choice(&pod, id, "bob").await, ids([10, 11]));
    }

    async fn filters_are_tried_before_they_are_saved(pod: Pod) {
        let tried = json!({"filters": [{"type": "artist", "ids": [2]}, {"type": "artist", "ids": [99]}, {"type": "tag"}]});
        let tried = pod.post(&format!("{RADIOS}/validate"), &tried).by("alice").send().await.json();
        let filters = &tried["filters"];
        assert_eq!((&filters[0]["errors"], &filters[0]["candidates"]["count"], &filters[0]["candidates"]["sample"][0]["id"]), (&json!([]), &json!(2), &json!(11)), "{tried}");
        assert_eq!(filters[1], json!({"errors": ["No artist has the ID 99."], "candidates": {"count": null, "sample": null}}));
        assert_eq!(filters[2]["errors"], json!(["You must provide a list of tag names."]));
        let twin = "mutation { validateRadio(input: {filters: [{type: ARTIST, ids: [2]}, {type: PLAYLIST}]}) { filters { errors count sample { databaseId } } } }";
        let twin = pod.graphql(twin).by("alice").send().await.json();
        assert_eq!(twin["data"]["validateRadio"]["filters"], json!([
            {"errors": [], "count": 2, "sample": [{"databaseId": 11}, {"databaseId": 10}]},
            {"errors": ["You must provide a list of playlists."], "count": null, "sample": []},
        ]), "{twin}");
        for (body, complaint) in [
            (json!({"name": "R"}), json!({"config": ["This field is required."]})),
            (json!({"name": "R", "config": [{"type": "tag", "names": ["polka"]}]}), json!({"config": ["No tag matching names \"polka\""]})),
            (json!({"name": "R", "config": [{"type": "year"}]}), json!({"config": ["type: \"year\" is not a valid choice."]})),
            (json!({"name": "R", "config": [{"type": "artist", "ids": ["x"]}]}), json!({"config": ["ids: A valid integer is required."]})),
            (json!({"name": "R", "config": [{"type": "artist", "ids": [99]}]}), json!({"config": ["No artist has the ID 99."]})),
            (json!({"name": "R", "config": vec![json!({"type": "tag", "names": ["Rock"]}); 21]}), json!({"config": ["At most 20 filters are allowed."]})),
            (json!({"name": "R", "config": [{"type": "tag", "names": ["x".repeat(101)]}]}), json!({"config": ["A name has at most 100 characters."]})),
            (json!({"name": "R", "config": [{"type": "group", "filters": [{"type": "group", "filters": []}]}]}), json!({"config": ["Groups have no groups in them."]})),
            (json!({"name": " ", "config": []}), json!({"name": ["This field may not be blank."]})),
        ] {
            let refused = pod.post(RADIOS, &body).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaint), "{body}");
        }
        // A form with an empty field, and a type of another version.
        let tried = json!({"filters": [{"type": "artist", "ids": [null]}, {"type": "year"}]});
        let tried = pod.post(&format!("{RADIOS}/validate"), &tried).by("alice").send().await.json();
        assert_eq!((&tried["filters"][0]["errors"], &tried["filters"][1]["errors"]), (&json!(["You must provide a list of artists."]), &json!(["The type of the filter is not known."])));
        let known = pod.get(&format!("{RADIOS}/filters")).by("alice").send().await.json();
        assert_eq!(known.as_array().unwrap().iter().map(|filter| filter["type"].as_str().unwrap()).collect::<Vec<_>>(), ["artist", "tag", "playlist"]);
    }

    async fn a_session_draws_each_track_once_and_only_what_can_be_heard(pod: Pod) {
        // Podcasts are no music; 6 and 7 are in libraries of others.
        let music = heard(&pod, json!({"radio_type": "random"})).await;
        assert_eq!(music, ids([1, 2, 3, 4, 5, 10, 11, 16, 19]));
        assert_eq!(heard(&pod, json!({"radio_type": "favorites"})).await, ids([2, 5]));
        assert_eq!(heard(&pod, json!({"radio_type": "artist", "related_object_id": 2})).await, ids([10, 11]));
        assert_eq!(heard(&pod, json!({"radio_type": "artist", "related_object_id": "2"})).await, ids([10, 11]));
        assert!(heard(&pod, json!({"radio_type": "tag", "related_object_id": "rock"})).await.is_superset(&ids([1, 2, 3])));
        let similar = heard(&pod, json!({"radio_type": "similar", "related_object_id": "10"})).await;
        assert!(similar.contains(&11) && !similar.contains(&10), "{similar:?}");
        assert_eq!(heard(&pod, json!({"radio_type": "less-listened"})).await, music.difference(&ids([2])).copied().collect());
        let own = heard(&pod, json!({"radio_type": "random_library"})).await;
        assert!(own.is_superset(&ids([1, 2, 4, 5])) && !own.contains(&6), "{own:?}");
        assert_eq!(heard(&pod, json!({"radio_type": "less-listened_library"})).await, own.difference(&ids([2])).copied().collect());
        let library = sql("select uuid from libraries where id = 3").one::<(uuid::Uuid,)>(pod.app.db()).await.unwrap().0;
        assert_eq!(heard(&pod, json!({"radio_type": "library", "related_object_id": library})).await, ids([1, 5, 16]));
        assert_eq!(heard(&pod, json!({"radio_type": "actor-content", "related_object_id": "alice@pod.test"})).await, own);
        assert_eq!(heard(&pod, json!({"radio_type": "actor-content", "related_object_id": "bob@pod.test"})).await, ids([]));
        // A track of a private library that is in a public one, too, does not tell that it is there.
        let twice = sql("update uploads set track_id = 1 where library_id = 4");
        assert_eq!(twice.run(pod.app.db()).await.unwrap(), 1);
        assert_eq!(heard(&pod, json!({"radio_type": "actor-content", "related_object_id": "bob@pod.test"})).await, ids([]));
        assert_eq!(heard(&pod, json!({"radio_type": "recently-added"})).await, ids([]));
        sql("update tracks set creation_date = ? where id in (3, 4, 6)").bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        assert_eq!(heard(&pod, json!({"radio_type": "recently-added"})).await, ids([3, 4]));
        let id = radio(&pod, json!([{"type": "artist", "ids": [2]}])).await;
        assert_eq!(heard(&pod, json!({"radio_type": "custom", "custom_radio": id})).await, ids([10, 11]));
        assert_eq!(heard(&pod, json!({"radio_type": "custom_multiple", "config": [{"type": "artist", "ids": ["2"]}]})).await, ids([10, 11]));
        // The search page of Funkwhale sends one filter, not a list.
        assert_eq!(heard(&pod, json!({"radio_type": "custom_multiple", "config": {"type": "artist", "ids": [2]}})).await, ids([10, 11]));
        // The radio is deleted, and its sessions with it.
        let session = session(pod.post(SESSIONS, &json!({"radio_type": "custom", "custom_radio": id})).by("alice")).await;
        pod.ask(Method::DELETE, &format!("{RADIOS}/{id}")).by("alice").send().await;
        assert_eq!(pod.post("/api/v1/radios/tracks", &json!({"session": session})).by("alice").send().await.status, StatusCode::BAD_REQUEST);
    }

    async fn the_radio_of_a_tag_plays_what_the_tag_is_on_however_common_it_is(pod: Pod) {
        for (table, columns) in [("album_tags", "(album_id, tag_id, creation_date)"), ("artist_tags", "(artist_id, tag_id, creation_date)")] {
            let on = sql("insert into ").then(table).then(columns).then(" select 2, id, ? from tags where name_folded = 'rock' on conflict do nothing");
            on.bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        }
        let tagged = async || heard(&pod, json!({"radio_type": "tag", "related_object_id": "rock"})).await;
        let chosen = heard(&pod, json!({"radio_type": "custom_multiple", "config": [{"type": "tag", "names": ["Rock"]}]})).await;
        assert!(chosen.is_superset(&ids([1, 2, 3, 10, 11])), "{chosen:?}");
        assert_eq!(tagged().await, chosen);
        // Among so many albums and artists it is rare.
        for more in [
            "insert into artists (id, uuid, name, name_folded, content_category, creation_date, modification_date)
             select 100000, ?, 'Far', 'far', 'music', creation_date, creation_date from artists where id = 1",
            "insert into albums (id, uuid, title, title_folded, creation_date) select 100000, ?, 'Far', 'far', creation_date from albums where id = 1",
        ] {
            let made = sql(more).bind(uuid::Uuid::new_v4()).run(pod.app.db()).await.unwrap();
            assert_eq!(made, 1);
        }
        assert_eq!(tagged().await, chosen);
    }

    async fn a_private_radio_of_others_is_not_played(pod: Pod) {
        let id = radio(&pod, json!([{"type": "artist", "ids": [2]}])).await;
        pod.person("dora").await;
        let body = json!({"radio_type": "custom", "custom_radio": id});
        let refused = pod.post(SESSIONS, &body).basic("dora", PASSWORD).send().await;
        assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"custom_radio": [format!("Invalid pk \"{id}\" - object does not exist.")]})));
        sql("update radios set is_public = true").run(pod.app.db()).await.unwrap();
        let session = session(pod.post(SESSIONS, &body).basic("dora", PASSWORD)).await;
        let next = || pod.post("/api/v1/radios/tracks", &json!({"session": session})).basic("dora", PASSWORD);
        assert_eq!(next().send().await.status, StatusCode::CREATED);
        let shown = format!("{{ radioSession(databaseId: {session}) {{ customRadio {{ name }} }} }}");
        let shown = async || pod.graphql(&shown).basic("dora", PASSWORD).send().await.json()["data"]["radioSession"].take();
        assert_eq!(shown().await, json!({"customRadio": {"name": "R"}}));
        // Its owner hides it again.
        sql("update radios set is_public = false").run(pod.app.db()).await.unwrap();
        assert_eq!(next().send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(shown().await, json!({"customRadio": null}));
    }

    async fn sessions_belong_to_those_who_started_them(pod: Pod) with ["--num-proxies", "1"] => {
        pod.prefer("common", "api_authentication_required", "False").await;
        pod.person("dora").await;
        let start = json!({"radio_type": "random"});
        let mine = session(pod.post(SESSIONS, &start).by("alice")).await;
        let draw = |id: i64| pod.post("/api/v1/radios/tracks", &json!({"session": id}));
        assert_eq!(draw(mine).basic("dora", PASSWORD).send().await.status, StatusCode::FORBIDDEN);
        assert_eq!(draw(mine).send().await.status, StatusCode::FORBIDDEN);
        let place = format!("{SESSIONS}/{mine}");
        assert_eq!(pod.get(&place).basic("dora", PASSWORD).send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(pod.get(&place).by("alice").send().await.json()["radio_type"], "random");
        // Strangers are known by their address; they hear what everyone may.
        let theirs = session(pod.post(SESSIONS, &start).from("192.0.2.1")).await;
        assert_eq!(draw(theirs).from("192.0.2.2").send().await.status, StatusCode::FORBIDDEN);
        assert_eq!(draw(theirs).by("alice").send().await.status, StatusCode::FORBIDDEN);
        assert_eq!(all(|| draw(theirs).from("192.0.2.1")).await, ids([1, 2, 3, 10, 11, 19]));
        for personal in ["favorites", "random_library", "less-listened", "less-listened_library"] {
            let refused = pod.post(SESSIONS, &json!({"radio_type": personal})).send().await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{personal}");
        }
        // The narrow token reads playlists alone.
        let refused = pod.post(SESSIONS, &start).by("narrow").send().await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        // Where strangers may not read the catalogue, they hear nothing of it.
        pod.prefer("common", "api_authentication_required", "True").await;
        assert_eq!(pod.post(SESSIONS, &start).send().await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(draw(theirs).from("192.0.2.1").send().await.status, StatusCode::UNAUTHORIZED);
        // After 30 days it has ended.
        pod.wait(31 * 24 * 3600);
        assert_eq!(draw(mine).by("alice").send().await.status, StatusCode::BAD_REQUEST);
        session(pod.post(SESSIONS, &start).by("alice")).await;
        assert_eq!(sql("select count(*) from radio_sessions").number(pod.app.db()).await.unwrap(), 1);
    }

    async fn several_at_once_and_in_batches_get_nothing_twice(pod: Pod) {
        let id = session(pod.post("/api/v2/radios/sessions", &json!({"radio_type": "random"})).by("alice")).await;
        let pod = &pod;
        let four = join_all((0..4).map(|_| pod.post("/api/v1/radios/tracks", &json!({"session": id})).by("alice").send())).await;
        let mut drawn = BTreeSet::new();
        for answer in four {
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
            assert!(drawn.insert(answer.json()["track"]["id"].as_i64().unwrap()), "{}", answer.text);
        }
        let head = pod.ask(Method::HEAD, &format!("/api/v2/radios/sessions/{id}/tracks?count=5")).by("alice").send().await;
        assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
        let rest = pod.get(&format!("/api/v2/radios/sessions/{id}/tracks?count=50")).by("alice").send().await;
        assert_eq!(rest.status, StatusCode::CREATED, "{}", rest.text);
        for track in rest.json().as_array().unwrap() {
            assert!(drawn.insert(track["id"].as_i64().unwrap()), "{track}");
        }
        assert_eq!(drawn, ids([1, 2, 3, 4, 5, 10, 11, 16, 19]));
        let places = sql("select position from radio_session_tracks order by position").ids(pod.app.db()).await.unwrap();
        assert_eq!(places, (1..=9).collect::<Vec<i64>>());
        for count in ["0", "51", "-1"] {
            let refused = pod.get(&format!("/api/v2/radios/sessions/{id}/tracks?count={count}")).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"count": ["Must be from 1 to 50."]})));
        }
    }

    async fn graphql_draws_from_sessions_too(pod: Pod) {
        let start = "mutation { createRadioSession(input: {radioType: ARTIST, relatedObjectId: \"2\"}) { session { id radioType relatedObjectId user { username } } } }";
        let started = pod.graphql(start).by("alice").send().await.json();
        let session = &started["data"]["createRadioSession"]["session"];
        assert_eq!((&session["radioType"], &session["relatedObjectId"], &session["user"]["username"]), (&json!("ARTIST"), &json!("2"), &json!("alice")), "{started}");
        let draw = format!("mutation {{ drawRadioTracks(input: {{session: {}, count: 5}}) {{ tracks {{ id position track {{ databaseId }} session {{ id }} }} session {{ id }} }} }}", session["id"]);
        let drawn = pod.graphql(&draw).by("alice").send().await.json();
        let tracks = drawn["data"]["drawRadioTracks"]["tracks"].as_array().unwrap();
        let both: BTreeSet<i64> = tracks.iter().map(|track| track["track"]["databaseId"].as_i64().unwrap()).collect();
        assert_eq!((both, &tracks[1]["position"], &tracks[1]["session"]["id"]), (ids([10, 11]), &json!(2), &session["id"]), "{drawn}");
        let end = pod.graphql(&draw).by("alice").send().await.json();
        assert_eq!((&end["errors"][0]["message"], &end["errors"][0]["extensions"]["code"]), (&json!("Radio doesn't have more candidates"), &json!("NOT_FOUND")), "{end}");
        let nodes = format!("{{ node(id: {}) {{ ... on RadioSessionTrack {{ position }} }} radioSession(id: {}) {{ radioType }} }}", tracks[0]["id"], session["id"]);
        let found = pod.graphql(&nodes).by("alice").send().await.json();
        assert_eq!(found["data"], json!({"node": {"position": 1}, "radioSession": {"radioType": "ARTIST"}}), "{found}");
        let others = pod.graphql(&nodes).by("bob").send().await.json();
        assert_eq!((&others["data"]["node"], &others["data"]["radioSession"]), (&Value::Null, &Value::Null), "{others}");
    }

    async fn a_session_that_makes_no_sense_is_refused(pod: Pod) {
        for (body, complaint) in [
            (json!({}), json!({"radio_type": ["This field is required."]})),
            (json!({"radio_type": "polka"}), json!({"radio_type": ["\"polka\" is not a valid choice."]})),
            (json!({"radio_type": "artist"}), json!({"non_field_errors": ["Radio requires a related object"]})),
            (json!({"radio_type": "artist", "related_object_id": 99}), json!({"related_object_id": ["The object does not exist."]})),
            (json!({"radio_type": "artist", "related_object_id": "x"}), json!({"related_object_id": ["Not a global ID of this API."]})),
            (json!({"radio_type": "tag", "related_object_id": "polka"}), json!({"related_object_id": ["The object does not exist."]})),
            (json!({"radio_type": "actor-content", "related_object_id": "nobody"}), json!({"related_object_id": ["The object does not exist."]})),
            (json!({"radio_type": "custom"}), json!({"custom_radio": ["This field is required."]})),
            (json!({"radio_type": "custom_multiple"}), json!({"config": ["This field is required."]})),
        ] {
            let refused = pod.post(SESSIONS, &body).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaint), "{body}");
        }
        let missing = pod.post("/api/v1/radios/tracks", &json!({"session": 99})).by("alice").send().await;
        assert_eq!((missing.status, missing.json()), (StatusCode::BAD_REQUEST, json!({"session": ["Invalid pk \"99\" - object does not exist."]})));
    }
}
