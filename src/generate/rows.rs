//! The rows of each kind, with Funkwhale's keys.
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};
use uuid::Builder;

use super::{
    ACCESS_TOKEN, CLIENT_ID, HOST, PASSWORD_HASH, Plan, REFRESH_TOKEN,
    words::{artist, draw, title, word},
};

const TRACKS_PER_ALBUM: u64 = 10;
const ALBUMS_PER_ARTIST: u64 = 12;
const USERS: u64 = 20;
const TAGS: u64 = 100;
const FAVORITES_PER_USER: u64 = 200;
const LISTENINGS_PER_USER: u64 = 500;
/// 2022-01-01T00:00:00Z.
const EPOCH: i64 = 1_640_995_200;

type Rows = Box<dyn Iterator<Item = Value>>;

/// Every kind with its rows.
pub fn all(plan: Plan) -> Vec<(&'static str, Rows)> {
    vec![
        ("domains", Box::new([domain()].into_iter())),
        ("preferences", Box::new([preference()].into_iter())),
        ("licenses", Box::new([license()].into_iter())),
        ("contents", plan.rows(plan.artists(), Plan::content)),
        ("attachments", plan.rows(plan.albums(), Plan::attachment)),
        ("actors", plan.rows(USERS, |_, id| actor(id))),
        ("users", plan.rows(USERS, Plan::user)),
        ("oauth_applications", Box::new([application()].into_iter())),
        (
            "oauth_access_tokens",
            Box::new([access_token()].into_iter()),
        ),
        (
            "oauth_refresh_tokens",
            Box::new([refresh_token()].into_iter()),
        ),
        ("artists", plan.rows(plan.artists(), Plan::artist)),
        ("albums", plan.rows(plan.albums(), Plan::album)),
        ("tracks", plan.rows(plan.tracks, Plan::track)),
        ("tags", plan.rows(TAGS, |_, id| tag(id))),
        (
            "tagged_items",
            plan.rows(plan.tagged_items(), Plan::tagged_item),
        ),
        ("libraries", plan.rows(USERS, Plan::library)),
        ("uploads", plan.rows(plan.tracks, Plan::upload)),
        (
            "favorites",
            plan.rows(USERS * FAVORITES_PER_USER, Plan::favorite),
        ),
        (
            "listenings",
            plan.rows(USERS * LISTENINGS_PER_USER, Plan::listening),
        ),
    ]
}

fn domain() -> Value {
    json!({"name": HOST, "creation_date": time(0), "nodeinfo_fetch_date": null, "nodeinfo": {},
        "allowed": null, "reachable": true, "last_successful_contact": null, "service_actor_id": null})
}

/// Preferences that allow anonymous callers to read.
fn preference() -> Value {
    json!({"section": "common", "name": "api_authentication_required", "raw_value": "False"})
}

fn license() -> Value {
    json!({"code": "cc-by-4.0", "url": "https://creativecommons.org/licenses/by/4.0/", "copyleft": false,
        "commercial": true, "attribution": true, "derivative": true, "redistribute": true})
}

fn actor(id: u64) -> Value {
    let fid = format!("https://{HOST}/federation/actors/user{id}");
    json!({"id": id, "fid": fid, "url": null, "type": "Person", "name": format!("User {id}"),
        "preferred_username": format!("user{id}"), "domain": HOST, "summary": null, "summary_content_id": null,
        "inbox_url": format!("{fid}/inbox"), "outbox_url": format!("{fid}/outbox"),
        "followers_url": format!("{fid}/followers"), "following_url": format!("{fid}/following"),
        "shared_inbox_url": null, "creation_date": time(0), "last_fetch_date": time(0),
        "manually_approves_followers": false, "attachment_icon_id": null, "public_key": null, "private_key": null})
}

fn application() -> Value {
    json!({"id": 1, "client_id": CLIENT_ID, "client_secret": null, "name": "Generated", "user_id": 1,
        "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scope": "read write", "token": null,
        "client_type": "public", "authorization_grant_type": "authorization-code",
        "skip_authorization": false, "created": time(0), "updated": time(0)})
}

fn access_token() -> Value {
    json!({"id": 1, "token": ACCESS_TOKEN, "user_id": 1, "application_id": 1, "scope": "read write",
        "expires": "2100-01-01T00:00:00+00:00", "created": time(0), "updated": time(0)})
}

fn refresh_token() -> Value {
    json!({"id": 1, "token": REFRESH_TOKEN, "user_id": 1, "application_id": 1, "access_token_id": 1, "revoked": null})
}

fn tag(id: u64) -> Value {
    json!({"id": id, "name": word(id - 1), "mbid": null, "creation_date": time(id)})
}

/// A time this many seconds after the start of 2022, with microseconds like real rows.
fn time(seconds: u64) -> String {
    let micros = u32::try_from(seconds % 1_000).expect("it is less than 1,000") * 1_000_000;
    let seconds = EPOCH + i64::try_from(seconds).expect("a data set has fewer rows");
    let time = DateTime::from_timestamp(seconds, micros).expect("it is within this century");
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}

/// The ID of the owner of row `id`, if each owner has `each` rows.
fn owner(id: u64, each: u64) -> u64 {
    (id - 1) / each + 1
}

impl Plan {
    fn albums(self) -> u64 {
        self.tracks.div_ceil(TRACKS_PER_ALBUM)
    }

    fn artists(self) -> u64 {
        self.albums().div_ceil(ALBUMS_PER_ARTIST)
    }

    /// One tag for each artist, album and track.
    fn tagged_items(self) -> u64 {
        self.artists() + self.albums() + self.tracks
    }

    fn rows(self, count: u64, row: impl Fn(Self, u64) -> Value + 'static) -> Rows {
        Box::new((1..=count).map(move |id| row(self, id)))
    }

    fn uuid(self, kind: &str, id: u64) -> String {
        let high = u128::from(draw(self.seed, kind, id)) << 64;
        let low = u128::from(draw(!self.seed, kind, id));
        Builder::from_random_bytes((high | low).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    fn fid(self, kind: &str, id: u64) -> String {
        format!(
            "https://{HOST}/federation/music/{kind}/{}",
            self.uuid(kind, id)
        )
    }

    fn content(self, id: u64) -> Value {
        let text = (0..3).map(|line| title(draw(self.seed, "contents", id * 3 + line)));
        json!({"id": id, "text": text.collect::<Vec<_>>().join(". "), "content_type": "text/markdown"})
    }

    fn attachment(self, id: u64) -> Value {
        json!({"id": id, "uuid": self.uuid("attachments", id), "url": null,
            "file": format!("attachments/{:02x}/{:02x}/cover-{id}.jpg", id % 256, id / 256 % 256), "size": 90_000,
            "mimetype": "image/jpeg", "actor_id": 1, "creation_date": time(id), "last_fetch_date": null})
    }

    fn user(self, id: u64) -> Value {
        json!({"id": id, "username": format!("user{id}"), "email": format!("user{id}@{HOST}"), "name": "",
            "password": PASSWORD_HASH, "is_active": true, "is_staff": id == 1, "is_superuser": id == 1,
            "date_joined": time(id), "last_login": null, "last_activity": null, "privacy_level": "instance",
            "permission_moderation": false, "permission_library": false, "permission_settings": false,
            "subsonic_api_token": null, "upload_quota": null, "actor_id": id, "invitation_id": null,
            "secret_key": self.uuid("users", id), "settings": null, "email_verified": true,
            "instance_support_message_display_date": null, "funkwhale_support_message_display_date": null})
    }

    fn artist(self, id: u64) -> Value {
        json!({"id": id, "uuid": self.uuid("artists", id), "fid": self.fid("artists", id),
            "mbid": self.uuid("artist mbids", id), "name": artist(draw(self.seed, "artists", id)),
            "content_category": "music", "creation_date": time(id), "modification_date": time(id),
            "attributed_to_id": owner(id, 10) % USERS + 1, "attachment_cover_id": id,
            "description_content_id": id.is_multiple_of(4).then_some(id)})
    }

    fn album(self, id: u64) -> Value {
        let drawn = draw(self.seed, "albums", id);
        let released = format!(
            "{}-{:02}-{:02}",
            1950 + drawn % 75,
            1 + drawn / 75 % 12,
            1 + drawn / 900 % 28
        );
        json!({"id": id, "uuid": self.uuid("albums", id), "fid": self.fid("albums", id),
            "mbid": self.uuid("album mbids", id), "title": title(drawn),
            "release_date": (!id.is_multiple_of(7)).then_some(released), "release_group_id": null, "type": "album",
            "artist_id": owner(id, ALBUMS_PER_ARTIST), "creation_date": time(id),
            "attributed_to_id": owner(id, 10) % USERS + 1, "attachment_cover_id": id, "description_content_id": null})
    }

    fn track(self, id: u64) -> Value {
        let album = owner(id, TRACKS_PER_ALBUM);
        json!({"id": id, "uuid": self.uuid("tracks", id), "fid": self.fid("tracks", id),
            "mbid": self.uuid("track mbids", id), "title": title(draw(self.seed, "tracks", id)),
            "artist_id": owner(album, ALBUMS_PER_ARTIST), "album_id": album,
            "position": (id - 1) % TRACKS_PER_ALBUM + 1, "disc_number": 1,
            "license": id.is_multiple_of(3).then_some("cc-by-4.0"), "copyright": null,
            "downloads_count": draw(self.seed, "downloads", id) % 100, "creation_date": time(id),
            "attributed_to_id": owner(id, 10) % USERS + 1, "attachment_cover_id": null, "description_content_id": null})
    }

    fn tagged_item(self, id: u64) -> Value {
        let (artists, albums) = (self.artists(), self.albums());
        let (kind, object) = match id {
            id if id <= artists => ("artist", id),
            id if id <= artists + albums => ("album", id - artists),
            id => ("track", id - artists - albums),
        };
        json!({"id": id, "tag_id": draw(self.seed, "tagged_items", id) % TAGS + 1, "object_type": kind,
            "object_id": object, "creation_date": time(id)})
    }

    /// Half of the libraries are open to everyone, a quarter to the pod, a quarter to their owner.
    fn library(self, id: u64) -> Value {
        let level = ["everyone", "everyone", "instance", "me"][usize::from((id % 4) as u8)];
        let fid = self.fid("libraries", id);
        json!({"id": id, "uuid": self.uuid("libraries", id), "fid": fid, "url": null,
            "name": format!("Library {id}"), "description": null, "privacy_level": level, "actor_id": id,
            "followers_url": format!("{fid}/followers"), "creation_date": time(id)})
    }

    /// All uploads of an album are in one library.
    fn upload(self, id: u64) -> Value {
        let duration = 120 + draw(self.seed, "uploads", id) % 300;
        json!({"id": id, "uuid": self.uuid("uploads", id), "fid": self.fid("uploads", id), "track_id": id,
            "library_id": owner(id, TRACKS_PER_ALBUM) % USERS + 1,
            "audio_file": format!("tracks/{:02x}/{:02x}/{id}.mp3", id % 256, id / 256 % 256),
            "source": format!("upload://{id}.mp3"), "mimetype": "audio/mpeg", "size": duration * 24_000,
            "duration": duration, "bitrate": 192_000, "creation_date": time(id), "modification_date": time(id),
            "accessed_date": null, "import_date": time(id), "import_status": "finished",
            "import_reference": format!("import-{}", owner(id, 1_000)), "import_metadata": {}, "import_details": {},
            "metadata": {}, "checksum": format!("sha256:{:064x}", draw(self.seed, "checksums", id)),
            "downloads_count": 0})
    }

    /// Each user has different favorites, spread over the catalogue.
    fn favorite(self, id: u64) -> Value {
        let (user, place) = (owner(id, FAVORITES_PER_USER), id % FAVORITES_PER_USER);
        let spread = self.tracks / FAVORITES_PER_USER;
        json!({"id": id, "user_id": user, "track_id": (place * spread + user) % self.tracks + 1,
            "creation_date": time(id), "source": null})
    }

    fn listening(self, id: u64) -> Value {
        json!({"id": id, "user_id": owner(id, LISTENINGS_PER_USER), "session_key": null, "source": null,
            "track_id": draw(self.seed, "listenings", id) % self.tracks + 1, "creation_date": time(id)})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        tracks: 300,
        seed: 7,
    };

    #[test]
    fn the_same_seed_gives_the_same_pod() {
        let rows =
            |plan| -> Vec<Value> { all(plan).into_iter().flat_map(|(_, rows)| rows).collect() };
        assert_eq!(rows(PLAN), rows(PLAN));
        assert_ne!(rows(PLAN), rows(Plan { seed: 8, ..PLAN }));
    }

    #[test]
    fn a_user_likes_no_track_twice() {
        for plan in [
            PLAN,
            Plan {
                tracks: 20_000,
                seed: 1,
            },
        ] {
            let liked: Vec<_> = (1..=FAVORITES_PER_USER)
                .map(|id| plan.favorite(id)["track_id"].clone())
                .collect();
            let mut unique = liked.clone();
            unique.sort_by_key(|id| id.as_u64());
            unique.dedup();
            assert_eq!(unique.len(), liked.len());
        }
    }
}
