//! Uploading files through GraphQL.
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{files, library, song};
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
