//! What stands in a document.
use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value;

/// What stands in a document, whether an operation reaches it or not: all of it is validated.
#[derive(Default)]
pub struct Written {
    pub fields: usize,
    /// Fields, each as often as inline fragments are around it: the validator compares them at each.
    pub levels: usize,
    pub variables: usize,
    /// Of the field or directive that has most.
    pub arguments: usize,
}

impl Written {
    pub fn of(document: &ExecutableDocument) -> Self {
        let mut written = Self::default();
        for (_, operation) in document.operations.iter() {
            let operation = &operation.node;
            written.variables += operation.variable_definitions.len();
            written.directives(&operation.directives);
            written.read(&operation.selection_set.node, 1);
        }
        for fragment in document.fragments.values() {
            written.directives(&fragment.node.directives);
            written.read(&fragment.node.selection_set.node, 1);
        }
        written
    }

    /// Nesting is bounded by `check_text`.
    fn read(&mut self, selection: &SelectionSet, level: usize) {
        for item in &selection.items {
            self.directives(item.node.directives());
            match &item.node {
                Selection::Field(field) => {
                    self.fields += 1;
                    self.levels += level;
                    self.arguments(&field.node.arguments);
                    self.read(&field.node.selection_set.node, 1);
                }
                Selection::InlineFragment(fragment) => {
                    self.levels += level;
                    self.read(&fragment.node.selection_set.node, level + 1);
                }
                Selection::FragmentSpread(_) => self.levels += level,
            }
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for directive in directives {
            self.arguments(&directive.node.arguments);
        }
    }

    fn arguments(&mut self, arguments: &[(Positioned<Name>, Positioned<Value>)]) {
        self.arguments = self.arguments.max(arguments.len());
        for (_, value) in arguments {
            self.variables += variables(&value.node);
        }
    }
}

fn variables(value: &Value) -> usize {
    match value {
        Value::Variable(_) => 1,
        Value::List(items) => items.iter().map(variables).sum(),
        Value::Object(fields) => fields.values().map(variables).sum(),
        _ => 0,
    }
}
