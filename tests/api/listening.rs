//! Hearing tracks: whole, in ranges, converted, and by whom.
use std::{fs, path::PathBuf, time::Duration};

use baleen::store::sql;
use poem::http::{Method, StatusCode};

use crate::support::{Answer, Ask, Backend, Data, Pod, ffmpeg, on_both, wav};

/// The first three are in a public library, the fifth in a private one of alice's.
const DUSK: &str = "c703c9ef-5a1d-5d50-b8a6-916b813e8ba3";
const NOON: &str = "b83b207d-3eaa-5ce3-8276-02ffa156181f";
const DUSK_FLAC: &str = "57943b41-92aa-5beb-985e-64b653a01fad";

fn put(pod: &Pod, file: &str, bytes: &[u8]) -> PathBuf {
    let path = pod.media().join(file);
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
        let pod = sqlite(&settings).await;
        let answer = listen(&pod, "").header("range", "bytes=0-5").send().await;
        assert_eq!((answer.status, answer.bytes.len()), (StatusCode::OK, 0));
        let errand = match uploaded {
            "" => pod.media().join("tracks/1.mp3").display().to_string(),
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

async fn with_tone(settings: &[&str]) -> Pod {
    let pod = sqlite(settings).await;
    put(&pod, "tracks/1.mp3", &wav(4, 440.0));
    let set = sql("update uploads set mimetype = 'audio/wav' where id = 1");
    set.run(pod.app.db()).await.unwrap();
    pod
}

fn kept(pod: &Pod) -> Vec<String> {
    let folder = pod.media().join("transcoded");
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    files
        .filter(|file| file.file_type().is_file())
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect()
}

#[tokio::test]
async fn audio_is_converted_once_and_then_kept() {
    if !ffmpeg() {
        return;
    }
    let pod = with_tone(&[]).await;
    for (query, kind, magic, file) in [
        ("?to=ogg", "audio/ogg", "OggS", "128000.ogg"),
        ("?to=opus", "audio/ogg", "OggS", "128000.opus"),
        ("?to=flac", "audio/flac", "fLaC", "0.flac"),
        ("?to=aiff", "audio/aiff", "FORM", "0.aiff"),
        ("?to=mp3&max_bitrate=64", "audio/mpeg", "", "64000.mp3"),
        ("?to=m4a", "audio/mp4", "", "128000.m4a"),
        ("?to=aac", "audio/aac", "", "128000.aac"),
    ] {
        let answer = listen(&pod, query).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
        assert_eq!(header(&answer, "content-type"), kind);
        assert!(answer.bytes.starts_with(magic.as_bytes()), "{query}");
        assert!(header(&answer, "content-disposition").ends_with(file.split_once('.').unwrap().1));
        let (bitrate, ending) = file.split_once('.').unwrap();
        let is_kept =
            |name: &String| name.starts_with(&format!("{bitrate}-")) && name.ends_with(ending);
        assert!(kept(&pod).iter().any(is_kept), "{:?}", kept(&pod));
        let again = listen(&pod, query)
            .header("range", "bytes=1-9")
            .send()
            .await;
        assert_eq!(
            (again.status, &again.bytes[..]),
            (StatusCode::PARTIAL_CONTENT, &answer.bytes[1..10])
        );
    }
    // Another file in its place is another conversion.
    put(&pod, "tracks/1.mp3", &wav(2, 330.0));
    let other = listen(&pod, "?to=flac").send().await;
    assert_ne!(
        other.bytes.len(),
        listen(&pod, "?to=aiff").send().await.bytes.len()
    );
    assert_eq!(kept(&pod).len(), 9);
    put(&pod, "tracks/1.mp3", &wav(4, 440.0));
    for kept in walkdir::WalkDir::new(pod.media().join("transcoded"))
        .into_iter()
        .flatten()
    {
        if kept.file_type().is_file() {
            fs::remove_file(kept.path()).unwrap();
        }
    }
    for query in ["?to=mp3&max_bitrate=64", "?to=ogg"] {
        listen(&pod, query).send().await;
    }
    // Near enough is as good.
    listen(&pod, "?to=mp3&max_bitrate=70").send().await;
    assert_eq!(kept(&pod).len(), 2);
    let stream = pod.get(&format!("/api/v1/stream/{DUSK}")).send().await;
    assert_eq!(
        (
            header(&stream, "content-type"),
            stream.header("content-disposition")
        ),
        ("audio/mpeg".to_owned(), None)
    );
    // What it is already, and what is no format, is played as it is.
    for query in [
        "?to=wav",
        "?to=zzz",
        "?max_bitrate=many",
        "?max_bitrate=320",
    ] {
        assert_eq!(
            listen(&pod, query).send().await.bytes,
            wav(4, 440.0),
            "{query}"
        );
    }
    pod.prefer("music", "transcoding_enabled", "False").await;
    assert_eq!(listen(&pod, "?to=ogg").send().await.bytes, wav(4, 440.0));
}

#[tokio::test]
async fn kept_conversions_are_bounded() {
    if !ffmpeg() {
        return;
    }
    let pod = with_tone(&["--transcoding-cache", "0"]).await;
    listen(&pod, "?to=ogg").send().await;
    eventually(|| kept(&pod).is_empty()).await;
    let pod = with_tone(&[]).await;
    listen(&pod, "?to=ogg").send().await;
    listen(&pod, "?to=ogg").send().await;
    let now = pod.app.clock().now();
    let transcoder = &pod.app.media().transcoder;
    transcoder.tidy(Some(10), now.plus_seconds(300)).await;
    assert_eq!(kept(&pod).len(), 1);
    transcoder.tidy(Some(10), now.plus_seconds(700)).await;
    assert_eq!(kept(&pod).len(), 0);
}

#[tokio::test]
async fn without_a_converter_the_original_still_plays() {
    let pod = with_tone(&["--ffmpeg", "/nowhere/ffmpeg"]).await;
    let answer = listen(&pod, "?to=ogg").send().await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
    assert!(answer.text.contains("no ffmpeg"), "{}", answer.text);
    assert_eq!(listen(&pod, "").send().await.bytes, wav(4, 440.0));
    assert!(kept(&pod).is_empty());
}

#[tokio::test]
async fn what_cannot_be_converted_says_so_and_leaves_nothing() {
    if !ffmpeg() {
        return;
    }
    let pod = with_tone(&[]).await;
    put(&pod, "tracks/1.mp3", b"this is no audio");
    let answer = listen(&pod, "?to=ogg").send().await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text
    );
    eventually(|| kept(&pod).is_empty()).await;
}

#[tokio::test]
async fn a_playlist_that_is_named_as_audio_leads_to_no_other_file() {
    if !ffmpeg() {
        return;
    }
    let pod = with_tone(&[]).await;
    let private = put(&pod, "private.wav", &wav(4, 440.0));
    let mut id3 = b"ID3\x04\0\0\0\0\0\0".to_vec();
    for (at, list) in [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:30\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:30,\nfile://FILE\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile FILE\n",
        "[playlist]\nFile1=FILE\n",
    ].iter().enumerate() {
        let list = list.replace("FILE", private.to_str().unwrap());
        id3.truncate(10);
        id3.extend_from_slice(list.as_bytes());
        for bytes in [list.as_bytes(), &id3] {
            put(&pod, "tracks/1.mp3", bytes);
            let answer = listen(&pod, &format!("?to=ogg&max_bitrate={}", 64 + at)).send().await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{list}: {}", answer.text);
        }
    }
    eventually(|| kept(&pod).is_empty()).await;
}

#[tokio::test]
async fn a_conversion_that_is_too_large_is_refused_and_not_kept() {
    if !ffmpeg() {
        return;
    }
    let pod = with_tone(&["--transcoding-cache", "1"]).await;
    // More than an hour of silence.
    let mut silence = wav(4, 440.0);
    silence.truncate(44);
    let length: u32 = 70 << 20;
    silence.splice(40..44, length.to_le_bytes());
    silence.splice(4..8, (length + 36).to_le_bytes());
    silence.resize(44 + length as usize, 0);
    put(&pod, "tracks/1.mp3", &silence);
    let answer = listen(&pod, "?to=aiff").send().await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text
    );
    eventually(|| kept(&pod).is_empty()).await;
    assert_eq!(listen(&pod, "?to=ogg").send().await.status, StatusCode::OK);
}

/// A converter that writes a little and then waits: what becomes of it can be seen.
#[cfg(unix)]
fn endless(pod_folder: &std::path::Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(pod_folder).unwrap();
    let script = pod_folder.join("endless");
    fs::write(
        &script,
        "#!/bin/sh\necho $$ >> \"$0.pids\"\necho some audio\nexec sleep 1000\n",
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

#[cfg(unix)]
#[tokio::test]
async fn a_conversion_ends_with_its_last_listener() {
    use futures_util::{StreamExt, future::join_all};
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("endless");
    let _ = fs::remove_dir_all(&folder);
    let script = endless(&folder);
    let pod = with_tone(&["--ffmpeg", script.to_str().unwrap()]).await;
    let listeners = (0..200).map(|_| listen(&pod, "?to=ogg").open());
    let mut bodies: Vec<_> = join_all(listeners).await;
    for body in &mut bodies {
        let first = body.next().await.unwrap().unwrap();
        assert_eq!(first.as_ref(), b"some audio\n");
    }
    let pids = fs::read_to_string(folder.join("endless.pids")).unwrap();
    assert_eq!(pids.lines().count(), 1, "one conversion serves all");
    let there = || std::path::Path::new(&format!("/proc/{}", pids.trim())).exists();
    bodies.truncate(1);
    assert!(there() && kept(&pod).len() == 1);
    drop(bodies);
    eventually(|| !there() && kept(&pod).is_empty()).await;
}

/// Waits for what another task does.
async fn eventually(mut is: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.expect("it should come to be");
}
