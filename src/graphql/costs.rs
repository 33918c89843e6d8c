//! The complexity of a query that exceeds the limit, and the root field that contributes most.
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_graphql::{
    Request, ServerError, ValidationMode, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::{DocumentOperations, ExecutableDocument, Selection},
};

use super::{Graph, described};
use crate::error::Fault;

/// A schema that measures complexity and executes nothing. Built when the first query is refused.
static MEASURING: LazyLock<Graph> = LazyLock::new(|| {
    let schema = described().validation_mode(ValidationMode::Fast);
    schema.extension(Measure).finish()
});

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

/// Explains which part of a query exceeds the limit.
pub async fn explain(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
    limit: usize,
) -> Fault {
    let cost = measured(document.clone(), operation, variables).await;
    let mut dearest = None;
    for (name, alone) in split(document, operation) {
        let points = measured(alone, operation, variables).await;
        if dearest.as_ref().is_none_or(|(_, most)| points > *most) {
            dearest = Some((name, points));
        }
    }
    Fault::complexity(cost, limit, dearest)
}

async fn measured(
    document: ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
) -> usize {
    let meter = Meter::default();
    let mut request = Request::new("").variables(variables.clone());
    if let Some(name) = operation {
        request = request.operation_name(name);
    }
    request.set_parsed_query(document);
    MEASURING.execute(request.data(meter.clone())).await;
    *meter.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One document for each root selection of the operation, with the name of the selection.
fn split(
    document: &ExecutableDocument,
    operation: Option<&str>,
) -> Vec<(String, ExecutableDocument)> {
    let chosen = match (&document.operations, operation) {
        (DocumentOperations::Single(only), _) => Some(only),
        (DocumentOperations::Multiple(several), Some(name)) => several.get(name),
        (DocumentOperations::Multiple(several), None) => several.values().next(),
    };
    let Some(chosen) = chosen else {
        return Vec::new();
    };
    let selections = chosen.node.selection_set.node.items.iter();
    let alone = selections.map(|selection| {
        let name = match &selection.node {
            Selection::Field(field) => field.node.response_key().node.to_string(),
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
            Selection::InlineFragment(_) => "...".to_owned(),
        };
        let mut operation = chosen.clone();
        operation.node.selection_set.node.items = vec![selection.clone()];
        let document = ExecutableDocument {
            operations: DocumentOperations::Single(operation),
            fragments: document.fragments.clone(),
        };
        (name, document)
    });
    alone.collect()
}
