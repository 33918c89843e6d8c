//! The GraphQL door.
mod budgets;
mod coercion;
pub mod connection;
mod costs;
mod described;
mod directives;
mod documents;
mod engine;
mod escapes;
pub mod files;
pub mod http;
pub mod ids;
pub mod input;
mod introspection;
mod limits;
pub mod live;
pub mod nested;
mod nulls;
mod order;
mod outcome;
mod persisted;
pub mod reference;
pub mod scalars;
mod sent;
pub mod standard;
mod types;
mod variables;

use async_graphql::{Schema, SchemaBuilder};

use self::{connection::Connection, described::Described};
use crate::{
    config::Config,
    resources::{
        Mutation, Query, Subscription,
        catalogue::{albums::Album, artists::Artist, tags::Tag, tracks::Track},
        keeping::{
            audit::AuditEntry, invitations::Invitation, jobs::Job, user_accounts::UserAccount,
        },
        library::{edits::Edit, follows::LibraryFollow, libraries::Library, uploads::Upload},
        listening::{
            bookmarks::Bookmark,
            content_filters::ContentFilter,
            favorites::Favorite,
            history::Listening,
            marks::Mark,
            playlists::{Playlist, PlaylistTrack},
            radios::Radio,
        },
        moderation::{
            domains::Domain, notes::ModerationNote, policies::InstancePolicy, reports::Report,
            user_requests::UserRequest,
        },
        people::{actors::Actor, notifications::Notification},
        publishing::{channels::Channel, subscriptions::ChannelSubscription},
    },
};

/// The schema of both doors' resources.
pub type Graph = Schema<Described<Query>, Described<Mutation>, Described<Subscription>>;

/// The schema with the limits that the settings name.
pub fn schema(config: &Config) -> Graph {
    let mut builder = described()
        .limit_depth(config.graphql_depth)
        .limit_complexity(config.graphql_complexity)
        .limit_directives(10);
    if !config.graphql_introspection {
        builder = builder.disable_introspection().disable_suggestions();
    }
    builder.finish()
}

type Builder = SchemaBuilder<Described<Query>, Described<Mutation>, Described<Subscription>>;

/// The schema with descriptions of the types that are not our own.
fn described() -> Builder {
    Schema::build(
        Described::default(),
        Described::default(),
        Described::default(),
    )
    .limit_recursive_depth(limits::NESTING)
    .override_output_type_description::<Connection<Artist>>("A page of artists.")
    .override_output_type_description::<Connection<Album>>("A page of albums.")
    .override_output_type_description::<Connection<Track>>("A page of tracks.")
    .override_output_type_description::<Connection<Upload>>("A page of uploads.")
    .override_output_type_description::<Connection<Library>>("A page of libraries.")
    .override_output_type_description::<Connection<Tag>>("A page of tags.")
    .override_output_type_description::<Connection<Favorite>>("A page of favorites.")
    .override_output_type_description::<Connection<Notification>>("A page of notifications.")
    .override_output_type_description::<Connection<Edit>>("A page of edits.")
    .override_output_type_description::<Connection<LibraryFollow>>(
        "A page of follows of libraries.",
    )
    .override_output_type_description::<Connection<Listening>>("A page of listenings.")
    .override_output_type_description::<Connection<Playlist>>("A page of playlists.")
    .override_output_type_description::<Connection<PlaylistTrack>>("A page of a playlist's tracks.")
    .override_output_type_description::<Connection<Radio>>("A page of radios.")
    .override_output_type_description::<Connection<ContentFilter>>("A page of content filters.")
    .override_output_type_description::<Connection<Mark>>("A page of marks.")
    .override_output_type_description::<Connection<Bookmark>>("A page of bookmarks.")
    .override_output_type_description::<Connection<Channel>>("A page of channels.")
    .override_output_type_description::<Connection<ChannelSubscription>>(
        "A page of subscriptions to channels.",
    )
    .override_output_type_description::<Connection<Report>>("A page of reports.")
    .override_output_type_description::<Connection<UserRequest>>("A page of sign-up requests.")
    .override_output_type_description::<Connection<ModerationNote>>("A page of moderators' notes.")
    .override_output_type_description::<Connection<InstancePolicy>>("A page of policies.")
    .override_output_type_description::<Connection<Domain>>("A page of domains.")
    .override_output_type_description::<Connection<Actor>>(
        "A page of accounts of this and other pods.",
    )
    .override_output_type_description::<Connection<UserAccount>>("A page of accounts.")
    .override_output_type_description::<Connection<Invitation>>("A page of invitations.")
    .override_output_type_description::<Connection<AuditEntry>>("A page of the audit log.")
    .override_output_type_description::<Connection<Job>>("A page of jobs.")
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

#[cfg(test)]
mod tests {
    use async_graphql::{ContainerType, Context};

    use crate::resources::{
        catalogue::{albums::Album, artists::Artist, tracks::Track},
        library::uploads::Upload,
    };

    fn size<'a, T: ContainerType + 'a, F: Future>(
        _: impl Fn(&'a T, &'a Context<'a>) -> F,
    ) -> usize {
        size_of::<F>()
    }

    /// Each selected field of an object takes as much memory as its largest field could need.
    #[test]
    fn what_a_field_needs_is_little() {
        for (name, size) in [
            ("Track", size(<Track as ContainerType>::resolve_field)),
            ("Album", size(<Album as ContainerType>::resolve_field)),
            ("Artist", size(<Artist as ContainerType>::resolve_field)),
            ("Upload", size(<Upload as ContainerType>::resolve_field)),
        ] {
            assert!(size <= 2_048, "{name}: {size} bytes; box what is large");
        }
    }
}
