//! Audio and pictures.
use poem::{
    Response,
    http::{HeaderValue, StatusCode},
};
use uuid::Uuid;

use crate::{
    error::Error,
    graphql::ids::Key,
    guard::Allowed,
    media::{serve, transcode::Wish},
    resources::{
        catalogue::{albums::Album, artists::Artist, tracks::Track},
        library::attachments::{self, Attachment, Size},
        listening::{
            listen::{self, Order, play},
            playlists::{self, contents},
        },
        people::users,
        publishing::channels,
    },
    subsonic::{
        Call,
        ids::{Id, Kind},
        refusal::{Code, Refusal, Told},
    },
};

pub async fn stream(call: &Call) -> Told<Response> {
    // No bitrate is the highest one, and `raw` is the file as it is.
    let format = call.params.text("format");
    let bitrate = call.params.text("maxBitRate").filter(|rate| *rate != "0");
    let wish = match format {
        Some("raw") => Wish::default(),
        format => Wish {
            start: call.params.parsed("timeOffset")?.unwrap_or(0),
            ..Wish::read(format, bitrate)
        },
    };
    audio(call, wish, false).await
}

pub async fn download(call: &Call) -> Told<Response> {
    audio(call, Wish::default(), true).await
}

async fn audio(call: &Call, wish: Wish, named: bool) -> Told<Response> {
    let permit: Allowed<listen::Retrieve> = call.permit().await?;
    let id = call.params.id("id", Kind::Track)?;
    let track = permit.loaders().shared::<Track>(id).await?;
    let track = track.ok_or_else(|| Kind::Track.missing())?;
    let order = Order {
        track: track.uuid,
        upload: None,
        wish,
        named,
    };
    let response = play(&permit, order, &call.wanted).await?.0;
    match response.status() {
        StatusCode::NOT_FOUND => Err(Kind::Track.missing()),
        _ => Ok(response),
    }
}

pub async fn cover_art(call: &Call) -> Told<Response> {
    let missing = || Refusal::new(Code::NotFound, "cover art not found.");
    let id = Id::read(call.params.required("id")?).map_err(|_| missing())?;
    let uuid = picture(call, id).await?.ok_or_else(missing)?;
    sent(call, uuid).await
}

/// The picture of something.
async fn picture(call: &Call, id: Id) -> Told<Option<Uuid>> {
    let permit: Allowed<attachments::Retrieve> = call.permit().await?;
    let loaders = permit.loaders();
    let of_album = async |album: Option<i64>| {
        let album = loaders.maybe::<Album>(album).await?;
        Told::Ok(album.and_then(|album| album.attachment_cover_id))
    };
    let attachment = match id {
        Id::Picture(uuid) => return Ok(Some(uuid)),
        Id::Artist(id) => {
            let artist = loaders.one::<Artist>(id).await?;
            artist.and_then(|artist| artist.attachment_cover_id)
        }
        Id::Album(id) => of_album(Some(id)).await?,
        Id::Track(id) => match loaders.one::<Track>(id).await? {
            Some(track) if track.attachment_cover_id.is_some() => track.attachment_cover_id,
            Some(track) => of_album(track.album_id).await?,
            None => None,
        },
        Id::Playlist(id) => {
            let permit: Allowed<playlists::Retrieve> = call.permit().await?;
            playlists::retrieve(&permit, Key::Id(id)).await?;
            let contents = contents(loaders, &permit, &[id]).await?.remove(&id);
            let first = contents.and_then(|contents| contents.covers.into_iter().next());
            return Ok(first.map(|picture| picture.uuid));
        }
        Id::Channel(uuid) => {
            let channel = channels::retrieve(&permit, Key::Uuid(uuid)).await?;
            let artist = loaders.one::<Artist>(channel.artist_id).await?;
            artist.and_then(|artist| artist.attachment_cover_id)
        }
        Id::Root | Id::Directory(_) => None,
    };
    let attachment = loaders.maybe::<Attachment>(attachment).await?;
    Ok(attachment.map(|picture| picture.uuid))
}

/// Sends a picture, in the smallest size that is large enough.
async fn sent(call: &Call, uuid: Uuid) -> Told<Response> {
    let size = match call.params.parsed::<u32>("size")? {
        Some(1..=200) => Size::Medium,
        Some(201..=600) => Size::Large,
        _ => Size::Original,
    };
    let permit: Allowed<attachments::Proxy> = call.permit().await?;
    let missing = |error| match error {
        Error::NotFound => Refusal::new(Code::NotFound, "cover art not found."),
        error => error.into(),
    };
    let file = attachments::file(&permit, uuid, size)
        .await
        .map_err(missing)?;
    let shown = permit
        .media()
        .pictures
        .shown(&file, false)
        .await
        .map_err(missing)?;
    let response = serve::file(&shown.path, shown.content_type, &call.wanted).await;
    let mut response = response.map_err(missing)?;
    let kept = HeaderValue::from_static("private, max-age=86400");
    response.headers_mut().insert("cache-control", kept);
    Ok(response)
}

pub async fn avatar(call: &Call) -> Told<Response> {
    let permit: Allowed<users::Retrieve> = call.permit().await?;
    let missing = || Refusal::missing("User");
    let found = users::retrieve(&permit, call.params.required("username")?).await;
    let user = found.map_err(|error| match error {
        Error::NotFound => missing(),
        error => error.into(),
    })?;
    let picture = permit.loaders().maybe::<Attachment>(user.avatar_id).await?;
    let none = || Refusal::missing("Avatar");
    sent(call, picture.ok_or_else(none)?.uuid).await
}
