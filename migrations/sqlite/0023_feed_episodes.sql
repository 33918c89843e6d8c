-- The episodes that a feed has told of. One whose upload is gone was removed, and does not come back.
create table feed_episodes (
    channel_id integer not null references feeds (channel_id) on delete cascade,
    -- Drawn from the GUID.
    episode    blob not null,
    upload_id  integer references uploads (id) on delete set null,
    primary key (channel_id, episode)
) without rowid;

create index feed_episodes_upload_id_idx on feed_episodes (upload_id);

insert into feed_episodes (channel_id, episode, upload_id)
select c.id, u.uuid, u.id from feeds f join channels c on c.id = f.channel_id join uploads u on u.library_id = c.library_id;

-- The episodes of a channel by their dates.
create index uploads_library_id_creation_date_idx on uploads (library_id, creation_date);

-- The newest jobs of a status.
create index jobs_status_id_idx on jobs (status, id);
