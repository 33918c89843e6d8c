//! What goes with objects that a keeper removes. Files in music folders stay where they are.
use serde::{Deserialize, Serialize};

use crate::{
    accounts::farewell::disown,
    error::Result,
    resources::{
        catalogue::removal::rows,
        library::{attachments, libraries, uploads::release},
        publishing::channels,
    },
    store::{Sql, Tx, sql},
    time::Timestamp,
};

/// What can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Removable {
    /// With their channels, their albums, and the tracks that they are credited on first.
    Artists,
    /// With their tracks.
    Albums,
    /// With their uploads.
    Tracks,
    /// With their uploads.
    Libraries,
    Uploads,
    /// With what they have published.
    Channels,
    Tags,
    /// What they have published; the accounts themselves stay.
    Accounts,
    /// What their accounts have published; the domains and the accounts stay.
    Domains,
}

impl Removable {
    /// What the action is called.
    pub fn action(self) -> &'static str {
        match self {
            Self::Accounts | Self::Domains => "purge",
            _ => "delete",
        }
    }

    /// One of them.
    pub fn one(self) -> &'static str {
        match self {
            Self::Artists => "artist",
            Self::Albums => "album",
            Self::Tracks => "track",
            Self::Libraries => "library",
            Self::Uploads => "upload",
            Self::Channels => "channel",
            Self::Tags => "tag",
            Self::Accounts => "account",
            Self::Domains => "domain",
        }
    }

    /// A further condition on those that are managed on their own.
    pub fn listed(self) -> &'static str {
        match self {
            Self::Libraries => {
                " and not exists (select 1 from channels c where c.library_id = libraries.id)"
            }
            // The pod's own, whose accounts are managed one by one.
            Self::Domains => {
                " and not exists (select 1 from actors a join users u on u.actor_id = a.id where a.domain = domains.name)"
            }
            _ => "",
        }
    }

    /// The column by which a request calls them, in lower case.
    pub fn called(self) -> &'static str {
        match self {
            Self::Domains => "name",
            _ => "name_folded",
        }
    }

    /// What people call these: their IDs and names.
    pub fn names(self, ids: Vec<i64>) -> Sql {
        let names = match self {
            Self::Artists => "select id, name from artists where id in ?*",
            Self::Albums => "select id, title from albums where id in ?*",
            Self::Tracks => "select id, title from tracks where id in ?*",
            Self::Libraries => "select id, name from libraries where id in ?*",
            Self::Uploads => {
                "select u.id, coalesce((select t.title from tracks t where t.id = u.track_id), u.source, '')
                 from uploads u where u.id in ?*"
            }
            Self::Channels => {
                "select c.id, a.preferred_username from channels c join actors a on a.id = c.actor_id
                 where c.id in ?*"
            }
            Self::Tags => "select id, name from tags where id in ?*",
            Self::Accounts => {
                "select id, preferred_username || '@' || domain from actors where id in ?*"
            }
            Self::Domains => "select id, name from domains where id in ?*",
        };
        sql(names).bind(ids)
    }

    /// Selects the IDs of the uploads that go with these.
    pub fn uploads(self, ids: &[i64]) -> Sql {
        let these = match self {
            Self::Artists => {
                let of_tracks = sql("select u.id from uploads u where u.track_id in
                  (select h.track_id from track_artists h where h.position = 0 and h.artist_id in ?*)
                  or u.track_id in (select t.id from tracks t join album_artists h on h.album_id = t.album_id
                    where h.position = 0 and h.artist_id in ?*)");
                return of_tracks.bind(ids.to_vec()).bind(ids.to_vec());
            }
            Self::Albums => {
                "select u.id from uploads u where u.track_id in (select t.id from tracks t where t.album_id in ?*)"
            }
            Self::Tracks => "select u.id from uploads u where u.track_id in ?*",
            Self::Libraries => "select u.id from uploads u where u.library_id in ?*",
            Self::Uploads => "select u.id from uploads u where u.id in ?*",
            Self::Channels => {
                "select u.id from uploads u where u.library_id in
                   (select c.library_id from channels c where c.id in ?*)"
            }
            Self::Accounts => {
                "select u.id from uploads u where u.library_id in
                   (select l.id from libraries l where l.actor_id in ?*)"
            }
            Self::Domains => {
                "select u.id from uploads u where u.library_id in (select l.id from libraries l
                   join actors a on a.id = l.actor_id join domains d on d.name = a.domain where d.id in ?*)"
            }
            Self::Tags => "select u.id from uploads u where 1 = 0 and u.id in ?*",
        };
        sql(these).bind(ids.to_vec())
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Artists => "artists",
            Self::Albums => "albums",
            Self::Tracks => "tracks",
            Self::Libraries => "libraries",
            Self::Uploads => "uploads",
            Self::Channels => "channels",
            Self::Tags => "tags",
            Self::Accounts => "accounts",
            Self::Domains => "domains",
        }
    }
}

/// Removes objects, as far as they are still there; returns files of pictures, which are to be removed once the
/// transaction is committed.
pub async fn remove(
    tx: &mut Tx,
    what: Removable,
    ids: Vec<i64>,
    now: Timestamp,
) -> Result<Vec<String>> {
    let covers = match what {
        Removable::Artists => return artists(tx, ids, now).await,
        Removable::Albums => albums(tx, ids, now).await?,
        Removable::Tracks => tracks(tx, ids, now).await?,
        Removable::Libraries => {
            libraries::remove(tx, ids, now).await?;
            Vec::new()
        }
        Removable::Uploads => {
            uploads(
                tx,
                sql("select id from uploads where id in ?*").bind(ids),
                now,
            )
            .await?;
            Vec::new()
        }
        Removable::Channels => {
            let these = sql("select id from channels where id in ?*").bind(ids);
            return channels::remove(tx, &these, now).await;
        }
        Removable::Accounts => return accounts(tx, ids, now).await,
        Removable::Domains => {
            let there = sql(
                "select a.id from actors a join domains d on d.name = a.domain where d.id in ?*",
            );
            let there = there.bind(ids).ids(&mut *tx).await?;
            return accounts(tx, there, now).await;
        }
        Removable::Tags => {
            let gone = sql("delete from tags where id in ?*").bind(ids);
            gone.run(&mut *tx).await?;
            Vec::new()
        }
    };
    attachments::discard(tx, covers).await
}

async fn accounts(tx: &mut Tx, ids: Vec<i64>, now: Timestamp) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for actor in ids {
        files.extend(disown(tx, actor, now).await?);
    }
    Ok(files)
}

async fn artists(tx: &mut Tx, ids: Vec<i64>, now: Timestamp) -> Result<Vec<String>> {
    let published = sql("select id from channels where artist_id in ?*").bind(ids.clone());
    let mut files = channels::remove(tx, &published, now).await?;
    let on =
        sql("select h.album_id from album_artists h where h.position = 0 and h.artist_id in ?*");
    let on = on.bind(ids.clone()).ids(&mut *tx).await?;
    let mut covers = albums(tx, on, now).await?;
    let own =
        sql("select h.track_id from track_artists h where h.position = 0 and h.artist_id in ?*");
    let own = own.bind(ids.clone()).ids(&mut *tx).await?;
    covers.extend(tracks(tx, own, now).await?);
    covers.extend(rows(tx, "artists", ids).await?);
    files.extend(attachments::discard(tx, covers).await?);
    Ok(files)
}

async fn albums(tx: &mut Tx, ids: Vec<i64>, now: Timestamp) -> Result<Vec<i64>> {
    let on = sql("select id from tracks where album_id in ?*").bind(ids.clone());
    let on = on.ids(&mut *tx).await?;
    let mut covers = tracks(tx, on, now).await?;
    covers.extend(rows(tx, "albums", ids).await?);
    Ok(covers)
}

async fn tracks(tx: &mut Tx, ids: Vec<i64>, now: Timestamp) -> Result<Vec<i64>> {
    let of = sql("select id from uploads where track_id in ?*").bind(ids.clone());
    uploads(tx, of, now).await?;
    rows(tx, "tracks", ids).await
}

async fn uploads(tx: &mut Tx, these: Sql, now: Timestamp) -> Result<()> {
    release(tx, &these, now).await?;
    sql("delete from uploads where id in (")
        .append(these)
        .then(")")
        .run(tx)
        .await
        .map(|_| ())
}
