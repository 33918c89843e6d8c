//! What becomes of playlist files.
use std::{fs, path::Path};

use lofty::tag::ItemKey::{TrackArtist, TrackTitle};
use poem::http::Method;
use serde_json::{Value, json};

use super::{folder, run, song};
use crate::support::{Pod, on_both};

fn songs(music: &Path, titles: &[&str]) {
    for title in titles {
        song(
            music,
            &format!("{title}.wav"),
            &[(TrackTitle, title), (TrackArtist, "Ann")],
        );
    }
}

fn list(music: &Path, name: &str, lines: impl AsRef<[u8]>) {
    let path = music.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, lines).unwrap();
}

/// Names of Alice's playlists from scans, who can see them, and the titles of their tracks.
async fn playlists(pod: &Pod) -> Value {
    let query = "{ playlists(filter: {scope: \"me\"}) {
        nodes { id name privacyLevel tracks { nodes { track { title } } } } } }";
    let body = pod.graphql(query).by("alice").send().await.json();
    let listed = body["data"]["playlists"]["nodes"].as_array().unwrap();
    let told = listed.iter().map(|playlist| {
        let tracks = playlist["tracks"]["nodes"].as_array().unwrap();
        let titles: Vec<_> = tracks
            .iter()
            .map(|track| &track["track"]["title"])
            .collect();
        json!([playlist["name"], playlist["privacyLevel"], titles])
    });
    told.collect()
}

/// Removes the playlists that the pod has from the beginning.
async fn begin(pod: &Pod) {
    let listed = pod
        .get("/api/v1/playlists?scope=me")
        .by("alice")
        .send()
        .await
        .json();
    for playlist in listed["results"].as_array().unwrap() {
        delete(pod, playlist).await;
    }
}

async fn delete(pod: &Pod, playlist: &Value) {
    let path = format!("/api/v1/playlists/{}", playlist["id"]);
    let gone = pod
        .tell(Method::DELETE, &path, &json!({}))
        .by("alice")
        .send()
        .await;
    assert_eq!(gone.status, 204);
}

on_both! {
    async fn playlist_files_become_playlists(pod: Pod) {
        begin(&pod).await;
        let music = folder(&pod);
        songs(&music, &["one", "Dir/two", "Dir/Jo\u{301}ga"]);
        let absolute = music.canonicalize().unwrap().join("one.wav");
        let absolute = absolute.to_str().unwrap();
        list(&music, "Lists/Late.m3u8", format!("\u{feff}#EXTM3U\n#PLAYLIST: Late hours\n#EXTINF:1,Two\n../Dir/two.wav\r\n\
            {absolute}\nfile://{absolute}\n../Dir/J\u{f3}ga.wav\n"));
        list(&music, "Old.M3U", b"Dir\\two.wav\nDir\\J\xf3ga.wav\nhttps://radio.example/live\ngone.wav\n../../etc/passwd\n");
        list(&music, "nothing.m3u", "gone.wav\n");
        list(&music, "live.m3u8", "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\n0.ts\n");
        list(&music, "endless.m3u", vec![b'#'; (4 << 20) + 1]);

        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.playlists), (3, 2), "{report:?}");
        let reasons = |files: &[baleen::scan::Skipped]| {
            let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
            Vec::from_iter(files.iter().map(|file| (name(&file.path), file.reason.clone())))
        };
        let told = |name: &str, reason: &str| (name.to_owned(), reason.to_owned());
        assert_eq!(reasons(&report.partly), [told("Old.M3U", "3 of its 5 songs are not in this folder"),
            told("nothing.m3u", "1 of its 1 songs are not in this folder")]);
        assert_eq!(reasons(&report.skipped), [told("endless.m3u", "it has more than 4 MiB"),
            told("live.m3u8", "it lists the pieces of a stream, not songs")]);
        assert_eq!(playlists(&pod).await, json!([
            ["Late hours", "EVERYONE", ["Dir/two", "one", "one", "Dir/J\u{f3}ga"]],
            ["Old", "EVERYONE", ["Dir/two", "Dir/J\u{f3}ga"]],
        ]));
        assert!(report.left_out.is_empty(), "{report:?}");
        assert_eq!(run(&pod, &music).await.playlists, 0);
    }

    async fn a_playlist_follows_its_file_until_its_owner_changes_it(pod: Pod) {
        begin(&pod).await;
        let music = folder(&pod);
        songs(&music, &["one", "two"]);
        list(&music, "Mine.m3u", "one.wav\nlater.wav\n");
        list(&music, "Away.m3u", "two.wav\n");
        run(&pod, &music).await;
        let mine = |titles: Value| json!([["Away", "EVERYONE", ["two"]], ["Mine", "EVERYONE", titles]]);
        assert_eq!(playlists(&pod).await, mine(json!(["one"])));

        // A song that comes later, a line that changes, and a file that moves.
        pod.wait(5);
        songs(&music, &["later"]);
        assert_eq!(run(&pod, &music).await.playlists, 1);
        assert_eq!(playlists(&pod).await, mine(json!(["one", "later"])));
        list(&music, "Lists/Mine.m3u", "../two.wav\n");
        fs::remove_file(music.join("Mine.m3u")).unwrap();
        assert_eq!(run(&pod, &music).await.playlists, 1);
        assert_eq!(playlists(&pod).await, mine(json!(["two"])));

        // A file that is gone takes nothing along.
        fs::remove_file(music.join("Lists/Mine.m3u")).unwrap();
        run(&pod, &music).await;
        assert_eq!(playlists(&pod).await, mine(json!(["two"])));

        // What its owner changed or removed stays so.
        list(&music, "Lists/Mine.m3u", "../two.wav\n");
        let listed = pod.get("/api/v1/playlists?scope=me&ordering=id").by("alice").send().await.json();
        let (away, own) = (&listed["results"][0], &listed["results"][1]);
        pod.wait(5);
        let add = format!("/api/v1/playlists/{}/add", own["id"]);
        let one = sql_id(&pod, "one").await;
        let added = pod.post(&add, &json!({"tracks": [one], "allow_duplicates": false})).by("alice").send().await;
        assert_eq!(added.status, 201);
        delete(&pod, away).await;
        list(&music, "Lists/Mine.m3u", "../one.wav\n");
        list(&music, "Away.m3u", "one.wav\n");
        assert_eq!(run(&pod, &music).await.playlists, 0);
        assert_eq!(playlists(&pod).await, json!([["Mine", "EVERYONE", ["two", "one"]]]));
    }

    async fn a_playlist_has_no_more_songs_than_the_pod_allows(pod: Pod) {
        begin(&pod).await;
        pod.prefer("playlists", "max_tracks", "2").await;
        let music = folder(&pod);
        songs(&music, &["one", "two"]);
        list(&music, "Long.m3u", "one.wav\ntwo.wav\none.wav\n");
        let report = run(&pod, &music).await;
        assert_eq!(report.partly[0].reason, "only its first 2 songs are taken, as many as a playlist may have");
        assert_eq!(playlists(&pod).await, json!([["Long", "EVERYONE", ["one", "two"]]]));
    }
}

async fn sql_id(pod: &Pod, title: &'static str) -> i64 {
    let track = baleen::store::sql("select id from tracks where title = ?");
    track.bind(title).number(pod.app.db()).await.unwrap()
}
