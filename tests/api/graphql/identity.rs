//! Global IDs: what has one, and where they are taken.
use std::fs;

use baleen::accounts::recovery;
use serde_json::{Value, json};

use super::message;
use crate::support::{PASSWORD, Pod, Visitor, on_both};

#[test]
fn whatever_has_an_identity_is_a_node() {
    let schema = fs::read_to_string("schema.graphql").unwrap();
    let types = schema.split("\ntype ").skip(1);
    let mut nodes = 0;
    for text in types.map(|text| &text[..text.find("\n}").unwrap_or(text.len())]) {
        let (head, fields) = text.split_once('{').unwrap();
        let has = |field: &str| fields.contains(&format!("\n\t{field}"));
        let is_node = head.contains("implements Node");
        let named = has("databaseId: ") || has("uuid: ") || has("clientId: ") || has("code: ");
        assert_eq!(is_node, has("id: ID!"), "{head}");
        assert!(is_node || !named, "{head} is no node");
        assert!(
            !has("id: Int") && !has("id: String") && !has("id: UUID"),
            "{head}"
        );
        nodes += usize::from(is_node);
    }
    assert!(nodes >= 15, "{nodes}");
}

#[test]
fn every_mutation_takes_one_input_and_returns_a_payload() {
    let schema = fs::read_to_string("schema.graphql").unwrap();
    let start = schema.find("\ntype Mutation {").unwrap();
    let text = &schema[start..start + schema[start..].find("\n}").unwrap()];
    let lines: String = text
        .lines()
        .filter(|line| !line.contains("\"\"\""))
        .collect();
    let mut count = 0;
    for (name, rest) in lines.match_indices("Payload").map(|(at, _)| {
        let before = &lines[..at];
        let name = before.rsplit([' ', '\t']).next().unwrap();
        (name, before)
    }) {
        let field = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        let alone = rest.ends_with(&format!("\t{field}: {name}"));
        assert!(alone || rest.contains(&format!("{field}(")), "{field}");
        assert!(
            alone || rest.contains(&format!("input: {name}Input!")),
            "{field}"
        );
        count += 1;
    }
    assert!(count >= 24, "{count}");
}

/// The objects within an answer that have a global ID.
fn identified<'a>(found: &'a Value, ids: &mut Vec<(&'a Value, &'a Value)>) {
    match found {
        Value::Array(items) => items.iter().for_each(|item| identified(item, ids)),
        Value::Object(fields) => {
            ids.extend(fields.get("id").map(|id| (id, &fields["__typename"])));
            fields.values().for_each(|value| identified(value, ids));
        }
        _ => {}
    }
}

on_both! {
    async fn what_was_seen_is_found_again_by_its_id(pod: Pod) with ["--throttling-enabled", "false"] => {
        recovery::put_password(&pod.app, 1, PASSWORD, None, false).await.unwrap();
        let mut alice = Visitor::of(&pod, "alice").await;
        let app = json!({"name": "mine", "redirect_uris": "https://mine.test/cb"});
        assert_eq!(alice.script(pod.post("/api/v1/oauth/apps", &app)).await.status, 201);
        let edit = "mutation { editTrack(input: {id: 1, title: \"Third\"}) { edit { id __typename } track { id __typename } } }";
        let edited = alice.script(pod.graphql(edit)).await.json()["data"].clone();
        let names = "__typename id";
        let query = format!("{{ \
            artists(filter: {{includeChannels: true}}) {{ nodes {{ {names} channel {{ {names} actor {{ {names} }} }} cover {{ {names} }} }} }} \
            albums {{ nodes {{ {names} }} }} tracks {{ nodes {{ {names} license {{ {names} }} }} }} tags {{ nodes {{ {names} }} }} \
            libraries {{ nodes {{ {names} }} }} uploads {{ nodes {{ {names} }} }} licenses {{ {names} }} \
            viewer {{ {names} }} user(username: \"bob\") {{ {names} }} oauthApps {{ {names} }} sessions {{ {names} }} \
            grants {{ {names} application {{ {names} }} }} }}");
        let found = alice.script(pod.graphql(&query)).await.json();
        assert!(found["errors"].is_null(), "{found}");
        let mut ids = Vec::new();
        identified(&found["data"], &mut ids);
        identified(&edited, &mut ids);
        let mut kinds: Vec<&str> = ids.iter().filter_map(|(_, kind)| kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, ["Actor", "Album", "Artist", "Attachment", "Channel", "Edit", "Grant", "Library", "License",
            "OauthApplication", "Session", "Tag", "Track", "Upload", "User"]);
        for (id, kind) in ids {
            let node = alice.script(pod.graphql(&format!("{{ node(id: {id}) {{ {names} }} }}"))).await.json();
            assert_eq!(node["data"]["node"], json!({"__typename": kind, "id": id}), "{node}");
        }
    }

    async fn a_filter_takes_each_identifier(pod: Pod) with ["--throttling-enabled", "false"] => {
        let query = "{ artist(databaseId: 1) { id uuid } album(databaseId: 1) { id uuid } track(databaseId: 1) { id uuid } \
            libraries { nodes { id uuid databaseId } } artists(filter: {includeChannels: true}) { nodes { channel { id uuid databaseId } } } }";
        let found = pod.graphql(query).by("alice").send().await.json()["data"].clone();
        let of = |kind: &str, row: &Value| [row["id"].clone(), row["uuid"].clone(), row.get("databaseId").cloned().unwrap_or(json!(1)), json!(kind)];
        let library = &found["libraries"]["nodes"][0];
        let channels = found["artists"]["nodes"].as_array().unwrap().iter().map(|artist| &artist["channel"]);
        let channel = channels.clone().find(|channel| channel.is_object()).unwrap();
        for (list, field, [id, uuid, number, kind]) in [
            ("albums", "artist", of("Artist", &found["artist"])),
            ("albums", "related", of("Album", &found["album"])),
            ("albums", "library", of("Library", library)),
            ("artists", "related", of("Artist", &found["artist"])),
            ("artists", "library", of("Library", library)),
            ("tracks", "album", of("Album", &found["album"])),
            ("tracks", "artist", of("Artist", &found["artist"])),
            ("tracks", "ids", of("Track", &found["track"])),
            ("tracks", "channel", of("Channel", channel)),
            ("uploads", "library", of("Library", library)),
            ("uploads", "track", of("Track", &found["track"])),
            ("uploads", "albumArtist", of("Artist", &found["artist"])),
        ] {
            let count = async |value: &Value| {
                let query = format!("{{ {list}(filter: {{{field}: {value}, includeChannels: true}}) {{ totalCount }} }}");
                let answer = pod.graphql(&query).by("alice").send().await.json();
                answer["data"][list]["totalCount"].as_i64().unwrap_or_else(|| panic!("{query}: {answer}"))
            };
            let all = [count(&id).await, count(&uuid).await, count(&number).await];
            assert!(all[0] == all[1] && all[1] == all[2], "{list} by {field} of a {kind}: {all:?}");
            let other = json!("TGljZW5zZTpjYy1ieS00LjA");
            let query = format!("{{ {list}(filter: {{{field}: {other}}}) {{ totalCount }} }}");
            let refused = pod.graphql(&query).by("alice").send().await.json();
            let told = format!("This is the ID of a License, not of a {}.", kind.as_str().unwrap());
            assert_eq!(refused["errors"][0]["extensions"]["fields"][field], json!([told]), "{refused}");
            let query = format!("{{ {list}(filter: {{{field}: \"nonsense\"}}) {{ totalCount }} }}");
            let refused = pod.graphql(&query).by("alice").send().await.json();
            assert_eq!(message(&refused), format!("`{field}`: Not a global ID of this API."));
        }
    }

    async fn an_account_is_shown_to_its_owner_alone(pod: Pod) {
        let query = "{ user(username: \"alice\") { id username isViewer email permissions { library } quotaStatus { max } settings listenToken subsonicToken } }";
        let own = pod.graphql(query).by("alice").send().await.json()["data"]["user"].clone();
        assert!(own["isViewer"] == true && own["email"] == "alice@pod.test" && own["listenToken"].is_string(), "{own}");
        let viewer = pod.graphql("{ viewer { id email } }").by("alice").send().await.json()["data"]["viewer"].clone();
        assert_eq!(viewer, json!({"id": own["id"], "email": own["email"]}));
        for other in [pod.graphql(query).by("bob"), pod.graphql(query)] {
            let answer = other.send().await.json();
            assert!(answer["errors"].is_null(), "{answer}");
            assert_eq!(answer["data"]["user"], json!({"id": own["id"], "username": "alice", "isViewer": false, "email": null,
                "permissions": null, "quotaStatus": null, "settings": null, "listenToken": null, "subsonicToken": null}));
        }
        recovery::put_password(&pod.app, 1, PASSWORD, None, false).await.unwrap();
        let mut alice = Visitor::of(&pod, "alice").await;
        // A token that may not read the profile sees no more than others do, and is told why.
        let app = json!({"name": "catalogue", "scopes": "read:libraries write:profile", "redirect_uris": "https://mine.test/cb"});
        let app = alice.script(pod.post("/api/v1/oauth/apps", &app)).await.json();
        let token = app["token"].as_str().unwrap();
        let answer = pod.graphql("{ user(username: \"alice\") { username email } }").by(token).send().await.json();
        assert_eq!(answer["data"]["user"], json!({"username": "alice", "email": null}));
        assert_eq!(answer["errors"][0]["extensions"]["requiredScope"], "read:profile", "{answer}");
        let settings = "mutation { updateSettings(input: {settings: {a: 1}}) { settings viewer { email } } }";
        let answer = pod.graphql(settings).by(token).send().await.json();
        assert_eq!(answer["data"]["updateSettings"], json!({"settings": {"a": 1}, "viewer": {"email": null}}), "{answer}");
    }
}
