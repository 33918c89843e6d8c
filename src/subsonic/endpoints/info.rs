//! What is told about artists and albums.
use poem::Response;
use uuid::Uuid;

use super::songs::related;
use crate::{
    context::Reader,
    error::Result,
    guard::Allowed,
    load::Loaders,
    resources::{
        catalogue::{
            albums::{self, Album},
            artists::{self, Artist},
            credits::{AlbumCredits, TrackCredits},
            tracks::Track,
        },
        library::{attachments::Attachment, contents::Content},
    },
    subsonic::{
        Call,
        ids::{Id, Kind},
        refusal::Told,
        shapes::{
            artists::{ArtistId3, artists},
            shape,
        },
        xml::Element,
    },
};

shape! {
    /// What is told about an artist.
    pub struct ArtistInfo {
    } known {
        biography: Element<String>,
        music_brainz_id: Element<String>,
        small_image_url: Element<String>,
        medium_image_url: Element<String>,
        large_image_url: Element<String>,
        similar_artist: Vec<ArtistId3>,
    }
}

shape! {
    /// What is told about an album.
    pub struct AlbumInfo {
    } known {
        notes: Element<String>,
        music_brainz_id: Element<String>,
        small_image_url: Element<String>,
        medium_image_url: Element<String>,
        large_image_url: Element<String>,
    }
}

/// The texts and pictures that artists and albums both have.
struct About {
    text: Option<Element<String>>,
    small: Option<Element<String>>,
    medium: Option<Element<String>>,
    large: Option<Element<String>>,
}

impl About {
    async fn load(
        loaders: &Loaders,
        reader: &Reader,
        (text, picture): (Option<i64>, Option<i64>),
    ) -> Result<Self> {
        let text = loaders.maybe::<Content>(text).await?;
        let picture = loaders.maybe::<Attachment>(picture).await?;
        let (medium, large) = picture.map(|picture| picture.crops(reader)).unzip();
        Ok(Self {
            text: text.map(|text| Element(text.html().to_owned())),
            small: medium.clone().map(Element),
            medium: medium.map(Element),
            large: large.map(Element),
        })
    }
}

fn mbid(mbid: Option<Uuid>) -> Option<Element<String>> {
    mbid.map(|mbid| Element(mbid.to_string()))
}

pub async fn artist(call: &Call) -> Told<Response> {
    let info = of_artist(call).await?;
    Ok(call.format.told("artistInfo", &info))
}

pub async fn artist_id3(call: &Call) -> Told<Response> {
    let info = of_artist(call).await?;
    Ok(call.format.told("artistInfo2", &info))
}

/// The artist of an ID: also the first one of an album or of a song.
async fn artist_of(call: &Call, permit: &Allowed<artists::Retrieve>) -> Told<i64> {
    let text = call.params.required("id")?;
    let loaders = permit.loaders();
    let credits = match text.parse() {
        Ok(number) => return Ok(number),
        Err(_) => match Id::read(text)? {
            Id::Artist(id) => return Ok(id),
            Id::Album(id) => loaders.one::<AlbumCredits>(id).await?,
            Id::Track(id) => loaders.one::<TrackCredits>(id).await?,
            _ => None,
        },
    };
    let first = credits.unwrap_or_default().into_iter().next();
    let first = first.ok_or_else(|| Kind::Artist.missing())?;
    Ok(first.artist_id)
}

async fn of_artist(call: &Call) -> Told<ArtistInfo> {
    let permit: Allowed<artists::Retrieve> = call.permit().await?;
    let count = call.params.count("count", 20, 100)?;
    let id = artist_of(call, &permit).await?;
    let artist = permit.loaders().one::<Artist>(id).await?;
    let artist = artist.ok_or_else(|| Kind::Artist.missing())?;
    let parts = (artist.description_content_id, artist.attachment_cover_id);
    let about = About::load(permit.loaders(), &permit, parts).await?;
    let similar = related(call, id, count).await?;
    Ok(ArtistInfo {
        biography: about.text,
        music_brainz_id: mbid(artist.mbid),
        small_image_url: about.small,
        medium_image_url: about.medium,
        large_image_url: about.large,
        similar_artist: Some(artists(call, &similar).await?),
    })
}

pub async fn album(call: &Call) -> Told<Response> {
    let permit: Allowed<albums::Retrieve> = call.permit().await?;
    let text = call.params.required("id")?;
    let id = match Id::read(text) {
        Ok(Id::Track(id)) => {
            let track = permit.loaders().one::<Track>(id).await?;
            track.and_then(|track| track.album_id)
        }
        _ => Some(Kind::Album.number(text)?),
    };
    let album = permit.loaders().maybe::<Album>(id).await?;
    let album = album.ok_or_else(|| Kind::Album.missing())?;
    let parts = (album.description_content_id, album.attachment_cover_id);
    let about = About::load(permit.loaders(), &permit, parts).await?;
    let info = AlbumInfo {
        notes: about.text,
        music_brainz_id: mbid(album.mbid),
        small_image_url: about.small,
        medium_image_url: about.medium,
        large_image_url: about.large,
    };
    Ok(call.format.told("albumInfo", &info))
}
