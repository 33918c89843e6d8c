//! The tags that people's files have: odd, in part, in several kinds.
use std::{fs, path::Path};

use baleen::store::sql;
use serde_json::json;

use super::{folder, run, track};
use crate::support::{Pod, on_both};

/// A frame of text.
fn text(id: &str, content: &str) -> Vec<u8> {
    frame(id, 0, &[b"\x03", content.as_bytes()].concat())
}

fn frame(id: &str, flags: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    // Small enough to be the same in each version.
    assert!(length < 128);
    [id.as_bytes(), &length.to_be_bytes(), &[0, flags], content].concat()
}

fn id3(version: u8, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut body = frames.concat();
    body.resize(body.len() + 64, 0);
    let length = body.len();
    let size = [21, 14, 7, 0].map(|shift| (length >> shift & 0x7f) as u8);
    [b"ID3", &[version, 0, 0][..], &size, &body].concat()
}

/// A second of silence in frames of MPEG audio.
fn silence() -> Vec<u8> {
    let mut frame = vec![0; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0xc4]);
    frame.repeat(39)
}

fn song(music: &Path, name: &str, parts: &[Vec<u8>]) {
    let path = music.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, parts.concat()).unwrap();
}

/// An APE tag, without a header.
fn ape(items: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in items {
        body.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        body.extend([0; 4]);
        body.extend([key.as_bytes(), b"\0", value.as_bytes()].concat());
    }
    let size = u32::try_from(body.len() + 32).unwrap();
    let count = u32::try_from(items.len()).unwrap();
    body.extend(b"APETAGEX");
    for number in [2000, size, count, 0, 0, 0] {
        body.extend(number.to_le_bytes());
    }
    body
}

on_both! {
    async fn an_odd_frame_costs_itself_alone(pod: Pod) {
        let music = folder(&pod);
        let odd = [
            ("short comment", frame("COMM", 0, b"\0")),
            ("encrypted", frame("TCOM", 0x04, b"secret")),
            ("no date", text("TDRC", "199x")),
            ("no mark", frame("TCOM", 0, b"\x01A\0n\0n\0")),
            ("bad encoding", frame("TCOM", 0, b"\x09Ann")),
            ("no content", frame("TCOM", 0, b"")),
            ("bad picture", frame("APIC", 0, b"\x00image")),
        ];
        for (title, frame) in odd.clone() {
            let tag = id3(4, &[frame, text("TIT2", title), text("TPE1", "Ann"), text("TRCK", "3/9")]);
            song(&music, &format!("{title}.mp3"), &[tag, silence()]);
        }
        song(&music, "five.mp3", &[id3(5, &[text("TIT2", "Version five"), text("TPE1", "Ann")]), silence()]);
        let wide = frame("TIT2", 0, b"\x01W\0i\0d\0e\0");
        song(&music, "wide.mp3", &[id3(3, &[wide, text("TPE1", "Ann")]), silence()]);
        let mut stray = ape(&[]);
        stray[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        song(&music, "stray.mp3", &[id3(4, &[text("TIT2", "Stray footer"), text("TPE1", "Ann")]), silence(), stray]);

        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.skipped_count), (odd.len() as u64 + 3, 0), "{report:?}");
        for title in odd.iter().map(|(title, _)| *title).chain(["Version five", "Wide", "Stray footer"]) {
            assert_eq!(track(&pod, title).await["artistCredit"], json!([{"credit": "Ann", "joinPhrase": ""}]), "{title}");
        }
        assert_eq!(track(&pod, "encrypted").await["position"], 3);
    }

    async fn all_tags_of_a_file_speak(pod: Pod) {
        let music = folder(&pod);
        let (ann, bob) = ("f2c0a5c8-5d17-4ae9-9e0f-1b5a7f1f0a01", "f2c0a5c8-5d17-4ae9-9e0f-1b5a7f1f0a02");
        let more = ape(&[("Title", "Not this"), ("Album", "From APE"), ("Year", "05/12/1998"), ("Track", "7")]);
        song(&music, "both.mp3", &[id3(4, &[text("TIT2", "In both"), text("TPE1", "Ann")]), silence(), more]);
        song(&music, "twice.mp3", &[id3(3, &[text("TIT2", "Twice"), text("TPE1", "Ann"), text("TPE1", "Bob"), text("TPE1", "ann")]), silence()]);
        let ids = text("TXXX", &format!("MusicBrainz Artist Id\0{ann}/{bob}"));
        song(&music, "ids.mp3", &[id3(4, &[text("TIT2", "Two of them"), text("TPE1", "Ann & Bob"), ids]), silence()]);
        song(&music, "guest.mp3", &[id3(4, &[text("TIT2", "With a guest"), text("TPE1", "Ann feat. Bob"), text("TALB", "Hers")]), silence()]);
        song(&music, "many.mp3", &[id3(4, &[text("TIT2", "Of many"), text("TPE1", "Cleo"), text("TALB", "Mixed"), text("TCMP", "1")]), silence()]);
        song(&music, "side.mp3", &[id3(4, &[text("TIT2", "On a side"), text("TPE1", "Ann"), text("TRCK", "B3")]), silence()]);
        let mut old = vec![0; 128];
        old[..3].copy_from_slice(b"TAG");
        old[3..8].copy_from_slice(b"Older");
        old[33..36].copy_from_slice(b"Ann");
        song(&music, "old.mp3", &[silence(), old]);

        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.skipped_count), (7, 0), "{report:?}");
        let both = track(&pod, "In both").await;
        assert_eq!((&both["album"]["title"], &both["album"]["releaseDate"], &both["position"]), (&json!("From APE"), &json!("1998-01-01"), &json!(7)));
        let credits = async |title: &str| track(&pod, title).await["artistCredit"].clone();
        assert_eq!(credits("Twice").await, json!([{"credit": "Ann", "joinPhrase": ", "}, {"credit": "Bob", "joinPhrase": ""}]));
        assert_eq!(credits("Two of them").await, json!([{"credit": "Ann", "joinPhrase": " & "}, {"credit": "Bob", "joinPhrase": ""}]));
        let known = sql("select count(*) from artists where mbid is not null and name in ('Ann', 'Bob', 'Various Artists')").number(pod.app.db()).await.unwrap();
        assert_eq!(known, 3);
        assert_eq!(track(&pod, "With a guest").await["album"]["artistCredit"], json!([{"credit": "Ann"}]));
        assert_eq!(track(&pod, "Of many").await["album"]["artistCredit"], json!([{"credit": "Various Artists"}]));
        let side = track(&pod, "On a side").await;
        assert_eq!((&side["discNumber"], &side["position"]), (&json!(2), &json!(3)));
        assert_eq!(credits("Older").await, json!([{"credit": "Ann", "joinPhrase": ""}]));
    }

    async fn files_tell_more_than_the_catalogue_needs(pod: Pod) {
        let music = folder(&pod);
        let more = id3(4, &[text("TIT2", "Told"), text("TPE1", "Ann"), text("TCOM", "Cleo"), text("TPE3", "Dan"),
            text("TBPM", "128"), text("TPUB", "Small Label"), text("TDOR", "1971-03"), text("TSOP", "Ann, Miss"),
            text("TXXX", "REPLAYGAIN_TRACK_GAIN\0-6.50 dB"), text("TXXX", "REPLAYGAIN_TRACK_PEAK\x000.98"),
            frame("USLT", 0, b"\x03eng\0First line\nSecond line")]);
        song(&music, "told.mp3", &[more, silence()]);
        song(&music, "beside.mp3", &[id3(4, &[text("TIT2", "Beside"), text("TPE1", "Ann")]), silence()]);
        fs::write(music.join("beside.lrc"), "[ar:Ann]\n[00:01.50]One\n[00:03]Two").unwrap();
        run(&pod, &music).await;
        let details = async |title: &str| {
            let query = format!("{{ tracks(filter: {{title: \"{title}\"}}) {{ nodes {{ details {{ composers contributors {{ role name }} bpm labels \
                originalDate artistSort replayGain {{ trackGain trackPeak albumGain }} channels sampleRate lyrics {{ isSynced lines {{ start text }} }} }} }} }} }}");
            let answer = pod.graphql(&query).send().await.json();
            answer["data"]["tracks"]["nodes"][0]["details"].clone()
        };
        let told = details("Told").await;
        assert_eq!(told, json!({"composers": ["Cleo"], "contributors": [{"role": "conductor", "name": "Dan"}], "bpm": 128.0,
            "labels": ["Small Label"], "originalDate": "1971-03-01", "artistSort": "Ann, Miss",
            "replayGain": {"trackGain": -6.5, "trackPeak": 0.98, "albumGain": null}, "channels": told["channels"], "sampleRate": told["sampleRate"],
            "lyrics": {"isSynced": false, "lines": [{"start": null, "text": "First line"}, {"start": null, "text": "Second line"}]}}));
        assert!(told["channels"].as_i64() > Some(0) && told["sampleRate"].as_i64() > Some(8_000), "{told}");
        let lyrics = json!({"isSynced": true, "lines": [{"start": 1500, "text": "One"}, {"start": 3000, "text": "Two"}]});
        assert_eq!(details("Beside").await["lyrics"], lyrics);
    }

    async fn names_tell_what_tags_do_not_and_nothing_above_the_folder(pod: Pod) {
        let music = folder(&pod);
        for name in ["x.mp3", "99 Luftballons.mp3", "Ann/First (1998)/CD2/03 - Third.mp3", "Songs/10 Tenth.mp3", "Songs/09 Ninth.mp3"] {
            song(&music, name, &[silence(), name.as_bytes().to_vec()]);
        }
        let before = sql("select max(id) from artists").number(pod.app.db()).await.unwrap();
        run(&pod, &music).await;
        let unknown = json!([{"credit": "Unknown Artist", "joinPhrase": ""}]);
        assert_eq!(track(&pod, "x").await["artistCredit"], unknown);
        assert_eq!(track(&pod, "99 Luftballons").await["position"], json!(null));
        let third = track(&pod, "Third").await;
        assert_eq!(
            (&third["artistCredit"][0]["credit"], &third["album"]["title"], &third["discNumber"], &third["position"]),
            (&json!("Ann"), &json!("First"), &json!(2), &json!(3)),
        );
        assert_eq!(track(&pod, "Tenth").await["position"], 10);
        let added: Vec<(String,)> = sql("select name from artists where id > ? order by name").bind(before).all(pod.app.db()).await.unwrap();
        assert_eq!(added, [("Ann".to_owned(),), ("Unknown Artist".to_owned(),)]);
    }
}
