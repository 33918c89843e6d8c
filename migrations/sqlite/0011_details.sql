-- What the oldest file of a track says of it beyond its title, artists and album.
create table track_details (
    track_id integer not null primary key references tracks (id) on delete cascade,
    details  text not null
);

create trigger changes_track_details_insert after insert on track_details begin
    insert into changes (kind, key) values ('tracks.id', new.track_id);
end;

create trigger changes_track_details_update after update on track_details begin
    insert into changes (kind, key) values ('tracks.id', new.track_id);
end;
