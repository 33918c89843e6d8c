//! The tables that each kind of row is written to: their columns, and the keys they are read from.

/// How a value is converted for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    Int,
    Text,
    Bool,
    Time,
    Date,
    Uuid,
    Json,
    /// Text in lower case.
    Folded,
    /// The same, unless another row has it.
    FoldedOnce,
    /// The words of a text, for searching.
    Words,
    /// The hash of a token.
    TokenHash,
    /// A text that is sealed with the pod's key.
    Sealed,
    /// A password hash; a plain password is in `plain_password`.
    Password,
    /// The name of the artist with this ID.
    ArtistName,
    /// The value if the first key has the second as its value, otherwise null.
    Target(&'static str, &'static str),
    Zero,
    Empty,
}

/// One column.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub key: &'static str,
    pub kind: As,
    pub nullable: bool,
}

/// A table that a kind of row is written to.
#[derive(Debug)]
pub struct Table {
    pub kind: &'static str,
    pub name: &'static str,
    /// Only rows whose key has this value.
    pub when: Option<(&'static str, &'static str)>,
    pub columns: &'static [Column],
}

macro_rules! tables {
    (@key $name:ident) => { stringify!($name) };
    (@key $name:ident $key:ident) => { stringify!($key) };
    (@nullable) => { false };
    (@nullable null) => { true };
    (@when) => { None };
    (@when $key:ident $word:literal) => { Some((stringify!($key), $word)) };
    ($($kind:literal => $table:ident $(when $when:ident = $word:literal)? {
        $($name:ident $(= $key:ident)?: $as:ident $(($($argument:literal),+))? $(or $null:ident)?,)+
    })+) => {
        /// Every table, ordered so that referenced tables come first.
        pub const TABLES: &[Table] = &[$(Table {
            kind: $kind,
            name: stringify!($table),
            when: tables!(@when $($when $word)?),
            columns: &[$(Column {
                name: stringify!($name),
                key: tables!(@key $name $($key)?),
                kind: As::$as $(($($argument),+))?,
                nullable: tables!(@nullable $($null)?),
            },)+],
        },)+];
    };
}

tables! {
    "contents" => contents {
        id: Int, text: Text, content_type: Text,
    }
    "domains" => domains {
        name: Text, creation_date: Time, nodeinfo_fetch_date: Time or null, nodeinfo: Json,
        allowed: Bool or null, reachable: Bool, last_successful_contact: Time or null, service_actor_id: Int or null,
    }
    "actors" => actors {
        id: Int, fid: Text, url: Text or null, type: Text, name: Text or null, preferred_username: Text,
        domain: Text, summary: Text or null, summary_content_id: Int or null, inbox_url: Text or null,
        outbox_url: Text or null, followers_url: Text or null, following_url: Text or null, shared_inbox_url: Text or null,
        creation_date: Time, last_fetch_date: Time, manually_approves_followers: Bool or null,
        attachment_icon_id: Int or null, public_key: Text or null, private_key: Text or null,
    }
    "attachments" => attachments {
        id: Int, uuid: Uuid, url: Text or null, file: Text, size: Int or null, mimetype: Text or null,
        actor_id: Int or null, creation_date: Time, last_fetch_date: Time or null,
    }
    "users" => users {
        id: Int, username: Text, username_folded = username: FoldedOnce, email: Text,
        email_folded = email: FoldedOnce, password: Password, name: Text, is_active: Bool,
        is_staff: Bool, is_superuser: Bool, date_joined: Time, last_login: Time or null,
        last_activity: Time or null, privacy_level: Text, permission_moderation: Bool,
        permission_library: Bool, permission_settings: Bool, subsonic_api_token: Sealed or null,
        upload_quota: Int or null, actor_id: Int or null, invitation_id: Int or null, secret_key: Uuid,
        settings: Json or null, instance_support_message_display_date: Time or null,
        funkwhale_support_message_display_date: Time or null, email_verified: Bool,
    }
    "invitations" => invitations {
        id: Int, code: Text, owner_id: Int, invited_user_id: Int or null, creation_date: Time,
        expiration_date: Time,
    }
    "user_requests" => user_requests {
        id: Int, uuid: Uuid, type: Text, status: Text, submitter_id: Int, assigned_to_id: Int or null,
        metadata: Json or null, handled_date: Time or null, creation_date: Time,
    }
    "plugin_configurations" => plugin_configurations {
        id: Int, code: Text, user_id: Int or null, conf: Json or null, enabled: Bool, creation_date: Time,
    }
    "preferences" => preferences {
        section: Text, name: Text, raw_value: Text or null,
    }
    "oauth_applications" => oauth_applications {
        id: Int, client_id: Text, client_secret_hash = client_secret: Text or null, name: Text,
        user_id: Int or null, redirect_uris: Text, scope: Text, token_hash = token: TokenHash or null,
        client_type: Text, authorization_grant_type: Text, skip_authorization: Bool,
        created: Time, updated: Time,
    }
    "oauth_access_tokens" => oauth_access_tokens {
        id: Int, token_hash = token: TokenHash, user_id: Int, application_id: Int, scope: Text,
        expires: Time, created: Time, updated: Time,
    }
    "oauth_refresh_tokens" => oauth_refresh_tokens {
        id: Int, token_hash = token: TokenHash, user_id: Int, application_id: Int,
        access_token_id: Int or null, revoked: Time or null,
    }
    "licenses" => licenses {
        code: Text, url: Text, copyleft: Bool, commercial: Bool, attribution: Bool,
        derivative: Bool, redistribute: Bool,
    }
    "artists" => artists {
        id: Int, uuid: Uuid, fid: Text or null, mbid: Uuid or null, name: Text, name_folded = name: Folded,
        words = name: Words,
        content_category: Text, creation_date: Time, modification_date: Time,
        attributed_to_id: Int or null, attachment_cover_id: Int or null, description_content_id: Int or null,
    }
    "albums" => albums {
        id: Int, uuid: Uuid, fid: Text or null, mbid: Uuid or null, title: Text, title_folded = title: Folded,
        words = title: Words,
        release_date: Date or null, release_group_id: Uuid or null, type: Text, creation_date: Time,
        attributed_to_id: Int or null, attachment_cover_id: Int or null, description_content_id: Int or null,
    }
    "albums" => album_artists {
        album_id = id: Int, position: Zero, artist_id: Int, credit = artist_id: ArtistName,
        join_phrase: Empty,
    }
    "tracks" => tracks {
        id: Int, uuid: Uuid, fid: Text or null, mbid: Uuid or null, title: Text, title_folded = title: Folded,
        words = title: Words,
        album_id: Int or null, position: Int or null, disc_number: Int or null, license: Text or null, copyright: Text or null,
        downloads_count: Int, creation_date: Time, attributed_to_id: Int or null,
        attachment_cover_id: Int or null, description_content_id: Int or null,
    }
    "tracks" => track_artists {
        track_id = id: Int, position: Zero, artist_id: Int, credit = artist_id: ArtistName,
        join_phrase: Empty,
    }
    "tags" => tags {
        id: Int, name: Text, name_folded = name: FoldedOnce, mbid: Uuid or null, creation_date: Time,
    }
    "tagged_items" => artist_tags when object_type = "artist" {
        artist_id = object_id: Int, tag_id: Int, creation_date: Time,
    }
    "tagged_items" => album_tags when object_type = "album" {
        album_id = object_id: Int, tag_id: Int, creation_date: Time,
    }
    "tagged_items" => track_tags when object_type = "track" {
        track_id = object_id: Int, tag_id: Int, creation_date: Time,
    }
    "libraries" => libraries {
        id: Int, uuid: Uuid, fid: Text, url: Text or null, name: Text, name_folded = name: Folded,
        description: Text or null, privacy_level: Text, actor_id: Int, followers_url: Text,
        creation_date: Time,
    }
    "library_follows" => library_follows {
        id: Int, uuid: Uuid, fid: Text or null, actor_id: Int, target_library_id: Int, approved: Bool or null,
        creation_date: Time, modification_date: Time,
    }
    "uploads" => uploads {
        id: Int, uuid: Uuid, fid: Text or null, track_id: Int or null, library_id: Int, audio_file: Text,
        source: Text or null, mimetype: Text or null, size: Int or null, duration: Int or null, bitrate: Int or null,
        creation_date: Time, modification_date: Time, accessed_date: Time or null, import_date: Time or null,
        import_status: Text, import_reference: Text, import_metadata: Json,
        import_details: Json, metadata: Json, checksum: Text or null, downloads_count: Int,
    }
    "channels" => channels {
        id: Int, uuid: Uuid, artist_id: Int, attributed_to_id: Int, actor_id: Int,
        library_id: Int, rss_url: Text or null, metadata: Json, creation_date: Time,
    }
    "favorites" => favorites {
        id: Int, user_id: Int, track_id: Int, creation_date: Time, source: Text or null,
    }
    "listenings" => listenings {
        id: Int, user_id: Int or null, track_id: Int, creation_date: Time, session_key: Text or null,
        source: Text or null,
    }
    "playlists" => playlists {
        id: Int, name: Text, name_folded = name: Folded, user_id: Int, privacy_level: Text,
        creation_date: Time, modification_date: Time,
    }
    "playlist_tracks" => playlist_tracks {
        id: Int, playlist_id: Int, track_id: Int, position = index: Int, creation_date: Time,
    }
    "radios" => radios {
        id: Int, user_id: Int, name: Text, name_folded = name: Folded, description: Text,
        is_public: Bool, version: Int, config: Json, creation_date: Time,
    }
    "content_filters" => content_filters {
        id: Int, uuid: Uuid, user_id: Int, target_artist_id: Int, creation_date: Time,
    }
    "follows" => follows {
        id: Int, uuid: Uuid, fid: Text or null, actor_id: Int, target_actor_id: Int, approved: Bool or null,
        creation_date: Time, modification_date: Time,
    }
    "activities" => activities {
        id: Int, uuid: Uuid, fid: Text or null, url: Text or null, actor_id: Int, type: Text, payload: Json,
        creation_date: Time, object_type: Text or null, object_id: Int or null, target_type: Text or null,
        target_id: Int or null, related_object_type: Text or null, related_object_id: Int or null,
    }
    "inbox_items" => inbox_items {
        id: Int, actor_id: Int, activity_id: Int, type: Text, is_read: Bool,
    }
    "instance_policies" => instance_policies {
        id: Int, uuid: Uuid, actor_id: Int or null, target_domain: Text or null, target_actor_id: Int or null,
        is_active: Bool, summary: Text or null, block_all: Bool, silence_activity: Bool,
        silence_notifications: Bool, reject_media: Bool, creation_date: Time,
    }
    "mutations" => mutations {
        id: Int, uuid: Uuid, fid: Text, type: Text,
        artist_id = target_id: Target("target_type", "artist"),
        album_id = target_id: Target("target_type", "album"),
        track_id = target_id: Target("target_type", "track"), created_by_id: Int or null,
        approved_by_id: Int or null, is_approved: Bool or null, is_applied: Bool or null, creation_date: Time,
        applied_date: Time or null, summary: Text or null, payload: Json, previous_state: Json or null,
    }
    "reports" => reports {
        id: Int, uuid: Uuid, fid: Text, summary: Text or null, type: Text, is_handled: Bool,
        handled_date: Time or null, submitter_email: Text or null, submitter_id: Int or null, assigned_to_id: Int or null,
        target_owner_id: Int or null, target_type: Text or null, target_id: Int or null, target_state: Json or null,
        creation_date: Time,
    }
    "notes" => notes {
        id: Int, uuid: Uuid, summary: Text, author_id: Int,
        report_id = target_id: Target("target_type", "report"),
        actor_id = target_id: Target("target_type", "actor"),
        user_request_id = target_id: Target("target_type", "userrequest"), creation_date: Time,
    }
}
