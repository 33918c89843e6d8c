//! Uploading files through GraphQL.
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{files, library, sending, song};
use crate::support::{Pod, on_both};

on_both! {
    async fn the_same_goes_through_graphql(pod: Pod) {
        let library = library(&pod, "alice").await;
        let query = "mutation($file: File!, $library: ID!) { createUpload(input: {audioFile: $file, library: $library, importReference: \"g\"}) \
            { upload { uuid importStatus duration mimetype source fileMetadata { title position album { title } artists { name } } } } }";
        let operations = json!({"query": query, "variables": {"file": null, "library": library}}).to_string();
        let fields = [("operations", operations.as_str()), ("map", "{\"0\": [\"variables.file\"]}")];
        let bytes = song("Second Wind", "Days");
        let sent = pod.ask(Method::POST, "/graphql").by("alice").parts(&fields, &[("0", "two.wav", "audio/wav", &bytes)]).send().await;
        let new = &sent.json()["data"]["createUpload"]["upload"];
        assert_eq!((&new["importStatus"], &new["duration"], &new["mimetype"]), (&json!("PENDING"), &json!(1), &json!("audio/wav")), "{}", sent.text);
        assert_eq!((&new["source"], &new["fileMetadata"]), (&json!("upload://two.wav"), &json!({"title": "Second Wind", "position": 1, "album": {"title": "Days"}, "artists": [{"name": "Ann"}]})));
        pod.work().await;
        let query = format!("{{ upload(uuid: {}) {{ importStatus track {{ title }} }} }}", new["uuid"]);
        let done = pod.graphql(&query).by("alice").send().await.json();
        assert_eq!(done["data"]["upload"], json!({"importStatus": "FINISHED", "track": {"title": "Second Wind"}}));
        // Nobody who may not upload has a file read.
        for (token, code) in [("bob", "FORBIDDEN"), ("narrow", "FORBIDDEN")] {
            let sent = pod.ask(Method::POST, "/graphql").by(token).parts(&fields, &[("0", "two.wav", "audio/wav", &bytes)]).send().await;
            assert_eq!(sent.json()["errors"][0]["extensions"]["code"], code, "{}", sent.text);
        }
        let plain = pod.graphql(&format!("mutation {{ createUpload(input: {{audioFile: \"0\", library: \"{library}\"}}) {{ upload {{ uuid }} }} }}")).by("alice").send().await.json();
        assert!(plain["errors"][0]["message"].as_str().unwrap().starts_with("`audioFile`: No file was submitted. Send a multipart request"));
        for (fields, told) in [
            (vec![("map", "{}"), ("operations", operations.as_str())], "operations"),
            (vec![("operations", operations.as_str()), ("map", "{\"0\": [\"variables.other\"]}")], "map"),
            (vec![("operations", "[]"), ("map", "{}")], "operations"),
        ] {
            let sent = pod.ask(Method::POST, "/graphql").by("alice").parts(&fields, &[("0", "two.wav", "audio/wav", &bytes)]).send().await;
            assert!(sent.text.contains(told) && sent.json()["data"].is_null(), "{}", sent.text);
        }
        assert_eq!(files(&pod, "tracks").len(), 1);
        assert!(files(&pod, "incoming").is_empty());
    }

    async fn an_upload_of_a_channel_names_its_album_as_objects_are_named(pod: Pod) {
        let ask = async |query: &str| {
            let told = pod.graphql(query).by("alice").send().await;
            assert_eq!(told.status, StatusCode::OK, "{}", told.text);
            told.json()["data"].clone()
        };
        let made = ask("mutation { createChannel(input: {name: \"Waves\", username: \"waves\", contentCategory: MUSIC}) { channel { id uuid artist { id } } } }").await;
        let channel = &made["createChannel"]["channel"];
        let made = ask(&format!("mutation {{ createAlbum(input: {{title: \"Salt\", artist: {}}}) {{ album {{ id databaseId }} }} }}", channel["artist"]["id"])).await;
        let album = &made["createAlbum"]["album"];
        let fields = [("channel", channel["uuid"].as_str().unwrap()), ("import_status", "draft")];
        let sent = sending(&pod, &fields, "one.wav", &song("First Light", "Days")).send().await.json();
        let say = |metadata: &str| format!("mutation {{ updateUpload(input: {{id: {}, importStatus: PENDING, importMetadata: {{{metadata}}}}}) {{ upload {{ importMetadata }} }} }}", sent["uuid"]);
        for (metadata, field) in [("title: \"Ebb\", album: 1", "album"), ("album: \"00000000-0000-0000-0000-000000000000\"", "album"),
            (&*format!("cover: {}", album["id"]), "cover"), ("position: 0", "position")] {
            let refused = pod.graphql(&say(metadata)).by("alice").send().await.json();
            let complaint = &refused["errors"][0];
            assert_eq!(complaint["extensions"]["code"], "INVALID", "{refused}");
            assert!(complaint["message"].as_str().unwrap().contains(&format!("importMetadata.{field}`")), "{refused}");
        }
        let said = ask(&say(&format!("title: \"Ebb\", album: {}", album["id"]))).await;
        assert_eq!(said["updateUpload"]["upload"]["importMetadata"], json!({"title": "Ebb", "album": album["databaseId"]}));
        pod.work().await;
        let query = format!("{{ upload(uuid: {}) {{ track {{ title album {{ id }} }} }} }}", sent["uuid"]);
        assert_eq!(ask(&query).await["upload"]["track"], json!({"title": "Ebb", "album": {"id": album["id"]}}));
    }

    async fn several_files_come_in_one_request(pod: Pod) {
        let library = library(&pod, "alice").await;
        let query = "mutation($files: [File!]!, $one: ID!, $two: ID!) { \
            a: createUpload(input: {audioFile: $a, library: $one}) { upload { source } } \
            b: createUpload(input: {audioFile: $b, library: $two}) { upload { source } } }"
            .replace("$files: [File!]!", "$a: File!, $b: File!");
        let none = "00000000-0000-0000-0000-000000000000";
        let map = "{\"0\": [\"variables.a\"], \"1\": [\"variables.b\"]}";
        let large = vec![7; 3 << 20];
        let files = [("0", "a.bin", "audio/wav", large.as_slice()), ("1", "b.bin", "audio/wav", large.as_slice())];
        for (one, told) in [(library.as_str(), json!({"upload": {"source": "upload://a.bin"}})), (none, Value::Null)] {
            let operations = json!({"query": query, "variables": {"a": null, "b": null, "one": one, "two": library}}).to_string();
            let fields = [("operations", operations.as_str()), ("map", map)];
            let sent = pod.ask(Method::POST, "/graphql").by("alice").parts(&fields, &files).send().await.json();
            assert_eq!(sent["data"]["a"], told, "{sent}");
            assert_eq!(sent["data"]["b"], json!({"upload": {"source": "upload://b.bin"}}), "one that fails does not keep the other from coming in: {sent}");
        }
        let operations = json!({"query": query, "variables": {"a": null}}).to_string();
        for map in [format!("{{\"{}\": [\"variables.a\"]}}", "0".repeat(101)), format!("{{\"0\": [{}]}}", ["\"variables.a\""; 11].join(","))] {
            let fields = [("operations", operations.as_str()), ("map", map.as_str())];
            let sent = pod.ask(Method::POST, "/graphql").by("alice").parts(&fields, &files).send().await;
            assert_eq!(sent.status, StatusCode::BAD_REQUEST, "{}", sent.text);
        }
    }
}
