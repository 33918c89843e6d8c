//! Signing up: openly, by invitation, or with approval by a moderator.
use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{
    Made, New, check_email, check_username, insert, is_reserved, mails::Letterhead, password, taken,
};
use crate::{
    app::App,
    error::{Error, Result},
    pod::Preferences,
    scope::Permissions,
    store::{Tx, sql},
};

/// A sign-up request.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    pub username: String,
    pub email: String,
    pub password1: String,
    pub password2: String,
    pub invitation: Option<String>,
    /// Answers to the pod's questions, by label.
    pub answers: BTreeMap<String, String>,
}

/// Result of a sign-up.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The account with this ID can be used.
    Ready(i64),
    /// The email address must be confirmed first.
    Unconfirmed,
    /// A moderator must approve the account first.
    Waiting,
}

/// A question of the sign-up form.
#[derive(Clone, Debug)]
pub struct Question {
    pub label: String,
    pub required: bool,
    /// Whether the answer may have several lines.
    pub long: bool,
}

/// The questions of the sign-up form; none unless moderators approve accounts.
pub fn questions(preferences: &Preferences) -> Vec<Question> {
    if !preferences.is_on("moderation__signup_approval_enabled") {
        return Vec::new();
    }
    let form = preferences.get("moderation__signup_form_customization");
    let fields = form["fields"].as_array().cloned().unwrap_or_default();
    let question = |field: Value| {
        Some(Question {
            label: field["label"].as_str()?.to_owned(),
            required: field["required"] == true,
            long: field["input_type"] == "long_text",
        })
    };
    fields.into_iter().filter_map(question).collect()
}

/// Creates an account.
pub async fn sign_up(app: &App, wanted: &Registration) -> Result<Outcome> {
    let preferences = app.preferences().await?;
    let invitation = wanted.invitation.as_deref().filter(|code| !code.is_empty());
    if invitation.is_none() && !preferences.is_on("users__registration_enabled") {
        return Err(Error::Denied("Registration has been disabled".to_owned()));
    }
    let new = New {
        username: wanted.username.clone(),
        email: wanted.email.clone(),
        password: wanted.password1.clone(),
        permissions: Permissions::default(),
        is_superuser: false,
    };
    if let Some(code) = invitation {
        // Checked first, so that usernames cannot be probed without an invitation.
        check_invitation(app, code).await?;
    }
    check(app, wanted, &new).await?;
    let answers = answered(&questions(&preferences), &wanted.answers)?;
    let hash = app.hashing().hash(&new.password).await?;
    let letterhead = Letterhead::of(app).await?;
    let mut tx = app.db().begin().await?;
    let made = insert(&mut tx, app, &new, hash).await?;
    if let Some(code) = invitation {
        accept(&mut tx, app, code, made.user).await?;
    }
    // An invitation counts as approval.
    let approval = preferences.is_on("moderation__signup_approval_enabled") && invitation.is_none();
    if approval {
        request(&mut tx, app, made, answers).await?;
    }
    let mail = letterhead
        .confirmation(app, &mut tx, made.user, &new.email)
        .await?;
    tx.commit().await?;
    app.mailer().post(mail);
    if approval {
        let (root, name) = (letterhead.root(), &new.username);
        let text = format!(
            "{name} has asked for an account, which waits for your approval:\n\n{root}/manage"
        );
        letterhead
            .tell_moderators(app, "Somebody asks for an account", &text)
            .await;
    }
    Ok(
        match (approval, app.config().account_email_verification_enforce) {
            (true, _) => Outcome::Waiting,
            (false, true) => Outcome::Unconfirmed,
            (false, false) => Outcome::Ready(made.user),
        },
    )
}

/// Reports all field errors at once.
async fn check(app: &App, wanted: &Registration, new: &New) -> Result<()> {
    let mut complaints = IndexMap::new();
    let mut tx = app.db().begin().await?;
    let mut gather = |result: Result<()>| match result {
        Err(Error::Invalid(fields)) => {
            complaints.extend(fields);
            Ok(())
        }
        result => result,
    };
    gather(required(wanted))?;
    gather(check_username(&new.username))?;
    if is_reserved(&new.username) {
        let complaint = "This username is reserved. Please choose another one.";
        gather(Err(Error::field("username", complaint)))?;
    }
    gather(match taken(&mut tx, app, new).await? {
        none if none.is_empty() => Ok(()),
        taken => Err(Error::Invalid(taken)),
    })?;
    gather(check_email(&new.email))?;
    gather(password::check("password1", &new.password))?;
    if complaints.is_empty() && wanted.password1 != wanted.password2 {
        let complaint = "The two password fields didn’t match.";
        return Err(Error::field("non_field_errors", complaint));
    }
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(complaints)),
    }
}

fn required(wanted: &Registration) -> Result<()> {
    let fields = [
        ("username", &wanted.username),
        ("email", &wanted.email),
        ("password1", &wanted.password1),
        ("password2", &wanted.password2),
    ];
    let blank = fields.iter().filter(|(_, value)| value.is_empty());
    let complaints: IndexMap<_, _> = blank
        .map(|(name, _)| {
            let complaint = "This field may not be blank.".to_owned();
            ((*name).to_owned(), vec![complaint])
        })
        .collect();
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(complaints)),
    }
}

async fn check_invitation(app: &App, code: &str) -> Result<()> {
    let open = sql("select id from invitations
         where code = ? and invited_user_id is null and expiration_date > ?")
    .bind(code)
    .bind(app.clock().now());
    let found = open.optional::<(i64,)>(app.db()).await?;
    found.map(|_| ()).ok_or_else(not_invited)
}

fn not_invited() -> Error {
    Error::field("invitation", "Invalid invitation code")
}

/// Uses an invitation. Of concurrent sign-ups, one succeeds.
async fn accept(tx: &mut Tx, app: &App, code: &str, user: i64) -> Result<()> {
    let taken = sql("update invitations set invited_user_id = ?
         where code = ? and invited_user_id is null and expiration_date > ? returning id")
    .bind(user)
    .bind(code)
    .bind(app.clock().now())
    .optional::<(i64,)>(&mut *tx)
    .await?;
    let (invitation,) = taken.ok_or_else(not_invited)?;
    sql("update users set invitation_id = ? where id = ?")
        .bind(invitation)
        .bind(user)
        .run(tx)
        .await
        .map(|_| ())
}

/// Maximum length of an answer in characters.
const ANSWER: usize = 5_000;

/// Keeps the answers to the pod's questions and ignores others.
fn answered(
    questions: &[Question],
    given: &BTreeMap<String, String>,
) -> Result<Map<String, Value>> {
    let mut answers = Map::new();
    for question in questions {
        let answer = given.get(&question.label);
        match answer.map(|text| text.trim()).unwrap_or_default() {
            "" if question.required => {
                let complaint = format!("Answer this question: {}", question.label);
                return Err(Error::field("request_fields", complaint));
            }
            long if long.chars().count() > ANSWER => {
                let complaint = format!("An answer may have up to {ANSWER} characters.");
                return Err(Error::field("request_fields", complaint));
            }
            "" => {}
            answer => {
                answers.insert(question.label.clone(), answer.into());
            }
        }
    }
    Ok(answers)
}

/// Deactivates the account until a moderator approves it.
async fn request(tx: &mut Tx, app: &App, made: Made, answers: Map<String, Value>) -> Result<()> {
    sql("update users set is_active = false where id = ?")
        .bind(made.user)
        .run(&mut *tx)
        .await?;
    sql(
        "insert into user_requests (uuid, type, status, submitter_id, metadata, creation_date)
         values (?, 'signup', 'pending', ?, ?, ?)",
    )
    .bind(crate::random::uuid())
    .bind(made.actor)
    .bind(Value::Object(answers))
    .bind(app.clock().now())
    .run(tx)
    .await
    .map(|_| ())
}
