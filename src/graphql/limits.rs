//! What a query is checked for before anything of it runs.
use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use crate::error::{Error, Result};

/// Brackets within brackets at most: the parser recurses.
pub const NESTING: usize = 64;
/// Fields at most, when every fragment is written out.
const FIELDS: usize = 2_000;
/// Root fields at most: each is an operation of its own.
const ROOT_FIELDS: usize = 50;

/// Refuses a text that would make the parser recurse too deeply.
pub fn check_text(query: &str) -> Result<()> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in query.bytes() {
        match byte {
            b'"' if !escaped => quoted = !quoted,
            b'{' | b'[' | b'(' if !quoted => depth += 1,
            b'}' | b']' | b')' if !quoted => depth = depth.saturating_sub(1),
            b'\n' => quoted = false,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
        if depth > NESTING {
            return Err(Error::Refused(format!("The query is nested more than {NESTING} levels deep.")));
        }
    }
    Ok(())
}

/// Refuses a query with too many fields, aliases or fragments.
pub fn check_document(document: &ExecutableDocument) -> Result<()> {
    let mut fragments = Fragments { definitions: &document.fragments, counted: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let selection = &operation.node.selection_set.node;
        if selection.items.len() > ROOT_FIELDS {
            return Err(Error::Refused(format!("A query has at most {ROOT_FIELDS} root fields.")));
        }
        if fragments.count(selection) > FIELDS {
            return Err(Error::Refused(format!("A query has at most {FIELDS} fields.")));
        }
    }
    Ok(())
}

/// Counts fields with fragments written out, each fragment once.
struct Fragments<'a> {
    definitions: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    counted: HashMap<&'a str, usize>,
}

impl<'a> Fragments<'a> {
    fn count(&mut self, selection: &'a SelectionSet) -> usize {
        let counts = selection.items.iter().map(|item| match &item.node {
            Selection::Field(field) => 1 + self.count(&field.node.selection_set.node),
            Selection::InlineFragment(fragment) => self.count(&fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => self.spread(&spread.node.fragment_name.node),
        });
        counts.fold(0, usize::saturating_add)
    }

    fn spread(&mut self, name: &'a str) -> usize {
        if let Some(count) = self.counted.get(name) {
            return *count;
        }
        // A fragment that spreads itself counts nothing there; validation refuses it.
        self.counted.insert(name, 0);
        let definition = self.definitions.get(name);
        let count = definition.map_or(0, |found| self.count(&found.node.selection_set.node));
        self.counted.insert(name, count);
        count
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert!(check_text(&"{a".repeat(65)).is_err());
        assert!(check_text(&format!("{{ a(b: \"{}\") }}", "{".repeat(500))).is_ok());
    }

    #[test]
    fn fragments_that_double_each_other_are_counted_as_written_out() {
        let mut query = "{ ...f0 } fragment f40 on Query { __typename }".to_owned();
        for index in 0..40 {
            let next = index + 1;
            query.push_str(&format!(" fragment f{index} on Query {{ ...f{next} ...f{next} }}"));
        }
        assert!(check_document(&parse_query(query).unwrap()).is_err());
    }

    #[test]
    fn aliases_are_root_fields() {
        let aliases: String = (0..51).map(|index| format!("a{index}: __typename ")).collect();
        assert!(check_document(&parse_query(format!("{{ {aliases} }}")).unwrap()).is_err());
    }
}
