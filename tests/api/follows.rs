//! Asking for access to libraries, and deciding about it.
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Pod, on_both};

const ADDRESS: &str = "/api/v1/federation/follows/library";

/// A library of alice's; returns its UUID.
async fn library(pod: &Pod, privacy: &str) -> String {
    let new = json!({"name": "Hers", "privacy_level": privacy});
    let made = pod.post("/api/v1/libraries", &new).by("alice").send().await;
    made.json()["uuid"].as_str().unwrap().to_owned()
}

/// The libraries that dora has access to.
async fn open(pod: &Pod) -> Vec<Value> {
    let listed = pod
        .get("/api/v1/libraries?page_size=50")
        .basic("dora", PASSWORD)
        .send()
        .await
        .json();
    listed["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|library| library["uuid"].clone())
        .collect()
}

on_both! {
    async fn a_private_library_opens_once_its_owner_accepts(pod: Pod) {
        pod.person("dora").await;
        let library = library(&pod, "me").await;
        let asked = pod.post(ADDRESS, &json!({"target": library})).basic("dora", PASSWORD).send().await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.text);
        let follow = asked.json();
        assert_eq!((&follow["approved"], &follow["target"]["uuid"], &follow["actor"]["preferred_username"]), (&Value::Null, &json!(library), &json!("dora")));
        assert!(!open(&pod).await.contains(&json!(library)));
        for (target, token, told) in [
            (library.as_str(), "dora", "You are already following this library"),
            (library.as_str(), "alice", "You cannot follow your own library"),
            ("x", "dora", "Enter a valid UUID."),
            ("00000000-0000-0000-0000-000000000000", "dora", "Object with uuid=00000000-0000-0000-0000-000000000000 does not exist."),
        ] {
            let asks = pod.post(ADDRESS, &json!({"target": target}));
            let refused = match token { "dora" => asks.basic("dora", PASSWORD), token => asks.by(token) }.send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"target": [told]})));
        }
        // The owner sees who asked, and nobody else does.
        let followers = format!("/api/v1/libraries/{library}/follows");
        let seen = pod.get(&followers).by("alice").send().await.json();
        assert_eq!((&seen["count"], &seen["results"][0]["uuid"]), (&json!(1), &follow["uuid"]));
        assert_eq!(pod.get(&followers).basic("dora", PASSWORD).send().await.status, StatusCode::NOT_FOUND);
        let query = format!("{{ library(uuid: \"{library}\") {{ follow {{ approved }} followers {{ nodes {{ uuid approved actor {{ preferredUsername }} }} }} }} }}");
        let hers = pod.graphql(&query).by("alice").send().await.json();
        assert_eq!(hers["data"]["library"], json!({"follow": null, "followers": {"nodes": [{"uuid": follow["uuid"], "approved": null, "actor": {"preferredUsername": "dora"}}]}}));
        let theirs = pod.graphql(&query).basic("dora", PASSWORD).send().await.json();
        assert_eq!(theirs["data"]["library"], json!({"follow": {"approved": null}, "followers": {"nodes": []}}));
        // Only the owner decides.
        let follow = follow["uuid"].as_str().unwrap();
        let decide = async |word: &str, by: &'static str| {
            let asks = pod.post(&format!("{ADDRESS}/{follow}/{word}"), &json!({}));
            match by { "dora" => asks.basic("dora", PASSWORD), token => asks.by(token) }.send().await.status
        };
        assert_eq!(decide("accept", "dora").await, StatusCode::NOT_FOUND);
        assert_eq!(decide("accept", "alice").await, StatusCode::NO_CONTENT);
        assert!(open(&pod).await.contains(&json!(library)));
        assert_eq!(pod.get(&format!("{ADDRESS}/{follow}")).basic("dora", PASSWORD).send().await.json()["approved"], true);
        assert_eq!(decide("reject", "alice").await, StatusCode::NO_CONTENT);
        assert!(!open(&pod).await.contains(&json!(library)));
        let again = pod.graphql(&format!("mutation {{ acceptLibraryFollow(input: {{id: \"{follow}\"}}) {{ follow {{ approved target {{ uuid }} }} }} }}")).by("alice").send().await.json();
        assert_eq!(again["data"]["acceptLibraryFollow"]["follow"], json!({"approved": true, "target": {"uuid": library}}));
        assert!(open(&pod).await.contains(&json!(library)));
        // Each hears of what the other did, once.
        let told = pod.get("/api/v1/federation/inbox?is_read=false").by("alice").send().await.json();
        let deed = &told["results"][0]["activity"];
        assert_eq!((&told["count"], &deed["type"], &deed["actor"]["preferred_username"]), (&json!(1), &json!("Follow"), &json!("dora")));
        assert_eq!((&deed["object"], &deed["related_object"]["uuid"]), (&json!({"type": "music.Library", "uuid": library, "name": "Hers"}), &json!(follow)));
        let told = pod.graphql("{ notifications { nodes { databaseId type isRead actor { preferredUsername } library { name } follow { approved } } } }").basic("dora", PASSWORD).send().await.json();
        let told = &told["data"]["notifications"]["nodes"];
        assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
        assert_eq!((&told[0]["type"], &told[0]["isRead"], &told[0]["actor"]["preferredUsername"], &told[0]["library"]["name"], &told[0]["follow"]["approved"]),
            (&json!("ACCEPT"), &json!(false), &json!("alice"), &json!("Hers"), &json!(true)));
        let item = format!("/api/v1/federation/inbox/{}", told[0]["databaseId"]);
        let body = json!({"is_read": true}).to_string();
        let others = pod.ask(Method::PATCH, &item).by("alice").header("content-type", "application/json").body(body.clone()).send().await;
        assert_eq!(others.status, StatusCode::NOT_FOUND);
        let read = pod.ask(Method::PATCH, &item).basic("dora", PASSWORD).header("content-type", "application/json").body(body).send().await;
        assert_eq!(read.json()["is_read"], true, "{}", read.text);
        let all = json!({"action": "read", "objects": "all", "filters": {"is_read": false}});
        let read = pod.post("/api/v1/federation/inbox/action", &all).by("alice").send().await;
        assert_eq!(read.json(), json!({"updated": 1, "action": "read", "result": 1}));
        let none = pod.post("/api/v1/federation/inbox/action", &all).by("alice").send().await;
        assert_eq!(none.json(), json!({"non_field_errors": ["No object matching your request"]}));
        let wrong = pod.post("/api/v1/federation/inbox/action", &json!({"action": "burn", "objects": "all"})).by("alice").send().await;
        assert_eq!(wrong.json(), json!({"action": ["burn is not a valid action. Pick one of read."]}));
        // Who unfollows loses access.
        let other = pod.ask(Method::DELETE, &format!("{ADDRESS}/{follow}")).by("alice").send().await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);
        let gone = pod.ask(Method::DELETE, &format!("{ADDRESS}/{follow}")).basic("dora", PASSWORD).send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert!(!open(&pod).await.contains(&json!(library)));
        assert_eq!(pod.get("/api/v1/federation/inbox").by("alice").send().await.json()["count"], 0);
    }

    async fn open_libraries_are_followed_at_once(pod: Pod) {
        pod.person("dora").await;
        let (instance, everyone) = (library(&pod, "instance").await, library(&pod, "everyone").await);
        for target in [&instance, &everyone] {
            let query = format!("mutation {{ followLibrary(input: {{target: \"{target}\"}}) {{ follow {{ approved id }} }} }}");
            let asked = pod.graphql(&query).basic("dora", PASSWORD).send().await.json();
            assert_eq!(asked["data"]["followLibrary"]["follow"]["approved"], true, "{asked}");
        }
        let listed = pod.get(ADDRESS).basic("dora", PASSWORD).send().await.json();
        assert_eq!((&listed["count"], &listed["results"][0]["target"]["uuid"]), (&json!(2), &json!(everyone)));
        let all = pod.get(&format!("{ADDRESS}/all")).basic("dora", PASSWORD).send().await.json();
        assert_eq!((&all["count"], &all["results"][0]["library"], &all["results"][0]["approved"]), (&json!(2), &json!(instance), &json!(true)));
        let twin = pod.graphql("{ libraryFollows(filter: {approved: true}) { nodes { target { uuid } } } }").basic("dora", PASSWORD).send().await.json();
        assert_eq!(twin["data"]["libraryFollows"]["nodes"][0]["target"]["uuid"], json!(everyone));
    }
}
