-- What changed, for the caches of every process that serves: appended by triggers, so that nobody who
-- writes can forget it, and read a few times a second. `kind` names the column whose value stands in
-- `key`: the rows of that table with that value were inserted, updated or deleted. `*`: anything may have changed.
create table changes (
    id   integer primary key autoincrement,
    kind text not null,
    key  integer
);

create trigger changes_artists_insert after insert on artists begin
    insert into changes (kind, key) values
        ('artists.id', new.id);
end;

create trigger changes_artists_update after update on artists begin
    insert into changes (kind, key) values
        ('artists.id', old.id),
        ('artists.id', new.id);
end;

create trigger changes_artists_delete after delete on artists begin
    insert into changes (kind, key) values
        ('artists.id', old.id);
end;

create trigger changes_albums_insert after insert on albums begin
    insert into changes (kind, key) values
        ('albums.id', new.id);
end;

create trigger changes_albums_update after update on albums begin
    insert into changes (kind, key) values
        ('albums.id', old.id),
        ('albums.id', new.id);
end;

create trigger changes_albums_delete after delete on albums begin
    insert into changes (kind, key) values
        ('albums.id', old.id);
end;

create trigger changes_tracks_insert after insert on tracks begin
    insert into changes (kind, key) values
        ('tracks.id', new.id),
        ('tracks.album_id', new.album_id);
end;

create trigger changes_tracks_update after update of
    uuid, fid, mbid, title, title_folded, album_id, position, disc_number, license,
    copyright, creation_date, attributed_to_id, attachment_cover_id, description_content_id
on tracks begin
    insert into changes (kind, key) values
        ('tracks.id', old.id),
        ('tracks.album_id', old.album_id),
        ('tracks.id', new.id),
        ('tracks.album_id', new.album_id);
end;

create trigger changes_tracks_delete after delete on tracks begin
    insert into changes (kind, key) values
        ('tracks.id', old.id),
        ('tracks.album_id', old.album_id);
end;

create trigger changes_album_artists_insert after insert on album_artists begin
    insert into changes (kind, key) values
        ('album_artists.album_id', new.album_id),
        ('album_artists.artist_id', new.artist_id);
end;

create trigger changes_album_artists_update after update on album_artists begin
    insert into changes (kind, key) values
        ('album_artists.album_id', old.album_id),
        ('album_artists.artist_id', old.artist_id),
        ('album_artists.album_id', new.album_id),
        ('album_artists.artist_id', new.artist_id);
end;

create trigger changes_album_artists_delete after delete on album_artists begin
    insert into changes (kind, key) values
        ('album_artists.album_id', old.album_id),
        ('album_artists.artist_id', old.artist_id);
end;

create trigger changes_track_artists_insert after insert on track_artists begin
    insert into changes (kind, key) values
        ('track_artists.track_id', new.track_id),
        ('track_artists.artist_id', new.artist_id);
end;

create trigger changes_track_artists_update after update on track_artists begin
    insert into changes (kind, key) values
        ('track_artists.track_id', old.track_id),
        ('track_artists.artist_id', old.artist_id),
        ('track_artists.track_id', new.track_id),
        ('track_artists.artist_id', new.artist_id);
end;

create trigger changes_track_artists_delete after delete on track_artists begin
    insert into changes (kind, key) values
        ('track_artists.track_id', old.track_id),
        ('track_artists.artist_id', old.artist_id);
end;

create trigger changes_tags_insert after insert on tags begin
    insert into changes (kind, key) values
        ('tags.id', new.id);
end;

create trigger changes_tags_update after update on tags begin
    insert into changes (kind, key) values
        ('tags.id', old.id),
        ('tags.id', new.id);
end;

create trigger changes_tags_delete after delete on tags begin
    insert into changes (kind, key) values
        ('tags.id', old.id);
end;

create trigger changes_artist_tags_insert after insert on artist_tags begin
    insert into changes (kind, key) values
        ('artist_tags.artist_id', new.artist_id);
end;

create trigger changes_artist_tags_update after update on artist_tags begin
    insert into changes (kind, key) values
        ('artist_tags.artist_id', old.artist_id),
        ('artist_tags.artist_id', new.artist_id);
end;

create trigger changes_artist_tags_delete after delete on artist_tags begin
    insert into changes (kind, key) values
        ('artist_tags.artist_id', old.artist_id);
end;

create trigger changes_album_tags_insert after insert on album_tags begin
    insert into changes (kind, key) values
        ('album_tags.album_id', new.album_id);
end;

create trigger changes_album_tags_update after update on album_tags begin
    insert into changes (kind, key) values
        ('album_tags.album_id', old.album_id),
        ('album_tags.album_id', new.album_id);
end;

create trigger changes_album_tags_delete after delete on album_tags begin
    insert into changes (kind, key) values
        ('album_tags.album_id', old.album_id);
end;

create trigger changes_track_tags_insert after insert on track_tags begin
    insert into changes (kind, key) values
        ('track_tags.track_id', new.track_id);
end;

create trigger changes_track_tags_update after update on track_tags begin
    insert into changes (kind, key) values
        ('track_tags.track_id', old.track_id),
        ('track_tags.track_id', new.track_id);
end;

create trigger changes_track_tags_delete after delete on track_tags begin
    insert into changes (kind, key) values
        ('track_tags.track_id', old.track_id);
end;

create trigger changes_libraries_insert after insert on libraries begin
    insert into changes (kind, key) values
        ('libraries.id', new.id);
end;

create trigger changes_libraries_update after update on libraries begin
    insert into changes (kind, key) values
        ('libraries.id', old.id),
        ('libraries.id', new.id);
end;

create trigger changes_libraries_delete after delete on libraries begin
    insert into changes (kind, key) values
        ('libraries.id', old.id);
end;

create trigger changes_library_follows_insert after insert on library_follows begin
    insert into changes (kind, key) values
        ('library_follows.actor_id', new.actor_id);
end;

create trigger changes_library_follows_update after update on library_follows begin
    insert into changes (kind, key) values
        ('library_follows.actor_id', old.actor_id),
        ('library_follows.actor_id', new.actor_id);
end;

create trigger changes_library_follows_delete after delete on library_follows begin
    insert into changes (kind, key) values
        ('library_follows.actor_id', old.actor_id);
end;

create trigger changes_follows_insert after insert on follows begin
    insert into changes (kind, key) values
        ('follows.actor_id', new.actor_id);
end;

create trigger changes_follows_update after update on follows begin
    insert into changes (kind, key) values
        ('follows.actor_id', old.actor_id),
        ('follows.actor_id', new.actor_id);
end;

create trigger changes_follows_delete after delete on follows begin
    insert into changes (kind, key) values
        ('follows.actor_id', old.actor_id);
end;

create trigger changes_uploads_insert after insert on uploads begin
    insert into changes (kind, key) values
        ('uploads.id', new.id),
        ('uploads.track_id', new.track_id),
        ('uploads.album_id', (select t.album_id from tracks t where t.id = new.track_id));
end;

create trigger changes_uploads_update after update of
    uuid, fid, track_id, library_id, audio_file, source, mimetype, size, duration,
    bitrate, creation_date, import_date, import_status, import_reference, import_metadata,
    import_details, metadata
on uploads begin
    insert into changes (kind, key) values
        ('uploads.id', old.id),
        ('uploads.track_id', old.track_id),
        ('uploads.album_id', (select t.album_id from tracks t where t.id = old.track_id)),
        ('uploads.id', new.id),
        ('uploads.track_id', new.track_id),
        ('uploads.album_id', (select t.album_id from tracks t where t.id = new.track_id));
end;

create trigger changes_uploads_delete after delete on uploads begin
    insert into changes (kind, key) values
        ('uploads.id', old.id),
        ('uploads.track_id', old.track_id),
        ('uploads.album_id', (select t.album_id from tracks t where t.id = old.track_id));
end;

create trigger changes_channels_insert after insert on channels begin
    insert into changes (kind, key) values
        ('channels.artist_id', new.artist_id);
end;

create trigger changes_channels_update after update on channels begin
    insert into changes (kind, key) values
        ('channels.artist_id', old.artist_id),
        ('channels.artist_id', new.artist_id);
end;

create trigger changes_channels_delete after delete on channels begin
    insert into changes (kind, key) values
        ('channels.artist_id', old.artist_id);
end;

create trigger changes_actors_insert after insert on actors begin
    insert into changes (kind, key) values
        ('actors.id', new.id);
end;

create trigger changes_actors_update after update on actors begin
    insert into changes (kind, key) values
        ('actors.id', old.id),
        ('actors.id', new.id);
end;

create trigger changes_actors_delete after delete on actors begin
    insert into changes (kind, key) values
        ('actors.id', old.id);
end;

create trigger changes_attachments_insert after insert on attachments begin
    insert into changes (kind, key) values
        ('attachments.id', new.id);
end;

create trigger changes_attachments_update after update on attachments begin
    insert into changes (kind, key) values
        ('attachments.id', old.id),
        ('attachments.id', new.id);
end;

create trigger changes_attachments_delete after delete on attachments begin
    insert into changes (kind, key) values
        ('attachments.id', old.id);
end;

create trigger changes_contents_insert after insert on contents begin
    insert into changes (kind, key) values
        ('contents.id', new.id);
end;

create trigger changes_contents_update after update on contents begin
    insert into changes (kind, key) values
        ('contents.id', old.id),
        ('contents.id', new.id);
end;

create trigger changes_contents_delete after delete on contents begin
    insert into changes (kind, key) values
        ('contents.id', old.id);
end;

create trigger changes_favorites_insert after insert on favorites begin
    insert into changes (kind, key) values
        ('favorites.user_id', new.user_id);
end;

create trigger changes_favorites_update after update on favorites begin
    insert into changes (kind, key) values
        ('favorites.user_id', old.user_id),
        ('favorites.user_id', new.user_id);
end;

create trigger changes_favorites_delete after delete on favorites begin
    insert into changes (kind, key) values
        ('favorites.user_id', old.user_id);
end;

create trigger changes_content_filters_insert after insert on content_filters begin
    insert into changes (kind, key) values
        ('content_filters.user_id', new.user_id);
end;

create trigger changes_content_filters_update after update on content_filters begin
    insert into changes (kind, key) values
        ('content_filters.user_id', old.user_id),
        ('content_filters.user_id', new.user_id);
end;

create trigger changes_content_filters_delete after delete on content_filters begin
    insert into changes (kind, key) values
        ('content_filters.user_id', old.user_id);
end;

create trigger changes_licenses_insert after insert on licenses begin
    insert into changes (kind, key) values
        ('licenses.code', null);
end;

create trigger changes_licenses_update after update on licenses begin
    insert into changes (kind, key) values
        ('licenses.code', null);
end;

create trigger changes_licenses_delete after delete on licenses begin
    insert into changes (kind, key) values
        ('licenses.code', null);
end;

-- Listening changes no list.
create trigger changes_tracks_downloads after update of downloads_count on tracks begin
    insert into changes (kind, key) values ('tracks.downloads_count', old.id);
end;

create trigger changes_tags_update_all after update on tags begin
    insert into changes (kind) values ('*');
end;

create trigger changes_tags_delete_all after delete on tags begin
    insert into changes (kind) values ('*');
end;

create trigger changes_channels_insert_all after insert on channels begin
    insert into changes (kind) values ('*');
end;

create trigger changes_channels_update_all after update on channels begin
    insert into changes (kind) values ('*');
end;

create trigger changes_channels_delete_all after delete on channels begin
    insert into changes (kind) values ('*');
end;

create trigger changes_actors_update_all after update of preferred_username, domain on actors begin
    insert into changes (kind) values ('*');
end;

-- What a user's uploads take, by status, is summed from this index alone.
drop index uploads_library_id_import_status_idx;
create index uploads_library_id_import_status_size_idx on uploads (library_id, import_status, size);
