//! Invitations: codes with which people sign up where registration is closed.
mod body;
pub mod graphql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;

pub use self::{
    body::Rest,
    write::{Wanted, create, delete},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, operations},
    load::{Entity, entity},
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
        text::{WORDS, containing},
    },
    time::Timestamp,
};

operations! {
    "invitations", "Invitations: codes with which people sign up where registration is closed.";
    /// Lists invitations.
    ///
    /// Newest first by default.
    list: List = read InstanceInvitations, anonymous = Never, throttle = List, graphql = "invitations", params = Query;
    /// Returns an invitation.
    ///
    /// Unknown IDs are answered with 404.
    retrieve: Retrieve = read InstanceInvitations, anonymous = Never, throttle = Retrieve, graphql = "invitation";
    /// Creates an invitation.
    ///
    /// It serves for one account, and is valid for 14 days unless another time is given. A code that is taken is
    /// answered with 400.
    create: Create = write InstanceInvitations, anonymous = Never, throttle = Create, graphql = "Mutation.createInvitation";
    /// Changes an invitation.
    ///
    /// Its code, and how long it is valid. One that was used stays as it is: then the answer is 400, as for a
    /// code that is taken. Unknown IDs are answered with 404.
    update: Update = write InstanceInvitations, anonymous = Never, throttle = Update, graphql = "Mutation.updateInvitation";
    /// Deletes invitations that were not used.
    ///
    /// The action is `delete`. `objects` are numeric IDs, or `"all"`; those that were used are passed over.
    act: Act = write InstanceInvitations, anonymous = Never, throttle = Wildcard, graphql = "Mutation.deleteInvitations";
}

pub type Query = ListQuery<InvitationFilter, InvitationOrder>;

/// An invitation to sign up.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Invitation {
    /// Numeric ID, unique among invitations.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// The code, which the link to sign up contains.
    pub code: String,
    #[graphql(skip)]
    pub owner_id: i64,
    #[graphql(skip)]
    pub invited_user_id: Option<i64>,
    /// Time until which it is valid.
    pub expiration_date: Timestamp,
    /// Time at which it was created.
    pub creation_date: Timestamp,
}

entity!(Invitation in "invitations": "id, code, owner_id, invited_user_id, expiration_date, creation_date",
    upon [], weighs []);

filter! {
    /// Filter for a list of invitations. An invitation must match all conditions.
    pub struct InvitationFilter {
        /// Words that the code, or the username of whoever made it, must contain.
        q: Option<String>,
        /// `true`: only invitations that can be used. `false`: only those that were used or have expired.
        is_open: Option<bool>,
    }
}

ordering! {
    /// Sort options for invitations.
    pub struct InvitationOrder by InvitationOrderField {
        /// Numeric ID.
        Id = "id",
        /// Time at which it was created.
        CreationDate = "creation_date",
        /// Time until which it is valid.
        ExpirationDate = "expiration_date",
    }
    others ignored
}

async fn listing(
    reader: &Reader,
    filter: &InvitationFilter,
    order: &[InvitationOrder],
) -> Result<Listing> {
    let mut from = sql("from invitations i where true");
    if let Some(is_open) = filter.is_open {
        let not = if is_open { "" } else { "not " };
        from = from.then(" and ").then(not).append(open(reader));
    }
    let words = filter.q.iter().flat_map(|q| q.split_whitespace());
    for word in words.take(WORDS) {
        let holds = sql("(lower(i.code) like ? escape '\\' or i.owner_id in
              (select u.id from users u where u.username_folded like ? escape '\\'))");
        from = from.and(holds.bind(containing(word)).bind(containing(word)));
    }
    Ok(Listing::new(
        from,
        "i.id",
        order.iter().map(|order| order.key()),
    ))
}

/// The newest invitations that can be used.
pub async fn usable(permit: &Allowed<List>, most: i64) -> Result<Vec<Invitation>> {
    let filter = InvitationFilter {
        is_open: Some(true),
        ..InvitationFilter::default()
    };
    let all = listing(permit, &filter, &[]).await?;
    let ids = all.page(permit.db(), most, 0).await?;
    permit.loaders().owned::<Invitation>(&ids).await
}

/// Condition on an invitation `i`: it can be used.
fn open(reader: &Reader) -> Sql {
    sql("(i.invited_user_id is null and i.expiration_date > ?)").bind(reader.clock().now())
}

impl InvitationOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            InvitationOrderField::Id => ("i.id", KeyKind::Int),
            InvitationOrderField::CreationDate => ("i.creation_date", KeyKind::Time),
            InvitationOrderField::ExpirationDate => ("i.expiration_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Invitation> {
    found(permit, key.number()?).await
}

async fn found(reader: &Reader, id: i64) -> Result<Invitation> {
    let found = Invitation::select().then(" where id = ?").bind(id);
    found.one(reader.db()).await
}
