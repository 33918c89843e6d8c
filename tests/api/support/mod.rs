//! A pod for each test: its own database, a clock that tests steer, and callers by their tokens.
mod ask;
mod browser;
mod database;
mod elsewhere;
mod redis;
mod served;
mod sound;
mod store;
mod visitor;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use baleen::{
    accounts,
    app::App,
    config::Config,
    jobs::{FeedRefresh, FileRemoval, UploadImport, work_once},
    resources::{managing::Removal, people::plugins::Submission},
    scope::Permissions,
    server,
    store::sql,
    time::{Clock, Timestamp},
};
use poem::{
    Response,
    endpoint::{BoxEndpoint, EndpointExt},
    http::Method,
};
use serde_json::{Value, json};

pub use self::ask::{Answer, Ask};
pub use self::browser::Browser;
use self::database::Lease;
pub use self::database::{Apart, Backend, Data, Nobody, contract};
pub use self::elsewhere::Elsewhere;
pub use self::redis::RedisServer;
pub use self::served::{Served, demo_pod, free_port, listening, served};
pub use self::sound::{ffmpeg, wav};
pub use self::store::{IN_FOLDER, in_bucket};
pub use self::visitor::Visitor;

/// A server with data, on one of the databases.
pub struct Pod {
    pub app: App,
    endpoint: BoxEndpoint<'static, Response>,
    now: Arc<AtomicI64>,
    lease: Lease,
}

/// Tells one story on SQLite and on PostgreSQL; settings of its own stand behind `with`.
macro_rules! on_both {
    (@settings) => { &[] };
    (@settings $settings:expr) => { &$settings };
    ($(async fn $name:ident($pod:ident: Pod) $(with $settings:expr =>)? $body:block)+) => { $(
        async fn $name($pod: Pod) $body

        mod $name {
            use crate::support::{Backend, Data, Pod, on_both};

            async fn pod(backend: Backend) -> Option<Pod> {
                Pod::with(backend, Data::Small, on_both!(@settings $($settings)?)).await
            }

            #[tokio::test]
            async fn on_sqlite() {
                super::$name(pod(Backend::Sqlite).await.unwrap()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(pod) = pod(Backend::Postgres).await {
                    super::$name(pod).await;
                }
            }
        }
    )+ };
}
pub(crate) use on_both;

impl Pod {
    /// A pod with the small data set beside the tests; `None` where the database is not there.
    pub async fn new(backend: Backend) -> Option<Self> {
        Self::with(backend, Data::Small, &[]).await
    }

    /// A pod with settings of its own.
    pub async fn with(backend: Backend, data: Data, settings: &[&str]) -> Option<Self> {
        let lease = Lease::take(backend, data).await?;
        let host = match data {
            Data::Contract => "peer.funkwhale.test",
            Data::Small | Data::Nothing => "pod.test",
        };
        let mut arguments = vec!["--database-url", &lease.url, "--data", &lease.folder];
        arguments.extend(["--database-connections", "4"]);
        arguments.extend(["--secret-key", SECRET_KEY]);
        // The stories hold whether rows are kept in memory or not.
        let cache = std::env::var("BALEEN_TEST_CACHE_MB").unwrap_or_else(|_| "16".to_owned());
        if !settings.contains(&"--cache-mb") {
            arguments.extend(["--cache-mb", &cache]);
        }
        if !settings.contains(&"--funkwhale-protocol") {
            arguments.extend(["--funkwhale-protocol", "http"]);
        }
        // Where nothing listens: no story asks the true one.
        if !settings.contains(&"--musicbrainz-hostname") {
            arguments.extend(["--musicbrainz-hostname", "http://127.0.0.1:9"]);
        }
        // And whether files are in a folder or in a bucket.
        let bucket = match std::env::var_os("BALEEN_TEST_BUCKET") {
            Some(_) if !settings.contains(&"--s3-bucket") => in_bucket(),
            _ => Vec::new(),
        };
        arguments.extend(bucket);
        arguments.extend(["--funkwhale-hostname", host]);
        arguments.extend(settings);
        let config = Config::of(&arguments).unwrap_or_else(|error| panic!("{error}"));
        let now = Arc::new(AtomicI64::new(1_800_000_000));
        let clock = now.clone();
        let clock = Clock::new(move || {
            Timestamp::from_unix(clock.load(Ordering::SeqCst)).expect("a time of tests")
        });
        let app = App::build(config, clock)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let endpoint = server::endpoint(&app).boxed();
        Some(Self {
            app,
            endpoint,
            now,
            lease,
        })
    }

    /// Another process on the same database, with the same clock.
    pub async fn twin(&self) -> (App, BoxEndpoint<'static, Response>) {
        self.twin_keeping(self.app.config().cache_mb).await
    }

    /// Another process that keeps so many megabytes of what it read in memory.
    pub async fn twin_keeping(&self, cache_mb: u64) -> (App, BoxEndpoint<'static, Response>) {
        let clock = self.now.clone();
        let clock = Clock::new(move || {
            Timestamp::from_unix(clock.load(Ordering::SeqCst)).expect("a time of tests")
        });
        let mut config = self.app.config().clone();
        config.cache_mb = cache_mb;
        let app = App::build(config, clock).await;
        let app = app.unwrap_or_else(|error| panic!("{error}"));
        (app.clone(), server::endpoint(&app).boxed())
    }

    /// An account with the password `PASSWORD`; answers its number.
    pub async fn person(&self, username: &str) -> i64 {
        let new = accounts::New {
            username: username.to_owned(),
            email: format!("{username}@people.test"),
            password: PASSWORD.to_owned(),
            permissions: Permissions::default(),
            is_superuser: false,
        };
        accounts::create(&self.app, &new).await.unwrap().user
    }

    /// Gives somebody of the data set the password of the others.
    pub async fn give_password(&self, username: &str) {
        let given = sql("update users set password = ? where username = ?");
        let given = given.bind(PASSWORD_OF_OLD).bind(username);
        assert_eq!(given.run(self.app.db()).await.unwrap(), 1);
    }

    /// The mails to an address that lie in the outbox, once there are so many.
    pub async fn mails(&self, to: &str, count: usize) -> Vec<String> {
        let folder = self.app.config().data.join("outbox");
        let header = format!("To: {to}\r\n");
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let mails = files.filter(|file| {
                file.path()
                    .extension()
                    .is_some_and(|ending| ending == "eml")
            });
            let texts = mails.filter_map(|file| std::fs::read_to_string(file.path()).ok());
            let found: Vec<_> = texts
                .filter(|text| text.contains(&header))
                .map(|text| unfolded(&text))
                .collect();
            if found.len() >= count {
                return found;
            }
            assert!(
                std::time::Instant::now() < end,
                "{} mails to {to}",
                found.len()
            );
            tokio::task::yield_now().await;
        }
    }

    pub fn backend(&self) -> Backend {
        self.lease.backend
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn get(&self, address: &str) -> Ask<'_> {
        Ask::new(self, Method::GET, address)
    }

    pub fn post(&self, address: &str, body: &Value) -> Ask<'_> {
        self.tell(Method::POST, address, body)
    }

    /// A request with a JSON body.
    pub fn tell(&self, method: Method, address: &str, body: &Value) -> Ask<'_> {
        Ask::new(self, method, address)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    pub fn ask(&self, method: Method, address: &str) -> Ask<'_> {
        Ask::new(self, method, address)
    }

    pub fn graphql(&self, query: &str) -> Ask<'_> {
        self.post("/graphql", &json!({ "query": query }))
    }

    /// A GET, or the query behind `graphql:`.
    pub fn get_or_query(&self, address: &str) -> Ask<'_> {
        match address.strip_prefix("graphql:") {
            Some(query) => self.graphql(query),
            None => self.get(address),
        }
    }

    /// Works on uploads that wait, on feeds that are due, on what services are to hear, and on what is to go, until nothing is left to do.
    pub async fn work(&self) {
        while work_once::<UploadImport>(&self.app).await.unwrap()
            || work_once::<FeedRefresh>(&self.app).await.unwrap()
            || work_once::<Submission>(&self.app).await.unwrap()
            || work_once::<Removal>(&self.app).await.unwrap()
            || work_once::<FileRemoval>(&self.app).await.unwrap()
        {}
    }

    /// The folder of this pod's media.
    pub fn media(&self) -> PathBuf {
        self.app.config().media_root()
    }

    /// The settings by which another process finds this pod's bucket.
    pub fn bucket_settings(&self) -> Vec<String> {
        let s3 = &self.app.config().s3;
        let Some(bucket) = s3.bucket() else {
            return Vec::new();
        };
        let (id, secret) = s3.key().unwrap().unwrap();
        [
            ("--s3-bucket", bucket),
            ("--s3-endpoint-url", s3.endpoint().unwrap()),
            ("--s3-access-key-id", id),
            ("--s3-secret-access-key", secret),
            ("--s3-location", s3.location()),
        ]
        .map(|(flag, value)| format!("{flag}={value}"))
        .into()
    }

    /// The folder of this pod's uploads and pictures: its media, or where the store keeps its bucket.
    pub fn stored(&self) -> PathBuf {
        let config = self.app.config();
        match config.s3.bucket() {
            Some(_) => store::folder(config.s3.location()),
            None => self.media(),
        }
    }

    /// Puts the files of a packed media folder where this pod has its own.
    pub fn unpack_media(&self, archive: PathBuf) {
        std::fs::create_dir_all(self.stored()).unwrap();
        let unpacked = std::process::Command::new("tar")
            .args(["--strip-components", "1", "-xzf"])
            .arg(archive)
            .arg("-C")
            .arg(self.stored())
            .status();
        assert!(unpacked.unwrap().success());
    }

    /// Sets a preference of the pod.
    pub async fn prefer(&self, section: &str, name: &str, value: &str) {
        let set = sql(
            "insert into preferences (section, name, raw_value) values (?, ?, ?)
             on conflict (section, name) do update set raw_value = excluded.raw_value",
        );
        set.bind(section)
            .bind(name)
            .bind(value)
            .run(self.app.db())
            .await
            .unwrap();
        self.app.forget_preferences();
    }
}

/// The secret key of all pods: the data that they begin with is sealed with it.
pub const SECRET_KEY: &str = "a secret key for tests";

/// The password of those whom `Pod::person` makes.
pub const PASSWORD: &str = "correct horse";
/// The same as Django stores it.
const PASSWORD_OF_OLD: &str = "pbkdf2_sha256$1$salt$xOEfG6ymEDJ8fNSD2M6IJ0r8bE5FeVaxgYMnZIVZPek=";

/// A mail's text with its lines whole (quoted-printable, RFC 2045 section 6.7).
fn unfolded(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}
