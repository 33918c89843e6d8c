//! Root fields are told with the words of their operations: those that the OpenAPI document has.
use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaType, Registry},
    resolver_utils::{ContainerType, Fields},
};

use crate::resources::operations;

/// `Query` or `Mutation`, whose fields are operations.
#[derive(Default)]
pub struct Described<T>(T);

/// Gives the fields of a root type the descriptions of their operations.
fn describe(registry: &mut Registry, root: &str) {
    let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(root) else {
        return;
    };
    for info in operations() {
        let name = match info.graphql.split_once('.') {
            Some((kind, name)) if kind == root => name,
            None if root == "Query" => info.graphql,
            _ => continue,
        };
        if let Some(field) = fields.get_mut(name) {
            field.description = Some(format!("{}\n\n{}", info.summary(), info.description()));
        }
    }
}

impl<T: ObjectType> OutputType for Described<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let qualified = T::create_type_info(registry);
        describe(registry, &T::type_name());
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
    async fn resolve_field(&self, ctx: &async_graphql::Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        self.0.collect_all_fields(ctx, fields)
    }

    async fn find_entity(
        &self,
        ctx: &async_graphql::Context<'_>,
        params: &Value,
    ) -> ServerResult<Option<Value>> {
        self.0.find_entity(ctx, params).await
    }
}

impl<T: ObjectType> ObjectType for Described<T> {}
