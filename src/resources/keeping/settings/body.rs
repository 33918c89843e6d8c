//! Settings as REST shows them.
use poem_openapi::{Object, types::Any};
use serde_json::{Map, Value};

use super::{Bulk, List, Retrieve, Update, change, current, named};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    pod::preferences::{PREFERENCES, Preference},
    rest::{answer::Answer, standard::routes},
};

/// The new value of a setting.
#[derive(Debug, Object)]
struct NewValue {
    /// The value, of the setting's type.
    value: Any<Value>,
}

/// New values of settings, by identifier.
#[derive(Debug, Object)]
struct NewValues {
    /// All keys of the object.
    #[oai(flatten)]
    values: Any<Value>,
}

async fn all(permit: &Allowed<List>) -> Result<Vec<Any<Value>>> {
    let current = current(permit).await?;
    let body = |known: &Preference| Any(known.body(current.get(&known.identifier())));
    Ok(PREFERENCES.iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, identifier: &str) -> Result<Any<Value>> {
    let value = current(permit).await?.get(identifier);
    Ok(Any(named(identifier)?.body(value)))
}

async fn updated(permit: &Allowed<Update>, identifier: &str, new: NewValue) -> Result<Any<Value>> {
    let (preference, value) = (named(identifier)?, new.value.0);
    let told = |complaint| Error::field("value", complaint);
    preference.raw(&value).map_err(told)?;
    change(permit, Map::from_iter([(identifier.to_owned(), value)])).await?;
    let value = current(permit).await?.get(identifier);
    Ok(Any(preference.body(value)))
}

async fn changed(permit: &Allowed<Bulk>, new: NewValues) -> Result<Vec<Any<Value>>> {
    let Value::Object(values) = new.values.0 else {
        return Err(Error::field("non_field_errors", "Expected a JSON object."));
    };
    let changed = change(permit, values).await?;
    let current = current(permit).await?;
    let body = |known: &Preference| Any(known.body(current.get(&known.identifier())));
    Ok(changed.into_iter().map(body).collect())
}

routes! {
    "/api/v1/instance/admin/settings";
    list: List = get "/" -> Answer<Vec<Any<Value>>> => all;
    bulk: Bulk = post "/bulk" {new: NewValues} -> Answer<Vec<Any<Value>>> => changed;
    retrieve: Retrieve = get "/:identifier" <identifier> -> Answer<Any<Value>> => detail;
    update: Update = patch "/:identifier" <identifier> {new: NewValue} -> Answer<Any<Value>> => updated;
    replace: Update = put "/:identifier" <identifier> {new: NewValue} -> Answer<Any<Value>> => updated;
}
