//! Telling services what was noted for them: a job for each user and plugin, which is tried again ever later while the
//! service cannot be reached.
use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use tokio::time::timeout;
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
/// How long a service may take for what it is told at once.
const PATIENCE: Duration = Duration::from_secs(30);
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

async fn in_time(telling: impl Future<Output = Result<(), Refusal>>) -> Result<(), Refusal> {
    let late = |_| {
        Err(Refusal::Later(
            "The service did not answer in time.".to_owned(),
        ))
    };
    timeout(PATIENCE, telling).await.unwrap_or_else(late)
}

impl Perform for Submission {
    async fn perform(self, app: &App, _: Running) -> Result<Value, Failure> {
        let again = |error: Error| Failure::ForNow(error.to_string());
        self.step(app).await.map_err(again)?;
        Ok(Value::Null)
    }
}

impl Submission {
    /// Tells a few acts. Whatever waits besides is another job, at the end of the line.
    async fn step(&self, app: &App) -> Result<()> {
        let Ok(plugin) = plugin(&self.plugin) else {
            return Ok(());
        };
        let configuration = held(app.db(), self.user, plugin).await?;
        let told = Opened {
            plugin,
            kept: &configuration.conf,
            seal: app.seal(),
        };
        // What it needs to know brings it back.
        let service = Service::of(app, &told).filter(|_| configuration.enabled);
        let Some(service) = service else {
            return Ok(());
        };
        let mut acts = self.waiting(app).await?;
        acts.truncate(service.most());
        // One kind at a time: what was taken is not told again because something else was not.
        let kind = acts.first().map(|act| act.kind.clone());
        acts.retain(|act| Some(&act.kind) == kind.as_ref());
        if acts.is_empty() {
            return Ok(());
        }
        let mut answer = in_time(service.tell(&acts)).await;
        if matches!(answer, Err(Refusal::Never(_))) && acts.len() > 1 {
            // One of them is odd, and costs nothing but itself.
            acts.truncate(1);
            answer = in_time(service.tell(&acts)).await;
        }
        let mut tx = app.db().begin().await?;
        self.noted(&mut tx, (&configuration, &acts), answer, app.clock().now())
            .await?;
        tx.commit().await
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

    /// Notes what came of it, and has what waits besides told.
    async fn noted(
        &self,
        tx: &mut Tx,
        (before, acts): (&Configuration, &[Told]),
        answer: Result<(), Refusal>,
        now: Timestamp,
    ) -> Result<()> {
        let (problem, failures) = match &answer {
            Ok(()) => (None, 0),
            Err(Refusal::Never(why)) => (Some(why.as_str()), 0),
            Err(Refusal::Later(why)) => (Some(why.as_str()), before.failures + 1),
        };
        self.told(tx, problem, failures).await?;
        let of = |text: &'static str| sql(text).bind(self.user).bind(self.plugin.as_str());
        let due = match answer {
            Err(Refusal::Later(_)) => {
                let old = of(
                    "delete from submissions where user_id = ? and plugin = ? and creation_date < ?",
                );
                let old = old.bind(now.plus_seconds(-DAYS * 86_400));
                old.run(&mut *tx).await?;
                let pause = (PAUSE << before.failures.clamp(0, 10)).min(LONGEST);
                now.plus_seconds(pause)
            }
            _ => {
                let ids: Vec<i64> = acts.iter().map(|act| act.id).collect();
                let done = sql("delete from submissions where id in ?*").bind(ids);
                done.run(&mut *tx).await?;
                now
            }
        };
        let more = of("select id from submissions where user_id = ? and plugin = ? limit 1");
        if more.optional::<(i64,)>(&mut *tx).await?.is_none() {
            return Ok(());
        }
        jobs::postpone(tx, self, (now, due)).await
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
