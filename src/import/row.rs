//! Reading a row: each value is checked before anything is written.
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::Value as Json;
use uuid::Uuid;

use super::tables::{As, Column, Table};
use crate::{
    seal::Seal,
    store::{Value, text::folded, words::indexed},
    time::Timestamp,
    token::token_hash,
};

/// Values of earlier rows that later rows need.
pub struct Memory {
    seal: Seal,
    artists: HashMap<i64, String>,
    /// Texts that may occur once, by their column.
    taken: HashSet<(&'static str, String)>,
    notes: Vec<String>,
    /// Whether rows were refused: others may name them without a fault of their own.
    pub are_missing: bool,
    /// Uploads that belong to no library.
    homeless: usize,
}

impl Memory {
    pub fn new(seal: &Seal) -> Self {
        Self {
            seal: seal.clone(),
            artists: HashMap::new(),
            taken: HashSet::new(),
            notes: Vec::new(),
            are_missing: false,
            homeless: 0,
        }
    }

    pub fn remember(&mut self, kind: &str, row: &Json) {
        if let ("artists", Some(id), Some(name)) = (kind, row["id"].as_i64(), row["name"].as_str())
        {
            self.artists.insert(id, name.to_owned());
        }
    }

    /// What is not as it was, each in a sentence.
    pub fn notes(mut self) -> Vec<String> {
        if self.homeless > 0 {
            self.notes.push(format!(
                "{} uploads belong to no library, so that nobody can play them; they were left out.",
                self.homeless
            ));
        }
        self.notes
    }

    /// A text in lower case that no other row of its table may have. In the original, texts that differ
    /// in case are different: those of later rows are told apart by their ID.
    fn once(&mut self, column: &'static str, row: &Json, text: &str) -> String {
        let folded = folded(text);
        if folded.is_empty() || self.taken.insert((column, folded.clone())) {
            return folded;
        }
        let id = row["id"].as_i64().unwrap_or_default();
        match column {
            "email_folded" => {
                self.notes.push(format!(
                    "The email address {text} is that of several accounts, in other letters: the \
                     account {} signs in by its name only.",
                    row["username"].as_str().unwrap_or_default()
                ));
                String::new()
            }
            "username_folded" => {
                self.notes.push(format!(
                    "The account {text} has the name of another one, in other letters: it signs in by \
                     exactly this spelling."
                ));
                format!("{folded} {id}")
            }
            _ => format!("{folded} {id}"),
        }
    }
}

/// The values of a row for a table; `None` if the row does not belong in the table.
pub fn values(
    table: &Table,
    row: &Json,
    memory: &mut Memory,
) -> Result<Option<Vec<Value>>, String> {
    if !row.is_object() {
        return Err("a row is a JSON object".to_owned());
    }
    if table.when.is_some_and(|(key, word)| row[key] != word) {
        return Ok(None);
    }
    if table.name == "uploads" && row["library_id"].is_null() {
        memory.homeless += 1;
        return Ok(None);
    }
    let read = |column: &Column| {
        value(column, row, memory).map_err(|complaint| format!("{}: {complaint}", column.key))
    };
    table
        .columns
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn value(column: &Column, row: &Json, memory: &mut Memory) -> Result<Value, String> {
    let found = &row[column.key];
    match column.kind {
        As::Zero => return Ok(0_i64.into()),
        As::Empty => return Ok("".into()),
        As::Password => return password(row),
        As::Target(key, word) if row[key] != word => return Ok(Value::Int(None)),
        _ => {}
    }
    if found.is_null() {
        return if column.nullable {
            Ok(null(column.kind))
        } else {
            Err("it is missing".to_owned())
        };
    }
    match column.kind {
        As::Int | As::Target(..) => int(found).map(Value::from),
        As::Text => text(found).map(Value::from),
        As::Folded => Ok(folded(text(found)?).into()),
        As::FoldedOnce => Ok(memory.once(column.name, row, text(found)?).into()),
        As::Words => Ok(indexed(text(found)?).into()),
        As::TokenHash => Ok(token_hash(text(found)?).into()),
        As::Sealed => Ok(memory.seal.sealed(text(found)?).into()),
        As::Bool => found
            .as_bool()
            .map(Value::from)
            .ok_or_else(|| wrong(found, "true or false")),
        As::Json => Ok(found.clone().into()),
        As::Time => parsed::<Timestamp>(found, "a time such as 2022-01-01T00:00:00+00:00"),
        As::Date => parsed::<NaiveDate>(found, "a date such as 2022-01-31"),
        As::Uuid => parsed::<Uuid>(found, "a UUID"),
        As::ArtistName => {
            let name = memory.artists.get(&int(found)?).map(String::as_str);
            let missing = memory.are_missing.then_some("");
            name.or(missing)
                .map(Value::from)
                .ok_or_else(|| "there is no such artist".to_owned())
        }
        As::Zero | As::Empty | As::Password => unreachable!("answered above"),
    }
}

fn null(kind: As) -> Value {
    match kind {
        As::Int | As::Target(..) | As::Zero => Value::Int(None),
        As::Text
        | As::Folded
        | As::FoldedOnce
        | As::Words
        | As::Password
        | As::ArtistName
        | As::Sealed
        | As::Empty => Value::Text(None),
        As::Bool => Value::Bool(None),
        As::Time => Value::Time(None),
        As::Date => Value::Date(None),
        As::Uuid => Value::Uuid(None),
        As::Json => Value::Json(None),
        As::TokenHash => Value::Bytes(None),
    }
}

fn int(found: &Json) -> Result<i64, String> {
    found.as_i64().ok_or_else(|| wrong(found, "a whole number"))
}

fn text(found: &Json) -> Result<&str, String> {
    let text = found.as_str().ok_or_else(|| wrong(found, "a text"))?;
    if text.contains('\0') {
        Err("a text must not hold null characters".to_owned())
    } else {
        Ok(text)
    }
}

fn parsed<T: std::str::FromStr + Into<Value>>(found: &Json, kind: &str) -> Result<Value, String> {
    text(found)?
        .parse::<T>()
        .map(Into::into)
        .map_err(|_| wrong(found, kind))
}

fn wrong(found: &Json, kind: &str) -> String {
    format!("{found} is not {kind}")
}

/// Hashes are kept as they are; plain passwords are hashed now and never stored.
fn password(row: &Json) -> Result<Value, String> {
    if let Some(hash) = row["password"].as_str() {
        return Ok(hash.into());
    }
    let plain = row["plain_password"].as_str().ok_or("it is missing")?;
    let hash = crate::accounts::password::hash(plain);
    let hash = hash.map_err(|error| format!("it cannot be hashed: {error}"))?;
    Ok(hash.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::tables::TABLES;

    fn table(name: &str) -> &'static Table {
        TABLES.iter().find(|table| table.name == name).unwrap()
    }

    fn memory() -> Memory {
        Memory::new(&Seal::with(b"tests"))
    }

    #[test]
    fn a_wrong_value_names_its_key() {
        let row = json!({"id": "x"});
        let complaint = values(table("contents"), &row, &mut memory()).unwrap_err();
        assert_eq!(complaint, "id: \"x\" is not a whole number");
        let row = json!({"id": 1, "text": "a"});
        let complaint = values(table("contents"), &row, &mut memory()).unwrap_err();
        assert_eq!(complaint, "content_type: it is missing");
    }

    #[test]
    fn a_row_goes_to_the_table_of_its_word() {
        let row = json!({"object_type": "album", "object_id": 1, "tag_id": 2,
            "creation_date": "2022-01-01T00:00:00+00:00"});
        assert!(
            values(table("album_tags"), &row, &mut memory())
                .unwrap()
                .is_some()
        );
        assert!(
            values(table("track_tags"), &row, &mut memory())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn passwords_are_stored_hashed() {
        let hashed = password(&json!({"plain_password": "secret"})).unwrap();
        let Value::Text(Some(text)) = hashed else {
            panic!("{hashed:?}")
        };
        assert!(text.starts_with("$argon2id$"), "{text}");
        let kept = password(&json!({"password": "pbkdf2_sha256$1$a$b"})).unwrap();
        assert_eq!(kept, "pbkdf2_sha256$1$a$b".into());
    }
}
