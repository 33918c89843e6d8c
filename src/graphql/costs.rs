//! The complexity of a query that exceeds the limit, and the root field that contributes most.
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_graphql::{
    Pos, Positioned, Request, ServerError, ValidationMode, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
    },
};

use super::{Graph, described};
use crate::error::Fault;

/// A schema that measures complexity and executes nothing. Built when the first query is refused.
static MEASURING: LazyLock<Graph> = LazyLock::new(|| {
    let schema = described().validation_mode(ValidationMode::Fast);
    schema.extension(Measure).finish()
});

/// Maximum number of root selections that are measured one by one.
const MEASURED: usize = 10;

/// Receives the complexity of one query.
#[derive(Clone, Default)]
struct Meter(Arc<Mutex<usize>>);

struct Measure;

impl ExtensionFactory for Measure {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Measure {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let measured = next.run(ctx).await?;
        if let Some(Meter(cost)) = ctx.data_opt::<Meter>() {
            *cost.lock().unwrap_or_else(PoisonError::into_inner) = measured.complexity;
        }
        // Stops before execution.
        Err(Vec::new())
    }
}

/// Explains which part of a query exceeds the limit. The parts are measured only if there are few.
pub async fn explain(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    limit: usize,
) -> Fault {
    let cost = measured(document, operation, variables).await;
    let selections = &operation.selection_set.node.items;
    let mut dearest = None;
    for selection in selections.iter().filter(|_| selections.len() <= MEASURED) {
        let points = measured(document, &alone(operation, selection), variables).await;
        if dearest.as_ref().is_none_or(|(_, most)| points > *most) {
            dearest = Some((name(&selection.node), points));
        }
    }
    Fault::complexity(cost, limit, dearest)
}

/// The complexity of an operation.
pub async fn measured(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> usize {
    let meter = Meter::default();
    let mut request = Request::new("").variables(variables.clone());
    request.set_parsed_query(ExecutableDocument {
        operations: DocumentOperations::Single(Positioned::new(operation.clone(), Pos::default())),
        fragments: document.fragments.clone(),
    });
    MEASURING.execute(request.data(meter.clone())).await;
    *meter.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The operation with one of its root selections only.
fn alone(
    operation: &OperationDefinition,
    selection: &Positioned<Selection>,
) -> OperationDefinition {
    let mut selection_set = Positioned::new(SelectionSet::default(), operation.selection_set.pos);
    selection_set.node.items.push(selection.clone());
    OperationDefinition {
        ty: operation.ty,
        variable_definitions: operation.variable_definitions.clone(),
        directives: Vec::new(),
        selection_set,
    }
}

fn name(selection: &Selection) -> String {
    match selection {
        Selection::Field(field) => field.node.response_key().node.to_string(),
        Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
        Selection::InlineFragment(_) => "...".to_owned(),
    }
}
