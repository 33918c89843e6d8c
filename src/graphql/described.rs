//! Root fields are told with the words of their operations: those that the OpenAPI document has.
use std::{borrow::Cow, pin::Pin};

use async_graphql::{
    Context, ContextSelectionSet, ObjectType, OutputType, Positioned, Response, ServerResult,
    SubscriptionType, Value,
    parser::types::Field,
    registry::{MetaType, Registry},
    resolver_utils::{ContainerType, Fields},
};
use futures_util::Stream;

use super::{
    connection::{MOST, NESTED_DEFAULT, NESTED_MAXIMUM},
    directives,
};
use crate::{resources::operations, rest::routes::Routes};

/// A root type, whose fields are operations.
#[derive(Default)]
pub struct Described<T>(T);

/// Gives the fields that are operations their directives, and those of a root type their descriptions.
fn describe(registry: &mut Registry, root: &str) {
    directives::register(registry);
    let routes = Routes::of_api();
    for info in operations().filter(|info| !info.graphql.starts_with('(')) {
        let (kind, name) = info
            .graphql
            .split_once('.')
            .unwrap_or(("Query", info.graphql));
        let is_root = matches!(kind, "Query" | "Mutation");
        if is_root && kind != root {
            continue;
        }
        let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(kind) else {
            continue;
        };
        if let Some(field) = fields.get_mut(name) {
            field.directive_invocations = directives::of(info, is_root);
            if is_root {
                let rest = routes.addresses(info.name).join(", ");
                let description = info.description();
                field.description = Some(format!(
                    "{}\n\n{description}\n\nOver REST: {rest}.",
                    info.summary()
                ));
            }
        }
    }
}

/// Gives the subscriptions their directives.
fn direct_subscriptions(registry: &mut Registry) {
    let Some(MetaType::Object { fields, .. }) = registry.types.get_mut("Subscription") else {
        return;
    };
    for info in operations() {
        let field = info.live.and_then(|live| fields.get_mut(live.field));
        if let Some(field) = field {
            field.directive_invocations = directives::of(info, true);
            let about = field.description.take().unwrap_or_default();
            field.description = Some(format!("{about}\n\n{}", info.conditions()));
        }
    }
}

/// Describes the arguments that many fields have alike.
fn describe_arguments(registry: &mut Registry) {
    for (kind, object) in &mut registry.types {
        let MetaType::Object { fields, .. } = object else {
            continue;
        };
        let arguments = fields.values_mut().flat_map(|field| &mut field.args);
        for (name, argument) in arguments {
            if argument.description.is_none() {
                argument.description = argument_words(name, kind == "Query");
            }
        }
    }
}

fn argument_words(name: &str, is_root: bool) -> Option<String> {
    let (usual, most) = match is_root {
        true => (MOST, MOST),
        false => (NESTED_DEFAULT, NESTED_MAXIMUM),
    };
    let words = match name {
        "first" => {
            return Some(format!(
                "Number of items from the start: {usual} unless given, at most {most}."
            ));
        }
        "last" => return Some(format!("Number of items from the end, at most {most}.")),
        "after" => "Cursor of the item after which to start.",
        "before" => "Cursor of the item before which to end.",
        "filter" => "Conditions, which must all hold.",
        "orderBy" => "Sort keys, the most significant first.",
        "id" => "Global ID.",
        "ids" => "Global IDs.",
        "databaseId" => "Numeric ID, instead of the global ID.",
        "uuid" => "UUID, instead of the global ID.",
        _ => return None,
    };
    Some(words.to_owned())
}

impl<T: ObjectType> OutputType for Described<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let qualified = T::create_type_info(registry);
        describe(registry, &T::type_name());
        describe_arguments(registry);
        qualified
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}

impl<T: ObjectType> ContainerType for Described<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        self.0.collect_all_fields(ctx, fields)
    }

    async fn find_entity(&self, ctx: &Context<'_>, params: &Value) -> ServerResult<Option<Value>> {
        self.0.find_entity(ctx, params).await
    }
}

impl<T: ObjectType> ObjectType for Described<T> {}

impl<T: SubscriptionType> SubscriptionType for Described<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let qualified = T::create_type_info(registry);
        direct_subscriptions(registry);
        qualified
    }

    fn create_field_stream<'a>(
        &'a self,
        ctx: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        self.0.create_field_stream(ctx)
    }
}
