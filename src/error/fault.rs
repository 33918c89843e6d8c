//! GraphQL request errors: a code, a sentence, and locations in the document.
use async_graphql::{ErrorExtensionValues, Pos, ServerError};

/// A GraphQL request error: nothing of the request was executed.
#[derive(Clone, Debug)]
pub struct Fault {
    pub code: &'static str,
    pub message: String,
    extensions: ErrorExtensionValues,
    pub locations: Vec<Pos>,
}

/// Code of a syntax error.
const UNPARSED: &str = "GRAPHQL_PARSE_FAILED";
/// Code of a document that the schema does not allow.
pub const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
/// Code of variables that do not match their types.
const VARIABLES: &str = "BAD_USER_INPUT";
/// Code of a query whose complexity exceeds the limit.
const COSTLY: &str = "COMPLEXITY_LIMIT";

impl From<Fault> for super::Error {
    fn from(fault: Fault) -> Self {
        Self::Query(Box::new(fault))
    }
}

impl Fault {
    fn new(code: &'static str, message: String) -> Self {
        Self {
            code,
            message,
            extensions: ErrorExtensionValues::default(),
            locations: Vec::new(),
        }
    }

    /// `extensions` of the error, with its code.
    pub fn extensions(&self) -> ErrorExtensionValues {
        let mut extensions = self.extensions.clone();
        extensions.set("code", self.code);
        extensions
    }

    /// A syntax error. The last line of the parser's message says what it expected.
    pub fn syntax(error: &ServerError) -> Self {
        let expected = error.message.lines().last().unwrap_or_default();
        let expected = expected.trim_start_matches([' ', '=']).replace('_', " ");
        let expected = expected.replace("EOI", "the end of the document");
        let at = error.locations.first().copied().unwrap_or_default();
        let message = format!(
            "Syntax error at line {}, column {}: {expected}.",
            at.line, at.column
        );
        Self {
            locations: error.locations.clone(),
            ..Self::new(UNPARSED, message)
        }
    }

    /// A document that is not valid.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(INVALID, message.into())
    }

    /// Invalid variables, with the path and the reason of each: `filter.tag.0`.
    pub fn variables(complaints: Vec<(String, String)>) -> Self {
        let (place, complaint) = &complaints[0];
        let (variable, within) = place.split_once('.').unwrap_or((place, ""));
        let within = match within {
            "" => String::new(),
            within => format!(" at `{within}`"),
        };
        let message = format!("Variable `${variable}` is invalid{within}: {complaint}");
        Self::new(VARIABLES, message).with_fields(complaints)
    }

    /// Invalid arguments, with the path and the reason of each: `input.releaseDate`.
    pub fn arguments(complaints: Vec<(String, String)>) -> Self {
        let (place, complaint) = &complaints[0];
        let fault = Self::invalid(format!("Argument `{place}` is invalid: {complaint}"));
        fault.with_fields(complaints)
    }

    /// Adds `extensions.fields`.
    fn with_fields(mut self, complaints: Vec<(String, String)>) -> Self {
        let fields = complaints.into_iter().map(|(place, complaint)| {
            let told = async_graphql::Value::List(vec![complaint.into()]);
            (async_graphql::Name::new(place), told)
        });
        let fields = async_graphql::Value::Object(fields.collect());
        self.extensions.set("fields", fields);
        self
    }

    /// A query whose complexity exceeds the limit, with the root field that contributes most.
    pub fn complexity(cost: usize, limit: usize, dearest: Option<(String, usize)>) -> Self {
        let mut message = format!("The query has a complexity of {cost}; the limit is {limit}.");
        if let Some((field, points)) = &dearest {
            message.push_str(&format!(
                " Most of it comes from `{field}` ({points}). Request fewer items (`first`) or \
                 fewer nested lists."
            ));
        }
        let mut fault = Self::new(COSTLY, message);
        fault.extensions.set("cost", cost);
        fault.extensions.set("limit", limit);
        if let Some((field, points)) = dearest {
            fault.extensions.set("dearestField", field);
            fault.extensions.set("dearestCost", points);
        }
        fault
    }
}
