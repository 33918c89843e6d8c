//! The pages where users manage their applications and tokens.
use indexmap::IndexMap;
use minijinja::{Value, context, value::Serde};
use poem::{Response, handler, web::Path};

use super::{
    settings::when,
    visit::{Page, Visit, go},
};
use crate::{
    error::{Error, Result},
    guard::{Allowed, Operation},
    oauth::{clients::ClientType, scopes},
    resources::people::applications::{
        self, Changes, Create, Delete, List, NewApplication, OauthApplication, Retrieve, Rotate,
        Update,
    },
    rest::params::Scalar,
};

#[handler]
pub async fn list(visit: Visit) -> Result<Response> {
    let permit = visit.reach::<List>().await?;
    let rows = applications::list(&permit).await?;
    let notice = match visit.query.last("done") {
        Some("deleted") => Some("The application was deleted."),
        _ => None,
    };
    let applications: Vec<Value> = rows.iter().map(told).collect();
    let shown = Page::new("applications.html", context! { applications, notice });
    visit.show(shown).await
}

fn told(app: &OauthApplication) -> Value {
    context! {
        client_id => app.client_id.as_str(),
        name => app.name.as_str(),
        scopes => app.scopes.as_str(),
        client_type => app.client_type.word(),
        created => when(app.created),
        updated => when(app.updated),
        has_token => app.has_token,
        redirect_uris => Serde(app.redirect_uris.split_whitespace().collect::<Vec<_>>()),
    }
}

/// The selected scopes, in the order of the form.
fn ticked(visit: &Visit) -> Vec<&str> {
    visit.form.all("scopes")
}

/// The form for a new application.
fn blank<O: Operation>(permit: &Allowed<O>, checked: &[&str]) -> Result<Page> {
    let own = permit.user()?.scopes;
    let facts = context! { areas => Serde(scopes::areas(own)), checked => Serde(checked) };
    Ok(Page::new("application-new.html", facts))
}

/// The form; a link can fill it in.
#[handler]
pub async fn new_page(visit: Visit) -> Result<Response> {
    let permit = visit.reach::<List>().await?;
    let asked = visit.query.all("scopes");
    let asked = asked.iter().flat_map(|some| some.split_whitespace());
    let mut checked: Vec<&str> = asked.collect();
    if checked.is_empty() {
        checked.push("read");
    }
    let values: IndexMap<&str, &str> = visit.query.iter().collect();
    let shown = blank(&permit, &checked)?;
    let facts = context! { values => Serde(values), ..shown.facts };
    visit.show(Page { facts, ..shown }).await
}

#[handler]
pub async fn create(visit: Visit) -> Result<Response> {
    visit.user()?;
    let permit = visit.allow::<Create>().await?;
    let made = async {
        let kind = ClientType::read(visit.typed("client_type"));
        let new = NewApplication {
            name: visit.typed("name").to_owned(),
            scopes: Some(ticked(&visit).join(" ")),
            redirect_uris: Some(visit.typed("redirect_uris").to_owned()),
            client_type: kind.map_err(|why| Error::field("client_type", why))?,
        };
        applications::create(&permit, new).await
    };
    match made.await {
        Ok(made) => {
            let facts = context! {
                notice => "The application was created.",
                token => made.token,
                secret => made.client_secret.filter(|_| !made.application.redirect_uris.is_empty()),
            };
            show(&visit, &made.application, facts).await
        }
        Err(error) => {
            visit
                .complain(blank(&permit, &ticked(&visit))?, error)
                .await
        }
    }
}

async fn show(visit: &Visit, app: &OauthApplication, more: Value) -> Result<Response> {
    visit.show(of(visit, app, more)?).await
}

/// The page of an application.
fn of(visit: &Visit, app: &OauthApplication, more: Value) -> Result<Page> {
    let facts = context! {
        app => told(app),
        areas => Serde(scopes::areas(visit.user()?.scopes)),
        checked => Serde(app.scopes.split_whitespace().collect::<Vec<_>>()),
    };
    Ok(Page::new("application.html", context! { ..more, ..facts }))
}

#[handler]
pub async fn page(Path(client_id): Path<String>, visit: Visit) -> Result<Response> {
    visit.user()?;
    let permit = visit.reach::<Retrieve>().await?;
    let app = applications::own(&permit, permit.db(), &client_id).await?;
    let notice = match visit.query.last("done") {
        Some("saved") => Some("The application was saved."),
        _ => None,
    };
    show(&visit, &app, context! { notice }).await
}

#[handler]
pub async fn update(Path(client_id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Update>().await?;
    let changes = Changes {
        name: Some(visit.typed("name").to_owned()),
        scopes: Some(ticked(&visit).join(" ")),
        redirect_uris: Some(visit.typed("redirect_uris").to_owned()),
    };
    match applications::update(&permit, &client_id, changes).await {
        Ok(app) => Ok(go(&format!(
            "/settings/applications/{}?done=saved",
            app.client_id
        ))),
        Err(error) => {
            let app = applications::own(&permit, permit.db(), &client_id).await?;
            let shown = of(&visit, &app, context! { checked => Serde(ticked(&visit)) })?;
            visit.complain(shown, error).await
        }
    }
}

#[handler]
pub async fn rotate(Path(client_id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Rotate>().await?;
    let rotated = applications::rotate(&permit, &client_id).await?;
    let facts = context! { notice => "The application has a new token.", token => rotated.token };
    show(&visit, &rotated.application, facts).await
}

#[handler]
pub async fn delete(Path(client_id): Path<String>, visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Delete>().await?;
    applications::delete(&permit, &client_id).await?;
    Ok(go("/settings/applications?done=deleted"))
}
