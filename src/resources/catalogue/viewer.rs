//! What the caller thinks of artists, albums and tracks, and may do with them.
use std::collections::HashMap;

use async_graphql::Context;

use crate::{
    caller::Anonymous,
    context::{Cx, Reader},
    error::Result,
    load::{Load, load},
    resources::{library::edits, listening::favorites::marked},
    scope::{Access, Area, Scope},
    store::sql,
};

load!(/// Whether an artist is hidden by the caller.
    IsHidden: bool = for_caller hidden);

load!(/// Whether a track is a favorite of the caller.
    IsFavorite: bool = for_caller favorites);

async fn hidden(reader: &Reader, artists: Vec<i64>) -> Result<HashMap<i64, bool>> {
    let own = sql(
        "select target_artist_id from content_filters where target_artist_id in ?* and user_id = ?",
    );
    let own = own.bind(artists).bind(reader.user()?.user_id);
    let hidden = own.ids(reader.db()).await?;
    Ok(hidden.into_iter().map(|id| (id, true)).collect())
}

async fn favorites(reader: &Reader, tracks: Vec<i64>) -> Result<HashMap<i64, bool>> {
    let marked = marked(reader, tracks).await?;
    Ok(marked.into_keys().map(|id| (id, true)).collect())
}

/// What is so for a row and the caller; `false` for strangers.
///
/// # Errors
/// `OutOfScope` without the scope to read it.
pub async fn state<L: Load<Value = bool>>(ctx: &Context<'_>, area: Area, id: i64) -> Result<bool> {
    let cx = ctx.data_unchecked::<Cx>();
    let scope = Scope(Access::Read, area);
    cx.caller().may(Anonymous::Always, false, Some(scope))?;
    if cx.reader().user_id().is_none() {
        return Ok(false);
    }
    Ok(cx.loaders().one::<L>(id).await?.unwrap_or(false))
}

/// Whether the caller's edits of a row are applied without review.
pub fn can_edit(ctx: &Context<'_>, fid: Option<&str>, owner: Option<i64>) -> bool {
    let reader = ctx.data_unchecked::<Cx>().reader();
    reader.is_local(fid) && edits::decides(reader, owner)
}
