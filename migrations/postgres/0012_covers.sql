-- The file that a scan took the cover of an album from, as it was: its size in bytes and its time in Unix microseconds.
create table album_covers (
    album_id      bigint not null primary key references albums (id) on delete cascade,
    attachment_id bigint not null references attachments (id) on delete cascade,
    path          text not null,
    size          bigint not null,
    modified      bigint not null
);
create index album_covers_attachment_id_idx on album_covers (attachment_id);
