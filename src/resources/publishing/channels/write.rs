//! Creating, changing and deleting channels.
use async_graphql::InputObject;
use poem_openapi::{Object, types::MaybeUndefined};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Channel, Create, Delete, Update, metadata::Metadata, removal::remove, sql::open};
use crate::{
    accounts::{actor, is_reserved, name_is_taken, take_turns},
    app::App,
    error::{Error, Result},
    graphql::reference::ByUuid,
    guard::{Allowed, Operation},
    load::Entity,
    resources::{
        catalogue::artists::ContentCategory,
        checks::not_blank,
        library::{
            attachments::{self, Attachment},
            contents::NewContent,
            edits::{self, Changes},
            libraries::{self, PrivacyLevel},
        },
    },
    store::{
        Tx, sql,
        text::{clean, folded},
        words::indexed,
    },
    time::Timestamp,
};

/// Maximum number of characters of a name.
const NAME: usize = 200;

/// A channel to create.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateChannelInput")]
pub struct NewChannel {
    /// Name, 1 to 200 characters.
    name: String,
    /// Username, by which the channel is found: letters of ASCII, digits and underscores. It cannot be changed.
    username: String,
    /// Description.
    description: Option<NewContent>,
    /// Tags: at most 100, each of 1 to 100 letters, digits and underscores.
    tags: Option<Vec<String>>,
    /// Category of the content.
    content_category: ContentCategory,
    /// What directories of podcasts are told. Podcasts need a category and a language.
    metadata: Option<Metadata>,
    /// The cover, which must be an attachment of your own.
    cover: Option<ByUuid<Attachment>>,
}

/// What to change of a channel. Fields that are not sent keep their values.
#[derive(Debug, Object)]
pub struct ChannelChanges {
    /// Name, 1 to 200 characters.
    pub name: Option<String>,
    /// Description; null removes it.
    pub description: MaybeUndefined<NewContent>,
    /// Tags: at most 100, each of 1 to 100 letters, digits and underscores.
    pub tags: Option<Vec<String>>,
    /// Category of the content.
    pub content_category: Option<ContentCategory>,
    /// What directories of podcasts are told, as a whole. Podcasts need a category and a language.
    pub metadata: Option<Metadata>,
    /// The cover, which must be an attachment of your own; null removes it.
    pub cover: MaybeUndefined<ByUuid<Attachment>>,
}

impl From<NewChannel> for ChannelChanges {
    fn from(new: NewChannel) -> Self {
        Self {
            name: Some(new.name),
            description: MaybeUndefined::from_opt_undefined(new.description),
            tags: new.tags,
            content_category: Some(new.content_category),
            metadata: new.metadata,
            cover: MaybeUndefined::from_opt_undefined(new.cover),
        }
    }
}

impl ChannelChanges {
    /// What changes of the artist, as an edit would propose it.
    async fn of_artist<O: Operation>(&self, permit: &Allowed<O>) -> Result<Option<Changes>> {
        let mut payload = Map::new();
        if let Some(name) = &self.name {
            not_blank("name", &clean(name.trim()), NAME)?;
            payload.insert("name".to_owned(), json!(name));
        }
        if let Some(tags) = &self.tags {
            payload.insert("tags".to_owned(), json!(tags));
        }
        if !self.description.is_undefined() {
            payload.insert("description".to_owned(), json!(self.description.value()));
        }
        if let MaybeUndefined::Value(cover) = &self.cover {
            let named = ("cover", cover.key("cover")?);
            let own = attachments::own(permit.db(), permit.actor_id(), named).await?;
            payload.insert("cover".to_owned(), json!(own.uuid));
        } else if self.cover.is_null() {
            payload.insert("cover".to_owned(), Value::Null);
        }
        if payload.is_empty() {
            return Ok(None);
        }
        let by = (&**permit, edits::Pictures::Of(permit.actor_id()));
        let changes = Changes::read(by, edits::Kind::Artist, &Value::Object(payload)).await?;
        Ok(Some(changes))
    }
}

pub async fn create(permit: &Allowed<Create>, new: NewChannel) -> Result<Channel> {
    open(permit).await?;
    check_name(&new.username)?;
    let category = new.content_category;
    let metadata = new.metadata.clone().unwrap_or_default();
    metadata.check(category == ContentCategory::Podcast)?;
    let (username, name) = (new.username.clone(), clean(new.name.trim()));
    let changes = ChannelChanges::from(new).of_artist(permit).await?;
    let (app, now) = (permit.app(), permit.clock().now());
    // Before the transaction, which has a connection of its own.
    let most = permit.preferences().await?.max_channels();
    let mut tx = permit.begin().await?;
    take_turns(&mut tx, app).await?;
    has_room(permit, &mut tx, most).await?;
    if name_is_taken(&mut tx, app, &username).await? {
        return Err(Error::field("username", "This username is already in use"));
    }
    let owner = permit.actor_id().ok_or(Error::Forbidden)?;
    let new = New {
        uuid: crate::random::uuid(),
        username: &username,
        name: &name,
        category,
        owner,
        privacy_level: PrivacyLevel::Everyone,
        feed: None,
        metadata: &metadata,
    };
    let (id, artist) = insert(&mut tx, app, &new).await?;
    if let Some(changes) = changes {
        edits::apply(&mut tx, (edits::Kind::Artist, artist), &changes, now).await?;
    }
    tx.commit().await?;
    loaded(permit, id).await
}

/// A channel to insert.
pub struct New<'a> {
    pub uuid: Uuid,
    pub username: &'a str,
    pub name: &'a str,
    pub category: ContentCategory,
    /// The actor that it belongs to.
    pub owner: i64,
    /// Who has access to what it publishes, besides its subscribers.
    pub privacy_level: PrivacyLevel,
    /// The feed that it mirrors.
    pub feed: Option<&'a str>,
    pub metadata: &'a Metadata,
}

/// Inserts a channel with its artist, its actor and its library; returns its ID, and that of the artist.
pub async fn insert(tx: &mut Tx, app: &App, new: &New<'_>) -> Result<(i64, i64)> {
    let artist = artist(tx, app, new).await?;
    let actor = actor(tx, app, new.username, new.name).await?;
    let library = libraries::New {
        name: new.username,
        description: None,
        privacy_level: new.privacy_level,
        actor_id: new.owner,
    };
    let library = libraries::insert(tx, app, &library).await?;
    let id = sql("insert into channels (uuid, artist_id, attributed_to_id, actor_id, library_id, rss_url, metadata,
           creation_date) values (?, ?, ?, ?, ?, ?, ?, ?) returning id")
    .bind(new.uuid)
    .bind(artist)
    .bind(new.owner)
    .bind(actor)
    .bind(library)
    .bind(new.feed.map(str::to_owned))
    .bind(json!(new.metadata))
    .bind(app.clock().now())
    .number(tx)
    .await?;
    Ok((id, artist))
}

/// Maximum number of characters of a username.
const USERNAME: usize = 200;

fn check_name(username: &str) -> Result<()> {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    // In addresses, what reads as a UUID is one.
    let is_address = username.chars().any(|char| char.is_ascii_alphanumeric())
        && username.parse::<Uuid>().is_err();
    if !is_address || !username.chars().all(plain) || username.len() > USERNAME {
        let complaint =
            format!("Enter 1 to {USERNAME} of the characters a to z, A to Z, 0 to 9 and `_`.");
        return Err(Error::field("username", complaint));
    }
    if is_reserved(username) {
        let complaint = "This username is reserved. Please choose another one.";
        return Err(Error::field("username", complaint));
    }
    Ok(())
}

/// Refuses more channels than the pod allows.
async fn has_room(permit: &Allowed<Create>, tx: &mut Tx, most: i64) -> Result<()> {
    let own = sql("select count(*) from channels where attributed_to_id = ?");
    let own = own.bind(permit.actor_id().unwrap_or(-1)).number(tx).await?;
    match own < most {
        true => Ok(()),
        false => {
            let complaint = format!("You have reached the maximum number of channels, {most}.");
            Err(Error::field("non_field_errors", complaint))
        }
    }
}

async fn artist(tx: &mut Tx, app: &App, new: &New<'_>) -> Result<i64> {
    let (uuid, now) = (crate::random::uuid(), app.clock().now());
    let root = app.config().public_url();
    sql(
        "insert into artists (uuid, fid, name, name_folded, words, content_category, creation_date,
           modification_date, attributed_to_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(uuid)
    .bind(format!("{root}/federation/music/artists/{uuid}"))
    .bind(new.name)
    .bind(folded(new.name))
    .bind(indexed(new.name))
    .bind(new.category)
    .bind(now)
    .bind(now)
    .bind(new.owner)
    .number(tx)
    .await
}

/// The caller's channel as it is now. Nobody else changes or deletes it until the transaction ends.
async fn held<O: Operation>(permit: &Allowed<O>, tx: &mut Tx, id: i64) -> Result<Channel> {
    tx.lock(sql("select id from channels where id = ?").bind(id))
        .await?;
    let channel = Channel::select().then(" where id = ?").bind(id);
    let channel: Channel = channel.one(tx).await?;
    match permit.actor_id() == Some(channel.attributed_to_id) {
        true => Ok(channel),
        false => Err(Error::Forbidden),
    }
}

pub async fn update(
    permit: &Allowed<Update>,
    channel: Channel,
    changes: ChannelChanges,
) -> Result<Channel> {
    if permit.actor_id() != Some(channel.attributed_to_id) {
        return Err(Error::Forbidden);
    }
    let edit = changes.of_artist(permit).await?;
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    let channel = held(permit, &mut tx, channel.id).await?;
    if let Some(edit) = edit {
        let artist = (edits::Kind::Artist, channel.artist_id);
        edits::apply(&mut tx, artist, &edit, now).await?;
    }
    if let Some(name) = &changes.name {
        let named = sql("update actors set name = ? where id = ?");
        let named = named.bind(clean(name.trim())).bind(channel.actor_id);
        named.run(&mut tx).await?;
    }
    if changes.metadata.is_some() || changes.content_category.is_some() {
        describe(&mut tx, &channel, &changes, now).await?;
    }
    tx.commit().await?;
    loaded(permit, channel.id).await
}

/// Changes the category of the content, and what directories are told, which go together.
async fn describe(
    tx: &mut Tx,
    channel: &Channel,
    changes: &ChannelChanges,
    now: Timestamp,
) -> Result<()> {
    let set = sql(
        "update artists set content_category = coalesce(?, content_category), modification_date = ?
         where id = ? returning content_category",
    );
    let category = changes
        .content_category
        .map(|category| category.word().to_owned());
    let set = set.bind(category).bind(now).bind(channel.artist_id);
    let (category,): (ContentCategory,) = set.one(&mut *tx).await?;
    let held = || serde_json::from_value(channel.metadata.clone()).unwrap_or_default();
    let metadata: Metadata = changes.metadata.clone().unwrap_or_else(held);
    metadata.check(category == ContentCategory::Podcast)?;
    if changes.metadata.is_some() {
        let set = sql("update channels set metadata = ? where id = ?");
        set.bind(json!(metadata)).bind(channel.id).run(tx).await?;
    }
    Ok(())
}

pub async fn delete(permit: &Allowed<Delete>, channel: &Channel) -> Result<()> {
    let mut tx = permit.begin().await?;
    let channel = held(permit, &mut tx, channel.id).await?;
    let this = sql("select id from channels where id = ?").bind(channel.id);
    let files = remove(&mut tx, &this, permit.clock().now()).await?;
    tx.commit().await?;
    permit.app().add_jobs();
    for file in &files {
        permit.media().pictures.remove(file).await;
    }
    Ok(())
}

async fn loaded<O: Operation>(permit: &Allowed<O>, id: i64) -> Result<Channel> {
    let channel = permit.loaders().one::<Channel>(id).await?;
    channel.ok_or(Error::NotFound)
}
