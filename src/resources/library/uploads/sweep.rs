//! Files that a crash has left on their way: those that a row names come to their place, the others go.
use std::time::{Duration, UNIX_EPOCH};

use crate::{
    app::App,
    error::{Error, Result},
    media::staging,
    store::sql,
};

/// Settles what earlier processes have left.
pub async fn tidy(app: &App) -> Result<()> {
    let storage = &app.media().storage;
    let now = UNIX_EPOCH + Duration::from_secs(app.clock().now().unix().unsigned_abs());
    for left in staging::left(storage, now).await {
        let named = sql("select id from uploads where uuid = ? and audio_file = ?");
        let named = named.bind(left.uuid).bind(left.place.as_str());
        match named.optional::<(i64,)>(app.db()).await? {
            Some(_) => staging::settle(storage, &left.place)
                .await
                .map_err(Error::internal)?,
            None => left.remove().await,
        }
    }
    Ok(())
}
