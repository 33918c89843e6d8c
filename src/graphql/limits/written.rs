//! What stands in a document.
use std::collections::HashMap;

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

/// How often each variable stands in a document, when every fragment is written out: wherever it
/// stands, its value is copied. Fragments must not lead in a circle.
#[derive(Default)]
pub struct Uses<'a> {
    counted: HashMap<&'a str, HashMap<&'a str, usize>>,
}

impl<'a> Uses<'a> {
    pub fn of(document: &'a ExecutableDocument) -> HashMap<&'a str, usize> {
        let mut uses = Self::default();
        let mut found = HashMap::new();
        for (_, operation) in document.operations.iter() {
            let operation = &operation.node;
            uses.directives(&operation.directives, &mut found);
            uses.read(document, &operation.selection_set.node, &mut found);
        }
        found
    }

    fn read(
        &mut self,
        document: &'a ExecutableDocument,
        selection: &'a SelectionSet,
        found: &mut HashMap<&'a str, usize>,
    ) {
        for item in &selection.items {
            self.directives(item.node.directives(), found);
            match &item.node {
                Selection::Field(field) => {
                    for (_, value) in &field.node.arguments {
                        name(&value.node, found);
                    }
                    self.read(document, &field.node.selection_set.node, found);
                }
                Selection::InlineFragment(fragment) => {
                    self.read(document, &fragment.node.selection_set.node, found);
                }
                Selection::FragmentSpread(spread) => {
                    self.spread(document, &spread.node.fragment_name.node, found);
                }
            }
        }
    }

    /// Each fragment is read once.
    fn spread(
        &mut self,
        document: &'a ExecutableDocument,
        fragment: &'a str,
        found: &mut HashMap<&'a str, usize>,
    ) {
        if !self.counted.contains_key(fragment) {
            let mut within = HashMap::new();
            if let Some(fragment) = document.fragments.get(fragment) {
                self.directives(&fragment.node.directives, &mut within);
                self.read(document, &fragment.node.selection_set.node, &mut within);
            }
            self.counted.insert(fragment, within);
        }
        for (variable, count) in self.counted.get(fragment).into_iter().flatten() {
            let known = found.entry(variable).or_default();
            *known = known.saturating_add(*count);
        }
    }

    fn directives(
        &self,
        directives: &'a [Positioned<Directive>],
        found: &mut HashMap<&'a str, usize>,
    ) {
        let arguments = directives
            .iter()
            .flat_map(|directive| &directive.node.arguments);
        for (_, value) in arguments {
            name(&value.node, found);
        }
    }
}

/// Counts the variables of a value.
fn name<'a>(value: &'a Value, found: &mut HashMap<&'a str, usize>) {
    match value {
        Value::Variable(variable) => {
            let known = found.entry(variable.as_str()).or_default();
            *known = known.saturating_add(1);
        }
        Value::List(items) => items.iter().for_each(|item| name(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| name(field, found)),
        _ => {}
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
