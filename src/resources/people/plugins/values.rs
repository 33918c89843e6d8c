//! What somebody has told a plugin. Secrets are sealed, and never shown again.
use async_graphql::InputObject;
use poem_openapi::Object;
use reqwest::Url;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::known::{Field, FieldKind, Plugin};
use crate::{error::Result, rest::params::Complaints, seal::Seal};

/// What a plugin is told. Each takes what it needs to know; fields that are not sent keep their values.
#[derive(Debug, Default, Serialize, Object, InputObject)]
#[graphql(name = "PluginValuesInput")]
pub struct PluginValues {
    /// Address of the service, for `scrobbler`; empty for Last.fm.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Username at the service, for `scrobbler`.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// Password at the service, for `scrobbler`; `********` keeps the one that was sent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// User token, for `listenbrainz`; `********` keeps the one that was sent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_token: Option<String>,
    /// Username at ListenBrainz, for `listenbrainz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    /// Whether to send what you play, for `listenbrainz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    submit_listenings: Option<bool>,
    /// Whether to send your favorites, for `listenbrainz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    submit_favorites: Option<bool>,
    /// Address of the server, for `maloja`.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_url: Option<String>,
    /// API key, for `maloja`; `********` keeps the one that was sent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    /// Whether Maloja leaves the names as they are, for `maloja`.
    #[serde(skip_serializing_if = "Option::is_none")]
    nofix: Option<bool>,
}

/// What stands for a secret that is there.
const MASK: &str = "********";
/// Characters of a value at most.
const LONGEST: usize = 1_000;

impl PluginValues {
    /// What is kept for a plugin, with what was kept before.
    ///
    /// # Errors
    /// `Invalid` for what is missing, and for addresses that are none.
    pub fn kept(&self, plugin: &Plugin, before: &Value, seal: &Seal) -> Result<Value> {
        let sent = json!(self);
        let (mut kept, mut complaints) = (Map::new(), Complaints::default());
        for field in plugin.fields {
            let value = match sent.get(field.name) {
                None => before.get(field.name).cloned(),
                Some(Value::String(text)) if field.kind == FieldKind::Secret && text == MASK => {
                    before.get(field.name).cloned()
                }
                Some(Value::String(text)) => match field.checked(text) {
                    Ok(text) if field.kind == FieldKind::Secret && !text.is_empty() => {
                        Some(json!(seal.sealed(text)))
                    }
                    Ok(text) => Some(json!(text)),
                    Err(complaint) => {
                        complaints.add(field.name, complaint);
                        continue;
                    }
                },
                Some(value) => Some(value.clone()),
            };
            match value.filter(|value| value != "") {
                Some(value) => _ = kept.insert(field.name.to_owned(), value),
                None if field.is_required => {
                    complaints.add(field.name, "This field is required.".to_owned());
                }
                None => {}
            }
        }
        complaints.check()?;
        Ok(Value::Object(kept))
    }
}

impl Field {
    fn checked<'a>(&self, text: &'a str) -> Result<&'a str, String> {
        let text = match self.kind {
            FieldKind::Secret => text,
            _ => text.trim(),
        };
        let is_address = || {
            Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        };
        if text.chars().count() > LONGEST {
            return Err(format!(
                "Ensure this field has no more than {LONGEST} characters."
            ));
        }
        match self.kind == FieldKind::Url && !text.is_empty() && !is_address() {
            true => Err("Enter a valid URL.".to_owned()),
            false => Ok(text),
        }
    }
}

/// What is shown of what was kept: no secret.
pub fn shown(plugin: &Plugin, kept: &Value) -> Value {
    let value = |field: &Field| match kept.get(field.name) {
        Some(_) if field.kind == FieldKind::Secret => json!(MASK),
        Some(value) => value.clone(),
        None => json!(field.default),
    };
    let values = plugin
        .fields
        .iter()
        .map(|field| (field.name.to_owned(), value(field)));
    Value::Object(values.collect())
}

/// What a service is told: the secrets opened. What came from elsewhere was not sealed.
pub struct Opened<'a> {
    pub plugin: &'static Plugin,
    pub kept: &'a Value,
    pub seal: &'a Seal,
}

impl Opened<'_> {
    pub fn text(&self, name: &str) -> Option<String> {
        let kept = self.kept.get(name)?.as_str()?;
        match Seal::is_sealed(kept) {
            true => self.seal.opened(kept),
            false => Some(kept.to_owned()),
        }
    }

    pub fn truth(&self, name: &str) -> bool {
        let fields = self.plugin.fields.iter();
        let default = fields
            .filter(|field| field.name == name)
            .find_map(|field| field.default);
        let kept = self.kept.get(name).and_then(Value::as_bool);
        kept.or(default).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::known::plugin, *};

    #[test]
    fn secrets_are_sealed_kept_and_never_shown() {
        let (seal, plugin) = (Seal::with(b"key"), plugin("listenbrainz").unwrap());
        let sent = PluginValues {
            user_token: Some("tok".to_owned()),
            ..PluginValues::default()
        };
        let kept = sent.kept(plugin, &Value::Null, &seal).unwrap();
        assert!(!kept.to_string().contains("tok\""), "{kept}");
        let shown = shown(plugin, &kept);
        assert_eq!(
            shown,
            json!({"user_token": MASK, "user_name": null, "submit_listenings": true, "submit_favorites": false})
        );
        let again = PluginValues {
            user_token: Some(MASK.to_owned()),
            submit_favorites: Some(true),
            ..PluginValues::default()
        };
        let kept = again.kept(plugin, &kept, &seal).unwrap();
        let opened = Opened {
            plugin,
            kept: &kept,
            seal: &seal,
        };
        assert_eq!(opened.text("user_token").as_deref(), Some("tok"));
        assert!(opened.truth("submit_listenings") && opened.truth("submit_favorites"));
        let plain = json!({"user_token": "imported"});
        let opened = Opened {
            plugin,
            kept: &plain,
            seal: &seal,
        };
        assert_eq!(opened.text("user_token").as_deref(), Some("imported"));
    }

    #[test]
    fn what_is_missing_or_no_address_is_told_by_its_field() {
        let (seal, plugin) = (Seal::with(b"key"), plugin("maloja").unwrap());
        let sent = PluginValues {
            server_url: Some("nowhere".to_owned()),
            api_key: Some(String::new()),
            ..PluginValues::default()
        };
        let refused = format!("{:?}", sent.kept(plugin, &Value::Null, &seal).unwrap_err());
        assert!(
            refused.contains("\"server_url\": [\"Enter a valid URL.\"]"),
            "{refused}"
        );
        assert!(
            refused.contains("\"api_key\": [\"This field is required.\"]"),
            "{refused}"
        );
    }
}
