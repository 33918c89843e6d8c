//! What owners of channels can make and take away.
use baleen::store::sql;
use poem::http::Method;
use serde_json::json;

use crate::support::{Pod, on_both};

async fn count(pod: &Pod, query: &'static str) -> i64 {
    sql(query).number(pod.app.db()).await.unwrap()
}

on_both! {
    async fn an_album_of_an_own_channel_is_made_at_both_doors(pod: Pod) {
        let new = json!({
            "title": "New episodes", "artist": 6, "release_date": "2024-02-29", "tags": ["rock", "Fresh"],
            "description": {"text": "*Hello*", "content_type": "text/markdown"},
        });
        let answer = pod.post("/api/v1/albums", &new).by("alice").send().await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
        let body = answer.json();
        assert_eq!(body["tags"], json!(["Fresh", "Rock"]));
        assert_eq!(body["artist"]["name"], "The Podcast");
        assert_eq!(body["attributed_to"]["preferred_username"], "alice");
        let shown = pod.get(&format!("/api/v1/albums/{}", body["id"])).send().await.json();
        assert_eq!(shown["description"]["html"], "<p><em>Hello</em></p>");
        assert_eq!(shown["release_date"], "2024-02-29");

        let query = "mutation { createAlbum(input: {title: \"Twin\", artist: 6, tags: [\"fresh\"]}) { album { title tags { name } \
            artistCredit { credit } } } }";
        let twin = pod.graphql(query).by("alice").send().await.json();
        assert_eq!(twin["data"]["createAlbum"]["album"], json!({
            "title": "Twin", "tags": [{"name": "Fresh"}], "artistCredit": [{"credit": "The Podcast"}],
        }), "{twin}");
    }

    async fn an_album_that_makes_no_sense_is_refused_by_field_and_nothing_is_written(pod: Pod) {
        let albums = count(&pod, "select count(*) from albums").await;
        for (new, field, complaint) in [
            (json!({"artist": 6}), "title", "This field is required."),
            (json!({"title": " ", "artist": 6}), "title", "This field may not be blank."),
            (json!({"title": "a".repeat(256), "artist": 6}), "title", "Ensure this field has no more than 255 characters."),
            (json!({"title": "x", "artist": 1}), "artist", "Object with id=1 does not exist."),
            (json!({"title": "x", "artist": "y"}), "artist", "Incorrect type. Expected pk value, received str."),
            (json!({"title": "x", "artist": 6, "tags": "a"}), "tags", "Expected a list of items but got type \"str\"."),
            (json!({"title": "x", "artist": 6, "cover": "00000000-0000-0000-0000-000000000000"}), "cover",
                "Object with uuid=00000000-0000-0000-0000-000000000000 does not exist."),
            (json!({"title": "x", "artist": 6, "description": {"text": "a", "content_type": "text/x"}}), "description",
                "\"text/x\" is not a valid choice."),
        ] {
            let answer = pod.post("/api/v1/albums", &new).by("alice").send().await;
            assert_eq!(answer.status.as_u16(), 400, "{new}: {}", answer.text);
            assert_eq!(answer.json(), json!({field: [complaint]}), "{new}");
        }
        let tags = json!({"title": "x", "artist": 6, "tags": ["fine", "a b"]});
        let answer = pod.post("/api/v1/albums", &tags).by("alice").send().await;
        assert_eq!(answer.json(), json!({"tags": {"1": ["Invalid tag \"a b\""]}}));
        let query = "mutation { createAlbum(input: {title: \"x\", artist: 1}) { album { title } } }";
        let twin = pod.graphql(query).by("alice").send().await.json();
        assert_eq!(twin["errors"][0]["extensions"]["fields"]["artist"], json!(["Object with id=1 does not exist."]));
        let nobody = "00000000-0000-0000-0000-000000000000";
        let query = format!("mutation {{ createAlbum(input: {{title: \"x\", artist: \"{nobody}\"}}) {{ album {{ title }} }} }}");
        let twin = pod.graphql(&query).by("alice").send().await.json();
        assert_eq!(twin["errors"][0]["extensions"]["fields"]["artist"], json!([format!("Object with uuid={nobody} does not exist.")]));
        assert_eq!(count(&pod, "select count(*) from albums").await, albums);
        assert_eq!(count(&pod, "select count(*) from tags where name = 'fine'").await, 0);
        assert_eq!(count(&pod, "select count(*) from contents").await, 2);
    }

    async fn only_the_owner_of_the_channel_takes_away(pod: Pod) {
        let delete = |address: &'static str, token: &'static str| pod.ask(Method::DELETE, address).by(token).send();
        for (address, token, status) in [
            ("/api/v1/albums/1", "alice", 404),
            ("/api/v1/tracks/1", "alice", 404),
            ("/api/v1/albums/6", "bob", 403),
            ("/api/v1/tracks/21", "alice", 204),
            ("/api/v1/tracks/21", "alice", 404),
        ] {
            assert_eq!(delete(address, token).await.status.as_u16(), status, "{address} by {token}");
        }
        let track = pod.graphql("{ track(databaseId: 22) { id } }").send().await.json()["data"]["track"]["id"].clone();
        let query = format!("mutation {{ deleteTrack(input: {{id: {track}}}) {{ deletedId }} }}");
        let foreign = pod.graphql(&query).by("bob").send().await.json();
        assert!(foreign["data"]["deleteTrack"].is_null() && foreign["errors"].is_array(), "{foreign}");
        let gone = pod.graphql(&query).by("alice").send().await.json();
        assert_eq!(gone["data"]["deleteTrack"]["deletedId"], track, "{gone}");
        assert_eq!(count(&pod, "select count(*) from tracks where id = 22").await, 0);
        let query = "mutation { deleteAlbum(input: {id: 6}) { deletedId } }";
        let gone = pod.graphql(query).by("alice").send().await.json();
        assert!(gone["data"]["deleteAlbum"]["deletedId"].is_string(), "{gone}");
        assert_eq!(count(&pod, "select count(*) from tracks where id in (21, 22)").await, 0);
        assert_eq!(count(&pod, "select count(*) from album_artists where album_id = 6").await, 0);
        assert_eq!(count(&pod, "select count(*) from track_artists where track_id = 22").await, 0);
    }
}
