//! Reading a row: each value is checked before anything is written.
use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::Value as Json;
use uuid::Uuid;

use super::tables::{As, Column, Table};
use crate::{
    store::{Value, text::folded, words::indexed},
    time::Timestamp,
    token::token_hash,
};

/// Values of earlier rows that later rows need.
#[derive(Default)]
pub struct Memory {
    artists: HashMap<i64, String>,
}

impl Memory {
    pub fn remember(&mut self, kind: &str, row: &Json) {
        if let ("artists", Some(id), Some(name)) = (kind, row["id"].as_i64(), row["name"].as_str())
        {
            self.artists.insert(id, name.to_owned());
        }
    }
}

/// The values of a row for a table; `None` if the row does not belong in the table.
pub fn values(table: &Table, row: &Json, memory: &Memory) -> Result<Option<Vec<Value>>, String> {
    if !row.is_object() {
        return Err("a row is a JSON object".to_owned());
    }
    if table.when.is_some_and(|(key, word)| row[key] != word) {
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

fn value(column: &Column, row: &Json, memory: &Memory) -> Result<Value, String> {
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
        As::Words => Ok(indexed(text(found)?).into()),
        As::TokenHash => Ok(token_hash(text(found)?).into()),
        As::Bool => found
            .as_bool()
            .map(Value::from)
            .ok_or_else(|| wrong(found, "true or false")),
        As::Json => Ok(found.clone().into()),
        As::Time => parsed::<Timestamp>(found, "a time such as 2022-01-01T00:00:00+00:00"),
        As::Date => parsed::<NaiveDate>(found, "a date such as 2022-01-31"),
        As::Uuid => parsed::<Uuid>(found, "a UUID"),
        As::ArtistName => {
            let name = memory.artists.get(&int(found)?);
            name.map(|name| name.as_str().into())
                .ok_or_else(|| "there is no such artist".to_owned())
        }
        As::Zero | As::Empty | As::Password => unreachable!("answered above"),
    }
}

fn null(kind: As) -> Value {
    match kind {
        As::Int | As::Target(..) | As::Zero => Value::Int(None),
        As::Text | As::Folded | As::Words | As::Password | As::ArtistName | As::Empty => {
            Value::Text(None)
        }
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

    #[test]
    fn a_wrong_value_names_its_key() {
        let row = json!({"id": "x"});
        let complaint = values(table("contents"), &row, &Memory::default()).unwrap_err();
        assert_eq!(complaint, "id: \"x\" is not a whole number");
        let row = json!({"id": 1, "text": "a"});
        let complaint = values(table("contents"), &row, &Memory::default()).unwrap_err();
        assert_eq!(complaint, "content_type: it is missing");
    }

    #[test]
    fn a_row_goes_to_the_table_of_its_word() {
        let row = json!({"object_type": "album", "object_id": 1, "tag_id": 2,
            "creation_date": "2022-01-01T00:00:00+00:00"});
        assert!(
            values(table("album_tags"), &row, &Memory::default())
                .unwrap()
                .is_some()
        );
        assert!(
            values(table("track_tags"), &row, &Memory::default())
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
