//! The pod's uploads, for keepers of the catalogue.
use std::collections::HashMap;

use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    libraries::{self, ManagedLibraryRef},
    shared::{
        bulk::{removals, remove_one},
        parts::{domain, first},
        search::{named, of_domain},
    },
    tracks::{self, ManagedTrackRef},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind},
        standard::{fields, mutations},
    },
    guard::{Allowed, Operation, operations},
    load::{Entity, Loaders, load, sole},
    resources::{
        catalogue::{albums::Album, artists::Artist, credits::TrackCredits, tracks::Track},
        library::{
            libraries::PrivacyLevel,
            uploads::{ImportStatus, Upload, file_name},
        },
        smart,
    },
    rest::{
        action::{ActionBody, ActionRequest},
        answer::{Answer, NoContent},
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "managed_uploads", "The pod's uploads, for keepers of the catalogue.";
    /// Lists all uploads of the pod.
    ///
    /// Whoever owns them, also in channels. Newest first by default.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "managedUploads", params = Query;
    /// Returns an upload.
    ///
    /// Unknown UUIDs are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "managedUpload";
    /// Removes an upload.
    ///
    /// With its file, unless that is in a music folder. Unknown UUIDs are answered with 404.
    delete: Delete = write InstanceLibraries, anonymous = Never, throttle = Destroy, graphql = "(see `removeUploads`)";
    /// Removes several uploads.
    ///
    /// The action is `delete`. `objects` are UUIDs, or `"all"`. More than 100 are removed in the background.
    act: Act = write InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removeUploads";
}

pub type Query = ListQuery<ManagedUploadFilter, ManagedUploadOrder>;

filter! {
    /// Filter for a list of uploads. An upload must match all conditions.
    pub struct ManagedUploadFilter {
        /// Terms, all of which must hold: `status:errored`, `track:word`, `album:word`, `artist:word`, `track_id:3`,
        /// `library_id:3`, `account:alice`, `reference:import`, `type:audio/flac`, `domain:example.org`, or words that
        /// the source or the title must contain.
        q: Option<String>,
        /// ActivityPub ID (URI).
        fid: Option<String>,
        /// Domain of the owner.
        domain: Option<String>,
        /// Name that the uploader gave to the import.
        import_reference: Option<String>,
        /// Import status.
        import_status: Option<ImportStatus>,
        /// Media type, such as `audio/mpeg`.
        mimetype: Option<String>,
        /// Who has access to the library.
        privacy_level: Option<PrivacyLevel>,
    }
}

ordering! {
    /// Sort options for uploads.
    pub struct ManagedUploadOrder by ManagedUploadOrderField {
        /// Numeric ID.
        Id = "id",
        /// Time of the upload.
        CreationDate = "creation_date",
        /// Time of the last change.
        ModificationDate = "modification_date",
        /// Time at which it was last played. Those that never were come last, or first if descending.
        AccessedDate = "accessed_date",
        /// Size in bytes. Uploads without one come last, or first if descending.
        Size = "size",
        /// Bitrate in bits per second. Uploads without one come last, or first if descending.
        Bitrate = "bitrate",
        /// Duration in seconds. Uploads without one come last, or first if descending.
        Duration = "duration",
    }
    others ignored
}

impl ManagedUploadOrder {
    fn keys(self) -> Vec<SortKey> {
        let down = self.direction.is_descending();
        let nullable =
            |column, is_null, kind| SortKey::nullable(column, is_null, kind, down).into();
        let key = |column, kind| vec![SortKey::new(sql(column), kind, down)];
        match self.field {
            ManagedUploadOrderField::Id => key("u.id", KeyKind::Int),
            ManagedUploadOrderField::CreationDate => key("u.creation_date", KeyKind::Time),
            ManagedUploadOrderField::ModificationDate => key("u.modification_date", KeyKind::Time),
            ManagedUploadOrderField::AccessedDate => {
                nullable("u.accessed_date", "u.accessed_date is null", KeyKind::Time)
            }
            ManagedUploadOrderField::Size => nullable("u.size", "u.size is null", KeyKind::Int),
            ManagedUploadOrderField::Bitrate => {
                nullable("u.bitrate", "u.bitrate is null", KeyKind::Int)
            }
            ManagedUploadOrderField::Duration => {
                nullable("u.duration", "u.duration is null", KeyKind::Int)
            }
        }
    }
}

async fn listing(
    reader: &Reader,
    filter: &ManagedUploadFilter,
    order: &[ManagedUploadOrder],
) -> Result<Listing> {
    let mut from = sql("from uploads u where true")
        .equal("u.fid", filter.fid.as_deref())
        .equal("u.import_reference", filter.import_reference.as_deref())
        .equal(
            "u.import_status",
            filter.import_status.map(ImportStatus::word),
        )
        .equal("u.mimetype", filter.mimetype.as_deref());
    if let Some(domain) = &filter.domain {
        from = from.and(in_library(smart::domain("l.actor_id", domain)));
    }
    if let Some(level) = filter.privacy_level {
        from = from.and(in_library(sql("l.privacy_level = ?").bind(level)));
    }
    let q = filter.q.as_deref().unwrap_or_default();
    for term in smart::conditions(q, |key, value| condition(reader, key, value))? {
        from = from.and(term);
    }
    let keys = order.iter().flat_map(|order| order.keys());
    Ok(Listing::new(from, "u.id", keys))
}

/// Condition on the library `l` of an upload.
fn in_library(condition: Sql) -> Sql {
    sql("u.library_id in (select l.id from libraries l where ")
        .append(condition)
        .then(")")
}

/// Condition on the track `t` of an upload.
fn of_track(condition: Sql) -> Sql {
    sql("u.track_id in (select t.id from tracks t where ")
        .append(condition)
        .then(")")
}

fn condition(reader: &Reader, key: &str, value: &str) -> Option<Sql> {
    let number = || value.parse::<i64>().unwrap_or(-1);
    Some(match key {
        "" => sql("(")
            .append(smart::holds("u.source", value))
            .then(" or ")
            .append(of_track(named("t.title_folded", value)))
            .then(")"),
        "status" => sql("u.import_status = ?").bind(value),
        "track" => of_track(named("t.title_folded", value)),
        "album" => of_track(
            sql("t.album_id in (select b.id from albums b where ")
                .append(named("b.title_folded", value))
                .then(")"),
        ),
        "artist" => sql(
            "u.track_id in (select h.track_id from track_artists h join artists a on a.id = h.artist_id where ",
        )
        .append(named("a.name_folded", value))
        .then(")"),
        "track_id" => sql("u.track_id = ?").bind(number()),
        "library_id" => sql("u.library_id = ?").bind(number()),
        "account" => in_library(smart::actor("l.actor_id", value)),
        "reference" => sql("u.import_reference = ?").bind(value),
        "type" => sql("u.mimetype = ?").bind(value),
        "domain" => of_domain(reader, "u.fid", value),
        _ => return None,
    })
}

/// When an upload was changed, and last played.
type Dates = (Timestamp, Option<Timestamp>);

load!(/// When an upload was changed, and last played.
    DatesOf: Option<Dates> = for_caller dates);

async fn dates(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Option<Dates>>> {
    let dates = sql("select id, modification_date, accessed_date from uploads where id in ?*");
    let dates: Vec<(i64, Timestamp, Option<Timestamp>)> = dates.bind(ids).all(reader.db()).await?;
    let dates = dates
        .into_iter()
        .map(|(id, changed, played)| (id, Some((changed, played))));
    Ok(dates.collect())
}

/// An upload, as a keeper sees it.
#[derive(Debug, Serialize, Object)]
struct ManagedUpload {
    /// Numeric ID, unique among uploads.
    id: i64,
    /// UUID of the upload.
    uuid: Uuid,
    /// ActivityPub ID (URI) of the upload.
    fid: Option<String>,
    /// Domain of the upload's pod.
    domain: String,
    /// Whether the upload belongs to this pod.
    is_local: bool,
    /// URL of the file, if it is in the media folder.
    audio_file: Option<String>,
    /// Path of the upload's audio on this server; null until it is imported.
    listen_url: Option<String>,
    /// Source of the file, such as a URL.
    source: Option<String>,
    /// File name to save the audio as; null until it is imported.
    filename: Option<String>,
    /// Media type, such as `audio/mpeg`.
    mimetype: Option<String>,
    /// Duration in seconds.
    duration: Option<i64>,
    /// Bitrate in bits per second.
    bitrate: Option<i64>,
    /// Size in bytes.
    size: Option<i64>,
    /// Time of the upload.
    creation_date: Timestamp,
    /// Time at which it was last played; null: never.
    accessed_date: Option<Timestamp>,
    /// Time of the last change.
    modification_date: Timestamp,
    /// Metadata read from the file.
    metadata: Any<Value>,
    /// Time at which the import ended; null until then.
    import_date: Option<Timestamp>,
    /// Details of the import, such as why it failed.
    import_details: Any<Value>,
    /// Import status.
    import_status: ImportStatus,
    /// Metadata given by the uploader.
    import_metadata: Any<Value>,
    /// Name that the uploader gave to the import.
    import_reference: String,
    /// Track of the upload; null until imported.
    track: Option<ManagedTrackRef>,
    /// Library of the upload.
    library: Option<ManagedLibraryRef>,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ManagedUpload>> {
    let uploads = loaders.owned::<Upload>(ids).await?;
    let dates = loaders.many::<DatesOf>(ids.iter().copied()).await?;
    let tracks = uploads.iter().map(|upload| upload.track_id);
    let tracks = loaders.parts::<Track>(tracks).await?;
    let names = names(loaders, &uploads).await?;
    let holders: Vec<i64> = uploads.iter().map(|upload| upload.library_id).collect();
    let libraries = libraries::briefs(loaders, reader, holders).await?;
    let media = reader.config().media_url();
    // What goes meanwhile is left out.
    let bodies = uploads.into_iter().filter_map(|upload| {
        let track = tracks.get(upload.track_id);
        let (changed, played) = (**dates.get(&upload.id)?)?;
        let has_file = !upload.audio_file.is_empty();
        Some(ManagedUpload {
            domain: domain(reader, upload.fid.as_deref()),
            is_local: reader.is_local(upload.fid.as_deref()),
            audio_file: has_file.then(|| format!("{media}{}", upload.audio_file)),
            listen_url: track.map(|track| upload.listen_url(track.uuid)),
            filename: names.get(&upload.id).cloned(),
            accessed_date: played,
            modification_date: changed,
            track: track.map(|track| tracks::brief(track, reader)),
            library: libraries.get(&upload.library_id).cloned(),
            id: upload.id,
            uuid: upload.uuid,
            fid: upload.fid,
            source: upload.source,
            mimetype: upload.mimetype,
            duration: upload.duration,
            bitrate: upload.bitrate,
            size: upload.size,
            creation_date: upload.creation_date,
            metadata: Any(upload.metadata),
            import_date: upload.import_date,
            import_details: Any(upload.import_details),
            import_status: upload.import_status,
            import_metadata: Any(upload.import_metadata),
            import_reference: upload.import_reference,
        })
    });
    Ok(bodies.collect())
}

/// File names of uploads that have a track, by the uploads' IDs.
async fn names(loaders: &Loaders, uploads: &[Upload]) -> Result<HashMap<i64, String>> {
    let ids: Vec<i64> = uploads
        .iter()
        .filter_map(|upload| upload.track_id)
        .collect();
    let tracks = loaders.many::<Track>(ids.iter().copied()).await?;
    let credits = loaders.many::<TrackCredits>(ids).await?;
    let credited = |id: &i64| first(credits.get(id).map(|credits| &**credits));
    let artists: Vec<i64> = tracks.keys().filter_map(credited).collect();
    let artists = loaders.many::<Artist>(artists).await?;
    let albums = tracks.values().map(|track| track.album_id);
    let albums = loaders.parts::<Album>(albums).await?;
    let named = uploads.iter().filter_map(|upload| {
        let track = tracks.get(&upload.track_id?)?;
        let artist = credited(&track.id).and_then(|id| artists.get(&id));
        let artist = artist.map(|artist| artist.name.as_str());
        let album = albums.get(track.album_id).map(|album| album.title.as_str());
        let name = file_name(artist, album, &track.title, upload.extension());
        Some((upload.id, name))
    });
    Ok(named.collect())
}

async fn found<O: Operation>(permit: &Allowed<O>, key: Key) -> Result<Upload> {
    let found = Upload::select().then(" where ").append(key.condition());
    found.one(permit.db()).await
}

async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Upload> {
    found(permit, key).await
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<ManagedUpload> {
    let upload = found(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[upload.id]).await?)
}

removals!(Uploads of Upload = Uploads by named, filter ManagedUploadFilter = listing, input RemoveUploadsInput -> RemoveUploadsPayload);

fields! {
    Queries as "ManagedUploadsQueries";
    list managed_uploads: List(ManagedUploadFilter, ManagedUploadOrder) -> Upload = listing;
    one managed_upload(Kind::Upload) -> Upload = retrieve;
}

mutations! {
    Mutations as "ManagedUploadsMutations";
    act remove_uploads(RemoveUploadsInput) -> RemoveUploadsPayload = removed;
}

routes! {
    "/api/v1/manage/library/uploads" lists List(Query) -> ManagedUpload = listing => bodies;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<ManagedUpload> => detail;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent => remove_one::<Uploads, Delete>;
}
