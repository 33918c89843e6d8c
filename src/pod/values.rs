//! New values of the pod's settings: what they must be like, and how they are stored.
use serde_json::Value as Json;

use super::preferences::{Preference, Value};
use crate::{accounts::check_email, error::Error};

/// Maximum lengths in characters.
const LINE: usize = 500;
const LONG_TEXT: usize = 50_000;
/// Numbers are as Funkwhale's database can hold them.
const LARGEST: i64 = i32::MAX as i64;
/// Questions that the sign-up form may have.
const QUESTIONS: usize = 20;

impl Preference {
    /// The stored form of a new value, which `parse` reads again.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub fn raw(&self, value: &Json) -> Result<String, String> {
        match self.default {
            Value::Bool(_) => boolean(value),
            Value::Int(_) => number(value),
            Value::Text(_) => self.line(value),
            Value::LongText(_) => text(value, LONG_TEXT),
            Value::Choice(_) => self.choice(value),
            Value::Choices(_) => self.chosen(value),
            Value::Object => object(value),
            Value::File => no_file(value),
        }
    }

    fn line(&self, value: &Json) -> Result<String, String> {
        let line = text(value, LINE)?.trim().to_owned();
        if line.chars().any(char::is_control) {
            return Err("Must be a single line without control characters.".to_owned());
        }
        let is_address = self.identifier() == "instance__contact_email" && !line.is_empty();
        match is_address.then(|| check_email(&line)) {
            Some(Err(Error::Invalid(complaints))) => Err(complaints
                .into_values()
                .flatten()
                .next()
                .unwrap_or_default()),
            _ => Ok(line),
        }
    }

    fn choice(&self, value: &Json) -> Result<String, String> {
        let code = text(value, LINE)?;
        match code.is_empty() || self.offers(&code) {
            true => Ok(code),
            false => Err(no_choice(&code)),
        }
    }

    /// A list of codes, or a text with commas between them, as forms send it.
    fn chosen(&self, value: &Json) -> Result<String, String> {
        let codes: Vec<&str> = match value {
            Json::Array(codes) => codes
                .iter()
                .map(|code| code.as_str().ok_or("Expected a list of texts."))
                .collect::<Result<_, _>>()?,
            Json::String(codes) => codes
                .split(',')
                .map(str::trim)
                .filter(|code| !code.is_empty())
                .collect(),
            _ => return Err("Expected a list of texts.".to_owned()),
        };
        let mut chosen: Vec<&str> = Vec::new();
        for code in codes {
            if !self.offers(code) {
                return Err(no_choice(code));
            }
            if !chosen.contains(&code) {
                chosen.push(code);
            }
        }
        Ok(chosen.join(","))
    }

    fn offers(&self, code: &str) -> bool {
        self.choices.pairs().iter().any(|(known, _)| *known == code)
    }
}

fn no_choice(code: &str) -> String {
    format!("\"{code}\" is not a valid choice.")
}

fn boolean(value: &Json) -> Result<String, String> {
    let is_on = match value {
        Json::Bool(is_on) => Some(*is_on),
        Json::String(word) => match word.to_ascii_lowercase().as_str() {
            "true" | "on" | "1" => Some(true),
            "false" | "off" | "0" | "" => Some(false),
            _ => None,
        },
        _ => None,
    };
    match is_on {
        Some(true) => Ok("True".to_owned()),
        Some(false) => Ok("False".to_owned()),
        None => Err("Must be true or false.".to_owned()),
    }
}

fn number(value: &Json) -> Result<String, String> {
    let number = match value {
        Json::Number(number) => number.as_i64(),
        Json::String(digits) => digits.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if (0..=LARGEST).contains(&number) => Ok(number.to_string()),
        _ => Err(format!("Must be a whole number from 0 to {LARGEST}.")),
    }
}

fn text(value: &Json, most: usize) -> Result<String, String> {
    let text = match value {
        Json::String(text) => text,
        Json::Null => return Ok(String::new()),
        _ => return Err("Not a valid string.".to_owned()),
    };
    if text.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    match text.chars().count() > most {
        true => Err(format!("At most {most} characters are allowed.")),
        false => Ok(text.clone()),
    }
}

/// The sign-up form: what is said above it, and its questions.
fn object(value: &Json) -> Result<String, String> {
    let parsed: Json = match value {
        Json::String(text) => {
            serde_json::from_str(text).map_err(|error| format!("Not valid JSON: {error}"))?
        }
        Json::Null => Json::Object(serde_json::Map::new()),
        value => value.clone(),
    };
    if !parsed.is_object() {
        return Err("Expected a JSON object.".to_owned());
    }
    let fields = match &parsed["fields"] {
        Json::Null => &[][..],
        Json::Array(fields) => fields,
        _ => return Err("`fields` must be a list.".to_owned()),
    };
    if fields.len() > QUESTIONS {
        return Err(format!("At most {QUESTIONS} questions are allowed."));
    }
    for field in fields {
        let label = field["label"].as_str().unwrap_or_default();
        if label.trim().is_empty() || label.chars().count() > LINE {
            return Err(format!(
                "Each question needs a `label` of 1 to {LINE} characters."
            ));
        }
        let kind = field["input_type"].as_str();
        if !matches!(field["required"], Json::Null | Json::Bool(_)) {
            return Err("`required` must be true or false.".to_owned());
        }
        if kind.is_some_and(|kind| !["short_text", "long_text"].contains(&kind)) {
            return Err("`input_type` must be `short_text` or `long_text`.".to_owned());
        }
    }
    let raw = parsed.to_string();
    match raw.len() > LONG_TEXT || raw.contains("\\u0000") {
        true => Err(format!(
            "At most {LONG_TEXT} bytes of JSON without null characters are allowed."
        )),
        false => Ok(raw),
    }
}

fn no_file(value: &Json) -> Result<String, String> {
    match value.is_null() || value == "" {
        true => Ok(String::new()),
        false => Err("Files cannot be sent here; null removes the file.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::pod::preferences::PREFERENCES;

    fn raw(identifier: &str, value: serde_json::Value) -> Result<serde_json::Value, String> {
        let known = PREFERENCES
            .iter()
            .find(|known| known.identifier() == identifier);
        let known = known.expect(identifier);
        known.raw(&value).map(|raw| known.parse(&raw))
    }

    #[test]
    fn values_are_what_their_type_allows() {
        let quota = "users__upload_quota";
        assert_eq!(raw(quota, json!(25)), Ok(json!(25)));
        assert_eq!(raw(quota, json!("25")), Ok(json!(25)));
        assert!(raw(quota, json!(-1)).is_err());
        assert!(raw(quota, json!(1.5)).is_err());
        let closed = "common__api_authentication_required";
        assert_eq!(raw(closed, json!("false")), Ok(json!(false)));
        assert!(raw(closed, json!("perhaps")).is_err());
        let types = "moderation__unauthenticated_report_types";
        assert_eq!(raw(types, json!(["other", "other"])), Ok(json!(["other"])));
        assert_eq!(raw(types, json!([])), Ok(json!([])));
        assert!(raw(types, json!(["zzz"])).is_err());
        assert_eq!(raw("instance__location", json!("DE")), Ok(json!("DE")));
        assert!(raw("instance__location", json!("ZZ")).is_err());
        assert!(raw("instance__contact_email", json!("nobody")).is_err());
        assert_eq!(raw("instance__name", json!(null)), Ok(json!("")));
        assert_eq!(raw("instance__banner", json!(null)), Ok(json!(null)));
    }

    #[test]
    fn a_sign_up_form_has_questions_that_can_be_asked() {
        let form = "moderation__signup_form_customization";
        let good =
            json!({ "fields": [{ "label": "Why?", "input_type": "long_text", "required": true }] });
        assert_eq!(raw(form, good.clone()), Ok(good.clone()));
        assert_eq!(raw(form, json!(good.to_string())), Ok(good));
        assert!(raw(form, json!({ "fields": [{}] })).is_err());
        assert!(
            raw(
                form,
                json!({ "fields": [{ "label": "x", "input_type": "file" }] })
            )
            .is_err()
        );
        assert!(raw(form, json!([])).is_err());
    }
}
