-- Changes of playlists, for the cache and for those who wait to hear of them.
create function changes_playlists() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into changes (kind, key) values ('playlists.id', old.id);
    else
        insert into changes (kind, key) values ('playlists.id', new.id);
    end if;
    return null;
end $$;

create trigger changes_playlists after insert or update or delete on playlists
    for each row execute function changes_playlists();

create function changes_playlist_tracks() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into changes (kind, key) values ('playlist_tracks.playlist_id', old.playlist_id);
    else
        insert into changes (kind, key) values ('playlist_tracks.playlist_id', new.playlist_id);
    end if;
    return null;
end $$;

create trigger changes_playlist_tracks after insert or update or delete on playlist_tracks
    for each row execute function changes_playlist_tracks();

create trigger changes_playlists_truncate after truncate on playlists for each statement execute function changes_all();
create trigger changes_playlist_tracks_truncate after truncate on playlist_tracks for each statement execute function changes_all();
