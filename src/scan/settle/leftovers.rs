//! What nothing holds any more after a scan goes, unless somebody's own data hangs on it.
use std::collections::BTreeSet;

use tokio::time::sleep;

use super::BATCH;
use crate::{
    app::App,
    error::Result,
    resources::library::attachments,
    scan::{BREATH, catalogue::Catalogue},
    store::{Tx, sql},
};

/// Tracks without a file that nobody keeps.
const TRACKS: &str = "delete from tracks where not exists (select 1 from uploads x where x.track_id = tracks.id)
     and not exists (select 1 from favorites x where x.track_id = tracks.id)
     and not exists (select 1 from listenings x where x.track_id = tracks.id)
     and not exists (select 1 from playlist_tracks x where x.track_id = tracks.id)
     and not exists (select 1 from marks x where x.track_id = tracks.id)
     and not exists (select 1 from bookmarks x where x.track_id = tracks.id)
     and not exists (select 1 from mutations x where x.track_id = tracks.id) and id in ?* returning coalesce(album_id, 0)";
const ALBUMS: &str =
    "delete from albums where not exists (select 1 from tracks x where x.album_id = albums.id)
     and not exists (select 1 from mutations x where x.album_id = albums.id)
     and not exists (select 1 from marks x where x.album_id = albums.id)
     and description_content_id is null and id in ?* returning coalesce(attachment_cover_id, 0)";
const ARTISTS: &str = "delete from artists where not exists (select 1 from track_artists x where x.artist_id = artists.id)
     and not exists (select 1 from album_artists x where x.artist_id = artists.id)
     and not exists (select 1 from channels x where x.artist_id = artists.id)
     and not exists (select 1 from content_filters x where x.target_artist_id = artists.id)
     and not exists (select 1 from mutations x where x.artist_id = artists.id)
     and not exists (select 1 from marks x where x.artist_id = artists.id)
     and description_content_id is null and attachment_cover_id is null and id in ?* returning id";

/// Removes tracks, then albums, then artists, and the pictures of albums.
pub async fn remove(app: &App, catalogue: &mut Catalogue<'_>) -> Result<()> {
    let traces = std::mem::take(&mut catalogue.traces);
    let (mut artists, mut pictures) = (traces.artists, traces.pictures);
    let mut albums: BTreeSet<i64> = traces.left.into_keys().collect();
    for ids in batches(traces.tracks) {
        let mut tx = app.db().begin().await?;
        tx.lock(sql("select id from tracks where id in ?*").bind(ids.clone()))
            .await?;
        artists.extend(
            credited(
                &mut tx,
                "select artist_id from track_artists where track_id in ?*",
                &ids,
            )
            .await?,
        );
        albums.extend(sql(TRACKS).bind(ids).ids(&mut tx).await?);
        tx.commit().await?;
        sleep(BREATH).await;
    }
    for ids in batches(albums) {
        let mut tx = app.db().begin().await?;
        tx.lock(sql("select id from albums where id in ?*").bind(ids.clone()))
            .await?;
        artists.extend(
            credited(
                &mut tx,
                "select artist_id from album_artists where album_id in ?*",
                &ids,
            )
            .await?,
        );
        pictures.extend(sql(ALBUMS).bind(ids).ids(&mut tx).await?);
        tx.commit().await?;
        sleep(BREATH).await;
    }
    for ids in batches(artists) {
        let mut tx = app.db().begin().await?;
        tx.lock(sql("select id from artists where id in ?*").bind(ids.clone()))
            .await?;
        sql(ARTISTS).bind(ids).ids(&mut tx).await?;
        tx.commit().await?;
        sleep(BREATH).await;
    }
    for ids in batches(pictures) {
        let mut tx = app.db().begin().await?;
        let files = attachments::discard(&mut tx, ids).await?;
        tx.commit().await?;
        for file in files {
            app.media().pictures.remove(&file).await;
        }
    }
    // Rows that it remembers may be gone.
    catalogue.forget();
    Ok(())
}

fn batches(ids: BTreeSet<i64>) -> Vec<Vec<i64>> {
    let ids: Vec<i64> = ids.into_iter().collect();
    ids.chunks(BATCH).map(<[i64]>::to_vec).collect()
}

async fn credited(tx: &mut Tx, credits: &'static str, owners: &[i64]) -> Result<Vec<i64>> {
    sql(credits).bind(owners.to_vec()).ids(tx).await
}
