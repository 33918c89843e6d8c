//! Applications at the REST door.
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use super::{
    Changes, Create, Delete, List, NewApplication, OauthApplication, Retrieve, Rotate, Update,
    create, delete, list, retrieve, rotate, update,
};
use crate::{
    error::Result,
    guard::Allowed,
    rest::{
        answer::{Answer, Created, Gone, Plain},
        body::Body,
        page::{Page, PageQuery},
    },
    time::Timestamp,
};

/// An application, as everybody sees it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Application")]
pub struct PublicBody {
    /// Its identifier (RFC 6749 section 2.2).
    client_id: String,
    /// What it calls itself.
    name: String,
    /// What it may ask for, separated by spaces.
    scopes: String,
    /// When it was registered.
    created: Timestamp,
    /// When it was changed.
    updated: Timestamp,
}

/// An application, as its owner sees it in lists.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ListedApplication")]
struct ListedBody {
    /// Its identifier (RFC 6749 section 2.2).
    client_id: String,
    /// What it calls itself.
    name: String,
    /// What it may ask for, separated by spaces.
    scopes: String,
    /// When it was registered.
    created: Timestamp,
    /// When it was changed.
    updated: Timestamp,
    /// Null: a token is shown only when it is made.
    token: Option<String>,
}

/// An application, as its owner sees it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OwnApplication")]
struct OwnBody {
    /// Its identifier (RFC 6749 section 2.2).
    client_id: String,
    /// What it calls itself.
    name: String,
    /// What it may ask for, separated by spaces.
    scopes: String,
    /// Its secret, when it was made just now; else null.
    client_secret: Option<String>,
    /// When it was registered.
    created: Timestamp,
    /// When it was changed.
    updated: Timestamp,
    /// Where people may be sent back to, separated by spaces.
    redirect_uris: String,
    /// Its token, when it was made just now; else null. An application without an owner has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Option<String>>,
}

impl From<OauthApplication> for PublicBody {
    fn from(app: OauthApplication) -> Self {
        Self {
            client_id: app.client_id,
            name: app.name,
            scopes: app.scopes,
            created: app.created,
            updated: app.updated,
        }
    }
}

impl From<OauthApplication> for ListedBody {
    fn from(app: OauthApplication) -> Self {
        Self {
            client_id: app.client_id,
            name: app.name,
            scopes: app.scopes,
            created: app.created,
            updated: app.updated,
            token: None,
        }
    }
}

fn own(app: OauthApplication, secret: Option<String>, token: Option<String>) -> OwnBody {
    OwnBody {
        token: app.user_id.map(|_| token),
        client_id: app.client_id,
        name: app.name,
        scopes: app.scopes,
        client_secret: secret,
        created: app.created,
        updated: app.updated,
        redirect_uris: app.redirect_uris,
    }
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/oauth/apps")]
impl Rest {
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        permit: Allowed<List>,
        query: PageQuery,
    ) -> Result<Answer<Page<ListedBody>>> {
        let (frame, rows) = query.0.cut(list(&permit).await?)?;
        Ok(Answer(
            frame.around(rows.into_iter().map(ListedBody::from).collect()),
        ))
    }

    #[oai(path = "/", method = "post")]
    async fn create(
        &self,
        permit: Allowed<Create>,
        new: Body<NewApplication>,
    ) -> Result<Created<OwnBody>> {
        let made = create(&permit, new.0).await?;
        Ok(Created(own(
            made.application,
            made.client_secret,
            made.token,
        )))
    }

    #[oai(path = "/:client_id", method = "get")]
    async fn retrieve(&self, permit: Allowed<Retrieve>, client_id: Path<String>) -> Plain<OwnBody> {
        let shown = async {
            let app = retrieve(&permit, &client_id).await?;
            Ok::<_, crate::error::Error>(match app.is_of(&permit) {
                true => poem::IntoResponse::into_response(Answer(own(app, None, None))),
                false => poem::IntoResponse::into_response(Answer(PublicBody::from(app))),
            })
        };
        Plain::of(shown.await)
    }

    #[oai(path = "/:client_id", method = "put")]
    async fn replace(
        &self,
        permit: Allowed<Update>,
        client_id: Path<String>,
        changes: Body<Changes>,
    ) -> Result<Answer<OwnBody>> {
        let app = update(&permit, &client_id, changes.0).await?;
        Ok(Answer(own(app, None, None)))
    }

    #[oai(path = "/:client_id", method = "patch")]
    async fn update(
        &self,
        permit: Allowed<Update>,
        client_id: Path<String>,
        changes: Body<Changes>,
    ) -> Result<Answer<OwnBody>> {
        let app = update(&permit, &client_id, changes.0).await?;
        Ok(Answer(own(app, None, None)))
    }

    #[oai(path = "/:client_id", method = "delete")]
    async fn delete(&self, permit: Allowed<Delete>, client_id: Path<String>) -> Result<Gone> {
        delete(&permit, &client_id).await.map(|()| Gone)
    }

    #[oai(path = "/:client_id/refresh-token", method = "post")]
    async fn rotate(
        &self,
        permit: Allowed<Rotate>,
        client_id: Path<String>,
    ) -> Result<Answer<OwnBody>> {
        let rotated = rotate(&permit, &client_id).await?;
        Ok(Answer(own(rotated.application, None, Some(rotated.token))))
    }
}
