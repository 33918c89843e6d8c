//! Bookmarks in long songs.
use std::collections::HashMap;

use poem::Response;
use serde::Serialize;

use crate::{
    error::Error,
    graphql::{ids::Key, reference::ById},
    guard::Allowed,
    resources::listening::bookmarks::{
        Bookmark, BookmarkFilter, List, NewBookmark, Save, delete_in, listing, save,
    },
    subsonic::{
        Call,
        ids::{Id, Kind},
        refusal::{Refusal, Told},
        shapes::{
            Moment,
            songs::{Song, songs},
        },
    },
};

/// Bookmarks of an answer at most.
const MOST: i64 = 10_000;

#[derive(Serialize)]
struct BookmarkShape<'a> {
    position: i64,
    username: &'a str,
    comment: String,
    created: Moment,
    changed: Moment,
    entry: Song,
}

pub async fn list(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct Bookmarks<'a> {
        bookmark: Vec<BookmarkShape<'a>>,
    }
    let permit: Allowed<List> = call.permit().await?;
    let listing = listing(&permit, &BookmarkFilter::default(), &[]).await?;
    let ids = listing.page(permit.db(), MOST, 0).await?;
    let bookmarks = permit.loaders().owned::<Bookmark>(&ids).await?;
    let tracks = Vec::from_iter(bookmarks.iter().map(|bookmark| bookmark.track_id));
    let entries = songs(call, &tracks).await?.into_iter();
    let mut entries: HashMap<_, _> = entries.map(|song| (song.id.clone(), song)).collect();
    let username = permit.user()?.username.as_str();
    let bookmark = bookmarks.into_iter().filter_map(|bookmark| {
        Some(BookmarkShape {
            position: bookmark.position,
            username,
            comment: bookmark.comment,
            created: Moment(bookmark.creation_date),
            changed: Moment(bookmark.modification_date),
            entry: entries.remove(&Id::Track(bookmark.track_id))?,
        })
    });
    let bookmark = bookmark.collect();
    Ok(call.format.told("bookmarks", &Bookmarks { bookmark }))
}

pub async fn create(call: &Call) -> Told<Response> {
    let permit: Allowed<Save> = call.permit().await?;
    let position = call.params.parsed("position")?;
    let new = NewBookmark {
        track: ById::keyed(Key::Id(call.params.id("id", Kind::Track)?)),
        position: position.ok_or_else(|| Refusal::parameter("position"))?,
        comment: call.params.given("comment").map(str::to_owned),
    };
    save(&permit, new).await?;
    Ok(call.format.done())
}

pub async fn delete(call: &Call) -> Told<Response> {
    let track = call.params.id("id", Kind::Track)?;
    let gone = delete_in(&call.permit().await?, track).await;
    gone.map_err(|error| match error {
        Error::NotFound => Refusal::missing("Bookmark"),
        error => error.into(),
    })?;
    Ok(call.format.done())
}
