//! Plugins: services elsewhere that hear what somebody plays (contract section 10).
mod announce;
mod body;
mod graphql;
mod known;
mod services;
mod submit;
mod values;
mod write;

use std::collections::HashMap;

use serde_json::Value;
use sqlx::FromRow;

use self::known::{PLUGINS, Plugin, plugin};
pub use self::{
    announce::{Act, told},
    body::Rest,
    graphql::{Mutations, Queries},
    submit::Submission,
};
use crate::{
    context::Reader,
    error::Result,
    guard::{Allowed, Operation, operations},
    store::{On, Sql, sql},
};

operations! {
    "plugins", "Plugins: services elsewhere that hear what you play.";
    /// Lists the plugins, with what you have told each.
    ///
    /// Secrets are not shown: `********` stands for one that is there. The list is not cut into pages.
    list: List = read Plugins, anonymous = Never, throttle = List, graphql = "plugins";
    /// Returns a plugin, with what you have told it.
    ///
    /// Unknown names are answered with 404.
    retrieve: Retrieve = read Plugins, anonymous = Never, throttle = Retrieve, graphql = "plugin";
    /// Tells a plugin what it needs to know.
    ///
    /// Fields that are not sent keep their values. What is missing is answered with 400, unknown names with 404.
    configure: Configure = write Plugins, anonymous = Never, throttle = Create, graphql = "Mutation.configurePlugin";
    /// Lets a plugin work for you.
    ///
    /// From now on its service is told what you play; nothing happens until it knows what it needs. Unknown names are
    /// answered with 404.
    enable: Enable = write Plugins, anonymous = Never, throttle = Wildcard, graphql = "Mutation.enablePlugin";
    /// Stops a plugin for you.
    ///
    /// What its service has not been told yet is forgotten. Unknown names are answered with 404.
    disable: Disable = write Plugins, anonymous = Never, throttle = Wildcard, graphql = "Mutation.disablePlugin";
    /// Lets a plugin look for music.
    ///
    /// No plugin of this pod has any: the answer is 405. Unknown names are answered with 404.
    scan: Scan = write Plugins, anonymous = Never, throttle = Wildcard, graphql = "(REST only: no plugin has music)";
}

/// What somebody has told a plugin, and how it works for them.
#[derive(Clone, Debug, Default, FromRow)]
pub struct Configuration {
    #[sqlx(json)]
    conf: Value,
    enabled: bool,
    problem: Option<String>,
    failures: i64,
}

fn configuration(user: i64, plugin: &Plugin) -> Sql {
    sql("select conf, enabled, problem, failures from plugin_configurations where user_id = ? and code = ?")
        .bind(user)
        .bind(plugin.name)
}

#[derive(FromRow)]
struct Coded {
    code: String,
    #[sqlx(flatten)]
    configuration: Configuration,
}

/// The plugins, each with what the caller has told it.
async fn all(reader: &Reader) -> Result<Vec<(&'static Plugin, Configuration)>> {
    let held = sql(
        "select code, conf, enabled, problem, failures from plugin_configurations where user_id = ?",
    );
    let held: Vec<Coded> = held.bind(reader.user()?.user_id).all(reader.db()).await?;
    let mut held: HashMap<String, Configuration> = held
        .into_iter()
        .map(|row| (row.code, row.configuration))
        .collect();
    let told = |plugin: &'static Plugin| (plugin, held.remove(plugin.name).unwrap_or_default());
    Ok(PLUGINS.iter().map(told).collect())
}

/// A plugin, with what the caller has told it.
async fn found<O: Operation>(
    permit: &Allowed<O>,
    name: &str,
) -> Result<(&'static Plugin, Configuration)> {
    let plugin = plugin(name)?;
    let told = held(permit.db(), permit.user()?.user_id, plugin).await?;
    Ok((plugin, told))
}

async fn held(on: impl On, user: i64, plugin: &Plugin) -> Result<Configuration> {
    let told = configuration(user, plugin).optional(on).await?;
    Ok(told.unwrap_or_default())
}
