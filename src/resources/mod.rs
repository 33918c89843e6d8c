//! The resources of the API, by what people do there. Each is a module with its operations, domain
//! logic, REST endpoints and GraphQL fields; each area gathers those of its resources.
pub mod catalogue;
pub mod checks;
pub mod keeping;
pub mod library;
pub mod listening;
pub mod managing;
pub mod moderation;
pub mod node;
pub mod people;
pub mod publishing;
pub mod smart;

use async_graphql::{MergedObject, MergedSubscription};
use poem_openapi::OpenApi;

use crate::{
    guard::{Guarded, Info, Table},
    rest::live::Channel,
};

/// Every operation, in the order of `docs/OPERATIONS.md`.
pub fn operations() -> impl Iterator<Item = &'static Info> {
    let areas = [
        catalogue::OPERATIONS,
        library::OPERATIONS,
        listening::OPERATIONS,
        publishing::OPERATIONS,
        people::OPERATIONS,
        moderation::OPERATIONS,
        managing::OPERATIONS,
        keeping::OPERATIONS,
    ];
    areas.into_iter().flatten().copied().flatten().copied()
}

/// Finds an operation by its name, such as `artists.list`.
pub fn operation(name: &str) -> Option<&'static Info> {
    operations().find(|info| info.name == name)
}

/// The operation of an `operationId`, which has the method behind the name for a further route.
pub fn operation_of(id: &str) -> Option<&'static Info> {
    let further = id.match_indices('.').nth(1);
    operation(further.map_or(id, |(end, _)| &id[..end]))
}

struct Operations;

impl Table for Operations {
    fn operation(name: &str) -> Option<&'static Info> {
        operation(name)
    }
}

/// The REST API.
pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    let areas = (
        catalogue::rest(),
        library::rest(),
        listening::rest(),
        publishing::rest(),
        people::rest(),
        moderation::rest(),
        managing::rest(),
        keeping::rest(),
    );
    Guarded::<_, Operations>::new(areas)
}

/// Root of all queries. Each field is an operation: it needs a scope and counts against a rate
/// limit, like its REST counterpart. OAuth itself (authorization, tokens, revocation,
/// introspection) is available over REST only, at the endpoints in the RFC 8414 metadata.
#[derive(Default, MergedObject)]
pub struct Query(
    catalogue::Queries,
    library::Queries,
    listening::Queries,
    publishing::Queries,
    people::Queries,
    moderation::Queries,
    managing::Queries,
    keeping::Queries,
    node::Queries,
);

/// Root of all mutations. Each field is an operation, as in `Query`; fields run one after another.
#[derive(Default, MergedObject)]
pub struct Mutation(
    catalogue::Mutations,
    library::Mutations,
    listening::Mutations,
    publishing::Mutations,
    people::Mutations,
    moderation::Mutations,
    managing::Mutations,
    keeping::Mutations,
);

/// Root of all subscriptions, over WebSocket (`graphql-transport-ws`) or server-sent events. A subscription
/// needs the scope of its operation, counts as one request when it starts, and ends when its token does.
#[derive(Default, MergedSubscription)]
pub struct Subscription(
    library::Subscriptions,
    listening::Subscriptions,
    people::Subscriptions,
    moderation::Subscriptions,
    keeping::Subscriptions,
);

/// What the web socket of the REST API tells. It needs the permit of the first.
pub const CHANNELS: &[Channel] = &[
    listening::CHANNEL,
    library::uploads::CHANNEL,
    people::notifications::CHANNEL,
    moderation::reports::CHANNEL,
    moderation::user_requests::CHANNEL,
];
