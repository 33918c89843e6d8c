//! What the root fields of a query spend, asked for at once before any of them runs.
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, LazyLock, OnceLock},
};

use async_graphql::{
    ID, Name, Positioned, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextValidation,
    },
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};

use crate::{
    context::Cx,
    guard::Info,
    resources::{node, operations},
};

/// Makes the extension that reserves.
pub struct Budgets;

impl ExtensionFactory for Budgets {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Reserving::default())
    }
}

/// The operations behind the root fields, by the operation of the document.
type Plan = HashMap<Option<String>, Vec<&'static Info>>;

/// Queries above this complexity wait for their turn, as lists over REST do.
const MANY: usize = 500;

#[derive(Default)]
struct Reserving {
    plan: OnceLock<Plan>,
    complexity: OnceLock<usize>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Reserving {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        let planned = document.operations.iter().map(|(name, operation)| {
            let reader = Reader {
                document: &document,
                operation: &operation.node,
                variables,
            };
            (name.map(ToString::to_string), reader.roots())
        });
        // A query is parsed once.
        let _ = self.plan.set(planned.collect());
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let validated = next.run(ctx).await?;
        // A query is validated once.
        let _ = self.complexity.set(validated.complexity);
        Ok(validated)
    }

    /// Comes after validation: what is refused as a whole has spent nothing.
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let plan = self.plan.get();
        let roots = plan.and_then(|plan| match operation_name {
            Some(name) => plan.get(&Some(name.to_owned())),
            None => plan.values().next().filter(|_| plan.len() == 1),
        });
        if let (Some(roots), Ok(cx)) = (roots, ctx.data::<Cx>())
            && let Err(error) = self.admit(cx, roots).await
        {
            let error = async_graphql::Error::from(error);
            let refused = ServerError {
                extensions: error.extensions,
                ..ServerError::new(error.message, None)
            };
            return Response::from_errors(vec![refused]);
        }
        let answer = next.run(ctx, operation_name).await;
        // What was spent for fields whose arguments were refused is told too.
        if let Ok(cx) = ctx.data::<Cx>() {
            cx.settle();
        }
        answer
    }
}

impl Reserving {
    async fn admit(&self, cx: &Cx, roots: &[&'static Info]) -> crate::error::Result<()> {
        cx.reserve(roots).await?;
        if self.complexity.get().is_some_and(|cost| *cost > MANY) {
            cx.take_turn().await?;
        }
        Ok(())
    }
}

/// The operation of each root field.
static FIELDS: LazyLock<HashMap<&'static str, &'static Info>> = LazyLock::new(|| {
    let named = operations().filter(|info| !info.graphql.starts_with('('));
    named.map(|info| (info.graphql, info)).collect()
});

/// Reads the root fields off one operation of a document.
struct Reader<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

impl Reader<'_> {
    fn roots(&self) -> Vec<&'static Info> {
        let mut found = Vec::new();
        self.read(&self.operation.selection_set.node, &mut found, 0);
        found
    }

    fn read(&self, selection: &SelectionSet, found: &mut Vec<&'static Info>, depth: usize) {
        /// Fragments within fragments: deeper ones are refused by validation, or spend one by one.
        const DEPTH: usize = 16;
        if depth > DEPTH {
            return;
        }
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) if self.is_wanted(&field.node.directives) => {
                    match field.node.name.node.as_str() {
                        "node" => found.extend(self.named(&field.node, "id")),
                        "nodes" => found.extend(self.named(&field.node, "ids")),
                        name => found.extend(self.operation_of(name)),
                    }
                }
                Selection::InlineFragment(fragment)
                    if self.is_wanted(&fragment.node.directives) =>
                {
                    self.read(&fragment.node.selection_set.node, found, depth + 1);
                }
                Selection::FragmentSpread(spread) if self.is_wanted(&spread.node.directives) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    if let Some(fragment) = fragment {
                        self.read(&fragment.node.selection_set.node, found, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// The operations behind an argument of global identifiers, one or several.
    fn named(&self, field: &Field, argument: &str) -> Vec<&'static Info> {
        let of = |value: &Value| match value {
            Value::String(id) => node::operation_of(&ID::from(id)),
            _ => None,
        };
        let sent = field.get_argument(argument);
        match sent.and_then(|sent| sent.node.clone().into_const_with(self.sent()).ok()) {
            Some(Value::List(ids)) => ids.iter().filter_map(of).collect(),
            Some(id) => of(&id).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn operation_of(&self, field: &str) -> Option<&'static Info> {
        match self.operation.ty {
            OperationType::Mutation => FIELDS.get(format!("Mutation.{field}").as_str()).copied(),
            OperationType::Query => FIELDS.get(field).copied(),
            OperationType::Subscription => None,
        }
    }

    /// What `@skip` and `@include` say.
    fn is_wanted(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.node.get_argument("if");
            let holds = condition.is_none_or(|value| {
                value.node.clone().into_const_with(self.sent()) == Ok(Value::Boolean(true))
            });
            match directive.node.name.node.as_str() {
                "skip" => !holds,
                "include" => holds,
                _ => true,
            }
        })
    }

    /// What stands for the variables of a value.
    fn sent(&self) -> impl FnMut(Name) -> Result<Value, Infallible> {
        |name| Ok(self.variable(&name))
    }

    /// What was sent for a variable, or its default.
    fn variable(&self, name: &Name) -> Value {
        let default = || {
            let mut declared = self.operation.variable_definitions.iter();
            let found = declared.find(|variable| variable.node.name.node == *name)?;
            Some(found.node.default_value.as_ref()?.node.clone())
        };
        let given = self.variables.get(name).cloned();
        given.or_else(default).unwrap_or_default()
    }
}
