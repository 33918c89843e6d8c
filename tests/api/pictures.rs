//! Covers: attached, cropped, fetched, and taken away.
use std::{
    fs,
    io::{Cursor, Read, Write},
    net::TcpListener,
};

use baleen::store::sql;
use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Backend, Data, Pod, on_both};

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let paint = |x: u32, y: u32| Rgb([(x % 256) as u8, (y % 256) as u8, 90]);
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_fn(width, height, paint))
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// A JPEG that says where it was taken, and that it is to be turned by a quarter.
pub fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend_from_slice(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0");
    exif.extend_from_slice(b"\x10\x01\x02\0\x05\0\0\0\x26\0\0\0\0\0\0\0HERE\0");
    let jpeg = picture(width, height, ImageFormat::Jpeg);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
}

pub async fn attach(pod: &Pod, bytes: &[u8]) -> Value {
    let ask = pod.ask(Method::POST, "/api/v1/attachments").by("alice");
    let answer = ask.file("c.jpg", "image/jpeg", bytes).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

/// How many files there are in a folder and its folders.
fn files_in(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let counts = entries.map(|entry| match entry.path().is_dir() {
        true => files_in(&entry.path()),
        false => 1,
    });
    counts.sum()
}

fn path(body: &Value, size: &str) -> String {
    let url = body["urls"][size].as_str().unwrap();
    url.strip_prefix("http://pod.test").unwrap().to_owned()
}

on_both! {
    async fn a_picture_is_attached_shown_cropped_and_taken_away(pod: Pod) {
        let made = attach(&pod, &photo(300, 900)).await;
        let uuid = made["uuid"].as_str().unwrap();
        let shown = pod.get(&format!("/api/v1/attachments/{uuid}")).send().await;
        assert_eq!(shown.json(), made);
        let twin = pod.graphql(&format!("{{ attachment(uuid: \"{uuid}\") {{ mimetype size urls {{ original }} }} }}"));
        let twin = twin.send().await.json()["data"]["attachment"].clone();
        assert_eq!((&twin["mimetype"], &twin["urls"]["original"]), (&json!("image/jpeg"), &made["urls"]["original"]));

        let original = pod.get(&path(&made, "original")).send().await;
        assert_eq!(original.header("content-type"), Some("image/jpeg"));
        assert_eq!(original.bytes.len() as i64, made["size"].as_i64().unwrap());
        assert!(!original.text.contains("HERE"), "where it was taken is nobody's business");
        let dimensions = image::load_from_memory(&original.bytes).unwrap().dimensions();
        assert_eq!(dimensions, (900, 300), "it is turned as the camera said");

        for (size, pixels) in [("medium_square_crop", 200), ("large_square_crop", 600)] {
            let crop = pod.get(&path(&made, size)).send().await;
            assert_eq!(crop.status, StatusCode::OK);
            assert_eq!(image::load_from_memory(&crop.bytes).unwrap().dimensions(), (pixels, pixels));
            let webp = pod.get(&path(&made, size)).header("accept", "image/avif,image/webp,*/*").send().await;
            assert_eq!(webp.header("content-type"), Some("image/webp"));
            assert_eq!(webp.header("vary"), Some("Accept, Cookie, origin"));
            assert!(webp.bytes.len() < crop.bytes.len());
            assert_eq!(image::load_from_memory(&webp.bytes).unwrap().dimensions(), (pixels, pixels));
        }

        let delete = |token| pod.ask(Method::DELETE, &format!("/api/v1/attachments/{uuid}")).by(token).send();
        assert_eq!(delete("bob").await.status, StatusCode::FORBIDDEN);
        let other = attach(&pod, &photo(200, 200)).await;
        let mutation = format!("mutation {{ deleteAttachment(input: {{id: {}}}) {{ deletedId }} }}", other["uuid"]);
        let foreign = pod.graphql(&mutation).by("bob").send().await.json();
        assert!(foreign["data"]["deleteAttachment"].is_null() && foreign["errors"].is_array(), "{foreign}");
        let query = format!("{{ attachment(uuid: {}) {{ id }} }}", other["uuid"]);
        let id = pod.graphql(&query).send().await.json()["data"]["attachment"]["id"].clone();
        let gone = pod.graphql(&mutation).by("alice").send().await.json();
        assert!(id.is_string() && gone["data"]["deleteAttachment"]["deletedId"] == id, "{gone}");
        assert_eq!(pod.get(&path(&other, "original")).send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(delete("alice").await.status, StatusCode::NO_CONTENT);
        assert_eq!(delete("alice").await.status, StatusCode::NOT_FOUND);
        for size in ["original", "medium_square_crop", "large_square_crop"] {
            assert_eq!(pod.get(&path(&made, size)).send().await.status, StatusCode::NOT_FOUND, "{size}");
        }
    }

    async fn what_is_no_fit_picture_is_refused_by_name_and_nothing_is_kept(pod: Pod) {
        let count = || async {
            sql("select count(*) from attachments").number(pod.app.db()).await.unwrap()
        };
        let before = count().await;
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec();
        let mut cut = picture(400, 400, ImageFormat::Png);
        cut.truncate(300);
        let unreadable = "Upload a valid image. The file you uploaded was either not an image or a corrupted image.";
        for (bytes, complaint) in [
            (svg, unreadable),
            (cut, unreadable),
            (Vec::new(), unreadable),
            (picture(60, 60, ImageFormat::Gif), unreadable),
            (picture(49, 60, ImageFormat::Png), "The picture is smaller than 50 x 50 pixels."),
            (picture(8001, 50, ImageFormat::Png), "The picture is larger than 8000 x 8000 pixels."),
        ] {
            let ask = pod.ask(Method::POST, "/api/v1/attachments").by("alice");
            let answer = ask.file("a.png", "image/png", &bytes).send().await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{complaint}");
            assert_eq!(answer.json(), json!({"file": [complaint]}));
        }
        let ask = |kind: &str, body: &str| pod.ask(Method::POST, "/api/v1/attachments").by("alice")
            .header("content-type", kind).body(body);
        let none = ask("multipart/form-data; boundary=x", "--x--\r\n").send().await;
        assert_eq!(none.json(), json!({"file": ["No file was submitted."]}));
        assert_eq!(ask("text/csv", "a").send().await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(ask("multipart/form-data", "a").send().await.status, StatusCode::BAD_REQUEST);
        let endless = format!("--x\r\ncontent-disposition: form-data; name=\"{}", "a".repeat(8 << 20));
        let endless = ask("multipart/form-data; boundary=x", &endless).send().await;
        assert_eq!(endless.status, StatusCode::BAD_REQUEST, "a head without end is not read to it");
        let huge = pod.ask(Method::POST, "/api/v1/attachments").by("alice");
        let huge = huge.file("a.png", "image/png", &vec![0; (5 << 20) + 1]).send().await;
        assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(count().await, before);
        assert!(!pod.stored().join("attachments").exists());
    }

    async fn pictures_stay_within_a_quota(pod: Pod) {
        sql("update users set upload_quota = 1 where username = 'alice'").run(pod.app.db()).await.unwrap();
        let made = attach(&pod, &photo(300, 900)).await;
        let grown = sql("update attachments set size = 999000 where uuid = ?");
        let uuid: uuid::Uuid = made["uuid"].as_str().unwrap().parse().unwrap();
        grown.bind(uuid).run(pod.app.db()).await.unwrap();
        let ask = pod.ask(Method::POST, "/api/v1/attachments").by("alice");
        let refused = ask.file("c.jpg", "image/jpeg", &photo(300, 900)).send().await;
        assert_eq!(refused.json(), json!({"file": ["Your pictures would take more than your quota of 1 MB."]}));
        let files = files_in(&pod.stored().join("attachments"));
        assert_eq!(files, 1, "nothing is left of what was refused");
        // A cover of an album came with audio.
        sql("update albums set attachment_cover_id = (select id from attachments where uuid = ?) where id = 1")
            .bind(uuid).run(pod.app.db()).await.unwrap();
        attach(&pod, &photo(300, 900)).await;
    }

    async fn a_picture_of_another_pod_is_not_fetched_from_this_machine(pod: Pod) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]", "0"] {
            point(&pod, &format!("http://{host}:{port}/c.png")).await;
            let answer = pod.get(&proxied("")).send().await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{host}");
        }
        assert!(listener.accept().is_err(), "nobody came");
    }
}

const REMOTE: &str = "97290269-48c2-5c29-a67a-7ca65bbed33e";

fn proxied(query: &str) -> String {
    format!("/api/v1/attachments/{REMOTE}/proxy{query}")
}

async fn point(pod: &Pod, url: &str) {
    let set = sql("update attachments set url = ? where id = 2").bind(url);
    set.run(pod.app.db()).await.unwrap();
}

/// A server that answers each request with the same bytes; answers how often it was asked.
fn serve(body: Vec<u8>) -> (String, std::sync::Arc<std::sync::atomic::AtomicU32>) {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/c.png", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU32::new(0));
    let counter = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_picture_of_another_pod_is_fetched_once() {
    let settings = ["--fetch-private", "true"];
    let pod = Pod::with(Backend::Sqlite, Data::Small, &settings)
        .await
        .unwrap();
    let (address, asked) = serve(picture(300, 200, ImageFormat::Png));
    point(&pod, &address).await;
    let first = pod.get(&proxied("?next=medium_square_crop")).send().await;
    assert_eq!(first.status, StatusCode::FOUND, "{}", first.text);
    let crop = first
        .header("location")
        .unwrap()
        .strip_prefix("http://pod.test")
        .unwrap();
    assert!(crop.starts_with("/media/__sized__/attachments/"), "{crop}");
    assert_eq!(pod.get(crop).send().await.status, StatusCode::OK);
    let again = pod.get(&proxied("?next=original")).send().await;
    assert!(
        again
            .header("location")
            .unwrap()
            .contains("/media/attachments/")
    );
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    let odd = pod.get(&proxied("?next=huge")).send().await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert!(odd.json()["next"].is_array());
}

#[tokio::test]
async fn what_another_pod_sends_is_looked_at_first() {
    let settings = ["--fetch-private", "true"];
    let pod = Pod::with(Backend::Sqlite, Data::Small, &settings)
        .await
        .unwrap();
    for body in [b"<svg/>".to_vec(), vec![0; 11 << 20]] {
        point(&pod, &serve(body).0).await;
        let answer = pod.get(&proxied("")).send().await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(!pod.stored().join("attachments").exists());
}

#[tokio::test]
async fn the_media_folder_shows_pictures_and_nothing_else() {
    let pod = Pod::with(Backend::Sqlite, Data::Small, &[]).await.unwrap();
    for file in [
        "tracks/1.mp3",
        "transcoded/1.mp3",
        "attachments/a.jpg",
        "secret",
    ] {
        let path = pod.stored().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    for (address, status) in [
        ("/media/attachments/a.jpg", 200),
        ("/media/tracks/1.mp3", 404),
        ("/media/transcoded/1.mp3", 404),
        ("/media/secret/a.png", 404),
        ("/media/attachments/../tracks/1.mp3", 404),
        ("/media/attachments/%2e%2e/tracks/1.mp3", 404),
        ("/media/attachments/..%2ftracks%2f1.mp3", 404),
        ("/media/attachments", 404),
        ("/media/attachments/", 404),
        ("/media/", 404),
        ("/media/%ff", 404),
        ("/media/attachments/%00", 404),
        ("/media/__sized__/secret/a-crop-c0-5__0-5-200x200.png", 404),
        ("/media/__sized__/tracks/1-crop-c0-5__0-5-200x200.mp3", 404),
        (
            "/media/__sized__/attachments/a-crop-c0-5__0-5-200x200-95.jpg",
            404,
        ),
    ] {
        let answer = pod.get(address).send().await;
        assert_eq!(answer.status.as_u16(), status, "{address}");
    }
    assert_eq!(
        pod.ask(Method::POST, "/media/attachments/a.jpg")
            .send()
            .await
            .status,
        405
    );
}
