//! Global IDs: what has one, and where they are taken.
use std::fs;

use baleen::store::sql;
use serde_json::{Value, json};

use super::message;
use crate::support::{Pod, Visitor, on_both};

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
    async fn every_mutation_takes_one_input_and_returns_a_payload(pod: Pod) {
        let query = "{ __schema { mutationType { fields { name args { name type { kind ofType { name kind } } } type { name kind } } } } }";
        let schema = pod.graphql(query).send().await.json();
        let fields = schema["data"]["__schema"]["mutationType"]["fields"].as_array().unwrap().clone();
        assert!(fields.len() >= 24, "{}", fields.len());
        for field in fields {
            let name = field["name"].as_str().unwrap();
            let kind = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
            assert_eq!(field["type"], json!({"name": format!("{kind}Payload"), "kind": "OBJECT"}), "{name}");
            let input = json!([{"name": "input", "type": {"kind": "NON_NULL", "ofType": {"name": format!("{kind}Input"), "kind": "INPUT_OBJECT"}}}]);
            assert!(field["args"] == input || field["args"] == json!([]), "{name}: {}", field["args"]);
        }
    }

    async fn what_was_seen_is_found_again_by_its_id(pod: Pod) with ["--throttling-enabled", "false"] => {
        pod.give_password("alice").await;
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
            ("uploads", "trackArtist", of("Artist", &found["artist"])),
            ("tracks", "library", of("Library", library)),
            ("tracks", "related", of("Track", &found["track"])),
            ("albums", "channel", of("Channel", channel)),
        ] {
            let ids = async |value: &Value| {
                let query = format!("{{ {list}(filter: {{{field}: {value}, includeChannels: true}}, first: 50) {{ nodes {{ id }} }} }}");
                let answer = pod.graphql(&query).by("alice").send().await.json();
                answer["data"][list]["nodes"].as_array().unwrap_or_else(|| panic!("{query}: {answer}")).clone()
            };
            let found = ids(&id).await;
            assert_eq!((&ids(&uuid).await, &ids(&number).await), (&found, &found), "{list} by {field} of a {kind}");
            assert_ne!(found.len(), 0, "{list} by {field} of a {kind}");
            let nobody = json!("00000000-0000-0000-0000-000000000000");
            let query = format!("{{ {list}(filter: {{{field}: {nobody}}}) {{ totalCount }} }}");
            let none = pod.graphql(&query).by("alice").send().await.json();
            assert!(none["data"][list].is_null() || none["data"][list]["totalCount"] == 0, "{none}");
            let other = json!("TGljZW5zZTpjYy1ieS00LjA");
            let query = format!("{{ {list}(filter: {{{field}: {other}}}) {{ totalCount }} }}");
            let refused = pod.graphql(&query).by("alice").send().await.json();
            let told = format!("Expected the ID of type `{}`, got `License`.", kind.as_str().unwrap());
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
        pod.give_password("alice").await;
        let mut alice = Visitor::of(&pod, "alice").await;
        // A token that may not read the profile sees no more than others do, and is told why.
        let app = json!({"name": "catalogue", "scopes": "read:libraries write:profile", "redirect_uris": "https://mine.test/cb"});
        let app = alice.script(pod.post("/api/v1/oauth/apps", &app)).await.json();
        let token = app["token"].as_str().unwrap();
        let answer = pod.graphql("{ user(username: \"alice\") { username email } }").by(token).send().await.json();
        assert_eq!(answer["data"]["user"], json!({"username": "alice", "email": null}));
        assert_eq!(answer["errors"][0]["extensions"]["requiredScope"], "read:profile", "{answer}");
        for (mutation, rest) in [
            ("updateUser", "input: {name: \"A\"}"),
            ("updateSettings", "input: {settings: {b: 1}}"),
        ] {
            let query = format!("mutation {{ {mutation}({rest}) {{ viewer {{ username email isStaff settings listenToken quotaStatus {{ max }} }} }} }}");
            let answer = pod.graphql(&query).by(token).send().await.json();
            let shown = json!({"username": "alice", "email": null, "isStaff": null, "settings": null, "listenToken": null, "quotaStatus": null});
            assert_eq!(answer["data"][mutation]["viewer"], shown, "{answer}");
        }
        let settings = "mutation { updateSettings(input: {settings: {a: 1}}) { settings viewer { email } } }";
        let answer = pod.graphql(settings).by(token).send().await.json();
        assert_eq!(answer["data"]["updateSettings"], json!({"settings": {"a": 1, "b": 1}, "viewer": {"email": null}}), "{answer}");
    }

    async fn a_payload_shows_no_more_than_the_token_may_read(pod: Pod) {
        pod.give_password("alice").await;
        let mut alice = Visitor::of(&pod, "alice").await;
        let app = json!({"name": "editor", "scopes": "write:edits", "redirect_uris": "https://mine.test/cb"});
        let app = alice.script(pod.post("/api/v1/oauth/apps", &app)).await.json();
        let token = app["token"].as_str().unwrap();
        let query = "mutation { editTrack(input: {id: 1, title: \"x\"}) { edit { id track { title } } track { title fid } } }";
        let answer = pod.graphql(query).by(token).send().await.json();
        let edited = &answer["data"]["editTrack"];
        assert!(edited["edit"]["id"].is_string(), "{answer}");
        assert_eq!((&edited["edit"]["track"], &edited["track"]), (&Value::Null, &Value::Null));
        for error in answer["errors"].as_array().unwrap() {
            assert_eq!(error["extensions"]["requiredScope"], "read:libraries", "{answer}");
        }
    }

    async fn a_cover_of_ones_own_is_taken_by_each_identifier(pod: Pod) with ["--throttling-enabled", "false"] => {
        sql("update attachments set actor_id = 1 where id = 1").run(pod.app.db()).await.unwrap();
        sql("update attachments set actor_id = 2 where id = 2").run(pod.app.db()).await.unwrap();
        let own = pod.graphql("{ attachment(databaseId: 1) { id uuid } }").by("alice").send().await.json()["data"]["attachment"].clone();
        for cover in [&own["id"], &own["uuid"], &json!(1)] {
            for mutation in [format!("editArtist(input: {{id: 1, cover: {cover}}}) {{ edit {{ payload }} }}"), format!("updateUser(input: {{avatar: {cover}}}) {{ viewer {{ avatar {{ id }} }} }}")] {
                let answer = pod.graphql(&format!("mutation {{ {mutation} }}")).by("alice").send().await.json();
                let edited = answer["data"]["editArtist"]["edit"]["payload"]["cover"] == own["uuid"];
                let shown = answer["data"]["updateUser"]["viewer"]["avatar"]["id"] == own["id"];
                assert!(edited || shown, "{mutation}: {answer}");
            }
        }
        let foreign = pod.graphql("mutation { editArtist(input: {id: 1, cover: 2}) { edit { id } } }").by("alice").send().await.json();
        assert_eq!(foreign["errors"][0]["extensions"]["fields"], json!({"cover": ["Object with id=2 does not exist."]}), "{foreign}");
    }
}
