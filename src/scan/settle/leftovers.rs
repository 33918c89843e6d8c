//! What nothing holds any more after a scan goes, unless somebody's own data hangs on it.
use tokio::time::sleep;

use super::BATCH;
use crate::{
    app::App,
    error::Result,
    scan::{BREATH, catalogue::Catalogue},
    store::{Tx, sql},
};

/// Tracks without a file that nobody keeps.
const TRACKS: &str = "delete from tracks where not exists (select 1 from uploads x where x.track_id = tracks.id)
     and not exists (select 1 from favorites x where x.track_id = tracks.id)
     and not exists (select 1 from listenings x where x.track_id = tracks.id)
     and not exists (select 1 from playlist_tracks x where x.track_id = tracks.id)
     and not exists (select 1 from mutations x where x.track_id = tracks.id) and id in ?* returning coalesce(album_id, 0)";
const ALBUMS: &str =
    "delete from albums where not exists (select 1 from tracks x where x.album_id = albums.id)
     and not exists (select 1 from mutations x where x.album_id = albums.id)
     and description_content_id is null and id in ?* returning id";
const ARTISTS: &str = "delete from artists where not exists (select 1 from track_artists x where x.artist_id = artists.id)
     and not exists (select 1 from album_artists x where x.artist_id = artists.id)
     and not exists (select 1 from channels x where x.artist_id = artists.id)
     and not exists (select 1 from content_filters x where x.target_artist_id = artists.id)
     and not exists (select 1 from mutations x where x.artist_id = artists.id)
     and description_content_id is null and attachment_cover_id is null and id in ?* returning id";

/// Removes tracks, then albums, then artists.
pub async fn remove(app: &App, catalogue: &mut Catalogue<'_>) -> Result<()> {
    let traces = std::mem::take(&mut catalogue.traces);
    let mut artists = traces.artists;
    let mut albums: Vec<i64> = traces.left.into_keys().collect();
    let tracks: Vec<i64> = traces.tracks.into_iter().collect();
    for ids in tracks.chunks(BATCH) {
        let mut tx = app.db().begin().await?;
        artists.extend(
            credited(
                &mut tx,
                "select artist_id from track_artists where track_id in ?*",
                ids,
            )
            .await?,
        );
        albums.extend(sql(TRACKS).bind(ids.to_vec()).ids(&mut tx).await?);
        tx.commit().await?;
        sleep(BREATH).await;
    }
    for ids in albums.chunks(BATCH) {
        let mut tx = app.db().begin().await?;
        artists.extend(
            credited(
                &mut tx,
                "select artist_id from album_artists where album_id in ?*",
                ids,
            )
            .await?,
        );
        sql(ALBUMS).bind(ids.to_vec()).ids(&mut tx).await?;
        tx.commit().await?;
        sleep(BREATH).await;
    }
    let artists: Vec<i64> = artists.into_iter().collect();
    for ids in artists.chunks(BATCH) {
        let mut tx = app.db().begin().await?;
        sql(ARTISTS).bind(ids.to_vec()).ids(&mut tx).await?;
        tx.commit().await?;
        sleep(BREATH).await;
    }
    // Rows that it remembers may be gone.
    catalogue.forget();
    Ok(())
}

async fn credited(tx: &mut Tx, credits: &'static str, owners: &[i64]) -> Result<Vec<i64>> {
    sql(credits).bind(owners.to_vec()).ids(tx).await
}
