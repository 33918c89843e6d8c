//! Changes of the database, whoever made them: triggers record them (migrations 0004, 0008, 0014 and 0017); the cache
//! and those who wait for changes read them.
use std::collections::HashMap;

use super::{Db, Dialect, Reads, Sql, Tx, sql};
use crate::error::Result;

macro_rules! changes {
    ($($name:ident = $table:ident . $column:ident;)+) => {
        /// Rows with a certain value in a column were inserted, updated or deleted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Change {
            $(
                #[doc = concat!("`", stringify!($table), ".", stringify!($column), "`")]
                $name,
            )+
        }

        impl Change {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The value of `changes.kind`.
            pub fn kind(self) -> &'static str {
                match self {
                    $(Self::$name => concat!(stringify!($table), ".", stringify!($column)),)+
                }
            }
        }
    };
}

changes! {
    ActorId = actors.id;
    AlbumArtistAlbum = album_artists.album_id;
    AlbumArtistArtist = album_artists.artist_id;
    AlbumId = albums.id;
    AlbumTagAlbum = album_tags.album_id;
    ArtistId = artists.id;
    ArtistTagArtist = artist_tags.artist_id;
    AttachmentId = attachments.id;
    ChannelArtist = channels.artist_id;
    ContentFilterUser = content_filters.user_id;
    ContentId = contents.id;
    FavoriteId = favorites.id;
    FavoriteUser = favorites.user_id;
    FollowActor = follows.actor_id;
    InboxItemId = inbox_items.id;
    LibraryFollowActor = library_follows.actor_id;
    LibraryId = libraries.id;
    LicenseCode = licenses.code;
    ListeningId = listenings.id;
    OauthConsentUser = oauth_consents.user_id;
    OauthFamilyUser = oauth_families.user_id;
    PlaylistId = playlists.id;
    PlaylistTrackPlaylist = playlist_tracks.playlist_id;
    ReportId = reports.id;
    SessionUser = sessions.user_id;
    TagId = tags.id;
    TrackAlbum = tracks.album_id;
    TrackArtistArtist = track_artists.artist_id;
    TrackArtistTrack = track_artists.track_id;
    TrackDownloads = tracks.downloads_count;
    TrackId = tracks.id;
    TrackTagTrack = track_tags.track_id;
    UploadAlbum = uploads.album_id;
    UploadId = uploads.id;
    UploadImport = uploads.import_status;
    UploadTrack = uploads.track_id;
    UserRequestId = user_requests.id;
}

impl Change {
    /// The table whose lists may have changed. Download counts do not affect lists; of what acts for an
    /// account not every change is recorded; and some are recorded only for those who wait to hear of new rows.
    pub fn table(self) -> Option<&'static str> {
        const WITHOUT_LISTS: &[Change] = &[
            Change::FavoriteId,
            Change::InboxItemId,
            Change::ListeningId,
            Change::OauthConsentUser,
            Change::OauthFamilyUser,
            Change::ReportId,
            Change::SessionUser,
            Change::TrackDownloads,
            Change::UploadImport,
            Change::UserRequestId,
        ];
        let (table, _) = self.kind().split_once('.')?;
        (!WITHOUT_LISTS.contains(&self)).then_some(table)
    }

    fn of(kind: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|change| change.kind() == kind)
    }
}

/// A set of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes(u64);

impl Changes {
    /// How many kinds of changes there may be.
    pub const MOST: usize = 63;

    pub const fn of(changes: &[Change]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < changes.len() {
            bits |= 1 << changes[at] as u64;
            at += 1;
        }
        Self(bits)
    }

    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub const fn bits(self) -> u64 {
        self.0
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The places of its changes in the order of their declaration.
    pub fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros();
            left &= left.checked_sub(1)?;
            Some(place as usize)
        })
    }
}

const _: () = assert!(Change::ALL.len() <= Changes::MOST);

/// How far the changes were read: on SQLite the last ID, on PostgreSQL the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(String);

/// The changes since a mark.
pub enum News {
    Changes(Vec<(Change, Option<i64>)>),
    /// Too many changes, or one of an unknown kind: anything may have changed.
    Everything,
}

impl News {
    pub fn is_any(&self) -> bool {
        !matches!(self, Self::Changes(changes) if changes.is_empty())
    }
}

/// More changes than this count as "everything".
const MOST: usize = 5_000;

/// The new mark, and what changed since the old one. Without a mark: everything.
pub async fn since(db: &Reads, mark: Option<&Mark>) -> Result<(Mark, News)> {
    let Some(mark) = mark else {
        return Ok((newest(db).await?, News::Everything));
    };
    let limit = i64::try_from(MOST + 1).expect("a small number");
    let rows: Vec<Row> = match db.dialect() {
        Dialect::Sqlite => {
            let text =
                "select cast(id as text), kind, key from changes where id > cast(? as integer)
                order by id limit ?";
            sql(text).bind(mark.0.as_str()).bind(limit).all(db).await?
        }
        Dialect::Postgres => {
            // The left join returns the snapshot, without a kind, even if nothing changed.
            let text = "select cast(pg_current_snapshot() as text), c.kind, c.key from (select 1) as one
                left join changes c on c.xact >= pg_snapshot_xmin(cast(cast(? as text) as pg_snapshot))
                  and not pg_visible_in_snapshot(c.xact, cast(cast(? as text) as pg_snapshot)) order by c.id limit ?";
            let since = sql(text).bind(mark.0.as_str()).bind(mark.0.as_str());
            since.bind(limit).all(db).await?
        }
    };
    if rows.len() > MOST {
        return Ok((newest(db).await?, News::Everything));
    }
    let mark = rows.last().map_or(mark.clone(), |row| Mark(row.0.clone()));
    Ok((mark, told(rows)))
}

type Row = (String, Option<String>, Option<i64>);

fn told(rows: Vec<Row>) -> News {
    let kinds = rows
        .into_iter()
        .filter_map(|(_, kind, key)| Some((kind?, key)));
    let changes = kinds.map(|(kind, key)| Some((Change::of(&kind)?, key)));
    // An unknown kind is `*`, or comes from a newer version of baleen.
    changes
        .collect::<Option<_>>()
        .map_or(News::Everything, News::Changes)
}

async fn newest(db: &Reads) -> Result<Mark> {
    let text = match db.dialect() {
        Dialect::Sqlite => "select cast(coalesce(max(id), 0) as text) from changes",
        Dialect::Postgres => "select cast(pg_current_snapshot() as text)",
    };
    sql(text).one::<(String,)>(db).await.map(|row| Mark(row.0))
}

/// Deletes changes up to an older mark; returns the newest mark, for the next pruning.
pub async fn prune(db: &Db, older: Option<&Mark>) -> Result<Mark> {
    let newest = newest(db).await?;
    if let Some(mark) = older {
        let text = match db.dialect() {
            Dialect::Sqlite => "delete from changes where id <= cast(? as integer)",
            Dialect::Postgres => {
                "delete from changes
                 where xact < pg_snapshot_xmin(cast(cast(? as text) as pg_snapshot))"
            }
        };
        sql(text).bind(mark.0.as_str()).run(db).await?;
    }
    Ok(newest)
}

/// The triggers, disabled while very many rows are written in one transaction.
pub struct Paused {
    again: Vec<String>,
}

impl Paused {
    pub async fn begin(tx: &mut Tx) -> Result<Self> {
        let dialect = tx.dialect();
        let found = match dialect {
            Dialect::Sqlite => {
                "select name, sql from sqlite_master where type = 'trigger' and name like 'changes\\_%' escape '\\'"
            }
            Dialect::Postgres => {
                "select cast(tgname as text), cast(cast(tgrelid as regclass) as text) from pg_trigger
                 where tgname like 'changes\\_%' escape '\\'"
            }
        };
        let triggers: Vec<(String, String)> = sql(found).all(&mut *tx).await?;
        let mut again = Vec::with_capacity(triggers.len());
        for (name, other) in triggers {
            let (pause, resume) = match dialect {
                Dialect::Sqlite => (format!("drop trigger {name}"), other),
                Dialect::Postgres => (
                    format!("alter table {other} disable trigger {name}"),
                    format!("alter table {other} enable trigger {name}"),
                ),
            };
            Sql::generated(pause).run(&mut *tx).await?;
            again.push(resume);
        }
        Ok(Self { again })
    }

    /// Enables the triggers again, and records that anything may have changed.
    pub async fn end(self, tx: &mut Tx) -> Result<()> {
        if tx.dialect() == Dialect::Postgres {
            // `alter table` fails while deferred constraints are pending.
            let check = sql("set constraints all immediate");
            check.run(&mut *tx).await?;
        }
        for resume in self.again {
            Sql::generated(resume).run(&mut *tx).await?;
        }
        let all = sql("insert into changes (kind) values ('*')");
        all.run(tx).await.map(|_| ())
    }
}

/// The tables with triggers, each with the changes that affect its lists.
pub fn tables() -> HashMap<&'static str, Changes> {
    let mut tables: HashMap<_, Changes> = HashMap::new();
    for change in Change::ALL {
        if let Some(table) = change.table() {
            let changes = tables.entry(table).or_default();
            *changes = changes.and(Changes::of(&[*change]));
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_changes_tells_their_places() {
        let (first, last) = (Change::ALL[0], Change::ALL[Change::ALL.len() - 1]);
        let set = Changes::of(&[last]).and(Changes::of(&[first]));
        assert!(set.places().eq([0, Change::ALL.len() - 1]));
        assert_eq!(Changes::default().places().count(), 0);
        assert_eq!(Changes::from_bits(u64::MAX).places().count(), 64);
    }

    #[test]
    fn every_change_is_written_down_on_both_databases() {
        for migrations in [
            concat!(
                include_str!("../../migrations/sqlite/0004_changes.sql"),
                include_str!("../../migrations/sqlite/0008_account_changes.sql"),
                include_str!("../../migrations/sqlite/0014_playlists.sql"),
                include_str!("../../migrations/sqlite/0017_news.sql"),
                include_str!("../../migrations/sqlite/0019_moderation.sql")
            ),
            concat!(
                include_str!("../../migrations/postgres/0004_changes.sql"),
                include_str!("../../migrations/postgres/0008_account_changes.sql"),
                include_str!("../../migrations/postgres/0014_playlists.sql"),
                include_str!("../../migrations/postgres/0017_news.sql"),
                include_str!("../../migrations/postgres/0019_moderation.sql")
            ),
        ] {
            for change in Change::ALL {
                let word = format!("'{}'", change.kind());
                assert!(migrations.contains(&word), "{word}");
            }
        }
    }
}
