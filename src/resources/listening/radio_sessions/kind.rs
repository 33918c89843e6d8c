//! What radios play, and about what.
use crate::{
    caller::Anonymous,
    context::Reader,
    error::{Error, Result},
    graphql::ids::{Key, Kind},
    resources::people::actors,
    rest::params::choices,
    scope::{Access, Area, Scope},
    store::{Sql, sql},
};

choices! {
    /// What a radio plays.
    pub enum RadioType {
        /// Any music.
        Random = "random",
        /// What lies in your own libraries.
        RandomLibrary = "random_library",
        /// Your favorites.
        Favorites = "favorites",
        /// Tracks with a tag: the related object is its name.
        Tag = "tag",
        /// Tracks of an artist: the related object is its ID.
        Artist = "artist",
        /// Tracks that share an artist or a tag with a track: the related object is its ID.
        Similar = "similar",
        /// Music that you have not heard yet.
        LessListened = "less-listened",
        /// What lies in your own libraries and you have not heard yet.
        LessListenedLibrary = "less-listened_library",
        /// Music that was added in the last 30 days.
        RecentlyAdded = "recently-added",
        /// What an account has uploaded: the related object is `name@domain`.
        ActorContent = "actor-content",
        /// A library: the related object is its UUID.
        Library = "library",
        /// A custom radio, which is named.
        Custom = "custom",
        /// Filters of the session itself.
        CustomMultiple = "custom_multiple",
    }
}

impl RadioType {
    /// Whether only users have such a radio.
    pub fn is_personal(self) -> bool {
        use RadioType::{Favorites, LessListened, LessListenedLibrary, RandomLibrary};
        matches!(
            self,
            Favorites | LessListened | LessListenedLibrary | RandomLibrary
        )
    }

    /// Refuses a credential that may not read what the radio plays, beyond the catalogue.
    pub fn may(self, reader: &Reader) -> Result<()> {
        let area = match self {
            Self::Favorites => Area::Favorites,
            Self::LessListened | Self::LessListenedLibrary => Area::Listenings,
            Self::Custom | Self::CustomMultiple => Area::Playlists,
            _ => return Ok(()),
        };
        let scope = Scope(Access::Read, area);
        reader.caller().may(Anonymous::Always, false, Some(scope))
    }

    fn has_object(self) -> bool {
        use RadioType::{ActorContent, Artist, Library, Similar, Tag};
        matches!(self, ActorContent | Artist | Library | Similar | Tag)
    }

    /// The object that the radio is about, as it is stored.
    ///
    /// # Errors
    /// `Invalid` if there must be one and is not.
    pub async fn object(self, reader: &Reader, given: Option<&str>) -> Result<Option<String>> {
        if !self.has_object() {
            return Ok(None);
        }
        let given = given.map(str::trim).filter(|given| !given.is_empty());
        let given = given
            .ok_or_else(|| Error::field("non_field_errors", "Radio requires a related object"))?;
        match self.find(reader, given).await {
            Err(Error::NotFound) => Err(Error::field(
                "related_object_id",
                "The object does not exist.",
            )),
            found => found.map(Some),
        }
    }

    async fn find(self, reader: &Reader, given: &str) -> Result<String> {
        let named = |kind| {
            Key::read(kind, given).map_err(|complaint| Error::field("related_object_id", complaint))
        };
        let numbered = async |table: Sql, kind| {
            let found = table.append(named(kind)?.condition());
            found.number(reader.db()).await.map(|id| id.to_string())
        };
        match self {
            Self::Artist => numbered(sql("select id from artists where "), Kind::Artist).await,
            Self::Similar => numbered(sql("select id from tracks where "), Kind::Track).await,
            Self::Library => {
                let found = sql("select uuid from libraries where ");
                let found = found.append(named(Kind::Library)?.condition());
                let (uuid,): (uuid::Uuid,) = found.one(reader.db()).await?;
                Ok(uuid.to_string())
            }
            Self::ActorContent => {
                actors::named(reader, given).await?;
                Ok(given.to_owned())
            }
            _ => {
                let found = sql("select name from tags where name_folded = ?");
                let found = found.bind(crate::store::text::folded(given));
                let (name,): (String,) = found.one(reader.db()).await?;
                Ok(name)
            }
        }
    }
}
