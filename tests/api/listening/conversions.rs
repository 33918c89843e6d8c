//! Converted audio: made once, kept within bounds, and ended with its last listener.
use std::{fs, path::PathBuf, time::Duration};

use baleen::store::sql;
use poem::http::StatusCode;

use super::{DUSK, header, listen, put, sqlite};
use crate::support::{IN_FOLDER, Pod, ffmpeg, wav};

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
    // Files of a bucket never change.
    let pod = with_tone(&IN_FOLDER).await;
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
