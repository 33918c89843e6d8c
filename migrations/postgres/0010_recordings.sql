-- What a scan knows a recording by, whatever its tags: the checksum of the audio alone.
alter table uploads add column audio_checksum text;
create index uploads_audio_checksum_idx on uploads (audio_checksum);

-- Whether the artists of an album follow from those of its tracks, because no file names them.
alter table albums add column artists_by_tracks boolean not null default false;
