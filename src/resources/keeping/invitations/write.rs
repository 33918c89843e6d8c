//! Creating, changing and deleting invitations.
use serde_json::json;

use super::{Act, Create, Invitation, InvitationFilter, Update, found, listing, open};
use crate::{
    audit::given,
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::Entity,
    random,
    rest::action::{Chosen, MOST, nothing},
    store::{Tx, sql},
    time::Timestamp,
};

/// How long an invitation is valid unless it is said.
const DAYS: i64 = 14;
/// A code is as long as nobody guesses, and as short as an address can hold.
const CODE: std::ops::RangeInclusive<usize> = 6..=50;
/// Codes that the audit log names.
const TOLD: usize = 100;
/// Letters and digits of codes that are made up; none that look like others.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What an invitation is made of.
#[derive(Debug, Default)]
pub struct Wanted {
    pub code: Option<String>,
    pub expiration_date: Option<Timestamp>,
}

impl Wanted {
    fn check(&self, reader: &Reader) -> Result<()> {
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        if let Some(code) = &self.code
            && !(CODE.contains(&code.len()) && code.chars().all(plain))
        {
            let (least, most) = (CODE.start(), CODE.end());
            return Err(Error::field(
                "code",
                format!("Enter {least} to {most} letters, digits, `-` or `_`."),
            ));
        }
        match self.expiration_date {
            Some(date) if date <= reader.clock().now() => Err(Error::field(
                "expiration_date",
                "This date has passed already.",
            )),
            _ => Ok(()),
        }
    }

    fn told(&self) -> serde_json::Value {
        given([
            ("code", self.code.as_ref().map(|code| json!(code))),
            (
                "expiration_date",
                self.expiration_date.map(|date| json!(date)),
            ),
        ])
    }
}

fn target(code: &str) -> String {
    format!("invitation {code}")
}

pub async fn create(permit: &Allowed<Create>, mut wanted: Wanted) -> Result<Invitation> {
    wanted.code = wanted.code.filter(|code| !code.is_empty());
    wanted.check(permit)?;
    let code = wanted.code.unwrap_or_else(|| random::letters(16, LETTERS));
    let now = permit.clock().now();
    let usual = now.plus_seconds(DAYS * 86_400);
    let expiration_date = wanted.expiration_date.unwrap_or(usual);
    let told = json!({ "expiration_date": expiration_date });
    let mut tx = permit.begin_deed(&target(&code), told).await?;
    let made = sql(
        "insert into invitations (code, owner_id, creation_date, expiration_date) values (?, ?, ?, ?)
         on conflict (code) do nothing
         returning id, code, owner_id, invited_user_id, expiration_date, creation_date",
    )
    .bind(code)
    .bind(permit.user()?.user_id)
    .bind(now)
    .bind(expiration_date);
    let made: Option<Invitation> = made.optional(&mut tx).await?;
    let made = made.ok_or_else(taken)?;
    tx.commit().await?;
    Ok(made)
}

fn taken() -> Error {
    Error::field("code", "There is an invitation with this code already.")
}

pub async fn update(permit: &Allowed<Update>, key: Key, wanted: Wanted) -> Result<Invitation> {
    wanted.check(permit)?;
    let id = key.number()?;
    let known = found(permit, id).await?;
    let mut tx = permit
        .begin_deed(&target(&known.code), wanted.told())
        .await?;
    tx.lock(sql("select id from invitations where id = ?").bind(id))
        .await?;
    let known: Invitation = Invitation::select()
        .then(" where id = ?")
        .bind(id)
        .one(&mut tx)
        .await?;
    if known.invited_user_id.is_some() {
        let complaint = "This invitation was used; it cannot be changed.";
        return Err(Error::field("non_field_errors", complaint));
    }
    if let Some(code) = &wanted.code {
        rename(&mut tx, id, code).await?;
    }
    sql("update invitations set expiration_date = ? where id = ?")
        .bind(wanted.expiration_date.unwrap_or(known.expiration_date))
        .bind(id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    found(permit, id).await
}

async fn rename(tx: &mut Tx, id: i64, code: &str) -> Result<()> {
    let other = sql("select id from invitations where code = ? and id <> ?");
    let other = other.bind(code).bind(id).optional::<(i64,)>(&mut *tx);
    if other.await?.is_some() {
        return Err(taken());
    }
    sql("update invitations set code = ? where id = ?")
        .bind(code)
        .bind(id)
        .run(tx)
        .await
        .map(|_| ())
}

/// Deletes invitations that were not used; returns the IDs of those that are gone.
pub async fn delete(permit: &Allowed<Act>, chosen: Chosen<InvitationFilter>) -> Result<Vec<i64>> {
    let ids = match chosen.bounded()? {
        Chosen::Numbered(ids) => ids,
        // They have no other names.
        Chosen::Named(_) | Chosen::Called(_) => Vec::new(),
        Chosen::All(filter) => {
            let open = open(permit);
            let all = listing(permit, &filter, &[]).await?.and(open);
            all.page(permit.db(), MOST as i64, 0).await?
        }
    };
    let unused = sql("select id, code from invitations where id in ?* and invited_user_id is null");
    let unused: Vec<(i64, String)> = unused.bind(ids).all(permit.db()).await?;
    if unused.is_empty() {
        return Err(nothing());
    }
    let (ids, codes): (Vec<i64>, Vec<String>) = unused.into_iter().unzip();
    let told = json!({ "action": "delete", "codes": &codes[..codes.len().min(TOLD)] });
    let mut tx = permit.begin_deed("invitations", told).await?;
    // One that was used meanwhile stays.
    let gone =
        sql("delete from invitations where id in ?* and invited_user_id is null returning id");
    let gone = gone.bind(ids).ids(&mut tx).await?;
    tx.commit().await?;
    Ok(gone)
}
