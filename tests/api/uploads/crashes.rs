//! Servers that are killed in the middle of uploads and imports.
use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use baleen::{resources::library::uploads::tidy, store::sql};
use serde_json::Value;

use super::{age, files, library, named, song_at};
use crate::{
    cli::{Server, baleen, greeted},
    support::{Pod, on_both},
};

/// Those who upload at once.
const SENDERS: usize = 20;

/// A server process on the pod's database and files; returns its address too.
fn server(pod: &Pod) -> (Server, String) {
    let config = pod.app.config();
    let mut command = baleen();
    command
        .args(["--database-url", &config.database_url()])
        .args(["--data", config.data.to_str().unwrap()])
        .args(["--throttling-enabled", "false"])
        .args(["--database-connections", "4"])
        .args(pod.bucket_settings())
        .stderr(Stdio::null());
    let (server, greeting) = greeted(&mut command);
    (server, greeting.address())
}

/// Uploads a file; returns the UUID of the upload, if the server told it.
fn send(address: &str, library: &str, name: &str, bytes: &[u8]) -> Option<String> {
    let head = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"library\"\r\n\r\n{library}\r\n--edge\r\n\
         content-disposition: form-data; name=\"audio_file\"; filename=\"{name}\"\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, b"\r\n--edge--\r\n"].concat();
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "POST /api/v1/uploads HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer alice\r\n\
         content-type: multipart/form-data; boundary=edge\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .ok()?;
    stream.write_all(&body).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 201"), "{answer}");
    let body: Value = serde_json::from_str(body).ok()?;
    Some(body["uuid"].as_str()?.to_owned())
}

/// Has everybody upload until so many files were acknowledged, and kills the server then; returns the UUIDs.
fn round(pod: &Pod, library: &str, round: usize, enough: usize) -> Vec<String> {
    let (mut server, address) = server(pod);
    let told = Arc::new(Mutex::new(Vec::new()));
    let number = Arc::new(AtomicU32::new(0));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (address, library) = (address.clone(), library.to_owned());
            let (told, number) = (told.clone(), number.clone());
            thread::spawn(move || {
                loop {
                    let number = number.fetch_add(1, Ordering::SeqCst);
                    let title = format!("Song {round} {number}");
                    let bytes = song_at(&title, &format!("Album {round}"), number + 1);
                    match send(&address, &library, &format!("{title}.wav"), &bytes) {
                        Some(uuid) => told.lock().unwrap().push(uuid),
                        None => return,
                    }
                }
            })
        })
        .collect();
    let end = Instant::now() + Duration::from_secs(60);
    while told.lock().unwrap().len() < enough {
        assert!(
            Instant::now() < end,
            "{} came in",
            told.lock().unwrap().len()
        );
        thread::sleep(Duration::from_millis(2));
    }
    server.0.kill().unwrap();
    server.0.wait().unwrap();
    for sender in senders {
        sender.join().unwrap();
    }
    Arc::try_unwrap(told).unwrap().into_inner().unwrap()
}

async fn number(pod: &Pod, query: &'static str) -> i64 {
    sql(query).number(pod.app.db()).await.unwrap()
}

async fn kill_while_people_upload(pod: Pod) {
    let library = library(&pod, "alice").await;
    let mut told = Vec::new();
    for (index, enough) in [5, 60, 200].into_iter().enumerate() {
        told.extend(round(&pod, &library, index, enough));
        // The minute passes after which the work of a process that says nothing is taken up.
        sql("update jobs set beat_date = '2020-01-01T00:00:00Z' where status = 'started'")
            .run(pod.app.db())
            .await
            .unwrap();
    }
    let (mut last, _) = server(&pod);
    let end = Instant::now() + Duration::from_secs(120);
    while number(&pod, "select count(*) from uploads where import_status = 'pending' and source like 'upload://Song %'").await > 0 {
        assert!(Instant::now() < end, "imports do not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    last.stop();
    age(&pod);
    tidy(&pod.app).await.unwrap();
    let rows: Vec<(uuid::Uuid,)> =
        sql("select uuid from uploads where source like 'upload://Song %'")
            .all(pod.app.db())
            .await
            .unwrap();
    let rows: Vec<String> = rows.into_iter().map(|(uuid,)| uuid.to_string()).collect();
    let lost: Vec<_> = told.iter().filter(|uuid| !rows.contains(uuid)).collect();
    assert!(lost.is_empty(), "{} of {} are lost", lost.len(), told.len());
    assert_eq!(files(&pod, "tracks"), named(&pod).await, "files and rows");
    assert!(files(&pod, "incoming").is_empty());
    let rows = i64::try_from(rows.len()).unwrap();
    assert_eq!(number(&pod, "select count(*) from uploads where source like 'upload://Song %' and import_status = 'finished'").await, rows);
    assert_eq!(
        number(
            &pod,
            "select count(*) from tracks where title like 'Song %'"
        )
        .await,
        rows
    );
    assert_eq!(
        number(
            &pod,
            "select count(distinct source) from uploads where source like 'upload://Song %'"
        )
        .await,
        rows
    );
    assert_eq!(
        number(
            &pod,
            "select count(*) from albums where title like 'Album %'"
        )
        .await,
        3
    );
    assert_eq!(
        number(&pod, "select count(*) from artists where name = 'Ann'").await,
        1
    );
    assert_eq!(number(&pod, "select count(*) from jobs where subject in (select cast(id as text) from uploads where source like 'upload://Song %')").await, 0);
}

on_both! {
    async fn nothing_that_was_acknowledged_is_lost_and_nothing_is_there_twice(pod: Pod) {
        kill_while_people_upload(pod).await;
    }

    async fn and_neither_in_a_bucket(pod: Pod) with crate::support::in_bucket() => {
        kill_while_people_upload(pod).await;
    }
}
