//! Fields below root fields: the check is the same by whichever way an object is reached.
use serde_json::{Value, json};

use crate::support::{Pod, on_both};

/// The fields of a type that can be asked for without arguments, each with what it needs below it.
async fn fields(pod: &Pod, kind: &str) -> Vec<String> {
    let query = "query($kind: String!) { __type(name: $kind) { fields { name
        args { type { kind } } type { kind ofType { kind ofType { kind ofType { kind } } } } } } }";
    let body = json!({"query": query, "variables": {"kind": kind}});
    let answer = pod.post("/graphql", &body).send().await.json();
    let fields = answer["data"]["__type"]["fields"]
        .as_array()
        .unwrap()
        .clone();
    let open = fields.iter().filter(|field| {
        let arguments = field["args"].as_array().unwrap();
        arguments
            .iter()
            .all(|argument| argument["type"]["kind"] != "NON_NULL")
    });
    let spelled = open.map(|field| {
        let name = field["name"].as_str().unwrap();
        let mut kind = &field["type"];
        while kind["ofType"].is_object() {
            kind = &kind["ofType"];
        }
        match kind["kind"].as_str().unwrap() {
            "OBJECT" | "INTERFACE" | "UNION" => format!("{name} {{ __typename }}"),
            _ => name.to_owned(),
        }
    });
    spelled.collect()
}

/// What a field answers, and the codes of the refusals on the way to it.
async fn asked(pod: &Pod, query: &str, token: &str) -> (Value, Vec<Value>) {
    let ask = pod.graphql(query);
    let ask = if token.is_empty() { ask } else { ask.by(token) };
    let body = ask.send().await.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let codes = errors
        .iter()
        .map(|error| error["extensions"]["code"].clone());
    (body["data"]["found"].clone(), codes.collect())
}

on_both! {
    async fn a_field_asks_the_same_through_node_as_through_a_root_field(pod: Pod) with ["--throttling-enabled", "false"] => {
        let uploads = pod.graphql("{ track(databaseId: 1) { uploads { uuid } } }").by("app-alice").send().await.json();
        let upload = uploads["data"]["track"]["uploads"][0]["uuid"].as_str().unwrap().to_owned();
        let cover = pod.graphql("{ attachment(databaseId: 1) { uuid } }").by("app-alice").send().await.json();
        let cover = cover["data"]["attachment"]["uuid"].as_str().unwrap().to_owned();
        let mut refused = 0;
        for (kind, root) in [
            ("Artist", "artist(databaseId: 1)".to_owned()),
            ("Album", "album(databaseId: 1)".to_owned()),
            ("Track", "track(databaseId: 1)".to_owned()),
            ("Library", "library(databaseId: 1)".to_owned()),
            ("Attachment", format!("attachment(uuid: \"{cover}\")")),
            ("Tag", "tag(name: \"Rock\")".to_owned()),
            ("Upload", format!("upload(uuid: \"{upload}\")")),
        ] {
            let (found, _) = asked(&pod, &format!("{{ found: {root} {{ id }} }}"), "app-alice").await;
            let id = found["id"].as_str().unwrap_or_else(|| panic!("{root} is there"));
            for field in fields(&pod, kind).await {
                for token in ["app-alice", "alice", "app-bob", "narrow", ""] {
                    let direct = asked(&pod, &format!("{{ found: {root} {{ {field} }} }}"), token).await;
                    let query = format!("{{ found: node(id: \"{id}\") {{ ... on {kind} {{ {field} }} }} }}");
                    assert_eq!(asked(&pod, &query, token).await, direct, "{kind}.{field} by {token:?}");
                    refused += usize::from(!direct.1.is_empty());
                }
            }
        }
        assert!(refused > 20, "narrow tokens are refused");
    }

    async fn a_token_without_the_scope_of_a_nested_field_is_refused_that_field_alone(pod: Pod) {
        for query in [
            "{ found: artist(databaseId: 1) { name edits { uuid } } }".to_owned(),
            "{ found: album(databaseId: 1) { title edits { uuid } } }".to_owned(),
            "{ found: track(databaseId: 1) { title edits { uuid } } }".to_owned(),
        ] {
            let (_, codes) = asked(&pod, &query, "app-bob").await;
            assert_eq!(codes, [json!("FORBIDDEN")], "{query}");
        }
    }
}
