use async_graphql::{ComplexObject, Context, ID};

use super::{
    Libraries, List, Retrieve, Track, TrackDetails, TrackFilter, TrackOrder, delete,
    details::DetailsOfTrack, retrieve, sql::listing,
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{answer, cost},
        ids::{Kind, global},
        standard::{fields, mutations},
    },
    guard::AllowExt,
    resources::{
        catalogue::{
            albums::{self, Album},
            artists::{self, Artist},
            credits::{ArtistCredit, TrackCredits},
            licenses::{self, License},
            tags::{Tag, TrackTags},
            viewer::{IsFavorite, can_edit, state},
        },
        library::{
            attachments::Attachment,
            contents::Content,
            edits::{self, Edit, TrackEdits},
            libraries::{Library, TrackLibraries},
            uploads::{AudioFormat, Upload, address, audible_uploads_of, duration_of, listen_url},
        },
        listening::marks::{ViewOfTrack, view},
        people::actors::Actor,
    },
    scope::Area,
};

#[ComplexObject]
impl Track {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Track, self.id)
    }

    /// Whether the track belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local(self.fid.as_deref())
    }

    /// URL of the track's audio.
    async fn listen_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Format to convert to; that of the upload unless given.")] format: Option<
            AudioFormat,
        >,
        #[graphql(desc = "Maximum bitrate in kbit/s, from 1 to 320.")] max_bitrate: Option<i32>,
        #[graphql(
            desc = "`true`: with a token of yours in the URL, which plays audio for three days. For \
            players that send no headers. Requires `read:profile`."
        )]
        signed: Option<bool>,
    ) -> Option<Result<String>> {
        answer(address(
            ctx,
            listen_url(self.uuid),
            format,
            max_bitrate,
            signed,
        ))
        .await
    }

    /// Duration in seconds, of the oldest upload that you can play; null if it is not known.
    async fn duration(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let permit = ctx.reach::<Retrieve>().await?;
        let uploads = audible_uploads_of(permit.loaders(), &permit, self.id).await?;
        Ok(duration_of(&uploads))
    }

    /// Whether the track is one of your favorites; `false` for anonymous callers. Requires
    /// `read:favorites`.
    async fn is_favorite(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
        answer(state::<IsFavorite>(ctx, Area::Favorites, self.id)).await
    }

    /// Your rating of the track, from 1 to 5; null if there is none. Requires `read:favorites`.
    async fn viewer_rating(&self, ctx: &Context<'_>) -> Option<Result<Option<i64>>> {
        answer(async {
            let view = view::<ViewOfTrack>(ctx, self.id).await?;
            Ok(view.and_then(|view| view.rating))
        })
        .await
    }

    /// Whether you may approve edits of the track, also your own as you make them (`isApproved`).
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        can_edit(ctx, self.fid.as_deref(), self.attributed_to_id)
    }

    /// Artist credited first.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        let credits = ctx
            .load_all::<artists::Retrieve, TrackCredits>(self.id)
            .await?;
        ctx.load::<artists::Retrieve, Artist>(credits.first().map(|credit| credit.artist_id))
            .await
    }

    /// All artist credits, in order.
    async fn artist_credit(&self, ctx: &Context<'_>) -> Result<Vec<ArtistCredit>> {
        ctx.load_all::<Retrieve, TrackCredits>(self.id).await
    }

    /// Album of the track.
    async fn album(&self, ctx: &Context<'_>) -> Result<Option<Album>> {
        ctx.load::<albums::Retrieve, Album>(self.album_id).await
    }

    /// License of the track.
    async fn license(&self, ctx: &Context<'_>) -> Result<Option<License>> {
        let permit = ctx.reach::<licenses::Retrieve>().await?;
        match &self.license {
            Some(code) => licenses::by_code(&permit, code).await,
            None => Ok(None),
        }
    }

    /// Cover of the track.
    async fn cover(&self, ctx: &Context<'_>) -> Result<Option<Attachment>> {
        ctx.load::<Retrieve, Attachment>(self.attachment_cover_id)
            .await
    }

    /// Description.
    async fn description(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
        ctx.load::<Retrieve, Content>(self.description_content_id)
            .await
    }

    /// Actor who added the track.
    async fn attributed_to(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.attributed_to_id).await
    }

    /// What the track's file says of it beyond title, artists and album: composers, lyrics, ReplayGain and more;
    /// null if it was not scanned.
    async fn details(&self, ctx: &Context<'_>) -> Result<Option<TrackDetails>> {
        let permit = ctx.reach::<Retrieve>().await?;
        let details = permit.loaders().one::<DetailsOfTrack>(self.id).await?;
        Ok(details.flatten())
    }

    /// Tags, sorted by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        ctx.load_all::<Retrieve, TrackTags>(self.id).await
    }

    /// Uploads that you can play, oldest first.
    #[graphql(complexity = "cost(2, child_complexity)")]
    async fn uploads(&self, ctx: &Context<'_>) -> Result<Vec<Upload>> {
        let permit = ctx.reach::<Retrieve>().await?;
        audible_uploads_of(permit.loaders(), &permit, self.id).await
    }

    /// Whether you can play the track.
    async fn is_playable(&self, ctx: &Context<'_>) -> Result<bool> {
        let permit = ctx.reach::<Retrieve>().await?;
        let uploads = audible_uploads_of(permit.loaders(), &permit, self.id).await?;
        Ok(!uploads.is_empty())
    }

    /// Libraries that contain the track that you have access to, oldest first.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let ids = ctx.load_all::<Libraries, TrackLibraries>(self.id).await?;
        ctx.load_list::<Libraries, Library>(ids).await
    }

    /// The 20 newest edits of the track, newest first.
    #[graphql(complexity = "cost(20, child_complexity)")]
    async fn edits(&self, ctx: &Context<'_>) -> Result<Option<Vec<Edit>>> {
        let permit = ctx.reach::<edits::OfTrack>().await?;
        let edits = permit.loaders().one::<TrackEdits>(self.id).await?;
        Ok(Some(edits.unwrap_or_default()))
    }
}

fields! {
    Queries as "TracksQueries";
    list tracks: List(TrackFilter, TrackOrder) -> Track = listing;
    one track(Kind::Track) -> Track = retrieve;
}

mutations! {
    Mutations as "TrackMutations";
    delete delete_track(DeleteTrackInput) -> DeleteTrackPayload = delete, of Kind::Track;
}
