//! The OpenAPI document.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{routes::JSON, service};
use url::form_urlencoded;

use crate::{
    config::Config,
    guard::Info,
    resources::{operation_of, operations},
    scope::Scope,
};

/// Fields of answers that are left out instead of being null, by schema.
const LEFT_OUT: &[(&str, &str)] = &[
    ("Embed", "thumbnail_url"),
    ("Embed", "thumbnail_width"),
    ("Embed", "thumbnail_height"),
    ("OwnApplication", "token"),
    ("Upload", "filename"),
];

/// The OpenAPI document of this server.
pub fn document(config: &Config) -> Value {
    let mut document: Value =
        serde_json::from_str(&service(config).spec()).expect("poem-openapi writes JSON");
    document["tags"] = tags();
    document["components"]["securitySchemes"] = json!({ "oauth2": oauth2(config) });
    name_nulls(&mut document);
    name_refusals(&mut document);
    link_twins(&mut document, config);
    document
}

/// A tag for each resource.
fn tags() -> Value {
    let named = |info: &'static Info| Some((info.name.split('.').next()?, info.about));
    let mut tags: Vec<_> = operations().filter_map(named).collect();
    tags.dedup();
    let tag = |(name, about)| json!({ "name": name, "description": about });
    tags.into_iter().map(tag).collect()
}

/// Links each operation to the GraphQL field that does the same, in GraphiQL.
fn link_twins(document: &mut Value, config: &Config) {
    let root = config.public_url();
    for operation in operations_of(document) {
        let named = operation["operationId"].as_str().and_then(operation_of);
        let Some(info) = named.filter(|info| !info.graphql.starts_with('(')) else {
            continue;
        };
        let start = start_of_query(info.graphql);
        let query: String = form_urlencoded::byte_serialize(start.as_bytes()).collect();
        let url = format!("{root}/graphiql?query={query}");
        let description = format!("In GraphQL: {}", info.graphql);
        operation["externalDocs"] = json!({ "description": description, "url": url });
    }
}

/// A query to start from.
fn start_of_query(field: &str) -> String {
    match field.split_once('.') {
        None => format!("{{\n  {field} {{\n    __typename\n  }}\n}}\n"),
        Some(("Mutation", field)) => {
            format!("mutation {{\n  {field}(input: {{}}) {{\n    __typename\n  }}\n}}\n")
        }
        Some((kind, field)) => {
            format!("# Below any {kind}: {field}\n{{\n  __typename\n}}\n")
        }
    }
}

fn operations_of(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let methods = paths.flat_map(|(_, methods)| methods.as_object_mut().into_iter().flatten());
    methods.map(|(_, operation)| operation)
}

fn oauth2(config: &Config) -> Value {
    let root = config.public_url();
    let both = |scope: Scope| {
        let verb = if scope.word().starts_with("read") {
            "Read"
        } else {
            "Change"
        };
        (
            scope.word().to_owned(),
            json!(format!("{verb}: {}", scope.1.about())),
        )
    };
    let scopes: Map<String, Value> = Scope::all().map(both).collect();
    json!({
        "type": "oauth2",
        "description": "Bearer tokens (RFC 6750).",
        "flows": { "authorizationCode": {
            "authorizationUrl": format!("{root}/authorize"),
            "tokenUrl": format!("{root}/api/v1/oauth/token/"),
            "refreshUrl": format!("{root}/api/v1/oauth/token/"),
            "scopes": scopes,
        } },
    })
}

/// An answer has all of its fields; one that has no value is null. (What is sent to the server may
/// leave such a field out, so only schemas of answers are told of.)
fn name_nulls(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let answers = reached(document, &schemas, "responses");
    let bodies = reached(document, &schemas, "requestBody");
    for name in answers.difference(&bodies) {
        let schema = &mut document["components"]["schemas"][name.as_str()];
        tell_nulls(name, schema, &schemas);
    }
}

/// Every operation may be refused, and the server may fail; where an operation does not say so
/// itself, it is said here. Paths of audio call their errors by the media type of the audio.
fn name_refusals(document: &mut Value) {
    for operation in operations_of(document) {
        let named = operation["operationId"].as_str().and_then(operation_of);
        let media = named.map_or(JSON, |info| info.wire.media_of_errors());
        let Some(responses) = operation["responses"].as_object_mut() else {
            continue;
        };
        if !responses.keys().any(|status| status.starts_with('4')) {
            let refusal = refusal("The request was refused.", "FieldErrors");
            responses.insert("4XX".to_owned(), refusal);
        }
        let failure = refusal("The server failed or is busy.", "Detail");
        responses.insert("5XX".to_owned(), failure);
        for (_, response) in responses
            .iter_mut()
            .filter(|(status, _)| !status.starts_with('2'))
        {
            call(response, media);
        }
    }
}

fn refusal(description: &str, schema: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "description": description, "content": { JSON: { "schema": schema } } })
}

/// Gives the JSON of a response another media type.
fn call(response: &mut Value, media: &str) {
    let content = response.get_mut("content").and_then(Value::as_object_mut);
    if let Some(content) = content.filter(|_| media != JSON)
        && let Some(schema) = content.remove(JSON)
    {
        content.insert(media.to_owned(), schema);
    }
}

/// The schemas that a part of the operations leads to.
fn reached(document: &Value, schemas: &Value, part: &str) -> BTreeSet<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, methods)| methods.as_object().into_iter().flatten());
    let mut found = BTreeSet::new();
    for (_, operation) in operations {
        follow(&operation[part], schemas, &mut found);
    }
    found
}

fn follow(value: &Value, schemas: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(referred)
                && found.insert(name.to_owned())
            {
                follow(&schemas[name], schemas, found);
            }
            fields
                .values()
                .for_each(|value| follow(value, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| follow(item, schemas, found)),
        _ => {}
    }
}

fn referred(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

fn tell_nulls(name: &str, schema: &mut Value, schemas: &Value) {
    // A schema that takes another's fields in has its own in a part.
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        tell_nulls(name, part, schemas);
    }
    // Such an object has the fields that it has.
    if schema.get("additionalProperties").is_some() {
        return;
    }
    let required: BTreeSet<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let mut sent = Vec::new();
    for (field, property) in properties.iter_mut() {
        if !LEFT_OUT.contains(&(name, field)) {
            sent.push(json!(field));
        }
        if !required.contains(field) {
            *property = nullable(property.take(), schemas);
        }
    }
    schema["required"] = Value::Array(sent);
}

/// The same schema, or null. OpenAPI 3.0 wants the type to stand beside `nullable`, and nothing
/// beside a reference.
fn nullable(property: Value, schemas: &Value) -> Value {
    let mut fields: Map<String, Value> = match property {
        Value::Object(fields) => fields,
        other => return other,
    };
    let kind = kind_of(&fields, schemas);
    if let Some(reference) = fields.remove("$ref") {
        fields.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
    // A schema without a type takes null as it is.
    if let Some(kind) = kind {
        fields.insert("type".to_owned(), kind);
        fields.insert("nullable".to_owned(), json!(true));
    }
    Value::Object(fields)
}

fn kind_of(schema: &Map<String, Value>, schemas: &Value) -> Option<Value> {
    if let Some(kind) = schema.get("type") {
        return Some(kind.clone());
    }
    let parts = schema.get("allOf").and_then(Value::as_array);
    let first = parts.and_then(|parts| parts.first()?.as_object());
    let named = schema.get("$ref").and_then(referred);
    let next = named.and_then(|name| schemas[name].as_object()).or(first)?;
    kind_of(next, schemas)
}
