//! The REST endpoints of applications.
use poem_openapi::{Object, OpenApi, Union, param::Path};
use serde::Serialize;

use super::{
    Changes, Create, Delete, List, NewApplication, OauthApplication, Retrieve, Rotate, Update,
    create, delete, list, retrieve, rotate, update,
};
use crate::{
    error::Result,
    guard::Allowed,
    rest::{
        answer::{Answer, Created, NoContent, Plain},
        body::Body,
        page::{Page, PageQuery},
    },
    time::Timestamp,
};

/// Public details of an application.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Application")]
pub struct PublicBody {
    /// Client ID (RFC 6749 section 2.2).
    client_id: String,
    /// Name of the application.
    name: String,
    /// Scopes that the application may request, separated by spaces.
    scopes: String,
    /// Time of registration.
    created: Timestamp,
    /// Time of the last change.
    updated: Timestamp,
}

/// An application: with all details for its owner, else with the public ones.
#[derive(Debug, Union)]
#[oai(rename = "RetrievedApplication")]
enum RetrievedBody {
    Own(OwnBody),
    Public(PublicBody),
}

/// An application in a list of its owner's.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ListedApplication")]
struct ListedBody {
    /// Client ID (RFC 6749 section 2.2).
    client_id: String,
    /// Name of the application.
    name: String,
    /// Scopes that the application may request, separated by spaces.
    scopes: String,
    /// Time of registration.
    created: Timestamp,
    /// Time of the last change.
    updated: Timestamp,
    /// Always null: the token is returned only when it is created.
    token: Option<String>,
}

/// An application, with the details that only its owner sees.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OwnApplication")]
struct OwnBody {
    /// Client ID (RFC 6749 section 2.2).
    client_id: String,
    /// Name of the application.
    name: String,
    /// Scopes that the application may request, separated by spaces.
    scopes: String,
    /// Client secret, in the answer that creates it; otherwise null.
    client_secret: Option<String>,
    /// Time of registration.
    created: Timestamp,
    /// Time of the last change.
    updated: Timestamp,
    /// Redirect URIs, separated by spaces.
    redirect_uris: String,
    /// Application token, in the answer that creates it; otherwise null. Absent if the application
    /// has no owner.
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
    async fn retrieve(
        &self,
        permit: Allowed<Retrieve>,
        client_id: Path<String>,
    ) -> Plain<RetrievedBody> {
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
    async fn delete(&self, permit: Allowed<Delete>, client_id: Path<String>) -> Result<NoContent> {
        delete(&permit, &client_id).await.map(|()| NoContent)
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
