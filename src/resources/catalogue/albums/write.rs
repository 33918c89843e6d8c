use async_graphql::InputObject;
use poem_openapi::Object;

use super::{Album, Create, Delete};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::Key,
        reference::{ById, ByUuid},
    },
    guard::Allowed,
    resources::{
        catalogue::{artists::Artist, owned_by_channel, tags},
        checks::{bounded, not_blank},
        library::{
            attachments::{self, Attachment},
            contents::{self, NewContent},
            uploads::release,
        },
    },
    store::{
        Tx, sql,
        text::{clean, folded},
        words::indexed,
    },
    time::{Date, Timestamp},
};

/// An album to create in one of your channels.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateAlbumInput")]
pub struct NewAlbum {
    /// Title, 1 to 255 characters.
    title: String,
    /// The artist, who must be that of one of your channels.
    artist: ById<Artist>,
    /// Release date.
    release_date: Option<Date>,
    /// Tags: at most 100, each of 1 to 100 letters, digits and underscores.
    tags: Option<Vec<String>>,
    /// The cover, which must be an attachment of your own.
    cover: Option<ByUuid<Attachment>>,
    /// Description.
    description: Option<NewContent>,
}

pub async fn create(permit: &Allowed<Create>, new: NewAlbum) -> Result<Album> {
    not_blank("title", &new.title, 255)?;
    let names = new.tags.as_deref().unwrap_or_default();
    bounded("tags", names)?;
    let (artist, name) = own_artist(permit, &new.artist).await?;
    let cover = cover(permit, new.cover.as_ref()).await?;
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    let description = match &new.description {
        Some(text) => Some(contents::create(&mut tx, text).await?),
        None => None,
    };
    let id = insert(&mut tx, permit, &new, (cover, description), now).await?;
    sql(
        "insert into album_artists (album_id, position, artist_id, credit, join_phrase)
         values (?, 0, ?, ?, '')",
    )
    .bind(id)
    .bind(artist)
    .bind(name)
    .run(&mut tx)
    .await?;
    for tag in tags::ensure(&mut tx, names, now).await? {
        sql("insert into album_tags (album_id, tag_id, creation_date) values (?, ?, ?)")
            .bind(id)
            .bind(tag)
            .bind(now)
            .run(&mut tx)
            .await?;
    }
    tx.commit().await?;
    permit
        .loaders()
        .one::<Album>(id)
        .await?
        .ok_or(Error::NotFound)
}

/// ID and name of the artist, if the caller owns the artist's channel.
async fn own_artist(permit: &Allowed<Create>, artist: &ById<Artist>) -> Result<(i64, String)> {
    let key = artist.key("artist")?;
    let missing = || Error::field("artist", format!("Object with {key} does not exist."));
    let id = artist.resolve(permit, "artist").await?;
    let owned = sql("select artist_id from channels where artist_id = ? and attributed_to_id = ?")
        .bind(id)
        .bind(permit.actor_id().unwrap_or(-1));
    owned
        .optional::<(i64,)>(permit.db())
        .await?
        .ok_or_else(missing)?;
    let artist = permit.loaders().one::<Artist>(id).await?;
    Ok((id, artist.ok_or_else(missing)?.name))
}

async fn cover(reader: &Reader, cover: Option<&ByUuid<Attachment>>) -> Result<Option<i64>> {
    let Some(cover) = cover else { return Ok(None) };
    let key = cover.key("cover")?;
    let own = attachments::own(reader.db(), reader.actor_id(), ("cover", key));
    Ok(Some(own.await?.id))
}

async fn insert(
    tx: &mut Tx,
    permit: &Allowed<Create>,
    new: &NewAlbum,
    (cover, description): (Option<i64>, Option<i64>),
    now: Timestamp,
) -> Result<i64> {
    let uuid = crate::random::uuid();
    let root = permit.config().public_url();
    let title = clean(&new.title);
    sql(
        "insert into albums (uuid, fid, title, title_folded, words, release_date, type, creation_date,
           attributed_to_id, attachment_cover_id, description_content_id)
         values (?, ?, ?, ?, ?, ?, 'album', ?, ?, ?, ?) returning id",
    )
    .bind(uuid)
    .bind(format!("{root}/federation/music/albums/{uuid}"))
    .bind(title.as_str())
    .bind(folded(&title))
    .bind(indexed(&title))
    .bind(new.release_date.map(|date| date.0))
    .bind(now)
    .bind(permit.actor_id())
    .bind(cover)
    .bind(description)
    .number(tx)
    .await
}

/// Deletes an album and its tracks. Only the owner of the channel may.
pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let own = sql("select id from albums where ")
        .append(key.condition())
        .and(owned_by_channel(
            permit,
            "id in (select h.album_id from album_artists h where ",
        ));
    let mut tx = permit.begin().await?;
    let id = own.number(&mut tx).await?;
    contents::delete_of(
        &mut tx,
        sql("select description_content_id from tracks where album_id = ?").bind(id),
    )
    .await?;
    contents::delete_of(
        &mut tx,
        sql("select description_content_id from albums where id = ?").bind(id),
    )
    .await?;
    let going =
        sql("select u.id from uploads u join tracks t on t.id = u.track_id where t.album_id = ?")
            .bind(id);
    release(&mut tx, &going, permit.clock().now()).await?;
    sql("delete from tracks where album_id = ?")
        .bind(id)
        .run(&mut tx)
        .await?;
    sql("delete from albums where id = ?")
        .bind(id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(id)
}
