//! Edits of artists, albums and tracks over GraphQL.
use async_graphql::{ComplexObject, Context, ID, InputObject, Json, MaybeUndefined, SimpleObject};
use serde::Serialize;
use serde_json::Value;

use super::{
    albums::{self, Album},
    artists::{self, Artist},
    tracks::{self, Track},
};
use crate::{
    context::Cx,
    error::{Error, Result},
    graphql::{
        connection::{LONG, answer},
        ids::{Kind, global},
        reference::{ById, ByUuid},
        standard::mutations,
    },
    guard::{AllowExt, Allowed, Writes},
    resources::{
        library::{
            attachments::{self, Attachment},
            contents::NewContent,
            edits::{Edit, OnKind, Proposal, ProposeAlbum, ProposeArtist, ProposeTrack, propose},
        },
        people::actors::Actor,
    },
    time::Date,
};

/// Declares the input and the payload of the edits of one kind of object. A field that is not sent keeps its value.
macro_rules! edits {
    ($input:ident of $of:ident as $name:ident by $retrieve:path, $payload:ident: $($(#[doc = $doc:literal])+ $field:ident: $type:ty,)+) => {
        /// Changes to propose. Fields that are not given keep their values.
        #[derive(Debug, InputObject, Serialize)]
        struct $input {
            /// Global ID of the object; its UUID and its numeric ID are accepted too.
            #[serde(skip)]
            id: ById<$of>,
            $(
                $(#[doc = $doc])+
                #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
                $field: MaybeUndefined<$type>,
            )+
            /// Tags: at most 100, each of 1 to 100 letters, digits and underscores; not null.
            #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
            tags: MaybeUndefined<Vec<String>>,
            /// Description; null removes it.
            #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
            description: MaybeUndefined<NewContent>,
            /// Cover, which must be an attachment of your own; null removes it.
            #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
            cover: MaybeUndefined<ByUuid<Attachment>>,
            /// Reason for the edit, up to 2,000 characters.
            #[serde(skip)]
            summary: Option<String>,
            /// `true`: approves the edit and applies it immediately. `false`: rejects it. Only for the
            /// owner of the object and for users with the permission `library`. Default: the edit waits for
            /// review.
            #[serde(skip)]
            is_approved: Option<bool>,
        }

        /// An edit that was proposed.
        #[derive(Debug, SimpleObject)]
        #[graphql(complex)]
        struct $payload {
            /// The edit.
            edit: Edit,
            #[graphql(skip)]
            id: i64,
        }

        #[ComplexObject]
        impl $payload {
            /// The object, as it is now.
            async fn $name(&self, ctx: &Context<'_>) -> Option<Result<Option<$of>>> {
                answer(ctx.load::<$retrieve, $of>(self.id)).await
            }
        }

        impl $input {
            async fn propose<O: OnKind + Writes>(mut self, permit: &Allowed<O>) -> Result<$payload> {
                if let MaybeUndefined::Value(cover) = &mut self.cover {
                    let named = ("cover", cover.key("cover")?);
                    let own = attachments::own(permit.db(), permit.actor_id(), named).await?;
                    *cover = own.uuid.into();
                }
                let id = self.id.resolve(permit, "id").await?;
                let proposal = Proposal {
                    kind: "update".to_owned(),
                    payload: serde_json::to_value(&self).map_err(Error::internal)?,
                    summary: self.summary,
                    is_approved: self.is_approved,
                };
                let edit = propose(permit, id, proposal).await?;
                Ok($payload { edit, id })
            }
        }
    };
}

edits!(EditArtistInput of Artist as artist by artists::Retrieve, EditArtistPayload:
    /// Name, 1 to 255 characters; not null.
    name: String,
);

edits!(EditAlbumInput of Album as album by albums::Retrieve, EditAlbumPayload:
    /// Title, 1 to 255 characters; not null.
    title: String,
    /// Release date; null removes it.
    release_date: Date,
);

edits!(EditTrackInput of Track as track by tracks::Retrieve, EditTrackPayload:
    /// Title, 1 to 255 characters; not null.
    title: String,
    /// Position on the disc, from 1; null removes it.
    position: i64,
    /// Code of the license, such as `cc-by-4.0`; null removes it.
    license: String,
    /// Copyright notice, at most 500 characters; null removes it.
    copyright: String,
);

#[ComplexObject]
impl Edit {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Edit, self.uuid)
    }

    /// New values, by field.
    #[graphql(complexity = "LONG")]
    async fn payload(&self) -> Json<&Value> {
        Json(&self.payload)
    }

    /// Previous values, by field, each in an object with the key `value`; null until applied.
    #[graphql(complexity = "LONG")]
    async fn previous_state(&self) -> Option<Json<&Value>> {
        self.previous_state.as_ref().map(Json)
    }

    /// The artist, if the edit is of one.
    async fn artist(&self, ctx: &Context<'_>) -> Option<Result<Option<Artist>>> {
        answer(ctx.load::<artists::Retrieve, Artist>(self.artist_id)).await
    }

    /// The album, if the edit is of one.
    async fn album(&self, ctx: &Context<'_>) -> Option<Result<Option<Album>>> {
        answer(ctx.load::<albums::Retrieve, Album>(self.album_id)).await
    }

    /// The track, if the edit is of one.
    async fn track(&self, ctx: &Context<'_>) -> Option<Result<Option<Track>>> {
        answer(ctx.load::<tracks::Retrieve, Track>(self.track_id)).await
    }

    /// Actor who proposed the edit.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let loaders = ctx.data_unchecked::<Cx>().loaders();
        loaders.maybe::<Actor>(self.created_by_id).await
    }

    /// Actor who approved or rejected the edit.
    async fn approved_by(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let loaders = ctx.data_unchecked::<Cx>().loaders();
        loaders.maybe::<Actor>(self.approved_by_id).await
    }
}

async fn artist(
    permit: &Allowed<ProposeArtist>,
    input: EditArtistInput,
) -> Result<EditArtistPayload> {
    input.propose(permit).await
}

async fn album(permit: &Allowed<ProposeAlbum>, input: EditAlbumInput) -> Result<EditAlbumPayload> {
    input.propose(permit).await
}

async fn track(permit: &Allowed<ProposeTrack>, input: EditTrackInput) -> Result<EditTrackPayload> {
    input.propose(permit).await
}

mutations! {
    Mutations as "EditMutations";
    act edit_artist(EditArtistInput) -> EditArtistPayload = artist;
    act edit_album(EditAlbumInput) -> EditAlbumPayload = album;
    act edit_track(EditTrackInput) -> EditTrackPayload = track;
}
