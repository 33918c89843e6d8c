//! What moderators and administrators do.
mod catalogue;
mod domains;
mod moderation;
mod pages;
mod people;
mod server;
mod settings;

use baleen::store::sql;
use serde_json::{Value, json};

use crate::support::Pod;

/// The token of alice, who is given every permission but no other right.
pub const KEEPER: &str = "app-alice";

/// Gives alice every permission.
pub async fn appoint(pod: &Pod) {
    let appointed = sql(
        "update users set permission_library = true, permission_moderation = true,
           permission_settings = true where username = 'alice'",
    );
    assert_eq!(appointed.run(pod.app.db()).await.unwrap(), 1);
}

/// What the keeper is answered.
pub async fn read(pod: &Pod, address: &str) -> Value {
    let answer = pod.get(address).by(KEEPER).send().await;
    assert_eq!(answer.status, 200, "{address}: {}", answer.text);
    answer.json()
}

/// What the keeper is answered over GraphQL.
pub async fn query(pod: &Pod, query: &str) -> Value {
    let answer = pod.graphql(query).by(KEEPER).send().await.json();
    assert_eq!(answer["errors"], Value::Null, "{query}: {answer}");
    answer["data"].clone()
}

/// The newest entry of the audit log: the operation, what it was done to, and the values.
pub async fn last_deed(pod: &Pod) -> Value {
    let log = read(pod, "/api/v1/manage/audit?page_size=1").await;
    let entry = &log["results"][0];
    assert_eq!(
        (&entry["username"], &entry["address"]),
        (&json!("alice"), &json!("198.51.100.7"))
    );
    let twin = query(
        pod,
        "{ auditEntries(first: 1) { nodes { operation target details user { username } } } }",
    )
    .await;
    let twin = &twin["auditEntries"]["nodes"][0];
    assert_eq!(
        (&twin["operation"], &twin["target"], &twin["details"]),
        (&entry["operation"], &entry["target"], &entry["details"])
    );
    assert_eq!(twin["user"]["username"], "alice");
    json!([entry["operation"], entry["target"], entry["details"]])
}
