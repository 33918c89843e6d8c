//! Podcasts: the channels that somebody subscribes to, or publishes.
use std::collections::HashMap;

use poem::Response;
use serde::Serialize;

use crate::{
    error::Error,
    guard::{Allowed, Operation},
    resources::{
        catalogue::{artists::Artist, tracks::Track},
        library::{attachments::Attachment, contents::Content, visibility::viewable},
        publishing::{
            channels::{self, Channel, EpisodeOf, FeedProblem},
            mirrors, subscriptions,
        },
    },
    subsonic::{
        Call,
        ids::Id,
        refusal::{Code, Refusal, Told},
        shapes::{
            Moment, shape,
            songs::{Song, playable_songs},
        },
    },
};

/// Channels of an answer at most.
const MOST: i64 = 500;
/// Episodes of each of them, and of one that is asked for by itself.
const EACH: i64 = 50;
const ALL: i64 = 2_000;
/// Newest episodes by default, and at most.
const NEWEST: i64 = 20;
const MOST_NEWEST: i64 = 500;

shape! {
    /// A podcast.
    pub struct Podcast {
        id: Id,
        url: String,
        title: String,
        status: &'static str,
    } known {
        description: String,
        cover_art: Id,
        original_image_url: String,
        error_message: String,
        episode: Vec<Song>,
    }
}

pub async fn list(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct Podcasts {
        channel: Vec<Podcast>,
    }
    let permit: Allowed<channels::List> = call.permit().await?;
    let (channels, each) = match call.params.text("id") {
        Some(id) => (vec![named(&permit, id).await?], ALL),
        None => {
            let ids = channels::heard(&permit, MOST).await?;
            (permit.loaders().owned::<Channel>(&ids).await?, EACH)
        }
    };
    let mut episodes = HashMap::new();
    let shows_episodes = call.params.flag("includeEpisodes").unwrap_or(true);
    if shows_episodes {
        let libraries = channels.iter().map(|channel| channel.library_id);
        let newest = channels::newest_of_each(&permit, libraries.collect(), each).await?;
        episodes = by_channel(call, &permit, &channels, newest).await?;
    }
    let mut channel = podcasts(&permit, &channels).await?;
    for podcast in channel.iter_mut().filter(|_| shows_episodes) {
        podcast.episode = Some(episodes.remove(&podcast.id).unwrap_or_default());
    }
    Ok(call.format.told("podcasts", &Podcasts { channel }))
}

pub async fn newest(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct Newest {
        episode: Vec<Song>,
    }
    let permit: Allowed<channels::List> = call.permit().await?;
    let count = call.params.count("count", NEWEST, MOST_NEWEST)?;
    let ids = channels::heard(&permit, MOST).await?;
    let channels = permit.loaders().owned::<Channel>(&ids).await?;
    let libraries = channels.iter().map(|channel| channel.library_id);
    let newest = channels::newest_of_all(&permit, libraries.collect(), count).await?;
    let episode = episodes(call, &permit, &channels, newest).await?;
    Ok(call.format.told("newestPodcasts", &Newest { episode }))
}

pub async fn episode(call: &Call) -> Told<Response> {
    let permit: Allowed<channels::List> = call.permit().await?;
    let track = call.params.id("id", crate::subsonic::ids::Kind::Track)?;
    let missing = || Refusal::missing("Podcast episode");
    let (channel, found) = channels::episode(&permit, track)
        .await?
        .ok_or_else(missing)?;
    let episodes = episodes(call, &permit, &[channel], vec![found]).await?;
    let episode = episodes.into_iter().next().ok_or_else(missing)?;
    Ok(call.format.told("podcastEpisode", &episode))
}

pub async fn create(call: &Call) -> Told<Response> {
    let url = call.params.required("url")?.to_owned();
    let subscribed = mirrors::subscribe(&call.permit().await?, mirrors::FeedAddress { url }).await;
    subscribed.map_err(|error| match error {
        Error::Refused(why) => Refusal::generic(why),
        error => error.into(),
    })?;
    Ok(call.format.done())
}

pub async fn delete(call: &Call) -> Told<Response> {
    let permit: Allowed<subscriptions::Unsubscribe> = call.permit().await?;
    let channel = named(&permit, call.params.required("id")?).await?;
    if permit.actor_id() == Some(channel.attributed_to_id) {
        let why = "What you publish yourself is not deleted by players.";
        return Err(Refusal::new(Code::NotAuthorized, why));
    }
    subscriptions::unsubscribe(&permit, &channel).await?;
    Ok(call.format.done())
}

pub async fn refresh(call: &Call) -> Told<Response> {
    mirrors::again(&call.permit().await?).await?;
    Ok(call.format.done())
}

/// Episodes are heard from where they are: none has to be downloaded before.
pub async fn download_episode(call: &Call) -> Told<Response> {
    episode(call).await?;
    Ok(call.format.done())
}

pub async fn delete_episode(call: &Call) -> Told<Response> {
    episode(call).await?;
    let why = "Episodes belong to their channels, and are not deleted by players.";
    Err(Refusal::new(Code::NotAuthorized, why))
}

async fn named<O: Operation>(permit: &Allowed<O>, id: &str) -> Told<Channel> {
    let missing = || Refusal::missing("Podcast");
    // Funkwhale had UUIDs alone, which players may still send.
    let uuid = match id.parse() {
        Ok(uuid) => uuid,
        Err(_) => match Id::read(id)? {
            Id::Channel(uuid) => uuid,
            _ => return Err(missing()),
        },
    };
    let found = channels::retrieve(permit, crate::graphql::ids::Key::Uuid(uuid)).await;
    found.map_err(|error| match error {
        Error::NotFound => missing(),
        error => error.into(),
    })
}

async fn podcasts(permit: &Allowed<channels::List>, channels: &[Channel]) -> Told<Vec<Podcast>> {
    let loaders = permit.loaders();
    let artists = channels.iter().map(|channel| channel.artist_id);
    let artists = loaders.many::<Artist>(artists).await?;
    let texts = artists.values().map(|artist| artist.description_content_id);
    let texts = loaders.parts::<Content>(texts).await?;
    let covers = artists.values().map(|artist| artist.attachment_cover_id);
    let covers = loaders.parts::<Attachment>(covers).await?;
    let libraries = channels.iter().map(|channel| channel.library_id);
    let heard = viewable(loaders, permit, libraries).await?;
    let problems = channels.iter().map(|channel| channel.id);
    let problems = loaders.many::<FeedProblem>(problems).await?;
    let podcast = |channel: &Channel| {
        let artist = artists.get(&channel.artist_id)?;
        // The address of a feed can be a secret.
        let is_heard = heard.contains(&channel.library_id);
        let problem = problems.get(&channel.id).filter(|_| is_heard);
        let feed = channel.feed.clone().filter(|_| is_heard);
        let cover = covers.get(artist.attachment_cover_id);
        Some(Podcast {
            id: Id::Channel(channel.uuid),
            url: feed.unwrap_or_else(|| channel.rss_url(permit)),
            title: artist.name.clone(),
            status: if problem.is_some() {
                "error"
            } else {
                "completed"
            },
            description: texts
                .get(artist.description_content_id)
                .map(|text| text.html().to_owned()),
            cover_art: cover.map(|_| Id::Artist(artist.id)),
            original_image_url: cover.and_then(|cover| cover.url.clone()),
            error_message: problem.map(|problem| String::clone(problem)),
            episode: None,
        })
    };
    Ok(channels.iter().filter_map(podcast).collect())
}

async fn by_channel(
    call: &Call,
    permit: &Allowed<channels::List>,
    channels: &[Channel],
    found: Vec<EpisodeOf>,
) -> Told<HashMap<Id, Vec<Song>>> {
    let mut episodes_of: HashMap<Id, Vec<Song>> = HashMap::new();
    for episode in episodes(call, permit, channels, found).await? {
        if let Some(channel) = &episode.channel_id {
            episodes_of
                .entry(channel.clone())
                .or_default()
                .push(episode);
        }
    }
    Ok(episodes_of)
}

/// Episodes, in their order, as far as the caller can hear them.
async fn episodes(
    call: &Call,
    permit: &Allowed<channels::List>,
    channels: &[Channel],
    found: Vec<EpisodeOf>,
) -> Told<Vec<Song>> {
    let ids: Vec<i64> = found.iter().map(|episode| episode.track_id).collect();
    let tracks = permit.loaders().many::<Track>(ids.iter().copied()).await?;
    let texts = tracks.values().map(|track| track.description_content_id);
    let texts = permit.loaders().parts::<Content>(texts).await?;
    let channels: HashMap<i64, &Channel> = channels
        .iter()
        .map(|channel| (channel.library_id, channel))
        .collect();
    let facts: HashMap<Id, &EpisodeOf> = found
        .iter()
        .map(|episode| (Id::Track(episode.track_id), episode))
        .collect();
    let episode = |mut song: Song| {
        let fact = facts.get(&song.id)?;
        let channel = channels.get(&fact.library_id)?;
        let Id::Track(track) = song.id else {
            return None;
        };
        let text = texts.get(tracks.get(&track)?.description_content_id);
        song.stream_id = Some(song.id.clone());
        song.channel_id = Some(Id::Channel(channel.uuid));
        song.description = text.map(|text| text.html().to_owned());
        song.status = Some("completed");
        song.publish_date = Some(Moment(fact.creation_date));
        song.r#type = "podcast";
        song.cover_art = song.cover_art.or(Some(Id::Artist(channel.artist_id)));
        Some(song)
    };
    let songs = playable_songs(call, &ids).await?;
    Ok(songs.into_iter().filter_map(episode).collect())
}
