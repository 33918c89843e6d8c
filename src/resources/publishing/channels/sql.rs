//! SQL for reading channels.
use std::collections::HashMap;

use sqlx::FromRow;

use super::{Channel, ChannelFilter, ChannelOrder, ChannelOrderField, List};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, Operation},
    load::{Entity, entity, load},
    resources::checks::bounded,
    store::{
        Dialect, Index, Reads, Sql,
        listing::{Direction, Kind as KeyKind, Listing, SortKey, shuffled},
        sql,
        text::{any_word, folded, matching},
    },
    time::Timestamp,
};

entity!(Channel in "channels": "id, uuid, artist_id, attributed_to_id, actor_id, library_id, rss_url as feed, metadata,
    creation_date, (select o.preferred_username from actors o where o.id = actor_id) as preferred_username,
    (select o.domain from actors o where o.id = actor_id) as domain",
    upon [], weighs [preferred_username, domain, feed, metadata]);

/// Refuses to work with channels where the pod has none.
pub async fn open<O: Operation>(permit: &Allowed<O>) -> Result<()> {
    match permit.preferences().await?.channels_enabled() {
        true => Ok(()),
        false => Err(Error::Off("Channels are disabled on this pod.")),
    }
}

/// Finds a channel by UUID. Numbers, which can be counted, find none.
pub async fn retrieve<O: Operation>(permit: &Allowed<O>, key: Key) -> Result<Channel> {
    open(permit).await?;
    let Key::Uuid(uuid) = key else {
        return Err(Error::NotFound);
    };
    let found = Channel::select().then(" where uuid = ?").bind(uuid);
    found.one(permit.db()).await
}

/// Finds a channel by UUID, username, or username with the domain; case does not count.
pub async fn named<O: Operation>(permit: &Allowed<O>, name: &str) -> Result<Channel> {
    if let Ok(uuid) = name.parse() {
        return retrieve(permit, Key::Uuid(uuid)).await;
    }
    open(permit).await?;
    let home = permit.names().host.as_str();
    let (username, domain) = name.split_once('@').unwrap_or((name, home));
    let found = Channel::select().then(
        " where exists (select 1 from actors o where o.id = actor_id and lower(o.preferred_username) = ? and o.domain = ?)
          order by id",
    );
    let found: Vec<Channel> = found
        .bind(folded(username))
        .bind(domain)
        .all(permit.db())
        .await?;
    // Names that were imported may differ in case alone.
    let exact = found
        .iter()
        .position(|channel| channel.preferred_username == username);
    found
        .into_iter()
        .nth(exact.unwrap_or_default())
        .ok_or(Error::NotFound)
}

load!(/// Why the feed that a channel mirrors could not be read last, if it could not.
    FeedProblem: String = for_caller feed_problems);

async fn feed_problems(reader: &Reader, channels: Vec<i64>) -> Result<HashMap<i64, String>> {
    let failed =
        sql("select channel_id, error from feeds where error is not null and channel_id in ?*");
    let failed: Vec<(i64, String)> = failed.bind(channels).all(reader.db()).await?;
    Ok(failed.into_iter().collect())
}

load!(/// The channel of an artist, if there is one.
    ChannelOf: Option<Channel> = kept of_artists, upon [ChannelArtist]);

async fn of_artists(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Option<Channel>>> {
    let found = Channel::select().then(" where artist_id in ?*").bind(ids);
    let rows: Vec<Channel> = found.all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.artist_id, Some(row)))
        .collect())
}

load!(/// How often the uploads of a channel were downloaded.
    Downloads: i64 = for_caller downloads);

async fn downloads(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted = sql(
        "select c.id, cast(coalesce(sum(u.downloads_count), 0) as bigint) from channels c
         left join uploads u on u.library_id = c.library_id where c.id in ?* group by c.id",
    );
    let counted: Vec<(i64, i64)> = counted.bind(ids).all(reader.db()).await?;
    Ok(counted.into_iter().collect())
}

/// The newest uploads of a channel that were imported.
pub async fn newest_uploads(reader: &Reader, channel: &Channel, most: i64) -> Result<Vec<i64>> {
    let newest = sql(
        "select u.id from uploads u where u.library_id = ? and u.import_status = 'finished'
         and u.track_id is not null order by u.creation_date desc, u.id desc limit ?",
    );
    newest
        .bind(channel.library_id)
        .bind(most)
        .ids(reader.db())
        .await
}

/// An episode of a channel: its track, and the library that it is in.
#[derive(Clone, Debug, FromRow)]
pub struct EpisodeOf {
    pub library_id: i64,
    pub track_id: i64,
    pub creation_date: Timestamp,
}

/// The newest episodes of each of these libraries, to be put in order: along the index of each, as many as are wanted.
fn newest_in(db: &Reads, libraries: Vec<i64>, each: i64) -> Sql {
    let newest = "from uploads x where x.library_id = l.id and x.import_status = 'finished' and x.track_id is not null
         order by x.creation_date desc, x.id desc limit ?)";
    let joined = match db.dialect() {
        Dialect::Sqlite => {
            sql("from libraries l join uploads u on u.id in (select x.id ").then(newest)
        }
        Dialect::Postgres => sql("from libraries l cross join lateral (select x.* ")
            .then(newest)
            .then(" u"),
    };
    sql("select u.library_id, u.track_id, u.creation_date ")
        .append(joined.bind(each))
        .then(" where l.id in ?*")
        .bind(libraries)
}

/// The newest episodes of each of these libraries, the newest first.
pub async fn newest_of_each(
    permit: &Allowed<List>,
    libraries: Vec<i64>,
    each: i64,
) -> Result<Vec<EpisodeOf>> {
    newest_in(permit.db(), libraries, each)
        .then(" order by u.library_id, u.creation_date desc, u.id desc")
        .all(permit.db())
        .await
}

/// The newest episodes of all of these libraries together, the newest first.
pub async fn newest_of_all(
    permit: &Allowed<List>,
    libraries: Vec<i64>,
    most: i64,
) -> Result<Vec<EpisodeOf>> {
    newest_in(permit.db(), libraries, most)
        .then(" order by u.creation_date desc, u.id desc limit ?")
        .bind(most)
        .all(permit.db())
        .await
}

/// The episode that a track is, with its channel.
pub async fn episode(permit: &Allowed<List>, track: i64) -> Result<Option<(Channel, EpisodeOf)>> {
    open(permit).await?;
    let found = sql(
        "select u.library_id, u.track_id, u.creation_date from uploads u join channels c on c.library_id = u.library_id
         where u.track_id = ? and u.import_status = 'finished' order by u.id limit 1",
    );
    let found: Option<EpisodeOf> = found.bind(track).optional(permit.db()).await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let channel = Channel::select()
        .then(" where library_id = ?")
        .bind(found.library_id);
    Ok(Some((channel.one(permit.db()).await?, found)))
}

/// The channels that the caller subscribes to or owns, the newest first.
pub async fn heard(permit: &Allowed<List>, most: i64) -> Result<Vec<i64>> {
    let filter = ChannelFilter {
        scope: Some("me,subscribed".to_owned()),
        ..ChannelFilter::default()
    };
    listing(permit, &filter, &[])
        .await?
        .page(permit.db(), most, 0)
        .await
}

load!(/// How many subscribe to a channel.
    Subscribers: i64 = for_caller subscribers);

async fn subscribers(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted = sql(
        "select c.id, count(*) from channels c join follows f on f.target_actor_id = c.actor_id
         where c.id in ?* and f.approved = true group by c.id",
    );
    let counted: Vec<(i64, i64)> = counted.bind(ids).all(reader.db()).await?;
    Ok(counted.into_iter().collect())
}

pub async fn listing(
    permit: &Allowed<List>,
    filter: &ChannelFilter,
    order: &[ChannelOrder],
) -> Result<Listing> {
    open(permit).await?;
    let reader: &Reader = permit;
    bounded("tag", &filter.tag)?;
    let from = sql(
        "from channels c join artists a on a.id = c.artist_id join actors o on o.id = c.actor_id where true",
    );
    let mut from = of_caller(reader, from, filter);
    if let Some(external) = filter.external {
        let not = if external { " and " } else { " and not " };
        from = from
            .then(not)
            .then("(c.rss_url is not null and o.domain = ?)");
        from = from.bind(reader.names().host.as_str());
    }
    for tag in filter.tag.iter() {
        let tagged = sql(
            "c.artist_id in (select x.artist_id from artist_tags x join tags g on g.id = x.tag_id
            where g.name_folded = ?)",
        );
        from = from.and(tagged.bind(folded(tag)));
    }
    if let Some(scope) = &filter.scope {
        from = from.and(within_scope(reader, scope));
    }
    if let Some(q) = &filter.q
        && let Some(condition) = matching(reader.db(), &[("c.artist_id in", Index::Artists)], q)?
    {
        from = from.and(condition);
    }
    let newest = [ChannelOrder {
        field: ChannelOrderField::CreationDate,
        direction: Direction::Desc.into(),
        seed: None,
    }];
    let order = if order.is_empty() { &newest } else { order };
    let seed = crate::random::seed();
    let keys = order.iter().map(|order| order.key(seed));
    Ok(Listing::new(from, "c.id", keys))
}

/// What depends on the caller.
fn of_caller(reader: &Reader, mut from: Sql, filter: &ChannelFilter) -> Sql {
    if let Some(user) = reader.user_id() {
        let not = if filter.hidden == Some(true) {
            ""
        } else {
            "not "
        };
        let hidden = "in (select h.target_artist_id from content_filters h where h.user_id = ?)";
        from = from
            .then(" and c.artist_id ")
            .then(not)
            .then(hidden)
            .bind(user);
    }
    if let (Some(subscribed), Some(me)) = (filter.subscribed, reader.actor_id()) {
        let not = if subscribed { " and " } else { " and not " };
        from = from.then(not).append(subscribed_by(me));
    }
    from
}

fn subscribed_by(actor: i64) -> Sql {
    sql("c.actor_id in (select f.target_actor_id from follows f where f.actor_id = ?)").bind(actor)
}

/// Condition: the channel is one of those that the words of a `scope` select. Unknown words, and `me` from anonymous
/// callers, select none.
fn within_scope(reader: &Reader, scope: &str) -> Sql {
    sql("(")
        .append(any_word(scope, |word| of_word(reader, word)))
        .then(")")
}

fn of_word(reader: &Reader, word: &str) -> Option<Sql> {
    match word.split_once(':') {
        None if word == "all" => Some(sql("1 = 1")),
        None if word == "me" => reader
            .actor_id()
            .map(|me| sql("c.attributed_to_id = ?").bind(me)),
        None if word == "subscribed" => reader.actor_id().map(subscribed_by),
        Some(("actor", name)) => {
            let (user, domain) = name.split_once('@')?;
            let owner = sql(
                "c.attributed_to_id in (select w.id from actors w where w.preferred_username = ? and w.domain = ?)",
            );
            Some(owner.bind(user).bind(domain))
        }
        Some(("domain", domain)) => Some(sql("o.domain = ?").bind(domain)),
        _ => None,
    }
}

impl ChannelOrder {
    fn key(self, seed: i64) -> SortKey {
        let down = self.direction.is_descending();
        match self.field {
            ChannelOrderField::CreationDate => {
                SortKey::new(sql("c.creation_date"), KeyKind::Time, down)
            }
            ChannelOrderField::ModificationDate => {
                SortKey::new(sql("a.modification_date"), KeyKind::Time, down)
            }
            ChannelOrderField::Random => {
                let seed = self.seed.map_or(seed, i64::from);
                let shuffled = sql(shuffled!("c.id"));
                SortKey::new(shuffled.bind(seed).bind(seed), KeyKind::Int, down)
            }
        }
    }
}
