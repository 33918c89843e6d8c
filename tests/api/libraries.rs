//! Libraries of one's own: made, changed and deleted at both doors.
use baleen::store::sql;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Pod, on_both};

const ADDRESS: &str = "/api/v1/libraries";

async fn made(pod: &Pod, body: Value) -> Value {
    let made = pod.post(ADDRESS, &body).by("alice").send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()
}

on_both! {
    async fn a_library_is_made_changed_and_deleted(pod: Pod) {
        let new = made(&pod, json!({"name": " Vinyl ", "description": "Ripped"})).await;
        assert_eq!((&new["name"], &new["description"], &new["privacy_level"]), (&json!("Vinyl"), &json!("Ripped"), &json!("me")));
        assert_eq!((&new["uploads_count"], &new["size"], &new["actor"]["preferred_username"]), (&json!(0), &json!(0), &json!("alice")));
        let place = format!("{ADDRESS}/{}", new["uuid"].as_str().unwrap());
        let change = |body: Value| pod.ask(Method::PATCH, &place).header("content-type", "application/json").body(body.to_string()).by("alice").send();
        let changed = change(json!({"privacy_level": "everyone"})).await.json();
        assert_eq!((&changed["name"], &changed["description"], &changed["privacy_level"]), (&json!("Vinyl"), &json!("Ripped"), &json!("everyone")));
        let changed = change(json!({"name": "Records", "description": ""})).await.json();
        assert_eq!((&changed["name"], &changed["description"]), (&json!("Records"), &Value::Null));
        let found = pod.get(&format!("{ADDRESS}?q=records&scope=me")).by("alice").send().await.json();
        assert_eq!((&found["count"], &found["results"][0]["uuid"]), (&json!(1), &new["uuid"]));
        assert_eq!(pod.get(&place).send().await.json()["name"], "Records");
        let gone = pod.ask(Method::DELETE, &place).by("alice").send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(pod.get(&place).by("alice").send().await.status, StatusCode::NOT_FOUND);

        let twin = "mutation { createLibrary(input: {name: \"Tapes\", privacyLevel: INSTANCE}) { library { id databaseId name privacyLevel uploadsCount } } }";
        let twin = pod.graphql(twin).by("alice").send().await.json();
        let library = &twin["data"]["createLibrary"]["library"];
        assert_eq!((&library["name"], &library["privacyLevel"], &library["uploadsCount"]), (&json!("Tapes"), &json!("INSTANCE"), &json!(0)), "{twin}");
        let id = &library["id"];
        let twin = format!("mutation {{ updateLibrary(input: {{id: {id}, name: \"Cassettes\"}}) {{ library {{ id name privacyLevel }} }} }}");
        let twin = pod.graphql(&twin).by("alice").send().await.json();
        assert_eq!(twin["data"]["updateLibrary"]["library"], json!({"id": id, "name": "Cassettes", "privacyLevel": "INSTANCE"}), "{twin}");
        let twin = pod.graphql(&format!("mutation {{ deleteLibrary(input: {{id: {id}}}) {{ deletedId }} }}")).by("alice").send().await.json();
        assert_eq!(twin["data"]["deleteLibrary"]["deletedId"], *id, "{twin}");
    }

    async fn what_a_library_cannot_be_is_refused_by_field(pod: Pod) {
        for (body, complaints) in [
            (json!({"privacy_level": "followers"}), json!({"name": ["This field is required."], "privacy_level": ["\"followers\" is not a valid choice."]})),
            (json!({"name": "  "}), json!({"name": ["This field may not be blank."]})),
            (json!({"name": "x".repeat(101)}), json!({"name": ["Ensure this field has no more than 100 characters."]})),
            (json!({"name": "x", "description": "x".repeat(5_001)}), json!({"description": ["Ensure this field has no more than 5000 characters."]})),
        ] {
            let refused = pod.post(ADDRESS, &body).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, complaints), "{body}");
        }
        let twin = pod.graphql("mutation { createLibrary(input: {name: \"\"}) { library { name } } }").by("alice").send().await.json();
        assert_eq!(twin["errors"][0]["extensions"]["code"], "INVALID", "{twin}");
    }

    async fn nobody_changes_or_deletes_the_libraries_of_others(pod: Pod) {
        pod.person("dora").await;
        let new = made(&pod, json!({"name": "Mine", "privacy_level": "everyone"})).await;
        let uuid = new["uuid"].as_str().unwrap();
        let place = format!("{ADDRESS}/{uuid}");
        for method in [Method::PATCH, Method::PUT, Method::DELETE] {
            let ask = pod.ask(method.clone(), &place).header("content-type", "application/json").body("{\"name\": \"Yours\"}");
            let refused = ask.basic("dora", PASSWORD).send().await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{method} {}", refused.text);
        }
        for field in ["updateLibrary(input: {id: \"UUID\", name: \"Yours\"}) { library { name } }", "deleteLibrary(input: {id: \"UUID\"}) { deletedId }"] {
            let twin = format!("mutation {{ {} }}", field.replace("UUID", uuid));
            let twin = pod.graphql(&twin).basic("dora", PASSWORD).send().await.json();
            assert_eq!(twin["errors"][0]["extensions"]["code"], "NOT_FOUND", "{twin}");
        }
        // The library of a channel belongs to the channel.
        let channel = sql("update channels set library_id = (select l.id from libraries l where l.uuid = ?) where id = (select min(c.id) from channels c)");
        assert_eq!(channel.bind(uuid.parse::<uuid::Uuid>().unwrap()).run(pod.app.db()).await.unwrap(), 1);
        assert_eq!(pod.ask(Method::DELETE, &place).by("alice").send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(pod.get(&place).by("alice").send().await.json()["name"], "Mine");
    }
}
