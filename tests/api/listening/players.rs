//! Marks, bookmarks and play queues: what players keep, at all doors.
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Pod, on_both};

async fn put(pod: &Pod, address: &str, body: Value) -> Answer {
    let json = "application/json";
    let ask = pod
        .ask(Method::PUT, address)
        .by("alice")
        .header("content-type", json);
    ask.body(body.to_string()).send().await
}

async fn query(pod: &Pod, query: &str) -> Value {
    let answer = pod.graphql(query).by("alice").send().await.json();
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

async fn global(pod: &Pod, field: &str) -> String {
    let found = query(pod, &format!("{{ {field}(databaseId: 1) {{ id }} }}")).await;
    found[field]["id"].as_str().unwrap().to_owned()
}

/// What alice's player is told.
async fn player(pod: &Pod, request: &str) -> Value {
    let address = format!("/rest/{request}&u=alice&p=sub-alice&f=json&c=player");
    pod.get(&address).send().await.json()["subsonic-response"].clone()
}

on_both! {
    async fn stars_and_ratings_are_the_same_at_all_doors(pod: Pod) {
        let answer = put(&pod, "/api/v1/marks", json!({"type": "album", "id": 1, "rating": 4, "is_starred": true})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let mark = answer.json();
        assert_eq!((&mark["type"], &mark["id"], &mark["rating"]), (&json!("album"), &json!(1), &json!(4)));
        assert!(mark["starred_date"].is_string());
        let seen = query(&pod, "{ album(databaseId: 1) { isStarred viewerRating } marks { nodes { rating starredDate album { title } artist { name } } } }").await;
        assert_eq!(seen["album"], json!({"isStarred": true, "viewerRating": 4}));
        assert_eq!(seen["marks"]["nodes"][0]["album"]["title"], "First");
        assert_eq!(seen["marks"]["nodes"][0]["artist"], Value::Null);
        let told = player(&pod, "getAlbum?id=al-1").await["album"].clone();
        assert_eq!((&told["userRating"], told["starred"].is_string()), (&json!(4), true));
        // What is not sent stays; 0 is none.
        let artist = global(&pod, "artist").await;
        let mutation = |input: &str| format!("mutation {{ updateMark(input: {{subject: \"{artist}\", {input}}}) {{ mark {{ rating }} artist {{ viewerRating isStarred }} }} }}");
        let made = query(&pod, &mutation("rating: 5, isStarred: true")).await;
        assert_eq!(made["updateMark"]["artist"], json!({"viewerRating": 5, "isStarred": true}));
        let made = query(&pod, &mutation("rating: 0")).await;
        assert_eq!(made["updateMark"], json!({"mark": {"rating": null}, "artist": {"viewerRating": null, "isStarred": true}}));
        let listed = pod.get("/api/v1/marks?type=artist").by("alice").send().await.json();
        assert_eq!((&listed["count"], &listed["results"][0]["type"]), (&json!(1), &json!("artist")));
        let starred = player(&pod, "getStarred2?x").await["starred2"].clone();
        assert_eq!((&starred["artist"][0]["id"], &starred["album"][0]["id"]), (&json!("ar-1"), &json!("al-1")));
        let made = query(&pod, &mutation("isStarred: false")).await;
        assert_eq!(made["updateMark"]["mark"], Value::Null);
        // By a player.
        player(&pod, "setRating?id=tr-1&rating=3").await;
        player(&pod, "star?albumId=al-3&id=ar-1").await;
        player(&pod, "unstar?id=al-1").await;
        let seen = query(&pod, "{ track(databaseId: 1) { viewerRating } album(databaseId: 1) { isStarred viewerRating } artist(databaseId: 1) { isStarred } }").await;
        assert_eq!(seen, json!({"track": {"viewerRating": 3}, "album": {"isStarred": false, "viewerRating": 4}, "artist": {"isStarred": true}}));
        for (kind, first) in [("highest", "al-1"), ("starred", "al-3")] {
            let list = player(&pod, &format!("getAlbumList2?type={kind}")).await["albumList2"]["album"].clone();
            assert_eq!(list[0]["id"], first, "{kind}: {list}");
        }
        // They are the caller's own.
        let others = pod.get("/api/v1/marks").by("bob").send().await;
        assert_eq!(others.json()["count"], 0);
        assert_eq!(pod.graphql("{ album(databaseId: 1) { isStarred viewerRating } }").send().await.json()["data"]["album"],
            json!({"isStarred": false, "viewerRating": null}));
    }

    async fn what_is_no_mark_is_refused_by_field(pod: Pod) {
        for (body, field) in [
            (json!({"type": "album", "id": 1, "rating": 6}), "rating"),
            (json!({"type": "album", "id": 1, "rating": -1}), "rating"),
            (json!({"type": "album", "id": 999, "rating": 1}), "id"),
            (json!({"type": "song", "id": 1}), "type"),
            (json!({"type": "track", "id": 1, "is_starred": true}), "is_starred"),
        ] {
            let answer = put(&pod, "/api/v1/marks", body.clone()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert!(!answer.json()[field].is_null(), "{body}: {}", answer.text);
        }
        let library = global(&pod, "library").await;
        for subject in ["", "zz", &library] {
            let mutation = format!("mutation {{ updateMark(input: {{subject: \"{subject}\", rating: 1}}) {{ mark {{ rating }} }} }}");
            let answer = pod.graphql(&mutation).by("alice").send().await.json();
            assert!(!answer["errors"][0]["extensions"]["fields"]["subject"].is_null(), "{answer}");
        }
        assert_eq!(player(&pod, "setRating?id=tr-1&rating=6").await["error"]["code"], 0);
        assert_eq!(player(&pod, "setRating?id=tr-1").await["error"]["code"], 10);
        assert_eq!(player(&pod, "star?id=pl-1").await["error"]["code"], 70);
        // All or none.
        assert_eq!(player(&pod, "star?albumId=al-1&albumId=al-999").await["status"], "failed");
        assert_eq!(pod.get("/api/v1/marks").by("alice").send().await.json()["count"], 0);
    }

    async fn a_bookmark_is_kept_in_each_track(pod: Pod) {
        let saved = put(&pod, "/api/v1/bookmarks", json!({"track": 1, "position": 61_000, "comment": "here"})).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
        assert_eq!((&saved.json()["position"], &saved.json()["track"]["id"]), (&json!(61_000), &json!(1)));
        pod.wait(5);
        let again = query(&pod, "mutation { saveBookmark(input: {track: 1, position: 90000}) { bookmark { databaseId position comment creationDate modificationDate track { title } } } }").await;
        let again = again["saveBookmark"]["bookmark"].clone();
        assert_eq!((&again["databaseId"], &again["position"], &again["comment"]), (&saved.json()["id"], &json!(90_000), &json!("here")));
        assert_eq!(again["creationDate"], saved.json()["creation_date"]);
        assert_ne!(again["modificationDate"], again["creationDate"]);
        player(&pod, "createBookmark?id=tr-2&position=5&comment=").await;
        let told = player(&pod, "getBookmarks?x").await["bookmarks"]["bookmark"].clone();
        assert_eq!((&told[1]["entry"]["id"], &told[1]["position"], &told[1]["username"]), (&json!("tr-1"), &json!(90_000), &json!("alice")));
        assert_eq!(player(&pod, "getSong?id=tr-1").await["song"]["bookmarkPosition"], 90_000);
        let listed = pod.get("/api/v1/bookmarks?track=1").by("alice").send().await.json();
        assert_eq!(listed["results"][0]["id"], again["databaseId"]);
        // They are the caller's own.
        assert_eq!(pod.get("/api/v1/bookmarks").by("bob").send().await.json()["count"], 0);
        for (body, field) in [(json!({"track": 999, "position": 1}), "track"), (json!({"track": 1, "position": -1}), "position")] {
            let answer = put(&pod, "/api/v1/bookmarks", body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert!(!answer.json()[field].is_null(), "{}", answer.text);
        }
        player(&pod, "deleteBookmark?id=tr-2").await;
        assert_eq!(player(&pod, "deleteBookmark?id=tr-2").await["error"]["code"], 70);
        let gone = pod.ask(Method::DELETE, &format!("/api/v1/bookmarks/{}", again["databaseId"])).by("alice").send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(query(&pod, "{ bookmarks { nodes { position } } }").await["bookmarks"]["nodes"], json!([]));
    }

    async fn a_queue_is_saved_on_one_device_and_opened_on_another(pod: Pod) {
        let none = pod.get("/api/v1/play-queue").by("alice").send().await.json();
        assert_eq!((&none["tracks"], &none["modification_date"]), (&json!([]), &Value::Null));
        assert_eq!(player(&pod, "getPlayQueue?x").await["playQueue"], Value::Null);
        player(&pod, "savePlayQueue?id=tr-1&id=tr-2&id=tr-1&current=tr-2&position=1500").await;
        let queue = pod.get("/api/v1/play-queue").by("alice").send().await.json();
        let ids: Vec<_> = queue["tracks"].as_array().unwrap().iter().map(|track| track["id"].as_i64().unwrap()).collect();
        assert_eq!((ids, &queue["current_index"], &queue["position"], &queue["changed_by"]), (vec![1, 2, 1], &json!(1), &json!(1500), &json!("player")));
        let seen = query(&pod, "{ playQueue { currentIndex tracksCount tracks(first: 2, offset: 1) { databaseId } } }").await;
        assert_eq!(seen["playQueue"], json!({"currentIndex": 1, "tracksCount": 3, "tracks": [{"databaseId": 2}, {"databaseId": 1}]}));
        // The same track twice: its place tells which.
        player(&pod, "savePlayQueueByIndex?id=tr-1&id=tr-2&id=tr-1&currentIndex=2&position=7").await;
        let told = player(&pod, "getPlayQueueByIndex?x").await["playQueueByIndex"].clone();
        assert_eq!((&told["currentIndex"], &told["position"], &told["changedBy"]), (&json!(2), &json!(7), &json!("player")));
        let told = player(&pod, "getPlayQueue?x").await["playQueue"].clone();
        assert_eq!((&told["current"], &told["entry"][1]["id"]), (&json!("tr-1"), &json!("tr-2")));
        let saved = query(&pod, "mutation { savePlayQueue(input: {tracks: [3, 2], currentIndex: 0, changedBy: \"web\"}) { playQueue { changedBy position tracks { databaseId } } } }").await;
        assert_eq!(saved["savePlayQueue"]["playQueue"], json!({"changedBy": "web", "position": 0, "tracks": [{"databaseId": 3}, {"databaseId": 2}]}));
        for (body, field) in [
            (json!({"tracks": [1, 999]}), "tracks"),
            (json!({"tracks": [1], "current_index": 1}), "current_index"),
            (json!({"tracks": [1], "position": -1}), "position"),
        ] {
            let answer = put(&pod, "/api/v1/play-queue", body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert!(!answer.json()[field].is_null(), "{}", answer.text);
        }
        assert_eq!(player(&pod, "savePlayQueueByIndex?id=tr-1").await["error"]["code"], 10);
        assert_eq!(player(&pod, "savePlayQueueByIndex?id=tr-1&currentIndex=-1").await["error"]["code"], 0);
        // Nothing of that was kept; nobody else has it.
        assert_eq!(pod.get("/api/v1/play-queue").by("alice").send().await.json()["changed_by"], "web");
        assert_eq!(pod.get("/api/v1/play-queue").by("bob").send().await.json()["tracks"], json!([]));
        // Songs that were deleted are passed over, as a current one that is none of them; without songs it ends.
        player(&pod, "savePlayQueue?id=tr-999&id=tr-1&id=tr-2&current=tr-2").await;
        let told = player(&pod, "getPlayQueueByIndex?x").await["playQueueByIndex"].clone();
        assert_eq!((&told["currentIndex"], told["entry"].as_array().unwrap().len()), (&json!(1), 2));
        player(&pod, "savePlayQueue?id=tr-1&current=tr-2").await;
        assert_eq!(player(&pod, "getPlayQueue?x").await["playQueue"]["current"], Value::Null);
        player(&pod, "savePlayQueue?x").await;
        assert_eq!(query(&pod, "{ playQueue { position } }").await["playQueue"], Value::Null);
    }

    async fn others_see_what_is_played_now_if_they_may(pod: Pod) {
        let by_bob = pod.get("/rest/scrobble?u=bob&p=sub-bob&id=tr-1&f=json").send().await;
        assert_eq!(by_bob.json()["subsonic-response"]["status"], "ok");
        // What others have recorded for a time to come does not hide it.
        let ahead = pod.app.clock().now().plus_seconds(3_600).to_string();
        pod.post("/api/v1/history/listenings", &json!({"track": 2, "creation_date": ahead})).by("alice").send().await;
        pod.wait(130);
        let entry = player(&pod, "getNowPlaying?x").await["nowPlaying"]["entry"].clone();
        assert_eq!((&entry[0]["username"], &entry[0]["id"], &entry[0]["minutesAgo"]), (&json!("bob"), &json!("tr-1"), &json!(2)));
        pod.wait(600);
        assert_eq!(player(&pod, "getNowPlaying?x").await["nowPlaying"]["entry"], json!([]));
    }
}
