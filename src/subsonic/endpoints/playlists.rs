//! Playlists.
use poem::Response;
use serde::Serialize;

use crate::{
    error::Error,
    graphql::ids::Key,
    guard::Allowed,
    resources::listening::playlists::{
        Change, Create, Delete, List, PlaylistFilter, PlaylistOrder, PlaylistOrderField, Retrieve,
        TracksOfPlaylist, Update, compose, delete as delete_playlist, listing, retrieve, rewrite,
    },
    store::listing::Direction,
    subsonic::{
        Call,
        ids::Kind,
        refusal::{Code, Refusal, Told},
        shapes::{
            playlists::{PlaylistShape, playlists},
            songs::songs,
        },
    },
};

/// Playlists of an answer at most.
const MOST: i64 = 10_000;

pub async fn list(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct Playlists {
        playlist: Vec<PlaylistShape>,
    }
    let permit: Allowed<List> = call.permit().await?;
    let me = permit.user()?.username.as_str();
    if call
        .params
        .text("username")
        .is_some_and(|name| !name.eq_ignore_ascii_case(me))
    {
        let why = "Playlists are shown for your own account only.";
        return Err(Refusal::new(Code::NotAuthorized, why));
    }
    let order = [PlaylistOrder {
        field: PlaylistOrderField::CreationDate,
        direction: Direction::Desc.into(),
    }];
    let listing = listing(&permit, &PlaylistFilter::default(), &order).await?;
    let ids = listing.page(permit.db(), MOST, 0).await?;
    let playlist = playlists(call, &ids).await?;
    Ok(call.format.told("playlists", &Playlists { playlist }))
}

pub async fn one(call: &Call) -> Told<Response> {
    let id = call.params.id("id", Kind::Playlist)?;
    told(call, id).await
}

/// A playlist with all of its songs, also those that the caller cannot play: players name songs by their place.
async fn told(call: &Call, id: i64) -> Told<Response> {
    let permit: Allowed<Retrieve> = call.permit().await?;
    let found = retrieve(&permit, Key::Id(id)).await;
    found.map_err(absent)?;
    let playlist = playlists(call, &[id]).await?.pop();
    let mut playlist = playlist.ok_or_else(|| Kind::Playlist.missing())?;
    let tracks = permit.loaders().one::<TracksOfPlaylist>(id).await?;
    playlist.entry = Some(songs(call, &tracks.unwrap_or_default()).await?);
    Ok(call.format.told("playlist", &playlist))
}

/// Creates a playlist, or replaces the songs of one.
pub async fn create(call: &Call) -> Told<Response> {
    let added = call.params.ids("songId", Kind::Track)?;
    let playlist = match call.params.text("playlistId") {
        Some(id) => {
            let permit: Allowed<Update> = call.permit().await?;
            let change = Change {
                name: call.params.text("name").map(str::to_owned),
                is_replaced: true,
                added,
                ..Change::default()
            };
            let key = Key::Id(Kind::Playlist.number(id)?);
            rewrite(&permit, key, change).await.map_err(absent)?
        }
        None => {
            let permit: Allowed<Create> = call.permit().await?;
            compose(&permit, call.params.required("name")?, added).await?
        }
    };
    told(call, playlist.id).await
}

pub async fn update(call: &Call) -> Told<Response> {
    let permit: Allowed<Update> = call.permit().await?;
    let id = call.params.id("playlistId", Kind::Playlist)?;
    let places = call.params.all("songIndexToRemove").into_iter();
    let places = places.map(|place| {
        let why = || Refusal::generic(format!("'songIndexToRemove': For input string \"{place}\""));
        place.parse().map_err(|_| why())
    });
    let change = Change {
        name: call.params.text("name").map(str::to_owned),
        is_public: call.params.flag("public"),
        is_replaced: false,
        removed: places.collect::<Told<_>>()?,
        added: call.params.ids("songIdToAdd", Kind::Track)?,
    };
    rewrite(&permit, Key::Id(id), change)
        .await
        .map_err(absent)?;
    Ok(call.format.done())
}

pub async fn delete(call: &Call) -> Told<Response> {
    let permit: Allowed<Delete> = call.permit().await?;
    let id = call.params.id("id", Kind::Playlist)?;
    delete_playlist(&permit, Key::Id(id))
        .await
        .map_err(absent)?;
    Ok(call.format.done())
}

fn absent(error: Error) -> Refusal {
    match error {
        Error::NotFound => Kind::Playlist.missing(),
        error => error.into(),
    }
}
