//! Telling services what was noted for them: a job for each user and plugin, which is tried again ever later while the
//! service cannot be reached.
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    Configuration, held,
    known::plugin,
    services::{Refusal, Service},
    values::Opened,
};
use crate::{
    app::App,
    error::{Error, Result},
    jobs::{self, Failure, Perform, Running, Task},
    store::{Tx, sql},
    time::Timestamp,
};

/// What a service of a user is to be told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submission {
    pub user: i64,
    pub plugin: String,
}

impl Task for Submission {
    const KIND: &'static str = "submission";

    fn subject(&self) -> String {
        format!("{} {}", self.user, self.plugin)
    }
}

/// Acts that a service is told at once; none takes more.
const BATCH: i64 = 50;
/// Days for which a service is tried.
const DAYS: i64 = 14;
/// Seconds until a service is tried again; twice as many each time, up to the longest.
const PAUSE: i64 = 60;
const LONGEST: i64 = 6 * 3_600;
/// Characters of a reason.
const REASON: usize = 500;

/// An act, as services are told of it.
#[derive(Clone, Debug, FromRow)]
pub struct Told {
    id: i64,
    pub kind: String,
    pub act_date: Timestamp,
    track_id: i64,
    pub title: String,
    pub mbid: Option<Uuid>,
    pub position: Option<i64>,
    pub album: Option<String>,
    pub album_mbid: Option<Uuid>,
    /// Seconds.
    pub duration: Option<i64>,
    /// The credit as it is written.
    #[sqlx(skip)]
    pub artist: String,
    #[sqlx(skip)]
    pub artists: Vec<String>,
    #[sqlx(skip)]
    pub artist_mbids: Vec<Uuid>,
}

impl Perform for Submission {
    async fn perform(self, app: &App, running: Running) -> Result<Value, Failure> {
        let again = |error: Error| Failure::ForNow(error.to_string());
        while !running.stop.is_told() && self.step(app).await.map_err(again)? {}
        Ok(Value::Null)
    }
}

impl Submission {
    /// Tells a few acts; returns whether more are to be told now.
    async fn step(&self, app: &App) -> Result<bool> {
        let Ok(plugin) = plugin(&self.plugin) else {
            return Ok(false);
        };
        let configuration = held(app.db(), self.user, plugin).await?;
        let acts = match configuration.enabled {
            true => self.waiting(app).await?,
            false => Vec::new(),
        };
        if acts.is_empty() {
            return Ok(false);
        }
        let told = Opened {
            plugin,
            kept: &configuration.conf,
            seal: app.seal(),
        };
        let answer = match Service::of(app, &told) {
            Some(service) => service.tell(&acts).await,
            None => Err(Refusal::Later(
                "It is not told yet what it needs to know.".to_owned(),
            )),
        };
        let mut tx = app.db().begin().await?;
        let goes_on = self
            .noted(&mut tx, (&configuration, &acts), answer, app.clock().now())
            .await?;
        tx.commit().await?;
        Ok(goes_on)
    }

    /// The oldest acts that wait, but those that are too old.
    async fn waiting(&self, app: &App) -> Result<Vec<Told>> {
        let waiting = sql(
            "select s.id, s.kind, s.act_date, s.track_id, t.title, t.mbid, t.position, b.title as album,
               b.mbid as album_mbid, (select max(u.duration) from uploads u where u.track_id = t.id) as duration
             from submissions s join tracks t on t.id = s.track_id left join albums b on b.id = t.album_id
             where s.user_id = ? and s.plugin = ? order by s.id limit ?",
        );
        let waiting = waiting
            .bind(self.user)
            .bind(self.plugin.as_str())
            .bind(BATCH);
        let mut acts: Vec<Told> = waiting.all(app.db()).await?;
        let credits = sql(
            "select h.track_id, h.credit, h.join_phrase, a.mbid from track_artists h join artists a on a.id = h.artist_id
             where h.track_id in ?* order by h.track_id, h.position",
        );
        let tracks: Vec<i64> = acts.iter().map(|act| act.track_id).collect();
        let credits: Vec<(i64, String, String, Option<Uuid>)> =
            credits.bind(tracks).all(app.db()).await?;
        let mut by_track: HashMap<i64, Vec<_>> = HashMap::new();
        for (track, credit, join, mbid) in credits {
            by_track
                .entry(track)
                .or_default()
                .push((credit, join, mbid));
        }
        for act in &mut acts {
            for (credit, join, mbid) in by_track.get(&act.track_id).into_iter().flatten() {
                act.artist += credit;
                act.artist += join;
                act.artists.push(credit.clone());
                act.artist_mbids.extend(mbid);
            }
        }
        Ok(acts)
    }

    /// Notes what came of it; returns whether to go on.
    async fn noted(
        &self,
        tx: &mut Tx,
        (before, acts): (&Configuration, &[Told]),
        answer: Result<(), Refusal>,
        now: Timestamp,
    ) -> Result<bool> {
        let ids: Vec<i64> = acts.iter().map(|act| act.id).collect();
        let done = || sql("delete from submissions where id in ?*").bind(ids);
        match answer {
            Ok(()) => {
                done().run(&mut *tx).await?;
                self.told(tx, None, 0).await?;
                Ok(true)
            }
            Err(Refusal::Never(why)) => {
                done().run(&mut *tx).await?;
                self.told(tx, Some(&why), 0).await?;
                Ok(true)
            }
            Err(Refusal::Later(why)) => {
                let old = sql(
                    "delete from submissions where user_id = ? and plugin = ? and creation_date < ?",
                );
                let old = old.bind(self.user).bind(self.plugin.as_str());
                old.bind(now.plus_seconds(-DAYS * 86_400))
                    .run(&mut *tx)
                    .await?;
                self.told(tx, Some(&why), before.failures + 1).await?;
                let pause = (PAUSE << before.failures.clamp(0, 10)).min(LONGEST);
                jobs::enqueue_for(tx, self, (now, now.plus_seconds(pause))).await?;
                Ok(false)
            }
        }
    }

    async fn told(&self, tx: &mut Tx, problem: Option<&str>, failures: i64) -> Result<()> {
        let problem = problem.map(|why| why.chars().take(REASON).collect::<String>());
        sql("update plugin_configurations set problem = ?, failures = ? where user_id = ? and code = ?")
            .bind(problem)
            .bind(failures)
            .bind(self.user)
            .bind(self.plugin.as_str())
            .run(tx)
            .await
            .map(|_| ())
    }
}
