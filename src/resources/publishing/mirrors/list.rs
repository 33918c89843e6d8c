//! Subscribing to all podcasts of a list in OPML, as players and other pods export it.
use std::{collections::HashSet, slice};

use async_graphql::{InputObject, SimpleObject};
use poem_openapi::Object;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};
use serde::Serialize;

use super::{
    FEEDS, ImportFeeds, address, has_room, own_channel,
    reading::Feed,
    write::{Mirror, make, mirror_of},
};
use crate::{
    accounts::take_turns,
    error::{Error, Result},
    guard::Allowed,
    jobs::{self, FeedRefresh},
    resources::{
        checks::shorter,
        people::actors::Actor,
        publishing::{
            channels::{self, Metadata, open},
            subscriptions::{follow, join, subscriber},
        },
    },
    store::{Tx, sql},
    time::Timestamp,
};

/// A list of podcasts to subscribe to.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "ImportFeedsInput")]
#[oai(rename = "FeedListRequest")]
pub struct FeedList {
    /// The list in OPML, as podcast players export it (in a form, the file itself); at most 500,000 characters, and
    /// 1 MiB as it is sent, with at most 1,000 feeds.
    pub opml: String,
}

/// What came of a list of podcasts.
#[derive(Debug, Default, Serialize, Object, SimpleObject)]
#[graphql(name = "ImportFeedsPayload")]
#[oai(rename = "ImportedFeeds")]
pub struct Imported {
    /// Number of feeds that the caller subscribes to now, those that were subscribed to before among them.
    subscribed_count: i64,
    /// The feeds that are not subscribed to.
    refused: Vec<RefusedFeed>,
}

/// A feed that is not subscribed to.
#[derive(Debug, Serialize, Object, SimpleObject)]
pub struct RefusedFeed {
    /// Address of the feed, as the list has it.
    url: String,
    /// Why it is not subscribed to.
    reason: String,
}

/// Characters of a list at most.
const LONGEST: usize = 500_000;
/// Feeds of one transaction.
const BATCH: usize = 25;
/// Seconds between the first looks at the feeds of one batch and of the next, so that those of others get their turn
/// also where the servers of a list do not answer.
const PAUSE: i64 = 30;

pub async fn import(permit: &Allowed<ImportFeeds>, list: FeedList) -> Result<Imported> {
    open(permit).await?;
    shorter("opml", &list.opml, LONGEST)?;
    let urls = addresses(&list.opml)?;
    let me = subscriber(permit).await?;
    let mut imported = Imported::default();
    let (mut elsewhere, mut seen) = (Vec::new(), HashSet::new());
    for url in urls {
        match address(&url) {
            Err(_) => imported.refuse(url, "This is not a valid URL."),
            Ok(address) if !seen.insert(address.clone()) => {}
            Ok(address) => match own_channel(permit.app(), &address) {
                Some(name) => match join_own(permit, name).await? {
                    None => imported.subscribed_count += 1,
                    Some(why) => imported.refuse(url, &why),
                },
                None => elsewhere.push(Elsewhere { url, address }),
            },
        }
    }
    let mut due = permit.clock().now();
    for feeds in elsewhere.chunks(BATCH) {
        match subscribed(permit, &me, (feeds, due)).await {
            Ok(()) => imported.subscribed_count += feeds.len() as i64,
            // There is room for some of them, perhaps.
            Err(Error::Invalid(_)) => {
                one_by_one(permit, &me, (feeds, due), &mut imported).await?;
            }
            Err(error) => return Err(error),
        }
        permit.app().add_jobs();
        due = due.plus_seconds(PAUSE);
    }
    Ok(imported)
}

/// A feed of another server.
struct Elsewhere {
    /// As the list has it.
    url: String,
    /// As it is kept.
    address: String,
}

async fn one_by_one(
    permit: &Allowed<ImportFeeds>,
    me: &Actor,
    (feeds, due): (&[Elsewhere], Timestamp),
    imported: &mut Imported,
) -> Result<()> {
    for feed in feeds {
        match subscribed(permit, me, (slice::from_ref(feed), due)).await {
            Ok(()) => imported.subscribed_count += 1,
            Err(Error::Invalid(_)) => {
                let why = "You have reached the maximum number of feeds.";
                imported.refuse(feed.url.clone(), why);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Subscribes to feeds from elsewhere: to all of them, or to none where there is no room. New ones are read from this
/// time on.
async fn subscribed(
    permit: &Allowed<ImportFeeds>,
    me: &Actor,
    (feeds, due): (&[Elsewhere], Timestamp),
) -> Result<()> {
    let mut tx = permit.begin().await?;
    for feed in feeds {
        let mirror = waiting(permit, &mut tx, feed, due).await?;
        follow(permit, &mut tx, me, (mirror.actor_id, true)).await?;
    }
    has_room(&mut tx, me.id).await?;
    tx.commit().await
}

impl Imported {
    fn refuse(&mut self, url: String, reason: &str) {
        let reason = reason.to_owned();
        self.refused.push(RefusedFeed { url, reason });
    }
}

/// Subscribes to a channel of this pod; otherwise tells why not.
async fn join_own(permit: &Allowed<ImportFeeds>, name: &str) -> Result<Option<String>> {
    let joined = async {
        let channel = channels::named(permit, name).await?;
        join(permit, &channel).await
    };
    match joined.await {
        Ok(_) => Ok(None),
        Err(error @ (Error::NotFound | Error::Denied(_))) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

/// The channel that mirrors a feed. Until it has been read, a new one is called as its server: how the list calls it is
/// between the caller and their player.
async fn waiting(
    permit: &Allowed<ImportFeeds>,
    tx: &mut Tx,
    Elsewhere { address, .. }: &Elsewhere,
    due: Timestamp,
) -> Result<Mirror> {
    let app = permit.app();
    take_turns(tx, app).await?;
    if let Some(mirror) = mirror_of(&mut *tx, app, address).await? {
        return Ok(mirror);
    }
    let feed = Feed {
        title: host(address),
        description: None,
        picture: None,
        tags: Vec::new(),
        metadata: Metadata::default(),
        episodes: Vec::new(),
    };
    let mirror = make(tx, app, address, &feed).await?;
    sql("insert into feeds (channel_id, due_date) values (?, ?)")
        .bind(mirror.id)
        .bind(due)
        .run(&mut *tx)
        .await?;
    let refresh = FeedRefresh { channel: mirror.id };
    jobs::enqueue_for(tx, &refresh, (permit.clock().now(), due)).await?;
    Ok(mirror)
}

/// The name of the server. The rest of an address can be a secret.
fn host(address: &str) -> String {
    let url = url::Url::parse(address).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    host.unwrap_or("Podcast").to_owned()
}

/// Where the feeds of a list are.
fn addresses(opml: &str) -> Result<Vec<String>> {
    let wrong = |why: &str| Error::field("opml", why);
    let mut reader = Reader::from_str(
        opml.trim_start_matches(|char: char| char == '\u{feff}' || char.is_whitespace()),
    );
    let (mut is_opml, mut found) = (false, Vec::<String>::new());
    loop {
        let event = reader.read_event();
        match event.map_err(|_| wrong("This is no list of feeds in OPML."))? {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                b"opml" => is_opml = true,
                b"outline" => found.extend(feed_of(&tag)),
                _ => {}
            },
            _ => {}
        }
    }
    match found.len() {
        _ if !is_opml => Err(wrong("This is no list of feeds in OPML.")),
        0 => Err(wrong("There is no feed in this list.")),
        many if many as i64 > FEEDS => Err(wrong("There are more than 1,000 feeds in this list.")),
        _ => Ok(found),
    }
}

fn feed_of(outline: &BytesStart<'_>) -> Option<String> {
    // Without looking for duplicates, which takes long where there are many.
    let mut attributes = outline.attributes();
    let told = attributes
        .with_checks(false)
        .flatten()
        .filter(|told| told.key.as_ref().eq_ignore_ascii_case(b"xmlurl"));
    let urls = told.map(|told| {
        let value = told.normalized_value(XmlVersion::Implicit1_0);
        // Many write `&` as it is.
        let value = value.unwrap_or_else(|_| String::from_utf8_lossy(&told.value));
        value.trim().to_owned()
    });
    urls.filter(|url| !url.is_empty()).last()
}
