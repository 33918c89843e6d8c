-- The whole data model for SQLite 3.45 and later. The same tables and columns as
-- migrations/postgres/0001_schema.sql: a test compares them. Times and uuids are
-- always bound by the program: times as RFC 3339 text in UTC, uuids as 16 bytes.

-- Texts and the federation's people: everything else hangs on them.

create table contents (
    id           integer primary key autoincrement,
    text         text not null,
    content_type text not null
);

-- A pod. Its service actor is itself an actor of this domain, so that key is checked at commit.
create table domains (
    name                    text not null primary key,
    creation_date           text not null,
    nodeinfo_fetch_date     text,
    nodeinfo                text not null default '{}',
    allowed                 boolean,
    reachable               boolean not null default true,
    last_successful_contact text,
    service_actor_id        integer references actors (id) on delete set null deferrable initially deferred
);

create index domains_service_actor_id_idx on domains (service_actor_id);

create table actors (
    id                          integer primary key autoincrement,
    fid                         text not null unique,
    url                         text,
    type                        text not null,
    name                        text,
    preferred_username          text not null,
    domain                      text not null references domains (name) on delete cascade,
    summary                     text,
    summary_content_id          integer references contents (id) on delete set null,
    inbox_url                   text,
    outbox_url                  text,
    followers_url               text,
    following_url               text,
    shared_inbox_url            text,
    creation_date               text not null,
    last_fetch_date             text not null,
    manually_approves_followers boolean,
    attachment_icon_id          integer references attachments (id) on delete set null deferrable initially deferred,
    public_key                  text,
    private_key                 text,
    unique (preferred_username, domain)
);

create index actors_domain_idx on actors (domain);
create index actors_summary_content_id_idx on actors (summary_content_id);
create index actors_attachment_icon_id_idx on actors (attachment_icon_id);

-- An uploaded or remote picture: `file` is empty until a remote one was fetched.
create table attachments (
    id              integer primary key autoincrement,
    uuid            blob not null unique,
    url             text,
    file            text not null default '',
    size            integer,
    mimetype        text,
    actor_id        integer references actors (id) on delete cascade,
    creation_date   text not null,
    last_fetch_date text
);

create index attachments_actor_id_idx on attachments (actor_id);

-- Accounts. The *_folded columns, here and below, are lower-case copies kept by
-- the program: neither database folds all of Unicode the way the other does.

create table users (
    id                                     integer primary key autoincrement,
    username                               text not null unique,
    username_folded                        text not null unique,
    email                                  text not null,
    email_folded                           text not null,
    password                               text not null,
    name                                   text not null default '',
    is_active                              boolean not null default true,
    is_staff                               boolean not null default false,
    is_superuser                           boolean not null default false,
    date_joined                            text not null,
    last_login                             text,
    last_activity                          text,
    privacy_level                          text not null check (privacy_level in ('me', 'followers', 'instance', 'everyone')),
    permission_moderation                  boolean not null default false,
    permission_library                     boolean not null default false,
    permission_settings                    boolean not null default false,
    subsonic_api_token                     text,
    upload_quota                           integer,
    actor_id                               integer unique references actors (id) on delete set null,
    invitation_id                          integer references invitations (id) on delete set null deferrable initially deferred,
    secret_key                             blob not null,
    settings                               text,
    instance_support_message_display_date  text,
    funkwhale_support_message_display_date text,
    email_verified                         boolean not null default false
);

-- Accounts without an address share the empty one.
create unique index users_email_folded_key on users (email_folded) where email_folded <> '';
create index users_invitation_id_idx on users (invitation_id);
create index users_last_activity_idx on users (last_activity);
create index users_date_joined_idx on users (date_joined, id);

create table invitations (
    id              integer primary key autoincrement,
    code            text not null unique,
    owner_id        integer not null references users (id) on delete cascade,
    invited_user_id integer references users (id) on delete set null,
    creation_date   text not null,
    expiration_date text not null
);

create index invitations_owner_id_idx on invitations (owner_id);
create index invitations_invited_user_id_idx on invitations (invited_user_id);

create table user_requests (
    id             integer primary key autoincrement,
    uuid           blob not null unique,
    type           text not null,
    status         text not null,
    submitter_id   integer not null references actors (id) on delete cascade,
    assigned_to_id integer references actors (id) on delete set null,
    metadata       text,
    handled_date   text,
    creation_date  text not null
);

create index user_requests_submitter_id_idx on user_requests (submitter_id);
create index user_requests_assigned_to_id_idx on user_requests (assigned_to_id);
create index user_requests_status_creation_date_idx on user_requests (status, creation_date, id);
create index user_requests_creation_date_idx on user_requests (creation_date, id);

-- A row without a user configures the plugin for the whole pod.
create table plugin_configurations (
    id            integer primary key autoincrement,
    code          text not null,
    user_id       integer references users (id) on delete cascade,
    conf          text,
    enabled       boolean not null default false,
    creation_date text not null,
    unique (user_id, code)
);

create unique index plugin_configurations_pod_key on plugin_configurations (code) where user_id is null;

create table preferences (
    section   text not null,
    name      text not null,
    raw_value text,
    primary key (section, name)
);

-- Browser sessions and OAuth. Secrets are kept as hashes only.

create table sessions (
    id         integer primary key autoincrement,
    token_hash blob not null unique,
    user_id    integer not null references users (id) on delete cascade,
    csrf_hash  blob not null,
    created    text not null,
    last_seen  text not null,
    expires    text not null,
    user_agent text not null default '',
    address    text not null default ''
);

create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_idx on sessions (expires);

create table oauth_applications (
    id                       integer primary key autoincrement,
    client_id                text not null unique,
    client_secret_hash       text,
    name                     text not null,
    user_id                  integer references users (id) on delete cascade,
    redirect_uris            text not null default '',
    scope                    text not null,
    token_hash               blob unique,
    client_type              text not null,
    authorization_grant_type text not null,
    skip_authorization       boolean not null default false,
    created                  text not null,
    updated                  text not null
);

create index oauth_applications_user_id_created_idx on oauth_applications (user_id, created, id);

create table oauth_access_tokens (
    id             integer primary key autoincrement,
    token_hash     blob not null unique,
    user_id        integer not null references users (id) on delete cascade,
    application_id integer not null references oauth_applications (id) on delete cascade,
    scope          text not null,
    expires        text not null,
    created        text not null,
    updated        text not null
);

create index oauth_access_tokens_user_id_application_id_idx on oauth_access_tokens (user_id, application_id);
create index oauth_access_tokens_application_id_idx on oauth_access_tokens (application_id);
create index oauth_access_tokens_expires_idx on oauth_access_tokens (expires);

-- Revoking an access token keeps its refresh token.
create table oauth_refresh_tokens (
    id              integer primary key autoincrement,
    token_hash      blob not null unique,
    user_id         integer not null references users (id) on delete cascade,
    application_id  integer not null references oauth_applications (id) on delete cascade,
    access_token_id integer unique references oauth_access_tokens (id) on delete set null,
    revoked         text
);

create index oauth_refresh_tokens_user_id_application_id_idx on oauth_refresh_tokens (user_id, application_id);
create index oauth_refresh_tokens_application_id_idx on oauth_refresh_tokens (application_id);
create index oauth_refresh_tokens_revoked_idx on oauth_refresh_tokens (revoked);

-- A used code is kept until it expires, with what it gave: a replay revokes that.
create table oauth_codes (
    id                    integer primary key autoincrement,
    code_hash             blob not null unique,
    application_id        integer not null references oauth_applications (id) on delete cascade,
    user_id               integer not null references users (id) on delete cascade,
    redirect_uri          text not null,
    scope                 text not null,
    code_challenge        text not null default '',
    code_challenge_method text not null default '',
    nonce                 text not null default '',
    claims                text not null default '',
    created               text not null,
    expires               text not null,
    used                  text,
    access_token_id       integer references oauth_access_tokens (id) on delete set null
);

create index oauth_codes_user_id_application_id_idx on oauth_codes (user_id, application_id);
create index oauth_codes_application_id_idx on oauth_codes (application_id);
create index oauth_codes_access_token_id_idx on oauth_codes (access_token_id);
create index oauth_codes_expires_idx on oauth_codes (expires);

-- Music. Albums and tracks have no artist column: the credits below name them.

create table licenses (
    code         text not null primary key,
    url          text not null,
    copyleft     boolean not null,
    commercial   boolean not null,
    attribution  boolean not null,
    derivative   boolean not null,
    redistribute boolean not null
);

create table artists (
    id                     integer primary key autoincrement,
    uuid                   blob not null unique,
    fid                    text unique,
    mbid                   blob unique,
    name                   text not null,
    name_folded            text not null,
    content_category       text not null,
    creation_date          text not null,
    modification_date      text not null,
    attributed_to_id       integer references actors (id) on delete set null,
    attachment_cover_id    integer references attachments (id) on delete set null,
    description_content_id integer references contents (id) on delete set null
);

create index artists_name_idx on artists (name, id desc);
create index artists_name_folded_idx on artists (name_folded, id desc);
create index artists_content_category_idx on artists (content_category);
create index artists_creation_date_idx on artists (creation_date, id);
create index artists_modification_date_idx on artists (modification_date, id);
create index artists_attributed_to_id_idx on artists (attributed_to_id);
create index artists_attachment_cover_id_idx on artists (attachment_cover_id);
create index artists_description_content_id_idx on artists (description_content_id);

create table albums (
    id                     integer primary key autoincrement,
    uuid                   blob not null unique,
    fid                    text unique,
    mbid                   blob unique,
    title                  text not null,
    title_folded           text not null,
    release_date           text,
    release_group_id       blob,
    type                   text not null default 'album',
    creation_date          text not null,
    attributed_to_id       integer references actors (id) on delete set null,
    attachment_cover_id    integer references attachments (id) on delete set null,
    description_content_id integer references contents (id) on delete set null
);

create index albums_title_idx on albums (title, id desc);
create index albums_title_folded_idx on albums (title_folded, id desc);
create index albums_creation_date_idx on albums (creation_date, id);
-- The databases place nulls differently: order by "is null" first, here as in the queries.
create index albums_release_date_idx on albums ((release_date is null), release_date, id);
create index albums_attributed_to_id_idx on albums (attributed_to_id);
create index albums_attachment_cover_id_idx on albums (attachment_cover_id);
create index albums_description_content_id_idx on albums (description_content_id);

create table tracks (
    id                     integer primary key autoincrement,
    uuid                   blob not null unique,
    fid                    text unique,
    mbid                   blob,
    title                  text not null,
    title_folded           text not null,
    album_id               integer references albums (id) on delete cascade,
    position               integer,
    disc_number            integer,
    license                text references licenses (code) on delete set null,
    copyright              text,
    downloads_count        integer not null default 0,
    creation_date          text not null,
    attributed_to_id       integer references actors (id) on delete set null,
    attachment_cover_id    integer references attachments (id) on delete set null,
    description_content_id integer references contents (id) on delete set null
);

create index tracks_title_idx on tracks (title, id desc);
create index tracks_title_folded_idx on tracks (title_folded, id desc);
create index tracks_mbid_idx on tracks (mbid);
create index tracks_album_id_disc_number_position_idx on tracks (album_id, disc_number, position, id);
create index tracks_position_idx on tracks ((position is null), position, id);
create index tracks_disc_number_idx on tracks ((disc_number is null), disc_number, id);
create index tracks_license_idx on tracks (license);
create index tracks_downloads_count_idx on tracks (downloads_count);
create index tracks_creation_date_idx on tracks (creation_date, id);
create index tracks_attributed_to_id_idx on tracks (attributed_to_id);
create index tracks_attachment_cover_id_idx on tracks (attachment_cover_id);
create index tracks_description_content_id_idx on tracks (description_content_id);

-- Artist credits: "Björk feat. Someone" is two rows, the first joined by " feat. ".

create table album_artists (
    album_id    integer not null references albums (id) on delete cascade,
    position    integer not null,
    artist_id   integer not null references artists (id) on delete cascade,
    credit      text not null,
    join_phrase text not null default '',
    primary key (album_id, position)
);

create index album_artists_artist_id_album_id_idx on album_artists (artist_id, album_id);

create table track_artists (
    track_id    integer not null references tracks (id) on delete cascade,
    position    integer not null,
    artist_id   integer not null references artists (id) on delete cascade,
    credit      text not null,
    join_phrase text not null default '',
    primary key (track_id, position)
);

create index track_artists_artist_id_track_id_idx on track_artists (artist_id, track_id);

-- Tags: one link table for each kind of object, so that the keys are real.

create table tags (
    id            integer primary key autoincrement,
    name          text not null unique,
    name_folded   text not null unique,
    mbid          blob unique,
    creation_date text not null
);

create index tags_creation_date_idx on tags (creation_date, id);
create index tags_length_idx on tags (length(name), id);

create table artist_tags (
    artist_id     integer not null references artists (id) on delete cascade,
    tag_id        integer not null references tags (id) on delete cascade,
    creation_date text not null,
    primary key (artist_id, tag_id)
);

create index artist_tags_tag_id_artist_id_idx on artist_tags (tag_id, artist_id);

create table album_tags (
    album_id      integer not null references albums (id) on delete cascade,
    tag_id        integer not null references tags (id) on delete cascade,
    creation_date text not null,
    primary key (album_id, tag_id)
);

create index album_tags_tag_id_album_id_idx on album_tags (tag_id, album_id);

create table track_tags (
    track_id      integer not null references tracks (id) on delete cascade,
    tag_id        integer not null references tags (id) on delete cascade,
    creation_date text not null,
    primary key (track_id, tag_id)
);

create index track_tags_tag_id_track_id_idx on track_tags (tag_id, track_id);

-- Files and who may hear them.

create table libraries (
    id            integer primary key autoincrement,
    uuid          blob not null unique,
    fid           text not null unique,
    url           text,
    name          text not null,
    name_folded   text not null,
    description   text,
    privacy_level text not null check (privacy_level in ('me', 'instance', 'everyone')),
    actor_id      integer not null references actors (id) on delete cascade,
    followers_url text not null,
    creation_date text not null
);

create index libraries_name_idx on libraries (name, id);
create index libraries_name_folded_idx on libraries (name_folded, id);
create index libraries_privacy_level_creation_date_idx on libraries (privacy_level, creation_date, id);
create index libraries_creation_date_idx on libraries (creation_date, id);
create index libraries_actor_id_idx on libraries (actor_id);

-- Not yet answered while `approved` is null.
create table library_follows (
    id                integer primary key autoincrement,
    uuid              blob not null unique,
    fid               text unique,
    actor_id          integer not null references actors (id) on delete cascade,
    target_library_id integer not null references libraries (id) on delete cascade,
    approved          boolean,
    creation_date     text not null,
    modification_date text not null,
    unique (actor_id, target_library_id)
);

create index library_follows_target_library_id_idx on library_follows (target_library_id);

-- The track is null until the import has found or made it.
create table uploads (
    id                integer primary key autoincrement,
    uuid              blob not null unique,
    fid               text unique,
    track_id          integer references tracks (id) on delete cascade,
    library_id        integer not null references libraries (id) on delete cascade,
    audio_file        text not null default '',
    source            text,
    mimetype          text,
    size              integer,
    duration          integer,
    bitrate           integer,
    creation_date     text not null,
    modification_date text not null,
    accessed_date     text,
    import_date       text,
    import_status     text not null check (import_status in ('draft', 'pending', 'finished', 'errored', 'skipped')),
    import_reference  text not null default '',
    import_metadata   text not null default '{}',
    import_details    text not null default '{}',
    metadata          text not null default '{}',
    checksum          text,
    downloads_count   integer not null default 0
);

-- What "is it playable" asks, from the track's and from the library's side.
create index uploads_track_id_import_status_library_id_idx on uploads (track_id, import_status, library_id);
create index uploads_library_id_import_status_idx on uploads (library_id, import_status);
-- The size of a library is summed from this index alone.
create index uploads_library_id_size_idx on uploads (library_id, size);
create index uploads_import_status_idx on uploads (import_status);
create index uploads_import_reference_idx on uploads (import_reference);
create index uploads_mimetype_idx on uploads (mimetype);
create index uploads_checksum_idx on uploads (checksum);
create index uploads_size_idx on uploads (size, id);
create index uploads_duration_idx on uploads (duration);
create index uploads_bitrate_idx on uploads (bitrate);
create index uploads_creation_date_idx on uploads (creation_date, id);
create index uploads_modification_date_idx on uploads (modification_date, id);
create index uploads_accessed_date_idx on uploads (accessed_date, id);

create table channels (
    id               integer primary key autoincrement,
    uuid             blob not null unique,
    artist_id        integer not null unique references artists (id) on delete cascade,
    attributed_to_id integer not null references actors (id) on delete cascade,
    actor_id         integer not null unique references actors (id) on delete cascade,
    library_id       integer not null unique references libraries (id) on delete cascade,
    rss_url          text,
    metadata         text not null default '{}',
    creation_date    text not null
);

create index channels_attributed_to_id_idx on channels (attributed_to_id);
create index channels_rss_url_idx on channels (rss_url);
create index channels_creation_date_idx on channels (creation_date, id);

-- What a user keeps.

-- Track favorites.
create table favorites (
    id            integer primary key autoincrement,
    user_id       integer not null references users (id) on delete cascade,
    track_id      integer not null references tracks (id) on delete cascade,
    creation_date text not null,
    source        text,
    unique (user_id, track_id)
);

create index favorites_track_id_idx on favorites (track_id);
create index favorites_user_id_creation_date_idx on favorites (user_id, creation_date, id);
create index favorites_creation_date_idx on favorites (creation_date, id);

-- The user is null where a listener was known by the session alone.
create table listenings (
    id            integer primary key autoincrement,
    user_id       integer references users (id) on delete cascade,
    track_id      integer not null references tracks (id) on delete cascade,
    creation_date text not null,
    session_key   text,
    source        text
);

create index listenings_track_id_user_id_idx on listenings (track_id, user_id);
create index listenings_user_id_creation_date_idx on listenings (user_id, creation_date, id);
create index listenings_creation_date_idx on listenings (creation_date, id);

create table playlists (
    id                integer primary key autoincrement,
    name              text not null,
    name_folded       text not null,
    user_id           integer not null references users (id) on delete cascade,
    privacy_level     text not null check (privacy_level in ('me', 'followers', 'instance', 'everyone')),
    creation_date     text not null,
    modification_date text not null
);

create index playlists_name_idx on playlists (name, id);
create index playlists_name_folded_idx on playlists (name_folded, id);
create index playlists_user_id_idx on playlists (user_id);
create index playlists_privacy_level_idx on playlists (privacy_level);
create index playlists_creation_date_idx on playlists (creation_date, id);
create index playlists_modification_date_idx on playlists (modification_date, id);

-- (playlist_id, position) is not unique: moving a track shifts its neighbours row by row.
create table playlist_tracks (
    id            integer primary key autoincrement,
    playlist_id   integer not null references playlists (id) on delete cascade,
    track_id      integer not null references tracks (id) on delete cascade,
    position      integer not null,
    creation_date text not null
);

create index playlist_tracks_playlist_id_position_idx on playlist_tracks (playlist_id, position, id);
create index playlist_tracks_track_id_idx on playlist_tracks (track_id);

create table radios (
    id            integer primary key autoincrement,
    user_id       integer not null references users (id) on delete cascade,
    name          text not null,
    name_folded   text not null,
    description   text not null default '',
    is_public     boolean not null default false,
    version       integer not null default 0,
    config        text not null default '[]',
    creation_date text not null
);

create index radios_user_id_idx on radios (user_id);
create index radios_name_idx on radios (name, id);
create index radios_name_folded_idx on radios (name_folded, id);
create index radios_creation_date_idx on radios (creation_date, id);

create table content_filters (
    id               integer primary key autoincrement,
    uuid             blob not null unique,
    user_id          integer not null references users (id) on delete cascade,
    target_artist_id integer not null references artists (id) on delete cascade,
    creation_date    text not null,
    unique (user_id, target_artist_id)
);

create index content_filters_target_artist_id_idx on content_filters (target_artist_id);

create table notifications (
    id      integer primary key autoincrement,
    uuid    blob not null unique,
    user_id integer not null references users (id) on delete cascade,
    kind    text not null,
    payload text not null default '{}',
    is_read boolean not null default false,
    created text not null
);

create index notifications_user_id_is_read_idx on notifications (user_id, is_read, id);

-- Federation.

create table follows (
    id                integer primary key autoincrement,
    uuid              blob not null unique,
    fid               text unique,
    actor_id          integer not null references actors (id) on delete cascade,
    target_actor_id   integer not null references actors (id) on delete cascade,
    approved          boolean,
    creation_date     text not null,
    modification_date text not null,
    unique (actor_id, target_actor_id)
);

create index follows_target_actor_id_idx on follows (target_actor_id);

-- A log: what it speaks of may be gone, so those columns are no foreign keys.
create table activities (
    id                  integer primary key autoincrement,
    uuid                blob not null unique,
    fid                 text unique,
    url                 text,
    actor_id            integer not null references actors (id) on delete cascade,
    type                text not null,
    payload             text not null default '{}',
    creation_date       text not null,
    object_type         text,
    object_id           integer,
    target_type         text,
    target_id           integer,
    related_object_type text,
    related_object_id   integer
);

create index activities_actor_id_idx on activities (actor_id);
create index activities_type_idx on activities (type);
create index activities_creation_date_idx on activities (creation_date, id);

create table inbox_items (
    id          integer primary key autoincrement,
    actor_id    integer not null references actors (id) on delete cascade,
    activity_id integer not null references activities (id) on delete cascade,
    type        text not null,
    is_read     boolean not null default false
);

create index inbox_items_actor_id_is_read_idx on inbox_items (actor_id, is_read, id);
create index inbox_items_activity_id_idx on inbox_items (activity_id);

-- Moderation and edits.

-- A policy is about a whole pod or about one actor.
create table instance_policies (
    id                    integer primary key autoincrement,
    uuid                  blob not null unique,
    actor_id              integer references actors (id) on delete set null,
    target_domain         text unique references domains (name) on delete cascade,
    target_actor_id       integer unique references actors (id) on delete cascade,
    is_active             boolean not null default true,
    summary               text,
    block_all             boolean not null default false,
    silence_activity      boolean not null default false,
    silence_notifications boolean not null default false,
    reject_media          boolean not null default false,
    creation_date         text not null,
    constraint instance_policies_one_target check ((target_domain is null) <> (target_actor_id is null))
);

create index instance_policies_actor_id_idx on instance_policies (actor_id);
create index instance_policies_creation_date_idx on instance_policies (creation_date, id);

-- A proposed edit: undecided while `is_approved` is null.
create table mutations (
    id             integer primary key autoincrement,
    uuid           blob not null unique,
    fid            text not null unique,
    type           text not null,
    artist_id      integer references artists (id) on delete cascade,
    album_id       integer references albums (id) on delete cascade,
    track_id       integer references tracks (id) on delete cascade,
    created_by_id  integer references actors (id) on delete set null,
    approved_by_id integer references actors (id) on delete set null,
    is_approved    boolean,
    is_applied     boolean,
    creation_date  text not null,
    applied_date   text,
    summary        text,
    payload        text not null,
    previous_state text,
    constraint mutations_one_target check (
          cast(artist_id is not null as integer)
        + cast(album_id is not null as integer)
        + cast(track_id is not null as integer) = 1
    )
);

create index mutations_artist_id_idx on mutations (artist_id);
create index mutations_album_id_idx on mutations (album_id);
create index mutations_track_id_idx on mutations (track_id);
create index mutations_created_by_id_idx on mutations (created_by_id);
create index mutations_approved_by_id_idx on mutations (approved_by_id);
create index mutations_type_idx on mutations (type);
create index mutations_is_approved_idx on mutations (is_approved);
create index mutations_creation_date_idx on mutations (creation_date, id);

-- A report outlives its target: the target is no foreign key, `target_state` says what it was.
create table reports (
    id              integer primary key autoincrement,
    uuid            blob not null unique,
    fid             text not null unique,
    summary         text,
    type            text not null,
    is_handled      boolean not null default false,
    handled_date    text,
    submitter_email text,
    submitter_id    integer references actors (id) on delete set null,
    assigned_to_id  integer references actors (id) on delete set null,
    target_owner_id integer references actors (id) on delete set null,
    target_type     text,
    target_id       integer,
    target_state    text,
    creation_date   text not null
);

create index reports_submitter_id_idx on reports (submitter_id);
create index reports_assigned_to_id_idx on reports (assigned_to_id);
create index reports_target_owner_id_idx on reports (target_owner_id);
create index reports_target_type_target_id_idx on reports (target_type, target_id);
create index reports_is_handled_creation_date_idx on reports (is_handled, creation_date, id);
create index reports_creation_date_idx on reports (creation_date, id);

create table notes (
    id              integer primary key autoincrement,
    uuid            blob not null unique,
    summary         text not null,
    author_id       integer not null references actors (id) on delete cascade,
    report_id       integer references reports (id) on delete cascade,
    actor_id        integer references actors (id) on delete cascade,
    user_request_id integer references user_requests (id) on delete cascade,
    creation_date   text not null,
    constraint notes_one_target check (
          cast(report_id is not null as integer)
        + cast(actor_id is not null as integer)
        + cast(user_request_id is not null as integer) = 1
    )
);

create index notes_author_id_idx on notes (author_id);
create index notes_report_id_idx on notes (report_id);
create index notes_actor_id_idx on notes (actor_id);
create index notes_user_request_id_idx on notes (user_request_id);
create index notes_creation_date_idx on notes (creation_date, id);

-- Background work.

create table jobs (
    id           integer primary key autoincrement,
    queue        text not null,
    kind         text not null,
    payload      text not null default '{}',
    state        text not null default 'pending' check (state in ('pending', 'running', 'done', 'failed', 'dead')),
    priority     integer not null default 0,
    attempts     integer not null default 0,
    max_attempts integer not null,
    run_at       text not null,
    locked_by    text,
    locked_until text,
    last_error   text,
    created      text not null,
    finished     text
);

-- The next job to run; then the locks of dead workers; then what can be swept away.
create index jobs_state_queue_priority_run_at_idx on jobs (state, queue, priority, run_at, id);
create index jobs_locked_until_idx on jobs (locked_until) where state = 'running';
create index jobs_finished_idx on jobs (finished) where finished is not null;

-- Full text search: words are stemmed, none is a stop word ("The Who"), accents count.
-- The indexes hold no text of their own; the triggers keep them in step. Never write artists,
-- albums or tracks with "insert or replace": it skips the delete triggers.

create virtual table artist_search using fts5 (
    name,
    content = 'artists',
    content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 0'
);

create trigger artist_search_insert after insert on artists begin
    insert into artist_search (rowid, name) values (new.id, new.name);
end;

create trigger artist_search_delete after delete on artists begin
    insert into artist_search (artist_search, rowid, name) values ('delete', old.id, old.name);
end;

create trigger artist_search_update after update of name on artists begin
    insert into artist_search (artist_search, rowid, name) values ('delete', old.id, old.name);
    insert into artist_search (rowid, name) values (new.id, new.name);
end;

create virtual table album_search using fts5 (
    title,
    content = 'albums',
    content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 0'
);

create trigger album_search_insert after insert on albums begin
    insert into album_search (rowid, title) values (new.id, new.title);
end;

create trigger album_search_delete after delete on albums begin
    insert into album_search (album_search, rowid, title) values ('delete', old.id, old.title);
end;

create trigger album_search_update after update of title on albums begin
    insert into album_search (album_search, rowid, title) values ('delete', old.id, old.title);
    insert into album_search (rowid, title) values (new.id, new.title);
end;

create virtual table track_search using fts5 (
    title,
    content = 'tracks',
    content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 0'
);

create trigger track_search_insert after insert on tracks begin
    insert into track_search (rowid, title) values (new.id, new.title);
end;

create trigger track_search_delete after delete on tracks begin
    insert into track_search (track_search, rowid, title) values ('delete', old.id, old.title);
end;

create trigger track_search_update after update of title on tracks begin
    insert into track_search (track_search, rowid, title) values ('delete', old.id, old.title);
    insert into track_search (rowid, title) values (new.id, new.title);
end;
