//! A store that speaks S3, on a port of this machine, for pods whose files are in a bucket.
use std::{
    fs,
    path::PathBuf,
    sync::{LazyLock, mpsc},
    thread,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use uuid::Uuid;

const BUCKET: &str = "files";
pub const KEY: &str = "AKIDTEST";
pub const SECRET: &str = "the secret of tests";

static STORE: LazyLock<Store> = LazyLock::new(Store::start);

struct Store {
    endpoint: String,
    root: PathBuf,
}

impl Store {
    fn start() -> Self {
        let root = std::env::temp_dir().join(format!("baleen-store-{}", std::process::id()));
        _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join(BUCKET)).unwrap();
        let (told, address) = mpsc::channel();
        let files = FileSystem::new(&root).unwrap();
        // The store outlives the runtimes of single stories.
        thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let mut service = S3ServiceBuilder::new(files);
                service.set_auth(SimpleAuth::from_single(KEY, SECRET));
                let service = service.build();
                loop {
                    let (socket, _) = listener.accept().await.unwrap();
                    let service = service.clone();
                    tokio::spawn(async move {
                        let server = Builder::new(TokioExecutor::new());
                        _ = server.serve_connection(TokioIo::new(socket), service).await;
                    });
                }
            });
        });
        Self {
            endpoint: format!("http://{}", address.recv().unwrap()),
            root,
        }
    }
}

/// Settings of a pod whose files are in a folder of a bucket, which is its own.
pub fn in_bucket() -> Vec<&'static str> {
    let location = format!("pods/{}", Uuid::new_v4().simple());
    vec![
        "--s3-bucket",
        BUCKET,
        "--s3-endpoint-url",
        &STORE.endpoint,
        "--s3-access-key-id",
        KEY,
        "--s3-secret-access-key",
        SECRET,
        "--s3-location",
        location.leak(),
    ]
}

/// Settings of a pod whose files are in its media folder, whatever the stories are told on.
pub const IN_FOLDER: [&str; 2] = ["--s3-bucket", ""];

/// The folder on this machine in which the store keeps what is at this location.
pub fn folder(location: &str) -> PathBuf {
    STORE.root.join(BUCKET).join(location)
}
