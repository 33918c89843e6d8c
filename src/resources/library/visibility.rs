//! Which uploads a caller can play, and which a `scope` selects (contract sections 6 and 7).
use std::collections::{HashMap, HashSet};

use super::libraries::{Library, PrivacyLevel};
use crate::{
    context::Reader,
    error::Result,
    load::{Loaders, grouped, load},
    resources::people::actors::Actor,
    store::{Reads, Sql, sql, text::any_word},
};

/// Select of the IDs of the libraries that the caller has access to.
pub fn viewable_libraries(reader: &Reader) -> Sql {
    let public = "select l.id from libraries l where l.privacy_level = 'everyone'";
    let Some(me) = reader.actor_id() else {
        return sql(public);
    };
    sql(public)
        .then(" or l.actor_id = ?")
        .bind(me)
        .then(
            " or (l.privacy_level = 'instance' and l.actor_id in (select o.id from actors o
               where o.domain = (select m.domain from actors m where m.id = ?)))",
        )
        .bind(me)
        .then(
            " or l.id in (select f.target_library_id from library_follows f
               where f.actor_id = ? and f.approved = true)",
        )
        .bind(me)
        .then(
            " or l.id in (select c.library_id from channels c
               join follows f on f.target_actor_id = c.actor_id
               where f.actor_id = ? and f.approved = true)",
        )
        .bind(me)
}

/// Those of the given libraries that the caller has access to. Decided in memory, by the same rule
/// as `viewable_libraries`.
pub async fn viewable(
    loaders: &Loaders,
    reader: &Reader,
    libraries: impl IntoIterator<Item = i64> + Send,
) -> Result<HashSet<i64>> {
    let libraries = loaders.many::<Library>(libraries).await?;
    let Some(me) = reader.actor_id() else {
        let public = libraries.values().filter(|library| library.is_public());
        return Ok(public.map(|library| library.id).collect());
    };
    let followed = loaders.shared::<FollowedLibraries>(me).await?;
    let owners = libraries.values().map(|library| library.actor_id);
    let actors = loaders.many::<Actor>(owners.chain([me])).await?;
    let domain = |actor: i64| actors.get(&actor).map(|actor| actor.domain.as_str());
    let home = domain(me);
    let may = |library: &Library| {
        library.is_public()
            || library.actor_id == me
            || (library.privacy_level == PrivacyLevel::Instance
                && home.is_some()
                && domain(library.actor_id) == home)
            || followed
                .iter()
                .any(|followed| followed.contains(&library.id))
    };
    let viewable = libraries.values().filter(|library| may(library));
    Ok(viewable.map(|library| library.id).collect())
}

load!(/// Libraries that an actor follows with approval, directly or through a channel.
    FollowedLibraries: Vec<i64> = kept followed_libraries, upon [LibraryFollowActor, FollowActor]);

async fn followed_libraries(db: &Reads, actors: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(
        "select f.actor_id, f.target_library_id from library_follows f
         where f.actor_id in ?* and f.approved = true
         union select f.actor_id, c.library_id from channels c
         join follows f on f.target_actor_id = c.actor_id
         where f.actor_id in ?* and f.approved = true",
    );
    let rows = rows.bind(actors.clone()).bind(actors);
    Ok(grouped(rows.all::<(i64, i64)>(db).await?))
}

/// Condition on an upload `u`: imported, in a library that the caller has access to. The unary plus
/// keeps the databases from starting with the index on libraries, which would read too many
/// uploads.
pub fn playable(reader: &Reader) -> Sql {
    sql("u.import_status = 'finished' and +u.library_id in (")
        .append(viewable_libraries(reader))
        .then(")")
}

/// Condition on an upload `u`: the caller can play its audio. Unlike `playable`, this includes
/// skipped duplicates, which have audio too.
pub fn audible(reader: &Reader) -> Sql {
    sql("u.import_status in ('finished', 'skipped') and u.library_id in (")
        .append(viewable_libraries(reader))
        .then(")")
}

/// Condition on an upload `u`: imported, in a library that somebody on this pod has access to, but
/// not the caller.
pub fn withheld(reader: &Reader) -> Sql {
    let host = &reader.names().host;
    sql("u.import_status = 'finished' and u.library_id in
        (select l.id from libraries l join actors o on o.id = l.actor_id
         where l.privacy_level = 'instance' or (l.privacy_level = 'me' and (o.domain = ?
           or exists (select 1 from library_follows f join actors fo on fo.id = f.actor_id
             where f.target_library_id = l.id and f.approved = true and fo.domain = ?))))
        and u.library_id not in (")
    .bind(host.as_str())
    .bind(host.as_str())
    .append(viewable_libraries(reader))
    .then(")")
}

/// Condition on an upload `u`: in one of the libraries that the words of a `scope` select. Unknown
/// words, and `me` from anonymous callers, select none.
pub fn within_scope(reader: &Reader, scope: &str) -> Sql {
    let condition = any_word(scope, |word| libraries_of_scope(reader, word));
    sql("u.library_id in (select l.id from libraries l join actors o on o.id = l.actor_id where ")
        .append(condition)
        .then(")")
}

/// Condition on a library `l` and its owner `o`, for one word of a `scope`.
pub fn libraries_of_scope(reader: &Reader, word: &str) -> Option<Sql> {
    match word.split_once(':') {
        None if word == "all" => Some(sql("1 = 1")),
        None if word == "me" => reader.actor_id().map(|me| sql("l.actor_id = ?").bind(me)),
        None if word == "subscribed" => reader.actor_id().map(|me| {
            sql("l.id in (select f.target_library_id from library_follows f
                 where f.actor_id = ? and f.approved = true)")
            .bind(me)
        }),
        Some(("actor", name)) => {
            let (user, domain) = name.split_once('@')?;
            Some(
                sql("(o.preferred_username = ? and o.domain = ?)")
                    .bind(user)
                    .bind(domain),
            )
        }
        Some(("domain", domain)) => Some(sql("o.domain = ?").bind(domain)),
        _ => None,
    }
}
