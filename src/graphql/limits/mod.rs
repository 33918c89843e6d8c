//! What a query is checked for before anything of it runs.
mod text;
mod written;

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

pub use self::text::{NESTING, check_text};
use self::written::{Uses, Written};
use super::introspection;
use crate::error::{Error, Result};

/// Fields at most, when every fragment is written out.
const FIELDS: usize = 2_000;
/// Fragments at most.
const FRAGMENTS: usize = 64;
/// Operations at most: all of them are validated, though one runs.
const OPERATIONS: usize = 25;
/// Fields of all operations at most, when every fragment is written out.
const ALL_FIELDS: usize = 5 * FIELDS;
/// Uses and definitions of variables at most: each may be an error in each operation.
const VARIABLES: usize = 500;
/// Arguments of one field or directive at most.
const ARGUMENTS: usize = 50;
/// Root fields at most: each is an operation of its own.
const ROOT_FIELDS: usize = 50;

/// Refuses a query with too many operations, fields, aliases, fragments, variables or arguments, or whose
/// fragments lead in a circle: so others may follow fragments without counting.
pub fn check_document(document: &ExecutableDocument) -> Result<()> {
    let at_most = |count: usize, most: usize, kind: &str| match count <= most {
        true => Ok(()),
        false => Err(Error::Refused(format!(
            "A query may have at most {most} {kind}."
        ))),
    };
    // Whoever follows fragments recurses once for each.
    at_most(document.fragments.len(), FRAGMENTS, "fragments")?;
    at_most(document.operations.iter().count(), OPERATIONS, "operations")?;
    let written = Written::of(document);
    at_most(written.fields, ALL_FIELDS, "fields")?;
    at_most(
        written.levels,
        ALL_FIELDS,
        "fields within fragments of fields",
    )?;
    at_most(written.variables, VARIABLES, "variables and uses of them")?;
    at_most(written.arguments, ARGUMENTS, "arguments for a field")?;
    let mut all = 0_usize;
    for (_, operation) in document.operations.iter() {
        let selection = &operation.node.selection_set.node;
        for (whole, most, kind) in [
            (false, ROOT_FIELDS, "root fields"),
            (true, FIELDS, "fields"),
        ] {
            let mut fragments = Fragments::new(document, whole);
            let count = fragments.count(selection);
            if fragments.are_circular {
                let complaint = "Fragments must not spread each other in a circle.";
                return Err(Error::Refused(complaint.to_owned()));
            }
            at_most(count, most, kind)?;
            all = all.saturating_add(count);
        }
        introspection::check(document, selection)?;
    }
    at_most(all, ALL_FIELDS, "fields")
}

/// How often each variable is used, with fragments written out. Fragments must not lead in a circle.
pub fn uses(document: &ExecutableDocument) -> HashMap<String, usize> {
    let uses = Uses::of(document).into_iter();
    uses.map(|(name, count)| (name.to_owned(), count)).collect()
}

/// Bytes of memory that the values of variables may take, wherever they stand.
const VALUES: usize = 4 << 20;
/// Bytes that a value takes beside its text.
const VALUE: usize = 64;

/// Refuses values of variables that would take too much memory: each is copied wherever it stands.
pub fn check_values(uses: &HashMap<String, usize>, variables: &Variables) -> Result<()> {
    let weights = variables.iter().map(|(name, value)| {
        let uses = uses.get(name.as_str()).copied().unwrap_or_default();
        weight(value).saturating_mul(uses)
    });
    match weights.fold(0, usize::saturating_add) <= VALUES {
        true => Ok(()),
        false => Err(Error::Refused(format!(
            "The values of the variables, wherever they stand in the query, take more than {} MiB.",
            VALUES >> 20
        ))),
    }
}

/// Bytes of memory that a value takes.
fn weight(value: &Value) -> usize {
    let within = match value {
        Value::String(text) => text.len(),
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields.map(|(name, value)| name.len() + weight(value)).sum()
        }
        _ => 0,
    };
    within + VALUE
}

/// How many fields a selection has, when every fragment is written out. Fragments must not lead in a
/// circle.
pub fn fields(document: &ExecutableDocument, selection: &SelectionSet) -> usize {
    Fragments::new(document, true).count(selection)
}

/// Counts fields as if fragments were written out; each fragment is counted once.
struct Fragments<'a> {
    definitions: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// Also the fields within fields.
    whole: bool,
    /// `None`: being counted.
    counted: HashMap<&'a str, Option<usize>>,
    are_circular: bool,
}

impl<'a> Fragments<'a> {
    fn new(document: &'a ExecutableDocument, whole: bool) -> Self {
        Self {
            definitions: &document.fragments,
            whole,
            counted: HashMap::new(),
            are_circular: false,
        }
    }

    fn count(&mut self, selection: &'a SelectionSet) -> usize {
        let counts = selection.items.iter().map(|item| match &item.node {
            Selection::Field(field) if self.whole => {
                self.count(&field.node.selection_set.node).saturating_add(1)
            }
            Selection::Field(_) => 1,
            Selection::InlineFragment(fragment) => self.count(&fragment.node.selection_set.node),
            // Whoever follows spreads pays for one that leads to nothing, too.
            Selection::FragmentSpread(spread) => {
                self.spread(&spread.node.fragment_name.node).max(1)
            }
        });
        counts.fold(0, usize::saturating_add)
    }

    fn spread(&mut self, name: &'a str) -> usize {
        if let Some(count) = self.counted.get(name) {
            self.are_circular |= count.is_none();
            return count.unwrap_or(0);
        }
        self.counted.insert(name, None);
        let definition = self.definitions.get(name);
        let count = definition.map_or(0, |found| self.count(&found.node.selection_set.node));
        self.counted.insert(name, Some(count));
        count
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn fragments_that_double_each_other_are_counted_as_written_out() {
        let mut query = "{ ...f0 } fragment f40 on Query { __typename }".to_owned();
        for index in 0..40 {
            let next = index + 1;
            query.push_str(&format!(
                " fragment f{index} on Query {{ ...f{next} ...f{next} }}"
            ));
        }
        assert!(check_document(&parse_query(query).unwrap()).is_err());
    }

    #[test]
    fn spreads_of_nothing_are_counted_as_written_out() {
        let chain: String = (0..20)
            .map(|index| {
                let spreads = format!("...f{} ", index + 1).repeat(40);
                format!("fragment f{index} on Query {{ {spreads}}} ")
            })
            .collect();
        let query = format!("{{ ...f0 }} {chain}");
        assert!(check_document(&parse_query(query).unwrap()).is_err());
    }

    #[test]
    fn fragments_in_a_circle_are_refused() {
        for query in [
            "{ ...F } fragment F on Query { ...F }",
            "{ ...F } fragment F on Query { a ...G } fragment G on Query { b { ...F } }",
        ] {
            let refused = check_document(&parse_query(query).unwrap()).unwrap_err();
            assert!(refused.to_string().contains("circle"), "{refused}");
        }
        let twice = "{ ...F ...F } fragment F on Query { a ...G ...G } fragment G on Query { b }";
        assert!(check_document(&parse_query(twice).unwrap()).is_ok());
    }

    #[test]
    fn long_chains_of_fragments_are_refused_before_anybody_follows_them() {
        let chain: String = (0..8_000)
            .map(|index| format!("fragment f{index} on Query {{ ...f{} }} ", index + 1))
            .collect();
        let query = format!("{{ __typename }} {chain}");
        assert!(check_document(&parse_query(query).unwrap()).is_err());
    }

    #[test]
    fn aliases_are_root_fields() {
        let aliases: String = (0..51)
            .map(|index| format!("a{index}: __typename "))
            .collect();
        for query in [
            format!("{{ {aliases} }}"),
            format!("{{ ...f }} fragment f on Query {{ {aliases} }}"),
            format!("{{ ... on Query {{ {aliases} }} }}"),
        ] {
            assert!(check_document(&parse_query(query).unwrap()).is_err());
        }
    }

    #[test]
    fn what_is_only_validated_is_bounded_too() {
        let operations: String = (0..26).map(|n| format!("query q{n} {{ a }} ")).collect();
        let unused = "x:a x:b ".repeat(5_001);
        let uses: String = (0..501).map(|n| format!("$v{n} ")).collect();
        let arguments: String = (0..51).map(|n| format!("a{n}: 1 ")).collect();
        let shared = "a ".repeat(1_900);
        let many: String = (0..20)
            .map(|n| format!("query q{n} {{ o {{ ...F }} }} "))
            .collect();
        for (query, complaint) in [
            (operations, "25 operations"),
            (
                format!("{{ a }} fragment F on Q {{ {unused} }}"),
                "10000 fields",
            ),
            (format!("{{ a(ids: [{uses}]) }}"), "500 variables"),
            (format!("{{ a({arguments}) }}"), "50 arguments"),
            (format!("{{ a @b({arguments}) }}"), "50 arguments"),
            (
                format!("{many} fragment F on Q {{ {shared} }}"),
                "10000 fields",
            ),
            (
                format!(
                    "{{ a }} fragment F on Q {{ {}{}{} }}",
                    "... on Q { ".repeat(30),
                    "x:a ".repeat(400),
                    "}".repeat(30)
                ),
                "10000 fields within",
            ),
        ] {
            let refused = check_document(&parse_query(&query).unwrap()).unwrap_err();
            assert!(
                refused.to_string().contains(complaint),
                "{complaint}: {refused}"
            );
        }
    }
}
