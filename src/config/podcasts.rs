//! The settings of podcasts from elsewhere. Their environment variables are those of Funkwhale.
use clap::{Args, ValueEnum};

/// Podcasts that are subscribed to by their RSS feeds.
#[derive(Args, Clone)]
pub struct Podcasts {
    /// Who can listen to podcasts from elsewhere besides their subscribers: me (nobody), instance (everyone on the pod)
    /// or everyone; for podcasts that are added from now on
    #[arg(
        long,
        env = "PODCASTS_THIRD_PARTY_VISIBILITY",
        default_value = "me",
        value_name = "WHO"
    )]
    pub podcasts_third_party_visibility: Visibility,

    /// Seconds until a feed is looked at again
    #[arg(long, env = "PODCASTS_RSS_FEED_REFRESH_DELAY", default_value_t = 86_400, value_name = "SECONDS",
        value_parser = clap::value_parser!(i64).range(1_800..=2_592_000))]
    pub podcasts_rss_feed_refresh_delay: i64,

    /// Number of the newest episodes of a feed that are read each time
    #[arg(long, env = "PODCASTS_RSS_FEED_MAX_ITEMS", default_value_t = 250, value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub podcasts_rss_feed_max_items: u16,

    /// Send the audio of podcasts through this server, which conceals listeners; false redirects them to the podcast's
    #[arg(long, env = "BALEEN_PODCASTS_PROXY", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub podcasts_proxy: bool,
}

/// Who can listen to a podcast from elsewhere besides its subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Visibility {
    /// Nobody.
    Me,
    /// Everyone on the pod.
    Instance,
    /// Everyone.
    Everyone,
}
