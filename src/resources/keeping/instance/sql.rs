//! What NodeInfo tells of the database.
use std::sync::Arc;

use crate::{context::Reader, error::Result, store::sql};

/// The servers on the pod's allow-list.
pub async fn allowed(reader: &Reader) -> Result<Vec<String>> {
    let names = sql("select name from domains where allowed = true order by name");
    let names = names.all::<(String,)>(reader.db()).await?;
    Ok(names.iter().map(|(name,)| name.clone()).collect())
}

/// The tags that most tracks of a content category have, and how many.
pub async fn most_used_tags(
    reader: &Reader,
    category: &'static str,
) -> Result<Arc<Vec<(String, i64)>>> {
    sql("select t.name, count(*) as uses from tags t
         join track_tags tt on tt.tag_id = t.id
         join track_artists ta on ta.track_id = tt.track_id and ta.position = 0
         join artists a on a.id = ta.artist_id
         where a.content_category = ? group by t.id, t.name order by uses desc, t.name limit 3")
    .bind(category)
    .kept::<(String, i64)>(reader.db())
    .await
}
