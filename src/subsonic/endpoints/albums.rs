//! Lists of albums.
use chrono::NaiveDate;
use poem::Response;
use uuid::Uuid;

use super::folders::library;
use crate::{
    error::Result,
    graphql::reference::ByUuid,
    guard::Allowed,
    resources::catalogue::albums::{
        AlbumFilter, AlbumOrder, AlbumOrderField, List, Whose, by_artist, by_name, heard, listing,
        rated, starred,
    },
    store::listing::{Direction, Listing},
    subsonic::{
        Call,
        refusal::{Refusal, Told},
        shapes::albums::{AlbumFolder, AlbumId3, Albums, albums},
    },
    time::Date,
};

/// Albums of an answer at most.
const MOST: i64 = 500;

pub async fn id3(call: &Call) -> Told<Response> {
    let album = listed(call).await?;
    Ok(call.format.told("albumList2", &Albums { album }))
}

pub async fn folders(call: &Call) -> Told<Response> {
    let album = listed(call).await?.into_iter();
    let album: Vec<_> = album.map(AlbumFolder::from).collect();
    Ok(call.format.told("albumList", &Albums { album }))
}

async fn listed(call: &Call) -> Told<Vec<AlbumId3>> {
    let permit: Allowed<List> = call.permit().await?;
    let kind = call.params.required("type")?;
    let size = call.params.count("size", 10, MOST)?;
    let offset = call.params.offset("offset")?;
    let library = library(call).await?;
    let ids = match kind {
        "random" => {
            let all = listing(&permit, &playable(library), &[]).await?;
            all.sample(permit.db(), "albums", size).await?
        }
        kind => {
            let listing = of_type(call, &permit, library, kind).await?;
            listing.page(permit.db(), size, offset).await?
        }
    };
    albums(call, &ids).await
}

fn playable(library: Option<Uuid>) -> AlbumFilter {
    AlbumFilter {
        library: library.map(ByUuid::from),
        playable: Some(true),
        ..AlbumFilter::default()
    }
}

async fn of_type(
    call: &Call,
    permit: &Allowed<List>,
    library: Option<Uuid>,
    kind: &str,
) -> Told<Listing> {
    let whose = Whose {
        reader: permit,
        library,
    };
    let playable = playable(library);
    Ok(match kind {
        "newest" => by(permit, &playable, AlbumOrderField::CreationDate, true).await?,
        "alphabeticalByName" => by_name(whose),
        "alphabeticalByArtist" => by_artist(whose),
        "frequent" => heard(whose, true)?,
        "recent" => heard(whose, false)?,
        "highest" => rated(whose)?,
        "starred" => starred(whose)?,
        "byYear" => by_year(call, permit, playable).await?,
        "byGenre" => {
            let genre = call.params.required("genre")?.to_owned();
            let filter = AlbumFilter {
                tag: vec![genre].into(),
                ..playable
            };
            by(permit, &filter, AlbumOrderField::Title, false).await?
        }
        other => {
            let why = format!("'type': \"{other}\" is not a type of album list");
            return Err(Refusal::generic(why));
        }
    })
}

async fn by(
    permit: &Allowed<List>,
    filter: &AlbumFilter,
    field: AlbumOrderField,
    descending: bool,
) -> Result<Listing> {
    let order = [AlbumOrder {
        field,
        direction: Direction::of(descending).into(),
        seed: None,
    }];
    listing(permit, filter, &order).await
}

/// From one year to the other; backwards if the first is the later one.
async fn by_year(call: &Call, permit: &Allowed<List>, playable: AlbumFilter) -> Told<Listing> {
    let year = |name| {
        let year = call.params.parsed::<i32>(name)?;
        year.ok_or_else(|| Refusal::parameter(name))
    };
    let (first, last) = (year("fromYear")?, year("toYear")?);
    let day =
        |year: i32, month, day| NaiveDate::from_ymd_opt(year.clamp(0, 9999), month, day).map(Date);
    let filter = AlbumFilter {
        release_date_from: day(first.min(last), 1, 1),
        release_date_to: day(first.max(last), 12, 31),
        ..playable
    };
    let descending = first > last;
    Ok(by(permit, &filter, AlbumOrderField::ReleaseDate, descending).await?)
}
