//! What a query that is refused as too dear would cost, and which of its root fields costs most.
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_graphql::{
    Request, ServerError, ValidationMode, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::{DocumentOperations, ExecutableDocument, Selection},
};

use super::{Graph, described};
use crate::error::Fault;

/// A schema that measures queries and runs none; made when the first query is refused.
static MEASURING: LazyLock<Graph> = LazyLock::new(|| {
    let schema = described().validation_mode(ValidationMode::Fast);
    schema.extension(Measure).finish()
});

/// The cost of one query, as the executor counts it.
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
        // Nothing of it runs.
        Err(Vec::new())
    }
}

/// Why a query costs too much.
pub async fn too_dear(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
    limit: usize,
) -> Fault {
    let cost = measured(document.clone(), operation, variables).await;
    let mut dearest = None;
    for (name, alone) in apart(document, operation) {
        let points = measured(alone, operation, variables).await;
        if dearest.as_ref().is_none_or(|(_, most)| points > *most) {
            dearest = Some((name, points));
        }
    }
    Fault::costly(cost, limit, dearest)
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

/// The document with one root selection of the operation alone, for each, and what it is called.
fn apart(
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
