//! The services elsewhere that the pod speaks with.
use clap::Args;

use super::given;

/// Services elsewhere that the pod speaks with.
#[derive(Args, Clone)]
pub struct Services {
    /// Address of the ListenBrainz API, for servers of one's own
    #[arg(
        long,
        env = "BALEEN_LISTENBRAINZ_URL",
        default_value = "https://api.listenbrainz.org",
        value_name = "URL"
    )]
    pub listenbrainz_url: String,

    /// Address of the Last.fm API
    #[arg(
        long,
        env = "BALEEN_LASTFM_URL",
        default_value = "https://ws.audioscrobbler.com/2.0/",
        value_name = "URL"
    )]
    pub lastfm_url: String,

    /// API key of the pod at Last.fm [default: none; Last.fm is told by the older Audioscrobbler protocol]
    #[arg(long, env = "BALEEN_LASTFM_API_KEY", value_name = "KEY")]
    pub lastfm_api_key: Option<String>,

    /// Shared secret of the pod at Last.fm
    #[arg(
        long,
        env = "BALEEN_LASTFM_API_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub lastfm_api_secret: Option<String>,

    /// Host of MusicBrainz, or the address of a mirror
    #[arg(
        long,
        env = "MUSICBRAINZ_HOSTNAME",
        default_value = "musicbrainz.org",
        value_name = "HOST"
    )]
    pub musicbrainz_hostname: String,
}

impl Services {
    /// Address of MusicBrainz, without a slash at the end.
    pub fn musicbrainz(&self) -> String {
        let named = self.musicbrainz_hostname.trim_end_matches('/');
        match named.contains("://") {
            true => named.to_owned(),
            false => format!("https://{named}"),
        }
    }

    /// Key and secret of the pod at Last.fm, if it has both.
    pub fn lastfm(&self) -> Option<(&str, &str)> {
        given(&self.lastfm_api_key).zip(given(&self.lastfm_api_secret))
    }
}
