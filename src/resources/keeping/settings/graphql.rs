//! The GraphQL fields of settings.
use async_graphql::{InputObject, Json};
use serde_json::{Map, Value};

use super::{Bulk, Retrieve, Setting, change, current, list, named};
use crate::{
    error::{Error, Result},
    graphql::standard::{fields, mutations},
    guard::Allowed,
    pod::preferences::Preference,
};

async fn one(permit: &Allowed<Retrieve>, identifier: &str) -> Result<Setting> {
    Ok(Setting::of(named(identifier)?, &current(permit).await?))
}

fields! {
    Queries as "SettingsQueries";
    all pod_settings -> Setting = list;
    text pod_setting(identifier: "Name of the setting: `section__name`.") -> Setting = one;
}

/// A new value of a setting.
#[derive(Debug, InputObject)]
struct SettingInput {
    /// Name of the setting: `section__name`.
    identifier: String,
    /// The value, of the setting's type.
    value: Json<Value>,
}

/// Settings to change: all of them or, if one is wrong, none.
#[derive(Debug, InputObject)]
struct UpdatePodSettingsInput {
    /// The settings, each of them once.
    settings: Vec<SettingInput>,
}

async fn updated(permit: &Allowed<Bulk>, input: UpdatePodSettingsInput) -> Result<Vec<Setting>> {
    let mut values = Map::new();
    for (place, new) in input.settings.into_iter().enumerate() {
        if values.contains_key(&new.identifier) {
            let field = format!("settings.{place}.identifier");
            return Err(Error::field(field, "Each setting can be given once."));
        }
        values.insert(new.identifier, new.value.0);
    }
    let changed = change(permit, values).await?;
    let current = current(permit).await?;
    let setting = |known: &Preference| Setting::of(known, &current);
    Ok(changed.into_iter().map(setting).collect())
}

mutations! {
    Mutations as "SettingsMutations";
    change update_pod_settings(UpdatePodSettingsInput) -> UpdatePodSettingsPayload { settings: Vec<Setting>, "The settings after the change." } = updated;
}
