//! Plugins as REST shows them.
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;

use super::{
    Configuration, Configure, Disable, Enable, List, Plugin, Retrieve, Scan, all, found,
    known::Field,
    plugin,
    values::{PluginValues, shown},
    write,
};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    rest::{answer::Answer, standard::routes},
};

/// A plugin, with what you have told it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Plugin")]
struct PluginBody {
    /// Name of the plugin, unique.
    name: String,
    /// Name to show.
    label: String,
    /// What it does.
    description: String,
    /// Whether each user tells it something of their own.
    user: bool,
    /// Whether it has music.
    source: bool,
    /// What it needs to know.
    conf: Vec<FieldBody>,
    /// What you have told it, by the names of the fields; null if nothing. `********` stands for a secret.
    values: Option<Any<Value>>,
    /// Whether it works for you.
    enabled: bool,
    /// Page about its service.
    homepage: String,
    /// Why its service could not be told what you played last; null if it could.
    problem: Option<String>,
}

/// Something that a plugin needs to know.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PluginField")]
struct FieldBody {
    /// Name of the field.
    name: String,
    /// `text`, `url`, `password` or `boolean`.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Name to show.
    label: String,
    /// What to write there; may be empty.
    help: String,
    /// Whether it must be given.
    required: bool,
    /// What it is if it is not given; of booleans only.
    default: Option<bool>,
}

impl From<&Field> for FieldBody {
    fn from(field: &Field) -> Self {
        Self {
            name: field.name.to_owned(),
            kind: field.kind.word().to_owned(),
            label: field.label.to_owned(),
            help: field.help.to_owned(),
            required: field.is_required,
            default: field.default,
        }
    }
}

fn body((plugin, told): (&Plugin, Configuration)) -> PluginBody {
    let is_told = told.conf.as_object().is_some_and(|conf| !conf.is_empty());
    PluginBody {
        name: plugin.name.to_owned(),
        label: plugin.label.to_owned(),
        description: plugin.description.to_owned(),
        user: true,
        source: false,
        conf: plugin.fields.iter().map(FieldBody::from).collect(),
        values: is_told.then(|| Any(shown(plugin, &told.conf))),
        enabled: told.enabled,
        homepage: plugin.homepage.to_owned(),
        problem: told.problem,
    }
}

async fn bodies(permit: &Allowed<List>) -> Result<Vec<PluginBody>> {
    Ok(all(permit).await?.into_iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, name: &str) -> Result<PluginBody> {
    found(permit, name).await.map(body)
}

/// What a plugin is told, with its name.
#[derive(Debug, Object)]
struct NamedValues {
    /// Name of the plugin.
    name: String,
    #[oai(flatten)]
    values: PluginValues,
}

async fn named(permit: &Allowed<Configure>, told: NamedValues) -> Result<PluginBody> {
    configured(permit, &told.name, told.values).await
}

async fn configured(
    permit: &Allowed<Configure>,
    name: &str,
    values: PluginValues,
) -> Result<PluginBody> {
    write::configure(permit, name, &values).await?;
    found(permit, name).await.map(body)
}

/// Nothing but that it is done.
#[derive(Debug, Serialize, Object)]
struct Switched {}

async fn enabled(permit: &Allowed<Enable>, name: &str) -> Result<Switched> {
    write::enable(permit, name).await.map(|()| Switched {})
}

async fn disabled(permit: &Allowed<Disable>, name: &str) -> Result<Switched> {
    write::disable(permit, name).await.map(|()| Switched {})
}

async fn scanned(_: &Allowed<Scan>, name: &str) -> Result<Switched> {
    plugin(name)?;
    Err(Error::Off("This plugin has no music to look for."))
}

routes! {
    "/api/v1/plugins";
    list: List = get "/" -> Answer<Vec<PluginBody>> => bodies;
    configure: Configure = post "/" {told: NamedValues} -> Answer<PluginBody> => named;
    retrieve: Retrieve = get "/:name" <name> -> Answer<PluginBody> => detail;
    configure_named: Configure = post "/:name" <name> {values: PluginValues} -> Answer<PluginBody> => configured;
    enable: Enable = post "/:name/enable" <name> -> Answer<Switched> => enabled;
    disable: Disable = post "/:name/disable" <name> -> Answer<Switched> => disabled;
    scan: Scan = post "/:name/scan" <name> -> Answer<Switched> => scanned;
}
