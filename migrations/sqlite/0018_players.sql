-- What users think of artists, albums and tracks, where they left off, and what they play next.
create table marks (
    id                integer primary key autoincrement,
    user_id           integer not null references users (id) on delete cascade,
    artist_id         integer references artists (id) on delete cascade,
    album_id          integer references albums (id) on delete cascade,
    track_id          integer references tracks (id) on delete cascade,
    rating            integer check (rating between 1 and 5),
    starred_date      text,
    modification_date text not null,
    check ((artist_id is not null) + (album_id is not null) + (track_id is not null) = 1),
    check (rating is not null or starred_date is not null)
);

create unique index marks_artist_id_user_id_key on marks (artist_id, user_id) where artist_id is not null;
create unique index marks_album_id_user_id_key on marks (album_id, user_id) where album_id is not null;
create unique index marks_track_id_user_id_key on marks (track_id, user_id) where track_id is not null;
create index marks_user_id_modification_date_idx on marks (user_id, modification_date, id);

create table bookmarks (
    id                integer primary key autoincrement,
    user_id           integer not null references users (id) on delete cascade,
    track_id          integer not null references tracks (id) on delete cascade,
    position          integer not null check (position >= 0),
    comment           text not null default '',
    creation_date     text not null,
    modification_date text not null,
    unique (track_id, user_id)
);

create index bookmarks_user_id_modification_date_idx on bookmarks (user_id, modification_date, id);

create table play_queues (
    user_id           integer primary key references users (id) on delete cascade,
    -- The place of the current track, and how far it was played, in milliseconds.
    current_place     integer,
    position          integer not null check (position >= 0),
    changed_by        text not null default '',
    modification_date text not null
);

create table play_queue_tracks (
    user_id  integer not null references play_queues (user_id) on delete cascade,
    place    integer not null,
    track_id integer not null references tracks (id) on delete cascade,
    primary key (user_id, place)
);

create index play_queue_tracks_track_id_idx on play_queue_tracks (track_id);
