//! The GraphQL fields of plugins.
use async_graphql::{InputObject, Object, SimpleObject, types::Json};
use serde_json::Value;

use super::{
    Configuration, Configure, Disable, Enable, List, Retrieve, all, found,
    known::{Field, Plugin},
    values::{PluginValues, shown},
    write,
};
use crate::{
    error::Result,
    graphql::{
        connection::answer,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    rest::params::choices,
};

choices! {
    /// What a field of a plugin takes.
    pub enum PluginFieldType {
        /// A text.
        Text = "text",
        /// An address.
        Url = "url",
        /// A secret, which is not shown again.
        Password = "password",
        /// True or false.
        Boolean = "boolean",
    }
}

/// A plugin, with what you have told it.
#[derive(Debug)]
struct Told(&'static Plugin, Configuration);

/// A plugin, with what you have told it.
#[Object(name = "Plugin")]
impl Told {
    /// Name of the plugin, unique.
    async fn name(&self) -> &str {
        self.0.name
    }

    /// Name to show.
    async fn label(&self) -> &str {
        self.0.label
    }

    /// What it does.
    async fn description(&self) -> &str {
        self.0.description
    }

    /// Page about its service.
    async fn homepage(&self) -> &str {
        self.0.homepage
    }

    /// What it needs to know.
    async fn fields(&self) -> Vec<PluginField> {
        self.0.fields.iter().map(PluginField::from).collect()
    }

    /// What you have told it, by the names of the fields; `********` stands for a secret.
    async fn values(&self) -> Json<Value> {
        Json(shown(self.0, &self.1.conf))
    }

    /// Whether it works for you.
    async fn is_enabled(&self) -> bool {
        self.1.enabled
    }

    /// Why its service could not be told what you played last; null if it could.
    async fn problem(&self) -> Option<&str> {
        self.1.problem.as_deref()
    }
}

/// Something that a plugin needs to know.
#[derive(Debug, SimpleObject)]
struct PluginField {
    /// Name of the field.
    name: String,
    /// What it takes.
    #[graphql(name = "type")]
    kind: PluginFieldType,
    /// Name to show.
    label: String,
    /// What to write there; may be empty.
    help: String,
    /// Whether it must be given.
    is_required: bool,
    /// What it is if it is not given; of booleans only.
    default: Option<bool>,
}

impl From<&Field> for PluginField {
    fn from(field: &Field) -> Self {
        use super::known::FieldKind;
        Self {
            name: field.name.to_owned(),
            kind: match field.kind {
                FieldKind::Text => PluginFieldType::Text,
                FieldKind::Url => PluginFieldType::Url,
                FieldKind::Secret => PluginFieldType::Password,
                FieldKind::Boolean => PluginFieldType::Boolean,
            },
            label: field.label.to_owned(),
            help: field.help.to_owned(),
            is_required: field.is_required,
            default: field.default,
        }
    }
}

async fn listed(permit: &Allowed<List>) -> Result<Vec<Told>> {
    let all = all(permit).await?.into_iter();
    Ok(all.map(|(plugin, told)| Told(plugin, told)).collect())
}

async fn single(permit: &Allowed<Retrieve>, name: &str) -> Result<Told> {
    found(permit, name)
        .await
        .map(|(plugin, told)| Told(plugin, told))
}

fields! {
    Queries as "PluginsQueries";
    text plugin(name: "Name of the plugin, such as `listenbrainz`.") -> Told = single;
    {
        /// Lists the plugins, with what you have told each.
        async fn plugins(&self, ctx: &async_graphql::Context<'_>) -> Option<Result<Vec<Told>>> {
            answer(async { listed(&ctx.allow().await?).await }).await
        }
    }
}

/// What to tell a plugin.
#[derive(Debug, InputObject)]
struct ConfigurePluginInput {
    /// Name of the plugin.
    name: String,
    /// What it needs to know. Fields that are not given keep their values.
    values: PluginValues,
}

/// A plugin that is to work for you.
#[derive(Debug, InputObject)]
struct EnablePluginInput {
    /// Name of the plugin.
    name: String,
}

/// A plugin that is no longer to work for you.
#[derive(Debug, InputObject)]
struct DisablePluginInput {
    /// Name of the plugin.
    name: String,
}

async fn configured(permit: &Allowed<Configure>, input: ConfigurePluginInput) -> Result<Told> {
    write::configure(permit, &input.name, &input.values).await?;
    found(permit, &input.name)
        .await
        .map(|(plugin, told)| Told(plugin, told))
}

async fn enabled(permit: &Allowed<Enable>, input: EnablePluginInput) -> Result<Told> {
    write::enable(permit, &input.name).await?;
    found(permit, &input.name)
        .await
        .map(|(plugin, told)| Told(plugin, told))
}

async fn disabled(permit: &Allowed<Disable>, input: DisablePluginInput) -> Result<Told> {
    write::disable(permit, &input.name).await?;
    found(permit, &input.name)
        .await
        .map(|(plugin, told)| Told(plugin, told))
}

mutations! {
    Mutations as "PluginsMutations";
    change configure_plugin(ConfigurePluginInput) -> ConfigurePluginPayload { plugin: Told, "The plugin after the change." } = configured;
    change enable_plugin(EnablePluginInput) -> EnablePluginPayload { plugin: Told, "The plugin after the change." } = enabled;
    change disable_plugin(DisablePluginInput) -> DisablePluginPayload { plugin: Told, "The plugin after the change." } = disabled;
}
