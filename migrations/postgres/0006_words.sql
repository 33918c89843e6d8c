-- The words that names and titles are found by are made by the program, alike for both databases:
-- without accents, with English stems, in pairs of characters where a script has no blanks. Whoever
-- else writes a name sets them to '', and the program makes them anew.

alter table artists drop column search;
alter table artists add column words text not null default '';
alter table artists add column search tsvector
    generated always as (array_to_tsvector(string_to_array(words, ' '))) stored;

create index artists_search_idx on artists using gin (search);
create index artists_unworded_idx on artists (id) where words = '';

alter table albums drop column search;
alter table albums add column words text not null default '';
alter table albums add column search tsvector
    generated always as (array_to_tsvector(string_to_array(words, ' '))) stored;

create index albums_search_idx on albums using gin (search);
create index albums_unworded_idx on albums (id) where words = '';

alter table tracks drop column search;
alter table tracks add column words text not null default '';
alter table tracks add column search tsvector
    generated always as (array_to_tsvector(string_to_array(words, ' '))) stored;

create index tracks_search_idx on tracks using gin (search);
create index tracks_unworded_idx on tracks (id) where words = '';

drop text search configuration baleen;
drop text search dictionary baleen_stem;

-- What is found changes with the words.
drop trigger changes_tracks on tracks;

create trigger changes_tracks after insert or update of
    uuid, fid, mbid, title, title_folded, words, album_id, position, disc_number, license,
    copyright, creation_date, attributed_to_id, attachment_cover_id, description_content_id
    or delete on tracks
    for each row execute function changes_tracks();
