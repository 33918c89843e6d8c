//! The page of account settings.
use std::str::FromStr;

use minijinja::{Value, context, value::Serde};
use poem::{Response, handler, web::Path};

use super::visit::{Page, Visit, go};
use crate::{
    accounts::recovery,
    auth::browser,
    error::{Error, Result},
    oauth::scopes,
    resources::{
        library::contents::NewContent,
        people::{
            auth::{ChangePassword, PasswordChange, change_password},
            grants, sessions as browsers,
            users::{self, ChangeEmail, Changes, DeleteAccount, UserPrivacy},
        },
    },
    rest::params::Scalar,
    scope::ScopeSet,
    time::Timestamp,
};

/// A timestamp as shown on pages.
pub fn when(time: Timestamp) -> String {
    time.0.format("%-d %B %Y, %H:%M UTC").to_string()
}

const LEVELS: &[(UserPrivacy, &str)] = &[
    (UserPrivacy::Me, "Only you"),
    (UserPrivacy::Followers, "Your followers"),
    (UserPrivacy::Instance, "Everyone on this pod"),
    (UserPrivacy::Everyone, "Everyone"),
];

/// The notice of success for the action before the redirect here.
fn notice(visit: &Visit) -> Option<&'static str> {
    Some(match visit.query.last("done")? {
        "profile" => "Your profile was saved.",
        "email" => "We sent a mail to the new address. Open the link in it to complete the change.",
        "confirmed" => "Your e-mail address is confirmed.",
        "password" => "Your new password is set. All other sessions were signed out.",
        "session" => "The session was signed out.",
        "sessions" => "All other sessions were signed out.",
        "players" => "Players sign in with the new token.",
        "noplayers" => "Players that signed in with the token are signed out.",
        "grant" => "The application no longer has access to your account.",
        _ => return None,
    })
}

async fn facts(visit: &Visit, section: &str) -> Result<Value> {
    let permit = visit.reach::<users::Me>().await?;
    let viewer = users::viewer(&permit, permit.db()).await?;
    let summary = users::summary(permit.loaders(), &viewer).await?;
    let levels = LEVELS
        .iter()
        .map(|(level, label)| context! { value => level.word(), label => *label });
    Ok(context! {
        section,
        notice => notice(visit),
        email => viewer.email,
        email_verified => viewer.email_verified,
        has_password => recovery::has_password(permit.db(), viewer.id).await?,
        profile => context! {
            name => viewer.name,
            summary => summary.map(|text| text.text),
            privacy_level => viewer.privacy_level.word(),
        },
        privacy_levels => levels.collect::<Vec<_>>(),
        players => players(visit).await?,
        sessions => browsing(visit).await?,
        grants => granted(visit).await?,
    })
}

/// How Subsonic players sign in; nothing where the pod has them switched off.
async fn players(visit: &Visit) -> Result<Option<Value>> {
    let permit = visit.reach::<users::SubsonicToken>().await?;
    if !permit.preferences().await?.subsonic_enabled() {
        return Ok(None);
    }
    Ok(Some(context! {
        address => permit.names().public_url.clone(),
        token => users::subsonic_token(&permit).await?,
    }))
}

async fn browsing(visit: &Visit) -> Result<Vec<Value>> {
    let permit = visit.reach::<browsers::List>().await?;
    let rows = browsers::list(&permit).await?.into_iter().map(|session| {
        context! {
            id => session.id,
            device => device(&session.user_agent),
            address => session.address,
            created => when(session.created),
            last_seen => when(session.last_seen),
            current => session.current,
        }
    });
    Ok(rows.collect())
}

async fn granted(visit: &Visit) -> Result<Vec<Value>> {
    let permit = visit.reach::<grants::List>().await?;
    let rows = grants::list(&permit).await?.into_iter().map(|grant| {
        context! {
            name => grant.application.name,
            client_id => grant.application.client_id,
            created => grant.since.map(when),
            scopes => Serde(scopes::told(ScopeSet::parse(&grant.scopes))),
        }
    });
    Ok(rows.collect())
}

/// The browser and operating system of a user agent.
fn device(agent: &str) -> String {
    let named = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    // User agents also name older browsers for compatibility: the most specific name comes first.
    let browser = named(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    visit
        .show(Page::new("settings.html", facts(&visit, "").await?))
        .await
}

/// Redirects to the settings, or shows them with the errors of a section.
async fn done(visit: &Visit, section: &str, result: Result<()>) -> Result<Response> {
    match result {
        Ok(()) => Ok(go(&format!("/settings?done={section}#{section}"))),
        Err(error) => {
            let facts = facts(visit, section).await?;
            visit
                .complain(Page::new("settings.html", facts), error)
                .await
        }
    }
}

#[handler]
pub async fn profile(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<users::Update>().await?;
    let changed = async {
        let level = UserPrivacy::read(visit.typed("privacy_level"));
        let changes = Changes {
            name: Some(visit.typed("name").to_owned()),
            privacy_level: level.map_err(|why| Error::field("privacy_level", why))?,
            summary: Some(NewContent {
                text: visit.typed("summary").to_owned(),
                content_type: "text/markdown".to_owned(),
            }),
            ..Changes::default()
        };
        users::update(&permit, changes).await.map(|_| ())
    };
    done(&visit, "profile", changed.await).await
}

#[handler]
pub async fn email(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<users::Email>().await?;
    let new = ChangeEmail {
        password: visit.exact("password").to_owned(),
        email: visit.typed("email").to_owned(),
    };
    done(&visit, "email", users::change_email(&permit, new).await).await
}

#[handler]
pub async fn password(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<ChangePassword>().await?;
    let new = PasswordChange {
        old_password: visit.exact("old_password").to_owned(),
        new_password1: visit.exact("new_password1").to_owned(),
        new_password2: visit.exact("new_password2").to_owned(),
        revoke_applications: Some(visit.form.is_on("revoke_applications")),
    };
    let changed = change_password(&permit, new).await;
    let proof = changed.as_ref().ok().copied();
    let mut response = done(&visit, "password", changed.map(drop)).await?;
    if let Some(proof) = proof {
        browser::set_known(visit.app(), &mut response, proof);
    }
    Ok(response)
}

#[handler]
pub async fn end_others(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<browsers::Delete>().await?;
    browsers::delete_others(&permit).await?;
    Ok(go("/settings?done=sessions#sessions"))
}

#[handler]
pub async fn end_session(Path(id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<browsers::Delete>().await?;
    let id = i64::from_str(&id).map_err(|_| Error::NotFound)?;
    browsers::delete(&permit, id).await?;
    Ok(go("/settings?done=session#sessions"))
}

#[handler]
pub async fn new_player_token(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<users::RotateSubsonicToken>().await?;
    users::rotate_subsonic_token(&permit).await?;
    Ok(go("/settings?done=players#players"))
}

#[handler]
pub async fn end_player_token(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<users::DeleteSubsonicToken>().await?;
    users::delete_subsonic_token(&permit).await?;
    Ok(go("/settings?done=noplayers#players"))
}

#[handler]
pub async fn revoke_grant(Path(client_id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<grants::Delete>().await?;
    grants::delete(&permit, &client_id).await?;
    Ok(go("/settings?done=grant#grants"))
}

#[handler]
pub async fn delete(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<users::Delete>().await?;
    let sure = DeleteAccount {
        password: visit.exact("password").to_owned(),
        confirm: visit.form.is_on("confirm"),
    };
    match users::delete(&permit, sure).await {
        Ok(()) => {
            let mut response = go("/login?done=deleted");
            browser::clear_session(permit.app(), &mut response);
            Ok(response)
        }
        refused => done(&visit, "delete", refused).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        for (agent, told) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1",
                "Safari on iOS",
            ),
            ("", "Unknown browser"),
        ] {
            assert_eq!(device(agent), told);
        }
    }
}
