//! Fields of an answer in the order of the query (GraphQL specification, section "Objects"): the
//! executor puts them in the order in which they are done.
use async_graphql::{
    Name, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

/// The fields that are asked for, in order, and those within them.
#[derive(Default)]
struct Shape(IndexMap<Name, Shape>);

/// Puts what a query answered in its order. Only for documents that were executed: their limits
/// bound how far fragments unfold.
pub fn ordered(
    data: Value,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Value {
    let mut shape = Shape::default();
    shape.add(&operation.selection_set.node, document);
    shape.arrange(data)
}

impl Shape {
    fn add(&mut self, set: &SelectionSet, document: &ExecutableDocument) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.clone();
                    let within = self.0.entry(key).or_default();
                    within.add(&field.node.selection_set.node, document);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name) {
                        self.add(&fragment.node.selection_set.node, document);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.add(&fragment.node.selection_set.node, document);
                }
            }
        }
    }

    fn arrange(&self, value: Value) -> Value {
        match value {
            Value::List(list) => list.into_iter().map(|item| self.arrange(item)).collect(),
            // A scalar may be an object too: nothing is asked for within it.
            Value::Object(found) if !self.0.is_empty() => {
                let mut found = found;
                let mut arranged = IndexMap::with_capacity(found.len());
                for (key, within) in &self.0 {
                    if let Some(value) = found.swap_remove(key) {
                        arranged.insert(key.clone(), within.arrange(value));
                    }
                }
                arranged.extend(found);
                Value::Object(arranged)
            }
            value => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    #[test]
    fn fields_stand_as_they_were_asked_for_through_fragments_lists_and_aliases() {
        let document = parse_query(
            "query A { z x: b { ...F ... on T { d } } list { q p } } query B { a } fragment F on T { e c }",
        )
        .unwrap();
        let done = value!({"list": [{"p": 1, "q": 2}, null], "x": {"c": 1, "d": 2, "e": 3}, "z": {"b": 1, "a": 2}});
        let mut operations = document.operations.iter();
        let (_, operation) = operations
            .find(|(name, _)| name.is_some_and(|name| name == "A"))
            .unwrap();
        let text = ordered(done, &document, &operation.node).to_string();
        assert_eq!(
            text,
            "{z: {b: 1, a: 2}, x: {e: 3, c: 1, d: 2}, list: [{q: 2, p: 1}, null]}"
        );
    }
}
