//! Checks variables before execution (GraphQL specification, section "Coercing Variable Values").
use async_graphql::{
    InputType, Name, Value, Variables,
    parser::types::{
        BaseType, ExecutableDocument, OperationDefinition, OperationType, Selection, Type,
    },
};
use uuid::Uuid;

use super::{
    scalars::BigInt,
    types::{Input, Types},
};
use crate::{
    error::{Fault, Result},
    time::{Date, Timestamp},
};

/// Maximum number of reported errors.
const MOST: usize = 20;
/// Maximum length of a reported path.
const PATH: usize = 100;

/// Checks the types of variables and, for mutations, of root field arguments: a mutation that has
/// been executed cannot be undone when a later one turns out to be invalid.
///
/// # Errors
/// `Query`, with the paths of invalid values, such as `filter.tag.0`.
pub fn check(
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<()> {
    let mut check = Check {
        types,
        complaints: Vec::new(),
    };
    for definition in &operation.variable_definitions {
        let (name, wanted) = (&definition.node.name.node, &definition.node.var_type.node);
        match variables.get(name) {
            Some(value) => check.value(name, wanted, value),
            None if wanted.nullable || definition.node.default_value.is_some() => {}
            None => check.complain(name, format!("A value of type `{wanted}` is required.")),
        }
    }
    if !check.complaints.is_empty() {
        return Err(Fault::variables(check.complaints).into());
    }
    if operation.ty == OperationType::Mutation {
        for item in &operation.selection_set.node.items {
            check.arguments(&item.node, document, variables);
        }
    }
    match check.complaints.is_empty() {
        true => Ok(()),
        false => Err(Fault::arguments(check.complaints).into()),
    }
}

struct Check<'a> {
    types: &'a Types,
    complaints: Vec<(String, String)>,
}

impl Check<'_> {
    fn complain(&mut self, place: &str, complaint: impl Into<String>) {
        if self.complaints.len() < MOST {
            let place = place.chars().take(PATH).collect();
            self.complaints.push((place, complaint.into()));
        }
    }

    /// Checks arguments of root fields.
    fn arguments(
        &mut self,
        selection: &Selection,
        document: &ExecutableDocument,
        variables: &Variables,
    ) {
        let within = match selection {
            Selection::Field(field) => {
                let field = &field.node;
                let known = self.types.field("Mutation", &field.name.node);
                for (name, value) in &field.arguments {
                    let wanted = known.and_then(|known| {
                        let mut arguments = known.arguments.iter().map(|argument| &argument.node);
                        arguments.find(|argument| argument.name.node == name.node)
                    });
                    let Some(wanted) = wanted else { continue };
                    let sent = |name: Name| variables.get(&name).cloned().ok_or(());
                    if let Ok(value) = value.node.clone().into_const_with(sent) {
                        self.value(&name.node, &wanted.ty.node, &value);
                    }
                }
                return;
            }
            Selection::InlineFragment(fragment) => &fragment.node.selection_set,
            Selection::FragmentSpread(spread) => {
                match document.fragments.get(&spread.node.fragment_name.node) {
                    Some(fragment) => &fragment.node.selection_set,
                    None => return,
                }
            }
        };
        for item in &within.node.items {
            self.arguments(&item.node, document, variables);
        }
    }

    fn value(&mut self, place: &str, wanted: &Type, value: &Value) {
        if self.complaints.len() >= MOST {
            return;
        }
        match (value, &wanted.base) {
            (Value::Null, _) if wanted.nullable => {}
            (Value::Null, _) => self.complain(place, format!("Must be a `{wanted}`, not null.")),
            (Value::List(items), BaseType::List(inner)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{place}.{index}"), inner, item);
                }
            }
            // A single value is coerced to a list of one.
            (item, BaseType::List(inner)) => self.value(place, inner, item),
            (value, BaseType::Named(name)) => self.named(place, name, value),
        }
    }

    fn named(&mut self, place: &str, wanted: &str, value: &Value) {
        match (self.types.input(wanted), value) {
            (Some(Input::Enum(choices)), Value::String(word)) if choices.contains(word) => {}
            (Some(Input::Enum(choices)), Value::Enum(word)) if choices.contains(word.as_str()) => {}
            (Some(Input::Object(slots)), Value::Object(fields)) => {
                for name in fields
                    .keys()
                    .filter(|name| !slots.contains_key(name.as_str()))
                {
                    self.complain(
                        &format!("{place}.{name}"),
                        format!("`{wanted}` has no such field."),
                    );
                }
                for (name, slot) in slots {
                    let place = format!("{place}.{name}");
                    match fields.get(name.as_str()) {
                        Some(value) => self.value(&place, &slot.of, value),
                        None if slot.is_required => {
                            self.complain(
                                &place,
                                format!("A value of type `{}` is required.", slot.of),
                            );
                        }
                        None => {}
                    }
                }
            }
            (None, value) if is_scalar(wanted, value) => {}
            _ => self.complain(place, format!("Must be a `{wanted}`.")),
        }
    }
}

/// Whether a value is valid for a scalar type. Scalars not listed here accept any value.
fn is_scalar(wanted: &str, value: &Value) -> bool {
    fn parses<T: InputType>(value: &Value) -> bool {
        T::parse(Some(value.clone())).is_ok()
    }
    match wanted {
        "Int" => match value {
            Value::Number(number) => number
                .as_i64()
                .is_some_and(|int| i32::try_from(int).is_ok()),
            _ => false,
        },
        "Float" => matches!(value, Value::Number(_)),
        "String" => matches!(value, Value::String(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        "ID" => match value {
            Value::String(_) => true,
            Value::Number(number) => number.is_i64(),
            _ => false,
        },
        "UUID" => parses::<Uuid>(value),
        "Date" => parses::<Date>(value),
        "DateTime" => parses::<Timestamp>(value),
        "JSONObject" => matches!(value, Value::Object(_)),
        "BigInt" => parses::<BigInt>(value),
        _ => true,
    }
}
