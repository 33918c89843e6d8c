//! The settings of the pod, by section.
use indexmap::IndexMap;
use minijinja::{Value, context, value::Serde};
use poem::{Response, handler, web::Path};
use serde_json::{Map, Value as Json};

use crate::{
    error::Result,
    resources::keeping::settings::{self, Setting, SettingType},
    web::visit::{Page, Visit},
};

const TEMPLATE: &str = "manage-settings.html";

/// The settings, where those of a section show what was entered.
async fn facts(visit: &Visit, entered: &Map<String, Json>) -> Result<Value> {
    visit.user()?;
    let permit = visit.reach::<settings::List>().await?;
    let mut sections: IndexMap<&str, Vec<Value>> = IndexMap::new();
    let mut questions = Vec::new();
    for setting in settings::list(&permit).await? {
        let value = entered
            .get(&setting.identifier)
            .unwrap_or(&setting.value.0)
            .clone();
        let text = match setting.kind {
            SettingType::Object if value.is_object() => format!("{value:#}"),
            _ => value.as_str().map(str::to_owned).unwrap_or_default(),
        };
        let shown = context! {
            name => setting.identifier,
            label => setting.title,
            help => setting.help,
            kind => format!("{:?}", setting.kind),
            choices => setting.choices.unwrap_or_default().iter()
                .map(|choice| context! { value => choice.value, label => choice.name }).collect::<Vec<_>>(),
            value => Serde(value),
            text,
        };
        questions.push(shown.clone());
        sections.entry(setting.section).or_default().push(shown);
    }
    let section = |(name, settings)| context! { name, settings };
    let sections: Vec<Value> = sections.into_iter().map(section).collect();
    let saved = visit.query.last("done").is_some();
    let notice = saved.then_some("The settings were saved.");
    Ok(context! { here => "settings", notice, sections, questions })
}

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    let facts = facts(&visit, &Map::new()).await?;
    visit.show(Page::new(TEMPLATE, facts)).await
}

/// What was entered for a setting; as it is where that is not of its type, so that it is refused by name.
fn entered(visit: &Visit, setting: &Setting) -> Option<Json> {
    let name = setting.identifier.as_str();
    let typed = visit.typed(name);
    Some(match setting.kind {
        SettingType::Boolean => visit.form.is_on(name).into(),
        SettingType::Integer => typed
            .parse::<i64>()
            .map_or_else(|_| typed.into(), Json::from),
        SettingType::Text | SettingType::Choice => typed.into(),
        SettingType::LongText => visit.exact(name).replace("\r\n", "\n").into(),
        SettingType::Choices => visit.form.all(name).into_iter().collect(),
        SettingType::Object => serde_json::from_str(typed).unwrap_or_else(|_| typed.into()),
        SettingType::File => return None,
    })
}

#[handler]
pub async fn save(Path(section): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<settings::Bulk>().await?;
    let known = settings::list(&visit.reach().await?).await?;
    let known = known.iter().filter(|setting| setting.section == section);
    let values = known.filter_map(|setting| Some((setting, entered(&visit, setting)?)));
    // The log tells of what was changed, not of all that the form holds.
    let changed = values.filter(|(setting, value)| *value != setting.value.0);
    let changed: Map<_, _> = changed
        .map(|(setting, value)| (setting.identifier.clone(), value))
        .collect();
    let saved = settings::change(&permit, changed.clone()).await;
    let again = async || Ok(Page::new(TEMPLATE, facts(&visit, &changed).await?));
    super::done(&visit, ("/manage/settings", &section), saved, again).await
}
