//! The types of the schema, parsed from its SDL: async-graphql does not expose its registry.
use std::collections::{HashMap, HashSet};

use async_graphql::{
    Positioned,
    indexmap::IndexMap,
    parser::{
        parse_schema,
        types::{
            FieldDefinition, InputValueDefinition, OperationType, Type, TypeKind,
            TypeSystemDefinition,
        },
    },
};

/// Fields of output types, and the definitions of input types, by type name.
#[derive(Default)]
pub struct Types {
    outputs: HashMap<String, HashMap<String, FieldDefinition>>,
    inputs: HashMap<String, Input>,
}

/// An input type other than a scalar.
pub enum Input {
    Enum(HashSet<String>),
    Object(IndexMap<String, Slot>),
}

/// A field of an input object.
pub struct Slot {
    pub of: Type,
    /// Whether it must be given.
    pub is_required: bool,
}

impl Types {
    /// Parses an SDL.
    pub fn read(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("the schema's own text is valid");
        let mut types = Self::default();
        for definition in document.definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                let definition = definition.node;
                types.add(definition.name.node.to_string(), definition.kind);
            }
        }
        types
    }

    fn add(&mut self, name: String, kind: TypeKind) {
        match kind {
            TypeKind::Object(object) => self.add_fields(name, object.fields),
            TypeKind::Interface(interface) => self.add_fields(name, interface.fields),
            TypeKind::Enum(choices) => {
                let values = choices.values.into_iter();
                let values = values.map(|value| value.node.value.node.to_string());
                self.inputs.insert(name, Input::Enum(values.collect()));
            }
            TypeKind::InputObject(object) => {
                let slots = object.fields.into_iter().map(|field| slot(field.node));
                self.inputs.insert(name, Input::Object(slots.collect()));
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }

    fn add_fields(&mut self, name: String, fields: Vec<Positioned<FieldDefinition>>) {
        let fields = fields.into_iter().map(|field| {
            let field = field.node;
            (field.name.node.to_string(), field)
        });
        self.outputs.insert(name, fields.collect());
    }

    /// The definition of a field.
    pub fn field(&self, parent: &str, field: &str) -> Option<&FieldDefinition> {
        self.outputs.get(parent)?.get(field)
    }

    /// The definition of an enum or input object; `None` for scalars.
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(name)
    }
}

fn slot(field: InputValueDefinition) -> (String, Slot) {
    let is_required = !field.ty.node.nullable && field.default_value.is_none();
    let slot = Slot {
        of: field.ty.node,
        is_required,
    };
    (field.name.node.to_string(), slot)
}

/// The root type of an operation.
pub fn root(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}
