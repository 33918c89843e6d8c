//! What is wrong with a document or its variables: a code, a place, and a sentence that says what
//! to do.
use async_graphql::{ErrorExtensionValues, Pos, ServerError};

/// A request that is refused before anything of it runs.
#[derive(Clone, Debug)]
pub struct Fault {
    pub code: &'static str,
    pub message: String,
    extensions: ErrorExtensionValues,
    pub locations: Vec<Pos>,
}

/// The code of a document that cannot be parsed.
const UNPARSED: &str = "GRAPHQL_PARSE_FAILED";
/// The code of a document that the schema does not allow.
pub const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
/// The code of variables that do not fit their types.
const VARIABLES: &str = "BAD_USER_INPUT";
/// The code of a query that would cost too much.
const COSTLY: &str = "COMPLEXITY_LIMIT";

impl Fault {
    fn new(code: &'static str, message: String) -> Self {
        Self {
            code,
            message,
            extensions: ErrorExtensionValues::default(),
            locations: Vec::new(),
        }
    }

    /// What is told beside the sentence.
    pub fn told(&self) -> ErrorExtensionValues {
        let mut told = self.extensions.clone();
        told.set("code", self.code);
        told
    }

    /// A document that the parser refused; what it expected stands in the last line that it tells.
    pub fn unparsed(error: &ServerError) -> Self {
        let expected = error.message.lines().last().unwrap_or_default();
        let expected = expected.trim_start_matches([' ', '=']).replace('_', " ");
        let expected = expected.replace("EOI", "the end of the document");
        let at = error.locations.first().copied().unwrap_or_default();
        let message = format!(
            "The document is no GraphQL: line {}, column {}: {expected}.",
            at.line, at.column
        );
        Self {
            locations: error.locations.clone(),
            ..Self::new(UNPARSED, message)
        }
    }

    /// A document that asks for what is not served.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(INVALID, message.into())
    }

    /// Variables with wrong values: complaints by place, such as `filter.tag.0`.
    pub fn variables(complaints: Vec<(String, String)>) -> Self {
        let (place, complaint) = &complaints[0];
        let (variable, within) = place.split_once('.').unwrap_or((place, ""));
        let within = match within {
            "" => String::new(),
            within => format!(" at `{within}`"),
        };
        let message = format!("The variable `${variable}` is not valid{within}: {complaint}");
        Self::new(VARIABLES, message).about(complaints)
    }

    /// Arguments with wrong values: complaints by place, such as `input.releaseDate`.
    pub fn arguments(complaints: Vec<(String, String)>) -> Self {
        let (place, complaint) = &complaints[0];
        let fault = Self::invalid(format!("The argument `{place}` is not valid: {complaint}"));
        fault.about(complaints)
    }

    /// Tells complaints by field.
    fn about(mut self, complaints: Vec<(String, String)>) -> Self {
        let fields = complaints.into_iter().map(|(place, complaint)| {
            let told = async_graphql::Value::List(vec![complaint.into()]);
            (async_graphql::Name::new(place), told)
        });
        let fields = async_graphql::Value::Object(fields.collect());
        self.extensions.set("fields", fields);
        self
    }

    /// A query that would cost too much, with the root field that costs most.
    pub fn costly(cost: usize, limit: usize, dearest: Option<(String, usize)>) -> Self {
        let mut message =
            format!("The query would cost {cost} points; at most {limit} are allowed.");
        if let Some((field, points)) = &dearest {
            message.push_str(&format!(
                " `{field}` costs most of it, {points}: ask for fewer nodes (`first`), or for fewer \
                 lists within lists."
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
