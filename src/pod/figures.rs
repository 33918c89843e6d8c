use sqlx::FromRow;

use crate::{
    config::Config,
    error::Result,
    store::{Reads, sql},
    time::Timestamp,
};

/// Usage statistics of the pod.
#[derive(Debug, FromRow)]
pub struct Figures {
    pub users: i64,
    pub active_half_year: i64,
    pub active_month: i64,
    pub favorites: i64,
    pub listenings: i64,
    pub downloads: i64,
    pub tracks: i64,
    pub artists: i64,
    pub albums: i64,
    pub seconds: i64,
    #[sqlx(skip)]
    pub hours: f64,
}

impl Figures {
    /// Counts everything. Artists, albums and tracks belong to this pod if their ActivityPub IDs
    /// do.
    pub async fn load(db: &Reads, config: &Config, now: Timestamp) -> Result<Self> {
        let host = config.hostname();
        let mut figures: Self = sql("select
               (select count(*) from users where is_active = true) as users,
               (select count(*) from users where is_active = true and last_activity >= ?)
                 as active_half_year,
               (select count(*) from users where is_active = true and last_activity >= ?)
                 as active_month,
               (select count(*) from favorites) as favorites,
               (select count(*) from listenings) as listenings,
               (select cast(coalesce(sum(downloads_count), 0) as bigint) from tracks) as downloads,
               (select count(*) from tracks where fid is null or fid like ? or fid like ?) as tracks,
               (select count(*) from artists where fid is null or fid like ? or fid like ?) as artists,
               (select count(*) from albums where fid is null or fid like ? or fid like ?) as albums,
               (select cast(coalesce(sum(duration), 0) as bigint) from uploads) as seconds")
        .bind(now.plus_seconds(-180 * 86_400))
        .bind(now.plus_seconds(-30 * 86_400))
        .bind(format!("http://{host}/%"))
        .bind(format!("https://{host}/%"))
        .bind(format!("http://{host}/%"))
        .bind(format!("https://{host}/%"))
        .bind(format!("http://{host}/%"))
        .bind(format!("https://{host}/%"))
        .one(db)
        .await?;
        figures.hours = figures.seconds as f64 / 3600.0;
        Ok(figures)
    }
}
