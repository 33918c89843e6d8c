-- What the oldest file of a track says of it beyond its title, artists and album.
create table track_details (
    track_id bigint not null primary key references tracks (id) on delete cascade,
    details  jsonb not null
);

create function changes_track_details() returns trigger language plpgsql as $$
begin
    insert into changes (kind, key) values ('tracks.id', new.track_id);
    return null;
end $$;

create trigger changes_track_details after insert or update on track_details
    for each row execute function changes_track_details();
create trigger changes_track_details_truncate after truncate on track_details for each statement execute function changes_all();
