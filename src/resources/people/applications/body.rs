//! The REST endpoints of applications.
use poem::IntoResponse;
use poem_openapi::{Object, Union, param::Path};
use serde::Serialize;

use super::{
    Changes, Create, Delete, List, Made, NewApplication, OauthApplication, Retrieve, Rotate,
    Rotated, Update, create, delete, list, retrieve, rotate, update,
};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    rest::{
        answer::{Answer, Created, NoContent, Plain},
        page::{Page, PageQuery},
        standard::routes,
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

impl From<OauthApplication> for OwnBody {
    fn from(app: OauthApplication) -> Self {
        Self {
            token: app.user_id.map(|_| None),
            client_id: app.client_id,
            name: app.name,
            scopes: app.scopes,
            client_secret: None,
            created: app.created,
            updated: app.updated,
            redirect_uris: app.redirect_uris,
        }
    }
}

impl From<Made> for OwnBody {
    fn from(made: Made) -> Self {
        Self {
            client_secret: made.client_secret,
            token: made.application.user_id.map(|_| made.token),
            ..made.application.into()
        }
    }
}

impl From<Rotated> for OwnBody {
    fn from(rotated: Rotated) -> Self {
        Self {
            token: Some(Some(rotated.token)),
            ..rotated.application.into()
        }
    }
}

async fn listed(permit: &Allowed<List>, query: &PageQuery) -> Result<Page<ListedBody>> {
    let (frame, rows) = query.0.cut(list(permit).await?)?;
    Ok(frame.around(rows.into_iter().map(ListedBody::from).collect()))
}

routes! {
    "/api/v1/oauth/apps";
    list: List = get "/" (query: PageQuery) -> Answer<Page<ListedBody>> => listed;
    create: Create = post "/" {new: NewApplication} -> Created<OwnBody>;
    replace: Update = put "/:client_id" <client_id> {changes: Changes} -> Answer<OwnBody> => update;
    update: Update = patch "/:client_id" <client_id> {changes: Changes} -> Answer<OwnBody>;
    delete: Delete = delete "/:client_id" <client_id> -> NoContent;
    rotate: Rotate = post "/:client_id/refresh-token" <client_id> -> Answer<OwnBody>;
    {
        #[oai(path = "/:client_id", method = "get")]
        async fn retrieve(
            &self,
            permit: Allowed<Retrieve>,
            client_id: Path<String>,
        ) -> Plain<RetrievedBody> {
            let shown = async {
                let app = retrieve(&permit, &client_id).await?;
                Ok::<_, Error>(match app.is_of(&permit) {
                    true => Answer(OwnBody::from(app)).into_response(),
                    false => Answer(PublicBody::from(app)).into_response(),
                })
            };
            Plain::of(shown.await)
        }
    }
}
