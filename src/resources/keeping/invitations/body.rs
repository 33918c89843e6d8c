//! Invitations as REST shows them.
use poem_openapi::Object;
use serde::Serialize;

use super::{
    Act, Create, Invitation, List, Query, Retrieve, Update, listing, retrieve,
    write::{Wanted, create, delete, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::keeping::user_accounts::{BriefAccount, brief},
    rest::{
        action::{ActionBody, ActionRequest},
        answer::{Answer, Created},
        standard::routes,
    },
    time::Timestamp,
};

/// An invitation to sign up.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Invitation")]
struct InvitationBody {
    /// Numeric ID, unique among invitations.
    id: i64,
    /// Whoever made it.
    owner: Option<BriefAccount>,
    /// Who signed up with it; null if nobody has.
    invited_user: Option<BriefAccount>,
    /// The code, which the link to sign up contains.
    code: String,
    /// Time until which it is valid.
    expiration_date: Timestamp,
    /// Time at which it was created.
    creation_date: Timestamp,
    /// Who signed up with it, as a list.
    users: Vec<BriefAccount>,
}

/// An invitation to create or to change. Fields that are not given keep their values.
#[derive(Debug, Default, Object)]
struct WantedInvitation {
    /// The code: 6 to 50 letters, digits, `-` or `_`. By default one is made up.
    code: Option<String>,
    /// Time until which it is valid. By default 14 days from now.
    expiration_date: Option<Timestamp>,
}

impl From<WantedInvitation> for Wanted {
    fn from(wanted: WantedInvitation) -> Self {
        Self {
            code: wanted.code,
            expiration_date: wanted.expiration_date,
        }
    }
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<InvitationBody>> {
    let rows = loaders.owned::<Invitation>(ids).await?;
    let users = rows
        .iter()
        .flat_map(|row| [Some(row.owner_id), row.invited_user_id]);
    let users = brief(loaders, users.flatten().collect::<Vec<_>>()).await?;
    let body = |row: Invitation| {
        let invited = row.invited_user_id.and_then(|id| users.get(&id).cloned());
        InvitationBody {
            id: row.id,
            owner: users.get(&row.owner_id).cloned(),
            users: invited.iter().cloned().collect(),
            invited_user: invited,
            code: row.code,
            expiration_date: row.expiration_date,
            creation_date: row.creation_date,
        }
    };
    Ok(rows.into_iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<InvitationBody> {
    let row = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[row.id]).await?)
}

async fn created(permit: &Allowed<Create>, new: WantedInvitation) -> Result<InvitationBody> {
    let row = create(permit, new.into()).await?;
    sole(bodies(permit.loaders(), permit, &[row.id]).await?)
}

async fn updated(
    permit: &Allowed<Update>,
    key: Key,
    new: WantedInvitation,
) -> Result<InvitationBody> {
    let row = update(permit, key, new.into()).await?;
    sole(bodies(permit.loaders(), permit, &[row.id]).await?)
}

async fn acted(permit: &Allowed<Act>, request: ActionRequest) -> Result<ActionBody> {
    request.chosen(&[("delete", ())])?;
    let gone = delete(permit, request.numbered()?).await?;
    Ok(ActionBody::new("delete", gone.len() as u64, None))
}

routes! {
    "/api/v1/manage/users/invitations" lists List(Query) -> InvitationBody = listing => bodies;
    create: Create = post "/" {new: WantedInvitation} -> Created<InvitationBody> => created;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<InvitationBody> => detail;
    update: Update = patch "/:id" [id: i64] {changes: WantedInvitation} -> Answer<InvitationBody> => updated;
    replace: Update = put "/:id" [id: i64] {changes: WantedInvitation} -> Answer<InvitationBody> => updated;
}
