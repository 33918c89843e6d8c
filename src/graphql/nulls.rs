//! Null propagation (GraphQL specification, section "Handling Execution Errors"): a failed field is
//! null or, if its type is non-null, its nearest nullable parent. async-graphql omits the field.
use std::collections::HashSet;

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

/// A selection set, and the type that it is on.
type On<'a> = (&'a SelectionSet, &'a str);

/// A field on the path of an error; it may be selected several times, on several types.
struct Step<'a> {
    fields: Vec<(&'a Field, &'a Type)>,
    of: &'a Type,
}

impl<'a> Step<'a> {
    fn selections(&self) -> Vec<On<'a>> {
        let fields = self.fields.iter();
        let sets = fields.map(|(field, of)| (&field.selection_set.node, named(of)));
        sets.collect()
    }
}

/// The path of an error, followed up to a segment.
#[derive(Clone, Copy)]
struct Path<'p> {
    whole: &'p [PathSegment],
    at: usize,
}

impl<'p> Path<'p> {
    fn next(self) -> Option<(&'p PathSegment, Self)> {
        let segment = self.whole.get(self.at)?;
        let at = self.at + 1;
        Some((segment, Self { at, ..self }))
    }

    /// The segments that were followed.
    fn name(self) -> String {
        let followed = self.whole[..self.at].iter();
        let names = followed.map(|segment| match segment {
            PathSegment::Field(name) => format!("/{name}"),
            PathSegment::Index(index) => format!("/{index}"),
        });
        names.collect()
    }
}

impl<'a> Nulls<'a> {
    /// Inserts null at the path of every error.
    pub fn insert(&self, data: &mut Value, errors: &[ServerError]) {
        let mut nulled = HashSet::new();
        for error in errors.iter().filter(|error| !error.path.is_empty()) {
            if *data == Value::Null {
                *data = Value::Object(IndexMap::new());
            }
            let path = Path {
                whole: &error.path,
                at: 0,
            };
            if self.fail(data, path, &[self.root()], &mut nulled) {
                *data = Value::Null;
                return;
            }
        }
    }

    /// The field at the path of an error.
    pub fn field(&self, error: &ServerError) -> Option<&'a Field> {
        let mut selections = vec![self.root()];
        let mut found = None;
        for segment in &error.path {
            if let PathSegment::Field(key) = segment {
                let step = self.step(&selections, key)?;
                selections = step.selections();
                found = step.fields.first().map(|(field, _)| *field);
            }
        }
        found
    }

    fn root(&self) -> On<'a> {
        let selection = &self.operation.selection_set.node;
        (selection, root(self.operation.ty))
    }

    /// Inserts null at the end of a path within an object; `true` if the object itself becomes null.
    fn fail(
        &self,
        object: &mut Value,
        path: Path<'_>,
        selections: &[On<'a>],
        nulled: &mut HashSet<String>,
    ) -> bool {
        let Some((PathSegment::Field(key), rest)) = path.next() else {
            return false;
        };
        let (Value::Object(fields), Some(step)) = (object, self.step(selections, key)) else {
            return false;
        };
        let value = fields.entry(Name::new(key)).or_insert(Value::Null);
        if self.fail_within(value, rest, step.of, &step.selections(), nulled) {
            *value = Value::Null;
            nulled.insert(rest.name());
            return !step.of.nullable;
        }
        false
    }

    /// Follows a path within a value; `true` if the value becomes null.
    fn fail_within(
        &self,
        value: &mut Value,
        path: Path<'_>,
        of: &Type,
        selections: &[On<'a>],
        nulled: &mut HashSet<String>,
    ) -> bool {
        let Some((segment, rest)) = path.next() else {
            return true;
        };
        // async-graphql also leaves null for an object whose fields all failed.
        if *value == Value::Null && !nulled.contains(&path.name()) {
            *value = Value::Object(IndexMap::new());
        }
        match (segment, &of.base, &mut *value) {
            (PathSegment::Index(index), BaseType::List(inner), Value::List(items)) => {
                let Some(item) = items.get_mut(*index) else {
                    return false;
                };
                let fails = self.fail_within(item, rest, inner, selections, nulled);
                if fails {
                    *item = Value::Null;
                    nulled.insert(rest.name());
                }
                fails && !inner.nullable
            }
            (PathSegment::Field(_), BaseType::Named(_), Value::Object(_)) => {
                self.fail(value, path, selections, nulled)
            }
            _ => false,
        }
    }

    /// The field with this response key.
    fn step(&self, selections: &[On<'a>], key: &str) -> Option<Step<'a>> {
        let mut fields = Vec::new();
        for (selection, parent) in selections {
            self.look(parent, selection, key, &mut fields);
        }
        let of = fields.first()?.1;
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
        // What became null stays null.
        let data = value!({"a": {"all": [{"sure": 1}]}});
        let twice: &[&[&str]] = &[&["a", "all", "0", "sure"], &["a", "all", "1", "may"]];
        assert_eq!(
            nulled("{ a { all { sure may } } }", data, twice),
            "{a: null}"
        );
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
            // A lone field that failed: the executor leaves null for its object.
            (
                "{ a { may } }",
                value!({"a": null}),
                &["a", "may"],
                "{a: {may: null}}",
            ),
            (
                "{ a { a { sure } } }",
                value!({"a": null}),
                &["a", "a", "sure"],
                "{a: null}",
            ),
            (
                "{ some { may } }",
                value!({"some": [null, {"may": 1}]}),
                &["some", "0", "may"],
                "{some: [{may: null}, {may: 1}]}",
            ),
            // The same key on objects of different types.
            (
                "{ a { may ... on B { x: list { sure } } ... on A { x: a { may } } } }",
                value!({"a": {"x": {}}}),
                &["a", "x", "may"],
                "{a: {x: {may: null}}}",
            ),
        ] {
            assert_eq!(nulled(query, data, &[path]), expected, "{query}");
        }
    }
}
