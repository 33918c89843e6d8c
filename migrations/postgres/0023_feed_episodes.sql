-- The episodes that a feed has told of. One whose upload is gone was removed, and does not come back.
create table feed_episodes (
    channel_id bigint not null references feeds (channel_id) on delete cascade,
    -- UUID of the upload.
    upload     uuid not null,
    primary key (channel_id, upload)
);

insert into feed_episodes (channel_id, upload)
select c.id, u.uuid from feeds f join channels c on c.id = f.channel_id join uploads u on u.library_id = c.library_id;

-- The episodes of a channel by their dates.
create index uploads_library_id_creation_date_idx on uploads (library_id, creation_date);
