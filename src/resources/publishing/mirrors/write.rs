//! Writing what a feed says: its channel, and its episodes as tracks whose audio is elsewhere.
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    episodes::{Known, known, note, room, upload},
    reading::{Episode, Feed},
};
use crate::{
    accounts::service,
    app::App,
    config::Visibility,
    error::Result,
    hex::hex,
    jobs,
    resources::{
        catalogue::{artists::ContentCategory, tags},
        library::{
            attachments,
            contents::{self, Extent},
            libraries::PrivacyLevel,
        },
        publishing::channels::{self, New},
    },
    store::{On, Tx, sql, text::folded, words::indexed},
    time::Timestamp,
};

/// A channel that mirrors a feed.
#[derive(Clone, Debug, FromRow)]
pub struct Mirror {
    pub id: i64,
    pub uuid: Uuid,
    pub actor_id: i64,
    artist_id: i64,
    pub library_id: i64,
    attributed_to_id: i64,
    pub rss_url: String,
}

pub const COLUMNS: &str =
    "c.id, c.uuid, c.actor_id, c.artist_id, c.library_id, c.attributed_to_id, c.rss_url";

/// The channel that mirrors a feed, if there is one.
pub async fn mirror_of(on: impl On, app: &App, address: &str) -> Result<Option<Mirror>> {
    let found = sql("select ").then(COLUMNS).then(
        " from channels c join actors o on o.id = c.actor_id where c.rss_url = ? and o.domain = ? order by c.id limit 1",
    );
    let found = found.bind(address).bind(app.config().hostname());
    found.optional(on).await
}

/// Makes the channel that mirrors a feed, without its episodes.
pub async fn make(tx: &mut Tx, app: &App, address: &str, feed: &Feed) -> Result<Mirror> {
    let uuid = crate::random::uuid();
    let new = New {
        uuid,
        username: &format!("rssfeed_{}", uuid.to_string().replace('-', "_")),
        name: &feed.title,
        category: ContentCategory::Podcast,
        owner: service(tx, app).await?,
        privacy_level: privacy_level(app),
        feed: Some(address),
        metadata: &feed.metadata,
    };
    let (id, _) = channels::insert(tx, app, &new).await?;
    let made = sql("select ")
        .then(COLUMNS)
        .then(" from channels c where c.id = ?");
    made.bind(id).one(tx).await
}

fn privacy_level(app: &App) -> PrivacyLevel {
    match app.config().podcasts.podcasts_third_party_visibility {
        Visibility::Me => PrivacyLevel::Me,
        Visibility::Instance => PrivacyLevel::Instance,
        Visibility::Everyone => PrivacyLevel::Everyone,
    }
}

/// Takes what a feed says now. Episodes that it no longer tells of stay.
pub async fn take(tx: &mut Tx, app: &App, mirror: &Mirror, feed: &Feed) -> Result<()> {
    let now = app.clock().now();
    let mut pictures = Vec::new();
    let digest = digest(&(
        &feed.title,
        &feed.description,
        &feed.picture,
        &feed.tags,
        &feed.metadata,
    ));
    let noted = sql("update feeds set digest = ? where channel_id = ? and digest <> ?");
    let noted = noted
        .bind(digest.as_str())
        .bind(mirror.id)
        .bind(digest.as_str());
    if noted.run(&mut *tx).await? > 0 {
        describe(tx, mirror, feed, now, &mut pictures).await?;
    }
    let known = known(tx, mirror, feed).await?;
    let mut room = room(tx, mirror).await?;
    // The oldest first: their IDs are in the order of their dates.
    for episode in feed.episodes.iter().rev() {
        let writing = Writing {
            app,
            mirror,
            episode,
            now,
        };
        match known.get(&writing.upload()) {
            Some(episode) => writing.change(tx, episode, &mut pictures).await?,
            None if room > 0 => {
                writing.add(tx, &mut pictures).await?;
                room -= 1;
            }
            None => {}
        }
    }
    let files = attachments::discard(tx, pictures).await?;
    jobs::remove(tx, files, now).await
}

/// Writes what a feed says of the channel itself.
async fn describe(
    tx: &mut Tx,
    mirror: &Mirror,
    feed: &Feed,
    now: Timestamp,
    pictures: &mut Vec<i64>,
) -> Result<()> {
    let artist = ("artists", mirror.artist_id);
    sql("update artists set name = ?, name_folded = ?, words = ?, modification_date = ? where id = ?")
        .bind(feed.title.as_str())
        .bind(folded(&feed.title))
        .bind(indexed(&feed.title))
        .bind(now)
        .bind(mirror.artist_id)
        .run(&mut *tx)
        .await?;
    sql("update actors set name = ? where id = ?")
        .bind(feed.title.as_str())
        .bind(mirror.actor_id)
        .run(&mut *tx)
        .await?;
    sql("update channels set metadata = ? where id = ?")
        .bind(json!(feed.metadata))
        .bind(mirror.id)
        .run(&mut *tx)
        .await?;
    set_text(tx, artist, feed.description.as_deref()).await?;
    pictures.extend(set_picture(tx, artist, (feed.picture.as_deref(), mirror), now).await?);
    sql("delete from artist_tags where artist_id = ?")
        .bind(mirror.artist_id)
        .run(&mut *tx)
        .await?;
    for tag in tags::ensure(tx, &feed.tags, now).await? {
        sql("insert into artist_tags (artist_id, tag_id, creation_date) values (?, ?, ?)")
            .bind(mirror.artist_id)
            .bind(tag)
            .bind(now)
            .run(&mut *tx)
            .await?;
    }
    Ok(())
}

struct Writing<'a> {
    app: &'a App,
    mirror: &'a Mirror,
    episode: &'a Episode,
    now: Timestamp,
}

impl Writing<'_> {
    fn upload(&self) -> Uuid {
        upload(self.mirror, self.episode)
    }

    /// When it came out; what is without a date, or from the future, comes out now.
    fn date(&self) -> Timestamp {
        self.episode.date.unwrap_or(self.now).min(self.now)
    }

    fn import_metadata(&self) -> Value {
        json!({ "guid": self.episode.guid, "digest": digest(self.episode) })
    }

    fn fid(&self, kind: &str, uuid: Uuid) -> String {
        let root = self.app.config().public_url();
        format!("{root}/federation/music/{kind}/{uuid}")
    }

    async fn add(&self, tx: &mut Tx, pictures: &mut Vec<i64>) -> Result<()> {
        let (episode, uuid) = (self.episode, crate::random::uuid());
        let track = sql(
            "insert into tracks (uuid, fid, title, title_folded, words, position, disc_number, creation_date,
               attributed_to_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        )
        .bind(uuid)
        .bind(self.fid("tracks", uuid))
        .bind(episode.title.as_str())
        .bind(folded(&episode.title))
        .bind(indexed(&episode.title))
        .bind(episode.number)
        .bind(episode.season)
        .bind(self.date())
        .bind(self.mirror.attributed_to_id)
        .number(&mut *tx)
        .await?;
        sql(
            "insert into track_artists (track_id, position, artist_id, credit, join_phrase)
             select ?, 0, id, name, '' from artists where id = ?",
        )
        .bind(track)
        .bind(self.mirror.artist_id)
        .run(&mut *tx)
        .await?;
        self.describe(tx, track, pictures).await?;
        let uuid = self.upload();
        let upload = sql(
            "insert into uploads (uuid, fid, track_id, library_id, source, mimetype, size, duration, creation_date,
               modification_date, import_date, import_status, import_metadata)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'finished', ?) returning id",
        )
        .bind(uuid)
        .bind(self.fid("uploads", uuid))
        .bind(track)
        .bind(self.mirror.library_id)
        .bind(episode.audio.url.as_str())
        .bind(episode.audio.media_type.as_str())
        .bind(episode.audio.length)
        .bind(episode.duration)
        .bind(self.date())
        .bind(self.now)
        .bind(self.now)
        .bind(self.import_metadata())
        .number(&mut *tx)
        .await?;
        note(tx, self.mirror, (uuid, Some(upload))).await
    }

    /// Writes what the feed says of a known episode, if that has changed and the episode is still here.
    async fn change(&self, tx: &mut Tx, known: &Known, pictures: &mut Vec<i64>) -> Result<()> {
        let (episode, told) = (self.episode, self.import_metadata());
        let (Some(upload), Some(track)) = (known.id, known.track_id) else {
            return Ok(());
        };
        if known.import_metadata.as_ref() == Some(&told) {
            return Ok(());
        }
        sql("update tracks set title = ?, title_folded = ?, words = ?, position = ?, disc_number = ? where id = ?")
            .bind(episode.title.as_str())
            .bind(folded(&episode.title))
            .bind(indexed(&episode.title))
            .bind(episode.number)
            .bind(episode.season)
            .bind(track)
            .run(&mut *tx)
            .await?;
        sql("update uploads set source = ?, mimetype = ?, size = ?, duration = ?, modification_date = ?,
               creation_date = coalesce(?, creation_date), import_metadata = ? where id = ?")
        .bind(episode.audio.url.as_str())
        .bind(episode.audio.media_type.as_str())
        .bind(episode.audio.length)
        .bind(episode.duration)
        .bind(self.now)
        .bind(episode.date.map(|_| self.date()))
        .bind(told)
        .bind(upload)
        .run(&mut *tx)
        .await?;
        self.describe(tx, track, pictures).await
    }

    async fn describe(&self, tx: &mut Tx, track: i64, pictures: &mut Vec<i64>) -> Result<()> {
        let track = ("tracks", track);
        set_text(tx, track, self.episode.description.as_deref()).await?;
        let picture = (self.episode.picture.as_deref(), self.mirror);
        pictures.extend(set_picture(tx, track, picture, self.now).await?);
        Ok(())
    }
}

/// Sets the description of a row, in HTML.
async fn set_text(tx: &mut Tx, (table, id): (&'static str, i64), text: Option<&str>) -> Result<()> {
    // Nobody here has written it, so that nothing of it needs to be kept as it was written.
    let text = text.map(|text| contents::html(text, "text/html", Extent::Plain));
    let held = sql("select description_content_id from ")
        .then(table)
        .then(" where id = ?");
    let (held,): (Option<i64>,) = held.bind(id).one(&mut *tx).await?;
    match (held, text) {
        (Some(held), Some(text)) => {
            let set = sql("update contents set text = ?, content_type = 'text/html' where id = ?");
            set.bind(text).bind(held).run(tx).await?;
        }
        (Some(held), None) => {
            sql("delete from contents where id = ?")
                .bind(held)
                .run(tx)
                .await?;
        }
        (None, Some(text)) => {
            let made = sql(
                "insert into contents (text, content_type) values (?, 'text/html') returning id",
            );
            let made = made.bind(text).number(&mut *tx).await?;
            let set = sql("update ")
                .then(table)
                .then(" set description_content_id = ? where id = ?");
            set.bind(made).bind(id).run(tx).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Sets the picture of a row, which is fetched once somebody looks at it; returns the one that it had.
async fn set_picture(
    tx: &mut Tx,
    (table, id): (&'static str, i64),
    (address, mirror): (Option<&str>, &Mirror),
    now: Timestamp,
) -> Result<Option<i64>> {
    let held = sql(
        "select p.id, p.url from attachments p where p.id = (select x.attachment_cover_id from ",
    )
    .then(table)
    .then(" x where x.id = ?)");
    let held: Option<(i64, Option<String>)> = held.bind(id).optional(&mut *tx).await?;
    let shown = held.as_ref().and_then(|(_, url)| url.as_deref());
    if shown == address {
        return Ok(None);
    }
    let made = match address {
        None => None,
        Some(address) => {
            let made = sql("insert into attachments (uuid, url, actor_id, creation_date) values (?, ?, ?, ?) returning id")
                .bind(crate::random::uuid())
                .bind(address)
                .bind(mirror.attributed_to_id)
                .bind(now);
            Some(made.number(&mut *tx).await?)
        }
    };
    let set = sql("update ")
        .then(table)
        .then(" set attachment_cover_id = ? where id = ?");
    set.bind(made).bind(id).run(tx).await?;
    Ok(held.map(|(id, _)| id))
}

/// Tells whether something is as it was.
fn digest(told: &impl std::fmt::Debug) -> String {
    hex(Sha256::digest(format!("{told:?}")))
}
