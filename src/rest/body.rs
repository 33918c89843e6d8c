//! Bodies that come in: complaints name the field, as Django REST framework's do.
use indexmap::IndexMap;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::Json,
    registry::{MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::ParseFromJSON,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    form::{FORM, fields},
    incoming::{essence, limited},
    params::REFERENCE,
    parts::PARTS,
};
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

/// A JSON or form body.
pub struct Body<T>(pub T);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<T> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let mut meta = <Json<T> as ApiExtractor>::request_meta()?;
        meta.content
            .iter_mut()
            .for_each(|media| media.content_type = "application/json");
        Some(meta)
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let (value, form) = read(request, body).await?;
        Ok(Self(parse(value, form)?))
    }
}

/// What a body was sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Json,
    Form,
}

async fn read(request: &Request, body: &mut RequestBody) -> Result<(Value, Sent)> {
    let content_type = request.content_type().unwrap_or("application/json");
    let kind = essence(content_type).to_ascii_lowercase();
    match kind.as_str() {
        FORM | PARTS => {
            let mut values: Map<String, Value> = Map::new();
            for (name, value) in fields(request, body).await?.iter() {
                let all = values
                    .entry(name)
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Some(all) = all.as_array_mut() {
                    all.push(value.into());
                }
            }
            return Ok((Value::Object(values), Sent::Form));
        }
        "application/json" | "application/activity+json" => {}
        _ => return Err(Error::UnsupportedMediaType(content_type.to_owned())),
    }
    let bytes = limited(body).await?;
    if bytes.is_empty() {
        return Ok((Value::Object(Map::new()), Sent::Json));
    }
    let value = serde_json::from_slice(&bytes);
    let value = value.map_err(|error| Error::Malformed(error.to_string()))?;
    Ok((value, Sent::Json))
}

/// What the fields of a form stand for. One for a list may be repeated, or be JSON; of others the last one counts. A
/// box that is not checked is not sent.
fn unform(schema: &MetaSchema, registry: &Registry, fields: &mut Map<String, Value>) {
    let is_named = |name: &str| schema.properties.iter().any(|(known, _)| *known == name);
    for (name, value) in fields.iter_mut() {
        if let Value::Array(sent) = value
            && !is_named(name)
        {
            *value = sent.pop().unwrap_or_default();
        }
    }
    for (name, property) in &schema.properties {
        let kind = described(property, registry).map_or("", |schema| schema.ty);
        let Some(Value::Array(mut sent)) = fields.remove(*name) else {
            if kind == "boolean" && schema.required.contains(name) {
                fields.insert((*name).to_owned(), false.into());
            }
            continue;
        };
        let last = sent.pop().unwrap_or_default();
        let json = last.as_str().filter(|text| text.starts_with(['[', '{']));
        let json = json.and_then(|text| serde_json::from_str(text).ok());
        let value = match (kind, json) {
            ("array" | "object", Some(json)) => json,
            ("array", None) => {
                sent.push(last);
                Value::Array(sent)
            }
            _ => last,
        };
        fields.insert((*name).to_owned(), value);
    }
}

fn parse<T: ParseFromJSON>(value: Value, sent: Sent) -> Result<T> {
    let Value::Object(mut fields) = value else {
        return Err(Error::field(
            "non_field_errors",
            format!(
                "Invalid data. Expected a dictionary, but got {}.",
                kind(&value)
            ),
        ));
    };
    let mut registry = Registry::new();
    T::register(&mut registry);
    if let Some(schema) = registry.schemas.get(&*T::name()) {
        if sent == Sent::Form {
            unform(schema, &registry, &mut fields);
        }
        let complaints = complaints(schema, &registry, &mut fields);
        if !complaints.is_empty() {
            return Err(Error::Invalid(complaints));
        }
    }
    T::parse_from_json(Some(Value::Object(fields)))
        .map_err(|error| Error::field("non_field_errors", error.into_message()))
}

fn complaints(
    schema: &MetaSchema,
    registry: &Registry,
    fields: &mut Map<String, Value>,
) -> IndexMap<String, Vec<String>> {
    let mut complaints = IndexMap::new();
    for (name, property) in &schema.properties {
        let required = schema.required.contains(name);
        let complaint = match fields.get_mut(*name) {
            None if required => Some("This field is required.".to_owned()),
            Some(Value::Null) if required => Some("This field may not be null.".to_owned()),
            None | Some(Value::Null) => None,
            Some(value) => mismatch(property, registry, value),
        };
        if let Some(complaint) = complaint {
            complaints.insert((*name).to_owned(), vec![complaint]);
        }
    }
    complaints
}

fn described<'a>(property: &'a MetaSchemaRef, registry: &'a Registry) -> Option<&'a MetaSchema> {
    match property {
        MetaSchemaRef::Inline(schema) => match &schema.all_of[..] {
            // A type with a name, and what is told of this field beside it.
            [MetaSchemaRef::Reference(name), ..] => registry.schemas.get(name),
            _ => Some(schema),
        },
        MetaSchemaRef::Reference(name) => registry.schemas.get(name),
    }
}

/// Why a value does not fit; texts that spell a number or a truth, as forms send them, become it.
fn mismatch(property: &MetaSchemaRef, registry: &Registry, value: &mut Value) -> Option<String> {
    let schema = described(property, registry)?;
    if !schema.enum_items.is_empty() && !schema.enum_items.contains(value) {
        let shown = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        return Some(format!("\"{shown}\" is not a valid choice."));
    }
    match (schema.ty, &*value) {
        ("integer", Value::String(text)) => match text.parse::<i64>() {
            Ok(number) => *value = number.into(),
            Err(_) => return Some(no_number(schema, value)),
        },
        ("boolean", Value::String(text)) => match text.as_str() {
            "true" | "True" | "1" | "on" => *value = true.into(),
            "false" | "False" | "0" | "off" => *value = false.into(),
            _ => return Some("Must be a valid boolean.".to_owned()),
        },
        ("integer", value) if !value.is_i64() => return Some(no_number(schema, value)),
        ("boolean", value) if !value.is_boolean() => {
            return Some("Must be a valid boolean.".to_owned());
        }
        ("string", Value::String(text)) => return text_mismatch(schema, text),
        ("string", Value::Number(number)) => *value = number.to_string().into(),
        ("string", _) => return Some("Not a valid string.".to_owned()),
        // One object stands for a list of it.
        ("array", Value::Object(_)) if has_objects(schema, registry) => {
            *value = Value::Array(vec![value.take()]);
            return items_mismatch(schema, registry, value);
        }
        ("array", value) if !value.is_array() => {
            return Some(format!(
                "Expected a list of items but got type \"{}\".",
                kind(value)
            ));
        }
        ("array", Value::Array(_)) => return items_mismatch(schema, registry, value),
        ("object", value) if !value.is_object() => {
            return Some(format!(
                "Expected a dictionary of items but got type \"{}\".",
                kind(value)
            ));
        }
        ("object", Value::Object(_)) => return fields_mismatch(schema, registry, value),
        _ => {}
    }
    None
}

/// Why a text does not fit. One that must not be empty must not be blank either.
fn text_mismatch(schema: &MetaSchema, text: &str) -> Option<String> {
    if schema.format == Some("date-time") && text.parse::<Timestamp>().is_err() {
        return Some(
            "Not a date and time as in RFC 3339, such as 2022-01-01T05:50:00Z.".to_owned(),
        );
    }
    if schema.format == Some("uuid") && text.parse::<Uuid>().is_err() {
        return Some("Enter a valid UUID.".to_owned());
    }
    if schema.min_length.is_some_and(|least| least > 0) && text.trim().is_empty() {
        return Some("This field may not be blank.".to_owned());
    }
    let most = schema
        .max_length
        .filter(|most| text.chars().count() > *most)?;
    Some(format!(
        "Ensure this field has no more than {most} characters."
    ))
}

/// Whether a list is one of objects.
fn has_objects(schema: &MetaSchema, registry: &Registry) -> bool {
    let is_object = |schema: &MetaSchema| schema.ty == "object";
    match schema.items.as_deref() {
        Some(MetaSchemaRef::Inline(schema)) => is_object(schema),
        Some(MetaSchemaRef::Reference(name)) => registry.schemas.get(name).is_some_and(is_object),
        None => false,
    }
}

/// Why an object does not fit: what is wrong with its first field that does not.
fn fields_mismatch(schema: &MetaSchema, registry: &Registry, value: &mut Value) -> Option<String> {
    let found = complaints(schema, registry, value.as_object_mut()?);
    let (name, complaints) = found.first()?;
    Some(format!("{name}: {}", complaints.join(" ")))
}

/// Why a list does not fit: what is wrong with its first item that does not.
fn items_mismatch(schema: &MetaSchema, registry: &Registry, value: &mut Value) -> Option<String> {
    let (items, values) = (schema.items.as_deref()?, value.as_array_mut()?);
    values
        .iter_mut()
        .find_map(|item| mismatch(items, registry, item))
}

fn no_number(schema: &MetaSchema, value: &Value) -> String {
    match schema.title.as_deref() {
        Some(REFERENCE) => format!(
            "Incorrect type. Expected pk value, received {}.",
            kind(value)
        ),
        _ => "A valid integer is required.".to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}
