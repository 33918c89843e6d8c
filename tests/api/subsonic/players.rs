//! Players' own libraries, and the schema of what they are answered.
use crate::{
    clients::{node, python, script},
    support::demo_pod,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_get_along() {
    let (Some(python), Some(node)) = (python(), node()) else {
        return;
    };
    let (server, alice) = demo_pod("players", &[]).await;
    let rotate = format!("{}/api/v1/users/alice/subsonic-token", server.base);
    let made = reqwest::Client::new()
        .post(rotate)
        .bearer_auth(&alice.token)
        .send()
        .await
        .unwrap();
    let made: serde_json::Value = serde_json::from_slice(&made.bytes().await.unwrap()).unwrap();
    let token = made["subsonic_api_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"));
    script(
        python,
        "subsonic.py",
        &[&server.base, "alice", token, &alice.token],
    )
    .await;
    script(node, "subsonic.mjs", &[&server.base, "alice", token]).await;
}
