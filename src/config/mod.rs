//! The settings. Precedence: flags, environment variables, TOML file, defaults.
mod podcasts;
mod s3;
mod services;
mod values;

use std::{fmt, net::SocketAddr, num::NonZero, path::PathBuf};

use clap::{Args, Command};
use ipnet::IpNet;
use url::Url;

use self::values::{host, issuer, jobs, network, workers};
pub use self::{
    podcasts::{Podcasts, Visibility},
    s3::S3,
    services::Services,
};
use crate::{store::redacted, throttle::Rates};

/// The settings of an administrator. Each is a flag, an environment variable, and a key of the
/// configuration file (the flag's name with `_` for `-`).
#[derive(Args, Clone)]
pub struct Config {
    /// Address and port to listen on
    #[arg(
        long,
        env = "BALEEN_BIND",
        default_value = "127.0.0.1:5000",
        value_name = "ADDRESS:PORT"
    )]
    pub bind: SocketAddr,

    /// Folder for everything that baleen writes: database, media, cache, outgoing mail
    #[arg(
        long,
        env = "BALEEN_DATA",
        default_value = "./data",
        value_name = "FOLDER"
    )]
    pub data: PathBuf,

    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: baleen.db in the data
    /// folder]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// Secret key of the pod, the same on all of its servers; seals what is stored and read again, such as Subsonic
    /// tokens [default: secret.key in the data folder, made when it is missing]
    #[arg(
        long,
        env = "DJANGO_SECRET_KEY",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub secret_key: Option<String>,

    /// Let Subsonic players send salted sums of tokens (t and s) instead of tokens
    #[arg(long, env = "BALEEN_SUBSONIC_SALTED_TOKENS", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub subsonic_salted_tokens: bool,

    /// Outgoing mail: smtp://, smtp+tls:// or smtp+ssl://USER:PASSWORD@HOST:PORT, consolemail://
    /// (log) or dummymail:// (discard) [default: files in the folder outbox of the data folder]
    #[arg(long, env = "EMAIL_CONFIG", hide_env_values = true, value_name = "URL")]
    pub email_config: Option<String>,

    /// Sender address of outgoing mail [default: noreply@ the pod's host name]
    #[arg(long, env = "DEFAULT_FROM_EMAIL", value_name = "ADDRESS")]
    pub default_from_email: Option<String>,

    /// Require a confirmed email address before an account can be used
    #[arg(long, env = "ACCOUNT_EMAIL_VERIFICATION_ENFORCE", default_value_t = false,
        value_name = "BOOL", action = clap::ArgAction::Set)]
    pub account_email_verification_enforce: bool,

    /// Lifetime of OAuth access tokens in seconds
    #[arg(long, env = "ACCESS_TOKEN_EXPIRE_SECONDS", default_value_t = 36_000, value_name = "SECONDS",
        value_parser = clap::value_parser!(i64).range(1..=31_536_000))]
    pub access_token_expire_seconds: i64,

    /// Lifetime of unused OAuth refresh tokens in seconds
    #[arg(long, env = "REFRESH_TOKEN_EXPIRE_SECONDS", default_value_t = 5_184_000,
        value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..=315_360_000))]
    pub refresh_token_expire_seconds: i64,

    /// Issuer URL of an OpenID provider that users can sign in with, such as https://id.example.org
    /// [default: none]
    #[arg(long, env = "BALEEN_OPENID_ISSUER", value_name = "URL", requires = "openid_client_id",
        value_parser = issuer)]
    pub openid_issuer: Option<Url>,

    /// Client ID of the pod at the OpenID provider; required with an issuer
    #[arg(long, env = "BALEEN_OPENID_CLIENT_ID", value_name = "ID")]
    pub openid_client_id: Option<String>,

    /// Client secret of the pod at the OpenID provider; none for public clients
    #[arg(
        long,
        env = "BALEEN_OPENID_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub openid_client_secret: Option<String>,

    /// Name of the OpenID provider on the sign-in page [default: the issuer's host]
    #[arg(long, env = "BALEEN_OPENID_NAME", value_name = "NAME")]
    pub openid_name: Option<String>,

    /// Link new OpenID sign-ins to the account with the same email address, if it is confirmed on
    /// both sides
    #[arg(long, env = "BALEEN_OPENID_LINK_BY_EMAIL", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub openid_link_by_email: bool,

    /// Create an account for OpenID sign-ins that have none
    #[arg(long, env = "BALEEN_OPENID_SIGNUP", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub openid_signup: bool,

    /// Maximum number of database connections
    #[arg(long, env = "BALEEN_DATABASE_CONNECTIONS", default_value_t = 16, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,

    /// Memory for cached database reads and whole answers, in megabytes; 0 disables the cache
    #[arg(long, env = "BALEEN_CACHE_MB", default_value_t = 64, value_name = "N",
        value_parser = clap::value_parser!(u64).range(..=1_000_000))]
    pub cache_mb: u64,

    /// Public host name of the pod, with a port if needed [default: the address it listens on]
    #[arg(long, env = "FUNKWHALE_HOSTNAME", value_name = "HOST", value_parser = host)]
    pub funkwhale_hostname: Option<String>,

    /// Public URL scheme of the pod [default: https with a public host name, otherwise http]
    #[arg(long, env = "FUNKWHALE_PROTOCOL", value_name = "SCHEME", value_parser = ["http", "https"])]
    pub funkwhale_protocol: Option<String>,

    /// Folder of uploaded media [default: media in the data folder]
    #[arg(long, env = "MEDIA_ROOT", value_name = "FOLDER")]
    pub media_root: Option<PathBuf>,

    #[command(flatten)]
    pub s3: S3,

    #[command(flatten)]
    pub podcasts: Podcasts,

    #[command(flatten)]
    pub services: Services,

    /// Base URL or path of media files [default: /media/ of the pod]
    #[arg(long, env = "MEDIA_URL", value_name = "URL")]
    pub media_url: Option<String>,

    /// Folder of music played in place: administrators may scan it over the API, and a reverse proxy may send it
    /// [default: music in the data folder, which no proxy sends]
    #[arg(long, env = "MUSIC_DIRECTORY_PATH", value_name = "FOLDER")]
    pub music_directory_path: Option<PathBuf>,

    /// Redis for rate limits shared by several processes: redis://HOST:PORT/N, or a comma-separated
    /// list for a cluster; alias REDIS_URL [default: each process counts by itself]
    #[arg(long, env = "CACHE_URL", hide_env_values = true, value_name = "URL")]
    pub cache_url: Option<String>,

    /// Prefix of Redis keys, for pods that share a server
    #[arg(
        long,
        env = "BALEEN_CACHE_PREFIX",
        default_value = "baleen",
        value_name = "TEXT"
    )]
    pub cache_prefix: String,

    /// Enforce rate limits
    #[arg(long, env = "THROTTLING_ENABLED", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub throttling_enabled: bool,

    /// Rate limits that override the defaults: SCOPE=N/UNIT,... with units s, m, h, d
    #[arg(
        long,
        env = "THROTTLING_RATES",
        default_value = "",
        hide_default_value = true,
        value_name = "RATES"
    )]
    pub throttling_rates: Rates,

    /// Let each process count by itself while Redis is unreachable; false answers requests with 503
    #[arg(long, env = "BALEEN_THROTTLING_WITHOUT_REDIS", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub throttling_without_redis: bool,

    /// Networks of reverse proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8,fd00::/8;
    /// replaces NUM_PROXIES [default: none]
    #[arg(long, env = "BALEEN_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',',
        value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Number of reverse proxies whose X-Forwarded-For is trusted; 0 trusts none
    #[arg(long, env = "NUM_PROXIES", default_value_t = 0, value_name = "N",
        value_parser = clap::value_parser!(u8).range(0..=20))]
    pub num_proxies: u8,

    /// Bits of an IPv6 address that stand for one client in rate limits; 56 where providers give that
    /// much to a customer
    #[arg(long, env = "BALEEN_IPV6_CLIENT", default_value_t = 64, value_name = "BITS",
        value_parser = clap::value_parser!(u8).range(32..=128))]
    pub ipv6_client: u8,

    /// Reverse proxy that sends files: nginx (X-Accel-Redirect), apache2 (X-Sendfile), or none
    /// (baleen sends them)
    #[arg(
        long,
        env = "REVERSE_PROXY_TYPE",
        default_value = "none",
        value_name = "TYPE"
    )]
    pub reverse_proxy_type: FrontServer,

    /// ffmpeg program for transcoding; without it only original files are played
    #[arg(
        long,
        env = "BALEEN_FFMPEG",
        default_value = "ffmpeg",
        value_name = "PROGRAM"
    )]
    pub ffmpeg: PathBuf,

    /// Maximum number of concurrent transcodings (1 to 256)
    #[arg(long, env = "BALEEN_TRANSCODING_JOBS", default_value_t = 4, value_name = "N",
        value_parser = jobs)]
    pub transcoding_jobs: usize,

    /// Number of uploads that are imported at once (0 to 256); 0 leaves jobs to `baleen worker` [default: number of
    /// processors]
    #[arg(long, env = "BALEEN_WORKERS", value_name = "N", value_parser = workers)]
    pub workers: Option<usize>,

    /// Maximum size of the transcoding cache, in mebibytes (MiB); a conversion may have a quarter of it,
    /// and at least 64
    #[arg(
        long,
        env = "BALEEN_TRANSCODING_CACHE",
        default_value_t = 2048,
        value_name = "MB"
    )]
    pub transcoding_cache: u64,

    /// Fetch remote pictures from private and loopback addresses, for pods on one network
    #[arg(long, env = "BALEEN_FETCH_PRIVATE", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub fetch_private: bool,

    /// Allow GraphQL introspection
    #[arg(long, env = "BALEEN_GRAPHQL_INTROSPECTION", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub graphql_introspection: bool,

    /// Maximum depth of a GraphQL query
    #[arg(
        long,
        env = "BALEEN_GRAPHQL_DEPTH",
        default_value_t = 15,
        value_name = "N"
    )]
    pub graphql_depth: usize,

    /// Maximum cost of a GraphQL query: its fields, multiplied by the maximum size of each list
    #[arg(
        long,
        env = "BALEEN_GRAPHQL_COMPLEXITY",
        default_value_t = 50_000,
        value_name = "N"
    )]
    pub graphql_complexity: usize,

    /// Address and port of a separate listener for Prometheus metrics [default: none; /metrics
    /// answers this machine only]
    #[arg(long, env = "BALEEN_METRICS_BIND", value_name = "ADDRESS:PORT")]
    pub metrics_bind: Option<SocketAddr>,

    /// Log format: text or json [default: text on a terminal, otherwise json]
    #[arg(long, env = "BALEEN_LOG_FORMAT", value_name = "FORMAT", value_parser = ["text", "json"])]
    pub log_format: Option<String>,

    /// Log level: error, warn, info, debug, trace, or a filter such as baleen=debug
    #[arg(
        long,
        env = "BALEEN_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub log: String,

    /// Seconds that running requests may take to finish when the server stops
    #[arg(
        long,
        env = "BALEEN_DRAIN_SECONDS",
        default_value_t = 20,
        value_name = "SECONDS"
    )]
    pub drain_seconds: u64,
}

/// A setting that is there: files of environment variables leave some empty.
fn given(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().filter(|text| !text.trim().is_empty())
}

/// The server that sends files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FrontServer {
    /// baleen itself.
    None,
    Nginx,
    Apache2,
}

impl Config {
    pub fn database_url(&self) -> String {
        match &self.database_url {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", self.data.join("baleen.db").display()),
        }
    }

    /// The public host name, which is the domain of local actors.
    pub fn hostname(&self) -> String {
        self.funkwhale_hostname
            .clone()
            .unwrap_or_else(|| self.own_name())
    }

    /// The address that it listens on, as links name it: every address is also this machine's own.
    fn own_name(&self) -> String {
        match self.bind.ip().is_unspecified() {
            true => format!("localhost:{}", self.bind.port()),
            false => self.bind.to_string(),
        }
    }

    /// Scheme and host of every absolute link, without a trailing slash.
    pub fn public_url(&self) -> String {
        let fallback = if self.funkwhale_hostname.is_some() {
            "https"
        } else {
            "http"
        };
        let scheme = self.funkwhale_protocol.as_deref().unwrap_or(fallback);
        format!("{scheme}://{}", self.hostname())
    }

    /// Sender address of outgoing mail.
    pub fn mail_sender(&self) -> String {
        let host = self.hostname();
        let name = host
            .rsplit_once(':')
            .map_or(host.as_str(), |(name, _)| name);
        let bare = name.trim_matches(['[', ']']);
        let name = match bare.parse::<std::net::IpAddr>() {
            Ok(_) => "localhost",
            Err(_) => name,
        };
        self.default_from_email
            .clone()
            .unwrap_or_else(|| format!("noreply@{name}"))
    }

    /// Name of the OpenID provider, if there is one.
    pub fn openid_name(&self) -> Option<String> {
        let issuer = self.openid_issuer.as_ref()?;
        let host = issuer.host_str().unwrap_or_default();
        Some(self.openid_name.clone().unwrap_or_else(|| host.to_owned()))
    }

    /// Number of uploads that are imported at once.
    pub fn workers(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(2, NonZero::get);
        self.workers.unwrap_or_else(processors)
    }

    /// The base URL of media files, with a trailing slash.
    pub fn media_url(&self) -> String {
        match self.media_url.as_deref() {
            None => format!("{}/media/", self.public_url()),
            Some(path) if path.starts_with('/') => {
                format!("{}{}/", self.public_url(), path.trim_end_matches('/'))
            }
            Some(url) => format!("{}/", url.trim_end_matches('/')),
        }
    }

    /// The path of media files on this server, with a slash at both ends.
    pub fn media_path(&self) -> String {
        let url = Url::parse(&self.media_url()).ok();
        let path = url.map_or_else(String::new, |url| url.path().trim_matches('/').to_owned());
        match path.as_str() {
            "" => "/media/".to_owned(),
            path => format!("/{path}/"),
        }
    }

    /// Folder of music that administrators may scan over the API.
    pub fn music_directory(&self) -> PathBuf {
        let chosen = self.music_directory_path.clone();
        let folder = chosen.unwrap_or_else(|| self.data.join("music"));
        std::path::absolute(&folder).unwrap_or(folder)
    }

    pub fn media_root(&self) -> PathBuf {
        self.media_root
            .clone()
            .unwrap_or_else(|| self.data.join("media"))
    }

    /// Settings from `arguments` only, without environment and file: for tests and tools.
    pub fn of(arguments: &[&str]) -> Result<Self, clap::Error> {
        let command =
            Config::augment_args(Command::new("baleen")).mut_args(|arg| arg.env(None::<&str>));
        let matches = command.try_get_matches_from([&["baleen"], arguments].concat())?;
        <Self as clap::FromArgMatches>::from_arg_matches(&matches)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("bind", &self.bind)
            .field("data", &self.data)
            .field("database_url", &redacted(&self.database_url()))
            .field("cache_url", &self.cache_url.as_deref().map(redacted))
            .field("public_url", &self.public_url())
            .field("media_root", &self.media_root())
            .field("s3_bucket", &self.s3.bucket())
            .field("num_proxies", &self.num_proxies)
            .finish_non_exhaustive()
    }
}
