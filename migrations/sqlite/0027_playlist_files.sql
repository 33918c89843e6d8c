-- Playlist files of music folders, and the playlists that they became. A playlist whose `modification_date` is not
-- `written_date` was changed by its owner.
create table playlist_files (
    id           integer primary key autoincrement,
    folder_id    integer not null references music_folders (id) on delete cascade,
    path         text not null,
    playlist_id  integer unique references playlists (id) on delete set null,
    written_date text not null,
    unique (folder_id, path)
);
