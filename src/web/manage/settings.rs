//! The settings of the pod, by section.
use indexmap::IndexMap;
use minijinja::{Value, context, value::Serde};
use poem::{Response, handler, web::Path};
use serde_json::{Map, Value as Json};

use crate::{
    error::{Error, Result},
    resources::keeping::settings::{self, Setting, SettingChoice, SettingType},
    web::visit::{Page, Visit},
};

const TEMPLATE: &str = "manage-settings.html";

/// Before the name of the field that holds the value that was shown.
const SHOWN: &str = "shown.";

/// The settings, where those of a section show what was entered.
async fn facts(visit: &Visit, entered: &Map<String, Json>) -> Result<Value> {
    visit.user()?;
    let permit = visit.reach::<settings::List>().await?;
    let mut sections: IndexMap<&str, Vec<Value>> = IndexMap::new();
    let mut questions = Vec::new();
    for setting in settings::list(&permit).await? {
        let section = setting.section;
        let value = entered.get(&setting.identifier).cloned();
        let row = row(setting, value);
        questions.push(row.clone());
        sections.entry(section).or_default().push(row);
    }
    let saved = visit.query.last("done");
    let saved = saved.is_some_and(|section| sections.contains_key(section));
    let notice = saved.then_some("The settings were saved.");
    let section = |(name, settings)| context! { name, settings };
    let sections: Vec<Value> = sections.into_iter().map(section).collect();
    Ok(context! { here => "settings", notice, sections, questions })
}

fn row(setting: Setting, entered: Option<Json>) -> Value {
    let now = setting.value.0;
    let value = entered.unwrap_or_else(|| now.clone());
    let text = match &value {
        Json::String(text) => text.clone(),
        Json::Object(_) | Json::Array(_) => format!("{value:#}"),
        value => value.to_string(),
    };
    let known = setting.choices.unwrap_or_default();
    let choice = |choice: &SettingChoice| context! { value => choice.value, label => choice.name };
    let mut choices: Vec<Value> = known.iter().map(choice).collect();
    // What was stored once, and is no choice any more, stays until somebody takes it away.
    let is_unknown = |word: &&str| known.iter().all(|choice| choice.value != *word);
    for word in words(&value).into_iter().filter(is_unknown) {
        choices.push(context! { value => word, label => word });
    }
    context! {
        name => setting.identifier,
        label => setting.title,
        help => setting.help,
        kind => format!("{:?}", setting.kind),
        choices,
        shown => now.to_string(),
        value => Serde(&value),
        text,
    }
}

/// The choices that a value names.
fn words(value: &Json) -> Vec<&str> {
    match value {
        Json::String(word) if !word.is_empty() => vec![word],
        Json::Array(words) => words.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    let facts = facts(&visit, &Map::new()).await?;
    visit.show(Page::new(TEMPLATE, facts)).await
}

/// What was shown of a setting, and what was entered: as it is where that is not of its type, so that it is refused by
/// name.
fn entered(visit: &Visit, setting: &Setting) -> Option<(Json, Json)> {
    let name = setting.identifier.as_str();
    let shown = visit.form.last(&format!("{SHOWN}{name}"))?;
    let shown = serde_json::from_str(shown).ok()?;
    let typed = visit.typed(name);
    let entered = match setting.kind {
        SettingType::Boolean => visit.form.is_on(name).into(),
        SettingType::Integer => typed
            .parse::<i64>()
            .map_or_else(|_| typed.into(), Json::from),
        SettingType::Text | SettingType::Choice => typed.into(),
        SettingType::LongText => visit.exact(name).into(),
        SettingType::Choices => visit.form.all(name).into_iter().collect(),
        SettingType::Object if typed.is_empty() => Json::Object(Map::new()),
        SettingType::Object => serde_json::from_str(typed).unwrap_or_else(|_| typed.into()),
        SettingType::File => return None,
    };
    Some((shown, plain(setting.kind, entered)))
}

/// A value as a browser sends it back.
fn plain(kind: SettingType, value: Json) -> Json {
    match (kind, value) {
        (SettingType::Text | SettingType::Choice, Json::String(text)) => text.trim().into(),
        (SettingType::LongText, Json::String(text)) => {
            text.replace("\r\n", "\n").replace('\r', "\n").into()
        }
        (SettingType::Choices, Json::Array(words)) => {
            let mut seen = Vec::new();
            for word in words {
                if !seen.contains(&word) {
                    seen.push(word);
                }
            }
            seen.sort_by(|left: &Json, right| left.as_str().cmp(&right.as_str()));
            seen.into()
        }
        (_, value) => value,
    }
}

#[handler]
pub async fn save(Path(section): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<settings::Bulk>().await?;
    let mut known = settings::list(&visit.reach().await?).await?;
    known.retain(|setting| setting.section == section);
    if known.is_empty() {
        return Err(Error::NotFound);
    }
    // Only what somebody has changed, so that nobody takes back what others have changed meanwhile.
    let (mut changed, mut seen) = (Map::new(), Map::new());
    for setting in &known {
        let Some((shown, entered)) = entered(&visit, setting) else {
            continue;
        };
        let now = plain(setting.kind, setting.value.0.clone());
        if plain(setting.kind, shown.clone()) == entered || now == entered {
            continue;
        }
        seen.insert(setting.identifier.clone(), shown);
        changed.insert(setting.identifier.clone(), entered);
    }
    let saved = settings::change_from(&permit, &seen, changed.clone()).await;
    let again = async || Ok(Page::new(TEMPLATE, facts(&visit, &changed).await?));
    super::done(&visit, ("/manage/settings", &section), saved, again).await
}
