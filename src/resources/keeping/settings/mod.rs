//! The settings of the pod: all of them for administrators, the public ones for everybody.
mod body;
pub mod graphql;

use async_graphql::{Enum, Json, SimpleObject};
use indexmap::IndexMap;
use serde_json::{Map, Value};

pub use self::body::Rest;
use crate::{
    accounts::take_turns,
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, Operation, Writes, operations},
    pod::{
        Preferences,
        preferences::{PREFERENCES, Preference, Value as Kind},
    },
    resources::keeping::user_accounts::NOT_HELD,
};

operations! {
    "settings", "The settings of the pod, which administrators change while it runs.";
    /// Lists all settings of the pod.
    ///
    /// Each with its value, its default, a description, and the values that it may have.
    list: List = read InstanceSettings, anonymous = Never, throttle = List, graphql = "podSettings";
    /// Returns a setting of the pod.
    ///
    /// By its identifier, such as `instance__name`. Unknown identifiers are answered with 404.
    retrieve: Retrieve = read InstanceSettings, anonymous = Never, throttle = Retrieve, graphql = "podSetting";
    /// Changes a setting of the pod.
    ///
    /// It holds from then on; other processes of the pod take it up within a second. Values that the
    /// setting cannot have are answered with 400, unknown identifiers with 404.
    update: Update = write InstanceSettings, anonymous = Never, throttle = Update, graphql = "(see `updatePodSettings`)";
    /// Changes several settings of the pod at once.
    ///
    /// All of them or, if one is unknown or cannot have its value, none; then the answer is 400 with what is
    /// wrong, by identifier.
    bulk: Bulk = write InstanceSettings, anonymous = Never, throttle = Wildcard, graphql = "Mutation.updatePodSettings";
}

/// A setting of the pod.
#[derive(Debug, SimpleObject)]
pub struct Setting {
    /// Name of the setting: `section__name`.
    pub identifier: String,
    /// Section of the setting.
    pub section: &'static str,
    /// Name within the section.
    pub name: &'static str,
    /// Title, for people.
    pub title: &'static str,
    /// Description; may be empty.
    pub help: &'static str,
    /// Type of its values.
    #[graphql(name = "type")]
    pub kind: SettingType,
    /// Values that it may have; null where any of its type will do.
    pub choices: Option<Vec<SettingChoice>>,
    /// Value that it has until it is changed.
    pub default: Json<Value>,
    /// Current value.
    pub value: Json<Value>,
}

/// Type of a setting's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SettingType {
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A single line of text.
    Text,
    /// Text of several lines.
    LongText,
    /// One of the choices, or an empty text.
    Choice,
    /// A list of choices.
    Choices,
    /// A JSON object.
    Object,
    /// URL of a file.
    File,
}

/// A value that a setting may have.
#[derive(Debug, SimpleObject)]
pub struct SettingChoice {
    /// The value.
    pub value: &'static str,
    /// Its name, for people.
    pub name: &'static str,
}

impl Setting {
    pub fn of(preference: &Preference, preferences: &Preferences) -> Self {
        let choice = |(value, name)| SettingChoice { value, name };
        let choices: Vec<_> = preference.choices.pairs().into_iter().map(choice).collect();
        Self {
            identifier: preference.identifier(),
            section: preference.section,
            name: preference.name,
            title: preference.title,
            help: preference.help,
            kind: SettingType::of(preference.default),
            choices: (!choices.is_empty()).then_some(choices),
            default: Json(preference.initial()),
            value: Json(preferences.get(&preference.identifier())),
        }
    }
}

impl SettingType {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Bool(_) => Self::Boolean,
            Kind::Int(_) => Self::Integer,
            Kind::Text(_) => Self::Text,
            Kind::LongText(_) => Self::LongText,
            Kind::Choice(_) => Self::Choice,
            Kind::Choices(_) => Self::Choices,
            Kind::Object => Self::Object,
            Kind::File => Self::File,
        }
    }
}

fn known(identifier: &str) -> Option<&'static Preference> {
    PREFERENCES
        .iter()
        .find(|known| known.identifier() == identifier)
}

fn named(identifier: &str) -> Result<&'static Preference> {
    known(identifier).ok_or(Error::NotFound)
}

/// Settings as they are now, not as they were a moment ago.
async fn current(reader: &Reader) -> Result<Preferences> {
    Preferences::load(reader.db()).await
}

pub async fn list(permit: &Allowed<List>) -> Result<Vec<Setting>> {
    let current = current(permit).await?;
    let settings = PREFERENCES.iter().map(|known| Setting::of(known, &current));
    Ok(settings.collect())
}

/// Changes settings, all or none.
///
/// # Errors
/// `Invalid` by identifier.
pub async fn change<O: Writes + Operation>(
    permit: &Allowed<O>,
    values: Map<String, Value>,
) -> Result<Vec<&'static Preference>> {
    change_from(permit, &Map::new(), values).await
}

/// The same, unless some of them have another value by now than somebody who changes them has seen.
pub async fn change_from<O: Writes + Operation>(
    permit: &Allowed<O>,
    seen: &Map<String, Value>,
    values: Map<String, Value>,
) -> Result<Vec<&'static Preference>> {
    let mut complaints = IndexMap::new();
    let mut changes = Vec::new();
    for (identifier, value) in &values {
        let raw = match known(identifier) {
            Some(preference) => preference.raw(value).map(|raw| (preference, raw)),
            None => Err("There is no setting of this name.".to_owned()),
        };
        match raw {
            Ok(change) => changes.push(change),
            Err(complaint) => _ = complaints.insert(identifier.clone(), vec![complaint]),
        }
    }
    if !complaints.is_empty() {
        return Err(Error::Invalid(complaints));
    }
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    gives_what_is_held(permit, &changes)?;
    let names: Vec<&str> = values.keys().map(String::as_str).collect();
    let target = match names[..] {
        [one] => one.to_owned(),
        _ => String::new(),
    };
    let mut tx = permit.begin_deed(&target, Value::Object(values)).await?;
    take_turns(&mut tx, permit.app()).await?;
    are_as_seen(&Preferences::load(&mut tx).await?, seen)?;
    for (preference, raw) in &changes {
        Preferences::store(&mut tx, preference.section, preference.name, raw).await?;
    }
    tx.commit().await?;
    permit.app().forget_preferences();
    permit.app().credentials().forget_all();
    Ok(changes.into_iter().map(|(known, _)| known).collect())
}

fn are_as_seen(now: &Preferences, seen: &Map<String, Value>) -> Result<()> {
    let complaint = "Somebody else has changed this meanwhile. Save it again to overrule them.";
    let other = seen
        .iter()
        .filter(|(identifier, value)| now.get(identifier) != **value);
    let complaints: IndexMap<_, _> = other
        .map(|(identifier, _)| (identifier.clone(), vec![complaint.to_owned()]))
        .collect();
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(complaints)),
    }
}

/// Nobody gives everybody a permission that they do not hold themselves.
fn gives_what_is_held<O: Writes + Operation>(
    permit: &Allowed<O>,
    changes: &[(&'static Preference, String)],
) -> Result<()> {
    const DEFAULT: &str = "users__default_permissions";
    let given = changes
        .iter()
        .find(|(known, _)| known.identifier() == DEFAULT);
    let Some((_, given)) = given else {
        return Ok(());
    };
    let held = permit.user()?.permissions;
    let has = |word: &str| match word {
        "library" => held.library,
        "moderation" => held.moderation,
        "settings" => held.settings,
        _ => true,
    };
    match given.split(',').all(has) {
        true => Ok(()),
        false => Err(Error::field(DEFAULT, NOT_HELD)),
    }
}
