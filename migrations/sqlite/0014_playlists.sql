-- Changes of playlists, for the cache and for those who wait to hear of them. Of many tracks of one playlist that
-- change one after the other, one row tells.
create trigger changes_playlists_insert after insert on playlists begin
    insert into changes (kind, key) values
        ('playlists.id', new.id);
end;

create trigger changes_playlists_update after update on playlists begin
    insert into changes (kind, key) values
        ('playlists.id', new.id);
end;

create trigger changes_playlists_delete after delete on playlists begin
    insert into changes (kind, key) values
        ('playlists.id', old.id);
end;

create trigger changes_playlist_tracks_insert after insert on playlist_tracks
when not exists (select 1 from changes where id = (select max(id) from changes)
    and kind = 'playlist_tracks.playlist_id' and key = new.playlist_id)
begin
    insert into changes (kind, key) values
        ('playlist_tracks.playlist_id', new.playlist_id);
end;

create trigger changes_playlist_tracks_update after update on playlist_tracks
when not exists (select 1 from changes where id = (select max(id) from changes)
    and kind = 'playlist_tracks.playlist_id' and key = new.playlist_id)
begin
    insert into changes (kind, key) values
        ('playlist_tracks.playlist_id', new.playlist_id);
end;

create trigger changes_playlist_tracks_moved after update of playlist_id on playlist_tracks begin
    insert into changes (kind, key) values
        ('playlist_tracks.playlist_id', old.playlist_id);
end;

create trigger changes_playlist_tracks_delete after delete on playlist_tracks
when not exists (select 1 from changes where id = (select max(id) from changes)
    and kind = 'playlist_tracks.playlist_id' and key = old.playlist_id)
begin
    insert into changes (kind, key) values
        ('playlist_tracks.playlist_id', old.playlist_id);
end;
