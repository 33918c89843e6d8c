-- Changes of playlists, for the cache and for those who wait to hear of them.
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

create trigger changes_playlist_tracks_insert after insert on playlist_tracks begin
    insert into changes (kind, key) values
        ('playlist_tracks.playlist_id', new.playlist_id);
end;

create trigger changes_playlist_tracks_update after update on playlist_tracks begin
    insert into changes (kind, key) values
        ('playlist_tracks.playlist_id', new.playlist_id);
end;

create trigger changes_playlist_tracks_delete after delete on playlist_tracks begin
    insert into changes (kind, key) values
        ('playlist_tracks.playlist_id', old.playlist_id);
end;
