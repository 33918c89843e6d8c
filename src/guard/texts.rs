//! What is said of each operation, at both doors: its summary and description.
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::Info;
use crate::caller::Anonymous;

/// The summary and the description of each operation that was asked for.
static TEXTS: Mutex<BTreeMap<&'static str, &'static (String, String)>> =
    Mutex::new(BTreeMap::new());

impl Info {
    /// What it does, in a sentence.
    pub fn summary(&self) -> &'static str {
        &self.texts().0
    }

    /// What callers need to know, in Markdown.
    pub fn description(&self) -> &'static str {
        &self.texts().1
    }

    fn texts(&self) -> &'static (String, String) {
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        texts
            .entry(self.name)
            .or_insert_with(|| Box::leak(Box::new(self.told())))
    }

    fn told(&self) -> (String, String) {
        let lines: Vec<&str> = self.text.lines().map(str::trim).collect();
        let paragraphs = lines.split(|line| line.is_empty());
        let mut paragraphs = paragraphs.filter(|lines| !lines.is_empty());
        let summary = paragraphs.next().unwrap_or_default().join(" ");
        let mut told: Vec<String> = paragraphs.map(|lines| lines.join(" ")).collect();
        told.push(self.conditions());
        (summary, told.join("\n\n"))
    }

    /// Who may, and which rate limit counts it.
    pub fn conditions(&self) -> String {
        let scope = match self.scope {
            Some(scope) => format!("Requires the scope `{}`.", scope.word()),
            None => "Requires no scope.".to_owned(),
        };
        let anonymous = match self.anonymous {
            Anonymous::Always => "Anonymous callers are allowed.",
            Anonymous::Setting => {
                "Anonymous callers are allowed unless the pod requires authentication."
            }
            Anonymous::Never => "Anonymous callers are not allowed.",
        };
        let rate = match self.throttle.scopes() {
            ("none", "none") => "Not rate-limited.".to_owned(),
            (strangers, users) if strangers == users || strangers == "none" => {
                format!("Rate-limit scope: `{users}`.")
            }
            (strangers, users) => format!("Rate-limit scope: `{strangers}` or `{users}`."),
        };
        let by_address = match self.throttle.is_by_address() {
            true => " Counted by address for authenticated callers too.",
            false => "",
        };
        format!("{scope} {anonymous} {rate}{by_address}")
    }
}
