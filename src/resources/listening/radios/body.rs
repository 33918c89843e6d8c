//! The REST endpoints of radios.
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Create, Delete, Filters, List, Query, Radio, RadioFilter, Retrieve, Tracks, Update, Validate,
    retrieve,
    sql::{listing, listing_of},
    write::{NewRadio, RadioChanges, create, delete, update, validate},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::{
        catalogue::tracks::{self, TrackBody},
        people::users::{UserRef, refs},
    },
    rest::{
        answer::{Answer, Created, NoContent},
        page::{Page, PageQuery},
        standard::routes,
    },
    time::Timestamp,
};

/// A custom radio: filters that choose tracks, under a name.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Radio")]
struct RadioBody {
    /// Numeric ID, unique among radios.
    id: i64,
    /// Whether everyone may hear the radio.
    is_public: bool,
    /// Name of the radio.
    name: String,
    /// Time at which the radio was created.
    creation_date: Timestamp,
    /// Owner of the radio.
    user: UserRef,
    /// Filters that choose its tracks.
    config: Vec<RadioFilter>,
    /// Description by the owner; may be empty.
    description: String,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<RadioBody>> {
    let radios = loaders.owned::<Radio>(ids).await?;
    let owners: Vec<i64> = radios.iter().map(|radio| radio.user_id).collect();
    let owners = refs(loaders, reader, owners).await?;
    let body = |radio: Radio| {
        let (user, _) = owners.get(&radio.user_id).cloned()?;
        Some(RadioBody {
            id: radio.id,
            is_public: radio.is_public,
            config: radio.filters(),
            name: radio.name,
            creation_date: radio.creation_date,
            user,
            description: radio.description,
        })
    };
    Ok(radios.into_iter().filter_map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<RadioBody> {
    let radio = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[radio.id]).await?)
}

async fn created(permit: &Allowed<Create>, new: NewRadio) -> Result<RadioBody> {
    let radio = create(permit, new).await?;
    sole(bodies(permit.loaders(), permit, &[radio.id]).await?)
}

async fn updated(permit: &Allowed<Update>, key: Key, changes: RadioChanges) -> Result<RadioBody> {
    let radio = update(permit, key, changes).await?;
    sole(bodies(permit.loaders(), permit, &[radio.id]).await?)
}

async fn playlist(
    permit: &Allowed<Tracks>,
    key: Key,
    query: &PageQuery,
) -> Result<Page<TrackBody>> {
    let radio = retrieve(permit, key).await?;
    let listing = listing_of(permit, &radio.filters());
    let (frame, ids) = query.0.read_ids(permit, &listing).await?;
    Ok(frame.around(tracks::bodies(permit.loaders(), permit, &ids).await?))
}

/// Filters to try.
#[derive(Debug, Object)]
struct Trials {
    /// The filters, at most 20, each as in `config` of a radio.
    filters: Vec<Any<Value>>,
}

/// Tracks that a filter chooses.
#[derive(Debug, Serialize, Object)]
struct RadioCandidates {
    /// Number of the tracks; null if there are errors.
    count: Option<i64>,
    /// Some of the tracks; null if there are errors.
    sample: Option<Vec<TrackBody>>,
}

/// A filter that was tried.
#[derive(Debug, Serialize, Object)]
struct TriedFilter {
    /// What is wrong with the filter.
    errors: Vec<String>,
    /// The tracks that it chooses.
    candidates: RadioCandidates,
}

/// Filters that were tried.
#[derive(Debug, Serialize, Object)]
struct TriedFilters {
    /// The filters, as they were sent.
    filters: Vec<TriedFilter>,
}

async fn validated(permit: &Allowed<Validate>, trials: Trials) -> Result<TriedFilters> {
    let filters = trials
        .filters
        .iter()
        .map(|filter| RadioFilter::read(&filter.0));
    let trials = validate(permit, filters.collect()).await?;
    let samples = trials.iter().filter_map(|trial| trial.candidates.as_ref());
    let ids = samples.flat_map(|(_, sample)| sample.clone()).collect();
    let tracks = tracks::by_id(permit.loaders(), permit, ids).await?;
    let filters = trials.into_iter().map(|trial| {
        let (count, sample) = trial.candidates.unzip();
        let shown = |sample: Vec<i64>| {
            sample
                .iter()
                .filter_map(|id| tracks.get(id).cloned())
                .collect()
        };
        TriedFilter {
            errors: trial.errors,
            candidates: RadioCandidates {
                count,
                sample: sample.map(shown),
            },
        }
    });
    Ok(TriedFilters {
        filters: filters.collect(),
    })
}

/// What forms need to know of the filters.
async fn described(_: &Allowed<Filters>) -> Result<Any<Value>> {
    Ok(Any(json!([
        {
            "type": "artist",
            "label": "Artist",
            "help_text": "Select tracks for a given artist",
            "fields": [{
                "name": "ids",
                "type": "list",
                "subtype": "number",
                "autocomplete": "/api/v1/search",
                "autocomplete_qs": "q={query}",
                "autocomplete_fields": {"remoteValues": "artists", "name": "name", "value": "id"},
                "label": "Artist",
                "placeholder": "Select artists",
            }],
        },
        {
            "type": "tag",
            "label": "Tag",
            "help_text": "Select tracks with a given tag",
            "fields": [{
                "name": "names",
                "type": "list",
                "subtype": "string",
                "autocomplete": "/api/v1/search",
                "autocomplete_fields": {"remoteValues": "tags", "name": "name", "value": "name"},
                "autocomplete_qs": "q={query}",
                "label": "Tags",
                "placeholder": "Select tags",
            }],
        },
        {"type": "playlist", "label": "Playlist", "help_text": null, "fields": []},
    ])))
}

routes! {
    "/api/v1/radios/radios" lists List(Query) -> RadioBody = listing => bodies;
    filters: Filters = get "/filters" -> Answer<Any<Value>> => described;
    validate: Validate = post "/validate" {trials: Trials} -> Answer<TriedFilters> => validated;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<RadioBody> => detail;
    create: Create = post "/" {new: NewRadio} -> Created<RadioBody> => created;
    update: Update = patch "/:id" [id: i64] {changes: RadioChanges} -> Answer<RadioBody> => updated;
    replace: Update = put "/:id" [id: i64] {changes: RadioChanges} -> Answer<RadioBody> => updated;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
    tracks: Tracks = get "/:id/tracks" [id: i64] (query: PageQuery) -> Answer<Page<TrackBody>> => playlist;
}
