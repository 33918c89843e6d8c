-- Changes of playlists, for the cache and for those who wait to hear of them: one row for each playlist that a
-- statement changes, however many of its tracks.
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
    if tg_op = 'INSERT' then
        insert into changes (kind, key)
            select distinct 'playlist_tracks.playlist_id', playlist_id from changed_new;
    elsif tg_op = 'DELETE' then
        insert into changes (kind, key)
            select distinct 'playlist_tracks.playlist_id', playlist_id from changed_old;
    else
        insert into changes (kind, key)
            select distinct 'playlist_tracks.playlist_id', playlist_id
            from (select playlist_id from changed_old union select playlist_id from changed_new) changed;
    end if;
    return null;
end $$;

create trigger changes_playlist_tracks_insert after insert on playlist_tracks
    referencing new table as changed_new for each statement execute function changes_playlist_tracks();
create trigger changes_playlist_tracks_update after update on playlist_tracks
    referencing old table as changed_old new table as changed_new for each statement execute function changes_playlist_tracks();
create trigger changes_playlist_tracks_delete after delete on playlist_tracks
    referencing old table as changed_old for each statement execute function changes_playlist_tracks();

create trigger changes_playlists_truncate after truncate on playlists for each statement execute function changes_all();
create trigger changes_playlist_tracks_truncate after truncate on playlist_tracks for each statement execute function changes_all();
