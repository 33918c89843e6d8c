//! Uploading files, and what becomes of them.
mod bucket;
mod crashes;
mod graphql;

use std::{fs, path::PathBuf};

use baleen::{
    jobs::{FileRemoval, UploadImport, work_once},
    resources::library::uploads::tidy,
    store::sql,
};
use lofty::{
    config::WriteOptions,
    tag::{Accessor, ItemKey, Tag, TagExt, TagType},
};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Ask, PASSWORD, Pod, on_both, wav};

const ADDRESS: &str = "/api/v1/uploads";

/// A tone with tags. Each title sounds otherwise.
fn song(title: &str, album: &str) -> Vec<u8> {
    song_at(title, album, 1)
}

fn song_at(title: &str, album: &str, position: u32) -> Vec<u8> {
    let pitch = 200.0 + title.bytes().map(f64::from).sum::<f64>();
    let path = std::env::temp_dir().join(format!("{}.wav", uuid::Uuid::new_v4()));
    fs::write(&path, wav(1, pitch)).unwrap();
    let mut tag = Tag::new(TagType::Id3v2);
    for (key, value) in [
        (ItemKey::TrackTitle, title),
        (ItemKey::TrackArtist, "Ann"),
        (ItemKey::AlbumTitle, album),
    ] {
        tag.insert_text(key, value.to_owned());
    }
    tag.set_track(position);
    tag.save_to_path(&path, WriteOptions::default()).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    bytes
}

/// A new library; returns its UUID.
/// Lets so much time pass for the files on their way that they count as left.
fn age(pod: &Pod) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(1_200);
    for entry in fs::read_dir(pod.media().join("incoming")).unwrap() {
        let file = fs::File::options().append(true).open(entry.unwrap().path());
        file.unwrap().set_modified(then).unwrap();
    }
}

async fn library(pod: &Pod, token: &str) -> String {
    let new = json!({"name": "Mine", "privacy_level": "everyone"});
    let made = pod.post("/api/v1/libraries", &new).by(token).send().await;
    made.json()["uuid"].as_str().unwrap().to_owned()
}

fn sending<'a>(pod: &'a Pod, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Ask<'a> {
    let file = ("audio_file", name, "audio/x-wav", bytes);
    pod.ask(Method::POST, ADDRESS)
        .by("alice")
        .parts(fields, &[file])
}

async fn upload(pod: &Pod, library: &str, name: &str, bytes: &[u8]) -> Value {
    let sent = sending(pod, &[("library", library)], name, bytes)
        .send()
        .await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
    sent.json()
}

fn address(upload: &Value) -> String {
    format!("{ADDRESS}/{}", upload["uuid"].as_str().unwrap())
}

async fn shown(pod: &Pod, upload: &Value) -> Value {
    pod.get(&address(upload)).by("alice").send().await.json()
}

/// All files below a folder of the media folder, by their paths within it.
fn files(pod: &Pod, folder: &str) -> Vec<String> {
    let root = match folder {
        "tracks" | "attachments" | "__sized__" => pod.stored(),
        _ => pod.media(),
    };
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(&root).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

/// The files that rows name.
async fn named(pod: &Pod) -> Vec<String> {
    let named = sql(
        "select audio_file from uploads where audio_file like 'tracks/__/__/%' order by audio_file",
    );
    let named: Vec<(String,)> = named.all(pod.app.db()).await.unwrap();
    named.into_iter().map(|(file,)| file).collect()
}

fn complaint(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    answer.json()
}

fn placed(pod: &Pod) -> PathBuf {
    pod.stored().join("tracks")
}

on_both! {
    async fn a_file_that_is_uploaded_becomes_a_track_that_can_be_heard(pod: Pod) {
        let library = library(&pod, "alice").await;
        let bytes = song("First Light", "Days");
        let sent = sending(&pod, &[("library", &library), ("import_reference", "first")], "one.wav", &bytes).send().await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
        let new = sent.json();
        assert_eq!((&new["import_status"], &new["import_reference"], &new["track"]), (&json!("pending"), &json!("first"), &Value::Null));
        assert_eq!((&new["mimetype"], &new["duration"], &new["source"]), (&json!("audio/wav"), &json!(1), &json!("upload://one.wav")));
        assert_eq!((&new["library"]["uuid"], &new["import_date"]), (&json!(library), &Value::Null));
        pod.work().await;
        let done = shown(&pod, &new).await;
        assert_eq!((&done["import_status"], &done["track"]["title"], &done["track"]["album"]["title"]), (&json!("finished"), &json!("First Light"), &json!("Days")));
        assert_eq!((&done["filename"], &done["import_details"]), (&json!("Ann - Days - First Light.wav"), &json!({})));
        assert!(done["import_date"].is_string());
        let heard = pod.get(done["track"]["listen_url"].as_str().unwrap()).send().await;
        assert!(heard.bytes == bytes);
        assert_eq!(files(&pod, "tracks"), named(&pod).await);
        assert!(files(&pod, "incoming").is_empty());
        // Without tags, the name of the file says what it is.
        let fields = [("library", library.as_str()), ("source", "https://example.org/song")];
        let plain = sending(&pod, &fields, "07 - Cleo - Untagged.wav", &wav(2, 333.0)).send().await.json();
        pod.work().await;
        let plain = shown(&pod, &plain).await;
        assert_eq!((&plain["track"]["title"], &plain["track"]["artist"]["name"], &plain["track"]["position"]), (&json!("Untagged"), &json!("Cleo"), &json!(7)));
    }

    async fn what_cannot_be_taken_is_told_and_leaves_nothing(pod: Pod) {
        let library = library(&pod, "alice").await;
        let bytes = song("Not taken", "Days");
        let none = "00000000-0000-0000-0000-000000000000";
        for (fields, told) in [
            (vec![], json!({"non_field_errors": ["You need to specify a channel or a library"]})),
            (vec![("library", library.as_str()), ("channel", none)], json!({"non_field_errors": ["You may specify a channel or a library, not both"]})),
            (vec![("library", none)], json!({"library": [format!("Object with uuid={none} does not exist.")]})),
            (vec![("channel", none)], json!({"channel": [format!("Object with uuid={none} does not exist.")]})),
            (vec![("library", &library), ("import_status", "finished")], json!({"import_status": ["\"finished\" is not a valid choice."]})),
            (vec![("library", &library), ("import_metadata", "{\"position\": 0}")], json!({"import_metadata": {"title": ["This field is required."], "position": ["Ensure this value is greater than or equal to 1."]}})),
            (vec![("library", &library), ("import_metadata", "no")], json!({"import_metadata": ["Value must be valid JSON."]})),
            (vec![("library", &library), ("source", "file:///etc/passwd")], json!({"source": ["Must not be a file of the server."]})),
            (vec![("library", &library), ("import_metadata", "{\"title\": \"a\", \"license\": \"zzz\"}")], json!({"import_metadata": {"license": ["Object with code=zzz does not exist."]}})),
            (vec![("library", &library), ("import_metadata", "{\"title\": \"a\", \"cover\": \"00000000-0000-0000-0000-000000000000\"}")], json!({"import_metadata": {"cover": [format!("Object with uuid={none} does not exist.")]}})),
            (vec![("library", &library), ("import_metadata", "{\"title\": \"a\", \"album\": 1}")], json!({"import_metadata": {"album": ["Invalid pk \"1\" - object does not exist."]}})),
        ] {
            let sent = sending(&pod, &fields, "a.wav", &bytes).send().await;
            assert_eq!(complaint(&sent), told);
        }
        let empty = sending(&pod, &[("library", &library)], "a.wav", b"").send().await;
        assert_eq!(complaint(&empty), json!({"audio_file": ["The submitted file is empty."]}));
        let without = pod.ask(Method::POST, ADDRESS).by("alice").parts(&[("library", &library)], &[]).send().await;
        assert_eq!(complaint(&without), json!({"audio_file": ["No file was submitted."]}));
        let plain = pod.post(ADDRESS, &json!({"library": library})).by("alice").send().await;
        assert_eq!(complaint(&plain), json!({"audio_file": ["No file was submitted."]}));
        // Fields behind the file count too.
        let mut cut = sending(&pod, &[], "a.wav", &bytes);
        let tail = format!("--edge\r\ncontent-disposition: form-data; name=\"library\"\r\n\r\n{none}\r\n--edge--\r\n");
        cut = cut.body(["--edge\r\ncontent-disposition: form-data; name=\"audio_file\"; filename=\"a.wav\"\r\n\r\n".as_bytes(), &bytes, b"\r\n", tail.as_bytes()].concat());
        assert_eq!(complaint(&cut.send().await)["library"][0], format!("Object with uuid={none} does not exist."));
        // A form that ends too early.
        let mut cut = sending(&pod, &[], "a.wav", &bytes);
        cut = cut.body(format!("--edge\r\ncontent-disposition: form-data; name=\"library\"\r\n\r\n{library}\r\n--edge\r\ncontent-disposition: form-data; name=\"audio_file\"; filename=\"a.wav\"\r\n\r\nabc"));
        assert_eq!(cut.send().await.status, StatusCode::BAD_REQUEST);
        let other = pod.ask(Method::POST, ADDRESS).by("bob").parts(&[("library", &library)], &[("audio_file", "a.wav", "audio/wav", &bytes)]).send().await;
        assert_eq!(other.status, StatusCode::FORBIDDEN);
        assert!(files(&pod, "tracks").is_empty() && files(&pod, "incoming").is_empty());
        assert!(named(&pod).await.is_empty());
        assert_eq!(sql("select count(*) from jobs").number(pod.app.db()).await.unwrap(), 0);
    }

    async fn a_quota_holds_while_files_come_in(pod: Pod) {
        let library = library(&pod, "alice").await;
        sql("update users set upload_quota = 1 where username = 'alice'").run(pod.app.db()).await.unwrap();
        // What is played in place takes nothing from anybody.
        sql("update uploads set audio_file = '', size = 900000000").run(pod.app.db()).await.unwrap();
        let refused = json!({"non_field_errors": ["upload_quota_reached"]});
        let large = vec![7; 1_000_001];
        assert_eq!(complaint(&sending(&pod, &[("library", &library)], "a.bin", &large).send().await), refused);
        assert!(files(&pod, "incoming").is_empty());
        let half = vec![7; 600_000];
        upload(&pod, &library, "half.bin", &half).await;
        assert_eq!(complaint(&sending(&pod, &[("library", &library)], "a.bin", &half).send().await), refused);
        let status = pod.get("/api/v1/users/me").by("alice").send().await.json()["quota_status"].clone();
        assert_eq!((&status["max"], &status["current"], &status["pending"]), (&json!(1), &json!(0.6), &json!(0.6)));
        let rest = vec![7; 400_000];
        upload(&pod, &library, "rest.bin", &rest).await;
        assert_eq!(files(&pod, "tracks"), named(&pod).await);
    }

    async fn an_import_that_fails_says_why_and_can_be_tried_again(pod: Pod) {
        let library = library(&pod, "alice").await;
        let broken = upload(&pod, &library, "broken.mp3", b"this is no music at all").await;
        assert_eq!((&broken["mimetype"], &broken["duration"]), (&json!("audio/x-wav"), &Value::Null));
        pod.work().await;
        let failed = shown(&pod, &broken).await;
        assert_eq!((&failed["import_status"], &failed["import_details"]["error_code"]), (&json!("errored"), &json!("unreadable_file")));
        assert!(failed["import_details"]["detail"].as_str().unwrap().starts_with("It cannot be read: "));
        let errored = format!("{ADDRESS}?import_status=errored&library={library}");
        assert_eq!(pod.get(&errored).by("alice").send().await.json()["count"], 1);
        // Somebody mends the file.
        let row: (String,) = sql("select audio_file from uploads where import_status = 'errored' and audio_file like 'tracks/__/%'").one(pod.app.db()).await.unwrap();
        fs::write(pod.stored().join(&row.0), song("Mended", "Days")).unwrap();
        _ = fs::remove_dir_all(pod.media().join("copies"));
        let action = json!({"action": "relaunch_import", "objects": "all", "filters": {"import_status": ["errored"], "library": library}});
        let again = pod.post(&format!("{ADDRESS}/action"), &action).by("alice").send().await;
        assert_eq!(again.json(), json!({"updated": 1, "action": "relaunch_import", "result": null}));
        pod.work().await;
        assert_eq!(shown(&pod, &broken).await["track"]["title"], "Mended");
        // A file that is gone, and work that never ends well.
        let gone = upload(&pod, &library, "gone.wav", &song("Gone", "Days")).await;
        fs::remove_dir_all(placed(&pod)).unwrap();
        pod.work().await;
        assert_eq!(shown(&pod, &gone).await["import_status"], "pending", "its folder may be late");
        for _ in 0..5 {
            pod.wait(3_600);
            pod.work().await;
        }
        assert_eq!(shown(&pod, &gone).await["import_details"]["error_code"], "file_is_gone");
        let poison = upload(&pod, &library, "poison.wav", &song("Poison", "Days")).await;
        sql("update jobs set attempts = 5").run(pod.app.db()).await.unwrap();
        assert!(work_once::<UploadImport>(&pod.app).await.unwrap());
        let given_up = shown(&pod, &poison).await;
        assert_eq!((&given_up["import_status"], &given_up["import_details"]["error_code"]), (&json!("errored"), &json!("import_failed")));
        assert!(!work_once::<UploadImport>(&pod.app).await.unwrap());
    }

    async fn a_pod_may_take_only_files_that_name_their_recordings(pod: Pod) {
        let library = library(&pod, "alice").await;
        pod.prefer("music", "only_allow_musicbrainz_tagged_files", "True").await;
        let unknown = upload(&pod, &library, "unknown.wav", &song("Unknown", "Days")).await;
        let said = json!({"title": "Known", "mbid": "1b022e01-4da6-387b-8658-8678046e4cef"}).to_string();
        let known = sending(&pod, &[("library", &library), ("import_metadata", &said)], "known.wav", &song("Known", "Days")).send().await.json();
        pod.work().await;
        let failed = shown(&pod, &unknown).await;
        assert_eq!((&failed["import_status"], &failed["import_details"]["error_code"]), (&json!("errored"), &json!("invalid_metadata")), "{failed}");
        assert_eq!(failed["import_details"]["detail"], "Only files with the MusicBrainz ID of their recording are permitted on this pod.");
        assert_eq!(shown(&pod, &known).await["track"]["title"], "Known");
        // The keeper changes their mind, or the uploader says what it is.
        pod.prefer("music", "only_allow_musicbrainz_tagged_files", "False").await;
        let action = json!({"action": "relaunch_import", "objects": [unknown["uuid"]]});
        assert_eq!(pod.post(&format!("{ADDRESS}/action"), &action).by("alice").send().await.json()["updated"], 1);
        pod.work().await;
        assert_eq!(shown(&pod, &unknown).await["track"]["title"], "Unknown");
    }

    async fn drafts_are_changed_and_published(pod: Pod) {
        let library = library(&pod, "alice").await;
        let sent = sending(&pod, &[("library", &library), ("import_status", "draft")], "one.wav", &song("As tagged", "Days")).send().await.json();
        pod.work().await;
        assert_eq!(shown(&pod, &sent).await["import_status"], "draft");
        let metadata = pod.get(&format!("{}/audio-file-metadata", address(&sent))).by("alice").send().await.json();
        assert_eq!(metadata, json!({"title": "As tagged", "position": 1, "album": {"title": "Days", "mbid": null, "release_date": null, "artists": [], "cover_data": null}, "artists": [{"name": "Ann", "mbid": null}]}));
        let wrong = pod.ask(Method::PATCH, &address(&sent)).by("alice").header("content-type", "application/json")
            .body(json!({"import_metadata": {"title": "x", "position": "no", "tags": ["a b"]}}).to_string()).send().await;
        assert_eq!(complaint(&wrong), json!({"import_metadata": {"position": ["A valid integer is required."], "tags.0": ["Invalid tag \"a b\""]}}));
        let said = json!({"import_metadata": {"title": "As said", "position": 9, "tags": ["Ska"]}, "import_reference": "later"});
        let changed = pod.ask(Method::PATCH, &address(&sent)).by("alice").header("content-type", "application/json").body(said.to_string()).send().await;
        assert_eq!((&changed.json()["import_metadata"], &changed.json()["import_reference"]), (&said["import_metadata"], &json!("later")), "{}", changed.text);
        pod.person("dora").await;
        for other in [
            pod.get(&format!("{}/audio-file-metadata", address(&sent))).basic("dora", PASSWORD).send().await,
            pod.ask(Method::PATCH, &address(&sent)).basic("dora", PASSWORD).header("content-type", "application/json").body("{}").send().await,
            pod.ask(Method::DELETE, &address(&sent)).basic("dora", PASSWORD).send().await,
        ] {
            assert_eq!(other.status, StatusCode::NOT_FOUND, "{}", other.text);
        }
        let query = format!("mutation {{ updateUpload(input: {{id: \"{}\", importStatus: PENDING}}) {{ upload {{ importStatus importReference importMetadata }} }} }}", sent["uuid"].as_str().unwrap());
        let published = pod.graphql(&query).by("alice").send().await.json();
        assert_eq!(published["data"]["updateUpload"]["upload"], json!({"importStatus": "PENDING", "importReference": "later", "importMetadata": said["import_metadata"]}));
        let late = pod.ask(Method::PATCH, &address(&sent)).by("alice").header("content-type", "application/json").body(said.to_string()).send().await;
        assert_eq!(late.status, StatusCode::NOT_FOUND);
        pod.work().await;
        let track = shown(&pod, &sent).await["track"]["id"].clone();
        let track = pod.get(&format!("/api/v1/tracks/{track}")).send().await.json();
        assert_eq!((&track["title"], &track["position"], &track["tags"], &track["artist"]["name"]), (&json!("As said"), &json!(9), &json!(["Ska"]), &json!("Ann")));
    }

    async fn audio_that_somebody_has_already_is_kept_as_a_duplicate(pod: Pod) {
        let (first, second) = (library(&pod, "alice").await, library(&pod, "alice").await);
        let bytes = song("Twice", "Days");
        let one = upload(&pod, &first, "one.wav", &bytes).await;
        pod.work().await;
        let two = upload(&pod, &second, "two.wav", &bytes).await;
        pod.work().await;
        let (one, two) = (shown(&pod, &one).await, shown(&pod, &two).await);
        assert_eq!((&two["import_status"], &two["track"]["id"]), (&json!("skipped"), &one["track"]["id"]));
        assert_eq!(two["import_details"], json!({"code": "already_imported_in_owned_libraries", "duplicates": [one["uuid"]]}));
        // When the first goes, the second takes its place.
        let gone = pod.ask(Method::DELETE, &address(&one)).by("alice").send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        pod.work().await;
        let heir = shown(&pod, &two).await;
        assert_eq!((&heir["import_status"], &heir["track"]["title"], &heir["import_details"]), (&json!("finished"), &json!("Twice"), &json!({})));
        assert_eq!(files(&pod, "tracks"), named(&pod).await);
        assert_eq!(files(&pod, "tracks").len(), 1);
    }

    async fn files_that_are_uploaded_together_make_one_album(pod: Pod) {
        let library = library(&pod, "alice").await;
        // Both discs count from one, and nothing names the disc.
        for (title, reference) in [("First of one", "a"), ("First of two", "a"), ("Another one", "b")] {
            let fields = [("library", library.as_str()), ("import_reference", reference)];
            sending(&pod, &fields, "x.wav", &song(title, "Two discs")).send().await;
        }
        pod.work().await;
        let albums = sql("select count(*) from albums where title = 'Two discs'");
        assert_eq!(albums.number(pod.app.db()).await.unwrap(), 2);
    }

    async fn a_duplicate_takes_the_place_of_its_original_however_that_goes(pod: Pod) {
        let (first, second) = (library(&pod, "alice").await, library(&pod, "alice").await);
        let bytes = song("Twice", "Days");
        upload(&pod, &first, "one.wav", &bytes).await;
        pod.work().await;
        let two = upload(&pod, &second, "two.wav", &bytes).await;
        pod.work().await;
        assert_eq!(shown(&pod, &two).await["import_status"], "skipped");
        let gone = pod.ask(Method::DELETE, &format!("/api/v1/libraries/{first}")).by("alice").send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        pod.work().await;
        assert_eq!(shown(&pod, &two).await["import_status"], "finished");
        assert_eq!(files(&pod, "tracks"), named(&pod).await);
        assert_eq!(files(&pod, "tracks").len(), 1);
    }

    async fn clients_name_files_and_describe_tracks_in_their_ways(pod: Pod) {
        let library = library(&pod, "alice").await;
        let bytes = song("Named otherwise", "Days");
        let head = format!("--edge\r\ncontent-disposition: form-data; name=\"library\"\r\n\r\n{library}\r\n--edge\r\n\
            content-disposition: form-data; name=\"import_metadata\"\r\n\r\n{{\"title\": \"Said\", \"description\": \"*words*\", \"zzz\": 1}}\r\n--edge\r\n\
            content-disposition: form-data; name=\"audio_file\"; filename*=UTF-8''%C3%A9t%C3%A9.wav\r\ncontent-type: audio/x-wav\r\n\r\n");
        let form = sending(&pod, &[], "", b"").body([head.as_bytes(), &bytes, b"\r\n--edge--\r\n"].concat());
        let sent = form.send().await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
        assert_eq!(sent.json()["import_metadata"], json!({"title": "Said", "description": {"text": "*words*", "content_type": "text/markdown"}}));
    }

    async fn several_uploads_are_acted_on_at_once(pod: Pod) {
        let library = library(&pod, "alice").await;
        let mut uuids = Vec::new();
        for title in ["One", "Two", "Three"] {
            let fields = [("library", library.as_str()), ("import_status", "draft"), ("import_reference", "batch")];
            let sent = sending(&pod, &fields, "x.wav", &song(title, "Days")).send().await.json();
            uuids.push(sent["uuid"].clone());
        }
        let act = async |token: &'static str, body: Value| pod.post(&format!("{ADDRESS}/action"), &body).by(token).send().await;
        for (body, told) in [
            (json!({"action": "zzz", "objects": "all"}), json!({"action": ["zzz is not a valid action. Pick one of delete, relaunch_import, publish."]})),
            (json!({"action": "publish", "objects": "all"}), json!({"non_field_errors": ["You cannot apply this action on all objects"]})),
            (json!({"action": "delete", "objects": []}), json!({"non_field_errors": ["No object matching your request"]})),
            (json!({"action": "delete", "objects": ["no"]}), json!({"objects": ["Expected \"all\" or a list of UUIDs."]})),
            (json!({"action": "delete", "objects": "all", "filters": {"import_reference": "other"}}), json!({"non_field_errors": ["No object matching your request"]})),
            (json!({"action": "delete", "objects": "all", "filters": {"import_status": "nope"}}), json!({"import_status": ["Select a valid choice. nope is not one of the available choices."]})),
        ] {
            assert_eq!(complaint(&act("alice", body).await), told);
        }
        let published = act("alice", json!({"action": "publish", "objects": [uuids[0], uuids[1]]})).await;
        assert_eq!(published.json(), json!({"updated": 2, "action": "publish", "result": null}));
        pod.work().await;
        let again = pod.graphql(&format!("mutation {{ applyUploadAction(input: {{action: PUBLISH, ids: [{}, {}]}}) {{ count ids uploads {{ importStatus }} }} }}", uuids[1], uuids[2])).by("alice").send().await.json();
        let again = &again["data"]["applyUploadAction"];
        assert_eq!((&again["count"], &again["uploads"]), (&json!(1), &json!([{"importStatus": "PENDING"}])));
        pod.work().await;
        assert_eq!(sql("select count(*) from uploads where import_reference = 'batch' and import_status = 'finished'").number(pod.app.db()).await.unwrap(), 3);
        let gone = pod.graphql("mutation { applyUploadAction(input: {action: DELETE, filter: {importReference: \"batch\"}}) { count uploads { uuid } } }").by("alice").send().await.json();
        assert_eq!(gone["data"]["applyUploadAction"], json!({"count": 3, "uploads": []}));
        assert!(work_once::<FileRemoval>(&pod.app).await.unwrap());
        assert!(files(&pod, "tracks").is_empty());
    }

    async fn uploads_of_an_imported_pod_that_waited_there_are_imported(pod: Pod) {
        let library = library(&pod, "alice").await;
        let waiting = upload(&pod, &library, "two.wav", &song("Two", "Days")).await;
        sql("delete from jobs").run(pod.app.db()).await.unwrap();
        pod.work().await;
        assert_eq!(shown(&pod, &waiting).await["import_status"], "pending");
        tidy(&pod.app).await.unwrap();
        tidy(&pod.app).await.unwrap();
        pod.work().await;
        assert_eq!(shown(&pod, &waiting).await["track"]["title"], "Two");
        // The files of the others are not there.
        for _ in 0..5 {
            pod.wait(3_600);
            pod.work().await;
        }
        assert_eq!(sql("select count(*) from uploads where import_status = 'pending'").number(pod.app.db()).await.unwrap(), 0);
    }

    async fn files_that_a_crash_has_left_come_to_their_place_or_go(pod: Pod) {
        let library = library(&pod, "alice").await;
        let draft = sending(&pod, &[("library", &library), ("import_status", "draft")], "one.wav", &song("One", "Days")).send().await.json();
        let waiting = upload(&pod, &library, "two.wav", &song("Two", "Days")).await;
        let staged = |file: &str| pod.media().join("incoming").join(file.rsplit('/').next().unwrap());
        for file in named(&pod).await {
            fs::rename(pod.stored().join(&file), staged(&file)).unwrap();
        }
        let lost = staged(&format!("{}.wav", uuid::Uuid::new_v4().simple()));
        fs::write(&lost, "half a file").unwrap();
        // An import finds its file by itself.
        pod.work().await;
        assert_eq!(shown(&pod, &waiting).await["import_status"], "finished");
        assert_eq!(files(&pod, "tracks").len(), 1);
        tidy(&pod.app).await.unwrap();
        assert_eq!(files(&pod, "tracks").len(), 1, "they may be coming in, whatever the clock of the server says");
        age(&pod);
        tidy(&pod.app).await.unwrap();
        assert_eq!(files(&pod, "tracks"), named(&pod).await);
        assert!(files(&pod, "incoming").is_empty());
        assert_eq!(shown(&pod, &draft).await["import_status"], "draft");
    }
}
