//! Deciding about sign-up requests.
use serde_json::{Value, json};
use sqlx::FromRow;

use super::{Update, UserRequest, UserRequestStatus, retrieve};
use crate::{
    accounts::mails::Letterhead,
    audit::given,
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::Entity,
    mail::Mail,
    resources::moderation::assignee::Assignee,
    store::{Tx, sql},
};

/// What to change of a request. Fields that are not given keep their values.
#[derive(Debug, Default)]
pub struct Changes {
    pub status: Option<UserRequestStatus>,
    pub assigned_to: Option<Assignee>,
}

/// The account that a request is about.
#[derive(FromRow)]
struct Account {
    id: i64,
    username: String,
    email: String,
    is_superuser: bool,
}

pub async fn update(permit: &Allowed<Update>, key: Key, changes: Changes) -> Result<UserRequest> {
    let request = retrieve(permit, key).await?;
    let assigned_to = match &changes.assigned_to {
        Some(assignee) => Some(assignee.resolve(permit).await?),
        None => None,
    };
    let letterhead = Letterhead::of(permit.app()).await?;
    let target = format!("user request {}", request.uuid);
    let told = given([
        ("status", changes.status.map(|status| json!(status))),
        ("assigned_to", assigned_to.map(|actor| json!(actor))),
    ]);
    if told == Value::Null {
        return Ok(request);
    }
    let mut tx = permit.begin_deed(&target, told).await?;
    tx.lock(sql("select id from user_requests where id = ?").bind(request.id))
        .await?;
    let known = UserRequest::select().then(" where id = ?").bind(request.id);
    let known: UserRequest = known.one(&mut tx).await?;
    let status = changes.status.unwrap_or(known.status);
    let mail = match status == known.status {
        true => None,
        false => decide(&mut tx, &letterhead, &known, status).await?,
    };
    let now = permit.clock().now();
    let handled_date = match status {
        UserRequestStatus::Pending => None,
        _ if status == known.status => known.handled_date,
        _ => Some(now),
    };
    // Whoever decides takes care of it.
    let own = (handled_date == Some(now))
        .then(|| permit.actor_id())
        .flatten();
    let assigned_to = assigned_to.unwrap_or(own.or(known.assigned_to_id));
    sql("update user_requests set status = ?, handled_date = ?, assigned_to_id = ? where id = ?")
        .bind(status)
        .bind(handled_date)
        .bind(assigned_to)
        .bind(known.id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    permit.app().credentials().forget_all();
    if let Some(mail) = mail {
        permit.app().mailer().post(mail);
    }
    retrieve(permit, Key::Id(request.id)).await
}

/// Lets the account in, or not; returns the mail that tells whoever asked.
async fn decide(
    tx: &mut Tx,
    letterhead: &Letterhead,
    known: &UserRequest,
    status: UserRequestStatus,
) -> Result<Option<Mail>> {
    if known.status == UserRequestStatus::Approved {
        let complaint = "This request was approved; deactivate the account instead.";
        return Err(Error::field("status", complaint));
    }
    if status == UserRequestStatus::Pending {
        let complaint = "A decision cannot be taken back.";
        return Err(Error::field("status", complaint));
    }
    let account = sql("select id, username, email, is_superuser from users where actor_id = ?");
    let account: Option<Account> = account.bind(known.submitter_id).optional(&mut *tx).await?;
    let account = account.ok_or_else(|| {
        let complaint = "The account that this request is about was deleted.";
        Error::field("status", complaint)
    })?;
    if account.is_superuser {
        return Err(Error::Forbidden);
    }
    sql("update users set is_active = ? where id = ?")
        .bind(status == UserRequestStatus::Approved)
        .bind(account.id)
        .run(tx)
        .await?;
    let has_address = !account.email.is_empty();
    Ok(match status {
        UserRequestStatus::Approved if has_address => {
            Some(letterhead.approved(&account.email, &account.username))
        }
        UserRequestStatus::Refused if has_address => {
            Some(letterhead.declined(&account.email, &account.username))
        }
        _ => None,
    })
}
