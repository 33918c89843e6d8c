//! Null propagation (GraphQL specification, section "Handling Execution Errors"): a failed field is
//! null or, if its type is non-null, its nearest nullable parent. async-graphql omits the field.
use async_graphql::{
    Name, PathSegment, ServerError, Value,
    indexmap::IndexMap,
    parser::types::{
        BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
    },
};

use super::types::{Types, root};

/// Inserts nulls into the result of an operation.
pub struct Nulls<'a> {
    pub types: &'a Types,
    pub document: &'a ExecutableDocument,
    pub operation: &'a OperationDefinition,
}

/// A field on the path of an error; it may be selected several times.
struct Step<'a> {
    fields: Vec<&'a Field>,
    of: &'a Type,
}

impl<'a> Step<'a> {
    fn selections(&self) -> Vec<&'a SelectionSet> {
        let sets = self.fields.iter().map(|field| &field.selection_set.node);
        sets.collect()
    }
}

impl<'a> Nulls<'a> {
    /// Inserts null at the path of every error.
    pub fn insert(&self, data: &mut Value, errors: &[ServerError]) {
        for error in errors.iter().filter(|error| !error.path.is_empty()) {
            if *data == Value::Null {
                *data = Value::Object(IndexMap::new());
            }
            let selection = &self.operation.selection_set.node;
            if self.fail(data, &error.path, root(self.operation.ty), &[selection]) {
                *data = Value::Null;
                return;
            }
        }
    }

    /// The field at the path of an error.
    pub fn field(&self, error: &ServerError) -> Option<&'a Field> {
        let mut parent = root(self.operation.ty);
        let mut selections = vec![&self.operation.selection_set.node];
        let mut found = None;
        for segment in &error.path {
            if let PathSegment::Field(key) = segment {
                let step = self.step(parent, &selections, key)?;
                parent = named(step.of);
                selections = step.selections();
                found = step.fields.first().copied();
            }
        }
        found
    }

    /// Inserts null at the end of a path within an object; `true` if the object itself becomes null.
    fn fail(
        &self,
        object: &mut Value,
        path: &[PathSegment],
        parent: &str,
        selections: &[&'a SelectionSet],
    ) -> bool {
        let Some((PathSegment::Field(key), rest)) = path.split_first() else {
            return false;
        };
        let (Value::Object(fields), Some(step)) = (object, self.step(parent, selections, key))
        else {
            return false;
        };
        let value = fields.entry(Name::new(key)).or_insert(Value::Null);
        if self.fail_within(value, rest, step.of, &step.selections()) {
            *value = Value::Null;
            return !step.of.nullable;
        }
        false
    }

    /// Follows a path within a value; `true` if the value becomes null.
    fn fail_within(
        &self,
        value: &mut Value,
        path: &[PathSegment],
        of: &Type,
        selections: &[&'a SelectionSet],
    ) -> bool {
        let Some((segment, rest)) = path.split_first() else {
            return true;
        };
        match (segment, &of.base, &mut *value) {
            // A parent is null already.
            (_, _, Value::Null) => true,
            (PathSegment::Index(index), BaseType::List(inner), Value::List(items)) => {
                let Some(item) = items.get_mut(*index) else {
                    return false;
                };
                let fails = self.fail_within(item, rest, inner, selections);
                if fails {
                    *item = Value::Null;
                }
                fails && !inner.nullable
            }
            (PathSegment::Field(_), BaseType::Named(name), Value::Object(_)) => {
                self.fail(value, path, name, selections)
            }
            _ => false,
        }
    }

    /// The field with this response key.
    fn step(&self, parent: &str, selections: &[&'a SelectionSet], key: &str) -> Option<Step<'a>> {
        let mut found = Vec::new();
        for selection in selections {
            self.look(parent, selection, key, &mut found);
        }
        let of = found.first()?.1;
        let fields = found.into_iter().map(|(field, _)| field).collect();
        Some(Step { fields, of })
    }

    fn look(
        &self,
        parent: &str,
        selection: &'a SelectionSet,
        key: &str,
        found: &mut Vec<(&'a Field, &'a Type)>,
    ) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    if field.response_key().node == key
                        && let Some(defined) = self.types.field(parent, &field.name.node)
                    {
                        found.push((field, &defined.ty.node));
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    let parent = on.map_or(parent, |on| &on.node.on.node);
                    self.look(parent, &fragment.node.selection_set.node, key, found);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        let parent = &fragment.node.type_condition.node.on.node;
                        self.look(parent, &fragment.node.selection_set.node, key, found);
                    }
                }
            }
        }
    }
}

/// The type without lists and without `!`.
fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    const SDL: &str = "type Query { a: A, b: A!, list: [A!], some: [A]! } type A { sure: Int!, may: Int, a: A!, all: [A!]! }";

    fn nulled(query: &str, mut data: Value, paths: &[&[&str]]) -> String {
        let types = Types::read(SDL);
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let errors: Vec<_> = paths
            .iter()
            .map(|path| {
                let mut error = ServerError::new("x", None);
                error.path = path
                    .iter()
                    .map(|word| match word.parse() {
                        Ok(index) => PathSegment::Index(index),
                        Err(_) => PathSegment::Field((*word).to_owned()),
                    })
                    .collect();
                error
            })
            .collect();
        let nulls = Nulls {
            types: &types,
            document: &document,
            operation: &operation.node,
        };
        nulls.insert(&mut data, &errors);
        data.to_string()
    }

    #[test]
    fn the_nearest_place_that_can_be_null_is_null() {
        for (query, data, path, expected) in [
            (
                "{ x: a { may } }",
                value!({}),
                &["x"] as &[&str],
                "{x: null}",
            ),
            (
                "{ a { may sure } }",
                value!({"a": {"sure": 1}}),
                &["a", "may"],
                "{a: {sure: 1, may: null}}",
            ),
            (
                "{ a { may sure } }",
                value!({"a": {"may": 1}}),
                &["a", "sure"],
                "{a: null}",
            ),
            (
                "{ b { sure } a { may } }",
                value!({"b": {}, "a": {"may": 1}}),
                &["b", "sure"],
                "null",
            ),
            (
                "{ list { sure } }",
                value!({"list": [{"sure": 1}, {}]}),
                &["list", "1", "sure"],
                "{list: null}",
            ),
            (
                "{ some { sure } }",
                value!({"some": [{"sure": 1}, {}]}),
                &["some", "1", "sure"],
                "{some: [{sure: 1}, null]}",
            ),
            (
                "{ a { may } ...F } fragment F on Query { a { ... on A { all { sure } } } }",
                value!({"a": {"may": 2, "all": [{}]}}),
                &["a", "all", "0", "sure"],
                "{a: null}",
            ),
            ("{ a { may } }", Value::Null, &["a"], "{a: null}"),
        ] {
            assert_eq!(nulled(query, data, &[path]), expected, "{query}");
        }
    }
}
