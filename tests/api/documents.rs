//! What is written down is what the program says: generated, and tested fresh.
use std::{fs, path::Path};

use baleen::{cli, config::Config, graphql, rest};
use serde_json::Value;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_schema_file_is_fresh() {
    let fresh = graphql::sdl();
    assert!(
        file("schema.graphql").trim() == fresh.trim(),
        "run: cargo run -- schema > schema.graphql"
    );
}

#[test]
fn the_table_of_operations_is_fresh() {
    let fresh = cli::operations();
    assert!(
        file("docs/OPERATIONS.md").trim().ends_with(fresh.trim()),
        "run: scripts/fresh"
    );
}

#[test]
fn the_table_of_settings_is_fresh() {
    assert!(
        file("README.md").contains(cli::settings().trim()),
        "run: scripts/fresh"
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    let schema = graphql::schema(&Config::of(&[]).unwrap());
    let query = "{ __schema { types { name kind description enumValues { name description } \
        inputFields { name description } fields { name description args { name description } } } } }";
    let answer = futures_util::FutureExt::now_or_never(schema.execute(query)).unwrap();
    let data: Value = serde_json::to_value(answer.data).unwrap();
    let mut bare = Vec::new();
    let silent = |item: &Value| item["description"].as_str().unwrap_or_default().is_empty();
    // These arguments are Relay's, and mean everywhere the same.
    let relay = [
        "first",
        "after",
        "last",
        "before",
        "filter",
        "orderBy",
        "id",
        "ids",
        "databaseId",
        "uuid",
        "code",
        "name",
        "query",
    ];
    for kind in data["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if name.starts_with("__") || ["Boolean", "Float", "ID", "Int", "String"].contains(&name) {
            continue;
        }
        if silent(kind) && name != "Node" {
            bare.push(name.to_owned());
        }
        for part in ["fields", "inputFields", "enumValues"] {
            for item in kind[part].as_array().into_iter().flatten() {
                if silent(item) {
                    bare.push(format!("{name}.{}", item["name"]));
                }
                for argument in item["args"].as_array().into_iter().flatten() {
                    if silent(argument) && !relay.contains(&argument["name"].as_str().unwrap()) {
                        bare.push(format!("{name}.{}({})", item["name"], argument["name"]));
                    }
                }
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

#[test]
fn every_operation_of_the_openapi_document_is_told_whole() {
    let document = rest::document(&Config::of(&[]).unwrap());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(operation["operationId"].is_string(), "{place}");
            assert!(
                operation["summary"]
                    .as_str()
                    .is_some_and(|text| text.ends_with('.')),
                "{place}"
            );
            assert!(operation["security"].is_array(), "{place}");
            let done = ["200", "201", "204", "302"]
                .iter()
                .any(|status| operation["responses"][status].is_object());
            assert!(done, "{place}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let described = parameter["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty());
                assert!(described, "{place}: {}", parameter["name"]);
            }
        }
    }
}
