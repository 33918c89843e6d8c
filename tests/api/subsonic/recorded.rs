//! The recorded answers of the original: all that they say is said, in the types that OpenSubsonic has for it.
use std::fs;

use poem::http::Method;
use serde_json::Value;

use crate::support::{Backend, Data, Pod, contract};

/// Recordings that are answered otherwise, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("subsonic-license", "There is no licence that ends."),
    (
        "subsonic-artists",
        "Articles do not count, and what begins with no letter is under #.",
    ),
    ("subsonic-indexes", "As subsonic-artists."),
    (
        "subsonic-artist",
        "Albums of which nothing can be played are left out.",
    ),
    (
        "subsonic-albumlist2-bygenre",
        "Sorted by title; the original sorts by artist.",
    ),
    (
        "subsonic-playlists",
        "Those that everyone may see are public.",
    ),
    ("subsonic-createplaylist", "It has another number."),
    (
        "subsonic-avatar",
        "There is such a user, without a picture.",
    ),
    (
        "subsonic-starred2",
        "Songs that cannot be played are left out; the artist is that of the song.",
    ),
    ("subsonic-unknown", "An error of Subsonic, not a page."),
    (
        "subsonic-enc",
        "Roles are those that there are: nothing is uploaded by players.",
    ),
    ("subsonic-token", "As subsonic-enc."),
    ("subsonic-scrobble-bad", "The error says what is wrong."),
    (
        "subsonic-podcasts",
        "Episodes are songs, by whose IDs they are heard; IDs name their kinds.",
    ),
    ("subsonic-newestpodcasts", "As subsonic-podcasts."),
];

/// Fields that are meant for Funkwhale alone, or that the original gets wrong.
const PASSED_OVER: &[&str] = &[
    "funkwhaleVersion",
    "serverVersion",
    "type",
    "version",
    // Always 0 in playlists; of albums, the plays of everybody.
    "duration",
    "playCount",
    // A name of a picture also where there is none.
    "coverArt",
    "created",
    // To the second.
    "starred",
    "ignoredArticles",
    // A made-up one, and the year of the upload where the album has none.
    "path",
    "year",
];

#[tokio::test]
async fn they_are_covered_on_sqlite() {
    covered_on(Backend::Sqlite).await;
}

#[tokio::test]
async fn they_are_covered_on_postgres() {
    covered_on(Backend::Postgres).await;
}

async fn covered_on(backend: Backend) {
    let Some(folder) = contract() else {
        eprintln!("contract data not found, not run");
        return;
    };
    let Some(pod) = Pod::with(backend, Data::Contract, &[]).await else {
        return;
    };
    let mut files: Vec<_> = fs::read_dir(folder.join("golden"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut wrong = Vec::new();
    let mut right = 0;
    let mut made = None;
    for file in files {
        let Ok(golden) = serde_json::from_slice::<Value>(&fs::read(file).unwrap()) else {
            continue;
        };
        if golden["area"] != "subsonic" {
            continue;
        }
        let method: Method = golden["request"]["method"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let path = golden["request"]["path"].as_str().unwrap();
        let path = match &made {
            Some(made) => path.replace("laylistId=15", &format!("laylistId={made}")),
            None => path.to_owned(),
        };
        let mut ask = pod.ask(method, &path);
        if let Some(form) = golden["request"]["body"]["form"].as_object() {
            let fields: Vec<_> = form
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
                .collect();
            ask = ask.form(&fields);
        }
        let answer = ask.send().await;
        let Some(body) = golden["response"]["body_text"].as_str() else {
            continue;
        };
        let name = golden["name"].as_str().unwrap();
        if name == "subsonic-createplaylist" {
            let made_here = answer.json()["subsonic-response"]["playlist"]["id"].clone();
            made = made_here.as_str().map(str::to_owned);
        }
        let recorded: Value = serde_json::from_str(body).unwrap();
        let ours: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let mut places = Vec::new();
        cover(&recorded, &ours, name.to_owned(), &mut places);
        let may_differ = OTHERWISE.iter().any(|(known, _)| *known == name);
        match (may_differ, places.is_empty()) {
            (false, false) => wrong.extend(places),
            (true, true) => wrong.push(format!("{name}: may differ, but does not")),
            _ => right += 1,
        }
    }
    assert!(
        wrong.is_empty(),
        "{} places:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(right >= 30, "{right}");
}

/// The places where something recorded is not in an answer.
fn cover(want: &Value, got: &Value, place: String, found: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, a) in a
                .iter()
                .filter(|(key, _)| !PASSED_OVER.contains(&key.as_str()))
            {
                match b.get(key) {
                    Some(b) => cover(a, b, format!("{place}/{key}"), found),
                    None if is_nothing(a) => {}
                    None => found.push(format!("{place}/{key} {a} is not there")),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for a in a {
                let same = |b: &&Value| key(a) == key(b);
                match b.iter().find(same) {
                    Some(b) => cover(a, b, format!("{place}/{}", key(a)), found),
                    None => found.push(format!("{place}: {} is not there", key(a))),
                }
            }
        }
        (a, b) if plain(a) == plain(b) => {}
        (a, b) if is_nothing(a) && is_nothing(b) => {}
        _ => found.push(format!("{place} {want} is {got}")),
    }
}

/// What tells an element of a list from the others.
fn key(element: &Value) -> String {
    match ["id", "name", "value"]
        .iter()
        .find(|field| !element[**field].is_null())
    {
        Some(field) => plain(&element[*field]),
        None => element.to_string(),
    }
}

/// A value as a text, without the kind in an ID.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let kinds = ["ar-", "al-", "tr-", "pl-"];
    let bare = kinds
        .iter()
        .find_map(|kind| text.strip_prefix(kind))
        .map(str::to_owned);
    bare.unwrap_or(text)
}

fn is_nothing(value: &Value) -> bool {
    matches!(value.as_str(), Some("" | "None")) || value.is_null()
}
