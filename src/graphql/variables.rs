//! Variables that a request leaves out (GraphQL specification, section 6.4.1): their own default
//! counts everywhere, also in directives, and without one the argument is as if it was not written,
//! so that the argument's default counts. The executor would pass null.
use std::{borrow::Cow, collections::HashSet};

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
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
    let mut directed = HashSet::new();
    for fragment in document.fragments.values_mut() {
        let selections = &mut fragment.node.selection_set.node;
        clear(selections, &left_out, &mut directed);
    }
    // Operations that are not asked for share the fragments, and are validated too.
    for operation in all(&mut document.operations) {
        let mut directed = directed.clone();
        clear(&mut operation.selection_set.node, &left_out, &mut directed);
        operation.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            !left_out.contains(name) || directed.contains(name)
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

/// The operation that is asked for.
fn chosen<'a>(
    operations: &'a mut DocumentOperations,
    name: Option<&str>,
) -> Option<&'a mut OperationDefinition> {
    match (operations, name) {
        (DocumentOperations::Single(only), _) => Some(&mut only.node),
        (DocumentOperations::Multiple(several), Some(name)) => {
            several.get_mut(name).map(|found| &mut found.node)
        }
        (DocumentOperations::Multiple(several), None) if several.len() == 1 => {
            several.values_mut().next().map(|only| &mut only.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

/// Takes arguments out whose variable was left out. `directed` gathers the variables that directives
/// name, whose definitions must stay. Nesting is bounded by `limits`.
fn clear(set: &mut SelectionSet, left_out: &HashSet<Name>, directed: &mut HashSet<Name>) {
    for selection in &mut set.items {
        let (directives, inner) = match &mut selection.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                field
                    .arguments
                    .retain(|(_, value)| !is_left_out(&value.node, left_out));
                for (_, value) in &mut field.arguments {
                    clear_value(&mut value.node, left_out);
                }
                (&field.directives, Some(&mut field.selection_set))
            }
            Selection::InlineFragment(fragment) => {
                let fragment = &mut fragment.node;
                (&fragment.directives, Some(&mut fragment.selection_set))
            }
            Selection::FragmentSpread(spread) => (&spread.node.directives, None),
        };
        let arguments = directives
            .iter()
            .flat_map(|directive| &directive.node.arguments);
        for (_, value) in arguments {
            if let Value::Variable(name) = &value.node {
                directed.insert(name.clone());
            }
        }
        if let Some(Positioned { node, .. }) = inner {
            clear(node, left_out, directed);
        }
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

/// Writes escaped surrogate pairs (`\ud83d\ude00`) in strings of a document as the character that
/// they mean (GraphQL specification, section 2.9.4), which the parser does not.
pub fn joined(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut place = Place::Outside;
    while let Some(char) = rest.chars().next() {
        let taken = match place {
            Place::Outside if rest.starts_with("\"\"\"") => {
                place = Place::Block;
                3
            }
            Place::Block if rest.starts_with("\\\"\"\"") => 4,
            Place::Block if rest.starts_with("\"\"\"") => {
                place = Place::Outside;
                3
            }
            Place::Outside if char == '"' => {
                place = Place::Text;
                1
            }
            Place::Outside if char == '#' => {
                place = Place::Comment;
                1
            }
            Place::Comment if char == '\n' || char == '\r' => {
                place = Place::Outside;
                1
            }
            Place::Text if matches!(char, '"' | '\n' | '\r') => {
                place = Place::Outside;
                1
            }
            Place::Text if char == '\\' => match pair(rest) {
                Some(meant) => {
                    out.push(meant);
                    rest = &rest[12..];
                    continue;
                }
                None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            },
            _ => char.len_utf8(),
        };
        let (done, left) = rest.split_at(taken);
        out.push_str(done);
        rest = left;
    }
    Cow::Owned(out)
}

/// Where in a document a character is.
#[derive(Clone, Copy)]
enum Place {
    Outside,
    Comment,
    Text,
    Block,
}

/// The character that `text` begins with as an escaped surrogate pair.
fn pair(text: &str) -> Option<char> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(text)?, unit(text.get(6..)?)?];
    let mut chars = char::decode_utf16(units);
    chars.next()?.ok().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogate_pairs_in_strings_are_one_character() {
        for (sent, meant) in [
            (
                r#"{ a(q: "\ud83d\ude00 \uD83D\uDE00") }"#,
                r#"{ a(q: "😀 😀") }"#,
            ),
            (
                r#"{ a(q: "\\ud83d\\ude00") }"#,
                r#"{ a(q: "\\ud83d\\ude00") }"#,
            ),
            (
                r#"{ a(q: """\ud83d\ude00""") }"#,
                r#"{ a(q: """\ud83d\ude00""") }"#,
            ),
            (
                "# \"\\ud83d\n{ a(q: \"\\ud83d\\ude00\") }",
                "# \"\\ud83d\n{ a(q: \"😀\") }",
            ),
            (
                r#"{ a(q: "\ud83d \u00e9") }"#,
                r#"{ a(q: "\ud83d \u00e9") }"#,
            ),
            (r#"{ a(q: "\ud83d"#, r#"{ a(q: "\ud83d"#),
            ("\"\\ud\\", "\"\\ud\\"),
        ] {
            assert_eq!(joined(sent), meant, "{sent}");
        }
    }
}
