//! What the files of a track say of it beyond its title, artists and album.
use std::collections::HashMap;

use async_graphql::{ComplexObject, SimpleObject};

pub use crate::reading::TrackDetails;
use crate::{
    error::Result,
    graphql::connection::LONG,
    load::load,
    store::{Reads, Tx, Weigh, sql},
    time::Date,
};

/// The text of a track.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Lyrics {
    /// Whether the lines have times.
    pub is_synced: bool,
    /// The lines, in order.
    pub lines: Vec<LyricsLine>,
}

/// A line of a track's text.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct LyricsLine {
    /// When it is sung, in milliseconds from the beginning of the track; null in texts without times.
    pub start: Option<i32>,
    /// The text of the line.
    pub text: String,
}

#[ComplexObject]
impl TrackDetails {
    /// Date on which the recording was first released.
    async fn original_date(&self) -> Option<Date> {
        self.original_date.map(Date)
    }

    /// The text, in the file or in an `.lrc` file beside it.
    #[graphql(complexity = "LONG")]
    async fn lyrics(&self) -> Option<Lyrics> {
        self.lyrics.as_deref().map(Lyrics::read)
    }
}

impl Lyrics {
    /// Reads a text, or lines with times as in `[01:02.50]So it goes`.
    pub fn read(text: &str) -> Self {
        let mut lines = Vec::new();
        for line in text.lines() {
            let (starts, text) = timed(line);
            match starts.is_empty() {
                true if is_head(text) => {}
                true => lines.push(LyricsLine {
                    start: None,
                    text: text.to_owned(),
                }),
                false => lines.extend(starts.into_iter().map(|start| LyricsLine {
                    start: Some(start),
                    text: text.to_owned(),
                })),
            }
        }
        let is_synced = lines.iter().any(|line| line.start.is_some());
        if is_synced {
            lines.retain(|line| line.start.is_some());
            lines.sort_by_key(|line| line.start);
        }
        Self { is_synced, lines }
    }
}

/// The times before a line, in milliseconds, and the rest of it.
fn timed(line: &str) -> (Vec<i32>, &str) {
    let mut starts = Vec::new();
    let mut rest = line.trim();
    while let Some((told, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let Some(start) = time(told) else { break };
        starts.push(start);
        rest = behind.trim();
    }
    (starts, rest)
}

/// `01:02.50` and `01:02` in milliseconds.
fn time(text: &str) -> Option<i32> {
    let (minutes, seconds) = text.split_once(':')?;
    let minutes: u16 = minutes.parse().ok()?;
    let seconds: f64 = seconds.replace(':', ".").parse().ok()?;
    let is_time = (0.0..60.0).contains(&seconds);
    is_time.then(|| i32::from(minutes) * 60_000 + (seconds * 1000.0).round() as i32)
}

/// Whether a line is a head such as `[ar:Ann]`.
fn is_head(line: &str) -> bool {
    let inner = line
        .strip_prefix('[')
        .and_then(|line| line.strip_suffix(']'));
    inner.is_some_and(|inner| {
        let name = inner.split_once(':').map(|(name, _)| name);
        name.is_some_and(|name| {
            (1..=7).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
    })
}

impl Weigh for TrackDetails {
    fn heap(&self) -> usize {
        // Names are short as a rule; the text is not.
        512 + self.lyrics.as_ref().map_or(0, String::len)
    }
}

load!(/// What the file of a track says of it.
    DetailsOfTrack: Option<TrackDetails> = kept of_tracks, upon [TrackId]);

async fn of_tracks(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Option<TrackDetails>>> {
    let rows = sql("select track_id, details from track_details where track_id in ?*");
    let rows: Vec<Row> = rows.bind(ids).all(db).await?;
    let read = |row: Row| (row.track_id, serde_json::from_value(row.details).ok());
    Ok(rows.into_iter().map(read).collect())
}

#[derive(sqlx::FromRow)]
struct Row {
    track_id: i64,
    #[sqlx(json)]
    details: serde_json::Value,
}

/// Writes what the file of an upload says of its track, if it is the oldest one.
pub async fn write(tx: &mut Tx, upload: i64, details: &TrackDetails) -> Result<()> {
    let details = serde_json::to_value(details).unwrap_or_default();
    sql(
        "insert into track_details (track_id, details)
         select u.track_id, ? from uploads u where u.id = ? and u.track_id is not null and not exists
           (select 1 from uploads o where o.track_id = u.track_id and o.id < u.id and o.import_status = 'finished')
         on conflict (track_id) do update set details = excluded.details",
    )
    .bind(details)
    .bind(upload)
    .run(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_times_or_none() {
        let synced = Lyrics::read("[ar:Ann]\n[00:01.50]One\n[01:02][00:03.123] Two ");
        let lines: Vec<_> = synced
            .lines
            .iter()
            .map(|line| (line.start, line.text.as_str()))
            .collect();
        assert_eq!(
            lines,
            [
                (Some(1500), "One"),
                (Some(3123), "Two"),
                (Some(62_000), "Two")
            ]
        );
        assert!(synced.is_synced);
        let plain = Lyrics::read("One\n\n[Chorus]\nTwo");
        let lines: Vec<_> = plain
            .lines
            .iter()
            .map(|line| (line.start, line.text.as_str()))
            .collect();
        assert_eq!(
            lines,
            [(None, "One"), (None, ""), (None, "[Chorus]"), (None, "Two")]
        );
        assert_eq!(time("99999999:00"), None);
        assert_eq!(time("00:61"), None);
    }
}
