//! Bringing folders of music in.
mod at_random;
mod changes;
mod covers;
mod directory;
mod formats;
mod identity;
mod playlists;
mod tags;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use baleen::{
    accounts::{self, New},
    import::Watch,
    resources::library::libraries::PrivacyLevel,
    scan::{Order, Report, scan},
    scope::Permissions,
    stop::Stop,
    store::sql,
};
use lofty::{
    config::WriteOptions,
    tag::{Accessor, ItemKey, Tag, TagExt, TagType},
};
use serde_json::{Value, json};

use crate::support::{Nobody, Pod, on_both, wav};

pub fn folder(pod: &Pod) -> PathBuf {
    let folder = pod.media().parent().unwrap().join("music");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file of music, by its tags.
pub fn song(folder: &Path, name: &str, tags: &[(ItemKey, &str)]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // Each sounds otherwise: the same audio twice is one.
    let pitch = 200.0 + name.bytes().map(f64::from).sum::<f64>();
    fs::write(&path, wav(1, pitch)).unwrap();
    tag(&path, tags);
    path
}

fn tag(path: &Path, tags: &[(ItemKey, &str)]) {
    let mut tag = Tag::new(TagType::Id3v2);
    for (key, value) in tags {
        match key {
            ItemKey::TrackNumber => tag.set_track(value.parse().unwrap()),
            ItemKey::DiscNumber => tag.set_disk(value.parse().unwrap()),
            key => {
                tag.insert_text(*key, (*value).to_owned());
            }
        }
    }
    tag.save_to_path(path, WriteOptions::default()).unwrap();
    later(path);
}

/// Makes a file younger than it was.
fn later(path: &Path) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static STEP: AtomicU64 = AtomicU64::new(1);
    let step = Duration::from_secs(STEP.fetch_add(1, Ordering::SeqCst));
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + step)
        .unwrap();
}

pub fn order(folder: &Path) -> Order {
    Order {
        folder: folder.to_owned(),
        library: "Music".to_owned(),
        user: "Alice".to_owned(),
        privacy: PrivacyLevel::Everyone,
        readers: 2,
        full: false,
    }
}

pub async fn run(pod: &Pod, folder: &Path) -> Report {
    scan(&pod.app, &order(folder), &Stop::default(), &mut Nobody)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn track(pod: &Pod, title: &str) -> Value {
    let query = format!(
        "{{ tracks(filter: {{title: \"{title}\"}}) {{ nodes {{ uuid title mbid position discNumber copyright isPlayable \
           tags {{ name }} artistCredit {{ credit joinPhrase }} \
           album {{ title mbid releaseDate cover {{ mimetype }} artistCredit {{ credit }} }} \
           uploads {{ mimetype duration importStatus }} }} }} }}"
    );
    let body = pod.graphql(&query).send().await.json();
    body["data"]["tracks"]["nodes"][0].clone()
}

async fn count(pod: &Pod, query: &'static str) -> i64 {
    sql(query).number(pod.app.db()).await.unwrap()
}

use ItemKey::*;

on_both! {
    async fn a_folder_becomes_artists_albums_and_tracks_that_can_be_heard(pod: Pod) {
        let music = folder(&pod);
        let recording = "f2c0a5c8-5d17-4ae9-9e0f-1b5a7f1f0a01";
        let release = "f2c0a5c8-5d17-4ae9-9e0f-1b5a7f1f0a02";
        song(&music, "a/one.wav", &[(TrackTitle, "First Light"), (TrackArtist, "Ann feat. Bea"), (TrackArtists, "Ann"),
            (AlbumTitle, "Days"), (AlbumArtist, "Ann"), (TrackNumber, "3"), (DiscNumber, "2"), (RecordingDate, "2004-05-06"),
            (Genre, "hip hop; Soul"), (MusicBrainzRecordingId, recording), (MusicBrainzReleaseId, release),
            (CopyrightMessage, "Ann 2004")]);
        song(&music, "a/two.wav", &[(TrackTitle, "Second Wind"), (TrackArtist, "ANN"), (AlbumTitle, "days"),
            (MusicBrainzReleaseId, release)]);
        song(&music, "Cleo/Nights/04 - Untagged.wav", &[]);
        let mut cover = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(80, 80).write_to(&mut cover, image::ImageFormat::Png).unwrap();
        fs::write(music.join("a/Cover.PNG"), cover.into_inner()).unwrap();

        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.covers, report.skipped_count), (3, 1, 0), "{report:?}");
        let first = track(&pod, "First Light").await;
        assert_eq!(first["album"], json!({"title": "Days", "mbid": release, "releaseDate": "2004-05-06",
            "cover": {"mimetype": "image/png"}, "artistCredit": [{"credit": "Ann"}]}));
        assert_eq!((&first["mbid"], &first["position"], &first["discNumber"]), (&json!(recording), &json!(3), &json!(2)));
        assert_eq!(first["tags"], json!([{"name": "HipHop"}, {"name": "Soul"}]));
        assert_eq!(first["copyright"], "Ann 2004");
        assert_eq!(first["uploads"], json!([{"mimetype": "audio/wav", "duration": 1, "importStatus": "FINISHED"}]));
        assert_eq!(track(&pod, "Second Wind").await["album"]["title"], "Days");
        assert_eq!(track(&pod, "Untagged").await["artistCredit"], json!([{"credit": "Cleo", "joinPhrase": ""}]));
        assert_eq!(count(&pod, "select count(*) from artists where name_folded = 'ann'").await, 1);

        let address = format!("/api/v1/listen/{}/", first["uuid"].as_str().unwrap());
        let heard = pod.get(&address).send().await;
        assert_eq!(heard.bytes, fs::read(music.join("a/one.wav")).unwrap());

        let again = run(&pod, &music).await;
        assert_eq!((again.added, again.unchanged, again.updated), (0, 3, 0));
    }

    async fn a_changed_file_is_updated_and_what_people_edited_stays(pod: Pod) {
        let music = folder(&pod);
        let path = song(&music, "one.wav", &[(TrackTitle, "Old"), (TrackArtist, "Ann"), (AlbumTitle, "Days"),
            (TrackNumber, "1"), (Genre, "Rock"), (CopyrightMessage, "old")]);
        run(&pod, &music).await;
        let id = count(&pod, "select max(id) from tracks").await;
        let edit = sql("update tracks set title = 'By hand', title_folded = 'by hand' where id = ?").bind(id);
        edit.run(pod.app.db()).await.unwrap();

        tag(&path, &[(TrackTitle, "New"), (TrackArtist, "Bea"), (AlbumTitle, "Nights"), (TrackNumber, "7"),
            (Genre, "Jazz"), (CopyrightMessage, "new")]);
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.updated), (0, 1), "{report:?}");
        let now = track(&pod, "By hand").await;
        assert_eq!((&now["position"], &now["copyright"]), (&json!(7), &json!("new")));
        assert_eq!(now["artistCredit"], json!([{"credit": "Bea", "joinPhrase": ""}]));
        assert_eq!(now["album"]["title"], "Nights");
        assert_eq!(now["tags"], json!([{"name": "Jazz"}]));
        assert_eq!(count(&pod, "select max(id) from tracks").await, id);
    }

    async fn tracks_that_are_numbered_anew_stay_what_they_are(pod: Pod) {
        let music = folder(&pod);
        let put = |name: &str, seconds: u32, title: &str, number: &str| {
            let path = music.join(name);
            fs::write(&path, wav(seconds, 300.0)).unwrap();
            tag(&path, &[(TrackTitle, title), (TrackArtist, "Ann"), (AlbumTitle, "Days"), (TrackNumber, number)]);
        };
        put("01.wav", 1, "Alpha", "1");
        put("02.wav", 2, "Beta", "2");
        run(&pod, &music).await;
        let of = |title: &'static str| async {
            let track = track(&pod, title).await;
            (track["uuid"].clone(), track["isPlayable"].clone())
        };
        let (alpha, beta) = (of("Alpha").await, of("Beta").await);
        put("01.wav", 3, "Intro", "1");
        put("02.wav", 1, "Alpha", "2");
        put("03.wav", 2, "Beta", "3");
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.moved), (1, 2), "{report:?}");
        assert_eq!((of("Alpha").await, of("Beta").await), (alpha, beta));
        assert_eq!(track(&pod, "Alpha").await["position"], 2);
        assert_eq!(of("Intro").await.1, true);
        assert_eq!(run(&pod, &music).await.unchanged, 3);
    }

    async fn a_copy_that_is_tagged_anew_leaves_the_other_file_its_track(pod: Pod) {
        let music = folder(&pod);
        let path = song(&music, "one.wav", &[(TrackTitle, "Here"), (TrackArtist, "Ann"), (AlbumTitle, "First")]);
        run(&pod, &music).await;
        let copy = music.join("copy.wav");
        fs::copy(&path, &copy).unwrap();
        run(&pod, &music).await;
        tag(&copy, &[(TrackTitle, "Here"), (TrackArtist, "Ann"), (AlbumTitle, "Best of")]);
        assert_eq!(run(&pod, &music).await.updated, 1);
        let albums = sql("select al.title from tracks t join albums al on al.id = t.album_id
            where t.title = 'Here' order by t.id");
        let albums: Vec<(String,)> = albums.all(pod.app.db()).await.unwrap();
        assert_eq!(albums, [("First".to_owned(),), ("Best of".to_owned(),)]);
    }

    async fn two_scans_of_one_folder_at_once_mark_nothing(pod: Pod) {
        let music = folder(&pod);
        for number in 0..150 {
            song(&music, &format!("{number}.wav"), &[(TrackTitle, &format!("Song {number}")), (TrackArtist, "Ann")]);
        }
        run(&pod, &music).await;
        for _ in 0..3 {
            let (one, two) = tokio::join!(run(&pod, &music), run(&pod, &music));
            assert_eq!((one.vanished, two.vanished), (0, 0));
        }
    }

    async fn what_vanishes_is_marked_and_comes_back(pod: Pod) {
        let music = folder(&pod);
        let path = song(&music, "one.wav", &[(TrackTitle, "Here"), (TrackArtist, "Ann")]);
        song(&music, "two.wav", &[(TrackTitle, "There"), (TrackArtist, "Ann")]);
        run(&pod, &music).await;
        let kept = fs::read(&path).unwrap();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(run(&pod, &music).await.vanished, 1);
        assert_eq!(track(&pod, "Here").await["isPlayable"], false);
        assert_eq!(track(&pod, "There").await["isPlayable"], true);
        assert_eq!(run(&pod, &music).await.vanished, 0, "it is told once");
        fs::write(&path, kept).unwrap();
        fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(run(&pod, &music).await.unchanged, 2);
        assert_eq!(track(&pod, "Here").await["isPlayable"], true);
    }

    async fn a_moved_file_is_the_same_upload_and_a_copy_is_a_duplicate(pod: Pod) {
        let music = folder(&pod);
        let path = song(&music, "one.wav", &[(TrackTitle, "Here"), (TrackArtist, "Ann")]);
        run(&pod, &music).await;
        let uploads = "select count(*) from uploads where import_status = 'finished' and source like 'file://%'";
        fs::create_dir(music.join("b")).unwrap();
        fs::rename(&path, music.join("b/moved.wav")).unwrap();
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.moved, report.vanished), (0, 1, 0), "{report:?}");
        assert_eq!(count(&pod, uploads).await, 1);
        fs::copy(music.join("b/moved.wav"), music.join("copy.wav")).unwrap();
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.duplicates), (0, 1));
        assert_eq!(count(&pod, uploads).await, 1);
        assert_eq!(run(&pod, &music).await.unchanged, 2);
        fs::remove_file(music.join("b/moved.wav")).unwrap();
        assert_eq!(run(&pod, &music).await.vanished, 1);
        assert_eq!(track(&pod, "Here").await["isPlayable"], true, "the copy takes its place");
        assert_eq!(count(&pod, uploads).await, 1);
        fs::remove_file(music.join("copy.wav")).unwrap();
        assert_eq!(run(&pod, &music).await.vanished, 1);
        assert_eq!(track(&pod, "Here").await["isPlayable"], false);
    }

    async fn what_cannot_be_taken_is_named_and_the_rest_comes_in(pod: Pod) {
        let music = folder(&pod);
        song(&music, "fine.wav", &[(TrackTitle, "Fine"), (TrackArtist, "Ann")]);
        fs::write(music.join("cover.jpg"), "<svg/>").unwrap();
        fs::write(music.join("empty.mp3"), "").unwrap();
        fs::write(music.join("text.ogg"), "this is a text").unwrap();
        fs::File::create(music.join("zeros.mp3")).unwrap().set_len(2 << 30).unwrap();
        let whole = wav(2, 500.0);
        fs::write(music.join("cut.wav"), &whole[..whole.len() / 2]).unwrap();
        fs::write(music.join("cut.flac"), cut_flac()).unwrap();
        let mut expected = vec!["cut.flac", "cut.wav", "empty.mp3", "text.ogg", "zeros.mp3"];
        #[cfg(unix)]
        {
            use std::os::unix::{ffi::OsStrExt, fs::symlink};
            fs::create_dir(music.join("sub")).unwrap();
            symlink(&music, music.join("sub/loop")).unwrap();
            symlink("/nowhere", music.join("gone.mp3")).unwrap();
            fs::write(music.join(std::ffi::OsStr::from_bytes(b"\xff.mp3")), &whole).unwrap();
            expected.extend(["loop", "gone.mp3", "\u{fffd}.mp3"]);
        }
        let report = run(&pod, &music).await;
        let mut skipped: Vec<_> = report.skipped.iter().map(|file| file.path.rsplit('/').next().unwrap()).collect();
        skipped.sort_unstable();
        expected.sort_unstable();
        assert_eq!(skipped, expected, "{report:?}");
        assert!(report.skipped.iter().all(|file| !file.reason.is_empty()));
        assert_eq!(report.added, 1);
        assert_eq!(track(&pod, "Fine").await["isPlayable"], true);
    }

    async fn a_scan_that_is_stopped_loses_nothing_and_marks_nothing(pod: Pod) {
        let music = folder(&pod);
        for number in 0..300 {
            song(&music, &format!("{number}.wav"), &[(TrackTitle, &format!("Song {number}")), (TrackArtist, "Ann")]);
        }
        let stop = Stop::default();
        let mut watch = StopAfter(stop.clone(), 60);
        let report = scan(&pod.app, &order(&music), &stop, &mut watch).await.unwrap();
        assert!(report.interrupted && report.added > 0 && report.vanished == 0, "{report:?}");
        let rest = run(&pod, &music).await;
        assert_eq!((report.added + rest.added, rest.vanished), (300, 0));
    }

    async fn a_full_scan_and_a_newer_reader_read_everything_again(pod: Pod) {
        let music = folder(&pod);
        let one = song(&music, "one.wav", &[(TrackTitle, "One"), (TrackArtist, "Ann"), (AlbumTitle, "Days")]);
        fs::copy(&one, music.join("two.wav")).unwrap();
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.duplicates), (1, 1), "{report:?}");
        let before = track(&pod, "One").await;

        let full = Order { full: true, ..order(&music) };
        let report = scan(&pod.app, &full, &Stop::default(), &mut Nobody).await.unwrap();
        // A duplicate stays one.
        assert_eq!((report.added, report.updated, report.unchanged), (0, 1, 1), "{report:?}");
        assert_eq!(track(&pod, "One").await, before);
        assert_eq!(count(&pod, "select count(*) from uploads where import_status = 'skipped' and import_reference = 'scan'").await, 1);
        let report = run(&pod, &music).await;
        assert_eq!((report.updated, report.unchanged), (0, 2), "{report:?}");

        // As an earlier reader left them.
        sql("update music_files set reader = 0").run(pod.app.db()).await.unwrap();
        sql("update tracks set title = 'Misread', title_folded = 'misread' where title = 'One'").run(pod.app.db()).await.unwrap();
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.updated, report.unchanged), (0, 1, 1), "{report:?}");
        assert_eq!(track(&pod, "Misread").await["isPlayable"], true, "an edit stays");
        assert_eq!(run(&pod, &music).await.unchanged, 2);
    }

    async fn it_says_what_keeps_it_from_scanning(pod: Pod) {
        let music = folder(&pod);
        let failing = async |order: Order| {
            scan(&pod.app, &order, &Stop::default(), &mut Nobody).await.unwrap_err().to_string()
        };
        let nobody = failing(Order { user: "nobody".to_owned(), ..order(&music) }).await;
        assert_eq!(nobody, "there is no user nobody; make one with: baleen user create nobody");
        let nowhere = failing(Order { folder: "/nowhere".into(), ..order(&music) }).await;
        assert!(nowhere.starts_with("cannot look into /nowhere"), "{nowhere}");
        let foreign = "00000000-0000-0000-0000-000000000000".to_owned();
        let foreign = failing(Order { library: foreign, ..order(&music) }).await;
        assert!(foreign.contains("has no library with the UUID"), "{foreign}");
    }

    async fn an_account_is_made_once_and_refused_by_field(pod: Pod) {
        let new = New { username: "dora".to_owned(), email: "d@pod.test".to_owned(), password: "long enough".to_owned(),
            permissions: Permissions::default(), is_superuser: false };
        accounts::create(&pod.app, &new).await.unwrap();
        for (wrong, field) in [
            (New { username: "DORA".to_owned(), email: String::new(), ..new.clone() }, "username"),
            (New { username: "a b".to_owned(), ..new.clone() }, "username"),
            (New { username: "eve".to_owned(), email: "D@pod.test".to_owned(), ..new.clone() }, "email"),
            (New { username: "eve".to_owned(), password: "short".to_owned(), ..new.clone() }, "password"),
        ] {
            let error = accounts::create(&pod.app, &wrong).await.unwrap_err();
            let baleen::error::Error::Invalid(fields) = error else { panic!("{error}") };
            assert!(fields.contains_key(field), "{fields:?}");
        }
        assert_eq!(count(&pod, "select count(*) from users where username_folded in ('dora', 'eve', 'a b')").await, 1);
    }
}

/// Stops a scan after so many files.
struct StopAfter(Stop, u64);

impl Watch for StopAfter {
    fn stage(&mut self, _: &str, _: u64) {}

    fn done(&mut self, steps: u64) {
        self.1 = self.1.saturating_sub(steps);
        if self.1 == 0 {
            self.0.now();
        }
    }
}

/// The first half of a FLAC file.
fn cut_flac() -> Vec<u8> {
    use flacenc::{
        bitsink::ByteSink, component::BitRepr, config, error::Verify, source::MemSource,
    };
    let samples: Vec<i32> = (0..200_000_i64)
        .map(|index| ((index * index * 7919) % 20_011) as i32 - 10_000)
        .collect();
    let config = config::Encoder::default().into_verified().unwrap();
    let source = MemSource::from_samples(&samples, 1, 16, 44_100);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, config.block_size).unwrap();
    let mut sink = ByteSink::new();
    stream.write(&mut sink).unwrap();
    let whole = sink.into_inner();
    whole[..whole.len() / 2].to_vec()
}
