//! Channels that mirror podcasts from elsewhere, by their feeds (contract section 10).
mod episodes;
mod forget;
mod list;
mod reading;
mod refresh;
mod write;

use async_graphql::InputObject;
use poem_openapi::Object;

pub use self::{forget::forget, refresh::due};
use self::{
    list::{FeedList, Imported, import},
    reading::Feed,
    refresh::{Found, look, seen},
    write::{Mirror, make, mirror_of, take},
};
use super::{
    channels::{self, open},
    subscriptions::{ChannelSubscription, SubscriptionBody, follow, join, one, subscriber},
};
use crate::{
    accounts::take_turns,
    app::App,
    error::{Error, Result},
    fetch::Known,
    graphql::standard::mutations,
    guard::{Allowed, operations},
    jobs::{self, FeedRefresh},
    rest::{
        answer::{Answer, Created},
        standard::routes,
    },
    store::{Tx, sql},
    throttle::Ident,
};

operations! {
    "feeds", "Feeds: podcasts from elsewhere, which channels mirror.";
    /// Subscribes to a podcast from elsewhere, by the address of its feed, in RSS or Atom.
    ///
    /// The pod mirrors the podcast as a channel: the first subscription makes it, with the newest episodes, and the feed
    /// is looked at again each day. The audio stays where it is. Whoever is subscribed already gets the subscription that
    /// there is. Feeds that cannot be fetched or read, or whose entries have no audio, are answered with 400, and `detail`
    /// says why.
    subscribe: SubscribeToFeed = write Libraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.subscribeToFeed";
    /// Subscribes to all podcasts of a list in OPML, as podcast players export it.
    ///
    /// Feeds that are new to the pod are read in the background, 25 every half minute; until then, their channels bear
    /// the names of the feeds' servers. One that cannot be read stays subscribed to, and is tried again. Addresses that
    /// are not valid are reported.
    import: ImportFeeds = write Libraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.importFeeds", reads = many;
}

/// A podcast to subscribe to.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "SubscribeToFeedInput")]
#[oai(rename = "FeedSubscriptionRequest")]
pub struct FeedAddress {
    /// Address of the feed; with http or https, at most 2,000 characters.
    pub url: String,
}

/// Seconds for which a feed is not looked at again on request.
const MOMENT: i64 = 600;
/// Feeds that somebody subscribes to at most.
const FEEDS: i64 = 1_000;

pub async fn subscribe(
    permit: &Allowed<SubscribeToFeed>,
    feed: FeedAddress,
) -> Result<ChannelSubscription> {
    open(permit).await?;
    let address = address(&feed.url)?;
    if let Some(name) = own_channel(permit.app(), &address) {
        let channel = channels::named(permit, name).await?;
        return join(permit, &channel).await;
    }
    let me = subscriber(permit).await?;
    let mirror = mirror_of(permit.db(), permit.app(), &address).await?;
    let found = match mirror {
        Some(_) => None,
        // The other server is not waited for within a transaction.
        None => Some(first_look(permit, &address).await?),
    };
    let mut tx = permit.begin().await?;
    let mirror = match (mirror, found) {
        (None, Some(found)) => made(permit, &mut tx, &found).await?,
        (mirror, _) => mirror.ok_or(Error::NotFound)?,
    };
    let subscription = follow(permit, &mut tx, &me, (mirror.actor_id, true)).await?;
    has_room(&mut tx, me.id).await?;
    tx.commit().await?;
    Ok(subscription)
}

/// Has the feeds of the caller's subscriptions looked at again soon, but those that were a moment ago, and those that
/// failed and have to wait.
pub async fn again(permit: &Allowed<SubscribeToFeed>) -> Result<()> {
    open(permit).await?;
    let now = permit.clock().now();
    let soon = sql(
        "update feeds set due_date = ? where (fetch_date is null or fetch_date < ?)
           and (failures = 0 or due_date <= ?) and channel_id in
           (select c.id from channels c join follows f on f.target_actor_id = c.actor_id where f.actor_id = ?)
         returning channel_id",
    )
    .bind(now)
    .bind(now.plus_seconds(-MOMENT))
    .bind(now)
    .bind(permit.actor_id().unwrap_or(-1));
    let mut tx = permit.begin().await?;
    for channel in soon.ids(&mut tx).await? {
        jobs::enqueue(&mut tx, &FeedRefresh { channel }, now).await?;
    }
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(())
}

/// What a feed says that the pod does not know yet, and the address that it is to be kept by.
struct FirstLook {
    address: String,
    feed: Box<Feed>,
    known: Known,
}

async fn first_look(permit: &Allowed<SubscribeToFeed>, address: &str) -> Result<FirstLook> {
    let refused = |why| Error::Refused(format!("The feed cannot be read: {why}."));
    let me = Ident::User(permit.user()?.user_id);
    let share = permit.app().fetcher().share(me);
    let Ok(_share) = share.try_acquire() else {
        let busy = "Two feeds are being read for you already. Try again in a moment.";
        return Err(Error::Unavailable(busy.to_owned()));
    };
    let found = look(permit.app(), address, &Known::default()).await;
    let Found { moved, read } = found.map_err(refused)?;
    let (feed, known) = read.ok_or_else(|| refused("its server sent nothing".to_owned()))?;
    let moved = moved.and_then(|moved| place(permit.app(), &moved));
    Ok(FirstLook {
        address: moved.unwrap_or_else(|| address.to_owned()),
        feed,
        known,
    })
}

/// Makes the channel that mirrors a feed, unless somebody else has meanwhile.
async fn made(
    permit: &Allowed<SubscribeToFeed>,
    tx: &mut Tx,
    FirstLook {
        address,
        feed,
        known,
    }: &FirstLook,
) -> Result<Mirror> {
    let app = permit.app();
    take_turns(tx, app).await?;
    if let Some(mirror) = mirror_of(&mut *tx, app, address).await? {
        return Ok(mirror);
    }
    let mirror = make(tx, app, address, feed).await?;
    seen(tx, app, mirror.id, known).await?;
    take(tx, app, &mirror, feed).await?;
    Ok(mirror)
}

/// The address of a feed as it is kept: without the scheme of podcast players, and without a fragment.
fn address(told: &str) -> Result<String> {
    let told = told.trim();
    let bare = ["feed:", "itpc:", "pcast:"]
        .iter()
        .find_map(|scheme| told.strip_prefix(scheme));
    let url = match bare {
        Some(bare) if bare.starts_with("//") => format!("https:{bare}"),
        Some(bare) => bare.to_owned(),
        None => told.to_owned(),
    };
    let whole = url.split_once('#').map_or(url.as_str(), |(whole, _)| whole);
    reading::address(whole).ok_or_else(|| Error::field("url", "Enter a valid URL."))
}

/// The address that another server says its feed has moved to, if it can be kept.
fn place(app: &App, told: &str) -> Option<String> {
    let address = address(told).ok()?;
    own_channel(app, &address).is_none().then_some(address)
}

/// The name of the channel of this pod whose feed is at an address.
fn own_channel<'a>(app: &App, address: &'a str) -> Option<&'a str> {
    let path = address.strip_prefix(&app.config().public_url())?;
    let name = path
        .strip_prefix("/api/v1/channels/")?
        .trim_end_matches('/');
    name.strip_suffix("/rss")
}

/// Refuses more feeds than somebody listens to.
async fn has_room(tx: &mut Tx, me: i64) -> Result<()> {
    let held = sql(
        "select count(*) from follows f join channels c on c.actor_id = f.target_actor_id
        where f.actor_id = ? and c.rss_url is not null",
    );
    match held.bind(me).number(tx).await? <= FEEDS {
        true => Ok(()),
        false => {
            let complaint = format!("You have reached the maximum number of feeds, {FEEDS}.");
            Err(Error::field("non_field_errors", complaint))
        }
    }
}

async fn subscribed(
    permit: &Allowed<SubscribeToFeed>,
    feed: FeedAddress,
) -> Result<SubscriptionBody> {
    let subscription = subscribe(permit, feed).await?;
    one(permit, subscription).await
}

routes! {
    "/api/v1/channels";
    subscribe: SubscribeToFeed = post "/rss-subscribe" {feed: FeedAddress} -> Created<SubscriptionBody> => subscribed;
    import: ImportFeeds = post "/rss-subscribe/opml" {list: FeedList} -> Answer<Imported>;
}

mutations! {
    Mutations as "FeedsMutations";
    change subscribe_to_feed(FeedAddress) -> SubscribeToFeedPayload { subscription: ChannelSubscription, "The subscription." } = subscribe;
    act import_feeds(FeedList) -> Imported = import;
}
