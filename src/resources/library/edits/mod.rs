//! Edits: proposed changes to artists, albums and tracks, and their approval (contract section 10;
//! Funkwhale calls them mutations).
mod apply;
mod body;
mod changes;
mod sql;
mod undo;

use async_graphql::SimpleObject;
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    apply::apply,
    body::{EditBody, Rest, bodies},
    changes::{Changes, Pictures},
    sql::{AlbumEdits, ArtistEdits, TrackEdits, target},
    undo::{replaced, undo},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, Operation, Writes, operations},
    load::{Entity, entity},
    rest::page::{Page, PageQuery},
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql as statement,
    },
    time::Timestamp,
};

operations! {
    "edits", "Suggested changes of artists, albums and tracks.";
    /// Lists the edits of an artist.
    ///
    /// Pending, approved and rejected edits are listed, newest first. Unknown IDs are answered with
    /// 404.
    of_artist: OfArtist = read Edits, anonymous = Setting, throttle = Wildcard, graphql = "Artist.edits", params = PageQuery;
    /// Lists the edits of an album.
    ///
    /// Pending, approved and rejected edits are listed, newest first. Unknown IDs are answered with
    /// 404.
    of_album: OfAlbum = read Edits, anonymous = Setting, throttle = Wildcard, graphql = "Album.edits", params = PageQuery;
    /// Lists the edits of a track.
    ///
    /// Pending, approved and rejected edits are listed, newest first. Unknown IDs are answered with
    /// 404.
    of_track: OfTrack = read Edits, anonymous = Setting, throttle = Wildcard, graphql = "Track.edits", params = PageQuery;
    /// Proposes an edit of an artist.
    ///
    /// The edit waits for review, unless the owner of the artist, or a user with the permission
    /// `library`, sends `is_approved`: `true` applies the edit immediately, `false` rejects it.
    /// From other callers `is_approved` is answered with 403, and so are edits of artists of other
    /// pods. Invalid values, and edits without any known field, are answered with 400, unknown IDs
    /// with 404.
    propose_artist: ProposeArtist = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.editArtist";
    /// Proposes an edit of an album.
    ///
    /// The edit waits for review, unless the owner of the album, or a user with the permission
    /// `library`, sends `is_approved`: `true` applies the edit immediately, `false` rejects it.
    /// From other callers `is_approved` is answered with 403, and so are edits of albums of other
    /// pods. Invalid values, and edits without any known field, are answered with 400, unknown IDs
    /// with 404.
    propose_album: ProposeAlbum = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.editAlbum";
    /// Proposes an edit of a track.
    ///
    /// The edit waits for review, unless the owner of the track, or a user with the permission
    /// `library`, sends `is_approved`: `true` applies the edit immediately, `false` rejects it.
    /// From other callers `is_approved` is answered with 403, and so are edits of tracks of other
    /// pods. Invalid values, and edits without any known field, are answered with 400, unknown IDs
    /// with 404.
    propose_track: ProposeTrack = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.editTrack";
}

/// The kinds of objects that can be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Artist,
    Album,
    Track,
}

/// An operation on the edits of one kind of object.
pub trait OnKind: Operation {
    const KIND: Kind;
}

macro_rules! on_kind {
    ($($operation:ident: $kind:ident),+) => {
        $(impl OnKind for $operation {
            const KIND: Kind = Kind::$kind;
        })+
    };
}
on_kind!(OfArtist: Artist, OfAlbum: Album, OfTrack: Track);
on_kind!(ProposeArtist: Artist, ProposeAlbum: Album, ProposeTrack: Track);

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Artist => "artist",
            Self::Album => "album",
            Self::Track => "track",
        }
    }
}

/// An edit: a proposed change to an artist, an album or a track.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Edit {
    /// Numeric ID, unique among edits.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the edit.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the edit.
    pub fid: String,
    /// Type of the edit; always `update`.
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
    /// `true` if approved, `false` if rejected, null while waiting for review.
    pub is_approved: Option<bool>,
    /// `true` if applied, else null.
    pub is_applied: Option<bool>,
    /// Time of the proposal.
    pub creation_date: Timestamp,
    /// Time at which the edit was applied; null until applied.
    pub applied_date: Option<Timestamp>,
    /// Reason for the edit.
    pub summary: Option<String>,
    #[graphql(skip)]
    #[sqlx(json)]
    pub payload: Value,
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub previous_state: Option<Value>,
}

entity!(Edit in "mutations": "id, uuid, fid, type, artist_id, album_id, track_id, created_by_id, approved_by_id,
    is_approved, is_applied, creation_date, applied_date, summary, payload, previous_state", upon [], weighs []);

impl Edit {
    /// The object that the edit changes.
    pub fn aim(&self) -> (Kind, i64) {
        match (self.artist_id, self.album_id, self.track_id) {
            (Some(id), ..) => (Kind::Artist, id),
            (_, Some(id), _) => (Kind::Album, id),
            (.., id) => (Kind::Track, id.unwrap_or_default()),
        }
    }
}

/// The object of an edit, in its current state.
#[derive(Clone, Debug, FromRow)]
pub struct Target {
    pub id: i64,
    pub fid: Option<String>,
    pub name: String,
    pub attributed_to_id: Option<i64>,
}

/// A page of the edits of one object.
async fn list<O: OnKind>(
    permit: &Allowed<O>,
    id: i64,
    query: &PageQuery,
) -> Result<Page<EditBody>> {
    target(permit, O::KIND, id).await?;
    let newest = SortKey::new(statement("m.creation_date"), KeyKind::Time, true);
    let listing = Listing::new(sql::of(O::KIND, id), "m.id", [newest]);
    let (frame, ids) = query.0.read_ids(permit, &listing).await?;
    Ok(frame.around(bodies(permit.loaders(), permit, &ids).await?))
}

/// Finds an edit by UUID. Numbers, which can be counted, find none.
pub async fn retrieve<O: Operation>(permit: &Allowed<O>, key: Key) -> Result<Edit> {
    let Key::Uuid(uuid) = key else {
        return Err(Error::NotFound);
    };
    let found = Edit::select().then(" where uuid = ?").bind(uuid);
    found.one(permit.db()).await
}

/// An edit to propose.
#[derive(Debug)]
pub struct Proposal {
    pub kind: String,
    pub payload: Value,
    pub summary: Option<String>,
    /// Approves and applies the edit, or rejects it, immediately.
    pub is_approved: Option<bool>,
}

/// Maximum characters of a summary.
const SUMMARY: usize = 2_000;

/// Proposes an edit, and applies it if it is approved immediately.
pub async fn propose<O: OnKind + Writes>(
    permit: &Allowed<O>,
    id: i64,
    new: Proposal,
) -> Result<Edit> {
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
    let changes = Changes::read((reader, Pictures::Of(Some(actor))), kind, &new.payload).await?;
    if new.is_approved.is_some() && !decides(reader, target.attributed_to_id) {
        return Err(Error::Forbidden);
    }
    insert(permit, (kind, id), &changes, &new, actor).await
}

/// Whether the caller approves edits of what this actor owns.
pub fn decides(reader: &Reader, owner: Option<i64>) -> bool {
    let identity = reader.caller().identity();
    let Some(actor) = reader.actor_id() else {
        return false;
    };
    owner == Some(actor) || identity.is_some_and(|identity| identity.permissions.library)
}

async fn insert<O: OnKind + Writes>(
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
        true => Some(apply(&mut tx, (kind, id), changes, now).await?),
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
