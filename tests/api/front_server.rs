//! nginx in front, as `docs/nginx.conf` shows it.
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use baleen::{
    resources::library::libraries::PrivacyLevel,
    scan::{Order, scan},
    stop::Stop,
    store::sql,
};

use crate::support::{Nobody, PASSWORD, Served, ffmpeg, free_port, served, wav};

/// nginx, until it is dropped.
struct FrontServer {
    child: Child,
    base: String,
}

impl Drop for FrontServer {
    fn drop(&mut self) {
        // The main process ends its workers when it is told to.
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        if told.is_ok() {
            let _ = self.child.wait();
        }
    }
}

/// `None` where there is no nginx; required where `BALEEN_TEST_REQUIRE_NGINX` is set.
fn nginx() -> Option<&'static str> {
    const PROGRAMS: [&str; 2] = ["nginx", "/usr/sbin/nginx"];
    let there = |program: &&str| Command::new(program).arg("-v").output().is_ok();
    let found = PROGRAMS.into_iter().find(there);
    if found.is_none() {
        let required = std::env::var_os("BALEEN_TEST_REQUIRE_NGINX").is_some();
        assert!(!required, "nginx is required and not found");
        eprintln!("nginx not found, docs/nginx.conf is not tested");
    }
    found
}

/// The configuration from the documentation, without TLS and with the places of this test.
fn configuration(port: u16, behind: &str, media: &Path, music: &Path) -> String {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut server = fs::read_to_string(docs.join("nginx.conf")).unwrap();
    let media = format!("{}/", media.display());
    let music = format!("{}/", music.display());
    let listen = format!("listen 127.0.0.1:{port};");
    let audio = docs.join("nginx-audio.conf").display().to_string();
    for (shown, here) in [
        ("listen 443 ssl;", listen.as_str()),
        ("ssl_certificate /etc/ssl/music.example.org.pem;", ""),
        ("ssl_certificate_key /etc/ssl/music.example.org.key;", ""),
        ("http://127.0.0.1:5000", behind),
        ("/srv/baleen/data/media/", &media),
        ("/srv/music/", &music),
        ("/etc/nginx/baleen-audio.conf", &audio),
    ] {
        assert!(server.contains(shown), "{shown}");
        server = server.replace(shown, here);
    }
    let user = match is_root() {
        true => "user root;",
        false => "",
    };
    format!(
        "{user} daemon off; pid nginx.pid; error_log stderr;
         events {{}}
         http {{
           access_log off; client_body_temp_path body; proxy_temp_path proxied;
           fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
           {server}
         }}"
    )
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

fn start(program: &str, folder: &Path, port: u16, configuration: &str) -> FrontServer {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration).unwrap();
    let child = Command::new(program)
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let base = format!("http://127.0.0.1:{port}");
    FrontServer { child, base }
}

/// Asks again until the server answers.
async fn answering(base: &str) {
    let patience = Instant::now() + Duration::from_secs(20);
    while reqwest::get(format!("{base}/api/v1/instance/nodeinfo/2.0/"))
        .await
        .is_err()
    {
        assert!(Instant::now() < patience, "nginx does not answer");
        tokio::task::yield_now().await;
    }
}

/// A folder of music in each format that this machine can make.
fn music(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let folder = folder.join("Björk & co");
    fs::create_dir_all(&folder).unwrap();
    let tone = folder.join("a tone.wav");
    fs::write(&tone, wav(2, 330.0)).unwrap();
    let mut files = vec![(tone.clone(), "audio/wav")];
    for (name, kind) in [
        ("b.mp3", "audio/mpeg"),
        ("c.flac", "audio/flac"),
        ("d.ogg", "audio/ogg"),
        ("e.opus", "audio/opus"),
        ("f.m4a", "audio/mp4"),
        ("g.aac", "audio/aac"),
        ("h.aiff", "audio/aiff"),
    ] {
        if !ffmpeg() {
            break;
        }
        let path = folder.join(name);
        // Each sounds otherwise: the same audio twice is one.
        let tempo = format!("atempo=0.{}", 60 + files.len());
        let mut convert = Command::new("ffmpeg");
        convert
            .args(["-v", "error", "-y", "-i"])
            .arg(&tone)
            .args(["-af", &tempo])
            .arg(&path);
        assert!(convert.status().unwrap().success(), "{name}");
        files.push((path, kind));
    }
    files
}

async fn bring_in(server: &Served, folder: &Path) {
    let order = Order {
        folder: folder.to_owned(),
        library: "Music".to_owned(),
        user: "dora".to_owned(),
        privacy: PrivacyLevel::Everyone,
        readers: 2,
        full: false,
    };
    let report = scan(&server.app, &order, &Stop::default(), &mut Nobody).await;
    assert_eq!(
        report
            .unwrap_or_else(|error| panic!("{error}"))
            .skipped_count,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_sends_the_files_as_the_documentation_shows_it() {
    let Some(program) = nginx() else { return };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("front-server");
    let _ = fs::remove_dir_all(&folder);
    let songs = folder.join("music");
    let files = music(&songs);
    let settings = [
        "--reverse-proxy-type",
        "nginx",
        "--num-proxies",
        "1",
        "--music-directory-path",
        songs.to_str().unwrap(),
    ];
    let server = served("front-server", &settings).await;
    bring_in(&server, &songs).await;
    let port = free_port();
    let media = server.app.config().media_root();
    let front = start(
        program,
        &folder.join("nginx"),
        port,
        &configuration(port, &server.base, &media, &songs),
    );
    answering(&front.base).await;

    let http = reqwest::Client::new();
    for (path, kind) in &files {
        let address = address(&server, &front, path).await;
        let ask = || http.get(&address).basic_auth("dora", Some(PASSWORD));
        is_heard(ask, &fs::read(path).unwrap(), kind).await;
    }
    let song = "music/Bj%C3%B6rk%20&%20co/a%20tone.wav";
    for hidden in [
        "_protected/music/",
        "_protected/media/",
        &format!("_protected/{song}"),
        "metrics",
    ] {
        let refused = http
            .get(format!("{}/{hidden}", front.base))
            .send()
            .await
            .unwrap();
        assert!(
            matches!(refused.status().as_u16(), 403 | 404),
            "{hidden}: {}",
            refused.status()
        );
    }
}

async fn address(server: &Served, front: &FrontServer, path: &Path) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (track,): (uuid::Uuid,) = sql(
        "select t.uuid from uploads u join tracks t on t.id = u.track_id where u.source like ?",
    )
    .bind(format!("%{name}"))
    .one(server.app.db())
    .await
    .unwrap();
    format!("{}/api/v1/listen/{track}/", front.base)
}

/// A page of another origin hears the file, whole and in parts.
async fn is_heard(ask: impl Fn() -> reqwest::RequestBuilder, file: &[u8], kind: &str) {
    let elsewhere = "https://player.example";
    let whole = ask().header("origin", elsewhere).send().await.unwrap();
    assert_eq!(whole.status(), 200, "{kind}");
    assert_eq!(told(&whole, "content-type"), kind);
    assert_eq!(told(&whole, "access-control-allow-origin"), elsewhere);
    let exposed = told(&whole, "access-control-expose-headers").to_ascii_lowercase();
    assert!(
        exposed.contains("content-range") && exposed.contains("accept-ranges"),
        "{exposed}"
    );
    let tag = told(&whole, "etag").to_owned();
    assert!(whole.bytes().await.unwrap() == file, "{kind}");

    let part = ask()
        .header("range", "bytes=10-19")
        .header("if-range", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206, "{kind}");
    assert_eq!(
        told(&part, "content-range"),
        format!("bytes 10-19/{}", file.len())
    );
    assert!(part.bytes().await.unwrap() == file[10..20], "{kind}");
}

fn told<'a>(answer: &'a reqwest::Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}
