//! What a session draws from. Tracks are looked for from a random number on, along an index on their numbers or on
//! those of their albums or artists: where many of them can be played, a draw costs the same however many there are.
use uuid::Uuid;

use super::{RadioSession, RadioType};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    resources::{
        library::visibility::viewable_libraries,
        listening::radios::{self, filters, playing},
    },
    store::{Sql, sql, text::folded},
};

/// Tracks that a session may draw, without what holds for all of them.
struct Source {
    /// `from .. where ..`
    from: Sql,
    /// The ID of the track in it.
    key: &'static str,
    /// What the tracks are looked for along, instead of their IDs.
    owner: Option<Owner>,
}

/// What tracks belong to.
#[derive(Clone, Copy)]
struct Owner {
    /// Its ID in a source.
    key: &'static str,
    table: &'static str,
}

impl Source {
    fn new(from: Sql, key: &'static str) -> Self {
        let owner = None;
        Self { from, key, owner }
    }
}

/// Seconds for which a track counts as new.
const NEW: i64 = 30 * 24 * 60 * 60;
/// How many tracks one draw chooses from.
const WINDOW: i64 = 50;
/// Of how many libraries of an account a draw takes tracks.
const LIBRARIES: i64 = 20;
/// How many artists, and how many tags, of a track others may share with it.
const SHARED: i64 = 20;

/// Music, no podcasts.
const MUSIC: &str = "exists (select 1 from track_artists h join artists a on a.id = h.artist_id
    where h.track_id = t.id and a.content_category = 'music')";

async fn sources(reader: &Reader, session: &RadioSession) -> Result<Vec<Source>> {
    let music = || sql("from tracks t where ").then(MUSIC);
    let of_tracks = |from: Sql| vec![Source::new(from, "t.id")];
    let object = session.related_object_id.as_deref().unwrap_or_default();
    let me = session.user_id.unwrap_or(-1);
    Ok(match session.radio_type {
        RadioType::Random => of_tracks(music()),
        RadioType::LessListened => of_tracks(music().and(unheard("t.id", me))),
        RadioType::RecentlyAdded => of_tracks(music().and(recent(reader))),
        RadioType::Favorites => {
            let own = sql("from favorites c where c.user_id = ?").bind(me);
            vec![Source::new(own, "c.track_id")]
        }
        RadioType::Artist => {
            let credited = sql("from track_artists c where c.artist_id = ?");
            let artist: i64 = object.parse().unwrap_or(-1);
            vec![Source::new(credited.bind(artist), "c.track_id")]
        }
        RadioType::Tag => tagged(reader, object).await?,
        RadioType::Similar => similar(reader, object.parse().unwrap_or(-1)).await?,
        RadioType::Library => in_libraries(reader, library(object)).await?,
        RadioType::ActorContent => in_libraries(reader, libraries_of(object)).await?,
        RadioType::RandomLibrary => in_libraries(reader, own_libraries(reader)).await?,
        RadioType::LessListenedLibrary => {
            let mut own = in_libraries(reader, own_libraries(reader)).await?;
            for source in &mut own {
                source.from = source.from.clone().and(unheard(source.key, me));
            }
            own
        }
        RadioType::Custom => {
            let id = session.custom_radio_id.unwrap_or(-1);
            let radio = radios::retrieve(reader, Key::Id(id)).await?;
            of_tracks(chosen(reader, &radio.filters()))
        }
        RadioType::CustomMultiple => {
            let config = session.config.clone().unwrap_or_default();
            of_tracks(chosen(reader, &filters::read(&config)))
        }
    })
}

/// Tracks that have a tag, and those whose album or an artist has it.
async fn tagged(reader: &Reader, name: &str) -> Result<Vec<Source>> {
    let tag = sql("select id from tags where name_folded = ?").bind(folded(name));
    let Some((tag,)) = tag.optional::<(i64,)>(reader.db()).await? else {
        return Ok(Vec::new());
    };
    let of_track = sql("from track_tags c where c.tag_id = ?");
    let of_album =
        sql("from album_tags x join tracks c on c.album_id = x.album_id where x.tag_id = ?");
    let of_artist = sql(
        "from artist_tags x join track_artists c on c.artist_id = x.artist_id where x.tag_id = ?",
    );
    let along = |key, table| Some(Owner { key, table });
    Ok(vec![
        Source::new(of_track.bind(tag), "c.track_id"),
        Source {
            owner: along("x.album_id", "albums"),
            ..Source::new(of_album.bind(tag), "c.id")
        },
        Source {
            owner: along("x.artist_id", "artists"),
            ..Source::new(of_artist.bind(tag), "c.track_id")
        },
    ])
}

/// Condition: the track was added lately.
fn recent(reader: &Reader) -> Sql {
    let since = reader.clock().now().plus_seconds(-NEW);
    // From the first of them on; the function keeps the databases from starting with the index on dates.
    sql("t.id >= coalesce((select min(n.id) from tracks n where n.creation_date >= ?), 9223372036854775807)
         and coalesce(t.creation_date, ?) >= ?")
    .bind(since)
    .bind(since)
    .bind(since)
}

fn chosen(reader: &Reader, by: &[filters::RadioFilter]) -> Sql {
    sql("from tracks t where ").append(filters::condition(reader, by, "t.id"))
}

/// Condition: the user has not heard the track.
fn unheard(key: &'static str, user: i64) -> Sql {
    sql("not exists (select 1 from listenings n where n.track_id = ")
        .then(key)
        .then(" and n.user_id = ?)")
        .bind(user)
}

/// Tracks that share an artist or a tag with a track: a source for each, so that each is read along its own index.
async fn similar(reader: &Reader, track: i64) -> Result<Vec<Source>> {
    let shared = async |of: &'static str, tracks: &'static str| {
        let some = sql(of).bind(track).then(" order by 1 limit ?");
        let some = some.bind(SHARED).ids(reader.db()).await?;
        let others = |id: i64| {
            let others = sql(tracks).bind(id).then(" and c.track_id <> ?");
            Source::new(others.bind(track), "c.track_id")
        };
        Ok::<_, Error>(some.into_iter().map(others))
    };
    let artists = "select distinct artist_id from track_artists where track_id = ?";
    let artists = shared(artists, "from track_artists c where c.artist_id = ?").await?;
    let tags = "select tag_id from track_tags where track_id = ?";
    let tags = shared(tags, "from track_tags c where c.tag_id = ?").await?;
    Ok(artists.chain(tags).collect())
}

fn library(uuid: &str) -> Sql {
    let uuid: Uuid = uuid.parse().unwrap_or_default();
    sql("select l.id from libraries l where l.uuid = ?").bind(uuid)
}

fn libraries_of(actor: &str) -> Sql {
    let (name, domain) = actor.split_once('@').unwrap_or_default();
    let theirs = "select l.id from libraries l join actors a on a.id = l.actor_id
        where a.preferred_username = ? and a.domain = ?";
    sql(theirs).bind(name).bind(domain)
}

fn own_libraries(reader: &Reader) -> Sql {
    sql("select l.id from libraries l where l.actor_id = ?").bind(reader.actor_id().unwrap_or(-1))
}

/// What lies in libraries that the caller has access to: a source for each, so that each is read along its own index.
async fn in_libraries(reader: &Reader, libraries: Sql) -> Result<Vec<Source>> {
    let open = viewable_libraries(reader);
    let open = libraries.and(sql("l.id in (").append(open).then(")"));
    let some = open.then(" order by l.id desc limit ?").bind(LIBRARIES);
    let within = |library: i64| {
        let uploads = sql(
            "from uploads c where c.library_id = ? and c.track_id is not null
             and c.import_status = 'finished'",
        );
        Source::new(uploads.bind(library), "c.track_id")
    };
    let some = some.ids(reader.db()).await?;
    Ok(some.into_iter().map(within).collect())
}

/// Tracks that a session may draw next.
pub struct Window {
    pub tracks: Vec<i64>,
    /// Whether these are all that are left.
    pub is_all: bool,
}

/// Up to `WINDOW` tracks of each source, from a random number on and then from the beginning.
pub async fn window(reader: &Reader, session: &RadioSession) -> Result<Window> {
    let of_tracks = random_id(reader, "tracks").await?;
    let (mut tracks, mut is_all) = (Vec::new(), true);
    let most = usize::try_from(WINDOW).unwrap_or_default();
    for source in sources(reader, session).await? {
        let start = match source.owner {
            Some(owner) => random_id(reader, owner.table).await?,
            None => of_tracks,
        };
        let mut found = source.part(reader, session, start).ids(reader.db()).await?;
        is_all &= found.len() < most;
        found.truncate(most);
        tracks.extend(found);
    }
    tracks.sort_unstable();
    tracks.dedup();
    Ok(Window { tracks, is_all })
}

/// A number up to the highest ID of a table.
async fn random_id(reader: &Reader, table: &'static str) -> Result<i64> {
    let last = sql("select coalesce(max(id), 0) from ").then(table);
    Ok(crate::random::below(last.number(reader.db()).await? + 1))
}

impl Source {
    /// Selects tracks that can be heard and were not drawn, from a number on and then from the beginning.
    fn part(self, reader: &Reader, session: &RadioSession, start: i64) -> Sql {
        let key = self.key;
        let undrawn = "not exists (select 1 from radio_session_tracks d where d.session_id = ? and d.track_id = ";
        let undrawn = sql(undrawn).bind(session.id).then(key).then(")");
        let left = self.from.and(playing(reader, key)).and(undrawn);
        let along = self.owner.map_or(key, |owner| owner.key);
        let mut order = sql(along);
        if self.owner.is_some() {
            // What belongs to one owner comes in another order each time.
            let shuffled = sql(", (").then(key).then(" % 9973 + ?) * 48271 % 65537");
            order = order.append(shuffled.bind(start % 9973));
        }
        let part = |compared: &'static str| {
            let wanted = sql(along).then(compared).bind(start);
            sql("select * from (select ")
                .then(key)
                .then(" ")
                .append(left.clone().and(wanted))
                .then(" order by ")
                .append(order.clone())
                .then(" limit ?) part")
                .bind(WINDOW)
        };
        part(" >= ?").then(" union all ").append(part(" < ?"))
    }
}

/// Refuses a session whose radio is gone or no longer to be heard.
pub fn ended(error: Error) -> Error {
    match error {
        Error::NotFound => super::draw::exhausted(),
        error => error,
    }
}
