//! Giving a pod another host name: what belongs to the old one becomes the new one's.
use crate::{
    app::App,
    error::Startup,
    store::{Paused, Tx, sql},
};

/// The columns that hold addresses of this pod.
const ADDRESSES: &[(&str, &str)] = &[
    ("actors", "fid"),
    ("actors", "url"),
    ("actors", "inbox_url"),
    ("actors", "outbox_url"),
    ("actors", "followers_url"),
    ("actors", "following_url"),
    ("actors", "shared_inbox_url"),
    ("artists", "fid"),
    ("albums", "fid"),
    ("tracks", "fid"),
    ("libraries", "fid"),
    ("libraries", "url"),
    ("libraries", "followers_url"),
    ("library_follows", "fid"),
    ("uploads", "fid"),
    ("follows", "fid"),
    ("activities", "fid"),
    ("activities", "url"),
    ("mutations", "fid"),
    ("reports", "fid"),
];

/// What was renamed.
pub struct Renamed {
    /// Accounts and channels.
    pub actors: u64,
    pub addresses: u64,
}

/// The host that the accounts of this pod belong to, if it is another than that of the settings.
pub async fn other_host(app: &App) -> Result<Option<String>, Startup> {
    let theirs = sql(
        "select a.domain from users u join actors a on a.id = u.actor_id order by u.id limit 1",
    );
    let theirs: Option<(String,)> = theirs.optional(app.db()).await?;
    let host = app.config().hostname();
    Ok(theirs
        .map(|(theirs,)| theirs)
        .filter(|theirs| *theirs != host))
}

/// Makes what belongs to another host belong to the host of the settings.
///
/// # Errors
/// If no user of this pod has it, the settings name no host, or both hosts have an account of the same name.
pub async fn rename(app: &App, old: &str) -> Result<Renamed, Startup> {
    if app.config().funkwhale_hostname.is_none() {
        return Err(Startup::new("set FUNKWHALE_HOSTNAME to the new name"));
    }
    let new = app.config().hostname();
    let mut tx = app.db().begin().await?;
    // Other pods that this one knows have actors, but no users here.
    let theirs =
        sql("select count(*) from users u join actors a on a.id = u.actor_id where a.domain = ?")
            .bind(old);
    if old == new || theirs.number(&mut tx).await? == 0 {
        return Err(nothing(&mut tx, old, &new).await?);
    }
    let paused = Paused::begin(&mut tx).await?;
    make_room(&mut tx, old, &new).await?;
    sql(
        "insert into domains (name, creation_date, service_actor_id)
         select ?, creation_date, service_actor_id from domains where name = ? on conflict (name) do nothing",
    )
    .bind(new.as_str())
    .bind(old)
    .run(&mut tx)
    .await?;
    let actors = sql("update actors set domain = ? where domain = ?");
    let actors = actors.bind(new).bind(old).run(&mut tx).await?;
    let mut addresses = 0;
    for (table, column) in ADDRESSES {
        for scheme in ["http", "https"] {
            let from = format!("{scheme}://{old}/");
            let to = format!("{}/", app.config().public_url());
            addresses += readdress(&mut tx, (table, column), (&from, &to)).await?;
        }
    }
    let gone = sql("delete from domains where name = ?").bind(old);
    gone.run(&mut tx).await?;
    paused.end(&mut tx).await?;
    tx.commit().await?;
    Ok(Renamed { actors, addresses })
}

async fn nothing(tx: &mut Tx, old: &str, new: &str) -> Result<Startup, Startup> {
    let hosts = sql(
        "select distinct a.domain from users u join actors a on a.id = u.actor_id order by a.domain",
    );
    let hosts: Vec<(String,)> = hosts.all(tx).await?;
    let hosts: Vec<String> = hosts.into_iter().map(|(host,)| host).collect();
    let known = match hosts.is_empty() {
        true => "there are no accounts".to_owned(),
        false => format!("the accounts belong to {}", hosts.join(", ")),
    };
    Ok(Startup::new(match old == new {
        true => format!("{old} is the host of the settings already; {known}"),
        false => format!("nothing belongs to {old}; {known}"),
    }))
}

/// Refuses names that both hosts have. The pod's own account at the new host, which nobody uses, makes way.
async fn make_room(tx: &mut Tx, old: &str, new: &str) -> Result<(), Startup> {
    let twice = sql(
        "select n.id, n.preferred_username, n.type from actors n join actors o
           on lower(o.preferred_username) = lower(n.preferred_username) where n.domain = ? and o.domain = ?
         order by n.preferred_username",
    );
    let twice: Vec<(i64, String, String)> = twice.bind(new).bind(old).all(&mut *tx).await?;
    let mut names = Vec::new();
    for (id, name, kind) in twice {
        if kind != "Service" {
            names.push(name);
            continue;
        }
        let uuid = crate::random::uuid();
        sql("update actors set preferred_username = ?, fid = fid || ? where id = ?")
            .bind(format!("{name}_{}", uuid.simple()))
            .bind(format!("#{uuid}"))
            .bind(id)
            .run(&mut *tx)
            .await?;
    }
    match names.is_empty() {
        true => Ok(()),
        false => Err(Startup::new(format!(
            "both {old} and {new} have accounts or channels of these names: {}",
            names.join(", ")
        ))),
    }
}

async fn readdress(
    tx: &mut Tx,
    (table, column): (&'static str, &'static str),
    (from, to): (&str, &str),
) -> Result<u64, Startup> {
    let length = i64::try_from(from.chars().count()).expect("an address is short");
    let set = sql("update ").then(table).then(" set ").then(column);
    let set = set.then(" = ? || substr(").then(column);
    let set = set.then(", cast(? as integer)) where substr(").then(column);
    let set = set.then(", 1, cast(? as integer)) = ?");
    let set = set.bind(to).bind(length + 1).bind(length).bind(from);
    Ok(set.run(tx).await?)
}
