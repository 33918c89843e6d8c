//! What the root fields of a query spend, asked for at once when the first of them asks.
use std::{collections::HashMap, convert::Infallible, sync::LazyLock};

use async_graphql::{
    ID, Name, Positioned, Value, Variables,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};

use async_graphql_value::Value as Written;

use super::{introspection, limits};
use crate::{
    context::Plan,
    guard::Info,
    resources::{node, operations},
};

/// Selections within selections from here on: such a query waits for its turn, as lists over REST
/// do.
const DEEP: usize = 4;
/// Fields from here on: likewise.
const WIDE: usize = 200;

/// What an operation of a document is going to spend.
pub fn plan(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Plan {
    let reader = Reader {
        document,
        operation,
        variables,
    };
    let selection = &operation.selection_set.node;
    let roots = reader.roots();
    let introspections = reader.introspections(selection);
    let is_deep = reader.is_deep(selection, DEEP);
    let is_wide = limits::fields(document, selection) >= WIDE;
    let is_dear = is_deep || is_wide || roots.iter().any(|info| info.reads_many());
    Plan::new(roots, introspections, is_dear)
}

/// The operation of each root field.
static FIELDS: LazyLock<HashMap<&'static str, &'static Info>> = LazyLock::new(|| {
    let named = operations().filter(|info| !info.graphql.starts_with('('));
    named.map(|info| (info.graphql, info)).collect()
});

/// The operation that a field of `Subscription` subscribes to.
fn live_operation(field: &str) -> Option<&'static Info> {
    operations().find(|info| info.live.is_some_and(|live| live.field == field))
}

/// Reads the root fields off one operation of a document.
struct Reader<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

impl Reader<'_> {
    fn roots(&self) -> Vec<&'static Info> {
        let mut found = Vec::new();
        let selection = &self.operation.selection_set.node;
        self.read(selection, &mut found);
        found
    }

    /// How often the schema is asked for; no further than it is refused.
    fn introspections(&self, selection: &SelectionSet) -> usize {
        let mut count = 0;
        for item in &selection.items {
            count += match &item.node {
                Selection::Field(field) => {
                    usize::from(introspection::is_one(&field.node.name.node))
                }
                Selection::InlineFragment(fragment) => {
                    self.introspections(&fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.fragment(&spread.node.fragment_name.node);
                    fragment.map_or(0, |selection| self.introspections(selection))
                }
            };
            if count > introspection::MOST {
                break;
            }
        }
        count
    }

    /// Whether selections lie so deep within each other.
    fn is_deep(&self, selection: &SelectionSet, depth: usize) -> bool {
        if depth == 0 {
            return true;
        }
        selection.items.iter().any(|item| match &item.node {
            Selection::Field(field) => {
                let within = &field.node.selection_set.node;
                !within.items.is_empty() && self.is_deep(within, depth - 1)
            }
            Selection::InlineFragment(fragment) => {
                self.is_deep(&fragment.node.selection_set.node, depth)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.fragment(&spread.node.fragment_name.node);
                fragment.is_some_and(|selection| self.is_deep(selection, depth))
            }
        })
    }

    fn read(&self, selection: &SelectionSet, found: &mut Vec<&'static Info>) {
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
                    self.read(&fragment.node.selection_set.node, found);
                }
                Selection::FragmentSpread(spread) if self.is_wanted(&spread.node.directives) => {
                    let fragment = self.fragment(&spread.node.fragment_name.node);
                    if let Some(selection) = fragment {
                        self.read(selection, found);
                    }
                }
                _ => {}
            }
        }
    }

    /// What a fragment selects.
    fn fragment(&self, name: &Name) -> Option<&SelectionSet> {
        let fragment = self.document.fragments.get(name)?;
        Some(&fragment.node.selection_set.node)
    }

    /// The operations behind an argument of global identifiers, one or several.
    fn named(&self, field: &Field, argument: &str) -> Vec<&'static Info> {
        let of = |value: &Value| match value {
            Value::String(id) => node::operation_of(&ID::from(id)),
            _ => None,
        };
        let sent = field.get_argument(argument);
        let sent = sent.and_then(|sent| sent.node.clone().into_const_with(self.sent()).ok());
        match sent {
            Some(Value::List(ids)) => ids.iter().filter_map(of).collect(),
            Some(id) => of(&id).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn operation_of(&self, field: &str) -> Option<&'static Info> {
        match self.operation.ty {
            OperationType::Mutation => FIELDS.get(format!("Mutation.{field}").as_str()).copied(),
            OperationType::Query => FIELDS.get(field).copied(),
            OperationType::Subscription => live_operation(field),
        }
    }

    /// What `@skip` and `@include` say.
    fn is_wanted(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.node.get_argument("if");
            let holds = condition.is_none_or(|value| match &value.node {
                Written::Variable(name) => self.variable(name) == Value::Boolean(true),
                value => *value == Written::Boolean(true),
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
