-- Sessions of radios, and what was drawn in them. A session of a stranger belongs to the address whose hash is its
-- key.
create table radio_sessions (
    id                integer primary key autoincrement,
    user_id           integer references users (id) on delete cascade,
    session_key       text,
    radio_type        text not null,
    related_object_id text,
    custom_radio_id   integer references radios (id) on delete cascade,
    config            text,
    creation_date     text not null
);

create index radio_sessions_user_id_idx on radio_sessions (user_id, id);
create index radio_sessions_session_key_idx on radio_sessions (session_key, id);
create index radio_sessions_custom_radio_id_idx on radio_sessions (custom_radio_id);
create index radio_sessions_creation_date_idx on radio_sessions (creation_date, id);

create table radio_session_tracks (
    id         integer primary key autoincrement,
    session_id integer not null references radio_sessions (id) on delete cascade,
    track_id   integer not null references tracks (id) on delete cascade,
    position   integer not null,
    unique (session_id, track_id)
);

create index radio_session_tracks_track_id_idx on radio_session_tracks (track_id);

-- What is in one library is drawn from this index, wherever it begins.
create index uploads_library_id_track_id_idx on uploads (library_id, track_id);
