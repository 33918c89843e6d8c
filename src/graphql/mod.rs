//! The GraphQL door.
pub mod connection;
pub mod http;
pub mod ids;
mod limits;
pub mod loaders;
mod persisted;
pub mod scalars;

use async_graphql::{EmptyMutation, EmptySubscription, Schema};

use crate::{config::Config, resources::Query};

/// The schema of both doors' resources.
pub type Graph = Schema<Query, EmptyMutation, EmptySubscription>;

/// The schema with the limits that the settings name.
pub fn schema(config: &Config) -> Graph {
    let mut builder = Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .limit_depth(config.graphql_depth)
        .limit_complexity(config.graphql_complexity)
        .limit_recursive_depth(limits::NESTING)
        .limit_directives(10);
    if !config.graphql_introspection {
        builder = builder.disable_introspection().disable_suggestions();
    }
    builder.finish()
}

/// The text of `schema.graphql`.
pub fn sdl() -> String {
    let schema = Schema::build(Query::default(), EmptyMutation, EmptySubscription).finish();
    let options = async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments();
    schema.sdl_with_options(options.sorted_enum_items().include_specified_by())
}
