//! The GraphQL fields of radios.
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};

use super::{
    List, Radio, RadioFilter, RadioListFilter, RadioOrder, Retrieve, Tracks, Update, Validate,
    filters, retrieve,
    sql::{listing, listing_of},
    write::{NewRadio, RadioChanges, Trial, create, delete, update, validate},
};
use crate::{
    error::Result,
    graphql::{
        connection::{
            Connection, NESTED_DEFAULT, NESTED_MAXIMUM, answer, connect_sized, cost, nested_cost,
            window,
        },
        ids::{Key, Kind, global},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::{
        catalogue::tracks::Track,
        people::users::{self, User, UserById},
    },
};

#[ComplexObject]
impl Radio {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Radio, self.id)
    }

    /// Owner of the radio.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.load::<users::Retrieve, UserById>(self.user_id).await
    }

    /// Filters that choose its tracks.
    async fn config(&self) -> Vec<RadioFilter> {
        filters::read(&self.config)
    }

    /// Tracks that the radio chooses from: those that you can play, without those of artists that you have
    /// hidden. Newest first.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity) + 1_000")]
    async fn tracks(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Track>>> {
        let window = window(first, after, last, before);
        answer(async {
            let permit = ctx.reach::<Tracks>().await?;
            let listing = listing_of(&permit, &self.filters());
            connect_sized(&permit, listing, window?, (NESTED_DEFAULT, NESTED_MAXIMUM)).await
        })
        .await
    }
}

fields! {
    Queries as "RadiosQueries";
    list radios: List(RadioListFilter, RadioOrder) -> Radio = listing;
    one radio(Kind::Radio) -> Radio = seen;
}

async fn seen(permit: &Allowed<Retrieve>, key: Key) -> Result<Radio> {
    retrieve(permit, key).await
}

/// What to change of a radio. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateRadioInput {
    /// Global ID of the radio; its numeric ID is accepted too.
    id: ID,
    /// Name, 1 to 100 characters.
    name: Option<String>,
    /// Description, at most 5,000 characters.
    description: Option<String>,
    /// Whether everyone may hear the radio.
    is_public: Option<bool>,
    /// Filters that choose its tracks, at most 20; without any, it plays every track.
    config: Option<Vec<RadioFilter>>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateRadioInput) -> Result<Radio> {
    let key = Key::of(Kind::Radio, Some(input.id), None, None)?;
    let changes = RadioChanges {
        name: input.name,
        description: input.description,
        is_public: input.is_public,
        config: input.config,
    };
    update(permit, key, changes).await
}

/// Filters to try before they are saved.
#[derive(Debug, InputObject)]
struct ValidateRadioInput {
    /// The filters, at most 20.
    filters: Vec<RadioFilter>,
}

/// A filter that was tried.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
struct TriedRadioFilter {
    /// What is wrong with the filter.
    errors: Vec<String>,
    /// Number of tracks that it chooses; null if there are errors.
    count: Option<i64>,
    #[graphql(skip)]
    sample: Vec<i64>,
}

#[ComplexObject]
impl TriedRadioFilter {
    /// Some of the tracks that it chooses, at most 10.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn sample(&self, ctx: &Context<'_>) -> Result<Vec<Track>> {
        let permit = ctx.reach::<Tracks>().await?;
        permit.loaders().owned::<Track>(&self.sample).await
    }
}

impl From<Trial> for TriedRadioFilter {
    fn from(trial: Trial) -> Self {
        let (count, sample) = trial.candidates.unzip();
        Self {
            errors: trial.errors,
            count,
            sample: sample.unwrap_or_default(),
        }
    }
}

#[derive(Debug)]
struct ValidateRadioPayload {
    filters: Vec<TriedRadioFilter>,
}

/// Filters that were tried.
#[Object]
impl ValidateRadioPayload {
    /// The filters, as they were sent.
    #[graphql(complexity = "cost(20, child_complexity)")]
    async fn filters(&self) -> &[TriedRadioFilter] {
        &self.filters
    }
}

async fn tried(
    permit: &Allowed<Validate>,
    input: ValidateRadioInput,
) -> Result<ValidateRadioPayload> {
    let filters = input.filters.into_iter().map(Some);
    let trials = validate(permit, filters.collect()).await?;
    let filters = trials.into_iter().map(TriedRadioFilter::from).collect();
    Ok(ValidateRadioPayload { filters })
}

mutations! {
    Mutations as "RadiosMutations";
    delete delete_radio(DeleteRadioInput) -> DeleteRadioPayload = delete, of Kind::Radio;
    change create_radio(NewRadio) -> CreateRadioPayload { radio: Radio, "The new radio." } = create;
    change update_radio(UpdateRadioInput) -> UpdateRadioPayload { radio: Radio, "The radio after the change." } = updated;
    act validate_radio(ValidateRadioInput) -> ValidateRadioPayload = tried;
}
