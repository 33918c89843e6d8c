//! Edits: changes to artists, albums and tracks that somebody proposes, and somebody who may
//! approves (contract section 10; the original calls them mutations).
mod apply;
mod body;
mod changes;
mod graphql;
mod sql;

use async_graphql::SimpleObject;
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::Rest,
    graphql::Mutations,
    sql::{AlbumEdits, ArtistEdits, TrackEdits, target},
};
use self::{
    body::{EditBody, bodies},
    changes::Changes,
    sql::by_ids,
};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, Writes, operations},
    rest::page::{Page, PageQuery},
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql as statement,
    },
    time::Timestamp,
};

operations! {
    "edits";
    /// Lists the edits of an artist, newest first.
    of_artist: OfArtist = read Edits, anonymous = Setting, throttle = Wildcard, graphql = "Artist.edits", params = PageQuery;
    /// Lists the edits of an album, newest first.
    of_album: OfAlbum = read Edits, anonymous = Setting, throttle = Wildcard, graphql = "Album.edits", params = PageQuery;
    /// Lists the edits of a track, newest first.
    of_track: OfTrack = read Edits, anonymous = Setting, throttle = Wildcard, graphql = "Track.edits", params = PageQuery;
    /// Proposes to change an artist; its owner and those who look after the library may do it at once.
    propose_artist: ProposeArtist = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.editArtist";
    /// Proposes to change an album; its owner and those who look after the library may do it at once.
    propose_album: ProposeAlbum = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.editAlbum";
    /// Proposes to change a track; its owner and those who look after the library may do it at once.
    propose_track: ProposeTrack = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.editTrack";
}

/// What is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Artist,
    Album,
    Track,
}

/// An operation that proposes an edit: its permit edits one kind of object.
trait Proposes: Writes {
    const KIND: Kind;
}

impl Proposes for ProposeArtist {
    const KIND: Kind = Kind::Artist;
}

impl Proposes for ProposeAlbum {
    const KIND: Kind = Kind::Album;
}

impl Proposes for ProposeTrack {
    const KIND: Kind = Kind::Track;
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Artist => "artist",
            Self::Album => "album",
            Self::Track => "track",
        }
    }
}

/// A change that somebody proposed.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Edit {
    /// The number of the row, unique among edits.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    /// Its ActivityPub identifier.
    pub fid: String,
    /// What kind of change it is: `update`.
    #[sqlx(rename = "type")]
    #[graphql(name = "type")]
    pub kind: String,
    #[graphql(skip)]
    pub artist_id: Option<i64>,
    #[graphql(skip)]
    pub album_id: Option<i64>,
    #[graphql(skip)]
    pub track_id: Option<i64>,
    #[graphql(skip)]
    pub created_by_id: Option<i64>,
    #[graphql(skip)]
    pub approved_by_id: Option<i64>,
    /// Whether it was approved; null until somebody decides.
    pub is_approved: Option<bool>,
    /// Whether it was carried out.
    pub is_applied: Option<bool>,
    /// When it was proposed.
    pub creation_date: Timestamp,
    /// When it was carried out.
    pub applied_date: Option<Timestamp>,
    /// Why it was proposed.
    pub summary: Option<String>,
    #[graphql(skip)]
    #[sqlx(json)]
    pub payload: Value,
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub previous_state: Option<Value>,
}

/// What an edit is of, as it is now.
#[derive(Clone, Debug, FromRow)]
pub struct Target {
    pub id: i64,
    pub fid: Option<String>,
    pub name: String,
    pub attributed_to_id: Option<i64>,
}

/// The edits of one object, a page of them.
async fn list(
    reader: &Reader,
    loaders: &crate::load::Loaders,
    (kind, id): (Kind, i64),
    query: &PageQuery,
) -> Result<Page<EditBody>> {
    target(reader, kind, id).await?;
    let newest = SortKey::new(statement("m.creation_date"), KeyKind::Time, true);
    let listing = Listing::new(sql::of(kind, id), "m.id", [newest]);
    let (frame, ids) = query.0.read_ids(reader, &listing).await?;
    let mut found = by_ids(reader, ids.clone()).await?;
    let edits = ids.iter().filter_map(|id| found.remove(id)).collect();
    Ok(frame.around(bodies(reader, loaders, edits).await?))
}

/// A change to be proposed.
#[derive(Debug)]
pub struct Proposal {
    pub kind: String,
    pub payload: Value,
    pub summary: Option<String>,
    /// Carries it out at once; for those who may.
    pub is_approved: Option<bool>,
}

/// Characters of a summary at most.
const SUMMARY: usize = 2_000;

/// Proposes a change, and carries it out where it is approved at once.
async fn propose<O: Proposes>(permit: &Allowed<O>, id: i64, new: Proposal) -> Result<Edit> {
    let (reader, kind): (&Reader, _) = (permit, O::KIND);
    let target = target(reader, kind, id).await?;
    let actor = reader.actor_id().ok_or(Error::Forbidden)?;
    if new.kind != "update" {
        let complaint = format!("Invalid mutation type {}", new.kind);
        return Err(Error::field("type", complaint));
    }
    if new
        .summary
        .as_ref()
        .is_some_and(|text| text.chars().count() > SUMMARY)
    {
        let complaint = format!("Ensure this field has no more than {SUMMARY} characters.");
        return Err(Error::field("summary", complaint));
    }
    if !reader.is_local(target.fid.as_deref()) {
        return Err(Error::Forbidden);
    }
    let changes = Changes::read(reader, kind, &new.payload).await?;
    let owner = target.attributed_to_id == Some(actor);
    let curator = reader
        .caller()
        .identity()
        .is_some_and(|identity| identity.permissions.library);
    if new.is_approved.is_some() && !owner && !curator {
        return Err(Error::Forbidden);
    }
    insert(permit, (kind, id), &changes, &new, actor).await
}

async fn insert<O: Proposes>(
    permit: &Allowed<O>,
    (kind, id): (Kind, i64),
    changes: &Changes,
    new: &Proposal,
    actor: i64,
) -> Result<Edit> {
    let (uuid, now) = (crate::random::uuid(), permit.clock().now());
    let root = permit.config().public_url();
    let approved = new.is_approved == Some(true);
    let mut tx = permit.begin().await?;
    let before = match approved {
        true => Some(apply::apply(&mut tx, (kind, id), changes, now).await?),
        false => None,
    };
    let row = sql::New {
        uuid,
        fid: format!("{root}/federation/edits/{uuid}"),
        aim: (kind, id),
        actor,
        is_approved: new.is_approved,
        now,
        summary: new.summary.clone(),
        payload: json!(changes.payload()),
        previous_state: before,
    };
    let edit = sql::insert(&mut tx, row).await?;
    tx.commit().await?;
    Ok(edit)
}
