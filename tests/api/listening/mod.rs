//! Hearing tracks: whole, in ranges, converted, and by whom.
mod content_filters;
mod conversions;
mod favorites;
mod history;
mod players;
mod playlists;
mod plugins;
mod radios;

use std::{fs, path::PathBuf};

use baleen::store::sql;
use poem::http::{Method, StatusCode};

use crate::support::{Answer, Ask, Backend, Data, IN_FOLDER, Pod, on_both};

/// The first three are in a public library, the fifth in a private one of alice's.
const DUSK: &str = "c703c9ef-5a1d-5d50-b8a6-916b813e8ba3";
const NOON: &str = "b83b207d-3eaa-5ce3-8276-02ffa156181f";
const DUSK_FLAC: &str = "57943b41-92aa-5beb-985e-64b653a01fad";

fn put(pod: &Pod, file: &str, bytes: &[u8]) -> PathBuf {
    let path = pod.stored().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn listen<'a>(pod: &'a Pod, query: &str) -> Ask<'a> {
    pod.get(&format!("/api/v1/listen/{DUSK}/{query}"))
}

fn header(answer: &Answer, name: &str) -> String {
    answer.header(name).unwrap_or_default().to_owned()
}

async fn downloads(pod: &Pod) -> (i64, i64) {
    let both = sql("select (select downloads_count from tracks where id = 1),
        (select downloads_count from uploads where id = 1)");
    both.one(pod.app.db()).await.unwrap()
}

async fn sqlite(settings: &[&str]) -> Pod {
    Pod::with(Backend::Sqlite, Data::Small, settings)
        .await
        .unwrap()
}

on_both! {
    async fn audio_is_sent_whole_and_in_ranges(pod: Pod) {
        let bytes: Vec<u8> = (0..=255).cycle().take(400_000).collect();
        put(&pod, "tracks/1.mp3", &bytes);
        let whole = listen(&pod, "").send().await;
        assert_eq!(whole.status, StatusCode::OK);
        assert_eq!(whole.bytes, bytes);
        assert_eq!(header(&whole, "content-type"), "audio/mpeg");
        assert_eq!(header(&whole, "content-length"), "400000");
        assert_eq!(header(&whole, "accept-ranges"), "bytes");
        assert_eq!(header(&whole, "x-ratelimit-scope"), "anonymous-retrieve");
        assert!(header(&whole, "content-disposition").starts_with("attachment; filename*=UTF-8''"));
        assert!(header(&whole, "content-disposition").ends_with("Dusk%201.mp3"));
        assert_eq!(listen(&pod, "?download=false").send().await.header("content-disposition"), None);

        for (range, content, part) in [
            ("bytes=0-99", "bytes 0-99/400000", 0..100),
            ("bytes=399990-", "bytes 399990-399999/400000", 399_990..400_000),
            ("bytes=-5", "bytes 399995-399999/400000", 399_995..400_000),
            ("bytes=100000-390000", "bytes 100000-390000/400000", 100_000..390_001),
        ] {
            let answer = listen(&pod, "").header("range", range).send().await;
            assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(header(&answer, "content-range"), content);
            assert_eq!(answer.bytes, bytes[part]);
        }
        let beyond = listen(&pod, "").header("range", "bytes=400000-").send().await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&beyond, "content-range"), "bytes */400000");

        let head = pod.ask(Method::HEAD, &format!("/api/v1/listen/{DUSK}")).send().await;
        assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));
        assert_eq!(header(&head, "content-length"), "400000");
    }

    async fn what_the_client_has_is_not_sent_again(pod: Pod) {
        let path = put(&pod, "tracks/1.mp3", b"one two three");
        let first = listen(&pod, "").send().await;
        let (tag, date) = (header(&first, "etag"), header(&first, "last-modified"));
        for (name, value) in [("if-none-match", &tag), ("if-modified-since", &date)] {
            let again = listen(&pod, "").header(name, value).send().await;
            assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0), "{name}");
        }
        let resume = |known: &str| listen(&pod, "").header("range", "bytes=4-6").header("if-range", known).send();
        assert_eq!(resume(&tag).await.bytes, b"two");
        assert_eq!(resume(&date).await.bytes, b"two");
        fs::write(path, b"another text").unwrap();
        let whole = resume(&tag).await;
        assert_eq!((whole.status, whole.text.as_str()), (StatusCode::OK, "another text"));
    }

    async fn a_listener_counts_once_in_six_hours(pod: Pod) {
        put(&pod, "tracks/1.mp3", b"one two three");
        let before = downloads(&pod).await;
        let more = |count| (before.0 + count, before.1 + count);
        pod.ask(Method::HEAD, &format!("/api/v1/listen/{DUSK}")).send().await;
        assert_eq!(downloads(&pod).await, before);
        for _ in 0..3 {
            listen(&pod, "").header("range", "bytes=1-2").send().await;
        }
        assert_eq!(downloads(&pod).await, more(1));
        listen(&pod, "").by("bob").send().await;
        listen(&pod, "").from("203.0.113.9").send().await;
        assert_eq!(downloads(&pod).await, more(3));
        pod.wait(6 * 3600 - 1);
        listen(&pod, "").by("bob").send().await;
        assert_eq!(downloads(&pod).await, more(3));
        pod.wait(2);
        listen(&pod, "").by("bob").send().await;
        assert_eq!(downloads(&pod).await, more(4));
    }

    async fn only_what_the_caller_may_hear_is_played(pod: Pod) {
        put(&pod, "tracks/16.mp3", b"private");
        put(&pod, "tracks/1.mp3", b"public");
        let one = format!("?upload={DUSK_FLAC}");
        let stranger = listen(&pod, &one).send().await;
        assert_eq!((stranger.status, stranger.text.as_str()), (StatusCode::NOT_FOUND, ""));
        let owner = listen(&pod, &one).by("alice").send().await;
        assert_eq!((owner.text.as_str(), header(&owner, "content-type")), ("private", "audio/flac".to_owned()));
        assert_eq!(listen(&pod, "?upload=nonsense").send().await.status, StatusCode::NOT_FOUND);

        let unknown = pod.get("/api/v1/listen/00000000-0000-0000-0000-000000000000/").send().await;
        assert_eq!((unknown.status, unknown.text.as_str()), (StatusCode::NOT_FOUND, "{\"detail\":\"Not found.\"}"));
        let absent = pod.get(&format!("/api/v1/listen/{NOON}/")).send().await;
        assert_eq!(absent.status, StatusCode::NOT_FOUND, "its file is not there");
        let json = listen(&pod, "").header("accept", "application/json").send().await;
        assert_eq!((json.status, header(&json, "content-type")), (StatusCode::NOT_ACCEPTABLE, "audio/*".to_owned()));
        assert_eq!(listen(&pod, "").header("accept", "audio/ogg").send().await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_row_never_leads_to_a_file_outside() {
    let pod = sqlite(&[]).await;
    for (file, source) in [
        ("../../etc/passwd", ""),
        ("/etc/passwd", ""),
        ("", "file:///music/../etc/passwd"),
        ("", "file://etc/passwd"),
    ] {
        let set = sql("update uploads set audio_file = ?, source = ? where track_id = 1");
        set.bind(file).bind(source).run(pod.app.db()).await.unwrap();
        let answer = listen(&pod, "").send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{file} {source}");
        assert!(!answer.text.contains("root:"));
    }
}

#[tokio::test]
async fn a_front_server_is_sent_for_the_file() {
    for (kind, name, uploaded, in_place) in [
        (
            "nginx",
            "x-accel-redirect",
            "/_protected/media/tracks/1.mp3",
            "/_protected/music/B%C3%B6rk/1.mp3",
        ),
        ("apache2", "x-sendfile", "", "/srv/music/Börk/1.mp3"),
    ] {
        let settings = [
            "--reverse-proxy-type",
            kind,
            "--music-directory-path",
            "/srv/music",
        ];
        let pod = sqlite(&[&settings[..], &IN_FOLDER].concat()).await;
        let answer = listen(&pod, "").header("range", "bytes=0-5").send().await;
        assert_eq!((answer.status, answer.bytes.len()), (StatusCode::OK, 0));
        let errand = match uploaded {
            "" => pod.stored().join("tracks/1.mp3").display().to_string(),
            uploaded => uploaded.to_owned(),
        };
        assert_eq!(header(&answer, name), errand);
        assert_eq!(
            answer.header("content-type"),
            None,
            "the front server knows it"
        );
        let set =
            sql("update uploads set audio_file = '', source = 'file:///srv/music/Börk/1.mp3'");
        set.run(pod.app.db()).await.unwrap();
        let answer = listen(&pod, "").send().await;
        let told = answer.headers.get(name).unwrap().as_bytes();
        assert_eq!(String::from_utf8_lossy(told), in_place);
    }
}
