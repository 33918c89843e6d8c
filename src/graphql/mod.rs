//! The GraphQL door.
mod budgets;
pub mod connection;
mod documents;
pub mod http;
pub mod ids;
mod limits;
mod order;
mod persisted;
pub mod scalars;
mod sent;

use async_graphql::{EmptySubscription, Schema, SchemaBuilder};

use self::connection::Connection;
use crate::{
    config::Config,
    resources::{
        Mutation, Query, albums::Album, artists::Artist, libraries::Library, tags::Tag,
        tracks::Track, uploads::Upload,
    },
};

/// The schema of both doors' resources.
pub type Graph = Schema<Query, Mutation, EmptySubscription>;

/// The schema with the limits that the settings name.
pub fn schema(config: &Config) -> Graph {
    let mut builder = described()
        .limit_depth(config.graphql_depth)
        .limit_complexity(config.graphql_complexity)
        .limit_recursive_depth(limits::NESTING)
        .limit_directives(10)
        .extension(budgets::Budgets);
    if !config.graphql_introspection {
        builder = builder.disable_introspection().disable_suggestions();
    }
    builder.finish()
}

type Builder = SchemaBuilder<Query, Mutation, EmptySubscription>;

/// The schema with descriptions of the types that are not our own.
fn described() -> Builder {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .override_output_type_description::<Connection<Artist>>("Artists, a stretch of a list.")
        .override_output_type_description::<Connection<Album>>("Albums, a stretch of a list.")
        .override_output_type_description::<Connection<Track>>("Tracks, a stretch of a list.")
        .override_output_type_description::<Connection<Upload>>("Uploads, a stretch of a list.")
        .override_output_type_description::<Connection<Library>>("Libraries, a stretch of a list.")
        .override_output_type_description::<Connection<Tag>>("Tags, a stretch of a list.")
}

/// The text of `schema.graphql`.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments();
    described()
        .finish()
        .sdl_with_options(options.sorted_enum_items().include_specified_by())
}
