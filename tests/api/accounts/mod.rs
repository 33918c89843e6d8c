//! Accounts: making them, signing in, passwords, addresses, and taking them away.
mod changes;
mod sessions;
mod signing;

use baleen::store::sql;
use serde_json::{Value, json};

use crate::support::Pod;

async fn count(pod: &Pod, query: &'static str) -> i64 {
    sql(query).number(pod.app.db()).await.unwrap()
}

async fn open_registration(pod: &Pod) {
    pod.prefer("users", "registration_enabled", "True").await;
}

fn registration(username: &str) -> Value {
    json!({
        "username": username, "email": format!("{username}@new.test"),
        "password1": "averylongpw-77", "password2": "averylongpw-77",
    })
}

/// A key out of a mail.
fn key(mail: &str, parameter: &str) -> String {
    let rest = mail.split_once(&format!("{parameter}=")).unwrap().1;
    rest.split(|char: char| char == '&' || char.is_whitespace())
        .next()
        .unwrap()
        .to_owned()
}
