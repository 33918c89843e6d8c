//! Pods whose uploads and pictures are in a bucket of an S3-compatible store. With `BALEEN_TEST_BUCKET` all other stories
//! are told of such pods too.
use std::{
    fs,
    net::TcpListener,
    process::{Command, Stdio},
};

use baleen::{
    jobs::{FileRemoval, work_once},
    resources::library::uploads::tidy,
    store::sql,
};
use poem::http::{Method, StatusCode};
use serde_json::json;

use super::{ADDRESS, address, age, files, library, sending, shown, song, upload};
use crate::{
    cli::{baleen, failing},
    pictures::{attach, photo},
    support::{Backend, Data, Pod, ffmpeg, in_bucket, on_both, wav},
};

const DUSK: &str = "c703c9ef-5a1d-5d50-b8a6-916b813e8ba3";

on_both! {
    async fn an_upload_is_in_the_bucket_and_heard_from_every_server(pod: Pod) with crate::support::in_bucket() => {
        // More than is sent in one part.
        let bytes = wav(600, 440.0);
        assert!(bytes.len() > 8 << 20);
        let new = upload(&pod, &library(&pod, "alice").await, "tone.wav", &bytes).await;
        assert_eq!(files(&pod, "tracks").len(), 1);
        assert!(!pod.media().join("tracks").exists(), "not beside the bucket");
        pod.work().await;
        let done = shown(&pod, &new).await;
        assert_eq!(done["import_status"], "finished", "{done}");
        let listen = done["track"]["listen_url"].as_str().unwrap().to_owned();
        // What this machine has of it goes, as if another one had received it.
        fs::remove_dir_all(pod.media()).unwrap();
        let whole = pod.get(&listen).by("alice").send().await;
        assert_eq!(whole.status, StatusCode::OK, "{}", whole.text);
        assert!(whole.bytes == bytes);
        let etag = whole.header("etag").unwrap().to_owned();
        let part = pod.get(&listen).by("alice").header("range", "bytes=5000-5999").header("if-range", &etag).send().await;
        assert_eq!((part.status, &part.bytes[..]), (StatusCode::PARTIAL_CONTENT, &bytes[5000..6000]));
        assert_eq!(part.header("content-range"), Some(format!("bytes 5000-5999/{}", bytes.len()).as_str()));
        let known = pod.get(&listen).by("alice").header("if-none-match", &etag).send().await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);
        let beyond = pod.get(&listen).by("alice").header("range", "bytes=99999999-").send().await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        let head = pod.ask(Method::HEAD, &listen).by("alice").send().await;
        assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, Some(bytes.len().to_string().as_str())));
        assert!(!pod.media().join("copies").exists(), "listening needs no copy");
        if ffmpeg() {
            let converted = pod.get(&format!("{listen}?to=flac")).by("alice").send().await;
            assert!(converted.bytes.starts_with(b"fLaC"), "{}", converted.status);
        }
        let told = pod.get(&format!("{}/audio-file-metadata", address(&new))).by("alice").send().await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        let deleted = pod.ask(Method::DELETE, &address(&new)).by("alice").send().await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT);
        pod.work().await;
        assert!(files(&pod, "tracks").is_empty());
        assert!(files(&pod, "copies").is_empty());
    }

    async fn a_picture_is_in_the_bucket_and_its_crops_are_copies(pod: Pod) with crate::support::in_bucket() => {
        let made = attach(&pod, &photo(300, 900)).await;
        assert_eq!(files(&pod, "attachments").len(), 1);
        assert!(!pod.media().join("attachments").exists());
        for size in ["original", "medium_square_crop"] {
            let url = made["urls"][size].as_str().unwrap();
            let address = url.strip_prefix("http://pod.test").unwrap();
            for _ in 0..2 {
                let shown = pod.get(address).send().await;
                assert_eq!(shown.status, StatusCode::OK, "{address}");
            }
        }
        assert_eq!(files(&pod, "__sized__"), [""; 0], "crops can be made again");
        let address = format!("/api/v1/attachments/{}", made["uuid"].as_str().unwrap());
        let gone = pod.ask(Method::DELETE, &address).by("alice").send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
        assert!(files(&pod, "attachments").is_empty());
        assert!(files(&pod, "copies").is_empty());
    }

    async fn what_no_row_names_is_removed_again(pod: Pod) with crate::support::in_bucket() => {
        // What is refused once the file is there leaves nothing.
        let library = library(&pod, "alice").await;
        let metadata = json!({"title": "One", "license": "none such"}).to_string();
        let sent = sending(&pod, &[("library", &library), ("import_metadata", &metadata)], "one.wav", &song("One", "Days")).send().await;
        assert_eq!(sent.status, StatusCode::BAD_REQUEST, "{}", sent.text);
        assert!(files(&pod, "tracks").is_empty() && files(&pod, "incoming").is_empty());
        // A crash between the file and its row.
        let name = format!("{}.wav", uuid::Uuid::new_v4().simple());
        let place = format!("tracks/{}/{}/{name}", &name[..2], &name[2..4]);
        for path in [pod.media().join("incoming").join(&name), pod.stored().join(place)] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
        }
        tidy(&pod.app).await.unwrap();
        assert_eq!(files(&pod, "tracks").len(), 1, "it may be about to be named");
        age(&pod);
        tidy(&pod.app).await.unwrap();
        assert!(files(&pod, "tracks").is_empty() && files(&pod, "incoming").is_empty());
    }

    async fn a_picture_that_another_server_deletes_is_gone_here_too(pod: Pod) with crate::support::in_bucket() => {
        let made = attach(&pod, &photo(300, 900)).await;
        let address = |size: &str| made["urls"][size].as_str().unwrap().strip_prefix("http://pod.test").unwrap().to_owned();
        let sizes = ["original", "medium_square_crop"].map(address);
        for size in &sizes {
            assert_eq!(pod.get(size).send().await.status, StatusCode::OK);
            // Names that begin like it lead nowhere, and stand in nobody's way.
            assert_eq!(pod.get(&format!("{size}/x.jpg")).send().await.status, StatusCode::NOT_FOUND);
        }
        for odd in ["attachments/%00.jpg", &format!("attachments/{}.jpg", "a".repeat(2000))] {
            assert_eq!(pod.get(&format!("/media/{odd}")).send().await.status, StatusCode::NOT_FOUND, "{odd}");
        }
        fs::remove_dir_all(pod.stored().join("attachments")).unwrap();
        let (twin, endpoint) = pod.twin().await;
        for size in &sizes {
            assert_eq!(pod.get(size).send_to(&endpoint).await.status, StatusCode::NOT_FOUND, "{size}");
        }
        drop(twin);
    }
}

async fn sqlite(settings: &[&str]) -> Pod {
    let settings = [&in_bucket()[..], settings].concat();
    let pod = Pod::with(Backend::Sqlite, Data::Small, &settings).await;
    pod.unwrap()
}

#[tokio::test]
async fn listeners_are_sent_to_the_store_where_the_pod_wants_it() {
    let pod = sqlite(&["--proxy-media", "false"]).await;
    let bytes = wav(2, 440.0);
    let new = upload(&pod, &library(&pod, "alice").await, "tone.wav", &bytes).await;
    pod.work().await;
    let listen = shown(&pod, &new).await["track"]["listen_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let sent = pod.get(&listen).by("alice").send().await;
    assert_eq!((sent.status, sent.bytes.len()), (StatusCode::FOUND, 0));
    assert_eq!(sent.header("cache-control"), Some("no-store"));
    let link = sent.header("location").unwrap();
    let found = reqwest::get(link).await.unwrap();
    assert_eq!(found.status(), 200);
    assert_eq!(found.bytes().await.unwrap(), bytes);
    let page = pod.get("/").header("accept", "text/html").send().await;
    let policy = page.header("content-security-policy").unwrap();
    let store = link.split_once("/files/").unwrap().0;
    assert!(
        policy.contains(&format!("media-src 'self' {store};")),
        "{policy}"
    );
    let unsigned = link.split_once('?').unwrap().0;
    assert_eq!(reqwest::get(unsigned).await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_and_nothing_is_written() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    drop(silent);
    let settings = ["--s3-bucket", "files", "--s3-endpoint-url", &endpoint];
    let keys = [
        "--s3-access-key-id",
        "id",
        "--s3-secret-access-key",
        "secret",
    ];
    let settings = [settings, keys].concat();
    let pod = Pod::with(Backend::Sqlite, Data::Small, &settings)
        .await
        .unwrap();
    let library = library(&pod, "alice").await;
    let sent = sending(
        &pod,
        &[("library", &library)],
        "one.wav",
        &song("One", "Days"),
    )
    .send()
    .await;
    assert_eq!(
        sent.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        sent.text
    );
    assert!(sent.text.contains("The store of files does not answer"));
    let all = pod
        .get(&format!("{ADDRESS}?library={library}"))
        .by("alice")
        .send()
        .await;
    assert_eq!(all.json()["count"], 0);
    let heard = pod.get(&format!("/api/v1/listen/{DUSK}")).send().await;
    assert_eq!(
        heard.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        heard.text
    );
    // What is deleted meanwhile is removed from the store later, however long that takes.
    let own = pod.get(ADDRESS).by("alice").send().await.json();
    let upload = &own["results"][0];
    let deleted = pod.ask(Method::DELETE, &address(upload)).by("alice");
    assert_eq!(deleted.send().await.status, StatusCode::NO_CONTENT);
    for _ in 0..6 {
        assert!(work_once::<FileRemoval>(&pod.app).await.unwrap());
        pod.wait(61);
    }
    let waiting =
        sql("select count(*) from jobs where kind = 'file_removal' and status = 'pending'");
    assert_eq!(waiting.number(pod.app.db()).await.unwrap(), 1);
}

/// A server with a new database whose bucket is this one.
fn serving(name: &str, settings: &[&str]) -> Command {
    let data = std::env::temp_dir().join(format!("baleen-bucket-{name}-{}", std::process::id()));
    let mut command = baleen();
    command
        .args(["--bind", "127.0.0.1:0", "--data", data.to_str().unwrap()])
        .args(settings)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_server_does_not_start_with_a_bucket_that_it_cannot_use() {
    let wrong = |at: usize, value: &'static str| {
        let mut settings = in_bucket();
        settings[at] = value;
        settings
    };
    for (name, settings, told) in [
        ("secret", wrong(7, "another"), "AWS_SECRET_ACCESS_KEY"),
        ("half", wrong(7, ""), "AWS_SECRET_ACCESS_KEY is missing"),
        (
            "name",
            wrong(1, "my bucket"),
            "AWS_STORAGE_BUCKET_NAME is no name",
        ),
        (
            "scheme",
            wrong(3, "localhost:9000"),
            "AWS_S3_ENDPOINT_URL is no address",
        ),
        (
            "address",
            wrong(3, "no address"),
            "AWS_S3_ENDPOINT_URL is no address",
        ),
    ] {
        let said = failing(&mut serving(name, &settings));
        assert!(said.contains(told), "{name}: {said}");
        assert!(!said.contains("the secret of tests"));
    }
}
