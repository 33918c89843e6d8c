//! Creating, changing and deleting radios.
use async_graphql::InputObject;
use poem_openapi::Object;
use serde_json::json;

use super::{
    Create, Delete, Radio, RadioFilter, Update, Validate,
    filters::{checked, complaint},
    sql::listing_of,
};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, Writes},
    load::Entity,
    resources::checks::{not_blank, shorter},
    store::{
        Tx, sql,
        text::{clean, folded},
    },
};

/// Maximum number of characters of a name, and of a description.
const NAME: usize = 100;
const DESCRIPTION: usize = 5_000;

/// A radio to create.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateRadioInput")]
pub struct NewRadio {
    /// Name, 1 to 100 characters.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Description, at most 5,000 characters.
    description: Option<String>,
    /// Whether everyone may hear the radio. Default: false.
    is_public: Option<bool>,
    /// Filters that choose its tracks, at most 20; without any, it plays every track.
    config: Vec<RadioFilter>,
}

/// What to change of a radio. Fields that are not given keep their values.
#[derive(Debug, Default, Object)]
pub struct RadioChanges {
    /// Name, 1 to 100 characters.
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: Option<String>,
    /// Description, at most 5,000 characters.
    pub description: Option<String>,
    /// Whether everyone may hear the radio.
    pub is_public: Option<bool>,
    /// Filters that choose its tracks, at most 20; without any, it plays every track.
    pub config: Option<Vec<RadioFilter>>,
}

pub async fn create(permit: &Allowed<Create>, new: NewRadio) -> Result<Radio> {
    let name = tidy(&new.name)?;
    let description = new.description.unwrap_or_default();
    shorter("description", &description, DESCRIPTION)?;
    let config = checked(permit, "config", new.config).await?;
    let mut tx = permit.begin().await?;
    let id = sql(
        "insert into radios (user_id, name, name_folded, description, is_public, config, creation_date)
         values (?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(permit.user()?.user_id)
    .bind(name.as_str())
    .bind(folded(&name))
    .bind(clean(&description))
    .bind(new.is_public.unwrap_or_default())
    .bind(json!(config))
    .bind(permit.clock().now())
    .number(&mut tx)
    .await?;
    finish(tx, id).await
}

pub async fn update(permit: &Allowed<Update>, key: Key, changes: RadioChanges) -> Result<Radio> {
    let name = changes.name.as_deref().map(tidy).transpose()?;
    let description = changes.description.as_deref().map(clean);
    shorter(
        "description",
        description.as_deref().unwrap_or_default(),
        DESCRIPTION,
    )?;
    let config = match changes.config {
        Some(config) => Some(json!(checked(permit, "config", config).await?)),
        None => None,
    };
    let mut tx = permit.begin().await?;
    let id = own(permit, &mut tx, key).await?;
    sql(
        "update radios set name = coalesce(?, name), name_folded = coalesce(?, name_folded),
           description = coalesce(?, description), is_public = coalesce(?, is_public),
           config = coalesce(?, config) where id = ?",
    )
    .bind(name.clone())
    .bind(name.as_deref().map(folded))
    .bind(description)
    .bind(changes.is_public)
    .bind(config)
    .bind(id)
    .run(&mut tx)
    .await?;
    finish(tx, id).await
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let mut tx = permit.begin().await?;
    let id = own(permit, &mut tx, key).await?;
    let gone = sql("delete from radios where id = ?").bind(id);
    gone.run(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}

fn tidy(name: &str) -> Result<String> {
    not_blank("name", name, NAME)?;
    Ok(clean(name).trim().to_owned())
}

/// The ID of one of the caller's radios.
async fn own<O: Writes>(permit: &Allowed<O>, tx: &mut Tx, key: Key) -> Result<i64> {
    let id = key.number()?;
    let own = sql("select id from radios where id = ? and user_id = ?").bind(id);
    own.bind(permit.user()?.user_id).number(tx).await
}

async fn finish(mut tx: Tx, id: i64) -> Result<Radio> {
    let radio = Radio::select().then(" where id = ?").bind(id);
    let radio = radio.one(&mut tx).await?;
    tx.commit().await?;
    Ok(radio)
}

/// What came of trying a filter.
pub struct Trial {
    pub errors: Vec<String>,
    /// The number of tracks that it chooses, and some of them; `None` if there are errors.
    pub candidates: Option<(i64, Vec<i64>)>,
}

/// How many tracks are shown of those that a filter chooses.
const SAMPLE: i64 = 10;
/// How many filters are tried at once.
const TRIALS: usize = 20;

/// Tries each filter by itself; `None` is one of an unknown type.
pub async fn validate(
    permit: &Allowed<Validate>,
    filters: Vec<Option<RadioFilter>>,
) -> Result<Vec<Trial>> {
    if filters.len() > TRIALS {
        let complaint = format!("At most {TRIALS} filters are allowed.");
        return Err(Error::field("filters", complaint));
    }
    let mut trials = Vec::with_capacity(filters.len());
    for filter in filters {
        trials.push(tried(permit, filter).await?);
    }
    Ok(trials)
}

async fn tried(permit: &Allowed<Validate>, filter: Option<RadioFilter>) -> Result<Trial> {
    let error = match &filter {
        Some(filter) => complaint(permit, filter).await?,
        None => Some("The type of the filter is not known.".to_owned()),
    };
    let candidates = match (&error, filter) {
        (None, Some(filter)) => {
            let listing = listing_of(permit, &[filter]);
            let sample = listing.page(permit.db(), SAMPLE, 0).await?;
            Some((listing.count(permit.db()).await?, sample))
        }
        _ => None,
    };
    let errors = error.into_iter().collect();
    Ok(Trial { errors, candidates })
}
