//! What a query that asks for the schema (`__schema`, `__type`) may ask.
use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use crate::error::{Error, Result};

/// Introspections in one query at most; each counts as a request.
pub const MOST: usize = 10;
/// Values of the schema in one answer at most, as estimated: more than twice what tools ask for.
const VALUES: usize = 500_000;
/// How many values a description, the longest of them, counts for.
const DESCRIPTION: usize = 8;

/// Whether a root field asks for the schema.
pub fn is_one(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}

/// Refuses introspection that would multiply its answer. Fragments must not lead in a circle.
pub fn check(document: &ExecutableDocument, selection: &SelectionSet) -> Result<()> {
    let mut estimate = Estimate {
        definitions: &document.fragments,
        known: HashMap::new(),
    };
    if estimate.roots(selection) <= VALUES {
        return Ok(());
    }
    let complaint = "The query asks for too much of the schema: lists within lists, or the same \
                     field under many names.";
    Err(Error::Refused(complaint.to_owned()))
}

/// Estimates how many values an introspection answers with. Each fragment is followed once for each
/// place.
struct Estimate<'a> {
    definitions: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    known: HashMap<(&'a str, Place), usize>,
}

/// What a selection is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// All types, or what they have: their average counts.
    All,
    /// One type, or what it has: the largest counts.
    One,
}

impl<'a> Estimate<'a> {
    fn roots(&mut self, selection: &'a SelectionSet) -> usize {
        let values = selection.items.iter().map(|item| match &item.node {
            Selection::Field(field) if is_one(&field.node.name.node) => {
                self.within(&field.node.selection_set.node, Place::One)
            }
            Selection::Field(_) => 0,
            Selection::InlineFragment(fragment) => self.roots(&fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let found = self.definitions.get(&spread.node.fragment_name.node);
                found.map_or(0, |found| self.roots(&found.node.selection_set.node))
            }
        });
        values.fold(0, usize::saturating_add)
    }

    fn within(&mut self, selection: &'a SelectionSet, place: Place) -> usize {
        let values = selection.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                let (own, rows, place) = size(&field.node.name.node, place);
                let within = self.within(&field.node.selection_set.node, place);
                rows.saturating_mul(within).saturating_add(own)
            }
            Selection::InlineFragment(fragment) => {
                self.within(&fragment.node.selection_set.node, place)
            }
            Selection::FragmentSpread(spread) => {
                self.spread(&spread.node.fragment_name.node, place)
            }
        });
        values.fold(0, usize::saturating_add)
    }

    fn spread(&mut self, name: &'a str, place: Place) -> usize {
        if let Some(values) = self.known.get(&(name, place)) {
            return *values;
        }
        let found = self.definitions.get(name);
        let values = found.map_or(0, |found| {
            self.within(&found.node.selection_set.node, place)
        });
        self.known.insert((name, place), values);
        values
    }
}

/// What a field counts for by itself, how many rows it has, and what each of them is.
fn size(field: &str, place: Place) -> (usize, usize, Place) {
    let (all, one) = match field {
        "description" => return (DESCRIPTION, 1, place),
        "types" => return (1, 200, Place::All),
        "fields" => (8, 120),
        "inputFields" => (2, 40),
        "args" => (2, 20),
        "enumValues" => (2, 20),
        "interfaces" => (1, 2),
        "possibleTypes" => (1, 40),
        "directives" => (8, 8),
        _ => return (1, 1, Place::One),
    };
    match place {
        Place::All => (1, all, place),
        Place::One => (1, one, place),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn values(query: &str) -> usize {
        let document = parse_query(query).expect("it is a query");
        let (_, operation) = document.operations.iter().next().expect("it has one");
        let mut estimate = Estimate {
            definitions: &document.fragments,
            known: HashMap::new(),
        };
        estimate.roots(&operation.node.selection_set.node)
    }

    #[test]
    fn what_tools_ask_is_answered() {
        let reference = "kind name ofType { ".repeat(9) + "name" + &" }".repeat(9);
        let input = format!("name description type {{ {reference} }} defaultValue isDeprecated");
        let whole = format!(
            "{{ __schema {{ description queryType {{ name kind }} mutationType {{ name }}
               types {{ kind name description specifiedByURL
                 fields(includeDeprecated: true) {{ name description args {{ {input} }}
                   type {{ {reference} }} isDeprecated deprecationReason }}
                 inputFields {{ {input} }} interfaces {{ {reference} }}
                 enumValues(includeDeprecated: true) {{ name description isDeprecated }}
                 possibleTypes {{ {reference} }} }}
               directives {{ name description locations args {{ {input} }} }} }} }}"
        );
        let values = values(&whole);
        assert!(values < VALUES / 2, "{values}");
    }

    #[test]
    fn nothing_multiplies() {
        let many: String = (0..1_900).map(|n| format!("a{n}: description ")).collect();
        for query in [
            format!("{{ __schema {{ types {{ fields {{ args {{ {many} }} }} }} }} }}"),
            format!("{{ __type(name: \"Query\") {{ fields {{ args {{ {many} }} }} }} }}"),
            format!(
                "{{ __schema {{ types {{ fields {{ ...F }} }} }} }} fragment F on __Field {{ {many} }}"
            ),
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
                .to_owned(),
        ] {
            let values = values(&query);
            assert!(values > VALUES, "{values}: {}", &query[..60]);
        }
    }
}
