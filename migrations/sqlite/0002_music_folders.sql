-- Folders of music that are scanned, and what was found in them.

create table music_folders (
    id             integer primary key autoincrement,
    library_id     integer not null references libraries (id) on delete cascade,
    path           text not null,
    scans          integer not null default 0,
    last_scan_date text,
    unique (library_id, path)
);

-- A file as it was when it was last read: its size in bytes, and when it was modified, in
-- microseconds since 1970. `seen` is the number of the last scan that found it.
create table music_files (
    upload_id integer not null primary key references uploads (id) on delete cascade,
    folder_id integer not null references music_folders (id) on delete cascade,
    path      text not null,
    size      integer not null,
    modified  integer not null,
    seen      integer not null,
    unique (folder_id, path)
);

create index music_files_folder_id_seen_idx on music_files (folder_id, seen);
