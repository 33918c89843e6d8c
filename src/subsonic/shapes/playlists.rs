//! Playlists.
use super::{Moment, shape, songs::Song};
use crate::{
    resources::{
        listening::playlists::{List, Playlist, contents},
        people::users::{UserById, UserPrivacy},
    },
    subsonic::{Call, ids::Id, refusal::Told},
};

shape! {
    /// A playlist.
    pub struct PlaylistShape {
        id: Id,
        name: String,
        owner: String,
        public: bool,
        song_count: i64,
        duration: i64,
        created: Moment,
        changed: Moment,
        readonly: bool,
    } known {
        cover_art: Id,
        entry: Vec<Song>,
    }
}

/// The playlists with these numbers, in their order, without their songs.
pub async fn playlists(call: &Call, ids: &[i64]) -> Told<Vec<PlaylistShape>> {
    let permit = call.permit::<List>().await?;
    let loaders = permit.loaders();
    let rows = loaders.list::<Playlist>(ids).await?;
    let owners = rows.iter().map(|row| Some(row.user_id));
    let owners = loaders.parts::<UserById>(owners).await?;
    let mut contents = contents(loaders, &permit, ids).await?;
    let me = permit.user_id();
    let shown = rows.iter().map(|row| {
        let contents = contents.remove(&row.id).unwrap_or_default();
        let owner = owners.get(Some(row.user_id));
        PlaylistShape {
            id: Id::Playlist(row.id),
            name: row.name.clone(),
            owner: owner
                .map(|owner| owner.username.clone())
                .unwrap_or_default(),
            public: matches!(
                row.privacy_level,
                UserPrivacy::Instance | UserPrivacy::Everyone
            ),
            song_count: contents.tracks_count,
            duration: contents.duration,
            created: Moment(row.creation_date),
            changed: Moment(row.modification_date),
            readonly: Some(row.user_id) != me,
            cover_art: contents.covers.first().map(|_| Id::Playlist(row.id)),
            entry: None,
        }
    });
    Ok(shown.collect())
}
