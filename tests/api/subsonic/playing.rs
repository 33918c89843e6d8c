//! What players play and show: audio and pictures.
use std::fs;

use poem::http::{Method, StatusCode};

use super::{alice, ask, code};
use crate::{
    pictures::photo,
    support::{Pod, ffmpeg, on_both, wav},
};

/// The audio of the first song, where its upload says that it is.
fn put_audio(pod: &Pod, bytes: &[u8]) {
    for line in include_str!("../../pod/uploads.jsonl").lines() {
        let upload: serde_json::Value = serde_json::from_str(line).unwrap();
        if upload["id"] == 1 {
            let path = pod.stored().join(upload["audio_file"].as_str().unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

on_both! {
    async fn a_song_is_played_whole_and_in_parts(pod: Pod) {
        put_audio(&pod, b"0123456789");
        let whole = alice(&pod, "stream", "id=tr-1").send().await;
        assert_eq!((whole.status, whole.text.as_str()), (StatusCode::OK, "0123456789"));
        assert_eq!(whole.header("content-type"), Some("audio/mpeg"));
        assert_eq!(whole.header("x-ratelimit-scope"), Some("subsonic"));
        let part = alice(&pod, "stream.view", "id=1").header("range", "bytes=2-4").send().await;
        assert_eq!((part.status, part.text.as_str()), (StatusCode::PARTIAL_CONTENT, "234"));
        let head = pod.ask(Method::HEAD, "/rest/stream?u=alice&p=sub-alice&id=tr-1").send().await;
        assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, Some("10")));
        let saved = alice(&pod, "download", "id=tr-1").send().await;
        assert_eq!(saved.text, "0123456789");
        assert!(saved.header("content-disposition").is_some_and(|name| name.contains("Dusk%201.mp3")));
        let raw = alice(&pod, "stream", "id=tr-1&format=raw&maxBitRate=64").send().await;
        assert_eq!(raw.text, "0123456789");
        assert_eq!(code(&pod, "stream", "id=tr-6").await, 70);
    }

    async fn a_song_is_converted_for_those_who_ask(pod: Pod) {
        if !ffmpeg() {
            return;
        }
        put_audio(&pod, &wav(4, 440.0));
        let size = async |query: &str| {
            let answer = alice(&pod, "stream", &format!("id=tr-1&format=ogg&maxBitRate=64&{query}")).send().await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            answer.bytes.len()
        };
        // Without the beginning it is shorter; and both are kept apart.
        for _ in 0..2 {
            let (whole, rest) = (size("").await, size("timeOffset=3").await);
            assert!(rest > 100 && rest * 10 < whole * 8, "{rest} of {whole}");
        }
        let answer = alice(&pod, "stream", "id=tr-1&format=opus&maxBitRate=96").send().await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, Some("audio/ogg")));
    }

    async fn pictures_are_sent_in_the_size_that_is_asked_for(pod: Pod) {
        let file = pod.stored().join("attachments/aa/cover.jpg");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, photo(900, 700)).unwrap();
        for (id, size, pixels) in [("al-1", "", 900), ("ar-1", "", 900), ("tr-1", "&size=150", 200), ("al-1", "&size=300", 600), ("pl-1", "&size=1200", 900)] {
            let answer = alice(&pod, "getCoverArt", &format!("id={id}{size}")).send().await;
            assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, Some("image/jpeg")), "{id}");
            let shown = image::load_from_memory(&answer.bytes).unwrap();
            assert_eq!(shown.width(), pixels, "{id}{size}");
        }
        assert_eq!(code(&pod, "getCoverArt", "id=al-2").await, 70);
        assert_eq!(code(&pod, "getCoverArt", "id=al-1&size=x").await, 0);
        assert_eq!(code(&pod, "getAvatar", "username=alice").await, 70);
        ask(&pod, "ping", "").await;
    }
}
