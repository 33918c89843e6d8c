//! Who sees what a user keeps: favorites, listening history, playlists (contract section 6).
use crate::{
    context::Reader,
    store::{Sql, sql, text::any_word},
};

/// Condition: the caller may see what `owner` shows at `level`. Both are columns. Everyone sees their
/// own.
pub fn shows(reader: &Reader, level: &'static str, owner: &'static str) -> Sql {
    let public = sql("(").then(level).then(" = 'everyone'");
    let Some(me) = reader.user_id() else {
        return public.then(")");
    };
    let at_home = public.then(" or ").then(level).then(" = 'instance' or ");
    let own = at_home.then(owner).then(" = ? or (").bind(me);
    own.then(level)
        .then(" = 'followers' and ")
        .then(owner)
        .then(
            " in (select w.id from users w join follows f on f.target_actor_id = w.actor_id
               where f.actor_id = ? and f.approved = true)))",
        )
        .bind(reader.actor_id().unwrap_or(-1))
}

/// Condition: the account in the column `owner` is not deactivated.
pub fn active(owner: &'static str) -> Sql {
    sql("exists (select 1 from users w where w.is_active = true and w.id = ")
        .then(owner)
        .then(")")
}

/// Condition on the user in the column `owner`, for a `scope`: words separated by commas, of which one
/// must hold. Unknown words, and `me` from anonymous callers, hold for nobody.
pub fn within_scope(reader: &Reader, scope: &str, owner: &'static str) -> Sql {
    sql("(")
        .append(any_word(scope, |word| of_word(reader, word, owner)))
        .then(")")
}

fn of_word(reader: &Reader, word: &str, owner: &'static str) -> Option<Sql> {
    match word.split_once(':') {
        None if word == "all" => Some(sql("1 = 1")),
        None if word == "me" => reader.user_id().map(|me| sql(owner).then(" = ?").bind(me)),
        Some(("actor", name)) => {
            let (user, domain) = name.split_once('@')?;
            // One user, so that an index can sort what is theirs.
            let named = sql(owner).then(
                " = (select w.id from users w join actors a on a.id = w.actor_id
                   where a.preferred_username = ? and a.domain = ?)",
            );
            Some(named.bind(user).bind(domain))
        }
        // All users are of this pod.
        Some(("domain", domain)) if reader.is_local_domain(domain) => Some(sql("1 = 1")),
        _ => None,
    }
}
