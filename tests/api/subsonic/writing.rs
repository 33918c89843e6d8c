//! What players write: favorites, plays and playlists.
use baleen::store::sql;
use serde_json::{Value, json};

use super::{alice, ask, code, refused};
use crate::support::{Pod, on_both};

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

on_both! {
    async fn songs_are_marked_and_unmarked(pod: Pod) {
        let starred = ask(&pod, "getStarred2", "").await["starred2"]["song"].clone();
        assert_eq!(ids(&starred).len(), 2);
        ask(&pod, "star", "id=tr-1&id=3&id=tr-1").await;
        let starred = ask(&pod, "getStarred", "").await["starred"]["song"].clone();
        assert_eq!(ids(&starred)[..2], ["tr-3", "tr-1"]);
        assert!(starred[0]["starred"].is_string());
        let song = ask(&pod, "getSong", "id=tr-1").await;
        assert_eq!(song["song"]["starred"], starred[1]["starred"]);
        // The other APIs have the same favorites.
        let track = pod.graphql("{ track(id: \"1\") { isFavorite } }").by("alice").send().await;
        assert_eq!(track.json()["data"]["track"]["isFavorite"], true);
        ask(&pod, "unstar", "id=tr-1&id=tr-4").await;
        assert!(ask(&pod, "getSong", "id=tr-1").await["song"]["starred"].is_null());
        // All or none.
        assert_eq!(code(&pod, "star", "id=tr-4&id=tr-999").await, 70);
        assert_eq!(code(&pod, "star", &vec!["id=tr-4"; 1_001].join("&")).await, 0);
        assert!(ask(&pod, "getSong", "id=tr-4").await["song"]["starred"].is_null());
        assert_eq!(code(&pod, "star", "id=tr-4&albumId=al-1&artistId=ar-999").await, 70);
        assert_eq!(code(&pod, "star", "id=tr-999&albumId=al-1").await, 70);
        assert!(ask(&pod, "getAlbum", "id=al-1").await["album"]["starred"].is_null());
        assert!(ask(&pod, "getSong", "id=tr-4").await["song"]["starred"].is_null());
        assert_eq!(code(&pod, "star", "").await, 10);
    }

    async fn plays_are_recorded_at_their_times(pod: Pod) {
        let count = async || {
            let count = sql("select count(*) from listenings where user_id = 1");
            count.number(pod.app.db()).await.unwrap()
        };
        let before = count().await;
        ask(&pod, "scrobble", "id=tr-1&submission=false").await;
        assert_eq!(count().await, before);
        ask(&pod, "scrobble", "id=tr-1").await;
        ask(&pod, "scrobble", "id=tr-1&time=1790000000000&id=3&time=1790000100000&id=tr-1&time=1790000200000&submission=true").await;
        assert_eq!(count().await, before + 4);
        let song = ask(&pod, "getSong", "id=tr-3").await["song"].clone();
        assert_eq!((&song["playCount"], &song["played"]), (&json!(1), &json!("2026-09-21T14:15:00.000Z")));
        assert_eq!(ask(&pod, "getSong", "id=tr-1").await["song"]["playCount"], 3);
        let recent = ask(&pod, "getAlbumList2", "type=recent").await;
        assert_eq!(recent["albumList2"]["album"][0]["playCount"], before + 4);
        // Sent again, it is not recorded again; what is gone is passed over; what is to come is now.
        ask(&pod, "scrobble", "id=tr-1&time=1790000000000&id=tr-999&time=1790000000000&id=tr-3&time=1790000100000").await;
        assert_eq!(count().await, before + 4);
        ask(&pod, "scrobble", "id=tr-2&time=9990000000000").await;
        let played = ask(&pod, "getSong", "id=tr-2").await["song"]["played"].clone();
        assert_eq!(played, "2027-01-15T08:00:00.000Z");
        assert_eq!(code(&pod, "scrobble", "id=tr-999").await, 70);
        assert_eq!(code(&pod, "scrobble", "id=tr-1&time=-200000000000000").await, 0);
        assert_eq!(code(&pod, "scrobble", "id=tr-1&id=tr-2&time=1790000000000").await, 0);
        assert_eq!(count().await, before + 5);
    }

    async fn playlists_are_made_changed_and_deleted(pod: Pod) {
        let made = ask(&pod, "createPlaylist", "name=Mine&songId=tr-1&songId=2&songId=tr-1").await["playlist"].clone();
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!(ids(&made["entry"]), ["tr-1", "tr-2", "tr-1"]);
        assert_eq!((&made["owner"], &made["songCount"], &made["duration"], &made["coverArt"]),
            (&json!("alice"), &json!(3), &json!(180), &json!(id)));
        // Everybody on the pod sees it, as alice's privacy level says.
        assert_eq!(made["public"], true);
        ask(&pod, "updatePlaylist", &format!("playlistId={id}&name=Ours&public=true&songIdToAdd=tr-3&songIndexToRemove=0&songIndexToRemove=1")).await;
        let told = ask(&pod, "getPlaylist", &format!("id={id}")).await["playlist"].clone();
        assert_eq!(ids(&told["entry"]), ["tr-1", "tr-3"]);
        assert_eq!((&told["name"], &told["public"]), (&json!("Ours"), &json!(true)));
        let listed = ask(&pod, "getPlaylists", "").await["playlists"]["playlist"].clone();
        assert!(ids(&listed).contains(&id.as_str()));
        ask(&pod, "createPlaylist", &format!("playlistId={id}&songId=tr-5")).await;
        let told = ask(&pod, "getPlaylist", &format!("id={id}")).await["playlist"].clone();
        assert_eq!((ids(&told["entry"]), &told["name"]), (vec!["tr-5"], &json!("Ours")));
        // All or none.
        for wrong in ["songIdToAdd=tr-2&songIdToAdd=tr-999", "songIdToAdd=tr-2&songIndexToRemove=7", "songIdToAdd=tr-2&name=", "songIndexToRemove=x"] {
            let address = format!("playlistId={id}&{wrong}");
            let answer = alice(&pod, "updatePlaylist", &address).send().await;
            let ends_well = wrong.ends_with("name=");
            assert_eq!(answer.json()["subsonic-response"]["status"] == "ok", ends_well, "{wrong}: {}", answer.text);
        }
        let told = ask(&pod, "getPlaylist", &format!("id={id}")).await["playlist"].clone();
        assert_eq!(ids(&told["entry"]), ["tr-5", "tr-2"]);
        // Others see it, because it is public, and change nothing.
        let of_bob = |endpoint: &str, query: &str| pod.get(&format!("/rest/{endpoint}?u=bob&p=sub-bob&f=json&{query}"));
        let seen = of_bob("getPlaylist", &format!("id={id}")).send().await.json()["subsonic-response"]["playlist"].clone();
        assert_eq!((&seen["readonly"], ids(&seen["entry"])), (&json!(true), vec!["tr-5", "tr-2"]));
        for (endpoint, query) in [("updatePlaylist", format!("playlistId={id}&name=x")), ("deletePlaylist", format!("id={id}")), ("createPlaylist", format!("playlistId={id}&songId=1"))] {
            assert_eq!(refused(&of_bob(endpoint, &query).send().await).0, 70);
        }
        ask(&pod, "updatePlaylist", &format!("playlistId={id}&public=false")).await;
        assert_eq!(refused(&of_bob("getPlaylist", &format!("id={id}")).send().await).0, 70);
        ask(&pod, "deletePlaylist", &format!("id={id}")).await;
        assert_eq!(code(&pod, "getPlaylist", &format!("id={id}")).await, 70);
    }

    async fn a_playlist_has_no_more_songs_than_the_pod_allows(pod: Pod) {
        pod.prefer("playlists", "max_tracks", "3").await;
        let four = "songId=tr-1&songId=tr-2&songId=tr-3&songId=tr-4";
        assert_eq!(code(&pod, "createPlaylist", &format!("name=Long&{four}")).await, 0);
        let playlists = sql("select count(*) from playlists").number(pod.app.db()).await.unwrap();
        assert_eq!(playlists, 1);
        ask(&pod, "updatePlaylist", "playlistId=pl-1&songIdToAdd=tr-2&songIdToAdd=tr-3").await;
        assert_eq!(code(&pod, "updatePlaylist", "playlistId=pl-1&songIdToAdd=tr-4").await, 0);
        // What is removed makes room.
        ask(&pod, "updatePlaylist", "playlistId=pl-1&songIdToAdd=tr-4&songIndexToRemove=0").await;
        let told = ask(&pod, "getPlaylist", "id=1").await;
        assert_eq!(ids(&told["playlist"]["entry"]), ["tr-2", "tr-3", "tr-4"]);
    }
}
