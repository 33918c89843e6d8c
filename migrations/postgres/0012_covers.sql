-- The file that a scan took the cover of an album from, as it was: its size in bytes and its time in Unix microseconds, and the
-- SHA-256 checksum of the picture.
create table album_covers (
    album_id      bigint not null primary key references albums (id) on delete cascade,
    attachment_id bigint not null references attachments (id) on delete cascade,
    path          text not null,
    size          bigint not null,
    modified      bigint not null,
    checksum      text not null
);
create index album_covers_attachment_id_idx on album_covers (attachment_id);

-- The last scan whose uploads, tracks and albums were settled. After a scan that was cut off it is less than `scans`.
alter table music_folders add column settled bigint not null default 0;
