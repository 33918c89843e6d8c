//! The GraphQL fields of marks.
use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};

use super::{
    List, Mark, MarkFilter, MarkOrder, Opinion, Subject, SubjectType, Update, listing,
    write::change,
};
use crate::{
    error::Result,
    graphql::{
        ids::{Kind, global},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::catalogue::{
        albums::{self, Album},
        artists::{self, Artist},
        tracks::{self, Track},
    },
};

#[ComplexObject]
impl Mark {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Mark, self.id)
    }

    /// The artist; null if the mark is of something else.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        ctx.load::<artists::Retrieve, Artist>(self.artist_id).await
    }

    /// The album; null if the mark is of something else.
    async fn album(&self, ctx: &Context<'_>) -> Result<Option<Album>> {
        ctx.load::<albums::Retrieve, Album>(self.album_id).await
    }

    /// The track; null if the mark is of something else.
    async fn track(&self, ctx: &Context<'_>) -> Result<Option<Track>> {
        ctx.load::<tracks::Retrieve, Track>(self.track_id).await
    }
}

fields! {
    Queries as "MarksQueries";
    list marks: List(MarkFilter, MarkOrder) -> Mark = listing;
}

/// What to change of your mark of an artist, an album or a track. What is not given keeps its value.
#[derive(Debug, InputObject)]
#[graphql(name = "UpdateMarkInput")]
struct MarkInput {
    /// Global ID of the artist, album or track.
    subject: ID,
    /// Rating, from 1 to 5; 0 for none.
    rating: Option<i64>,
    /// Whether it has a star. Tracks have none: they are favorites.
    is_starred: Option<bool>,
}

/// Result of the mutation.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct UpdateMarkPayload {
    /// Your mark; null if nothing is left of it.
    mark: Option<Mark>,
    #[graphql(skip)]
    subject: Subject,
}

#[ComplexObject]
impl UpdateMarkPayload {
    /// The artist, if the mark is of one.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        let id = self.subject.of(SubjectType::Artist);
        ctx.load::<artists::Retrieve, Artist>(id).await
    }

    /// The album, if the mark is of one.
    async fn album(&self, ctx: &Context<'_>) -> Result<Option<Album>> {
        let id = self.subject.of(SubjectType::Album);
        ctx.load::<albums::Retrieve, Album>(id).await
    }

    /// The track, if the mark is of one.
    async fn track(&self, ctx: &Context<'_>) -> Result<Option<Track>> {
        let id = self.subject.of(SubjectType::Track);
        ctx.load::<tracks::Retrieve, Track>(id).await
    }
}

async fn updated(permit: &Allowed<Update>, input: MarkInput) -> Result<UpdateMarkPayload> {
    let subject = Subject::read(&input.subject)?;
    let opinion = Opinion {
        rating: input.rating,
        is_starred: input.is_starred,
    };
    let mark = change(permit, subject, opinion).await?;
    Ok(UpdateMarkPayload { mark, subject })
}

mutations! {
    Mutations as "MarksMutations";
    act update_mark(MarkInput) -> UpdateMarkPayload = updated;
}
