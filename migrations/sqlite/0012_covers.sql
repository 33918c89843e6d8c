-- The file that a scan took the cover of an album from, as it was: its size in bytes and its time in Unix microseconds.
create table album_covers (
    album_id      integer not null primary key references albums (id) on delete cascade,
    attachment_id integer not null references attachments (id) on delete cascade,
    path          text not null,
    size          integer not null,
    modified      integer not null
);
create index album_covers_attachment_id_idx on album_covers (attachment_id);
