//! What waits for moderators and administrators, invitations, and people.
use minijinja::{Value, context, value::Serde};
use poem::{Response, handler, web::Path};
use poem_openapi::types::MaybeUndefined;
use uuid::Uuid;

use super::section;
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    resources::{
        keeping::{
            invitations::{self, Wanted},
            user_accounts::{self, AccountChanges, PermissionChanges, UserAccount},
        },
        moderation::{
            reports::{self, Report},
            user_requests::{self, UserRequest, UserRequestStatus},
        },
        people::actors::Actor,
    },
    rest::action::Chosen,
    web::{
        settings::when,
        visit::{Page, Visit, with},
    },
};

const TEMPLATE: &str = "manage-people.html";

/// Rows of a section, at most.
const SHOWN: i64 = 50;
/// People that are shown, at most.
const PEOPLE: i64 = 20;

/// The notice of success for the action before the redirect here.
fn notice(visit: &Visit) -> Option<&'static str> {
    Some(match visit.query.last("done")? {
        "requests" => "Your decision was saved, and a mail was sent.",
        "reports" => "The report is handled.",
        "invitations" => "The invitations were changed.",
        "people" => "The account was saved.",
        _ => return None,
    })
}

async fn facts(visit: &Visit, section_of: &str) -> Result<Value> {
    visit.user()?;
    let q = visit.query.last("q").unwrap_or_default().trim();
    let requests = section(visit, async |permit| asked(permit).await).await?;
    let reports = section(visit, async |permit| told(permit).await).await?;
    let invitations = section(visit, async |permit| invited(permit).await).await?;
    let people = section(visit, async |permit| found(permit, q).await).await?;
    if requests.is_none() && reports.is_none() && invitations.is_none() && people.is_none() {
        return Err(Error::Forbidden);
    }
    Ok(context! {
        here => "people", section => section_of, notice => notice(visit), q, requests, reports, invitations, people,
    })
}

async fn asked(permit: &Allowed<user_requests::List>) -> Result<Value> {
    let requests = user_requests::waiting(permit, SHOWN).await?;
    let submitters = requests.iter().map(|request| Some(request.submitter_id));
    let actors = permit.loaders().parts::<Actor>(submitters).await?;
    let row = |request: UserRequest| {
        let submitter = actors.get(Some(request.submitter_id));
        context! {
            uuid => request.uuid.to_string(),
            name => submitter.map(|actor| actor.address()),
            answers => Serde(request.metadata),
            created => when(request.creation_date),
        }
    };
    Ok(requests.into_iter().map(row).collect::<Vec<_>>().into())
}

async fn told(permit: &Allowed<reports::List>) -> Result<Value> {
    let reports = reports::open(permit, SHOWN).await?;
    let submitters = reports.iter().map(|report| report.submitter_id);
    let actors = permit.loaders().parts::<Actor>(submitters).await?;
    let row = |report: Report| {
        let by = actors.get(report.submitter_id);
        context! {
            uuid => report.uuid.to_string(),
            kind => report.kind.word().replace('_', " "),
            about => report.target_type.as_deref(),
            name => report.called(),
            summary => report.summary.as_deref(),
            by => by.map(|actor| actor.address()).or(report.submitter_email),
            created => when(report.creation_date),
        }
    };
    Ok(reports.into_iter().map(row).collect::<Vec<_>>().into())
}

async fn invited(permit: &Allowed<invitations::List>) -> Result<Value> {
    let root = &permit.names().public_url;
    let rows = invitations::usable(permit, SHOWN).await?;
    let rows = rows.into_iter().map(|invitation| {
        context! {
            id => invitation.id,
            link => format!("{root}{}", with("/signup", "invitation", &invitation.code)),
            code => invitation.code,
            until => when(invitation.expiration_date),
        }
    });
    Ok(rows.collect::<Vec<_>>().into())
}

async fn found(permit: &Allowed<user_accounts::List>, q: &str) -> Result<Value> {
    let rows = user_accounts::search(permit, q, PEOPLE).await?;
    let row = |account: UserAccount| {
        context! {
            id => account.id,
            username => account.username,
            email => account.email,
            active => account.is_active,
            superuser => account.is_superuser,
            quota => account.upload_quota,
            library => account.permission_library,
            moderation => account.permission_moderation,
            settings => account.permission_settings,
            joined => when(account.date_joined),
            last => account.last_activity.map(when),
        }
    };
    Ok(rows.into_iter().map(row).collect::<Vec<_>>().into())
}

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    visit
        .show(Page::new(TEMPLATE, facts(&visit, "").await?))
        .await
}

async fn done<T>(visit: &Visit, section: &str, result: Result<T>) -> Result<Response> {
    let again = async || Ok(Page::new(TEMPLATE, facts(visit, section).await?));
    super::done(visit, ("/manage", section), result, again).await
}

fn uuid(text: &str) -> Result<Key> {
    let uuid: Result<Uuid, _> = text.parse();
    uuid.map(Key::Uuid).map_err(|_| Error::NotFound)
}

fn number(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::NotFound)
}

#[handler]
pub async fn decide(Path(id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<user_requests::Update>().await?;
    let status = match visit.form.is_on("approve") {
        true => UserRequestStatus::Approved,
        false => UserRequestStatus::Refused,
    };
    let changes = user_requests::Changes {
        status: Some(status),
        assigned_to: None,
    };
    let decided = user_requests::update(&permit, uuid(&id)?, changes).await;
    done(&visit, "requests", decided).await
}

#[handler]
pub async fn handle(Path(id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<reports::Update>().await?;
    let changes = reports::Changes {
        is_handled: Some(true),
        ..reports::Changes::default()
    };
    let handled = reports::update(&permit, uuid(&id)?, changes).await;
    done(&visit, "reports", handled).await
}

#[handler]
pub async fn invite(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<invitations::Create>().await?;
    let made = invitations::create(&permit, Wanted::default()).await;
    done(&visit, "invitations", made).await
}

#[handler]
pub async fn withdraw(Path(id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<invitations::Act>().await?;
    let gone = invitations::delete(&permit, Chosen::Numbered(vec![number(&id)?])).await;
    done(&visit, "invitations", gone).await
}

#[handler]
pub async fn change(Path(id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<user_accounts::Update>().await?;
    let id = number(&id)?;
    let changed = async {
        let changes = AccountChanges {
            is_active: Some(visit.form.is_on("active")),
            upload_quota: match visit.typed("quota") {
                "" => MaybeUndefined::Null,
                digits => MaybeUndefined::Value(digits.parse().map_err(|_| {
                    Error::field("upload_quota", "Enter megabytes as a whole number.")
                })?),
            },
            permissions: Some(PermissionChanges {
                library: Some(visit.form.is_on("library")),
                moderation: Some(visit.form.is_on("moderation")),
                settings: Some(visit.form.is_on("settings")),
            }),
            ..AccountChanges::default()
        };
        user_accounts::update(&permit, Key::Id(id), changes).await
    };
    done(&visit, "people", changed.await).await
}
