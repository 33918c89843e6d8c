//! Variables that a request leaves out (GraphQL specification, section 6.4.1): their own default
//! counts everywhere, also in directives, and without one the argument is as if it was not written,
//! so that the argument's default counts. The executor would pass null.
use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition,
        Selection, SelectionSet,
    },
};

use async_graphql_value::Value;

/// Writes the defaults into the variables, and takes what was left out from the document.
pub fn complete(
    document: &mut ExecutableDocument,
    operation: Option<&str>,
    variables: &mut Variables,
) {
    let Some(chosen) = chosen(&mut document.operations, operation) else {
        return;
    };
    let mut left_out = HashSet::new();
    for definition in &chosen.variable_definitions {
        let definition = &definition.node;
        let name = &definition.name.node;
        if variables.contains_key(name) {
            continue;
        }
        match &definition.default_value {
            Some(default) => {
                variables.insert(name.clone(), default.node.clone());
            }
            None if definition.var_type.node.nullable => _ = left_out.insert(name.clone()),
            None => {}
        }
    }
    if left_out.is_empty() {
        return;
    }
    clear(&mut chosen.selection_set.node, &left_out);
    let reached = reached(chosen, &document.fragments);
    for (_, fragment) in document
        .fragments
        .iter_mut()
        .filter(|(name, _)| reached.contains(*name))
    {
        clear(&mut fragment.node.selection_set.node, &left_out);
    }
    // Operations that are not asked for share the fragments, and are validated too: a definition
    // that nothing uses any more is an error.
    let fragments = &document.fragments;
    for operation in all(&mut document.operations) {
        let mut uses = Uses::new(fragments);
        uses.read(&operation.selection_set.node);
        let used = uses.names;
        operation.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            !left_out.contains(name) || used.contains(name)
        });
    }
}

fn all(operations: &mut DocumentOperations) -> Vec<&mut OperationDefinition> {
    match operations {
        DocumentOperations::Single(only) => vec![&mut only.node],
        DocumentOperations::Multiple(several) => {
            let operations = several.values_mut();
            operations.map(|found| &mut found.node).collect()
        }
    }
}

/// The fragments that an operation spreads, also through others.
fn reached(operation: &OperationDefinition, fragments: &Fragments) -> HashSet<Name> {
    let mut uses = Uses::new(fragments);
    uses.read(&operation.selection_set.node);
    uses.spread.into_iter().cloned().collect()
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The variables that a selection uses, with the fragments that it spreads.
struct Uses<'a> {
    fragments: &'a Fragments,
    names: HashSet<Name>,
    spread: HashSet<&'a Name>,
}

impl<'a> Uses<'a> {
    fn new(fragments: &'a Fragments) -> Self {
        Self {
            fragments,
            names: HashSet::new(),
            spread: HashSet::new(),
        }
    }

    fn read(&mut self, set: &'a SelectionSet) {
        for selection in &set.items {
            self.directed(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    for (_, value) in &field.node.arguments {
                        self.named(&value.node);
                    }
                    self.read(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.read(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.follow(&spread.node.fragment_name.node),
            }
        }
    }

    /// Reads a fragment once.
    fn follow(&mut self, name: &'a Name) {
        if let Some(fragment) = self.fragments.get(name)
            && self.spread.insert(name)
        {
            self.directed(&fragment.node.directives);
            self.read(&fragment.node.selection_set.node);
        }
    }

    fn directed(&mut self, directives: &[Positioned<Directive>]) {
        let arguments = directives
            .iter()
            .flat_map(|directive| &directive.node.arguments);
        for (_, value) in arguments {
            self.named(&value.node);
        }
    }

    fn named(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => _ = self.names.insert(name.clone()),
            Value::List(items) => items.iter().for_each(|item| self.named(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.named(field)),
            _ => {}
        }
    }
}

/// The operation to execute, as `documents::chosen` finds it.
fn chosen<'a>(
    operations: &'a mut DocumentOperations,
    name: Option<&str>,
) -> Option<&'a mut OperationDefinition> {
    match (operations, name) {
        (DocumentOperations::Single(only), None) => Some(&mut only.node),
        (DocumentOperations::Multiple(several), Some(name)) => {
            several.get_mut(name).map(|found| &mut found.node)
        }
        (DocumentOperations::Multiple(several), None) if several.len() == 1 => {
            several.values_mut().next().map(|only| &mut only.node)
        }
        _ => None,
    }
}

/// Takes arguments out whose variable was left out. Nesting is bounded by `limits`.
fn clear(set: &mut SelectionSet, left_out: &HashSet<Name>) {
    for selection in &mut set.items {
        let inner = match &mut selection.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                field
                    .arguments
                    .retain(|(_, value)| !is_left_out(&value.node, left_out));
                for (_, value) in &mut field.arguments {
                    clear_value(&mut value.node, left_out);
                }
                &mut field.selection_set
            }
            Selection::InlineFragment(fragment) => &mut fragment.node.selection_set,
            Selection::FragmentSpread(_) => continue,
        };
        clear(&mut inner.node, left_out);
    }
}

fn is_left_out(value: &Value, left_out: &HashSet<Name>) -> bool {
    matches!(value, Value::Variable(name) if left_out.contains(name))
}

/// A field of an input object is left out too; an item of a list is null.
fn clear_value(value: &mut Value, left_out: &HashSet<Name>) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !is_left_out(field, left_out));
            for field in fields.values_mut() {
                clear_value(field, left_out);
            }
        }
        Value::List(items) => {
            for item in items {
                match is_left_out(item, left_out) {
                    true => *item = Value::Null,
                    false => clear_value(item, left_out),
                }
            }
        }
        _ => {}
    }
}
