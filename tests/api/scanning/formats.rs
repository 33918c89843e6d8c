//! The formats of files that people have.
use std::{fs, path::Path, process::Command};

use baleen::store::sql;

use super::{folder, run};
use crate::support::{Pod, ffmpeg, on_both};

/// Writes a file with ffmpeg: three seconds of a tone, with tags.
fn made(path: &Path, arguments: &[&str]) {
    let mut command = Command::new("ffmpeg");
    command.args([
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=3",
    ]);
    command.args(arguments);
    let title = format!("title={}", path.file_stem().unwrap().to_str().unwrap());
    for tag in [title.as_str(), "artist=Ann", "album=Formats", "track=3/9"] {
        command.args(["-metadata", tag]);
    }
    let output = command.arg(path).output().unwrap();
    assert!(
        output.status.success(),
        "{path:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Writes what ffmpeg writes into a pipe: without a length in the header.
fn piped(path: &Path, format: &str) {
    let written = path.with_extension("pipe");
    made(&written, &["-f", format, "-seekable", "0"]);
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-i"])
        .arg(&written)
        .args(["-f", format, "-"]);
    fs::write(path, command.output().unwrap().stdout).unwrap();
    fs::remove_file(written).unwrap();
}

const FORMATS: &[(&str, &[&str], &str)] = &[
    ("aiff.aiff", &["-write_id3v2", "1"], "audio/aiff"),
    ("adpcm.wav", &["-c:a", "adpcm_ms"], "audio/wav"),
    ("alac.m4a", &["-c:a", "alac"], "audio/mp4"),
    ("book.m4b", &["-c:a", "aac", "-f", "mp4"], "audio/mp4"),
    ("flac.oga", &["-c:a", "flac", "-f", "ogg"], "audio/ogg"),
    (
        "fragmented.m4a",
        &["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"],
        "audio/mp4",
    ),
    (
        "high.ogg",
        &["-c:a", "libvorbis", "-q:a", "10"],
        "audio/ogg",
    ),
    ("low.ogg", &["-c:a", "libvorbis", "-q:a", "-1"], "audio/ogg"),
    ("matroska.mka", &["-c:a", "libvorbis"], "audio/x-matroska"),
    ("opus.opus", &["-c:a", "libopus"], "audio/opus"),
    ("rf64.wav", &["-rf64", "always"], "audio/wav"),
    ("true.tta", &["-c:a", "tta"], "audio/x-tta"),
    (
        "variable.mp3",
        &["-c:a", "libmp3lame", "-q:a", "5", "-write_xing", "0"],
        "audio/mpeg",
    ),
    ("web.webm", &["-c:a", "libopus"], "audio/webm"),
    ("windows.wma", &["-c:a", "wmav2"], "audio/x-ms-wma"),
    ("wave.wv", &["-c:a", "wavpack"], "audio/x-wavpack"),
];

on_both! {
    async fn every_format_comes_in_and_films_do_not(pod: Pod) {
        if !ffmpeg() {
            return;
        }
        let music = folder(&pod);
        for (name, arguments, _) in FORMATS {
            made(&music.join(name), arguments);
        }
        piped(&music.join("piped.flac"), "flac");
        piped(&music.join("piped2.wav"), "wav");
        let film = ["-f", "lavfi", "-i", "testsrc=duration=3:size=32x32", "-map", "0:a", "-map", "1:v"];
        made(&music.join("film.mp4"), &[&film[..], &["-c:v", "mpeg4", "-c:a", "aac"]].concat());
        made(&music.join("film.webm"), &[&film[..], &["-c:v", "libvpx", "-c:a", "libopus"]].concat());
        fs::write(music.join("notes.TXT"), "x").unwrap();
        fs::write(music.join("README"), "x").unwrap();

        let report = run(&pod, &music).await;
        let refused: Vec<_> = report.skipped.iter().map(|file| (file.path.rsplit('/').next().unwrap(), file.reason.as_str())).collect();
        assert_eq!(refused, [("film.mp4", "it is a film"), ("film.webm", "it is a film")]);
        assert_eq!(report.added, FORMATS.len() as u64 + 2, "{report:?}");
        assert_eq!(report.left_out.into_iter().collect::<Vec<_>>(), [(String::new(), 1), ("txt".to_owned(), 1)]);

        let rows: Vec<(String, String, i64, Option<i64>)> = sql(
            "select t.title, u.mimetype, u.duration, t.position from uploads u join tracks t on t.id = u.track_id",
        ).all(pod.app.db()).await.unwrap();
        for (name, mimetype) in FORMATS.iter().map(|(name, _, mimetype)| (*name, *mimetype))
            .chain([("piped.flac", "audio/flac"), ("piped2.wav", "audio/wav")])
        {
            let title = name.split('.').next().unwrap();
            let row = rows.iter().find(|row| row.0 == title).unwrap_or_else(|| panic!("{name}: {rows:?}"));
            assert_eq!((row.1.as_str(), row.2, row.3), (mimetype, 3, Some(3)), "{name}");
        }
    }

    async fn what_ends_too_early_is_cut_off(pod: Pod) {
        if !ffmpeg() {
            return;
        }
        let music = folder(&pod);
        let kinds: [(&str, &[&str]); 6] = [
            ("a.m4a", &["-c:a", "aac", "-movflags", "+faststart"]),
            ("b.ogg", &["-c:a", "libvorbis"]),
            ("c.opus", &["-c:a", "libopus"]),
            ("d.flac", &["-c:a", "flac"]),
            ("e.wav", &[]),
            ("f.mp3", &["-c:a", "libmp3lame"]),
        ];
        for (name, arguments) in kinds {
            let path = music.join(name);
            made(&path, arguments);
            let whole = fs::read(&path).unwrap();
            fs::write(&path, &whole[..whole.len() * 7 / 10]).unwrap();
        }
        let report = run(&pod, &music).await;
        let told = "it is cut off: its end is missing";
        let cut = report.skipped.iter().filter(|file| file.reason == told).count();
        assert_eq!((cut, report.added), (kinds.len(), 0), "{report:?}");
    }

    async fn it_says_what_to_install_for_other_formats(pod: Pod) with ["--ffmpeg", "/nowhere/ffmpeg"] => {
        let music = folder(&pod);
        fs::write(music.join("song.wma"), "no audio").unwrap();
        let report = run(&pod, &music).await;
        let told = "only ffprobe reads its format; install ffmpeg, whose ffprobe reads more formats";
        assert_eq!(report.skipped[0].reason, told, "{report:?}");
    }
}
