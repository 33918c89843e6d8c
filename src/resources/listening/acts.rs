//! What favorites and listenings have in common: each is an act of a user on a track.
use std::collections::HashMap;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{ids::Key, reference::ById},
    load::{Entity, Loaders},
    resources::{
        catalogue::tracks::{self, Track, TrackBody},
        people::{
            actors::ActorBody,
            audience,
            users::{UserRef, refs},
        },
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

/// Declares an act: the row, its object at each door, and the bodies of a list.
macro_rules! act {
    ($(#[doc = $doc:literal])+ $name:ident in $table:literal, $body:ident as $called:literal, at $at:literal) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, sqlx::FromRow, async_graphql::SimpleObject)]
        #[graphql(complex)]
        pub struct $name {
            #[doc = concat!("Numeric ID, unique among ", $table, ".")]
            #[graphql(name = "databaseId")]
            pub id: i64,
            #[graphql(skip)]
            pub user_id: i64,
            #[graphql(skip)]
            pub track_id: i64,
            #[doc = $at]
            pub creation_date: $crate::time::Timestamp,
        }

        $crate::load::entity!($name in $table: "id, user_id, track_id, creation_date", upon [], weighs []);

        #[async_graphql::ComplexObject]
        impl $name {
            /// Global ID; opaque.
            #[graphql(name = "id")]
            pub(crate) async fn global_id(&self) -> async_graphql::ID {
                $crate::graphql::ids::global($crate::graphql::ids::Kind::$name, self.id)
            }

            /// The user.
            async fn user(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> $crate::error::Result<Option<$crate::resources::people::users::User>> {
                use $crate::resources::people::users::{Retrieve, UserById};
                $crate::guard::AllowExt::load::<Retrieve, UserById>(ctx, self.user_id).await
            }

            /// The track.
            async fn track(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> $crate::error::Result<Option<$crate::resources::catalogue::tracks::Track>> {
                use $crate::resources::catalogue::tracks::{Retrieve, Track};
                $crate::guard::AllowExt::load::<Retrieve, Track>(ctx, self.track_id).await
            }
        }

        $(#[doc = $doc])+
        #[derive(Debug, serde::Serialize, poem_openapi::Object)]
        #[oai(rename = $called)]
        pub struct $body {
            #[doc = concat!("Numeric ID, unique among ", $table, ".")]
            id: i64,
            /// The user.
            user: $crate::resources::people::users::UserRef,
            /// The track.
            track: $crate::resources::catalogue::tracks::TrackBody,
            #[doc = $at]
            creation_date: $crate::time::Timestamp,
            /// ActivityPub actor of the user.
            actor: Option<$crate::resources::people::actors::ActorBody>,
        }

        pub async fn bodies(
            loaders: &$crate::load::Loaders,
            reader: &$crate::context::Reader,
            ids: &[i64],
        ) -> $crate::error::Result<Vec<$body>> {
            let acts = loaders.owned::<$name>(ids).await?;
            let of = acts.iter().map(|act| (act.user_id, act.track_id)).collect();
            let parties = $crate::resources::listening::acts::Parties::load(loaders, reader, of).await?;
            let body = |act: $name| {
                let (user, actor) = parties.user(act.user_id)?;
                let track = parties.track(act.track_id)?;
                let creation_date = act.creation_date;
                Some($body { id: act.id, user, track, creation_date, actor })
            };
            // What was deleted meanwhile is left out.
            Ok(acts.into_iter().filter_map(body).collect())
        }
    };
}
pub(crate) use act;

/// The users and tracks of acts, as REST shows them.
pub struct Parties {
    users: HashMap<i64, (UserRef, Option<ActorBody>)>,
    tracks: HashMap<i64, TrackBody>,
}

impl Parties {
    /// Loads them for pairs of a user and a track.
    pub async fn load(loaders: &Loaders, reader: &Reader, of: Vec<(i64, i64)>) -> Result<Self> {
        let (users, tracks): (Vec<i64>, Vec<i64>) = of.into_iter().unzip();
        Ok(Self {
            users: refs(loaders, reader, users).await?,
            tracks: tracks::by_id(loaders, reader, tracks).await?,
        })
    }

    pub fn user(&self, id: i64) -> Option<(UserRef, Option<ActorBody>)> {
        self.users.get(&id).cloned()
    }

    pub fn track(&self, id: i64) -> Option<TrackBody> {
        self.tracks.get(&id).cloned()
    }
}

/// The acts `v` that the caller may see. Where no user shows any, none is looked at.
pub fn visible(reader: &Reader, from: Sql) -> Sql {
    let shows = || audience::shows(reader, "u.privacy_level", "u.id");
    from.then(" where exists (select 1 from users u where ")
        .append(shows())
        .then(") and exists (select 1 from users u where u.id = v.user_id and u.is_active = true and ")
        .append(shows())
        .then(")")
}

/// The acts on tracks of artists that the caller has hidden, or without them; anonymous callers have
/// hidden none.
pub fn by_hidden(reader: &Reader, from: Sql, hidden: Option<bool>) -> Sql {
    let Some(user) = reader.user_id() else {
        return from;
    };
    let not = if hidden == Some(true) { "" } else { "not " };
    let withheld = tracks::hidden_from(user);
    from.and(sql(not).then("v.track_id in (").append(withheld).then(")"))
}

/// The acts by their time, newest first unless it is asked otherwise.
pub fn by_date(from: Sql, descending: Option<bool>) -> Listing {
    let down = descending.unwrap_or(true);
    let date = SortKey::new(sql("v.creation_date"), KeyKind::Time, down);
    Listing::new(from, "v.id", [date]).oldest_first_if(!down)
}

/// An act that the caller may see.
pub async fn find<A: Entity>(reader: &Reader, key: Key) -> Result<A> {
    let id = key.number()?;
    let found = visible(reader, A::select().then(" v"));
    found.and(sql("v.id = ?").bind(id)).one(reader.db()).await
}

/// A new act, if it belongs in the lists of the caller.
pub async fn told<A: Entity>(reader: &Reader, id: i64) -> Result<A> {
    let listed = by_hidden(reader, visible(reader, A::select().then(" v")), None);
    listed.and(sql("v.id = ?").bind(id)).one(reader.db()).await
}

/// How far in the future a time may lie that a client gives: clocks are not all right.
const AHEAD: i64 = 24 * 60 * 60;

/// The track and the time of a new act.
pub async fn checked(
    reader: &Reader,
    track: &ById<Track>,
    at: Option<Timestamp>,
) -> Result<(i64, Timestamp)> {
    let now = reader.clock().now();
    let at = at.unwrap_or(now);
    if at > now.plus_seconds(AHEAD) {
        let complaint = "The date must not be in the future.";
        return Err(Error::field("creation_date", complaint));
    }
    Ok((tracks::known(reader, "track", track).await?, at))
}
