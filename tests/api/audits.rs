//! What others have written to try servers of this kind: linters of OpenAPI documents, schemathesis, and
//! the audit of GraphQL over HTTP.
use std::{path::PathBuf, process::Command};

use baleen::server;
use tokio::sync::oneshot;

use crate::{
    clients::{folder, node, python, run},
    support::{Backend, Data, Pod, free_port},
};

/// The small data set on a port, and the address.
async fn serving() -> (Pod, String) {
    let bind = format!("127.0.0.1:{}", free_port());
    let settings = ["--bind", &bind, "--throttling-enabled", "false"];
    let pod = Pod::with(Backend::Sqlite, Data::Small, &settings)
        .await
        .unwrap();
    let (ready, is_ready) = oneshot::channel();
    let app = pod.app.clone();
    tokio::spawn(server::serve(app, std::future::pending(), move |_| {
        ready.send(()).unwrap();
    }));
    is_ready.await.unwrap();
    (pod, format!("http://{bind}"))
}

/// The OpenAPI document, in a file.
async fn document(pod: &Pod) -> PathBuf {
    let path = pod.app.config().data.join("openapi.json");
    let document = pod.get("/api/v1/openapi.json").send().await.json();
    let text = serde_json::to_string_pretty(&document).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn tool(name: &str) -> Command {
    let mut command = Command::new(folder().join("node_modules/.bin").join(name));
    command.current_dir(folder());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn linters_find_no_error_in_the_openapi_document() {
    if node().is_none() {
        return;
    }
    let (pod, _) = serving().await;
    let path = document(&pod).await.display().to_string();
    for (name, arguments) in [
        ("redocly", vec!["lint", &path]),
        (
            "spectral",
            vec![
                "lint",
                "--ruleset",
                "spectral.yaml",
                "--fail-severity",
                "error",
                &path,
            ],
        ),
    ] {
        run(tool(name), &arguments).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn linters_and_relay_take_the_schema() {
    if node().is_none() {
        return;
    }
    let schema = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    run(tool("graphql-schema-linter"), &[schema.to_str().unwrap()]).await;
    let project = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("relay");
    let _ = std::fs::remove_dir_all(&project);
    std::fs::create_dir_all(project.join("src")).unwrap();
    std::fs::copy(folder().join("relay/App.js"), project.join("src/App.js")).unwrap();
    std::fs::copy(&schema, project.join("schema.graphql")).unwrap();
    let config = r#"{"src": "src", "schema": "schema.graphql", "language": "javascript"}"#;
    std::fs::write(project.join("relay.config.json"), config).unwrap();
    let mut relay = tool("relay-compiler");
    relay.current_dir(&project);
    run(relay, &["relay.config.json"]).await;
    assert!(
        project
            .join("src/__generated__/AppQuery.graphql.js")
            .exists()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graphql_over_http_is_as_the_specification_has_it() {
    if node().is_none() {
        return;
    }
    let (_pod, base) = serving().await;
    let script = folder().join("graphql-http.mjs").display().to_string();
    let told = run(Command::new("node"), &[&script, &base]).await;
    assert!(told.contains("61 of 61"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_as_the_openapi_document_says() {
    let Some(python) = python() else {
        return;
    };
    let (pod, base) = serving().await;
    let path = document(&pod).await.display().to_string();
    let checks = "response_schema_conformance,content_type_conformance,status_code_conformance,not_a_server_error";
    for token in ["app-alice", "none"] {
        let mut command = Command::new(python.get_program());
        command.current_dir(&pod.app.config().data);
        let bearer = format!("Authorization: Bearer {token}");
        run(
            command,
            &[
                "-m",
                "schemathesis.cli",
                "run",
                &path,
                "--url",
                &base,
                "-H",
                &bearer,
                "--checks",
                checks,
                "--phases",
                "examples,fuzzing",
                "--mode",
                "positive",
                "--max-examples",
                "8",
                "--seed",
                "7",
                "--no-color",
                // Browsers sign in, with pages for errors; other pods are not fetched from yet (501).
                "--exclude-path-regex",
                "/users/log(in|out)|/fetches|/musicbrainz",
            ],
        )
        .await;
    }
}
