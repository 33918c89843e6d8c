//! Registering, updating and deleting applications.
use async_graphql::{InputObject, SimpleObject};
use indexmap::IndexSet;
use poem_openapi::Object;

use super::{Create, Delete, OauthApplication, Rotate, SELECT, Update, own};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::Allowed,
    oauth::{
        Parent,
        clients::{ClientType, secret_hash},
        consents, delete_application, redirect,
    },
    resources::checks::{not_blank, plain},
    scope::{Access, Area, Scope, ScopeSet},
    store::{Tx, sql},
    token::token_hash,
};

/// Application to register.
#[derive(Clone, Debug, Object, InputObject)]
#[graphql(name = "CreateOauthAppInput")]
pub struct NewApplication {
    /// Name of the application, at most 255 characters.
    pub name: String,
    /// Scopes that the application may request, separated by spaces; default `read`.
    pub scopes: Option<String>,
    /// Redirect URIs, separated by spaces; at most 20. Allowed are `https` URIs, `http` URIs on a
    /// loopback host, URIs with a private-use scheme, and `urn:ietf:wg:oauth:2.0:oob`.
    pub redirect_uris: Option<String>,
    /// Whether the application can keep a client secret; default confidential.
    pub client_type: Option<ClientType>,
}

/// Fields of an application to update. Fields that are not given keep their values.
#[derive(Clone, Debug, Default, Object)]
pub struct Changes {
    /// Name of the application, at most 255 characters.
    pub name: Option<String>,
    /// Scopes that the application may request, separated by spaces.
    pub scopes: Option<String>,
    /// Redirect URIs, separated by spaces; at most 20.
    pub redirect_uris: Option<String>,
}

/// A newly registered application, with its secrets, which are returned only now.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "CreateOauthAppPayload")]
pub struct Made {
    /// The application.
    pub application: OauthApplication,
    /// Client secret; null for public applications.
    pub client_secret: Option<String>,
    /// Application token, which acts for you within the scopes of the application; null if the
    /// application has no owner.
    pub token: Option<String>,
}

/// An application with its new token.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "RotateApplicationTokenPayload")]
pub struct Rotated {
    /// The application.
    pub application: OauthApplication,
    /// New application token, returned only now.
    pub token: String,
}

/// Maximum length of the redirect URIs of an application that nobody owns.
const FOREIGN_URIS: usize = 4_000;
/// Maximum number of applications per user.
const MOST: i64 = 200;

pub async fn create(permit: &Allowed<Create>, new: NewApplication) -> Result<Made> {
    let token = owner(permit).map(|_| crate::random::token());
    insert(permit, new, token).await
}

/// Registers an application that gets its tokens from people alone.
pub async fn register(permit: &Allowed<Create>, new: NewApplication) -> Result<Made> {
    insert(permit, new, None).await
}

async fn insert(
    permit: &Allowed<Create>,
    new: NewApplication,
    token: Option<String>,
) -> Result<Made> {
    let scopes = new.scopes.as_deref().unwrap_or("read");
    let redirect_uris = new.redirect_uris.as_deref().unwrap_or_default();
    let client_type = new.client_type.unwrap_or(ClientType::Confidential);
    check(permit, Some(&new.name), Some(scopes), Some(redirect_uris))?;
    let owner = owner(permit);
    if owner.is_none() && redirect_uris.len() > FOREIGN_URIS {
        let complaint = format!("Without an owner, at most {FOREIGN_URIS} characters in all.");
        return Err(Error::field("redirect_uris", complaint));
    }
    let parent = match (owner, permit.caller().identity()) {
        (Some(_), Some(identity)) => Parent::of(permit.db(), &identity.credential).await?,
        _ => Parent::default(),
    };
    let client_id = crate::random::letters(40, ALPHABET);
    let secret = (client_type == ClientType::Confidential)
        .then(|| crate::random::letters(128, b"0123456789abcdef"));
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    has_room(&mut tx, owner).await?;
    sql(
        "insert into oauth_applications (client_id, client_secret_hash, name, user_id,
           redirect_uris, scope, token_hash, client_type, authorization_grant_type, created,
           updated, parent_family, parent_token)
         values (?, ?, ?, ?, ?, ?, ?, ?, 'authorization-code', ?, ?, ?, ?)",
    )
    .bind(client_id.as_str())
    .bind(secret.as_deref().map(secret_hash))
    .bind(new.name.as_str())
    .bind(owner)
    .bind(words(redirect_uris))
    .bind(reached(permit, scopes))
    .bind(token.as_deref().map(token_hash))
    .bind(client_type)
    .bind(now)
    .bind(now)
    .bind(parent.family)
    .bind(parent.token)
    .run(&mut tx)
    .await?;
    tx.commit().await?;
    let application = super::find(permit, &client_id).await?;
    Ok(Made {
        application: application.ok_or(Error::NotFound)?,
        client_secret: secret,
        token,
    })
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The words of a list, each once, separated by single spaces.
fn words(text: &str) -> String {
    let words: IndexSet<&str> = text.split_whitespace().collect();
    Vec::from_iter(words).join(" ")
}

fn check(
    reader: &Reader,
    name: Option<&str>,
    scopes: Option<&str>,
    uris: Option<&str>,
) -> Result<()> {
    if let Some(name) = name {
        not_blank("name", name, 255)?;
        plain("name", name)?;
    }
    if let Some(scopes) = scopes {
        not_blank("scopes", scopes, 2_000)?;
        if let Some(unknown) = ScopeSet::unknown(scopes).first() {
            let complaint = format!("\"{unknown:.100}\" is not a scope.");
            return Err(Error::field("scopes", complaint));
        }
        within(reader, scopes, "scopes")?;
    }
    uris.map_or(Ok(()), redirect::check)
}

/// Returns the owner of a new application: the caller, if they hold `write:security`.
fn owner(permit: &Allowed<Create>) -> Option<i64> {
    let write = Scope(Access::Write, Area::Security);
    let identity = permit.caller().identity();
    let identity = identity.filter(|identity| identity.scopes.contains(write));
    identity.map(|identity| identity.user_id)
}

/// Refuses one application more than an account may own. The transaction has the account's row.
async fn has_room(tx: &mut Tx, owner: Option<i64>) -> Result<()> {
    let Some(owner) = owner else {
        return Ok(());
    };
    let count = sql("select count(*) from oauth_applications where user_id = ?")
        .bind(owner)
        .number(tx)
        .await?;
    match count < MOST {
        true => Ok(()),
        false => Err(Error::field(
            "non_field_errors",
            format!("An account may own at most {MOST} applications."),
        )),
    }
}

/// A token must not create, change or delete what has more scopes than itself.
fn within(reader: &Reader, scopes: &str, field: &str) -> Result<()> {
    let write = Scope(Access::Write, Area::Security);
    let Some(identity) = reader.caller().identity() else {
        return Ok(());
    };
    let owns = !identity.in_person() && identity.scopes.contains(write);
    // An application never does more than its owner may.
    let own = ScopeSet::of_user(identity.permissions);
    if owns
        && !ScopeSet::parse(scopes)
            .intersection(own)
            .is_within(identity.scopes)
    {
        let complaint = "Exceeds the scopes of the token that was sent.";
        return Err(Error::field(field, complaint));
    }
    Ok(())
}

/// Scopes as they are stored. Those that a token gives are cut to its own: what its owner may not do now
/// would otherwise be given for later.
fn reached(reader: &Reader, scopes: &str) -> String {
    let write = Scope(Access::Write, Area::Security);
    let identity = reader.caller().identity();
    let token =
        identity.filter(|identity| !identity.in_person() && identity.scopes.contains(write));
    let asked = ScopeSet::parse(scopes);
    match token {
        Some(token) if !asked.is_within(token.scopes) => {
            let left = asked.intersection(token.scopes);
            let left: Vec<&str> = left.iter().map(Scope::word).collect();
            left.join(" ")
        }
        _ => words(scopes),
    }
}

/// Updates an application.
pub async fn update(
    permit: &Allowed<Update>,
    client_id: &str,
    changes: Changes,
) -> Result<OauthApplication> {
    let mut tx = permit.begin().await?;
    let known = own(permit, &mut tx, client_id).await?;
    within(permit, &known.scopes, "non_field_errors")?;
    check(
        permit,
        changes.name.as_deref(),
        changes.scopes.as_deref(),
        changes.redirect_uris.as_deref(),
    )?;
    let differs = |new: &Option<String>, old: &str| new.as_ref().is_some_and(|new| new != old);
    if differs(&changes.name, &known.name) || differs(&changes.redirect_uris, &known.redirect_uris)
    {
        consents::forget(&mut tx, known.id).await?;
    }
    sql(
        "update oauth_applications set name = ?, scope = ?, redirect_uris = ?, updated = ?
         where id = ?",
    )
    .bind(changes.name.unwrap_or(known.name))
    .bind(match changes.scopes {
        Some(scopes) => reached(permit, &scopes),
        None => known.scopes,
    })
    .bind(
        changes
            .redirect_uris
            .map_or(known.redirect_uris, |text| words(&text)),
    )
    .bind(permit.clock().now())
    .bind(known.id)
    .run(&mut tx)
    .await?;
    let changed = sql(SELECT)
        .then("where id = ?")
        .bind(known.id)
        .one(&mut tx)
        .await?;
    tx.commit().await?;
    permit.app().credentials().forget_all();
    Ok(changed)
}

pub async fn delete(permit: &Allowed<Delete>, client_id: &str) -> Result<()> {
    let mut tx = permit.begin().await?;
    let known = own(permit, &mut tx, client_id).await?;
    within(permit, &known.scopes, "non_field_errors")?;
    delete_application(&mut tx, known.id).await?;
    tx.commit().await?;
    permit.app().credentials().forget_all();
    Ok(())
}

pub async fn rotate(permit: &Allowed<Rotate>, client_id: &str) -> Result<Rotated> {
    let token = crate::random::token();
    let identity = permit.caller().identity().ok_or(Error::Forbidden)?;
    let mut tx = permit.begin().await?;
    let known = own(permit, &mut tx, client_id).await?;
    within(permit, &known.scopes, "non_field_errors")?;
    let parent = Parent::renewed(&mut tx, &identity.credential, known.id).await?;
    sql("update oauth_applications set token_hash = ?, parent_family = ?, parent_token = ?, updated = ?
         where id = ?")
        .bind(token_hash(&token))
        .bind(parent.family)
        .bind(parent.token)
        .bind(permit.clock().now())
        .bind(known.id)
        .run(&mut tx)
        .await?;
    let application = sql(SELECT)
        .then("where id = ?")
        .bind(known.id)
        .one(&mut tx)
        .await?;
    tx.commit().await?;
    permit.app().credentials().forget_all();
    Ok(Rotated { application, token })
}
