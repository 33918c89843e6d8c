//! The accounts of the demo pod and their activity.
use crate::{
    accounts::{self, New, password},
    app::App,
    error::{Result, Startup},
    pod::Preferences,
    resources::{library::libraries::PrivacyLevel, listening::playlists},
    scope::Permissions,
    store::{Tx, sql},
    time::Timestamp,
    token::token_hash,
};

/// An account of the demo pod.
#[derive(Debug)]
pub struct Person {
    pub username: &'static str,
    pub password: String,
    /// The token of an application of this account.
    pub token: String,
    pub user: i64,
    /// The name of the account's library.
    pub library: &'static str,
    pub privacy: PrivacyLevel,
}

const PEOPLE: [(&str, &str, PrivacyLevel); 3] = [
    ("alice", "Open Water", PrivacyLevel::Everyone),
    ("bob", "Harbour", PrivacyLevel::Instance),
    ("carol", "Desk Drawer", PrivacyLevel::Me),
];

/// Creates the accounts; the first is the administrator.
pub async fn create(app: &App) -> Result<Vec<Person>, Startup> {
    let mut people = Vec::new();
    for (username, library, privacy) in PEOPLE {
        let new = New {
            username: username.to_owned(),
            email: format!("{username}@demo.invalid"),
            password: password::drawn(),
            permissions: Permissions::default(),
            is_superuser: people.is_empty(),
        };
        let made = accounts::create(app, &new).await?;
        people.push(Person {
            username,
            password: new.password,
            token: password::drawn(),
            user: made.user,
            library,
            privacy,
        });
    }
    Ok(people)
}

/// Adds the license of the pieces.
pub async fn license(app: &App) -> Result<(), Startup> {
    sql(
        "insert into licenses (code, url, copyleft, commercial, attribution, derivative, redistribute)
         values ('cc0-1.0', 'https://creativecommons.org/publicdomain/zero/1.0/', false, true, false,
           true, true) on conflict (code) do nothing",
    )
    .run(app.db())
    .await?;
    Ok(())
}

/// Adds listenings, favorites and playlists, and opens the pod to anonymous callers.
pub async fn live(app: &App, people: &[Person]) -> Result<(), Startup> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let tracks = sql(
        "select t.id from tracks t join uploads u on u.track_id = t.id
        join libraries l on l.id = u.library_id where l.privacy_level <> 'me' order by t.id",
    )
    .ids(&mut tx)
    .await?;
    for (person, number) in people.iter().zip(0_usize..) {
        let liked: Vec<i64> = tracks.iter().copied().skip(number).step_by(3).collect();
        for (track, minutes) in liked.iter().zip(1_i64..) {
            favorite(
                &mut tx,
                person.user,
                *track,
                now.plus_seconds(-600 * minutes),
            )
            .await?;
            listen(
                &mut tx,
                person.user,
                *track,
                now.plus_seconds(-700 * minutes),
            )
            .await?;
        }
        playlist(&mut tx, person, &liked, now).await?;
        application(&mut tx, person, now).await?;
    }
    open(&mut tx).await?;
    tx.commit().await?;
    app.forget_preferences();
    Ok(())
}

async fn favorite(tx: &mut Tx, user: i64, track: i64, when: Timestamp) -> Result<u64> {
    sql("insert into favorites (user_id, track_id, creation_date) values (?, ?, ?)")
        .bind(user)
        .bind(track)
        .bind(when)
        .run(tx)
        .await
}

async fn listen(tx: &mut Tx, user: i64, track: i64, when: Timestamp) -> Result<u64> {
    sql("insert into listenings (user_id, track_id, creation_date) values (?, ?, ?)")
        .bind(user)
        .bind(track)
        .bind(when)
        .run(tx)
        .await
}

async fn playlist(tx: &mut Tx, person: &Person, tracks: &[i64], now: Timestamp) -> Result<()> {
    let name = format!("What {} hums", person.username);
    let named = (name.as_str(), Some(person.privacy.word()));
    let id = playlists::insert(tx, person.user, named, now).await?;
    playlists::append(tx, id, 0, tracks, now).await.map(|_| ())
}

/// Adds an application whose token acts for the account.
async fn application(tx: &mut Tx, person: &Person, now: Timestamp) -> Result<u64> {
    sql(
        "insert into oauth_applications (client_id, name, user_id, scope, token_hash, client_type,
           authorization_grant_type, created, updated)
         values (?, 'Demo', ?, 'read write', ?, 'confidential', 'authorization-code', ?, ?)",
    )
    .bind(format!("demo-{}", person.username))
    .bind(person.user)
    .bind(token_hash(&person.token))
    .bind(now)
    .bind(now)
    .run(tx)
    .await
}

async fn open(tx: &mut Tx) -> Result<()> {
    for (section, name, value) in [
        ("common", "api_authentication_required", "False"),
        ("instance", "name", "Demo pod"),
        (
            "instance",
            "short_description",
            "Three people, and music that was made while you waited.",
        ),
    ] {
        Preferences::store(tx, section, name, value).await?;
    }
    Ok(())
}
