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
        listening::radios::{self, By, Lead, RadioFilter, condition, filters, leads, playing},
    },
    store::{Sql, sql, text::folded},
};

/// Tracks that a session may draw, without what holds for all of them.
struct Source {
    /// `from .. where ..`
    from: Sql,
    /// The ID of the track in it.
    key: &'static str,
    along: Along,
}

/// The order in which tracks are looked for.
#[derive(Clone, Copy)]
enum Along {
    /// By their IDs, from a random one on.
    Tracks,
    /// By the IDs, in `key`, of what they belong to, from a random one on.
    Owners {
        key: &'static str,
        table: &'static str,
    },
    /// Newest first.
    Dates,
}

impl Source {
    fn new(from: Sql, key: &'static str) -> Self {
        let along = Along::Tracks;
        Self { from, key, along }
    }
}

/// Seconds for which a track counts as new.
const NEW: i64 = 30 * 24 * 60 * 60;
/// How many tracks one draw chooses from.
const WINDOW: usize = 50;
/// The same of new tracks.
const NEWEST: usize = 1_000;
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
        RadioType::RecentlyAdded => {
            let since = reader.clock().now().plus_seconds(-NEW);
            let recent = music().and(sql("t.creation_date >= ?").bind(since));
            let along = Along::Dates;
            vec![Source {
                along,
                ..Source::new(recent, "t.id")
            }]
        }
        RadioType::Favorites => {
            let own = sql("from favorites c where c.user_id = ?").bind(me);
            vec![Source::new(own, "c.track_id")]
        }
        RadioType::Artist => vec![credited(object.parse().unwrap_or(-1))],
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
            chosen(reader, &radio.filters()).await?
        }
        RadioType::CustomMultiple => {
            let config = session.config.clone().unwrap_or_default();
            chosen(reader, &filters::read(&config)).await?
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
    let along = |key, table| Along::Owners { key, table };
    Ok(vec![
        Source::new(of_track.bind(tag), "c.track_id"),
        Source {
            along: along("x.album_id", "albums"),
            ..Source::new(of_album.bind(tag), "c.id")
        },
        Source {
            along: along("x.artist_id", "artists"),
            ..Source::new(of_artist.bind(tag), "c.track_id")
        },
    ])
}

/// Tracks that filters choose, looked for along what they all have one of.
async fn chosen(reader: &Reader, by: &[RadioFilter]) -> Result<Vec<Source>> {
    let condition = |key| condition(reader, by, key, By::Track);
    let Some(leads) = leads(by) else {
        let all = sql("from tracks t where ").append(condition("t.id"));
        return Ok(vec![Source::new(all, "t.id")]);
    };
    let mut sources = Vec::new();
    for lead in leads {
        match lead {
            Lead::Artist(id) => sources.push(credited(id)),
            Lead::Playlist(id) => {
                let entries = sql("from playlist_tracks c where c.playlist_id = ?");
                sources.push(Source::new(entries.bind(id), "c.track_id"));
            }
            Lead::Tag(name) => sources.extend(tagged(reader, &name).await?),
        }
    }
    for source in &mut sources {
        let from = std::mem::take(&mut source.from);
        source.from = from.and(condition(source.key));
    }
    Ok(sources)
}

/// Tracks that are credited to an artist.
fn credited(artist: i64) -> Source {
    let credited = sql("from track_artists c where c.artist_id = ?");
    Source::new(credited.bind(artist), "c.track_id")
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

/// Some tracks of each source.
pub async fn window(reader: &Reader, session: &RadioSession) -> Result<Window> {
    let of_tracks = random_id(reader, "tracks").await?;
    let (mut tracks, mut is_all) = (Vec::new(), true);
    for source in sources(reader, session).await? {
        let left = source.left(reader, session);
        let (part, most) = match source.along {
            Along::Tracks => (source.around(&left, of_tracks), WINDOW),
            Along::Owners { table, .. } => {
                let start = random_id(reader, table).await?;
                (source.around(&left, start), WINDOW)
            }
            Along::Dates => (source.newest(&left), NEWEST),
        };
        let mut found = part.ids(reader.db()).await?;
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
    /// Selects the IDs of tracks that can be heard and were not drawn.
    fn left(&self, reader: &Reader, session: &RadioSession) -> Sql {
        let undrawn = "not exists (select 1 from radio_session_tracks d where d.session_id = ? and d.track_id = ";
        let undrawn = sql(undrawn).bind(session.id).then(self.key).then(")");
        let from = self.from.clone().and(playing(reader, self.key));
        sql("select ")
            .then(self.key)
            .then(" ")
            .append(from.and(undrawn))
    }

    /// Up to `WINDOW` of them from a number on, and as many before it from the beginning.
    fn around(&self, left: &Sql, start: i64) -> Sql {
        let (along, order) = match self.along {
            // What belongs to one owner comes in another order each time.
            Along::Owners { key, .. } => {
                let shuffled = sql(key).then(", (").then(self.key);
                let shuffled = shuffled.then(" % 9973 + ?) * 48271 % 65537");
                (key, shuffled.bind(start % 9973))
            }
            _ => (self.key, sql(self.key)),
        };
        let part = |compared: &'static str| {
            let wanted = sql(along).then(compared).bind(start);
            sql("select * from (")
                .append(left.clone().and(wanted))
                .then(" order by ")
                .append(order.clone())
                .then(" limit ?) part")
                .bind(WINDOW as i64)
        };
        part(" >= ?").then(" union all ").append(part(" < ?"))
    }

    fn newest(&self, left: &Sql) -> Sql {
        let newest = left
            .clone()
            .then(" order by t.creation_date desc, t.id desc limit ?");
        newest.bind(NEWEST as i64)
    }
}

/// Refuses a session whose radio is gone or no longer to be heard.
pub fn ended(error: Error) -> Error {
    match error {
        Error::NotFound => super::draw::exhausted(),
        error => error,
    }
}
