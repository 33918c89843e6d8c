-- The words that names and titles are found by are made by the program, alike for both databases:
-- without accents, with English stems, in pairs of characters where a script has no blanks. Whoever
-- else writes a name sets them to '', and the program makes them anew.

drop trigger artist_search_insert;
drop trigger artist_search_delete;
drop trigger artist_search_update;
drop table artist_search;

alter table artists add column words text not null default '';

create index artists_unworded_idx on artists (id) where words = '';

create virtual table artist_search using fts5 (
    words,
    content = 'artists',
    content_rowid = 'id',
    tokenize = 'ascii',
    detail = none
);

insert into artist_search (artist_search) values ('rebuild');

create trigger artist_search_insert after insert on artists begin
    insert into artist_search (rowid, words) values (new.id, new.words);
end;

create trigger artist_search_delete after delete on artists begin
    insert into artist_search (artist_search, rowid, words) values ('delete', old.id, old.words);
end;

create trigger artist_search_update after update of words on artists begin
    insert into artist_search (artist_search, rowid, words) values ('delete', old.id, old.words);
    insert into artist_search (rowid, words) values (new.id, new.words);
end;

drop trigger album_search_insert;
drop trigger album_search_delete;
drop trigger album_search_update;
drop table album_search;

alter table albums add column words text not null default '';

create index albums_unworded_idx on albums (id) where words = '';

create virtual table album_search using fts5 (
    words,
    content = 'albums',
    content_rowid = 'id',
    tokenize = 'ascii',
    detail = none
);

insert into album_search (album_search) values ('rebuild');

create trigger album_search_insert after insert on albums begin
    insert into album_search (rowid, words) values (new.id, new.words);
end;

create trigger album_search_delete after delete on albums begin
    insert into album_search (album_search, rowid, words) values ('delete', old.id, old.words);
end;

create trigger album_search_update after update of words on albums begin
    insert into album_search (album_search, rowid, words) values ('delete', old.id, old.words);
    insert into album_search (rowid, words) values (new.id, new.words);
end;

drop trigger track_search_insert;
drop trigger track_search_delete;
drop trigger track_search_update;
drop table track_search;

alter table tracks add column words text not null default '';

create index tracks_unworded_idx on tracks (id) where words = '';

create virtual table track_search using fts5 (
    words,
    content = 'tracks',
    content_rowid = 'id',
    tokenize = 'ascii',
    detail = none
);

insert into track_search (track_search) values ('rebuild');

create trigger track_search_insert after insert on tracks begin
    insert into track_search (rowid, words) values (new.id, new.words);
end;

create trigger track_search_delete after delete on tracks begin
    insert into track_search (track_search, rowid, words) values ('delete', old.id, old.words);
end;

create trigger track_search_update after update of words on tracks begin
    insert into track_search (track_search, rowid, words) values ('delete', old.id, old.words);
    insert into track_search (rowid, words) values (new.id, new.words);
end;

-- What is found changes with the words.
drop trigger changes_tracks_update;

create trigger changes_tracks_update after update of
    uuid, fid, mbid, title, title_folded, words, album_id, position, disc_number, license,
    copyright, creation_date, attributed_to_id, attachment_cover_id, description_content_id
on tracks begin
    insert into changes (kind, key) values
        ('tracks.id', old.id),
        ('tracks.album_id', old.album_id),
        ('tracks.id', new.id),
        ('tracks.album_id', new.album_id);
end;
