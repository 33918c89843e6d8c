//! Reading a Funkwhale database: for each kind of row, a query whose columns are the keys of that
//! kind.

/// (kind, query); the kinds are also the file names of a data set.
pub const QUERIES: &[(&str, &str)] = &[
    (
        "contents",
        "select id, text, content_type from common_content order by id",
    ),
    (
        "domains",
        "select name, creation_date, nodeinfo_fetch_date, nodeinfo, allowed, reachable, \
             last_successful_contact, service_actor_id \
         from federation_domain order by name collate \"C\"",
    ),
    (
        "actors",
        "select id, fid, url, type, name, preferred_username, domain_id as domain, summary, \
             summary_obj_id as summary_content_id, inbox_url, outbox_url, followers_url, \
             following_url, shared_inbox_url, creation_date, last_fetch_date, \
             manually_approves_followers, attachment_icon_id, public_key, private_key \
         from federation_actor order by id",
    ),
    (
        "attachments",
        "select id, uuid, url, file, size, mimetype, actor_id, creation_date, last_fetch_date \
         from common_attachment order by id",
    ),
    (
        "users",
        "select id, username, email, name, password, is_active, is_staff, is_superuser, \
             date_joined, last_login, privacy_level, permission_moderation, \
             permission_library, permission_settings, subsonic_api_token, upload_quota, \
             actor_id, invitation_id, secret_key, settings, \
             instance_support_message_display_date, funkwhale_support_message_display_date, \
             last_activity, \
             id in (select e.user_id from account_emailaddress e where e.primary and e.verified) \
                 as email_verified \
         from users_user order by id",
    ),
    (
        "invitations",
        "select id, code, owner_id, invited_user_id, creation_date, expiration_date \
         from users_invitation order by id",
    ),
    (
        "user_requests",
        "select id, uuid, type, status, submitter_id, assigned_to_id, metadata, handled_date, \
             creation_date \
         from moderation_userrequest order by id",
    ),
    (
        "plugin_configurations",
        "select id, code, user_id, conf, enabled, creation_date \
         from common_pluginconfiguration order by id",
    ),
    (
        "preferences",
        "select section, name, raw_value from dynamic_preferences_globalpreferencemodel \
         order by section collate \"C\", name collate \"C\"",
    ),
    (
        "oauth_applications",
        "select id, client_id, client_secret, name, user_id, redirect_uris, scope, token, \
             client_type, authorization_grant_type, skip_authorization, created, updated \
         from users_application order by id",
    ),
    (
        "oauth_access_tokens",
        "select id, token, user_id, application_id, scope, expires, created, updated \
         from users_accesstoken order by id",
    ),
    (
        "oauth_refresh_tokens",
        "select id, token, user_id, application_id, access_token_id, revoked \
         from users_refreshtoken order by id",
    ),
    (
        "licenses",
        "select code, url, copyleft, commercial, attribution, derivative, redistribute \
         from music_license order by code collate \"C\"",
    ),
    (
        "artists",
        "select id, uuid, fid, mbid, name, content_category, creation_date, \
             modification_date, attributed_to_id, attachment_cover_id, \
             description_id as description_content_id \
         from music_artist order by id",
    ),
    (
        "albums",
        "select id, uuid, fid, mbid, title, artist_id, release_date, release_group_id, type, \
             creation_date, attributed_to_id, attachment_cover_id, \
             description_id as description_content_id \
         from music_album order by id",
    ),
    (
        "tracks",
        "select id, uuid, fid, mbid, title, artist_id, album_id, position, disc_number, \
             license_id as license, copyright, downloads_count, creation_date, \
             attributed_to_id, attachment_cover_id, description_id as description_content_id \
         from music_track order by id",
    ),
    (
        "tags",
        "select id, name, mbid, creation_date from tags_tag order by id",
    ),
    (
        "tagged_items",
        "select i.id, i.tag_id, t.model as object_type, i.object_id, i.creation_date \
         from tags_taggeditem i join django_content_type t on t.id = i.content_type_id \
         order by i.id",
    ),
    (
        "libraries",
        "select id, uuid, fid, url, name, description, privacy_level, uploads_count, \
             actor_id, followers_url, creation_date \
         from music_library order by id",
    ),
    (
        "library_follows",
        "select id, uuid, fid, actor_id, target_id as target_library_id, approved, \
             creation_date, modification_date \
         from federation_libraryfollow order by id",
    ),
    (
        "uploads",
        "select id, uuid, fid, track_id, library_id, audio_file, source, mimetype, size, \
             duration, bitrate, creation_date, modification_date, accessed_date, import_date, \
             import_status, import_reference, import_metadata, import_details, metadata, \
             checksum, downloads_count \
         from music_upload order by id",
    ),
    (
        "channels",
        "select id, uuid, artist_id, attributed_to_id, actor_id, library_id, rss_url, \
             metadata, creation_date \
         from audio_channel order by id",
    ),
    (
        "favorites",
        "select id, user_id, track_id, creation_date, source \
         from favorites_trackfavorite order by id",
    ),
    (
        "listenings",
        "select id, user_id, track_id, creation_date, session_key, source \
         from history_listening order by id",
    ),
    (
        "playlists",
        "select id, name, user_id, privacy_level, creation_date, modification_date \
         from playlists_playlist order by id",
    ),
    (
        "playlist_tracks",
        "select id, playlist_id, track_id, index, creation_date \
         from playlists_playlisttrack order by id",
    ),
    (
        "radios",
        "select id, user_id, name, description, is_public, version, config, creation_date \
         from radios_radio order by id",
    ),
    (
        "content_filters",
        "select id, uuid, user_id, target_artist_id, creation_date \
         from moderation_userfilter order by id",
    ),
    (
        "follows",
        "select id, uuid, fid, actor_id, target_id as target_actor_id, approved, \
             creation_date, modification_date \
         from federation_follow order by id",
    ),
    (
        "activities",
        "select a.id, a.uuid, a.fid, a.url, a.actor_id, a.type, a.payload, a.creation_date, \
             o.model as object_type, a.object_id, t.model as target_type, a.target_id, \
             r.model as related_object_type, a.related_object_id \
         from federation_activity a \
         left join django_content_type o on o.id = a.object_content_type_id \
         left join django_content_type t on t.id = a.target_content_type_id \
         left join django_content_type r on r.id = a.related_object_content_type_id \
         order by a.id",
    ),
    (
        "inbox_items",
        "select id, actor_id, activity_id, type, is_read \
         from federation_inboxitem order by id",
    ),
    (
        "instance_policies",
        "select id, uuid, actor_id, target_domain_id as target_domain, target_actor_id, \
             is_active, summary, block_all, silence_activity, silence_notifications, \
             reject_media, creation_date \
         from moderation_instancepolicy order by id",
    ),
    (
        "mutations",
        "select m.id, m.uuid, m.fid, m.type, m.created_by_id, m.approved_by_id, \
             m.is_approved, m.is_applied, m.creation_date, m.applied_date, m.summary, \
             m.payload, m.previous_state, m.target_id, t.model as target_type \
         from common_mutation m \
         left join django_content_type t on t.id = m.target_content_type_id \
         order by m.id",
    ),
    (
        "reports",
        "select r.id, r.uuid, r.fid, r.summary, r.type, r.is_handled, r.handled_date, \
             r.submitter_email, r.submitter_id, r.assigned_to_id, r.target_owner_id, \
             r.target_id, t.model as target_type, r.target_state, r.creation_date \
         from moderation_report r \
         left join django_content_type t on t.id = r.target_content_type_id \
         order by r.id",
    ),
    (
        "notes",
        "select n.id, n.uuid, n.summary, n.author_id, n.target_id, t.model as target_type, \
             n.creation_date \
         from moderation_note n \
         left join django_content_type t on t.id = n.target_content_type_id \
         order by n.id",
    ),
];
