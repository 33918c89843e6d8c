use super::PrivacyLevel;
use crate::{
    app::App,
    error::Result,
    store::{Tx, sql, text::folded},
};

/// A library to create.
pub struct New<'a> {
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub privacy_level: PrivacyLevel,
    pub actor_id: i64,
}

/// Creates a library; returns its ID.
pub async fn insert(tx: &mut Tx, app: &App, new: &New<'_>) -> Result<i64> {
    let uuid = crate::random::uuid();
    let root = app.config().public_url();
    let fid = format!("{root}/federation/music/libraries/{uuid}");
    sql(
        "insert into libraries (uuid, fid, name, name_folded, description, privacy_level, actor_id,
           followers_url, creation_date) values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(uuid)
    .bind(fid.as_str())
    .bind(new.name)
    .bind(folded(new.name))
    .bind(new.description.map(str::to_owned))
    .bind(new.privacy_level)
    .bind(new.actor_id)
    .bind(format!("{fid}/followers"))
    .bind(app.clock().now())
    .number(tx)
    .await
}
